// Normalisation of rows by their own statistics, forward and backward: layer and RMS normalisation.
// Two passes over each row while it is in cache: its mean, then its deviations from it, so that nothing cancels.
// The backward pass computes the statistics anew instead of keeping them.
// Shapes: R rows of N elements, gamma and beta [N] (or 0: 1 and 0).
// Source: Ba, Kiros and Hinton, Layer normalization (2016); Zhang and Sennrich, Root mean square layer normalization (2019).
import { NormRows, NormRowsBackward } from '../instructions';
import { bytes } from '../linalg/block';
import { sum_f32 } from '../linalg/reduce';
import { loadUpTo, madd, nmadd, storeUpTo, sumLanes } from '../lanes';

/** Elements summed in float32 before their sum is added in float64. */
const RUN: u32 = 512;
/** Rows whose gradients of gamma and beta are summed in float32. */
const RUN_ROWS: u32 = 64;

/** All ones in the first `left` lanes, for a partial vector. */
@inline
function present(left: u32): v128 {
  return i32x4.lt_u(i32x4(0, 1, 2, 3), i32x4.splat(left));
}

/** Σ (x − mean)²: the square of a run's deviations in float32, the runs' sums in float64. */
function sumOfSquaredDeviations(x: usize, n: u32, mean: f32): f64 {
  const m = f32x4.splat(mean);
  let total: f64 = 0;
  while (n) {
    let left = min(n, RUN);
    n -= left;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    for (; left >= 8; left -= 8, x += 32) {
      const d0 = f32x4.sub(v128.load(x), m);
      const d1 = f32x4.sub(v128.load(x, 16), m);
      s0 = madd(d0, d0, s0);
      s1 = madd(d1, d1, s1);
    }
    for (; left > 0; left -= min(left, 4), x += 16) {
      const d = v128.and(f32x4.sub(loadUpTo(x, left), m), present(left));
      s0 = madd(d, d, s0);
    }
    total += sumLanes(f32x4.add(s0, s1));
  }
  return total;
}

let mean: f32 = 0;
let inverse: f32 = 0;

/** The statistics of x[n] in `mean` and `inverse` = 1 / √(variance + epsilon). */
function statistics(x: usize, n: u32, centred: u32, epsilon: f32): void {
  mean = centred ? <f32>(sum_f32(x, n) / <f64>n) : 0;
  inverse = <f32>(1 / Math.sqrt(sumOfSquaredDeviations(x, n, mean) / <f64>n + <f64>epsilon));
}

/**
 * formula: out[j] = (x[j] − mean) / √(variance + epsilon) · gamma[j] + beta[j]
 * alias:   out may be x
 * tail:    the last n mod 4 by lanes
 * error:   1e-6 · (1 + |mean| / deviation) relative to the largest of the row
 * edge:    NaN or an infinity makes the whole row NaN; a constant row is beta
 */
function normRow_f32(out: usize, x: usize, gamma: usize, beta: usize, n: u32): void {
  const m = f32x4.splat(mean);
  const scale = f32x4.splat(inverse);
  for (let left = n; left > 0; left -= min(left, 4)) {
    let y = f32x4.mul(f32x4.sub(loadUpTo(x, left), m), scale);
    if (gamma) {
      y = f32x4.mul(y, loadUpTo(gamma, left));
      gamma += 16;
    }
    if (beta) {
      y = f32x4.add(y, loadUpTo(beta, left));
      beta += 16;
    }
    storeUpTo(out, y, left);
    x += 16;
    out += 16;
  }
}

export function execNormRows(pc: usize): u32 {
  const i = changetype<NormRows>(pc);
  const row = bytes(i.n);
  let out = i.out;
  let x = i.x;
  for (let r: u32 = 0; r < i.rows; r++, out += row, x += row) {
    statistics(x, i.n, i.centred, i.epsilon);
    normRow_f32(out, x, i.gamma, i.beta, i.n);
  }
  return 0;
}

/**
 * formula: with h = (x − mean) · inverse and g = dOut · gamma:
 *          dX = inverse · (g − Σg / n − h · Σ(g h) / n), the first sum only where centred; sumGamma += dOut · h, sumBeta += dOut
 * inverts: out[j] = h[j] · gamma[j] + beta[j]
 * alias:   dX may be dOut
 */
function normBackwardRow_f32(
  dX: usize,
  sumGamma: usize,
  sumBeta: usize,
  dOut: usize,
  x: usize,
  gamma: usize,
  n: u32,
  centred: u32,
): void {
  const m = f32x4.splat(mean);
  const scale = f32x4.splat(inverse);
  let sum = f32x4.splat(0);
  let product = f32x4.splat(0);
  for (let left = n, at: usize = 0; left > 0; left -= min(left, 4), at += 16) {
    const d = loadUpTo(dOut + at, left);
    const h = f32x4.mul(v128.and(f32x4.sub(loadUpTo(x + at, left), m), present(left)), scale);
    const g = gamma ? f32x4.mul(d, loadUpTo(gamma + at, left)) : d;
    sum = f32x4.add(sum, g);
    product = madd(g, h, product);
    storeUpTo(sumGamma + at, madd(d, h, loadUpTo(sumGamma + at, left)), left);
    storeUpTo(sumBeta + at, f32x4.add(d, loadUpTo(sumBeta + at, left)), left);
  }
  const meanOfG = f32x4.splat(centred ? sumLanes(sum) / <f32>n : 0);
  const meanOfProduct = f32x4.splat(sumLanes(product) / <f32>n);
  for (let left = n, at: usize = 0; left > 0; left -= min(left, 4), at += 16) {
    const d = loadUpTo(dOut + at, left);
    const h = f32x4.mul(f32x4.sub(loadUpTo(x + at, left), m), scale);
    const g = gamma ? f32x4.mul(d, loadUpTo(gamma + at, left)) : d;
    storeUpTo(dX + at, f32x4.mul(scale, nmadd(h, meanOfProduct, f32x4.sub(g, meanOfG))), left);
  }
}

/** totals[n] (float64) += sums[n], and the sums begin anew. */
function flush(totals: usize, sums: usize, n: u32): void {
  for (const end = sums + bytes(n); sums < end; sums += 4, totals += 8) {
    store<f64>(totals, load<f64>(totals) + <f64>load<f32>(sums));
    store<f32>(sums, 0);
  }
}

function settle(out: usize, totals: usize, n: u32): void {
  for (const end = out + bytes(n); out < end; out += 4, totals += 8) store<f32>(out, <f32>load<f64>(totals));
}

export function execNormRowsBackward(pc: usize): u32 {
  const i = changetype<NormRowsBackward>(pc);
  const n = i.n;
  const row = bytes(n);
  const totalGamma = i.workspace;
  const totalBeta = totalGamma + 2 * row;
  const sumGamma = totalBeta + 2 * row;
  const sumBeta = sumGamma + row;
  memory.fill(i.workspace, 0, 6 * row);
  let dX = i.dX;
  let dOut = i.dOut;
  let x = i.x;
  for (let r: u32 = 0; r < i.rows; r++, dX += row, dOut += row, x += row) {
    statistics(x, n, i.centred, i.epsilon);
    normBackwardRow_f32(dX, sumGamma, sumBeta, dOut, x, i.gamma, n, i.centred);
    if ((r + 1) % RUN_ROWS && r + 1 < i.rows) continue;
    flush(totalGamma, sumGamma, n);
    flush(totalBeta, sumBeta, n);
  }
  settle(i.dGamma, totalGamma, n);
  settle(i.dBeta, totalBeta, n);
  return 0;
}
