// The exact step of a linear system: e^(M dt) of a small matrix, by its series on M dt / 2ᵏ, squared k times.
// source: Moler, Van Loan, Nineteen dubious ways to compute the exponential of a matrix, SIAM Rev. 45, 2003, method 3

type Matrix = readonly (readonly number[])[];

const multiply = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));

/**
 * e^(M dt), for matrices whose eigenvalues may be equal (an alpha function, or a receptor as slow as its membrane).
 */
export function propagator(m: Matrix, dt: number): number[][] {
  const size = Math.max(...m.map((row) => row.reduce((sum, x) => sum + Math.abs(x * dt), 0)));
  let halvings = 0;
  while (size / 2 ** halvings > 0.5) halvings++;
  const scaled = m.map((row) => row.map((x) => (x * dt) / 2 ** halvings));
  const identity = m.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  // Horner: 1 + M (1 + M/2 (1 + M/3 …)); 0.5¹⁸ / 18! is far below the last bit
  let sum: number[][] = identity;
  for (let k = 18; k >= 1; k--)
    sum = multiply(scaled, sum).map((row, i) => row.map((x, j) => x / k + identity[i]![j]!));
  for (let k = 0; k < halvings; k++) sum = multiply(sum, sum);
  return sum;
}
