// What a guard that stopped a program has found, told as an error with its place.
// Not here: numbers that are not finite, which predict and fit tell by themselves.
import { NeuriteError } from '../core/errors.ts';
import type { Executable } from '../graph/executable.ts';

/**
 * The error of the guard that stopped the last run of a program on a batch of samples.
 * @param rowOf the caller's number of a sample of the batch
 */
export function guardError(
  executable: Executable,
  batch: number,
  rowOf: (sample: number) => number,
  what: string,
): Error {
  const { stopped } = executable;
  if (stopped?.opcode === 'Embed') {
    const { n, rows } = stopped.operands as { n: number; rows: number };
    const indices = executable.integersAt(stopped.operands['indices'], n);
    const at = indices.findIndex((index) => index < 0 || index >= rows);
    const perSample = n / batch;
    const row = rowOf(Math.floor(at / perSample));
    const place = perSample === 1 ? `row ${row}` : `row ${row}, position ${at % perSample}`;
    return new RangeError(
      `${what}: index ${indices[at]} at ${place}: embedding "${stopped.label}" expects 0 to ${rows - 1}`,
    );
  }
  if (stopped?.opcode === 'Recurrent') {
    const { batch: samples, time } = stopped.operands as { batch: number; time: number };
    const mask = executable.integersAt(stopped.operands['mask'], samples * time);
    const isEmpty = (sample: number) =>
      mask.subarray(sample * time, (sample + 1) * time).every((bits) => bits << 1 === 0);
    const at = Array.from({ length: samples }, (_, sample) => sample).findIndex(isEmpty);
    return new RangeError(
      `${what}: the mask at row ${rowOf(at)} keeps none of its ${time} steps: layer "${stopped.label}" expects at least 1`,
    );
  }
  return new NeuriteError(
    `${what}: the program stopped at ${stopped ? `${stopped.opcode} of "${stopped.label}"` : 'no instruction of its own'}`,
  );
}
