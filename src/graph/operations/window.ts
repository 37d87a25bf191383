// What slides over an image: padding as users write it, the sizes that follow, and the windows of a pooling.
// Everything is by spatial axes (1 to 3 of them), outermost first. Shapes: x is [B, ...sizes, C].
import { ShapeError } from '../../core/errors.ts';
import { formatShape } from '../graph.ts';

/**
 * `valid`: none. `same`: as many zeros as make the output input / stride long, the odd one at the end. `causal` (one axis
 * only): all of it before, so that no output reads what comes later. A number, one for each axis, or [before, after] for
 * each axis.
 */
export type Padding = 'valid' | 'same' | 'causal' | number | readonly number[] | readonly (readonly [number, number])[];

/** Along one axis. */
interface Sides {
  readonly before: number;
  readonly after: number;
}

export interface WindowOptions {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: Padding;
}

/** What is attached to a convolution's node. */
export interface Window {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  /** Spatial sizes on the side of x. */
  readonly input: readonly number[];
  /** Spatial sizes on the side of the output. */
  readonly output: readonly number[];
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @throws RangeError for a padding of another form, named after the layer */
export function checkPadding(what: string, padding: Padding, axes: number): Padding {
  const refuse = (): never => {
    const forms = `"valid", "same"${axes === 1 ? ', "causal"' : ''}, a number, ${axes === 1 ? '[number]' : 'a number for each axis'} or [before, after] for each axis`;
    throw new RangeError(`${what}: expected padding ${forms}, got ${JSON.stringify(padding)}`);
  };
  if (padding === 'valid' || padding === 'same' || (padding === 'causal' && axes === 1) || isCount(padding))
    return padding;
  if (!Array.isArray(padding) || padding.length !== axes) return refuse();
  const isPair = (side: unknown) => Array.isArray(side) && side.length === 2 && side.every(isCount);
  if (!padding.every(isCount) && !padding.every(isPair)) return refuse();
  return padding;
}

/** The zeros at both sides of an axis. */
function sidesOf(padding: Padding, axis: number, size: number, extent: number, stride: number): Sides {
  if (padding === 'valid') return { before: 0, after: 0 };
  if (padding === 'causal') return { before: extent - 1, after: 0 };
  if (padding === 'same') {
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
    return { before: Math.floor(total / 2), after: Math.ceil(total / 2) };
  }
  const side = typeof padding === 'number' ? padding : padding[axis]!;
  return typeof side === 'number' ? { before: side, after: side } : { before: side[0], after: side[1] };
}

/** What a kernel reaches over with its dilation. */
export const extentOf = (kernelSize: number, dilation: number): number => (kernelSize - 1) * dilation + 1;

/**
 * The window of a convolution over spatial sizes.
 * @throws ShapeError when the kernel is larger than its padded input
 */
export function convolutionWindow(what: string, input: readonly number[], options: WindowOptions): Window {
  const { kernelSize, stride, dilation, padding } = options;
  const before: number[] = [];
  const output = input.map((size, axis) => {
    const extent = extentOf(kernelSize[axis]!, dilation[axis]!);
    const sides = sidesOf(padding, axis, size, extent, stride[axis]!);
    before.push(sides.before);
    const padded = size + sides.before + sides.after;
    if (extent > padded)
      throw new ShapeError(
        `${what}: a kernel of ${formatShape(kernelSize)}${dilation.some((step) => step > 1) ? ` with dilation ${formatShape(dilation)}` : ''}` +
          ` is larger than its input of ${formatShape(input)}, padded to ${padded} along axis ${axis}`,
      );
    return Math.floor((padded - extent) / stride[axis]!) + 1;
  });
  return { kernelSize, stride, dilation, before, input, output };
}

/**
 * The window of a transposed convolution: that of the convolution which it undoes, from `output` (what it is given)
 * to `input` (what it gives).
 * @throws ShapeError when nothing is left of the result
 */
export function transposedWindow(
  what: string,
  given: readonly number[],
  options: WindowOptions & { readonly outputPadding: readonly number[] },
): Window {
  const { kernelSize, stride, dilation, padding, outputPadding } = options;
  const before: number[] = [];
  const input = given.map((size, axis) => {
    const extent = extentOf(kernelSize[axis]!, dilation[axis]!);
    const [step, extra] = [stride[axis]!, outputPadding[axis]!];
    // `same`: the result is given · stride long, as the input of the convolution is that this one undoes.
    const sides =
      padding === 'same'
        ? sidesOf('same', axis, size * step, extent, step)
        : sidesOf(padding, axis, size, extent, step);
    before.push(sides.before);
    const total =
      padding === 'same' ? size * step + extra : (size - 1) * step + extent - sides.before - sides.after + extra;
    if (total < 1)
      throw new ShapeError(
        `${what}: nothing is left of an input of ${formatShape(given)} with kernel ${formatShape(kernelSize)} and padding ${JSON.stringify(padding)}`,
      );
    return total;
  });
  return { kernelSize, stride, dilation, before, input, output: given };
}

/** One window along an axis of a pooling: what of x is in it, and what an average divides by. */
export interface AxisWindow {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

export interface PoolOptions {
  readonly poolSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: Padding;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

/**
 * The windows of a pooling, by axis. With `ceilMode` a last window may hang over the end, if it begins inside of x or
 * of the padding before it (PyTorch's rule).
 * @throws ShapeError when a window is larger than its padded input, or has nothing but padding in it
 */
export function poolWindows(what: string, input: readonly number[], options: PoolOptions): AxisWindow[][] {
  const { poolSize, stride, padding, ceilMode, countIncludePad } = options;
  return input.map((size, axis) => {
    const [extent, step] = [poolSize[axis]!, stride[axis]!];
    const { before, after } = sidesOf(padding, axis, size, extent, step);
    const padded = size + before + after;
    if (extent > padded)
      throw new ShapeError(
        `${what}: a window of ${formatShape(poolSize)} is larger than its input of ${formatShape(input)}, padded to ${padded} along axis ${axis}`,
      );
    let count = (ceilMode ? Math.ceil : Math.floor)((padded - extent) / step) + 1;
    if (ceilMode && (count - 1) * step >= size + before) count--;
    return Array.from({ length: count }, (_, i) => {
      const from = i * step - before;
      const begin = Math.max(from, 0);
      const end = Math.min(from + extent, size);
      if (begin >= end)
        throw new ShapeError(
          `${what}: a window of ${formatShape(poolSize)} with padding ${JSON.stringify(padding)} and stride ${formatShape(stride)} has nothing of its input ${formatShape(input)} in it along axis ${axis}`,
        );
      return { begin, end, count: countIncludePad ? Math.min(from + extent, size + after) - from : end - begin };
    });
  });
}

/** The windows that make `output` of an axis whatever its size: from ⌊i·size/output⌋ to ⌈(i+1)·size/output⌉. */
export function adaptiveWindows(input: readonly number[], output: readonly number[]): AxisWindow[][] {
  return input.map((size, axis) => {
    const parts = output[axis]!;
    return Array.from({ length: parts }, (_, i) => {
      const begin = Math.floor((i * size) / parts);
      const end = Math.ceil(((i + 1) * size) / parts);
      return { begin, end, count: end - begin };
    });
  });
}

/** [depth, height, width] of spatial values on 1 to 3 axes: what is missing in front is `filling`. */
export function threeAxes(values: readonly number[], filling: number): [number, number, number] {
  return [...Array.from({ length: 3 - values.length }, () => filling), ...values] as [number, number, number];
}
