// Layers around sequences: bidirectional, timeDistributed, repeatVector.
// Shapes: B batch, T time, F features.
import { unknownName } from '../core/nearest.ts';
import { ShapeError } from '../core/errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { add, broadcastTo, concatenate, multiply, reshape, unary } from '../graph/operations/index.ts';
import {
  createLayer,
  defineLayer,
  expectInputs,
  expectInteger,
  expectOptions,
  formatBatchShape,
  layerDefinition,
  restoreLayer,
  type Config,
  type Layer,
  type LayerContext,
  type LayerOptions,
} from './layer.ts';
import type { RecurrentConfig } from './recurrent-options.ts';

/** A layer inside another, as configurations hold it. */
interface Inner {
  readonly type: string;
  readonly config: Config;
}

/** The context of a layer inside another: its values have a name of their own. */
const within = (context: LayerContext, prefix: string): LayerContext => ({
  ...context,
  parameter: (name, shape, options) => context.parameter(`${prefix}.${name}`, shape, options),
  state: (name, shape, options) => context.state(`${prefix}.${name}`, shape, options),
});

function expectLayer(what: string, layer: unknown): Inner {
  const { type, config } = (layer ?? {}) as Partial<Layer>;
  if (typeof layer !== 'function' || typeof type !== 'string' || typeof config !== 'object')
    throw new TypeError(`${what}: expected a layer, got ${layer === null ? 'null' : typeof layer}`);
  return { type, config };
}

const recurrentTypes = ['simpleRnn', 'lstm', 'gru'];

const merges = {
  concat: (graph: Graph, a: Node, b: Node) => concatenate(graph, [a, b], a.shape.length - 1),
  sum: add,
  mul: multiply,
  ave: (graph: Graph, a: Node, b: Node) => unary(graph, 'Affine', add(graph, a, b), 0.5, 0),
};

/** How the two directions of a bidirectional layer become one output. */
export type Merge = keyof typeof merges;

defineLayer<{ layer: Inner; merge: Merge }>('bidirectional', {
  build(context, inputs, { layer: { type, config }, merge }) {
    const { initialState } = config as RecurrentConfig;
    const states = initialState ? firstStates(inputs, config as RecurrentConfig, type) : { forward: [], backward: [] };
    const rest = inputs.slice(0, inputs.length - 2 * states.forward.length);
    const { build } = layerDefinition(type);
    const forward = build(within(context, 'forward'), [...rest, ...states.forward], config);
    const reversed = { ...config, goBackwards: true, alignOutputs: true };
    const backward = build(within(context, 'backward'), [...rest, ...states.backward], reversed);
    return merges[merge](context.graph, forward, backward);
  },
  restore: ({ layer: { type, config }, merge }, common) =>
    bidirectional(restoreLayer(type, config), { merge, ...common }),
});

/** The first states, which are the last inputs: those of the layer read forward, then those of the other. */
function firstStates(inputs: readonly Node[], { layers }: RecurrentConfig, type: string) {
  const count = layers * (type === 'lstm' ? 2 : 1);
  if (inputs.length < 1 + 2 * count)
    throw new ShapeError(
      `bidirectional: expected a sequence, a mask or none and ${2 * count} initial states, got ${inputs.length} inputs`,
    );
  return { forward: inputs.slice(-2 * count, -count), backward: inputs.slice(-count) };
}

/**
 * Reads a sequence with two layers of one kind, forward and from its end, and merges their outputs step by step.
 * Its weights are `forward.kernel`, `backward.kernel` and so on. Shape: that of the layer, its units twice by 'concat'.
 * Source: Schuster and Paliwal 1997.
 * @throws TypeError for what is no recurrent layer; RangeError for one that goes backwards or gives its states
 */
export function bidirectional(layer: Layer, options: LayerOptions & { merge?: Merge } = {}): Layer {
  expectOptions('bidirectional', options, ['merge']);
  const { merge = 'concat' } = options;
  const inner = expectLayer('bidirectional', layer);
  if (!recurrentTypes.includes(inner.type))
    throw new TypeError(`bidirectional: expected simpleRnn, lstm or gru, got ${inner.type}`);
  for (const option of ['goBackwards', 'returnState'])
    if (inner.config[option]) throw new RangeError(`bidirectional: a layer with ${option} cannot be read both ways`);
  if (!Object.hasOwn(merges, merge)) throw unknownName('merge', merge, Object.keys(merges));
  return createLayer('bidirectional', { layer: inner, merge }, options);
}

defineLayer<{ layer: Inner }>('timeDistributed', {
  build(context, inputs, { layer: { type, config } }) {
    expectInputs('timeDistributed', inputs, 1);
    const [x] = inputs as [Node];
    const { graph } = context;
    if (x.shape.length < 3)
      throw new ShapeError(
        `timeDistributed: expected input [*, time, features], got ${formatBatchShape(x.shape.slice(1))}`,
      );
    const [batch, time, ...sample] = x.shape as [number, number, ...number[]];
    const steps = reshape(graph, x, [batch * time, ...sample]);
    const out = layerDefinition(type).build(within(context, 'layer'), [steps], config);
    return reshape(graph, out, [batch, time, ...out.shape.slice(1)]);
  },
  restore: ({ layer: { type, config } }, common) => timeDistributed(restoreLayer(type, config), common),
});

/**
 * A layer applied to every step by itself, with one set of weights (`layer.kernel`, …). [*, time, ...] → [*, time, ...].
 * Layers that work on the last axis alone, as `dense`, do the same without it.
 * @throws TypeError for what is no layer
 */
export function timeDistributed(layer: Layer, options: LayerOptions = {}): Layer {
  expectOptions('timeDistributed', options, []);
  return createLayer('timeDistributed', { layer: expectLayer('timeDistributed', layer) }, options);
}

defineLayer<{ count: number }>('repeatVector', {
  build(context, inputs, { count }) {
    expectInputs('repeatVector', inputs, 1);
    const [x] = inputs as [Node];
    const { graph } = context;
    if (x.shape.length !== 2)
      throw new ShapeError(`repeatVector: expected input [*, features], got ${formatBatchShape(x.shape.slice(1))}`);
    const [batch, features] = x.shape as [number, number];
    return broadcastTo(graph, reshape(graph, x, [batch, 1, features]), [batch, count, features]);
  },
  restore: ({ count }, common) => repeatVector(count, common),
});

/** The same vector at each of `count` steps. [*, features] → [*, count, features]. */
export function repeatVector(count: number, options: LayerOptions = {}): Layer {
  expectOptions('repeatVector', options, []);
  return createLayer('repeatVector', { count: expectInteger('repeatVector: count', count, 1) }, options);
}
