// Classes as a model's outputs and as a user's targets tell them.
import { ShapeError } from '../../core/errors.ts';
import { formatShape } from '../../core/shape.ts';
import { isTensor, tensor, type Tensor, type TensorValues } from '../../data/tensor.ts';

/** Of each row the place of its greatest value; of one value a row, 1 where it is above the threshold. */
export function classesOf({ data }: Tensor, outputs: number, threshold: number): Uint32Array {
  return Uint32Array.from({ length: data.length / outputs }, (_, sample) => {
    if (outputs === 1) return data[sample]! > threshold ? 1 : 0;
    const row = data.subarray(sample * outputs, (sample + 1) * outputs);
    return row.indexOf(Math.max(...row));
  });
}

/**
 * The class of each sample, from whole numbers [N] or [N, 1], or from rows [N, outputs].
 * @throws ShapeError for another shape; RangeError for a number that is no class
 */
export function labelsOf(targets: Tensor | TensorValues, count: number, outputs: number): Uint32Array {
  const given = isTensor(targets) ? targets : tensor(targets as TensorValues);
  const { data, shape } = given;
  if (outputs > 1 && data.length === count * outputs && shape[0] === count) return classesOf(given, outputs, 0);
  if (data.length !== count || shape[0] !== count)
    throw new ShapeError(`evaluate: expected targets [${count}] or [${count}, ${outputs}], got ${formatShape(shape)}`);
  const classes = Math.max(2, outputs);
  const bad = data.findIndex((x: number) => !Number.isInteger(x) || x < 0 || x >= classes);
  if (bad >= 0)
    throw new RangeError(`evaluate: target ${bad}: expected a class from 0 to ${classes - 1}, got ${data[bad]}`);
  return Uint32Array.from(data);
}
