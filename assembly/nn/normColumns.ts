// Normalisation of columns (channels) by statistics over rows, forward and backward: batch, instance and group
// normalisation with channels last. Batch normalisation is one batch of all rows with a group for each channel.
// Two passes: the mean, then the deviations from it. Sums are of short runs in float32, the runs' sums in float64.
// Shapes: x [B, R, C], G groups of C / G neighbouring columns, mean and variance [B, G], gamma and beta [C] (or 0: 1 and 0).
// Source: Ioffe and Szegedy, Batch normalization (2015); Wu and He, Group normalization (2018).
import { Moments, NormColumns, NormColumnsBackward } from '../instructions';
import { bytes } from '../linalg/block';
import { loadUpTo, madd, nmadd, storeUpTo } from '../lanes';

/** Rows summed in float32 before their sum is added in float64. */
const RUN_ROWS: u32 = 64;

/** What is summed of each column: x; (x − c)²; and for the gradients d, together with d · (x − c). */
const enum Sum {
  Plain,
  Squares,
  Products,
}

/** totals[4] (float64) += sums[4], of which `count` are there. */
@inline
function addTotals(totals: usize, sums: v128, count: u32): void {
  store<f64>(totals, load<f64>(totals) + <f64>f32x4.extract_lane(sums, 0));
  if (count > 1) store<f64>(totals, load<f64>(totals, 8) + <f64>f32x4.extract_lane(sums, 1), 8);
  if (count > 2) store<f64>(totals, load<f64>(totals, 16) + <f64>f32x4.extract_lane(sums, 2), 16);
  if (count > 3) store<f64>(totals, load<f64>(totals, 24) + <f64>f32x4.extract_lane(sums, 3), 24);
}

/** Four columns over a run of rows. */
@inline
function sumFour(
  kind: u32,
  totals: usize,
  products: usize,
  d: usize,
  x: usize,
  center: usize,
  rows: u32,
  stride: usize,
  count: u32,
): void {
  const c = kind == Sum.Plain ? f32x4.splat(0) : loadUpTo(center, count);
  let s = f32x4.splat(0);
  let p = f32x4.splat(0);
  for (; rows; rows--, x += stride) {
    const y = loadUpTo(x, count);
    if (kind == Sum.Plain) s = f32x4.add(s, y);
    else if (kind == Sum.Squares) {
      const z = f32x4.sub(y, c);
      s = madd(z, z, s);
    } else {
      const g = loadUpTo(d, count);
      s = f32x4.add(s, g);
      p = madd(g, f32x4.sub(y, c), p);
      d += stride;
    }
  }
  addTotals(totals, s, count);
  if (kind == Sum.Products) addTotals(products, p, count);
}

/** Sixteen columns over a run of rows: a cache line to each. */
@inline
function sumSixteen(
  kind: u32,
  totals: usize,
  products: usize,
  d: usize,
  x: usize,
  center: usize,
  rows: u32,
  stride: usize,
): void {
  const zero = f32x4.splat(0);
  const plain = kind == Sum.Plain;
  const c0 = plain ? zero : v128.load(center);
  const c1 = plain ? zero : v128.load(center, 16);
  const c2 = plain ? zero : v128.load(center, 32);
  const c3 = plain ? zero : v128.load(center, 48);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  for (; rows; rows--, x += stride) {
    if (plain) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    } else {
      const z0 = f32x4.sub(v128.load(x), c0);
      const z1 = f32x4.sub(v128.load(x, 16), c1);
      const z2 = f32x4.sub(v128.load(x, 32), c2);
      const z3 = f32x4.sub(v128.load(x, 48), c3);
      s0 = madd(z0, z0, s0);
      s1 = madd(z1, z1, s1);
      s2 = madd(z2, z2, s2);
      s3 = madd(z3, z3, s3);
    }
  }
  addTotals(totals, s0, 4);
  addTotals(totals + 32, s1, 4);
  addTotals(totals + 64, s2, 4);
  addTotals(totals + 96, s3, 4);
}

/** totals[C] (float64) of one sample's x[rows, C], and for Products products[C] too: run by run, in each column by column. */
@inline
function sumColumns(
  kind: u32,
  totals: usize,
  products: usize,
  d: usize,
  x: usize,
  center: usize,
  rows: u32,
  columns: u32,
): void {
  const stride = bytes(columns);
  memory.fill(totals, 0, 2 * stride);
  if (kind == Sum.Products) memory.fill(products, 0, 2 * stride);
  while (rows) {
    const run = min(rows, RUN_ROWS);
    rows -= run;
    let j: u32 = 0;
    if (kind != Sum.Products) {
      for (; j + 16 <= columns; j += 16) {
        sumSixteen(kind, totals + 8 * j, 0, 0, x + bytes(j), center + bytes(j), run, stride);
      }
    }
    for (; j < columns; j += 4) {
      const count = min(columns - j, 4);
      const to = products + 8 * j;
      sumFour(kind, totals + 8 * j, to, d + bytes(j), x + bytes(j), center + bytes(j), run, stride, count);
    }
    x += stride * run;
    d += stride * run;
  }
}

function plainSums(totals: usize, x: usize, rows: u32, columns: u32): void {
  sumColumns(Sum.Plain, totals, 0, 0, x, 0, rows, columns);
}

function squaredDeviations(totals: usize, x: usize, center: usize, rows: u32, columns: u32): void {
  sumColumns(Sum.Squares, totals, 0, 0, x, center, rows, columns);
}

function gradientSums(
  totals: usize,
  products: usize,
  d: usize,
  x: usize,
  center: usize,
  rows: u32,
  columns: u32,
): void {
  sumColumns(Sum.Products, totals, products, d, x, center, rows, columns);
}

/** out[G] = the totals of each group's columns / divisor. */
function settleGroups(out: usize, totals: usize, groups: u32, width: u32, divisor: f64): void {
  for (let g: u32 = 0; g < groups; g++, out += 4) {
    let sum: f64 = 0;
    for (let c: u32 = 0; c < width; c++, totals += 8) sum += load<f64>(totals);
    store<f32>(out, <f32>(sum / divisor));
  }
}

/** out[C]: the value of its group for each column. */
function spread(out: usize, x: usize, groups: u32, width: u32): void {
  for (let g: u32 = 0; g < groups; g++, x += 4) {
    const value = load<f32>(x);
    for (let c: u32 = 0; c < width; c++, out += 4) store<f32>(out, value);
  }
}

/**
 * formula: mean = Σx / n, variance = Σ(x − mean)² / n, n = R · C / G
 * error:   2e-7 · (1 + |mean| / deviation) relative
 * edge:    NaN or an infinity makes its group's statistics NaN
 */
export function execMoments(pc: usize): u32 {
  const i = changetype<Moments>(pc);
  const columns = i.columns;
  const rows = i.rows;
  const groups = i.groups;
  const width = columns / groups;
  const n = <f64>rows * <f64>width;
  const totals = i.workspace;
  const center = totals + 2 * bytes(columns);
  let x = i.x;
  let mean = i.mean;
  let variance = i.variance;
  for (let b: u32 = 0; b < i.batch; b++, x += bytes(rows * columns), mean += bytes(groups), variance += bytes(groups)) {
    plainSums(totals, x, rows, columns);
    settleGroups(mean, totals, groups, width, n);
    spread(center, mean, groups, width);
    squaredDeviations(totals, x, center, rows, columns);
    settleGroups(variance, totals, groups, width, n);
  }
  return 0;
}

/** 1 / √(variance + epsilon). */
@inline
function inverseDeviation(variance: f32, epsilon: f32): f64 {
  return 1 / Math.sqrt(<f64>variance + <f64>epsilon);
}

/** scale[C] = gamma / √(variance + epsilon). */
function fillScale(scale: usize, variance: usize, gamma: usize, groups: u32, width: u32, epsilon: f32): void {
  for (let g: u32 = 0; g < groups; g++, variance += 4) {
    const inverse = inverseDeviation(load<f32>(variance), epsilon);
    for (let c: u32 = 0; c < width; c++, scale += 4) {
      store<f32>(scale, <f32>(inverse * (gamma ? <f64>load<f32>(gamma) : 1)));
      if (gamma) gamma += 4;
    }
  }
}

/**
 * formula: out = (x − center[c]) · scale[c] + beta[c]
 * alias:   out may be x
 * tail:    the last C mod 4 by lanes
 */
function applyColumns(out: usize, x: usize, center: usize, scale: usize, beta: usize, rows: u32, columns: u32): void {
  for (; rows; rows--) {
    for (let left = columns, at: usize = 0; left > 0; left -= min(left, 4), at += 16) {
      let y = f32x4.mul(f32x4.sub(loadUpTo(x + at, left), loadUpTo(center + at, left)), loadUpTo(scale + at, left));
      if (beta) y = f32x4.add(y, loadUpTo(beta + at, left));
      storeUpTo(out + at, y, left);
    }
    x += bytes(columns);
    out += bytes(columns);
  }
}

export function execNormColumns(pc: usize): u32 {
  const i = changetype<NormColumns>(pc);
  const columns = i.columns;
  const rows = i.rows;
  const groups = i.groups;
  const width = columns / groups;
  const center = i.workspace;
  const scale = center + bytes(columns);
  const step = bytes(rows * columns);
  for (let b: u32 = 0; b < i.batch; b++) {
    spread(center, i.mean + bytes(b * groups), groups, width);
    fillScale(scale, i.variance + bytes(b * groups), i.gamma, groups, width, i.epsilon);
    applyColumns(i.out + step * b, i.x + step * b, center, scale, i.beta, rows, columns);
  }
  return 0;
}

/**
 * The coefficients of dX = scale · dOut − slope · (x − mean) − offset for one sample, from each column's Σ dOut and
 * Σ dOut (x − mean), which are also added to the gradients of beta and gamma.
 */
function fillCoefficients(i: NormColumnsBackward, b: u32, totals: usize, slope: usize, offset: usize): void {
  const columns = i.columns;
  const groups = i.groups;
  const width = columns / groups;
  const row = bytes(columns);
  const products = totals + 2 * row;
  const sumGamma = totals + 4 * row;
  const sumBeta = totals + 6 * row;
  const n = <f64>i.rows * <f64>width;
  for (let g: u32 = 0; g < groups; g++) {
    const inverse = inverseDeviation(load<f32>(i.variance + bytes(b * groups + g)), i.epsilon);
    let meanOfG: f64 = 0;
    let meanOfProduct: f64 = 0;
    for (let c = g * width; c < (g + 1) * width; c++) {
      const weight = i.gamma ? <f64>load<f32>(i.gamma + bytes(c)) : 1;
      const sum = load<f64>(totals + 8 * c);
      const product = load<f64>(products + 8 * c) * inverse;
      store<f64>(sumBeta + 8 * c, load<f64>(sumBeta + 8 * c) + sum);
      store<f64>(sumGamma + 8 * c, load<f64>(sumGamma + 8 * c) + product);
      meanOfG += (weight * sum) / n;
      meanOfProduct += (weight * product) / n;
    }
    for (let c = g * width; c < (g + 1) * width; c++) {
      store<f32>(slope + bytes(c), <f32>(inverse * inverse * meanOfProduct));
      store<f32>(offset + bytes(c), <f32>(inverse * meanOfG));
    }
  }
}

/** dX[rows, C] = scale · dOut − slope · (x − center) − offset. alias: dX may be dOut. */
function backwardColumns(
  dX: usize,
  dOut: usize,
  x: usize,
  center: usize,
  scale: usize,
  slope: usize,
  offset: usize,
  rows: u32,
  columns: u32,
): void {
  for (; rows; rows--) {
    for (let left = columns, at: usize = 0; left > 0; left -= min(left, 4), at += 16) {
      const z = f32x4.sub(loadUpTo(x + at, left), loadUpTo(center + at, left));
      const d = f32x4.mul(loadUpTo(dOut + at, left), loadUpTo(scale + at, left));
      storeUpTo(dX + at, f32x4.sub(nmadd(z, loadUpTo(slope + at, left), d), loadUpTo(offset + at, left)), left);
    }
    x += bytes(columns);
    dX += bytes(columns);
    dOut += bytes(columns);
  }
}

/**
 * formula: with h = (x − mean) · inverse, g = dOut · gamma, means over the group:
 *          dX = inverse · (g − mean(g) − h · mean(g h)); dGamma = Σ dOut h, dBeta = Σ dOut over samples and rows
 * inverts: out = h · gamma + beta, the statistics being those of x
 */
export function execNormColumnsBackward(pc: usize): u32 {
  const i = changetype<NormColumnsBackward>(pc);
  const columns = i.columns;
  const rows = i.rows;
  const groups = i.groups;
  const width = columns / groups;
  const row = bytes(columns);
  const totals = i.workspace;
  const sums = totals + 4 * row;
  const center = sums + 4 * row;
  const scale = center + row;
  const slope = scale + row;
  const offset = slope + row;
  const step = bytes(rows * columns);
  memory.fill(sums, 0, 4 * row);
  for (let b: u32 = 0; b < i.batch; b++) {
    const dOut = i.dOut + step * b;
    const x = i.x + step * b;
    spread(center, i.mean + bytes(b * groups), groups, width);
    fillScale(scale, i.variance + bytes(b * groups), i.gamma, groups, width, i.epsilon);
    gradientSums(totals, totals + 2 * row, dOut, x, center, rows, columns);
    fillCoefficients(i, b, totals, slope, offset);
    backwardColumns(i.dX + step * b, dOut, x, center, scale, slope, offset, rows, columns);
  }
  for (let c: u32 = 0; c < columns; c++) {
    store<f32>(i.dGamma + bytes(c), <f32>load<f64>(sums + 8 * c));
    store<f32>(i.dBeta + bytes(c), <f32>load<f64>(sums + 2 * row + 8 * c));
  }
  return 0;
}
