// What attention and its gradient share: a tile of scores, its exponentials with the running maximum and sum of each row
// (the online softmax), and products by the kernel of gemm.ts.
// Shapes: Q queries by K keys of D columns; a tile has up to QUERY_TILE queries.
// Source: Milakov and Gimelshein, Online normalizer calculation for softmax (2018); Dao et al., FlashAttention (2022).
import { Gemm, KEY_TILE, KEY_TILE_WHOLE, UnaryKind } from '../instructions';
import { loadUpTo, madd, storeUpTo, sumLanes } from '../lanes';
import { bytes } from '../linalg/block';
import { dot_f32 } from '../linalg/dot';
import { execGemm } from '../linalg/gemm';
import { INFINITY, constant, expSmall_f32x4 } from '../math';
import { loadTailOrLowest, maximumLane } from './softmax';

// The workspace: an instruction Gemm, three numbers for each query of a tile, and the tiles.
const MAXIMA: usize = 128;
const SUMS: usize = 384;
const DELTAS: usize = 640;
const TILES: usize = 896;

@inline
export function maxima(workspace: usize): usize {
  return workspace + MAXIMA;
}
@inline
export function sums(workspace: usize): usize {
  return workspace + SUMS;
}
@inline
export function deltas(workspace: usize): usize {
  return workspace + DELTAS;
}
@inline
export function tiles(workspace: usize): usize {
  return workspace + TILES;
}

/** Keys of a tile where the first `count` of them are seen at all. */
@inline
export function keysOfTile(count: u32): u32 {
  return count <= KEY_TILE_WHOLE ? count : KEY_TILE;
}

/** How many of the keys the query `row` sees: all, or the ones up to its own place, the last query's being the last key. */
@inline
export function visibleKeys(causal: u32, row: u32, queries: u32, keys: u32): u32 {
  if (!causal) return keys;
  return <u32>max(0, min(<i32>keys, <i32>row + 1 + <i32>keys - <i32>queries));
}

/** out[m, n] = op(A)[m, k] · op(B)[k, n], or += ; the instruction lies at `workspace`, what it works with at `scratch`. */
export function product(
  workspace: usize,
  scratch: usize,
  out: usize,
  a: usize,
  b: usize,
  m: u32,
  n: u32,
  k: u32,
  strideOut: u32,
  strideA: u32,
  strideB: u32,
  transposeA: u32,
  transposeB: u32,
  accumulate: u32,
): void {
  const i = changetype<Gemm>(workspace);
  i.out = out;
  i.a = a;
  i.b = b;
  i.bias = 0;
  i.m = m;
  i.n = n;
  i.k = k;
  i.strideOut = strideOut;
  i.strideA = strideA;
  i.strideB = strideB;
  i.transposeA = transposeA;
  i.transposeB = transposeB;
  i.packed = 0;
  i.accumulate = accumulate;
  i.activation = UnaryKind.Linear;
  i.alpha = 0;
  i.beta = 0;
  i.workspace = scratch;
  execGemm(workspace);
}

/** scores[rows, keys] = q[rows, D] · k[keys, D]ᵀ; for few rows by dot products, which pack nothing. */
export function scoresOf(
  workspace: usize,
  scratch: usize,
  scores: usize,
  q: usize,
  k: usize,
  rows: u32,
  keys: u32,
  size: u32,
  strideOut: u32,
  strideQ: u32,
  strideK: u32,
): void {
  if (rows >= 4) {
    product(workspace, scratch, scores, q, k, rows, keys, size, strideOut, strideQ, strideK, 0, 1, 0);
    return;
  }
  for (let r: u32 = 0; r < rows; r++) {
    for (let j: u32 = 0; j < keys; j++) {
      store<f32>(scores + bytes(r * strideOut + j), dot_f32(q + bytes(r * strideQ), k + bytes(j * strideK), size));
    }
  }
}

/** x[n] = −∞ where mask[n] is 0. */
function hide(x: usize, mask: usize, n: u32): void {
  const lowest = f32x4.neg(constant(INFINITY));
  for (let left = n; left > 0; left -= min(left, 4), x += 16, mask += 16) {
    const isHidden = f32x4.eq(loadUpTo(mask, left), f32x4.splat(0));
    storeUpTo(x, v128.bitselect(lowest, loadUpTo(x, left), isHidden), left);
  }
}

/** The largest of x[n]; NaN skipped, −∞ for none. */
function largest(x: usize, n: u32): f32 {
  const lowest = f32x4.neg(constant(INFINITY));
  let m0 = lowest;
  let m1 = lowest;
  for (; n >= 8; n -= 8, x += 32) {
    m0 = f32x4.pmax(m0, v128.load(x));
    m1 = f32x4.pmax(m1, v128.load(x, 16));
  }
  for (; n >= 4; n -= 4, x += 16) m0 = f32x4.pmax(m0, v128.load(x));
  if (n) m1 = f32x4.pmax(m1, loadTailOrLowest(x, n));
  return f32x4.extract_lane(maximumLane(f32x4.pmax(m0, m1)), 0);
}

/** x[n] = exp(scale · x − maximum); returns their sum. */
export function exponentials(x: usize, n: u32, scale: f32, maximum: f32): f32 {
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(-maximum);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8, x += 32) {
    const e0 = expSmall_f32x4(madd(v128.load(x), factor, shift));
    const e1 = expSmall_f32x4(madd(v128.load(x, 16), factor, shift));
    v128.store(x, e0);
    v128.store(x, e1, 16);
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
  }
  for (; n >= 4; n -= 4, x += 16) {
    const e = expSmall_f32x4(madd(v128.load(x), factor, shift));
    v128.store(x, e);
    s0 = f32x4.add(s0, e);
  }
  if (n) {
    const e = expSmall_f32x4(madd(loadTailOrLowest(x, n), factor, shift));
    storeUpTo(x, e, n);
    s1 = f32x4.add(s1, e);
  }
  return sumLanes(f32x4.add(s0, s1));
}

/** A row that has seen nothing has the maximum −∞, from which nothing can be subtracted. */
@inline
export function finiteMaximum(maximum: f32): f32 {
  return maximum == -Infinity ? 0 : maximum;
}

/** exp(x) of one number, x ≤ 0. */
@inline
function exponential(x: f32): f32 {
  return f32x4.extract_lane(expSmall_f32x4(f32x4.splat(x)), 0);
}

/** −∞ for the keys of a row that its mask hides; those from `visible` to `keys` are left to `exponentialsOfRow`. */
@inline
export function maskRow(x: usize, mask: usize, visible: u32): void {
  if (mask) hide(x, mask, visible);
}

/** exp(scale · x − maximum) of the row's visible keys, 0 for the others; returns their sum. */
@inline
export function exponentialsOfRow(x: usize, visible: u32, keys: u32, scale: f32, maximum: f32): f32 {
  const sum = exponentials(x, visible, scale, maximum);
  if (visible < keys) memory.fill(x + bytes(visible), 0, bytes(keys - visible));
  return sum;
}

/**
 * One row of a tile joins what the row has seen so far: its scores become exp(scale · score − maximum), the maximum (of
 * scale · score) and the sum of exponentials at `maximum` and `sum` go on. Returns by what earlier terms are multiplied.
 */
export function joinRow(x: usize, visible: u32, keys: u32, mask: usize, scale: f32, maximum: usize, sum: usize): f32 {
  maskRow(x, mask, visible);
  const before = load<f32>(maximum);
  const after = max(before, largest(x, visible) * scale);
  const base = finiteMaximum(after);
  const factor = exponential(before - base);
  const added = exponentialsOfRow(x, visible, keys, scale, base);
  store<f32>(maximum, after);
  store<f32>(sum, load<f32>(sum) * factor + added);
  return factor;
}

/** Every row has seen nothing. */
export function beginRows(workspace: usize, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    store<f32>(maxima(workspace) + bytes(r), -Infinity);
    store<f32>(sums(workspace) + bytes(r), 0);
  }
}

/** x[n] · factor, in place. */
export function scaleRow(x: usize, n: u32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n >= 4; n -= 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), f));
  if (n) storeUpTo(x, f32x4.mul(loadUpTo(x, n), f), n);
}

/** 1 / the sum of a row's exponentials; 0 where it has seen no key. */
@inline
export function inverseSum(sum: f32): f32 {
  return sum == 0 ? 0 : 1 / sum;
}
