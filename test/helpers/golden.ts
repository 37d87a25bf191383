// The reference cases that PyTorch computed (test/golden/*.json) and how its layouts become ours.
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../src/data/tensor.ts';

export interface GoldenArray {
  readonly shape: number[];
  readonly data: (number | string)[];
  readonly dtype?: 'int32';
}

export function goldenCases<T>(subject: string): T[] {
  const url = new URL(`../golden/${subject}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: T[] }).cases;
}

export const goldenTensor = ({ shape, data, dtype }: GoldenArray): Tensor => ({
  shape,
  data: dtype === 'int32' ? Int32Array.from(data, Number) : Float32Array.from(data, Number),
});

/** PyTorch stores dense weights [out, in]; neurite [in, out]. */
export function transposed({ shape, data }: GoldenArray): Tensor {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = Number(data[row * columns + column]);
  return { shape: [columns, rows], data: out };
}
