// From expressions, whose names and units have been checked, to nodes of a graph.
import type { Expression } from './expression.ts';
import { functions } from './functions.ts';
import type { Graph, Node } from './graph.ts';

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
  return (
    x.kind === 'not' || (x.kind === 'binary' && ['and', 'or', '<', '<=', '>', '>=', '==', '!='].includes(x.operator))
  );
}

function operation(graph: Graph, operator: string, a: Node, b: Node): Node {
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
      return graph.unary('Floor', graph.binary('Divide', a, b));
    case '%': {
      const whole = graph.unary('Floor', graph.binary('Divide', a, b));
      return graph.subtract(a, graph.multiply(b, whole));
    }
    case '<':
      return graph.binary('Less', a, b);
    case '<=':
      return graph.binary('LessOrEqual', a, b);
    case '>':
      return graph.binary('Less', b, a);
    case '>=':
      return graph.binary('LessOrEqual', b, a);
    case '==':
      return graph.binary('Equal', a, b);
    case '!=':
      return graph.binary('NotEqual', a, b);
    default:
      return graph.binary(operator === 'and' ? 'And' : 'Or', a, b);
  }
}
