// Reductions over the middle axis of x[outer, axis, inner] in float64: the oracle of the reduction kernels.
// The names are those of `ReduceKind`. Sums are compensated (Neumaier), so that they are exact for the tests.

export const reduceFunctions = {
  Sum: (x: readonly number[]) => sum(x),
  Mean: (x: readonly number[]) => sum(x) / x.length,
  Maximum: (x: readonly number[]) => Math.max(...x),
  Minimum: (x: readonly number[]) => Math.min(...x),
  Product: (x: readonly number[]) => x.reduce((product, v) => product * v, 1),
  SumOfSquares: (x: readonly number[]) => sum(x.map((v) => v * v)),
  SumOfAbsolutes: (x: readonly number[]) => sum(x.map(Math.abs)),
};

export type ReduceName = keyof typeof reduceFunctions;

/** Neumaier's compensated sum. */
export function sum(x: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const v of x) {
    const next = total + v;
    lost += Math.abs(total) >= Math.abs(v) ? total - next + v : v - next + total;
    total = next;
  }
  return Number.isNaN(lost) ? total : total + lost;
}

/** The first index of the greatest (or least) element; the first NaN wins; −1 of nothing. */
export function argExtreme(x: readonly number[], extreme: 'Maximum' | 'Minimum'): number {
  const nan = x.findIndex((v) => Number.isNaN(v));
  return nan >= 0 ? nan : x.indexOf(reduceFunctions[extreme](x));
}

/** `f` of every column x[o, ·, c], as [outer, inner]. */
export function overAxis(
  x: ArrayLike<number>,
  [outer, axis, inner]: readonly [number, number, number],
  f: (column: number[]) => number,
): number[] {
  const results: number[] = [];
  for (let o = 0; o < outer; o++)
    for (let c = 0; c < inner; c++)
      results.push(f(Array.from({ length: axis }, (_, k) => x[(o * axis + k) * inner + c]!)));
  return results;
}
