// Transformer layers: attention and a feed-forward network, each added to its input and normalised first or last.
// Shapes: B batch, T steps, C columns, F columns inside the feed-forward network.
// Sources: Vaswani et al. 2017; Xiong et al., On layer normalization in the transformer architecture (2020).
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { add, dropout as dropoutNode, matmul, normalizeRows } from '../graph/operations/index.ts';
import { resolveInitializer } from '../initializers/initializer.ts';
import { activate, resolveActivation, type Activation } from './activations.ts';
import {
  attentionConfig,
  attentionOptionNames,
  buildAttention,
  separateMasks,
  type AttentionConfig,
  type AttentionLayerOptions,
} from './attention.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInteger,
  expectOptions,
  formatBatchShape,
  type Layer,
  type LayerContext,
} from './layer.ts';
import { affineParameters, expectEpsilon } from './normalization.ts';

export interface TransformerOptions extends AttentionLayerOptions {
  /** Columns inside the feed-forward network; 4 · width by default. */
  readonly feedForward?: number;
  /** Inside the feed-forward network; ReLU by default. */
  readonly activation?: Activation;
  /** Whether inputs are normalised before attention and feed-forward, not their sums after; false by default. */
  readonly normFirst?: boolean;
  /** 'layer' by default. */
  readonly norm?: 'layer' | 'rms';
  /** Of the normalisation; 1e-5 by default. */
  readonly epsilon?: number;
}

interface TransformerConfig extends AttentionConfig {
  feedForward: number | null;
  activation: Activation;
  normFirst: boolean;
  norm: 'layer' | 'rms';
  epsilon: number;
}

const optionNames = [...attentionOptionNames, 'feedForward', 'activation', 'normFirst', 'norm', 'epsilon'] as const;

function transformerConfig(type: string, heads: number, options: TransformerOptions): TransformerConfig {
  const { feedForward, activation = 'relu', normFirst = false, norm = 'layer', epsilon = 1e-5 } = options;
  if (norm !== 'layer' && norm !== 'rms')
    throw new RangeError(`${type}: expected norm 'layer' or 'rms', got ${JSON.stringify(norm)}`);
  const { name, alpha } = resolveActivation(activation);
  return {
    ...attentionConfig(type, heads, options),
    feedForward: feedForward === undefined ? null : expectInteger(`${type}: feedForward`, feedForward, 1),
    activation: alpha === undefined ? name : { name, alpha },
    normFirst: expectFlag(`${type}: normFirst`, normFirst),
    norm,
    epsilon: expectEpsilon(type, epsilon),
  };
}

/** The options that a configuration was made of. */
const optionsOf = ({ heads: _heads, headSize, feedForward, ...rest }: TransformerConfig): TransformerOptions => ({
  ...rest,
  ...(headSize !== null && { headSize }),
  ...(feedForward !== null && { feedForward }),
});

/** The context of a part of a layer: its values have the part's name before theirs. */
const within = (context: LayerContext, prefix: string): LayerContext => ({
  ...context,
  parameter: (name, shape, options) => context.parameter(`${prefix}.${name}`, shape, options),
  state: (name, shape, options) => context.state(`${prefix}.${name}`, shape, options),
});

function dropped(context: LayerContext, x: Node, rate: number): Node {
  if (!context.training || rate === 0) return x;
  const { counter, stream } = context.random();
  return dropoutNode(context.graph, x, counter, rate, stream);
}

function normalized(context: LayerContext, x: Node, { norm, epsilon }: TransformerConfig): Node {
  const centred = norm === 'layer';
  const affine = affineParameters(context, [x.shape[2]!], { scale: true, center: centred });
  return normalizeRows(context.graph, x, { axes: 1, centred, epsilon, ...affine });
}

/** x + f(norm(x)), or norm(x + f(x)). */
function residual(
  context: LayerContext,
  norm: string,
  x: Node,
  config: TransformerConfig,
  f: (normalizedInput: Node) => Node,
): Node {
  const scope = within(context, norm);
  if (config.normFirst) return add(context.graph, x, dropped(context, f(normalized(scope, x, config)), config.dropout));
  return normalized(scope, add(context.graph, x, dropped(context, f(x), config.dropout)), config);
}

function affine(
  context: LayerContext,
  x: Node,
  units: number,
  { useBias, kernelInitializer }: TransformerConfig,
): Node {
  const initializer = resolveInitializer(kernelInitializer);
  const product = matmul(context.graph, x, context.parameter('kernel', [x.shape[2]!, units], { initializer }));
  if (!useBias) return product;
  return add(context.graph, product, context.parameter('bias', [units], { initializer: resolveInitializer('zeros') }));
}

function feedForward(context: LayerContext, x: Node, config: TransformerConfig): Node {
  const width = x.shape[2]!;
  const inner = affine(within(context, 'feedForward1'), x, config.feedForward ?? 4 * width, config);
  const active = dropped(context, activate(context.graph, inner, config.activation), config.dropout);
  return affine(within(context, 'feedForward2'), active, width, config);
}

function expectWidth(type: string, nodes: readonly Node[]): void {
  for (const { shape } of nodes)
    if (shape.length !== 3)
      throw new ShapeError(`${type}: expected sequences [*, steps, width], got ${formatBatchShape(shape.slice(1))}`);
}

function encoderBlock(type: string, context: LayerContext, x: Node, mask: Node | undefined, config: TransformerConfig) {
  const attended = residual(context, 'norm1', x, config, (h) =>
    buildAttention(type, within(context, 'attention'), { query: h, key: h, value: h, mask }, config),
  );
  return residual(context, 'norm2', attended, config, (h) => feedForward(context, h, config));
}

interface DecoderInputs {
  readonly memory: Node;
  readonly memoryMask?: Node | undefined;
  readonly mask?: Node | undefined;
}

function decoderBlock(type: string, context: LayerContext, x: Node, inputs: DecoderInputs, config: TransformerConfig) {
  const { memory, memoryMask, mask } = inputs;
  const attended = residual(context, 'norm1', x, config, (h) =>
    buildAttention(type, within(context, 'attention'), { query: h, key: h, value: h, mask }, config),
  );
  const informed = residual(context, 'norm2', attended, config, (h) =>
    buildAttention(
      type,
      within(context, 'crossAttention'),
      { query: h, key: memory, value: memory, mask: memoryMask },
      { ...config, causal: false, rotary: false },
    ),
  );
  return residual(context, 'norm3', informed, config, (h) => feedForward(context, h, config));
}

/** Blocks one after the other, and a normalisation behind them where each normalises first. */
function stack(
  context: LayerContext,
  x: Node,
  layers: number,
  config: TransformerConfig,
  block: (scope: LayerContext, h: Node) => Node,
): Node {
  let h = x;
  for (let i = 0; i < layers; i++) h = block(within(context, `block${i}`), h);
  return config.normFirst ? normalized(within(context, 'norm'), h, config) : h;
}

function encoderInputs(type: string, inputs: readonly Node[]): { x: Node; mask: Node | undefined } {
  const { sequences, masks } = separateMasks(inputs);
  if (sequences.length !== 1 || masks.length > 1)
    throw new ShapeError(
      `${type}: expected a sequence [*, steps, width] and perhaps a mask [*, steps], got ${inputs.length} inputs`,
    );
  expectWidth(type, sequences);
  return { x: sequences[0]!, mask: masks[0] };
}

function decoderInputs(type: string, inputs: readonly Node[]): { x: Node } & DecoderInputs {
  const { sequences, masks } = separateMasks(inputs);
  if (sequences.length !== 2 || masks.length > 2)
    throw new ShapeError(
      `${type}: expected two sequences, x and memory, and perhaps the memory's mask and x's mask, got ${inputs.length} inputs`,
    );
  expectWidth(type, sequences);
  const [x, memory] = sequences as [Node, Node];
  return { x, memory, memoryMask: masks[0], mask: masks[1] };
}

defineLayer<TransformerConfig>('transformerEncoderLayer', {
  stepwise: true,
  build(context, inputs, config) {
    const { x, mask } = encoderInputs('transformerEncoderLayer', inputs);
    return encoderBlock('transformerEncoderLayer', context, x, mask, config);
  },
  restore: (config, common) => transformerEncoderLayer(config.heads, { ...optionsOf(config), ...common }),
});

/**
 * One encoder layer: self-attention and a feed-forward network. [T, C] → [T, C]; a mask [T] may follow the input. With
 * `causal` it is the layer of a decoder without memory, as of a language model.
 * @throws RangeError for an option out of range; ShapeError where heads do not divide the width or a mask does not fit
 */
export function transformerEncoderLayer(heads: number, options: TransformerOptions = {}): Layer {
  expectOptions('transformerEncoderLayer', options, optionNames);
  return createLayer('transformerEncoderLayer', transformerConfig('transformerEncoderLayer', heads, options), options);
}

defineLayer<TransformerConfig>('transformerDecoderLayer', {
  stepwise: true,
  build(context, inputs, config) {
    const { x, ...rest } = decoderInputs('transformerDecoderLayer', inputs);
    return decoderBlock('transformerDecoderLayer', context, x, rest, config);
  },
  restore: (config, common) => transformerDecoderLayer(config.heads, { ...optionsOf(config), ...common }),
});

/**
 * One decoder layer: causal self-attention, attention to a memory, a feed-forward network. `layer([x, memory])`, perhaps
 * with the memory's mask and then x's mask. [T, C] and [S, M] → [T, C].
 * @throws as transformerEncoderLayer
 */
export function transformerDecoderLayer(heads: number, options: TransformerOptions = {}): Layer {
  expectOptions('transformerDecoderLayer', options, optionNames);
  const config = transformerConfig('transformerDecoderLayer', heads, { causal: true, ...options });
  return createLayer('transformerDecoderLayer', config, options);
}

defineLayer<TransformerConfig & { layers: number }>('transformerEncoder', {
  stepwise: true,
  build(context, inputs, { layers, ...config }) {
    const { x, mask } = encoderInputs('transformerEncoder', inputs);
    return stack(context, x, layers, config, (scope, h) => encoderBlock('transformerEncoder', scope, h, mask, config));
  },
  restore: ({ layers, ...config }, common) =>
    transformerEncoder(layers, config.heads, { ...optionsOf(config), ...common }),
});

/** `layers` encoder layers, and a normalisation behind them with `normFirst`. @throws as transformerEncoderLayer */
export function transformerEncoder(layers: number, heads: number, options: TransformerOptions = {}): Layer {
  expectOptions('transformerEncoder', options, optionNames);
  const count = expectInteger('transformerEncoder: layers', layers, 1);
  const config = { layers: count, ...transformerConfig('transformerEncoder', heads, options) };
  return createLayer('transformerEncoder', config, options);
}

defineLayer<TransformerConfig & { layers: number }>('transformerDecoder', {
  stepwise: true,
  build(context, inputs, { layers, ...config }) {
    const { x, ...rest } = decoderInputs('transformerDecoder', inputs);
    return stack(context, x, layers, config, (scope, h) => decoderBlock('transformerDecoder', scope, h, rest, config));
  },
  restore: ({ layers, ...config }, common) =>
    transformerDecoder(layers, config.heads, { ...optionsOf(config), ...common }),
});

/** `layers` decoder layers on one memory, and a normalisation behind them with `normFirst`. @throws as transformerEncoderLayer */
export function transformerDecoder(layers: number, heads: number, options: TransformerOptions = {}): Layer {
  expectOptions('transformerDecoder', options, optionNames);
  const count = expectInteger('transformerDecoder: layers', layers, 1);
  const config = { layers: count, ...transformerConfig('transformerDecoder', heads, { causal: true, ...options }) };
  return createLayer('transformerDecoder', config, options);
}
