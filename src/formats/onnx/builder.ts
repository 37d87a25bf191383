// Values while a model is opened, and how they become nodes of neurite's graph.
// A value is known on the host (a weight, a shape, what is computed from these by exact arithmetic) or is a node of the
// graph; the host's become constants, or weights in the model's storage, only where the graph needs them. So the chains
// that compute shapes vanish, and an operator is written once for both: the functions of movement.ts and arithmetic.ts.
import { NeuriteError } from '../../core/errors.ts';
import { formatShape, Graph, sizeOf, type Node, type Shape } from '../../graph/graph.ts';
import { constant, storage } from '../../graph/operations/index.ts';
import { channelsFirst, channelsLast } from './layout.ts';
import { graphType, hostData, type DataType, type HostTensor } from './types.ts';

export interface Value {
  readonly type: DataType;
  readonly shape: Shape;
  readonly host?: HostTensor;
  node?: Node;
  /** The same with its channels (axis 1) last: what convolutions and pools make and take. */
  last?: Node;
  /** The name under which the model keeps it, for a weight. */
  readonly weight?: string;
  /** A list of tensors, or one that may be missing, instead of a tensor. */
  readonly sequence?: readonly Value[];
}

/** Where random numbers come from: a counter that every run moves on, and a stream that is the asking node's own. */
export interface RandomSource {
  readonly counter: Node;
  readonly stream: number;
}

/** What the one for whom the graph is built provides. */
export interface BuilderSources {
  readonly evaluate: Evaluate;
  /** @param seed the node's own, where it has one */
  readonly random: (graph: Graph, seed: number | undefined) => RandomSource;
}

/** Computes a node from constants, weights and inputs whose values are given; null where it needs an input that is not. */
export type Evaluate = (graph: Graph, node: Node) => ArrayLike<number> | null;

/** What a model needs to know before it can be compiled, and does not know yet. */
export class UnknownValueError extends NeuriteError {
  override name = 'UnknownValueError';
}

/** Beyond so many elements the core computes even what is constant. */
export const foldLimit = 16384;
/** Smaller weights become constants of the program. */
const smallestWeight = 64;
const largest = 2 ** 30;

export class Builder {
  readonly graph: Graph;
  /** Weights that the graph reads, by name. */
  readonly weights = new Map<string, HostTensor>();
  private readonly sources: BuilderSources;

  /** @param graph where the nodes go */
  constructor(sources: BuilderSources, graph = new Graph()) {
    this.sources = sources;
    this.graph = graph;
  }

  random(seed: number | undefined): RandomSource {
    return this.sources.random(this.graph, seed);
  }

  /** Tensors in their order. */
  sequence(items: readonly Value[], type: DataType = items[0]?.type ?? 'float32'): Value {
    return { type, shape: [items.length], sequence: items };
  }

  /** A value known now. */
  constant(type: DataType, shape: Shape, numbers: ArrayLike<number>): Value {
    const data = hostData(type, sizeOf(shape));
    data.set(numbers);
    return this.fromHost({ type, shape, data });
  }

  scalar(type: DataType, value: number): Value {
    return this.constant(type, [], [value]);
  }

  fromHost(host: HostTensor, weight?: string): Value {
    return { type: host.type, shape: host.shape, host, ...(weight === undefined ? {} : { weight }) };
  }

  fromNode(type: DataType, node: Node): Value {
    if (node.shape.some((size) => !(size >= 0)) || sizeOf(node.shape) > largest)
      throw new NeuriteError(`${node.label || 'a value'}: ${formatShape(node.shape)} holds too many values`);
    return { type, shape: node.shape, node };
  }

  /** The value as a node: f32 or i32. @throws RangeError for a constant that 32 bits do not hold */
  nodeOf(value: Value): Node {
    expectTensor(value);
    value.node ??= value.last ? channelsFirst(this.graph, value.last) : this.nodeOfHost(value);
    return value.node;
  }

  /** A node whose channels are last. */
  fromLast(type: DataType, last: Node): Value {
    const { shape } = last;
    return { type, shape: [shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)], last };
  }

  /** The value as a node with its channels last. */
  lastOf(value: Value): Node {
    value.last ??= channelsLast(this.graph, this.nodeOf(value));
    return value.last;
  }

  private nodeOfHost({ host, weight }: Value): Node {
    const { type, shape, data } = host!;
    const isFloat = graphType(type) === 'f32';
    if (weight !== undefined && sizeOf(shape) >= smallestWeight) {
      if (!isFloat) checkFits(host!, weight);
      this.weights.set(weight, host!);
      return storage(this.graph, weight, shape, graphType(type));
    }
    if (!isFloat) checkFits(host!, weight ?? 'a constant');
    return constant(this.graph, isFloat ? Float32Array.from(data) : Int32Array.from(data), shape);
  }

  /** The numbers of a value that must be known now. @throws UnknownValueError where they depend on what is not */
  numbers(value: Value, what: string): number[] {
    return Array.from(this.hostOf(value, what).data);
  }

  hostOf(value: Value, what: string): HostTensor {
    if (value.host) return value.host;
    expectTensor(value);
    const node = this.nodeOf(value);
    const computed = this.sources.evaluate(this.graph, node);
    if (!computed)
      throw new UnknownValueError(`${node.label}: ${what} must be known before the model runs; it is computed by it`);
    const data = hostData(value.type, sizeOf(value.shape));
    data.set(value.type === 'uint32' ? Uint32Array.from(computed) : computed);
    return { type: value.type, shape: value.shape, data };
  }

  /** Whether all are known and few enough to compute with here. */
  folds(...values: readonly Value[]): boolean {
    return values.every(({ host }) => host && host.data.length <= foldLimit);
  }
}

/** @throws NeuriteError for a sequence */
export function expectTensor({ sequence }: Value): void {
  if (sequence) throw new NeuriteError('expected a tensor, got a sequence of tensors or an optional one');
}

/** int64 and uint32 are kept in 32 bits, where the model's numbers must fit. */
function checkFits({ type, data }: HostTensor, name: string): void {
  if (type !== 'int64' && type !== 'uint64') return;
  const outside = data.find((value) => value < -(2 ** 31) || value >= 2 ** 31);
  if (outside !== undefined)
    throw new RangeError(`"${name}": ${outside} does not fit the 32 bits in which integers are computed`);
}

export const rankOf = (value: Value): number => value.shape.length;

/** An axis counted from the front. @throws NeuriteError where there is none such */
export function resolveAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank)
    throw new NeuriteError(`axis ${axis} does not exist in ${rank} dimensions`);
  return resolved;
}
