// Multi-head attention: projections of queries, keys and values, attention of each head, and the projection back.
// Shapes: B batch, T steps (Q queries, K keys), C columns, H heads of D columns.
// Source: Vaswani et al., Attention is all you need (2017).
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { add, appendRows, attention, concatenate, matmul, slice, type Projected } from '../graph/operations/index.ts';
import { resolveInitializer, type InitializerLike } from '../initializers/initializer.ts';
import { expectBase, rotate } from './embedding.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInteger,
  expectOptions,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerContext,
  type LayerOptions,
} from './layer.ts';

/** Rotary positions (Su et al. 2021): true, or another base than 10,000. */
export type Rotary = boolean | { readonly base: number };

export interface AttentionLayerOptions extends LayerOptions {
  /** Columns of a head; width / heads by default. */
  readonly headSize?: number;
  /** Whether a step sees only itself and earlier ones; false by default. */
  readonly causal?: boolean;
  /** The share of attention weights that training drops; 0 by default. */
  readonly dropout?: number;
  /** Whether the four projections have a bias; true by default. */
  readonly useBias?: boolean;
  /** Whether queries and keys are turned by their positions; false by default. */
  readonly rotary?: Rotary;
  /** Glorot uniform by default. */
  readonly kernelInitializer?: InitializerLike;
}

export interface AttentionConfig extends Config {
  heads: number;
  headSize: number | null;
  causal: boolean;
  dropout: number;
  useBias: boolean;
  rotary: Rotary;
  kernelInitializer: InitializerLike;
}

export const attentionOptionNames = [
  'headSize',
  'causal',
  'dropout',
  'useBias',
  'rotary',
  'kernelInitializer',
] as const;

/** @throws RangeError or TypeError for an option that attention cannot have */
export function attentionConfig(type: string, heads: number, options: AttentionLayerOptions): AttentionConfig {
  const { headSize, causal = false, dropout = 0, useBias = true, rotary = false } = options;
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout < 1))
    throw new RangeError(`${type}: expected a dropout in [0, 1), got ${String(dropout)}`);
  return {
    heads: expectInteger(`${type}: heads`, heads, 1),
    headSize: headSize === undefined || headSize === null ? null : expectInteger(`${type}: headSize`, headSize, 1),
    causal: expectFlag(`${type}: causal`, causal),
    dropout,
    useBias: expectFlag(`${type}: useBias`, useBias),
    rotary:
      typeof rotary === 'object' && rotary !== null
        ? { base: expectBase(`${type}: rotary`, rotary.base) }
        : expectFlag(`${type}: rotary`, rotary),
    kernelInitializer: resolveInitializer(options.kernelInitializer ?? 'glorotUniform').spec,
  };
}

/** What attention reads: sequences [B, T, C], and which keys are there [B, K]. */
export interface AttentionInputs {
  readonly query: Node;
  readonly key: Node;
  readonly value: Node;
  readonly mask?: Node | undefined;
}

const sequence = ({ shape }: Node) => formatBatchShape(shape.slice(1));

function expectSequence(type: string, what: string, node: Node): void {
  if (node.shape.length !== 3)
    throw new ShapeError(`${type}: expected ${what} [*, steps, width], got ${sequence(node)}`);
}

export function expectMask(type: string, mask: Node | undefined, keys: Node): void {
  if (mask && (mask.shape.length !== 2 || mask.shape[1] !== keys.shape[1]))
    throw new ShapeError(
      `${type}: expected a mask [*, ${keys.shape[1]}] for keys ${sequence(keys)}, got ${sequence(mask)}`,
    );
}

/** Some projections of one input by one product: their kernels side by side. Each begins at its own column. */
function project(context: LayerContext, x: Node, names: readonly string[], width: number, config: AttentionConfig) {
  const { graph } = context;
  const initializer = resolveInitializer(config.kernelInitializer);
  const features = x.shape[2]!;
  const join = (nodes: Node[], axis: number) => (nodes.length === 1 ? nodes[0]! : concatenate(graph, nodes, axis));
  const kernels = names.map((name) => context.parameter(`${name}Kernel`, [features, width], { initializer }));
  const product = matmul(graph, x, join(kernels, 1));
  if (!config.useBias) return product;
  const zeros = { initializer: resolveInitializer('zeros') };
  return add(
    graph,
    product,
    join(
      names.map((name) => context.parameter(`${name}Bias`, [width], zeros)),
      0,
    ),
  );
}

/** Queries, keys and values, by as few products as there are different inputs. */
function projectAll(
  context: LayerContext,
  { query, key, value }: AttentionInputs,
  width: number,
  config: AttentionConfig,
) {
  if (query === key && key === value) {
    const node = project(context, query, ['query', 'key', 'value'], width, config);
    return { q: { node }, k: { node, offset: width }, v: { node, offset: 2 * width } };
  }
  const q = { node: project(context, query, ['query'], width, config) };
  if (key === value) {
    const node = project(context, key, ['key', 'value'], width, config);
    return { q, k: { node }, v: { node, offset: width } };
  }
  const k = { node: project(context, key, ['key'], width, config) };
  return { q, k, v: { node: project(context, value, ['value'], width, config) } };
}

const columnsOf = (context: LayerContext, { node, offset = 0 }: Projected, width: number): Node =>
  node.shape[2] === width ? node : slice(context.graph, node, 2, offset, width);

/** Keeps the next steps' keys or values behind those of the earlier steps: all of them, [B, length, width]. */
function remembered(context: LayerContext, name: string, { node, offset = 0 }: Projected, width: number): Projected {
  const { positions, length, effect, name: decoder } = context.decode!;
  const cache = context.state(`${decoder}.${name}`, [length, width], { when: 'prediction', perSample: true });
  effect(appendRows(context.graph, cache, node, positions, offset));
  return { node: cache };
}

/** @throws ShapeError where the heads do not divide the width, a mask has another length, or sequences do not fit */
export function buildAttention(
  type: string,
  context: LayerContext,
  inputs: AttentionInputs,
  config: AttentionConfig,
): Node {
  const { query, key, value, mask } = inputs;
  for (const [what, node] of Object.entries({ query, key, value })) expectSequence(type, what, node);
  const features = query.shape[2]!;
  const { heads, causal } = config;
  if (config.headSize === null && features % heads)
    throw new ShapeError(`${type}: ${heads} heads do not divide the width ${features}`);
  if (key.shape[1] !== value.shape[1])
    throw new ShapeError(`${type}: keys ${sequence(key)} and values ${sequence(value)} differ in their steps`);
  expectMask(type, mask, key);
  const size = config.headSize ?? features / heads;
  const width = heads * size;
  let { q, k, v } = projectAll(context, inputs, width, config) as Record<'q' | 'k' | 'v', Projected>;
  if (config.rotary) {
    if (size % 2) throw new ShapeError(`${type}: rotary positions need an even head size, got ${size}`);
    const base = typeof config.rotary === 'object' ? config.rotary.base : 10000;
    q = { node: rotate(context, columnsOf(context, q, width), heads, base) };
    k = { node: rotate(context, columnsOf(context, k, width), heads, base) };
  }
  const remembers = context.decode !== null && query === key;
  if (context.decode && !remembers && !(context.decode.isWhole(key) && context.decode.isWhole(value)))
    throw new ShapeError(`${type}: attention from steps to other steps cannot be computed step by step`);
  if (remembers && !causal) throw new ShapeError(`${type}: only causal attention can be computed step by step`);
  if (remembers && mask) throw new ShapeError(`${type}: a mask of the steps cannot be given step by step`);
  if (remembers) {
    k = remembered(context, 'keys', k, width);
    v = remembered(context, 'values', v, width);
  }
  const drops = context.training && config.dropout > 0;
  const out = attention(context.graph, q, k, v, {
    heads,
    size,
    causal,
    mask,
    positions: remembers ? context.decode!.positions : undefined,
    dropout: drops ? { rate: config.dropout, ...context.random() } : undefined,
  });
  return projectBack(context, out, features, config);
}

function projectBack(context: LayerContext, x: Node, features: number, config: AttentionConfig): Node {
  const initializer = resolveInitializer(config.kernelInitializer);
  const product = matmul(context.graph, x, context.parameter('outputKernel', [x.shape[2]!, features], { initializer }));
  if (!config.useBias) return product;
  const zeros = { initializer: resolveInitializer('zeros') };
  return add(context.graph, product, context.parameter('outputBias', [features], zeros));
}

/** Sequences and then masks, told apart by their axes. */
export function separateMasks(nodes: readonly Node[]): { sequences: Node[]; masks: Node[] } {
  const first = nodes.findIndex(({ shape }) => shape.length === 2);
  return first === -1
    ? { sequences: [...nodes], masks: [] }
    : { sequences: nodes.slice(0, first), masks: nodes.slice(first) };
}

defineLayer<AttentionConfig>('multiHeadAttention', {
  stepwise: true,
  build(context, inputs, config) {
    const { sequences, masks } = separateMasks(inputs);
    if (sequences.length < 1 || sequences.length > 3 || masks.length > 1)
      throw new ShapeError(
        `multiHeadAttention: expected [x], [query, memory] or [query, key, value], and perhaps a mask [*, steps], got ${inputs.map(sequence).join(', ')}`,
      );
    const [query, key = query, value = key] = sequences as [Node, Node?, Node?];
    return buildAttention('multiHeadAttention', context, { query, key, value, mask: masks[0] }, config);
  },
  restore: ({ heads, headSize, ...options }, common) =>
    multiHeadAttention(heads, { ...options, ...(headSize !== null && { headSize }), ...common }),
});

/**
 * Attention of several heads. `layer(x)` attends from a sequence [T, C] to itself, `layer([query, memory])` to another
 * one, `layer([query, key, value])` takes all three; a mask [K] may follow (1: a key is there, 0: it is padding).
 * @throws RangeError for heads or headSize that are no positive integers; ShapeError where heads do not divide the width,
 *   or a mask has another length than the keys
 */
export function multiHeadAttention(heads: number, options: AttentionLayerOptions = {}): Layer {
  expectOptions('multiHeadAttention', options, attentionOptionNames);
  return createLayer('multiHeadAttention', attentionConfig('multiHeadAttention', heads, options), options);
}
