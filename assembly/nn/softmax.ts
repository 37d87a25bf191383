// Softmax and its logarithm along the columns of a matrix, forward and backward, a row at a time.
// Shapes: x, out, y, dOut, dX are [rows, columns], row-major. The largest of a row is subtracted first.
import { Softmax, SoftmaxBackward, SoftmaxKind } from '../instructions';
import { loadTail, madd, nmadd, storeTail, sumLanes } from '../lanes';
import { INFINITY, ONE, constant, expSmall_f32x4, log_f32x4 } from '../math';

/** Sums begin anew after so many vectors: a long row's rounding errors grow with this, not with its length. */
const BLOCK: u32 = 256;

/** The first `count` floats, the other lanes −∞: which no maximum sees, and whose exponential is 0. */
@inline
export function loadTailOrLowest(address: usize, count: u32): v128 {
  const inside = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
  return v128.bitselect(loadTail(address, count), f32x4.neg(constant(INFINITY)), inside);
}

/** The largest lane; NaN lanes do not matter, what follows finds them. */
@inline
export function maximumLane(x: v128): v128 {
  const pairs = f32x4.pmax(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return f32x4.pmax(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}

/** The largest of x[n] on all lanes, NaN skipped; −∞ for none. */
@inline
function rowMaximum(x: usize, n: u32): v128 {
  let maximum = f32x4.neg(constant(INFINITY));
  for (; n >= 4; n -= 4, x += 16) maximum = f32x4.pmax(maximum, v128.load(x));
  if (n) maximum = f32x4.pmax(maximum, loadTailOrLowest(x, n));
  return maximumLane(maximum);
}

/** The sum of exp(x[n] − maximum); with `store` the exponentials go to out[n]. */
@inline
function rowExponentials(store: bool, out: usize, x: usize, n: u32, maximum: v128): f32 {
  let total = f32x4.splat(0);
  while (n >= 4) {
    let sum = f32x4.splat(0);
    for (let left = min(n >> 2, BLOCK); left; left--, n -= 4, x += 16) {
      const e = expSmall_f32x4(f32x4.sub(v128.load(x), maximum));
      if (store) {
        v128.store(out, e);
        out += 16;
      }
      sum = f32x4.add(sum, e);
    }
    total = f32x4.add(total, sum);
  }
  if (n) {
    const e = expSmall_f32x4(f32x4.sub(loadTailOrLowest(x, n), maximum));
    if (store) storeTail(out, e, n);
    total = f32x4.add(total, e);
  }
  return sumLanes(total);
}

/**
 * formula: out[c] = exp(x[c] − m) / Σ exp(x[j] − m), m = max x
 * shapes:  out[n], x[n]
 * alias:   out may be x
 * tail:    partial vectors filled with −∞
 * error:   5e-7 + 6e-8 |x[c] − m| relative, for rows up to 10,000 columns; the second term is the rounding of x − m
 * edge:    −∞ → 0; NaN or +∞ anywhere, or −∞ everywhere → the whole row NaN
 */
function softmaxRow_f32(out: usize, x: usize, n: u32): void {
  const sum = rowExponentials(true, out, x, n, rowMaximum(x, n));
  const scale = f32x4.div(constant(ONE), f32x4.splat(sum));
  for (; n >= 4; n -= 4, out += 16) v128.store(out, f32x4.mul(v128.load(out), scale));
  if (n) storeTail(out, f32x4.mul(loadTail(out, n), scale), n);
}

/**
 * formula: out[c] = x[c] − m − ln Σ exp(x[j] − m), m = max x
 * shapes, alias, tail, edge: as `softmaxRow_f32`, but −∞ → −∞
 * error:   5e-7 relative to 1 + |out|
 */
function logSoftmaxRow_f32(out: usize, x: usize, n: u32): void {
  const maximum = rowMaximum(x, n);
  const logSum = log_f32x4(f32x4.splat(rowExponentials(false, out, x, n, maximum)));
  for (; n >= 4; n -= 4, x += 16, out += 16) {
    v128.store(out, f32x4.sub(f32x4.sub(v128.load(x), maximum), logSum));
  }
  if (n) storeTail(out, f32x4.sub(f32x4.sub(loadTail(x, n), maximum), logSum), n);
}

/** Σ dOut[n] y[n], or Σ dOut[n] where `weighted` is false. */
@inline
function rowSum(weighted: bool, dOut: usize, y: usize, n: u32): f32 {
  let total = f32x4.splat(0);
  while (n >= 4) {
    let sum = f32x4.splat(0);
    for (let left = min(n >> 2, BLOCK); left; left--, n -= 4, dOut += 16) {
      const d = v128.load(dOut);
      if (weighted) {
        sum = madd(d, v128.load(y), sum);
        y += 16;
      } else sum = f32x4.add(sum, d);
    }
    total = f32x4.add(total, sum);
  }
  if (n) {
    const d = loadTail(dOut, n);
    total = f32x4.add(total, weighted ? f32x4.mul(d, loadTail(y, n)) : d);
  }
  return sumLanes(total);
}

/**
 * formula: dX[c] = y[c] (dOut[c] − Σ dOut[j] y[j])
 * inverts: out[c] = exp(x[c] − m) / Σ exp(x[j] − m)
 * alias:   dX may be dOut or y
 */
function softmaxBackwardRow_f32(dX: usize, dOut: usize, y: usize, n: u32): void {
  const dot = f32x4.splat(rowSum(true, dOut, y, n));
  for (; n >= 4; n -= 4, dX += 16, dOut += 16, y += 16) {
    v128.store(dX, f32x4.mul(v128.load(y), f32x4.sub(v128.load(dOut), dot)));
  }
  if (n) storeTail(dX, f32x4.mul(loadTail(y, n), f32x4.sub(loadTail(dOut, n), dot)), n);
}

/**
 * formula: dX[c] = dOut[c] − exp(y[c]) Σ dOut[j]
 * inverts: out[c] = x[c] − m − ln Σ exp(x[j] − m)
 * alias:   dX may be dOut or y
 */
function logSoftmaxBackwardRow_f32(dX: usize, dOut: usize, y: usize, n: u32): void {
  const sum = f32x4.splat(rowSum(false, dOut, y, n));
  for (; n >= 4; n -= 4, dX += 16, dOut += 16, y += 16) {
    v128.store(dX, nmadd(expSmall_f32x4(v128.load(y)), sum, v128.load(dOut)));
  }
  if (n) storeTail(dX, nmadd(expSmall_f32x4(loadTail(y, n)), sum, loadTail(dOut, n)), n);
}

/** Softmax (or its logarithm) of each row of x[rows, columns]; the rows are independent. */
export function softmax_f32(kind: u32, out: usize, x: usize, rows: u32, columns: u32): void {
  for (const stride = columns << 2; rows; rows--, out += stride, x += stride) {
    if (kind == SoftmaxKind.Softmax) softmaxRow_f32(out, x, columns);
    else logSoftmaxRow_f32(out, x, columns);
  }
}

/** dX[rows, columns] of `softmax_f32` from dOut and y, its output. */
export function softmaxBackward_f32(kind: u32, dX: usize, dOut: usize, y: usize, rows: u32, columns: u32): void {
  for (const stride = columns << 2; rows; rows--, dX += stride, dOut += stride, y += stride) {
    if (kind == SoftmaxKind.Softmax) softmaxBackwardRow_f32(dX, dOut, y, columns);
    else logSoftmaxBackwardRow_f32(dX, dOut, y, columns);
  }
}

export function execSoftmax(pc: usize): u32 {
  const i = changetype<Softmax>(pc);
  softmax_f32(i.kind, i.out, i.x, i.rows, i.columns);
  return 0;
}

export function execSoftmaxBackward(pc: usize): u32 {
  const i = changetype<SoftmaxBackward>(pc);
  softmaxBackward_f32(i.kind, i.dX, i.dOut, i.y, i.rows, i.columns);
  return 0;
}
