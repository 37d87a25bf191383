// Pooling, padding and enlarging in plain float64, over any number of spatial axes. Shapes: x [B, ...input, C].
import { offsetOf, positionsOf } from './convolution.ts';

export interface PoolShape {
  batch: number;
  input: readonly number[];
  output: readonly number[];
  channels: number;
}

const product = (sizes: readonly number[]) => sizes.reduce((total, size) => total * size, 1);

/**
 * `window(axis, i)`: where window i of an axis begins and ends, and what an average divides by; parts outside of x are
 * left out.
 */
export function pool(
  kind: 'max' | 'avg',
  x: ArrayLike<number>,
  { batch, input, output, channels }: PoolShape,
  window: (axis: number, i: number) => { begin: number; end: number; count: number },
): Float64Array {
  const out = new Float64Array(batch * product(output) * channels);
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (const o of positionsOf(output)) {
      const windows = o.map((i, axis) => window(axis, i));
      for (let c = 0; c < channels; c++) {
        const values: number[] = [];
        for (const k of positionsOf(windows.map(({ begin, end }) => end - begin))) {
          const place = k.map((i, axis) => i + windows[axis]!.begin);
          if (place.every((p, axis) => p >= 0 && p < input[axis]!))
            values.push(x[(b * product(input) + offsetOf(place, input)) * channels + c]!);
        }
        const count = product(windows.map((one) => one.count));
        out[at++] = kind === 'max' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0) / count;
      }
    }
  return out;
}

/** Each output position of an axis is `source(axis, i)` of x, 0 where that lies outside. */
export function movePixels(
  x: ArrayLike<number>,
  { batch, input, output, channels }: PoolShape,
  source: (axis: number, i: number) => number,
): Float64Array {
  const out = new Float64Array(batch * product(output) * channels);
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (const o of positionsOf(output)) {
      const place = o.map((i, axis) => source(axis, i));
      const inside = place.every((p, axis) => p >= 0 && p < input[axis]!);
      for (let c = 0; c < channels; c++, at++)
        out[at] = inside ? x[(b * product(input) + offsetOf(place, input)) * channels + c]! : 0;
    }
  return out;
}

/** Linear between the pixels of x: `position(axis, i)` is where output position i lies in x. */
export function enlarge(
  x: ArrayLike<number>,
  { batch, input, output, channels }: PoolShape,
  position: (axis: number, i: number) => number,
): Float64Array {
  const out = new Float64Array(batch * product(output) * channels);
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (const o of positionsOf(output))
      for (let c = 0; c < channels; c++, at++)
        for (const corner of positionsOf(o.map(() => 2))) {
          const lies = o.map((i, axis) => position(axis, i));
          const place = lies.map((p, axis) => Math.min(Math.floor(p) + corner[axis]!, input[axis]! - 1));
          const weight = product(lies.map((p, axis) => (corner[axis] ? p - Math.floor(p) : 1 - (p - Math.floor(p)))));
          out[at]! += weight * x[(b * product(input) + offsetOf(place, input)) * channels + c]!;
        }
  return out;
}
