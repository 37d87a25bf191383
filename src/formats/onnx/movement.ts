// Values moved without computing: on the host where they are known, else by nodes of the graph.
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../../graph/graph.ts';
import * as operations from '../../graph/operations/index.ts';
import type { WalkedAxis } from '../../graph/operations/rearrange.ts';
import { foldLimit, type Builder, type Value } from './builder.ts';
import { axisInLast } from './layout.ts';
import { hostData, isFloat } from './types.ts';

const { denseStrides } = operations;

/** The same elements under another shape. */
export function reshape(b: Builder, x: Value, shape: Shape): Value {
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw new ShapeError(`${formatShape(x.shape)} does not fit ${formatShape(shape)}`);
  if (sameShape(shape, x.shape)) return x;
  if (x.host && !x.node) {
    const weight = x.weight === undefined ? undefined : `${x.weight}#${shape.join('x')}`;
    return b.fromHost({ ...x.host, shape }, weight);
  }
  return b.fromNode(x.type, operations.reshape(b.graph, b.nodeOf(x), shape));
}

/** Elements of x axis by axis, each by a stride or a list of offsets (−1 gives the fill). */
export function walk(b: Builder, x: Value, axes: readonly WalkedAxis[], { start = 0, fill = 0 } = {}): Value {
  const shape = axes.map(({ size }) => size);
  if (b.folds(x) && sizeOf(shape) <= foldLimit) {
    const data = hostData(x.type, sizeOf(shape));
    walkHost(x.host!.data, data, axes, start, fill);
    return b.fromHost({ type: x.type, shape, data });
  }
  return b.fromNode(x.type, operations.rearrange(b.graph, b.nodeOf(x), axes, { start, fill }));
}

function walkHost(
  from: ArrayLike<number>,
  to: { [index: number]: number; readonly length: number },
  axes: readonly WalkedAxis[],
  start: number,
  fill: number,
): void {
  let at = 0;
  const visit = (axis: number, place: number): void => {
    if (axis === axes.length) {
      to[at++] = Number.isNaN(place) ? fill : from[place]!;
      return;
    }
    const { size, stride = 0, offsets } = axes[axis]!;
    if (axis === axes.length - 1 && !offsets && !Number.isNaN(place)) {
      for (let k = 0; k < size; k++) to[at++] = from[place + k * stride]!;
      return;
    }
    for (let k = 0; k < size; k++) {
      const offset = offsets ? offsets[k]! : k * stride;
      visit(axis + 1, offsets && offset < 0 ? NaN : place + offset);
    }
  };
  if (to.length) visit(0, start);
}

/** Every axis of x walked as it lies. */
const plainAxes = (shape: Shape): WalkedAxis[] => {
  const strides = denseStrides(shape);
  return shape.map((size, axis) => ({ size, stride: strides[axis]! }));
};

export function transpose(b: Builder, x: Value, permutation: readonly number[]): Value {
  const rank = x.shape.length;
  if (
    permutation.length !== rank ||
    new Set(permutation).size !== rank ||
    permutation.some((axis) => !(axis >= 0 && axis < rank))
  )
    throw new NeuriteError(`[${permutation.join(', ')}] is no order of the axes of ${formatShape(x.shape)}`);
  if (permutation.every((axis, i) => axis === i)) return x;
  // What an exporter from a library with channels last puts around its convolutions is there already.
  const toLast = [0, ...permutation.map((_, i) => i + 2).slice(0, -2), 1];
  const toFirst = [0, rank - 1, ...permutation.map((_, i) => i + 1).slice(0, -2)];
  if (rank > 2 && x.last && permutation.every((axis, i) => axis === toLast[i])) return b.fromNode(x.type, x.last);
  if (rank > 2 && x.node && isFloat(x.type) && permutation.every((axis, i) => axis === toFirst[i]))
    return b.fromLast(x.type, x.node);
  const axes = plainAxes(x.shape);
  const moved = permutation.filter((axis) => x.shape[axis] !== 1);
  const shape = permutation.map((axis) => x.shape[axis]!);
  if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) return reshape(b, x, shape);
  return walk(
    b,
    x,
    permutation.map((axis) => axes[axis]!),
  );
}

/** A weight in another order of its axes, moved by the host, so that the model keeps it in this order alone. */
export function transposeWeight(b: Builder, x: Value, permutation: readonly number[]): Value {
  const axes = permutation.map((axis) => plainAxes(x.shape)[axis]!);
  const data = hostData(x.type, x.host!.data.length);
  walkHost(x.host!.data, data, axes, 0, 0);
  const shape = axes.map(({ size }) => size);
  return b.fromHost({ type: x.type, shape, data }, `${x.weight}#${permutation.join('')}`);
}

/** x repeated along its axes of size 1, and new leading ones, to `shape`. */
export function expand(b: Builder, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.shape.length;
  const axes = plainAxes(x.shape);
  return walk(
    b,
    x,
    shape.map((size, axis) => {
      const own = axis >= lead ? axes[axis - lead]! : { size: 1, stride: 0 };
      return own.size === size ? own : { size, stride: 0 };
    }),
  );
}

/** `size` elements along each axis, from `start` on by `step`. */
export function slice(
  b: Builder,
  x: Value,
  parts: readonly { axis: number; start: number; step: number; size: number }[],
): Value {
  const axes = plainAxes(x.shape);
  let start = 0;
  for (const part of parts) {
    const { stride } = axes[part.axis]!;
    if (part.size > 0) start += part.start * stride!;
    axes[part.axis] = { size: part.size, stride: stride! * part.step };
  }
  if (parts.every((part) => part.start === 0 && part.step === 1 && part.size === x.shape[part.axis])) return x;
  const [only] = parts;
  if (parts.length === 1 && only!.step === 1 && !b.folds(x))
    return b.fromNode(x.type, operations.slice(b.graph, b.nodeOf(x), only!.axis, only!.start, only!.size));
  return walk(b, x, axes, { start });
}

/** The entries of an axis at known places; −1 gives `fill`. */
export function pick(b: Builder, x: Value, axis: number, places: readonly number[], fill = 0): Value {
  if (x.last) {
    const inner = pick(b, b.fromNode(x.type, x.last), axisInLast(axis, x.shape.length), places, fill);
    return b.fromLast(x.type, b.nodeOf(inner));
  }
  const axes = plainAxes(x.shape);
  const { stride } = axes[axis]!;
  axes[axis] = { size: places.length, offsets: places.map((place) => (place < 0 ? -1 : place * stride!)) };
  return walk(b, x, axes, { fill });
}

export function concatenate(b: Builder, values: readonly Value[], axis: number): Value {
  const [first] = values as [Value];
  if (values.length === 1) return first;
  const total = values.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = first.shape.with(axis, total);
  if (values.some(({ last }) => last) && values.every(({ type }) => isFloat(type))) {
    const nodes = values.filter((value) => value.shape[axis] !== 0).map((value) => b.lastOf(value));
    const inLast = axisInLast(axis, first.shape.length);
    if (nodes.length) return b.fromLast(first.type, operations.concatenate(b.graph, nodes, inLast));
  }
  if (!b.folds(...values)) {
    const nodes = values.filter((value) => value.shape[axis] !== 0).map((value) => b.nodeOf(value));
    return b.fromNode(first.type, operations.concatenate(b.graph, nodes.length ? nodes : [b.nodeOf(first)], axis));
  }
  const data = hostData(first.type, sizeOf(shape));
  const row = sizeOf(shape.slice(axis));
  let start = 0;
  for (const value of values) {
    const columns = sizeOf(value.shape.slice(axis));
    for (let i = 0; i < value.host!.data.length; i++)
      data[Math.floor(i / columns) * row + start + (i % columns)] = value.host!.data[i]!;
    start += columns;
  }
  return b.fromHost({ type: first.type, shape, data });
}

export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';

/** `before` and `after` for each axis, negative ones cutting off. */
export function pad(
  b: Builder,
  x: Value,
  before: readonly number[],
  after: readonly number[],
  mode: PadMode = 'constant',
  fill = 0,
): Value {
  if (before.every((count) => count === 0) && after.every((count) => count === 0)) return x;
  if (x.last) {
    const moved = (counts: readonly number[]) => [counts[0]!, ...counts.slice(2), counts[1]!];
    const inner = pad(b, b.fromNode(x.type, x.last), moved(before), moved(after), mode, fill);
    return b.fromLast(x.type, b.nodeOf(inner));
  }
  const axes = plainAxes(x.shape).map(({ size, stride }, axis): WalkedAxis => {
    if (before[axis] === 0 && after[axis] === 0) return { size, stride: stride! };
    const length = size + before[axis]! + after[axis]!;
    if (length < 0) throw new ShapeError(`padding cuts more than the ${size} elements of axis ${axis}`);
    const offsets = Array.from({ length }, (_, k) => paddedPlace(k - before[axis]!, size, mode) * stride!);
    return { size: length, offsets: offsets.map((offset) => (offset < 0 ? -1 : offset)) };
  });
  return walk(b, x, axes, { fill });
}

/** Which element of n stands at `place`; −1 for none. */
function paddedPlace(place: number, n: number, mode: PadMode): number {
  if (place >= 0 && place < n) return place;
  if (mode === 'constant') return -1;
  if (n === 0) throw new ShapeError(`padding by "${mode}" needs an element to repeat`);
  if (mode === 'edge') return place < 0 ? 0 : n - 1;
  if (mode === 'wrap') return ((place % n) + n) % n;
  const period = Math.max(1, 2 * n - 2);
  const folded = ((place % period) + period) % period;
  return folded < n ? folded : period - folded;
}

/**
 * Windows over the last axes of x [lead…, sizes…], which is padded already: [lead…, kernel…, out…], or with
 * `kernelLast` [lead…, out…, kernel…].
 */
export function windows(
  b: Builder,
  x: Value,
  {
    kernel,
    stride,
    dilation,
    out,
    kernelLast,
  }: {
    kernel: readonly number[];
    stride: readonly number[];
    dilation: readonly number[];
    out: readonly number[];
    kernelLast: boolean;
  },
): Value {
  const axes = plainAxes(x.shape);
  const lead = axes.slice(0, axes.length - kernel.length);
  const spatial = axes.slice(axes.length - kernel.length);
  const within = kernel.map((size, i) => ({ size, stride: spatial[i]!.stride! * dilation[i]! }));
  const across = out.map((size, i) => ({ size, stride: spatial[i]!.stride! * stride[i]! }));
  return walk(b, x, kernelLast ? [...lead, ...across, ...within] : [...lead, ...within, ...across]);
}
