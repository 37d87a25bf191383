// What a layer is: a type, a JSON configuration, and a formula that adds nodes to a graph.
// A layer is a function: applied to symbolic tensors it gives a symbolic tensor, which is how topologies are
// drawn. It holds no weights; the model that uses it does.
import { ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { formatShape, Graph, sameShape, type DType, type Node, type Shape } from '../graph/graph.ts';
import { input as inputNode, storage } from '../graph/operations/basic.ts';
import type { Initializer } from '../initializers/initializer.ts';

/** λ1·Σ|w| + λ2·Σw², added to the loss (Keras' convention). */
export interface Penalty {
  readonly l1?: number;
  readonly l2?: number;
}

/**
 * In which runs an assigned state is written: training steps alone (running statistics), predictions and evaluations
 * alone (a cache of decoding), or both (a carried state). Gradients and diagnoses only read.
 */
export type StateWhen = 'training' | 'prediction' | 'always';

export interface StateOptions {
  /** What every element is at first; 0 by default. */
  readonly initial?: number;
  /** f32 by default. */
  readonly dtype?: DType;
  /** 'training' by default. */
  readonly when?: StateWhen;
  /**
   * One value for each sample of the batch: the node is [batch, ...shape], each size of batch has its own values,
   * `model.resetStates` sets them back, and files leave them out.
   */
  readonly perSample?: boolean;
}

export interface ParameterOptions {
  readonly initializer: Initializer;
  readonly penalty?: Penalty | undefined;
}

/** What a layer needs to know to compute the next steps of a sequence from what it kept of the earlier ones. */
export interface DecodeContext {
  /** Before the names of what layers keep: each decoder has its own. */
  readonly name: string;
  /** i32 [B, T]: the place of each step in its sequence. */
  readonly positions: Node;
  /** How many steps a sequence may have. */
  readonly length: number;
  /** Whether a node is a whole sequence, known ahead of the steps. */
  isWhole(node: Node): boolean;
  /** Keeps a node for what it does: it writes storage before later nodes read it. */
  effect(node: Node): void;
}

/** What a layer may use while it adds its nodes. */
export interface LayerContext {
  readonly graph: Graph;
  /** Whether the graph is of a training step: dropout acts only there. */
  readonly training: boolean;
  /** Whether training changes the layer's parameters. */
  readonly trainable: boolean;
  /** Where sequences are computed step by step (model/decoder.ts): their next steps alone are there. */
  readonly decode: DecodeContext | null;
  /** A trained value of the layer. Fans for the initialiser are the last two axes' unless given. */
  parameter(name: string, shape: Shape, options: ParameterOptions): Node;
  /**
   * A value that outlives a run and that no optimizer changes: running statistics, a carried state, a cache. Saved
   * with the model under `<layer>.<name>`, unless it is per sample. Of a layer that stands in several places the
   * second call sees what the first has assigned.
   */
  state(name: string, shape: Shape, options?: StateOptions): Node;
  /** Writes a value of its shape to a state (what `state` gave) at the end of the run, if the state is written in it. */
  assign(state: Node, value: Node): void;
  /** The model's counter (i32 [4]) and a stream of random numbers that no other layer has. */
  random(): { counter: Node; stream: number };
  /** Adds a scalar, a mean over the batch's samples, to what training minimises and evaluation tells. */
  addLoss(loss: Node): void;
}

export type Config = Readonly<Record<string, unknown>>;

export interface LayerDefinition<C extends Config = Config> {
  /**
   * Whether the layer computes each step of a sequence [B, T, …] by itself, or from what it keeps of the earlier ones:
   * others cannot stand between the input and the output of a decoder.
   */
  readonly stepwise?: boolean;
  /** The formula. Inputs and result have the batch as their first axis. */
  build(context: LayerContext, inputs: readonly Node[], config: C): Node;
  /** Makes the layer anew from what a file says of it, with the checks that its function makes. */
  restore(config: C, options: LayerOptions): Layer;
}

/** A place in a topology: what a layer gave, before there are numbers. */
export interface SymbolicTensor {
  /** The shape of one sample, without the batch axis. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** The layer and its inputs, or null for an input of the model. */
  readonly source: { readonly layer: Layer; readonly inputs: readonly SymbolicTensor[] } | null;
  readonly name?: string | undefined;
}

/** A layer: apply it to a symbolic tensor (or several) to draw a topology, or list it in `sequential`. */
export interface Layer {
  (input: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
  readonly type: string;
  readonly config: Config;
  /** Its name in the topology; by default its number. */
  readonly layerName: string | undefined;
  /** Whether training changes its parameters. */
  readonly trainable: boolean;
}

const definitions = new Map<string, LayerDefinition>();

export function defineLayer<C extends Config>(type: string, definition: LayerDefinition<C>): void {
  definitions.set(type, definition as unknown as LayerDefinition);
}

export function layerDefinition(type: string): LayerDefinition {
  const definition = definitions.get(type);
  if (!definition) throw unknownName('layer', type, [...definitions.keys()]);
  return definition;
}

/** The types of all layers that are known, in the order of their definition. */
export const layerTypes = (): string[] => [...definitions.keys()];

/** Whether layers of this type are known: the file that defines them has been imported. */
export const isLayerType = (type: string): boolean => definitions.has(type);

/** Options that every layer takes. */
export interface LayerOptions {
  /** The prefix of its weights' names; `layers.<number>` by default. */
  readonly name?: string;
  /** false keeps its parameters as they are in training. */
  readonly trainable?: boolean;
}

/**
 * Makes a layer from its type and configuration, as a file has them.
 * @throws RangeError or TypeError for an unknown type, or a configuration that the layer's function would refuse
 */
export function restoreLayer(type: string, config: Config, options: LayerOptions = {}): Layer {
  return layerDefinition(type).restore(config, options);
}

/** Names whose prefix the model's own values have. */
const reservedNames = ['optimizer', 'state'];

/** Makes a layer of a defined type. @throws RangeError for an unknown type, naming the nearest known one */
export function createLayer(type: string, config: Config, { name, trainable = true }: LayerOptions = {}): Layer {
  layerDefinition(type);
  if (name !== undefined && (typeof name !== 'string' || !/^[\w-]+$/.test(name)))
    throw new RangeError(`${type}: expected a name of letters, digits, "_" and "-", got ${JSON.stringify(name)}`);
  if (name !== undefined && reservedNames.includes(name))
    throw new RangeError(`${type}: the name "${name}" is the model's own; choose another`);
  if (typeof trainable !== 'boolean')
    throw new TypeError(`${type}: expected trainable true or false, got ${String(trainable)}`);
  const apply = (input: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor => {
    const inputs = Array.isArray(input) ? (input as readonly SymbolicTensor[]) : [input as SymbolicTensor];
    for (const tensor of inputs) expectSymbolic(type, tensor);
    return { ...inferShape(layer, inputs), source: { layer, inputs } };
  };
  const layer: Layer = Object.assign(apply, { type, config, layerName: name, trainable });
  return layer;
}

/** @throws TypeError unless a value is what input() or a layer gave */
export function expectSymbolic(what: string, value: unknown): void {
  if (!value || typeof value !== 'object' || !('source' in value))
    throw new TypeError(
      `${what}: expected what input() or a layer gave, got ${value === null ? 'null' : typeof value}`,
    );
}

/** A layer's result for one sample, found by tracing it on a graph that is thrown away. */
function inferShape(layer: Layer, inputs: readonly SymbolicTensor[]): { shape: Shape; dtype: DType } {
  const graph = new Graph();
  const nodes = inputs.map(({ shape, dtype }, i) => inputNode(graph, String(i), [1, ...shape], dtype));
  const context: LayerContext = {
    graph,
    training: false,
    trainable: layer.trainable,
    decode: null,
    parameter: (name, shape) => storage(graph, name, shape),
    state: (name, shape, { dtype = 'f32', perSample = false } = {}) =>
      storage(graph, name, perSample ? [1, ...shape] : shape, dtype),
    assign: expectAssignable,
    random: () => ({ counter: storage(graph, 'counter', [4], 'i32'), stream: 0 }),
    addLoss: () => {},
  };
  const { shape, dtype } = layerDefinition(layer.type).build(context, nodes, layer.config);
  return { shape: shape.slice(1), dtype };
}

/** @throws ShapeError for a value of another shape than the state's */
export function expectAssignable(state: Node, value: Node): void {
  if (!sameShape(state.shape, value.shape) || state.dtype !== value.dtype)
    throw new ShapeError(
      `assign: expected ${state.dtype} ${formatShape(state.shape)}, got ${value.dtype} ${formatShape(value.shape)}`,
    );
}

/** @throws ShapeError when there are not exactly `count` inputs */
export function expectInputs(type: string, inputs: readonly unknown[], count: number): void {
  if (inputs.length !== count)
    throw new ShapeError(`${type}: expected ${count} ${count === 1 ? 'input' : 'inputs'}, got ${inputs.length}`);
}

/** `[*, 64]`: a shape with its batch axis open. */
export const formatBatchShape = (sample: Shape): string => `[${['*', ...sample].join(', ')}]`;

/** @throws RangeError unless a value is an integer of at least `minimum` */
export function expectInteger(what: string, value: unknown, minimum: number): number {
  if (!Number.isSafeInteger(value) || (value as number) < minimum)
    throw new RangeError(`${what}: expected an integer of at least ${minimum}, got ${String(value)}`);
  return value as number;
}

/** @throws RangeError unless a value is a number in [0, 1) */
export function expectRate(what: string, rate: unknown): number {
  if (typeof rate !== 'number' || !(rate >= 0 && rate < 1))
    throw new RangeError(`${what}: expected a rate in [0, 1), got ${String(rate)}`);
  return rate;
}

/** An axis of a sample from the front: 0 is the batch, negative ones count from the end. @throws ShapeError for others */
export function resolveAxis(what: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at < 1 || at >= rank)
    throw new ShapeError(`${what}: axis ${axis} is not an axis of a sample of ${rank - 1} dimensions`);
  return at;
}

/** @throws TypeError unless a value is true or false */
export function expectFlag(what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${what}: expected true or false, got ${String(value)}`);
  return value;
}

/** @throws RangeError unless a shape has only positive integer sizes */
export function expectShape(what: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) throw new TypeError(`${what}: expected an array of sizes, got ${typeof shape}`);
  for (const size of shape as number[])
    if (!Number.isSafeInteger(size) || size < 1)
      throw new RangeError(`${what}: expected positive integer sizes, got ${formatShape(shape)}`);
  return shape;
}

/** @throws RangeError for an option that the layer does not have, naming the nearest it has */
export function expectOptions(type: string, options: object, known: readonly string[]): void {
  if (options === null || typeof options !== 'object')
    throw new TypeError(`${type}: expected an object of options, got ${options === null ? 'null' : typeof options}`);
  for (const name of Object.keys(options))
    if (!known.includes(name) && name !== 'name' && name !== 'trainable')
      throw unknownName(`option of ${type}`, name, [...known, 'name', 'trainable']);
}

/** @throws TypeError or RangeError unless a penalty is { l1, l2 } of non-negative numbers */
export function checkPenalty(what: string, penalty: Penalty): Penalty {
  if (typeof penalty !== 'object' || penalty === null)
    throw new TypeError(`${what}: expected { l1, l2 }, got ${String(penalty)}`);
  for (const [name, value] of Object.entries(penalty)) {
    if (name !== 'l1' && name !== 'l2') throw new RangeError(`${what}: expected l1 and l2, got "${name}"`);
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`${what}: expected a non-negative ${name}, got ${String(value)}`);
  }
  return penalty;
}
