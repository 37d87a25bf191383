// The axes of an array in another order, copied: what one library stores the other way than another.
import type { NumericArray } from './numeric.ts';

/**
 * Axis i of the result is axis `axes[i]` of the array.
 * @example permuteAxes(kernel, [out, in], [1, 0]) // [in, out]
 */
export function permuteAxes<T extends NumericArray>(data: T, shape: readonly number[], axes: readonly number[]): T {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const result = data.slice() as T;
  const position = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++position[axis]! < sizes[axis]!) break;
      from -= sizes[axis]! * steps[axis]!;
      position[axis] = 0;
    }
  }
  return result;
}
