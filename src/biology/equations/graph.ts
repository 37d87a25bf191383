// Expressions as a graph of elementary operations: equal ones are one node, what is constant is computed at once.
// A node is uniform where it has one value for all neurons.
import { cos, exp, log, pow, sin } from '../../core/deterministic.ts';
import { Elementary } from '../../core/generated/neuron-instructions.ts';

export type Operation = keyof typeof Elementary;

/** An array of the group: a number for each neuron. */
export interface NeuronArray {
  readonly name: string;
  readonly address: number;
}

export interface Node {
  readonly id: number;
  readonly operation: Operation | 'Constant' | 'Array' | 'Time' | 'Spiking';
  readonly inputs: readonly Node[];
  /** Of a constant; the stream of random numbers. */
  readonly value: number;
  readonly array: NeuronArray | undefined;
  readonly uniform: boolean;
}

type Folded = (...values: number[]) => number;

/** What is computed at once where everything is constant: operations that are the same bits on every engine. */
const folded: Partial<Record<Operation, Folded>> = {
  Negate: (x) => -x,
  Absolute: Math.abs,
  SquareRoot: Math.sqrt,
  Floor: Math.floor,
  Ceiling: Math.ceil,
  Truncate: Math.trunc,
  Sign: Math.sign,
  Exponential: exp,
  ExponentialMinusOne: (x) => x * relativeExponential(x),
  RelativeExponential: relativeExponential,
  Logarithm: log,
  Sine: sin,
  Cosine: cos,
  HyperbolicTangent: hyperbolicTangent,
  Add: (x, y) => x + y,
  Subtract: (x, y) => x - y,
  Multiply: (x, y) => x * y,
  Divide: (x, y) => x / y,
  Power: pow,
  Minimum: Math.min,
  Maximum: Math.max,
};

/** (eˣ − 1) / x, by its series near 0. */
function relativeExponential(x: number): number {
  if (Math.abs(x) > 0.5) return (exp(x) - 1) / x;
  let sum = 0;
  for (let k = 18; k >= 1; k--) sum = (1 + x * sum) / (k + 1);
  return 1 + x * sum;
}

function hyperbolicTangent(x: number): number {
  if (Math.abs(x) > 20) return Math.sign(x);
  const grown = 2 * x * relativeExponential(2 * x);
  return grown / (grown + 2);
}

export class Graph {
  private readonly nodes = new Map<string, Node>();

  constant(value: number): Node {
    return this.node('Constant', [], value);
  }

  array(array: NeuronArray): Node {
    return this.node('Array', [], 0, array);
  }

  /** The time at the beginning of the step. */
  get time(): Node {
    return this.node('Time', []);
  }

  /** The mask of the neurons that spike, in a reset. */
  get spiking(): Node {
    return this.node('Spiking', []);
  }

  /** Random numbers of a stream. */
  random(operation: 'Uniform' | 'Normal', stream: number): Node {
    return this.node(operation, [], stream);
  }

  unary(operation: Operation, x: Node): Node {
    if (operation === 'Negate' && x.operation === 'Negate') return x.inputs[0]!;
    return this.fold(operation, [x]);
  }

  binary(operation: Operation, x: Node, y: Node): Node {
    return this.fold(operation, [x, y]);
  }

  negate(x: Node): Node {
    return this.unary('Negate', x);
  }

  add(x: Node, y: Node): Node {
    if (isConstant(x, 0)) return y;
    if (isConstant(y, 0)) return x;
    if (y.operation === 'Negate') return this.subtract(x, y.inputs[0]!);
    return x.uniform ? this.binary('Add', y, x) : this.binary('Add', x, y);
  }

  subtract(x: Node, y: Node): Node {
    if (isConstant(y, 0)) return x;
    if (isConstant(x, 0)) return this.negate(y);
    if (y.operation === 'Negate') return this.add(x, y.inputs[0]!);
    return this.binary('Subtract', x, y);
  }

  multiply(x: Node, y: Node): Node {
    if (isConstant(x, 0) || isConstant(y, 0)) return this.constant(0);
    if (isConstant(x, 1)) return y;
    if (isConstant(y, 1)) return x;
    if (isConstant(x, -1)) return this.negate(y);
    if (isConstant(y, -1)) return this.negate(x);
    // what is the same for all neurons is gathered in one factor
    for (const [a, b] of [
      [x, y],
      [y, x],
    ] as const) {
      if (!a.uniform) continue;
      if (b.operation === 'Negate') return this.multiply(this.negate(a), b.inputs[0]!);
      if (b.operation === 'Multiply' && b.inputs[1]!.uniform)
        return this.multiply(b.inputs[0]!, this.multiply(b.inputs[1]!, a));
    }
    return x.uniform ? this.binary('Multiply', y, x) : this.binary('Multiply', x, y);
  }

  /** A division by what is the same for all neurons is a product with its inverse. */
  divide(x: Node, y: Node): Node {
    if (isConstant(x, 0)) return x;
    if (isConstant(y, 1)) return x;
    if (y.uniform && !x.uniform) return this.multiply(x, this.binary('Divide', this.constant(1), y));
    return this.binary('Divide', x, y);
  }

  /** Small whole powers are products. */
  power(x: Node, y: Node): Node {
    if (y.operation !== 'Constant') return this.binary('Power', x, y);
    const n = y.value;
    if (n === 0.5) return this.unary('SquareRoot', x);
    if (!Number.isInteger(n) || Math.abs(n) > 16) return this.binary('Power', x, y);
    if (n < 0) return this.divide(this.constant(1), this.power(x, this.constant(-n)));
    return this.wholePower(x, n);
  }

  private wholePower(x: Node, n: number): Node {
    if (n === 0) return this.constant(1);
    if (n === 1) return x;
    const root = this.wholePower(x, Math.floor(n / 2));
    const square = this.multiply(root, root);
    return n % 2 ? this.multiply(square, x) : square;
  }

  /** x where the mask is set, else y. */
  choose(mask: Node, x: Node, y: Node): Node {
    return x === y ? x : this.node('Choose', [mask, x, y]);
  }

  /** The same operation of other inputs. */
  again({ operation, value, array }: Node, inputs: readonly Node[]): Node {
    const [x, y] = inputs;
    switch (operation) {
      case 'Add':
        return this.add(x!, y!);
      case 'Subtract':
        return this.subtract(x!, y!);
      case 'Multiply':
        return this.multiply(x!, y!);
      case 'Divide':
        return this.divide(x!, y!);
      case 'Constant':
      case 'Array':
      case 'Time':
      case 'Spiking':
        return this.node(operation, inputs, value, array);
      default:
        return this.fold(operation, inputs, value);
    }
  }

  private fold(operation: Operation, inputs: readonly Node[], value = 0): Node {
    const compute = folded[operation];
    if (compute && inputs.length && inputs.every((input) => input.operation === 'Constant'))
      return this.constant(compute(...inputs.map((input) => input.value)));
    return this.node(operation, inputs, value);
  }

  private node(operation: Node['operation'], inputs: readonly Node[], value = 0, array?: NeuronArray): Node {
    const number = Object.is(value, -0) ? '-0' : value;
    const key = `${operation} ${inputs.map(({ id }) => id).join(' ')} ${number} ${array?.address ?? ''}`;
    let node = this.nodes.get(key);
    if (!node) {
      const uniform =
        operation === 'Constant' ||
        operation === 'Time' ||
        operation === 'Spiking' ||
        (inputs.length > 0 && operation !== 'Copy' && inputs.every((input) => input.uniform));
      node = { id: this.nodes.size, operation, inputs, value, array, uniform };
      this.nodes.set(key, node);
    }
    return node;
  }
}

const isConstant = (node: Node, value: number): boolean => node.operation === 'Constant' && node.value === value;

/** A graph rewritten: where `replace` gives a node, that stands in its place. */
export function rewritten(graph: Graph, node: Node, replace: (node: Node) => Node | undefined): Node {
  const done = new Map<Node, Node>();
  const walk = (x: Node): Node => {
    const found = done.get(x);
    if (found) return found;
    const result = replace(x) ?? (x.inputs.length ? graph.again(x, x.inputs.map(walk)) : x);
    done.set(x, result);
    return result;
  };
  return walk(node);
}

/** Whether a node is made of one for which the test is true. */
export function dependsOn(node: Node, test: (x: Node) => boolean, seen = new Set<Node>()): boolean {
  if (seen.has(node)) return false;
  seen.add(node);
  return test(node) || node.inputs.some((input) => dependsOn(input, test, seen));
}

/** The value of a node, of the values that its arrays have for one neuron. @throws RangeError for what it cannot do */
export function valueOfNode(node: Node, arrayValue: (array: NeuronArray) => number): number {
  if (node.operation === 'Constant') return node.value;
  if (node.operation === 'Array') return arrayValue(node.array!);
  const compute = folded[node.operation as Operation];
  if (!compute) throw new RangeError(`${node.operation} has no value outside a step`);
  return compute(...node.inputs.map((input) => valueOfNode(input, arrayValue)));
}

/**
 * The derivative of a node that is linear in x, which then does not depend on x; undefined where it is not linear.
 */
export function slopeOf(graph: Graph, node: Node, x: Node): Node | undefined {
  if (node === x) return graph.constant(1);
  if (!dependsOn(node, (other) => other === x)) return graph.constant(0);
  const [a, b] = node.inputs;
  const slopes = node.inputs.map((input) => slopeOf(graph, input, x));
  if (slopes.some((slope) => slope === undefined)) return undefined;
  const [da, db] = slopes as [Node, Node];
  const isFree = (other: Node) => !dependsOn(other, (inner) => inner === x);
  switch (node.operation) {
    case 'Negate':
      return graph.negate(da);
    case 'Add':
      return graph.add(da, db);
    case 'Subtract':
      return graph.subtract(da, db);
    case 'Multiply':
      if (isFree(a!)) return graph.multiply(a!, db);
      return isFree(b!) ? graph.multiply(da, b!) : undefined;
    case 'Divide':
      return isFree(b!) ? graph.divide(da, b!) : undefined;
    case 'Choose':
      return isFree(a!) ? graph.choose(a!, db, slopes[2]!) : undefined;
    default:
      return undefined;
  }
}
