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

/** The axes of an array in another order: axis i of the result is axis axes[i]. */
export function permuted({ shape, data }: GoldenArray, axes: readonly number[]): Tensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = axes.map((axis) => shape[axis]!);
  const out = Float32Array.from(data, (_, index) => {
    let [rest, from] = [index, 0];
    for (let i = axes.length - 1; i >= 0; i--) {
      from += (rest % sizes[i]!) * strides[axes[i]!]!;
      rest = Math.floor(rest / sizes[i]!);
    }
    return Number(data[from]);
  });
  return { shape: sizes, data: out };
}

/** Channels first, as PyTorch has activations, to channels last. */
export const channelsLast = (array: GoldenArray): Tensor =>
  permuted(array, [0, ...array.shape.slice(2).map((_, i) => i + 2), 1]);

/** A kernel [out, in / groups, ...k] as ours, [...k, in / groups, out]; transposed ones [in, out / groups, ...k] likewise. */
export const kernelLast = (array: GoldenArray): Tensor =>
  permuted(array, [...array.shape.slice(2).map((_, i) => i + 2), 1, 0]);
