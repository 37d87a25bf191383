// Reductions over one axis of x[outer, axis, inner]: values, the index of an extreme, and the guard
// that stops a program at a number that is not finite.
// Sums are blocked: short runs in float32 on vector lanes, the runs' sums in float64, so that the error
// does not grow with the axis. The order of every sum is fixed by the shape alone.
import { ArgReduce, ArgReduceKind, CheckFinite, Reduce, ReduceKind } from '../instructions';
import { laneMask, loadTail, loadUpTo, madd, storeUpTo } from '../lanes';

/** Elements of a contiguous run that are summed in float32: 32 to a lane. */
const runLength: u32 = 512;
/** Rows that are summed in float32 where columns are reduced: 32 to each of two accumulators. */
const runRows: u32 = 64;

/** What joins with anything to give that thing. */
@inline
function neutral(kind: u32): f32 {
  if (kind == ReduceKind.Maximum) return -Infinity;
  if (kind == ReduceKind.Minimum) return Infinity;
  if (kind == ReduceKind.Product) return 1;
  return 0;
}

/** Two partial results made one. */
@inline
function join(kind: u32, a: v128, b: v128): v128 {
  if (kind == ReduceKind.Maximum) return f32x4.max(a, b);
  if (kind == ReduceKind.Minimum) return f32x4.min(a, b);
  if (kind == ReduceKind.Product) return f32x4.mul(a, b);
  return f32x4.add(a, b);
}

/** A partial result and four more elements. */
@inline
function accumulate(kind: u32, total: v128, x: v128): v128 {
  if (kind == ReduceKind.SumOfSquares) return madd(x, x, total);
  if (kind == ReduceKind.SumOfAbsolutes) return f32x4.add(total, f32x4.abs(x));
  return join(kind, total, x);
}

/** `join` of float64 lanes: the results of runs. */
@inline
function joinRuns(kind: u32, a: v128, b: v128): v128 {
  if (kind == ReduceKind.Maximum) return f64x2.max(a, b);
  if (kind == ReduceKind.Minimum) return f64x2.min(a, b);
  if (kind == ReduceKind.Product) return f64x2.mul(a, b);
  return f64x2.add(a, b);
}

/** Lanes 2 and 3 as lanes 0 and 1. */
@inline
function highLanes(x: v128): v128 {
  return i64x2.shuffle(x, x, 1, 0);
}

/** One run of x[n], n at most `runLength`: lane l of accumulator a takes elements 16 k + 4 a + l. */
@inline
function reduceRun(kind: u32, x: usize, n: u32): f32 {
  const none = f32x4.splat(neutral(kind));
  let a0 = none;
  let a1 = none;
  let a2 = none;
  let a3 = none;
  let end = x + ((n & ~15) << 2);
  for (; x < end; x += 64) {
    a0 = accumulate(kind, a0, v128.load(x));
    a1 = accumulate(kind, a1, v128.load(x, 16));
    a2 = accumulate(kind, a2, v128.load(x, 32));
    a3 = accumulate(kind, a3, v128.load(x, 48));
  }
  end = x + ((n & 12) << 2);
  for (; x < end; x += 16) a0 = accumulate(kind, a0, v128.load(x));
  const rest = n & 3;
  if (rest) a1 = accumulate(kind, a1, v128.bitselect(loadTail(x, rest), none, laneMask(rest)));
  const lanes = join(kind, join(kind, a0, a1), join(kind, a2, a3));
  const pairs = join(kind, lanes, highLanes(lanes));
  return f32x4.extract_lane(join(kind, pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}

/** All of x[n], contiguous: its runs in order. */
@inline
function reduceAll(kind: u32, x: usize, n: u32): f64 {
  let total = f64x2.splat(<f64>neutral(kind));
  while (n) {
    const count = min(n, runLength);
    total = joinRuns(kind, total, f64x2.splat(<f64>reduceRun(kind, x, count)));
    x += count << 2;
    n -= count;
  }
  return f64x2.extract_lane(total, 0);
}

/** Σ x[n], its runs in float64. */
export function sum_f32(x: usize, n: u32): f64 {
  return reduceAll(ReduceKind.Sum, x, n);
}

/** The greatest of x[n]: −∞ where n = 0, NaN where any is NaN. */
export function maximum_f32(x: usize, n: u32): f32 {
  return <f32>reduceAll(ReduceKind.Maximum, x, n);
}

/** The least of x[n]: ∞ where n = 0, NaN where any is NaN. */
export function minimum_f32(x: usize, n: u32): f32 {
  return <f32>reduceAll(ReduceKind.Minimum, x, n);
}

/** Four float64 totals, divided and rounded to float32 once. */
@inline
function settle(low: v128, high: v128, divisor: f64): v128 {
  const d = f64x2.splat(divisor);
  const a = f32x4.demote_f64x2_zero(f64x2.div(low, d));
  const b = f32x4.demote_f64x2_zero(f64x2.div(high, d));
  return i64x2.shuffle(a, b, 0, 2);
}

/** The sums of 16 columns of x[axis, …], a cache line to each row: even rows in `a`, odd rows in `b`, run by run. */
function sumColumns16(out: usize, x: usize, axis: u32, stride: usize, divisor: f64): void {
  const none = f64x2.splat(0);
  let t0 = none;
  let t1 = none;
  let t2 = none;
  let t3 = none;
  let t4 = none;
  let t5 = none;
  let t6 = none;
  let t7 = none;
  while (axis) {
    const rows = min(axis, runRows);
    axis -= rows;
    let a0 = none;
    let a1 = none;
    let a2 = none;
    let a3 = none;
    let b0 = none;
    let b1 = none;
    let b2 = none;
    let b3 = none;
    for (let pairs = rows >> 1; pairs; pairs--) {
      const y = x + stride;
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      a2 = f32x4.add(a2, v128.load(x, 32));
      a3 = f32x4.add(a3, v128.load(x, 48));
      b0 = f32x4.add(b0, v128.load(y));
      b1 = f32x4.add(b1, v128.load(y, 16));
      b2 = f32x4.add(b2, v128.load(y, 32));
      b3 = f32x4.add(b3, v128.load(y, 48));
      x = y + stride;
    }
    if (rows & 1) {
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      a2 = f32x4.add(a2, v128.load(x, 32));
      a3 = f32x4.add(a3, v128.load(x, 48));
      x += stride;
    }
    a0 = f32x4.add(a0, b0);
    a1 = f32x4.add(a1, b1);
    a2 = f32x4.add(a2, b2);
    a3 = f32x4.add(a3, b3);
    t0 = f64x2.add(t0, f64x2.promote_low_f32x4(a0));
    t1 = f64x2.add(t1, f64x2.promote_low_f32x4(highLanes(a0)));
    t2 = f64x2.add(t2, f64x2.promote_low_f32x4(a1));
    t3 = f64x2.add(t3, f64x2.promote_low_f32x4(highLanes(a1)));
    t4 = f64x2.add(t4, f64x2.promote_low_f32x4(a2));
    t5 = f64x2.add(t5, f64x2.promote_low_f32x4(highLanes(a2)));
    t6 = f64x2.add(t6, f64x2.promote_low_f32x4(a3));
    t7 = f64x2.add(t7, f64x2.promote_low_f32x4(highLanes(a3)));
  }
  v128.store(out, settle(t0, t1, divisor));
  v128.store(out, settle(t2, t3, divisor), 16);
  v128.store(out, settle(t4, t5, divisor), 32);
  v128.store(out, settle(t6, t7, divisor), 48);
}

/** Four columns, or the 1 to 3 last, of x[axis, …], in the order of `sumColumns16`: a and b take turns. */
@inline
function reduceColumns4(kind: u32, x: usize, axis: u32, stride: usize, columns: u32, divisor: f64): v128 {
  const none = f32x4.splat(neutral(kind));
  let low = f64x2.splat(<f64>neutral(kind));
  let high = low;
  while (axis) {
    const rows = min(axis, runRows);
    axis -= rows;
    let a = none;
    let b = none;
    for (let row: u32 = 0; row < rows; row++, x += stride) {
      const next = accumulate(kind, b, loadUpTo(x, columns));
      b = a;
      a = next;
    }
    a = join(kind, a, b);
    low = joinRuns(kind, low, f64x2.promote_low_f32x4(a));
    high = joinRuns(kind, high, f64x2.promote_low_f32x4(highLanes(a)));
  }
  return settle(low, high, divisor);
}

/** The result for one contiguous row. */
@inline
function reduceRow(kind: u32, x: usize, n: u32, divisor: f64): f32 {
  if (kind == ReduceKind.Maximum) return maximum_f32(x, n);
  if (kind == ReduceKind.Minimum) return minimum_f32(x, n);
  return <f32>(reduceAll(kind, x, n) / divisor);
}

/** inner = 1: every result from a contiguous row. */
@inline
function reduceRows(kind: u32, i: Reduce, divisor: f64): void {
  let x = i.x;
  let out = i.out;
  for (const end = out + (i.outer << 2); out < end; out += 4) {
    store<f32>(out, reduceRow(kind, x, i.axis, divisor));
    x += i.axis << 2;
  }
}

/** inner > 1: four results (for sums 16) at a time, walking down the rows. */
@inline
function reduceColumns(kind: u32, i: Reduce, divisor: f64): void {
  const stride = i.inner << 2;
  let out = i.out;
  for (let o: u32 = 0; o < i.outer; o++) {
    let x = i.x + o * i.axis * stride;
    let columns = i.inner;
    if (kind == ReduceKind.Sum) {
      for (; columns >= 16; columns -= 16, x += 64, out += 64) sumColumns16(out, x, i.axis, stride, divisor);
    }
    while (columns) {
      const count = min(columns, 4);
      storeUpTo(out, reduceColumns4(kind, x, i.axis, stride, columns, divisor), columns);
      columns -= count;
      x += count << 2;
      out += count << 2;
    }
  }
}

@inline
function reduce(kind: u32, i: Reduce, divisor: f64): void {
  if (i.inner == 1) reduceRows(kind, i, divisor);
  else reduceColumns(kind, i, divisor);
}

/**
 * formula: out[o, c] = Σ, mean, max, min, Π, Σ x², Σ |x| of x[o, ·, c]
 * shapes: x [outer, axis, inner], out [outer, inner]; axis = 0 gives 0, NaN, −∞, ∞, 1, 0, 0
 * alias: none
 * order: inner = 1: runs of 512; in a run, lane l of accumulator a takes the elements 16 k + 4 a + l, what is left
 *   of 16 goes to accumulator 0, the last 1 to 3 elements to 1; then (0 + 1) + (2 + 3), lanes (0 + 2) + (1 + 3).
 *   inner > 1: runs of 64 rows, even rows and odd rows apart, then both together.
 *   The results of runs are joined in float64 from the first to the last and rounded to float32 once.
 * tail: columns by lane loads; a row's last lanes hold the neutral element
 * error: sums within 40 · 2⁻²⁴ · Σ |term|, whatever the axis (35 additions to a lane's path, a rounding of the term,
 *   of the result); a product within (axis + 2) · 2⁻²⁴ relative where no partial product leaves the range of float32
 * edge: NaN propagates; sums start from +0; a partial float32 sum may overflow to ±∞ as any float32 sum does
 */
export function execReduce(pc: usize): u32 {
  const i = changetype<Reduce>(pc);
  assert(i.kind <= u32(ReduceKind.SumOfAbsolutes), 'Reduce: unknown kind');
  switch (i.kind) {
    case ReduceKind.Sum:
    case ReduceKind.Mean:
      reduce(ReduceKind.Sum, i, i.kind == ReduceKind.Mean ? <f64>i.axis : 1);
      break;
    case ReduceKind.Maximum:
      reduce(ReduceKind.Maximum, i, 1);
      break;
    case ReduceKind.Minimum:
      reduce(ReduceKind.Minimum, i, 1);
      break;
    case ReduceKind.Product:
      reduce(ReduceKind.Product, i, 1);
      break;
    case ReduceKind.SumOfSquares:
      reduce(ReduceKind.SumOfSquares, i, 1);
      break;
    case ReduceKind.SumOfAbsolutes:
      reduce(ReduceKind.SumOfAbsolutes, i, 1);
      break;
  }
  return 0;
}

/** Which lanes hold `value`; every NaN where that is what is looked for. */
@inline
function matches(x: v128, value: v128): v128 {
  return v128.or(f32x4.eq(x, value), v128.and(f32x4.ne(x, x), f32x4.ne(value, value)));
}

/** The first index of `value` in x[n], which holds it (or NaN, where value is NaN); −1 where n = 0. */
function indexOf(x: usize, n: u32, value: f32): i32 {
  const wanted = f32x4.splat(value);
  const whole = n & ~3;
  for (let k: u32 = 0; k < whole; k += 4) {
    const found = i32x4.bitmask(matches(v128.load(x + (k << 2)), wanted));
    if (found) return k + ctz(found);
  }
  const rest = n & 3;
  if (rest == 0) return -1;
  const found = i32x4.bitmask(v128.and(matches(loadTail(x + (whole << 2), rest), wanted), laneMask(rest)));
  return whole + ctz(found);
}

/** The lanes where x is a better extreme than the best so far: a greater (or lesser) number, or the first NaN. */
@inline
function betters(maximum: bool, x: v128, best: v128): v128 {
  const beyond = maximum ? f32x4.gt(x, best) : f32x4.lt(x, best);
  return v128.or(beyond, v128.and(f32x4.ne(x, x), f32x4.eq(best, best)));
}

/** The indices for four columns, or the 1 to 3 last, of x[axis, …]; −1 where axis = 0. */
function indexColumns(maximum: bool, x: usize, axis: u32, stride: usize, columns: u32): v128 {
  if (axis == 0) return i32x4.splat(-1);
  let best = loadUpTo(x, columns);
  let index = i32x4.splat(0);
  for (let k: u32 = 1; k < axis; k++) {
    x += stride;
    const value = loadUpTo(x, columns);
    const better = betters(maximum, value, best);
    best = v128.bitselect(value, best, better);
    index = v128.bitselect(i32x4.splat(k), index, better);
  }
  return index;
}

/** inner = 1: the extreme first, then its index. */
function argRows(i: ArgReduce, maximum: bool): void {
  let x = i.x;
  let out = i.out;
  for (const end = out + (i.outer << 2); out < end; out += 4) {
    store<i32>(out, indexOf(x, i.axis, maximum ? maximum_f32(x, i.axis) : minimum_f32(x, i.axis)));
    x += i.axis << 2;
  }
}

/** inner > 1: four columns at a time. */
function argColumns(i: ArgReduce, maximum: bool): void {
  const stride = i.inner << 2;
  let out = i.out;
  for (let o: u32 = 0; o < i.outer; o++) {
    let x = i.x + o * i.axis * stride;
    for (let columns: i32 = i.inner; columns > 0; columns -= 4) {
      storeUpTo(out, indexColumns(maximum, x, i.axis, stride, columns), columns);
      x += 16;
      out += min(columns, 4) << 2;
    }
  }
}

/**
 * formula: out[o, c] = the first k where x[o, k, c] is the greatest (or the least)
 * shapes: x [outer, axis, inner], out [outer, inner] of i32; −1 where axis = 0
 * alias: none
 * tail: by lane loads
 * edge: NaN counts as the extreme, as in NumPy and PyTorch: the first NaN wins; −0 and +0 are equal
 */
export function execArgReduce(pc: usize): u32 {
  const i = changetype<ArgReduce>(pc);
  assert(i.kind <= u32(ArgReduceKind.Minimum), 'ArgReduce: unknown kind');
  if (i.inner == 1) argRows(i, i.kind == ArgReduceKind.Maximum);
  else argColumns(i, i.kind == ArgReduceKind.Maximum);
  return 0;
}

/** Any bit set tells that a lane is NaN or infinite: x − x is +0 for every other number. */
@inline
function blemish(x: v128): v128 {
  return f32x4.sub(x, x);
}

/**
 * formula: stops where any x[i] − x[i] is not +0
 * shapes: x [n]
 * tail: 1 to 3 elements by lane loads, the other lanes 0
 * edge: NaN, ∞ and −∞ stop; denormals and −0 do not; n = 0 goes on
 */
export function execCheckFinite(pc: usize): u32 {
  const i = changetype<CheckFinite>(pc);
  let x = i.x;
  let a = i32x4.splat(0);
  let b = a;
  let end = x + ((i.n & ~15) << 2);
  for (; x < end; x += 64) {
    a = v128.or(a, v128.or(blemish(v128.load(x)), blemish(v128.load(x, 16))));
    b = v128.or(b, v128.or(blemish(v128.load(x, 32)), blemish(v128.load(x, 48))));
  }
  end = x + ((i.n & 12) << 2);
  for (; x < end; x += 16) a = v128.or(a, blemish(v128.load(x)));
  const rest = i.n & 3;
  if (rest) b = v128.or(b, blemish(loadTail(x, rest)));
  return v128.any_true(v128.or(a, b)) ? 1 : 0;
}
