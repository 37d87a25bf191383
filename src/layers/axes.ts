// Layers that work along axes of a sample: permute, slice, split, and sums, means and extremes over some of them.
// Axes count as those of `concatenate`: 0 is the batch, which no layer touches; negative ones count from the end.
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { permute as permuteNode, reduce, slice as sliceNode, type ReduceName } from '../graph/operations/index.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInputs,
  expectInteger,
  expectOptions,
  expectSymbolic,
  formatBatchShape,
  resolveAxis,
  type Layer,
  type LayerOptions,
  type SymbolicTensor,
} from './layer.ts';

/** @throws RangeError for what is no integer, and for the batch */
const expectAxis = (what: string, axis: number): number => {
  if (!Number.isInteger(axis) || axis === 0)
    throw new RangeError(`${what}: expected an axis, an integer but 0 (the batch), got ${String(axis)}`);
  return axis;
};

// ---- permute

defineLayer<{ axes: number[] }>('permute', {
  build(context, inputs, { axes }) {
    expectInputs('permute', inputs, 1);
    const [x] = inputs as [Node];
    if (axes.length !== x.shape.length - 1)
      throw new ShapeError(
        `permute: expected an input of ${axes.length} axes for [${axes.join(', ')}], got ${formatBatchShape(x.shape.slice(1))}`,
      );
    return permuteNode(context.graph, x, [0, ...axes]);
  },
  restore: ({ axes }, common) => permute(axes, common),
});

/**
 * The axes of each sample in another order: axis i of the result is axis axes[i − 1] of the input, counted from 1.
 * `permute([2, 1])` makes [*, 5, 3] of [*, 3, 5].
 * @throws RangeError unless each axis from 1 on is named once; ShapeError for samples of another number of axes
 */
export function permute(axes: readonly number[], options: LayerOptions = {}): Layer {
  expectOptions('permute', options, []);
  if (!Array.isArray(axes)) throw new TypeError(`permute: expected a list of axes, got ${typeof axes}`);
  if (axes.length === 0 || axes.toSorted((a, b) => a - b).some((axis, i) => axis !== i + 1))
    throw new RangeError(`permute: expected each axis from 1 to ${axes.length} once, got [${axes.join(', ')}]`);
  return createLayer('permute', { axes: [...axes] }, options);
}

// ---- slice and split

interface SliceConfig extends Readonly<Record<string, unknown>> {
  start: number;
  end: number | null;
  axis: number;
}

defineLayer<SliceConfig>('slice', {
  build(context, inputs, { start, end, axis }) {
    expectInputs('slice', inputs, 1);
    const [x] = inputs as [Node];
    const at = resolveAxis('slice', axis, x.shape.length);
    const size = x.shape[at]!;
    const from = start < 0 ? start + size : start;
    const to = end === null ? size : end < 0 ? end + size : end;
    if (from < 0 || to > size || from >= to)
      throw new ShapeError(
        `slice: ${start} to ${end ?? 'the end'} is no part of axis ${axis} of ${formatBatchShape(x.shape.slice(1))}`,
      );
    return sliceNode(context.graph, x, at, from, to - from);
  },
  restore: ({ start, end, axis }, common) => slice(start, end ?? undefined, { axis, ...common }),
});

/**
 * The elements `start` to `end` (excluded; the end by default) along an axis, the first of a sample by default; negative
 * numbers count from the end. [*, 10, 4] → `slice(-3)` → [*, 3, 4].
 * @throws RangeError for what is no integer; ShapeError where the input has no such part
 */
export function slice(start: number, end?: number, options: LayerOptions & { axis?: number } = {}): Layer {
  expectOptions('slice', options, ['axis']);
  for (const [what, value] of Object.entries({ start, end }))
    if (value !== undefined && !Number.isSafeInteger(value))
      throw new RangeError(`slice: expected an integer ${what}, got ${String(value)}`);
  const axis = expectAxis('slice', options.axis ?? 1);
  if (start === undefined) throw new RangeError('slice: expected an integer start, got undefined');
  return createLayer('slice', { start, end: end ?? null, axis }, options);
}

/** Applied to a symbolic tensor it gives the list of its parts. */
export type SplitLayer = (input: SymbolicTensor) => SymbolicTensor[];

/**
 * Cuts its input along an axis, the last by default, into equal parts or into parts of given sizes: each is a `slice`.
 * @example
 * const [mean, logVariance] = split(2)(dense(8)(input([3]))); // [*, 4] each
 * @throws RangeError for a number of parts or sizes that are no positive integers; ShapeError where they do not fit
 */
export function split(parts: number | readonly number[], options: LayerOptions & { axis?: number } = {}): SplitLayer {
  expectOptions('split', options, ['axis']);
  const given = Array.isArray(parts)
    ? (parts as number[]).map((size, i) => expectInteger(`split: size ${i}`, size, 1))
    : expectInteger('split: parts', parts, 1);
  const axis = expectAxis('split', options.axis ?? -1);
  const { name, trainable } = options;
  return (input) => {
    expectSymbolic('split', input);
    const at = resolveAxis('split', axis, input.shape.length + 1);
    const size = input.shape[at - 1]!;
    if (typeof given === 'number' && size % given !== 0)
      throw new ShapeError(
        `split: ${given} equal parts do not divide axis ${axis} of ${formatBatchShape(input.shape)}`,
      );
    const sizes = typeof given === 'number' ? Array.from({ length: given }, () => size / given) : given;
    const total = sizes.reduce((sum, one) => sum + one, 0);
    if (total !== size)
      throw new ShapeError(
        `split: the sizes [${sizes.join(', ')}] make ${total}, axis ${axis} of ${formatBatchShape(input.shape)} is ${size}`,
      );
    let start = 0;
    return sizes.map((one, i) => {
      const common = {
        ...(name !== undefined && { name: `${name}-${i}` }),
        ...(trainable !== undefined && { trainable }),
      };
      const part = slice(start, start + one, { axis: at, ...common })(input);
      start += one;
      return part;
    });
  };
}

// ---- reductions

export interface OverOptions extends LayerOptions {
  /** The axes that are reduced; all axes of a sample by default. */
  readonly axes?: readonly number[];
  /** Whether reduced axes stay, as axes of size 1; false by default. */
  readonly keepDimensions?: boolean;
}

interface OverConfig extends Readonly<Record<string, unknown>> {
  axes: number[] | null;
  keepDimensions: boolean;
}

type OverType = 'sumOver' | 'meanOver' | 'maxOver' | 'minOver';

const kinds: Record<OverType, ReduceName> = {
  sumOver: 'Sum',
  meanOver: 'Mean',
  maxOver: 'Maximum',
  minOver: 'Minimum',
};

for (const type of Object.keys(kinds) as OverType[])
  defineLayer<OverConfig>(type, {
    build(context, inputs, { axes, keepDimensions }) {
      expectInputs(type, inputs, 1);
      const [x] = inputs as [Node];
      const rank = x.shape.length;
      if (x.dtype !== 'f32') throw new ShapeError(`${type}: expected numbers, got integers`);
      const resolved = (axes ?? x.shape.map((_, axis) => axis).slice(1)).map((axis) => resolveAxis(type, axis, rank));
      const reduced = reduce(context.graph, kinds[type], x, { axes: resolved, keepDimensions });
      // A layer gives at least one number a sample as [*, 1].
      return reduced.shape.length > 1 ? reduced : context.graph.add('reshape', [reduced], { shape: [x.shape[0]!, 1] });
    },
    restore: ({ axes, keepDimensions }, common) => over(type, { ...(axes && { axes }), keepDimensions, ...common }),
  });

function over(type: OverType, options: OverOptions): Layer {
  expectOptions(type, options, ['axes', 'keepDimensions']);
  const { axes, keepDimensions = false } = options;
  if (axes !== undefined && (!Array.isArray(axes) || axes.length === 0))
    throw new TypeError(`${type}: expected a list of axes, got ${JSON.stringify(axes)}`);
  const checked = axes ? axes.map((axis) => expectAxis(type, axis)) : null;
  return createLayer(
    type,
    { axes: checked, keepDimensions: expectFlag(`${type}: keepDimensions`, keepDimensions) },
    options,
  );
}

/**
 * The sum over axes of each sample: `sumOver({ axes: [1] })` makes [*, 4] of [*, 10, 4]; over all axes [*, 1].
 * @throws RangeError or TypeError for axes that are none; ShapeError for one that the input does not have
 */
export const sumOver = (options: OverOptions = {}): Layer => over('sumOver', options);
/** The mean over axes of each sample. @throws as sumOver */
export const meanOver = (options: OverOptions = {}): Layer => over('meanOver', options);
/** The largest over axes of each sample; equal ones share the gradient. @throws as sumOver */
export const maxOver = (options: OverOptions = {}): Layer => over('maxOver', options);
/** The smallest over axes of each sample; equal ones share the gradient. @throws as sumOver */
export const minOver = (options: OverOptions = {}): Layer => over('minOver', options);
