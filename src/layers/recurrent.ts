// The recurrent layers: simpleRnn, lstm, gru. A layer is one product of all inputs with the kernel, and one instruction
// for the whole time loop (graph/operations/recurrent.ts).
// Shapes: B batch, T time, C features, H units, G gates. kernel [C, G·H], recurrentKernel [H, G·H], bias [G·H]; a GRU
// whose reset comes after has a recurrentBias [G·H] too. Gates in their order: LSTM i f g o, GRU r z n (PyTorch's).
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import {
  add,
  dropout as dropoutNode,
  matmul,
  multiply,
  permute,
  recurrent,
  reshape,
  type RecurrentName,
} from '../graph/operations/index.ts';
import { resolveInitializer, type Initializer } from '../initializers/initializer.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerContext,
} from './layer.ts';
import {
  recurrentConfig,
  type GruOptions,
  type LstmOptions,
  type RecurrentConfig,
  type RecurrentOptions,
  type SimpleRnnOptions,
} from './recurrent-options.ts';
import { packResults, stateLayer, type StateLayer } from './recurrent-state.ts';

/** What a recurrent layer is given: a sequence, where it is padded, and the states that each of its stack begins with. */
interface Given {
  readonly x: Node;
  readonly mask: Node | undefined;
  readonly states: readonly Node[];
}

interface States {
  readonly output: Node;
  readonly hidden: Node;
  readonly cell?: Node;
}

/** Units of a stack of one layer have plain names, of more `layer0.kernel`, `layer1.kernel`, … */
const prefixOf = (config: RecurrentConfig, index: number) => (config.layers === 1 ? '' : `layer${index}.`);

/** How many states a layer of a kind carries. */
const stateCount = (kind: RecurrentName): number => (kind === 'Lstm' ? 2 : 1);

/** @throws ShapeError unless the inputs are a sequence, a mask of its length if any, and the first states if asked for */
function expectSequence(type: string, inputs: readonly Node[], kind: RecurrentName, config: RecurrentConfig): Given {
  const [x, ...rest] = inputs as [Node, ...Node[]];
  if (inputs.length === 0 || x.shape.length !== 3)
    throw new ShapeError(
      `${type}: expected input [*, time, features], got ${formatBatchShape(x?.shape.slice(1) ?? [])}`,
    );
  const expected = config.initialState ? stateCount(kind) * config.layers : 0;
  if (rest.length !== expected && rest.length !== expected + 1)
    throw new ShapeError(
      `${type}: expected a sequence, a mask or none${expected ? ` and ${expected} initial states` : ''}, got ${inputs.length} inputs`,
    );
  const mask = rest.length > expected ? rest[0] : undefined;
  if (mask && (mask.shape.length !== 2 || mask.shape[1] !== x.shape[1]))
    throw new ShapeError(
      `${type}: expected a mask [*, ${x.shape[1]}] for a sequence of that length, got ${formatBatchShape(mask.shape.slice(1))}`,
    );
  const states = mask ? rest.slice(1) : rest;
  for (const state of states)
    if (state.shape.length !== 2 || state.shape[1] !== config.units)
      throw new ShapeError(
        `${type}: expected an initial state [*, ${config.units}], got ${formatBatchShape(state.shape.slice(1))}`,
      );
  return { x, mask, states };
}

/** Ones of a batch, in training some of them 0 and the others larger: one mask for all steps (Gal & Ghahramani 2016). */
function dropoutMask(context: LayerContext, rate: number, features: number, x: Node): Node | undefined {
  if (!context.training || rate === 0) return undefined;
  const ones = context.graph.add('fill', [], { shape: [x.shape[0]!, features], value: 1 });
  const { counter, stream } = context.random();
  return dropoutNode(context.graph, ones, counter, rate, stream);
}

/** The bias's initialiser, with ones for the forget gate where that is asked for (Jozefowicz et al. 2015). */
function biasInitializer({ units, unitForgetBias, biasInitializer: like }: RecurrentConfig): Initializer {
  const initializer = resolveInitializer(like);
  if (!unitForgetBias) return initializer;
  return {
    spec: initializer.spec,
    draw(target) {
      initializer.draw(target);
      target.edit((data) => data.fill(1, units, 2 * units));
    },
  };
}

/** One layer of a stack. */
function buildLayer(
  context: LayerContext,
  kind: RecurrentName,
  config: RecurrentConfig,
  prefix: string,
  { x, mask, states }: Given,
  sequences: boolean,
): States {
  const { graph } = context;
  const { units, goBackwards } = config;
  const [batch, , features] = x.shape as [number, number, number];
  const width = units * { Tanh: 1, Relu: 1, Lstm: 4, GruResetAfter: 3, GruResetBefore: 3 }[kind];
  const kernel = context.parameter(`${prefix}kernel`, [features, width], {
    initializer: resolveInitializer(config.kernelInitializer),
    penalty: config.kernelPenalty,
  });
  const recurrentKernel = context.parameter(`${prefix}recurrentKernel`, [units, width], {
    initializer: resolveInitializer(config.recurrentInitializer),
    penalty: config.recurrentPenalty,
  });
  const bias = (name: string) =>
    context.parameter(`${prefix}${name}`, [width], {
      initializer: biasInitializer(config),
      penalty: config.biasPenalty,
    });
  // Time first, so that what a step reads and writes lies side by side.
  let steps = permute(graph, x, [1, 0, 2]);
  const inputDropout = dropoutMask(context, config.dropout, features, x);
  if (inputDropout) steps = multiply(graph, steps, reshape(graph, inputDropout, [1, batch, features]));
  let projected = matmul(graph, steps, kernel);
  if (config.useBias) projected = add(graph, projected, bias('bias'));
  const hasRecurrentBias = config.useBias && kind === 'GruResetAfter';
  const [hidden0, cell0] = states;
  return recurrent(
    graph,
    {
      projected,
      kernel: recurrentKernel,
      bias: hasRecurrentBias ? bias('recurrentBias') : undefined,
      mask,
      dropout: dropoutMask(context, config.recurrentDropout, units, x),
      hidden0,
      cell0,
    },
    { kind, sequences, reverse: goBackwards, processingOrder: !config.alignOutputs, timeMajor: true },
  );
}

/** The states that a layer of the stack begins with: given, carried from the call before, or none. */
function firstStates(context: LayerContext, kind: RecurrentName, config: RecurrentConfig, given: Given, index: number) {
  const count = stateCount(kind);
  if (config.initialState) return given.states.slice(index * count, (index + 1) * count);
  if (!config.stateful) return [];
  const carried = (name: string) =>
    context.state(`${prefixOf(config, index)}${name}`, [config.units], { perSample: true, when: 'always' });
  return count === 2 ? [carried('hidden'), carried('cell')] : [carried('hidden')];
}

/** A stack of layers, each on the states of the one below. */
function build(
  context: LayerContext,
  type: string,
  kind: RecurrentName,
  config: RecurrentConfig,
  inputs: readonly Node[],
): Node {
  const given = expectSequence(type, inputs, kind, config);
  let { x } = given;
  const last: Node[] = [];
  for (let index = 0; index < config.layers; index++) {
    const isTop = index === config.layers - 1;
    // Below the top the states stand where their inputs stand, so that each layer reads them in its own order.
    const layer = isTop ? config : { ...config, alignOutputs: true };
    const states = firstStates(context, kind, config, given, index);
    const sequences = !isTop || config.returnSequences;
    const result = buildLayer(context, kind, layer, prefixOf(config, index), { ...given, x, states }, sequences);
    const after = result.cell ? [result.hidden, result.cell] : [result.hidden];
    if (config.stateful) states.forEach((state, i) => context.assign(state, after[i]!));
    last.push(...after);
    x = result.output;
  }
  return config.returnState ? packResults(context.graph, [x, ...last]) : x;
}

/** Units and options of a configuration, as its function takes them. */
function restored(make: (units: number, options: RecurrentOptions) => Layer | StateLayer) {
  return ({ units, ...options }: Config, common: object): Layer => {
    const made = make(units as number, { ...options, ...common });
    return 'packed' in made ? made.packed : made;
  };
}

defineLayer<RecurrentConfig & { activation: 'tanh' | 'relu' }>('simpleRnn', {
  build: (context, inputs, config) =>
    build(context, 'simpleRnn', config.activation === 'relu' ? 'Relu' : 'Tanh', config, inputs),
  restore: restored(simpleRnn),
});

defineLayer<RecurrentConfig>('lstm', {
  build: (context, inputs, config) => build(context, 'lstm', 'Lstm', config, inputs),
  restore: restored(lstm),
});

defineLayer<RecurrentConfig & { resetAfter: boolean }>('gru', {
  build: (context, inputs, config) =>
    build(context, 'gru', config.resetAfter ? 'GruResetAfter' : 'GruResetBefore', config, inputs),
  restore: restored(gru),
});

type WithState<O> = O & { readonly returnState: true };

/**
 * A simple recurrent layer: h' = tanh(x · kernel + h · recurrentKernel + bias), or relu.
 * [*, time, features] → [*, units], or [*, time, units] with `returnSequences`.
 * @example model.fit takes sequential([simpleRnn(16), dense(1)], { inputShape: [20, 3] })
 * @throws RangeError for units that are no positive integer, or an unknown option or value of one
 */
export function simpleRnn(units: number, options: WithState<SimpleRnnOptions>): StateLayer;
export function simpleRnn(units: number, options?: SimpleRnnOptions): Layer;
export function simpleRnn(units: number, options: SimpleRnnOptions = {}): Layer | StateLayer {
  const { activation = 'tanh' } = options;
  if (activation !== 'tanh' && activation !== 'relu')
    throw new RangeError(`simpleRnn: expected activation "tanh" or "relu", got ${JSON.stringify(activation)}`);
  const config = { ...recurrentConfig('simpleRnn', units, options, ['activation']), activation };
  return finish('simpleRnn', config, options);
}

/**
 * Long short-term memory: i, f, o = σ, g = tanh of x · kernel + h · recurrentKernel + bias;
 * c' = f·c + i·g, h' = o · tanh(c'). [*, time, features] → [*, units], or [*, time, units] with `returnSequences`.
 * Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 * @throws RangeError for units that are no positive integer, or an unknown option or value of one
 */
export function lstm(units: number, options: WithState<LstmOptions>): StateLayer;
export function lstm(units: number, options?: LstmOptions): Layer;
export function lstm(units: number, options: LstmOptions = {}): Layer | StateLayer {
  const unitForgetBias = expectFlag('lstm: unitForgetBias', options.unitForgetBias ?? true);
  const config = { ...recurrentConfig('lstm', units, options, ['unitForgetBias']), unitForgetBias };
  return finish('lstm', config, options);
}

/**
 * Gated recurrent unit: r, z = σ; h' = (1 − z)·n + z·h with n = tanh(x·W + r·(h·R + recurrentBias)), or with
 * `resetAfter: false` n = tanh(x·W + (r·h)·R). [*, time, features] → [*, units], or [*, time, units].
 * Source: Cho et al. 2014; the reset after the product is cuDNN's, PyTorch's and Keras' default.
 * @throws RangeError for units that are no positive integer, or an unknown option or value of one
 */
export function gru(units: number, options: WithState<GruOptions>): StateLayer;
export function gru(units: number, options?: GruOptions): Layer;
export function gru(units: number, options: GruOptions = {}): Layer | StateLayer {
  const resetAfter = expectFlag('gru: resetAfter', options.resetAfter ?? true);
  const config = { ...recurrentConfig('gru', units, options, ['resetAfter']), resetAfter };
  return finish('gru', config, options);
}

/** The layer of a configuration; with `returnState` one that gives its states beside its output. */
function finish(type: string, config: RecurrentConfig, options: RecurrentOptions): Layer | StateLayer {
  const layer = createLayer(type, { ...config }, options);
  return config.returnState ? stateLayer(layer, config) : layer;
}
