// From expressions, whose names and units have been checked, to nodes of a graph.
import type { BinaryOperator, Expression } from './expression.ts';
import { functions } from './functions.ts';
import type { Graph, Node, Operation } from './graph.ts';

/** What the names of an expression stand for. */
export interface Meanings {
  readonly graph: Graph;
  node(name: string): Node;
  /** A stream of random numbers that nothing else uses. */
  nextStream(): number;
}

/** The node of an expression. */
export function build(x: Expression, meanings: Meanings): Node {
  const { graph } = meanings;
  switch (x.kind) {
    case 'number':
      return graph.constant(x.value);
    case 'name':
      return meanings.node(x.name);
    case 'negate':
      return graph.negate(build(x.x, meanings));
    case 'not':
      return graph.unary('Not', build(x.x, meanings));
    case 'call':
      return call(x, meanings);
    default:
      return operation(graph, x.operator, build(x.a, meanings), build(x.b, meanings));
  }
}

function call({ name, inputs }: Extract<Expression, { kind: 'call' }>, meanings: Meanings): Node {
  const { graph } = meanings;
  if (name === 'rand') return graph.random('Uniform', meanings.nextStream());
  if (name === 'randn') return graph.random('Normal', meanings.nextStream());
  const nodes = inputs.map((input) => build(input, meanings));
  return functions[name]!.build(graph, nodes, isCondition(inputs[0]!));
}

/** Whether an expression is true or false. */
function isCondition(x: Expression): boolean {
  return x.kind === 'not' || (x.kind === 'binary' && Object.hasOwn(conditions, x.operator));
}

/** Comparisons and logic, each as an operation; where `swapped`, of the operands the other way round. */
const conditions: Readonly<Record<string, readonly [Operation, swapped?: boolean]>> = {
  '<': ['Less'],
  '<=': ['LessOrEqual'],
  '>': ['Less', true],
  '>=': ['LessOrEqual', true],
  '==': ['Equal'],
  '!=': ['NotEqual'],
  and: ['And'],
  or: ['Or'],
};

function operation(graph: Graph, operator: BinaryOperator, a: Node, b: Node): Node {
  switch (operator) {
    case '+':
      return graph.add(a, b);
    case '-':
      return graph.subtract(a, b);
    case '*':
      return graph.multiply(a, b);
    case '/':
      return graph.divide(a, b);
    case '**':
      return graph.power(a, b);
    case '//':
      return wholeQuotient(graph, a, b);
    case '%':
      return graph.subtract(a, graph.multiply(b, wholeQuotient(graph, a, b)));
    default: {
      const [name, swapped] = conditions[operator]!;
      return swapped ? graph.binary(name, b, a) : graph.binary(name, a, b);
    }
  }
}

const wholeQuotient = (graph: Graph, a: Node, b: Node): Node => graph.unary('Floor', graph.binary('Divide', a, b));
