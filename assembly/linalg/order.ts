// Along an axis in order: running sums, and the greatest or least few.
import { CumulativeSum, TopK } from '../instructions';

/** The running sums of one line of n elements `stride` bytes apart. A float's sum is carried in double precision. */
function sumLine(i: CumulativeSum, out: usize, x: usize, stride: u32): void {
  let total: f64 = 0;
  let whole: i32 = 0;
  for (let k: u32 = 0; k < i.axis; k++) {
    const at = (i.reverse ? i.axis - 1 - k : k) * stride;
    const before = total;
    const wholeBefore = whole;
    if (i.integers) {
      whole += load<i32>(x + at);
      store<i32>(out + at, i.exclusive ? wholeBefore : whole);
    } else {
      total += load<f32>(x + at);
      store<f32>(out + at, f32(i.exclusive ? before : total));
    }
  }
}

/**
 * formula: out[o, k, c] = Σ x[o, j, c] over j ≤ k (exclusive: j < k; reverse: from the other end)
 * shapes: out, x [outer, axis, inner]
 * alias: none
 * tail: element by element
 * error: float sums in double precision, rounded once for each element
 * edge: integers wrap; NaN stays in all later sums
 */
export function execCumulativeSum(pc: usize): u32 {
  const i = changetype<CumulativeSum>(pc);
  const stride = i.inner << 2;
  for (let o: u32 = 0; o < i.outer; o++) {
    for (let c: u32 = 0; c < i.inner; c++) {
      const offset = o * i.axis * stride + (c << 2);
      sumLine(i, i.out + offset, i.x + offset, stride);
    }
  }
  return 0;
}

/** A word whose order as an integer is that of the values: NaN above all, −0 as +0. */
@inline
function orderOf(x: usize, integers: u32, largest: u32): i32 {
  let key = load<i32>(x);
  if (!integers) {
    const value = load<f32>(x) + 0;
    const bits = reinterpret<i32>(value);
    key = value != value ? i32.MAX_VALUE : bits < 0 ? bits ^ 0x7fffffff : bits;
  }
  return largest ? key : ~key;
}

/** Puts the element k of a line among the best so far, `count` of them. */
@inline
function insert(i: TopK, values: usize, indices: usize, x: usize, k: u32, count: u32, stride: u32): void {
  const key = orderOf(x, i.integers, i.largest);
  let at = min(count, i.k - 1);
  if (count == i.k && orderOf(values + at * stride, i.integers, i.largest) >= key) return;
  while (at && orderOf(values + (at - 1) * stride, i.integers, i.largest) < key) {
    store<u32>(values + at * stride, load<u32>(values + (at - 1) * stride));
    store<u32>(indices + at * stride, load<u32>(indices + (at - 1) * stride));
    at--;
  }
  store<u32>(values + at * stride, load<u32>(x));
  store<u32>(indices + at * stride, k);
}

/**
 * formula: the k best along the axis, best first; of equals the one of the lowest index
 * shapes: x [outer, axis, inner], values and indices [outer, k, inner]
 * alias: none
 * tail: element by element; O(axis · k), but O(axis) where few change the order
 * edge: k ≤ axis; NaN is greater than everything
 */
export function execTopK(pc: usize): u32 {
  const i = changetype<TopK>(pc);
  assert(i.k <= i.axis, 'TopK: k beyond the axis');
  if (i.k == 0) return 0;
  const stride = i.inner << 2;
  for (let o: u32 = 0; o < i.outer; o++) {
    for (let c: u32 = 0; c < i.inner; c++) {
      const out = o * i.k * stride + (c << 2);
      let x = i.x + o * i.axis * stride + (c << 2);
      for (let k: u32 = 0; k < i.axis; k++, x += stride)
        insert(i, i.values + out, i.indices + out, x, k, min(k, i.k), stride);
    }
  }
  return 0;
}
