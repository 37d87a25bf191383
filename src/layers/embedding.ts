// Integers to vectors and back, and what tells a sequence's steps apart. Shapes: B batch, T steps, C columns (width).
import { ShapeError } from '../core/errors.ts';
import { cos, pow, sin } from '../core/deterministic.ts';
import type { Node } from '../graph/graph.ts';
import {
  add,
  concatenate,
  constant,
  embed,
  indexMask,
  matmul,
  multiply,
  reshape,
  slice,
  subtract,
} from '../graph/operations/index.ts';
import { resolveInitializer, type InitializerLike } from '../initializers/initializer.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInputs,
  expectInteger,
  expectOptions,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerContext,
  type LayerOptions,
} from './layer.ts';

export interface EmbeddingOptions extends LayerOptions {
  /** `uniform` in ±0.05 by default. */
  readonly initializer?: InitializerLike;
  /** Whether the index 0 is padding: it gives zeros and learns nothing; false by default. See paddingMask. */
  readonly maskZero?: boolean;
}

interface EmbeddingConfig extends Config {
  vocabulary: number;
  width: number;
  initializer: InitializerLike;
  maskZero: boolean;
}

// Integers: out[…, C] = table[x[…]]. Numbers: out[…, V] = x[…, C] · tableᵀ, the way back.
defineLayer<EmbeddingConfig>('embedding', {
  stepwise: true,
  build(context, inputs, { vocabulary, width, initializer, maskZero }) {
    expectInputs('embedding', inputs, 1);
    const [x] = inputs as [Node];
    const table = context.parameter('table', [vocabulary, width], { initializer: resolveInitializer(initializer) });
    if (x.dtype === 'i32') return embed(context.graph, table, x, maskZero ? 0 : -1);
    if (x.shape.length < 2 || x.shape.at(-1) !== width)
      throw new ShapeError(
        `embedding: expected integers (input dtype 'int32'), or [*, ${width}] on the way back, got ${formatBatchShape(x.shape.slice(1))}`,
      );
    return matmul(context.graph, x, table, { transposeB: true });
  },
  restore: ({ vocabulary, width, initializer, maskZero }, common) =>
    embedding(vocabulary, width, { initializer, maskZero, ...common }),
});

/**
 * A trained vector of `width` numbers for each index from 0 to vocabulary − 1: integers [*] → [*, width]. Applied to
 * numbers [*, width] the same layer gives the scores [*, vocabulary] by the same table (tied weights).
 * @example
 * const words = embedding(1000, 64);
 * const scores = words(dense(64)(words(input([12], { dtype: 'int32' }))));
 * @throws RangeError for sizes that are no positive integers; predict, fit and the others for an index out of range, with its position
 */
export function embedding(vocabulary: number, width: number, options: EmbeddingOptions = {}): Layer {
  expectOptions('embedding', options, ['initializer', 'maskZero']);
  const { initializer = 'uniform', maskZero = false } = options;
  const config = {
    vocabulary: expectInteger('embedding: vocabulary', vocabulary, 1),
    width: expectInteger('embedding: width', width, 1),
    initializer: resolveInitializer(initializer).spec,
    maskZero: expectFlag('embedding: maskZero', maskZero),
  };
  return createLayer('embedding', config, options);
}

defineLayer<{ padding: number }>('paddingMask', {
  stepwise: true,
  build(context, inputs, { padding }) {
    expectInputs('paddingMask', inputs, 1);
    if (inputs[0]!.dtype !== 'i32')
      throw new ShapeError('paddingMask: expected integers (input dtype int32), got numbers');
    return indexMask(context.graph, inputs[0]!, padding);
  },
  restore: (config, common) => paddingMask({ ...config, ...common }),
});

/** 1 where an index is a word, 0 where it is padding (0 unless said otherwise): integers [*] → [*]. A mask for attention and recurrent layers. */
export function paddingMask(options: LayerOptions & { padding?: number } = {}): Layer {
  expectOptions('paddingMask', options, ['padding']);
  const { padding = 0 } = options;
  if ((padding | 0) !== padding) throw new RangeError(`paddingMask: expected an integer, got ${String(padding)}`);
  return createLayer('paddingMask', { padding }, options);
}

/** x [B, T, C] + the rows of table [L, C] for its steps. */
function addPositions(context: LayerContext, x: Node, table: Node): Node {
  const { graph, decode } = context;
  if (decode) return add(graph, x, embed(graph, table, decode.positions));
  return add(graph, x, slice(graph, table, 0, 0, x.shape[1]!));
}

function expectSteps(type: string, x: Node): [number, number] {
  if (x.shape.length !== 3)
    throw new ShapeError(`${type}: expected input [*, steps, width], got ${formatBatchShape(x.shape.slice(1))}`);
  return [x.shape[1]!, x.shape[2]!];
}

defineLayer<{ length: number; initializer: InitializerLike }>('learnedPositions', {
  stepwise: true,
  build(context, inputs, { length, initializer }) {
    expectInputs('learnedPositions', inputs, 1);
    const [x] = inputs as [Node];
    const [steps, width] = expectSteps('learnedPositions', x);
    if (Math.max(steps, context.decode?.length ?? 0) > length)
      throw new ShapeError(
        `learnedPositions: expected at most ${length} steps, got ${Math.max(steps, context.decode?.length ?? 0)}`,
      );
    const table = context.parameter('table', [length, width], { initializer: resolveInitializer(initializer) });
    return addPositions(context, x, table);
  },
  restore: ({ length, initializer }, common) => learnedPositions(length, { initializer, ...common }),
});

/**
 * Adds a trained vector for each step, of up to `length` steps: [T, C] → [T, C].
 * @throws RangeError for a length that is no positive integer; ShapeError for a longer sequence
 */
export function learnedPositions(
  length: number,
  options: LayerOptions & { initializer?: InitializerLike } = {},
): Layer {
  expectOptions('learnedPositions', options, ['initializer']);
  const initializer = resolveInitializer(options.initializer ?? { type: 'normal', mean: 0, deviation: 0.02 }).spec;
  return createLayer(
    'learnedPositions',
    { length: expectInteger('learnedPositions: length', length, 1), initializer },
    options,
  );
}

/** The angle of each step and pair of columns: t / base^(2 i / C). */
const angle = (step: number, pair: number, width: number, base: number): number => step / pow(base, (2 * pair) / width);

/** sin and cos of the steps' angles, [steps, width / 2] each. */
export function rotations(steps: number, width: number, base: number): { sines: Float32Array; cosines: Float32Array } {
  const half = width / 2;
  const each = (f: (x: number) => number) =>
    Float32Array.from({ length: steps * half }, (_, i) => f(angle(Math.floor(i / half), i % half, width, base)));
  return { sines: each(sin), cosines: each(cos) };
}

defineLayer<{ base: number }>('sinusoidalPositions', {
  stepwise: true,
  build(context, inputs, { base }) {
    expectInputs('sinusoidalPositions', inputs, 1);
    const [x] = inputs as [Node];
    const [steps, width] = expectSteps('sinusoidalPositions', x);
    if (width % 2) throw new ShapeError(`sinusoidalPositions: expected an even width, got ${width}`);
    const length = context.decode?.length ?? steps;
    const { sines, cosines } = rotations(length, width, base);
    const table = Float32Array.from({ length: length * width }, (_, i) => (i % 2 ? cosines : sines)[i >> 1]!);
    return addPositions(context, x, constant(context.graph, table, [length, width]));
  },
  restore: (config, common) => sinusoidalPositions({ ...config, ...common }),
});

/**
 * Adds sin(t / base^(2i/C)) to column 2i and the cosine to column 2i + 1 of step t (Vaswani et al. 2017): [T, C] → [T, C].
 * @throws RangeError for a base that is not above 0; ShapeError for an odd width
 */
export function sinusoidalPositions(options: LayerOptions & { base?: number } = {}): Layer {
  expectOptions('sinusoidalPositions', options, ['base']);
  return createLayer(
    'sinusoidalPositions',
    { base: expectBase('sinusoidalPositions', options.base ?? 10000) },
    options,
  );
}

defineLayer<{ heads: number; base: number }>('rotaryPositions', {
  stepwise: true,
  build(context, inputs, { heads, base }) {
    expectInputs('rotaryPositions', inputs, 1);
    const [x] = inputs as [Node];
    const [, width] = expectSteps('rotaryPositions', x);
    if (width % (2 * heads))
      throw new ShapeError(`rotaryPositions: ${heads} heads of an even size do not divide the width ${width}`);
    return rotate(context, x, heads, base);
  },
  restore: (config, common) => rotaryPositions({ ...config, ...common }),
});

/**
 * Turns each pair of columns by the angle t / base^(2i/D) of step t: columns i and i + D/2 of each of `heads` groups of D
 * columns (Su et al. 2021): [T, C] → [T, C]. Products of two turned vectors depend on the distance of their steps alone.
 * `multiHeadAttention` does it to its queries and keys by its option `rotary`.
 * @throws RangeError for heads that are no positive integer or a base that is not above 0; ShapeError where heads of an
 * even size do not divide the width
 */
export function rotaryPositions(options: LayerOptions & { heads?: number; base?: number } = {}): Layer {
  expectOptions('rotaryPositions', options, ['heads', 'base']);
  const { heads = 1, base = 10000 } = options;
  const config = {
    heads: expectInteger('rotaryPositions: heads', heads, 1),
    base: expectBase('rotaryPositions', base),
  };
  return createLayer('rotaryPositions', config, options);
}

export function expectBase(what: string, base: number): number {
  if (!(Number.isFinite(base) && base > 0))
    throw new RangeError(`${what}: expected a positive base, got ${String(base)}`);
  return base;
}

/** Each head's columns [first half, second half] turned by the steps' angles (Su et al. 2021): [B, T, H·D] → the same. */
export function rotate(context: LayerContext, x: Node, heads: number, base: number): Node {
  const { graph, decode } = context;
  const [batch, steps, columns] = x.shape as [number, number, number];
  const size = columns / heads;
  const half = size / 2;
  const { sines, cosines } = rotations(decode?.length ?? steps, size, base);
  const rows = (data: Float32Array) => {
    const table = constant(graph, data, [data.length / half, half]);
    if (!decode) return reshape(graph, table, [1, steps, 1, half]);
    return reshape(graph, embed(graph, table, decode.positions), [batch, steps, 1, half]);
  };
  const [sin1, cos1] = [rows(sines), rows(cosines)];
  const turned = reshape(graph, x, [batch, steps, heads, size]);
  const a = slice(graph, turned, 3, 0, half);
  const b = slice(graph, turned, 3, half, half);
  const first = subtract(graph, multiply(graph, a, cos1), multiply(graph, b, sin1));
  const second = add(graph, multiply(graph, b, cos1), multiply(graph, a, sin1));
  return reshape(graph, concatenate(graph, [first, second], 3), x.shape);
}
