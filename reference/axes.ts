// Samples rearranged and reduced along their axes, the batch first, in float64.
import { stridesOf, tuplesOf } from './indexing.ts';
import { reduceFunctions, type ReduceName } from './reduce.ts';

const at = (tuple: readonly number[], strides: readonly number[]): number =>
  tuple.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);

/** Axis i of the result is axis axes[i] of x. */
export function permute(x: ArrayLike<number>, shape: readonly number[], axes: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const turned = axes.map((axis) => strides[axis]!);
  return [...tuplesOf(axes.map((axis) => shape[axis]!))].map((tuple) => x[at(tuple, turned)]!);
}

/** The elements `from` to `to` (excluded) of an axis. */
export function slice(
  x: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  from: number,
  to: number,
): number[] {
  const strides = stridesOf(shape);
  return [...tuplesOf(shape.map((size, i) => (i === axis ? to - from : size)))].map(
    (tuple) => x[at(tuple, strides) + from * strides[axis]!]!,
  );
}

/** A reduction over some axes, which are left out of the result. */
export function over(
  kind: ReduceName,
  x: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): number[] {
  const strides = stridesOf(shape);
  const parts = (kept: boolean) => shape.map((size, axis) => (axes.includes(axis) === kept ? 1 : size));
  return [...tuplesOf(parts(true))].map((place) =>
    reduceFunctions[kind]([...tuplesOf(parts(false))].map((inner) => x[at(place, strides) + at(inner, strides)]!)),
  );
}
