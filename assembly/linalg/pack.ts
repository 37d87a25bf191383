// Packs operands of a product into the panels that the tiles of tile.ts stream.
// A becomes panels of TILE_ROWS rows (whole ones only), B panels of TILE_COLUMNS columns, both with the k axis
// outermost. The last panel of B holds its last TILE_COLUMNS columns, some of them for the second time, so that every
// panel is a whole one; only where B has fewer columns than that are the missing ones 0.
// Where B has fewer columns than a vector has lanes, PackB writes them as rows instead: gemv.ts takes dot products.
// Source: Goto and van de Geijn, Anatomy of high-performance matrix multiplication (2008).
import { PackB, FEW_COLUMNS, TILE_COLUMNS } from '../instructions';
import { bytes } from './block';
import { transpose4x4 } from './copy';
import { TILE_ROWS } from './tile';

const ROWS = TILE_ROWS;
const STEP_A: usize = TILE_ROWS * 4;
const STEP_B: usize = TILE_COLUMNS * 4;

/** One panel of A from its rows: four of them by 4×4 blocks, the others word by word. */
function packRows(out: usize, a: usize, k: u32, strideA: usize): void {
  let l: u32 = 0;
  for (; l + 4 <= k; l += 4, out += 4 * STEP_A, a += 16) {
    transpose4x4(out, STEP_A, a, strideA);
    for (let r: u32 = 4; r < ROWS; r++) {
      const x = v128.load(a + strideA * r);
      const to = out + bytes(r);
      v128.store_lane<f32>(to, x, 0);
      v128.store_lane<f32>(to, x, 1, STEP_A);
      v128.store_lane<f32>(to, x, 2, 2 * STEP_A);
      v128.store_lane<f32>(to, x, 3, 3 * STEP_A);
    }
  }
  for (; l < k; l++, out += STEP_A, a += 4) {
    for (let r: u32 = 0; r < ROWS; r++) store<f32>(out + bytes(r), load<f32>(a + strideA * r));
  }
}

/** One panel of A from A stored transposed: TILE_ROWS neighbours of each of its k lines. */
function packLines(out: usize, a: usize, k: u32, strideA: usize): void {
  for (let l: u32 = 0; l < k; l++, out += STEP_A, a += strideA) {
    v128.store(out, v128.load(a));
    if (ROWS == 6) store<u64>(out, load<u64>(a, 16), 16);
    else store<f32>(out, load<f32>(a, 16), 16);
  }
}

/** Packs the first m rows (a multiple of TILE_ROWS) of op(A)[m, k]; `a` is stored [k, m] where transposed. */
export function pack_a_f32(out: usize, a: usize, m: u32, k: u32, strideA: u32, transposed: u32): void {
  const stride = bytes(strideA);
  const panel = STEP_A * k;
  for (let r: u32 = 0; r < m; r += ROWS, out += panel) {
    if (transposed) packLines(out, a + bytes(r), k, stride);
    else packRows(out, a + stride * r, k, stride);
  }
}

/** One whole panel of B from its rows. */
function packColumns(out: usize, b: usize, k: u32, strideB: usize): void {
  for (let l: u32 = 0; l < k; l++, out += STEP_B, b += strideB) {
    v128.store(out, v128.load(b));
    v128.store(out, v128.load(b, 16), 16);
  }
}

/** One whole panel of B from B stored transposed: eight lines by 4×4 blocks. */
function packColumnsTransposed(out: usize, b: usize, k: u32, strideB: usize): void {
  let l: u32 = 0;
  for (; l + 4 <= k; l += 4, out += 4 * STEP_B, b += 16) {
    transpose4x4(out, STEP_B, b, strideB);
    transpose4x4(out + 16, STEP_B, b + 4 * strideB, strideB);
  }
  for (; l < k; l++, out += STEP_B, b += 4) {
    for (let c: u32 = 0; c < TILE_COLUMNS; c++) store<f32>(out + bytes(c), load<f32>(b + strideB * c));
  }
}

/** The only panel of a B of fewer columns, the missing ones 0. */
function packNarrow(out: usize, b: usize, columns: u32, k: u32, stepK: usize, stepColumn: usize): void {
  for (let l: u32 = 0; l < k; l++, out += STEP_B, b += stepK) {
    let c: u32 = 0;
    for (; c < columns; c++) store<f32>(out + bytes(c), load<f32>(b + stepColumn * c));
    for (; c < TILE_COLUMNS; c++) store<f32>(out + bytes(c), 0);
  }
}

/** Packs op(B)[k, n] into panels of TILE_COLUMNS columns; `b` is stored [n, k] where transposed. */
export function pack_b_f32(out: usize, b: usize, n: u32, k: u32, strideB: u32, transposed: u32): void {
  const stride = bytes(strideB);
  const stepColumn = transposed ? stride : 4;
  if (n < TILE_COLUMNS) {
    packNarrow(out, b, n, k, transposed ? 4 : stride, stepColumn);
    return;
  }
  const panel = STEP_B * k;
  for (let j: u32 = 0; j < n; j += TILE_COLUMNS, out += panel) {
    const from = b + stepColumn * min(j, n - TILE_COLUMNS);
    if (transposed) packColumnsTransposed(out, from, k, stride);
    else packColumns(out, from, k, stride);
  }
}

/** Packs the panel of op(B)[k, n], n ≥ TILE_COLUMNS, that begins at column j: the last of them takes the last columns. */
export function pack_panel_f32(out: usize, b: usize, j: u32, n: u32, k: u32, strideB: u32, transposed: u32): void {
  const stride = bytes(strideB);
  const from = b + (transposed ? stride : 4) * min(j, n - TILE_COLUMNS);
  if (transposed) packColumnsTransposed(out, from, k, stride);
  else packColumns(out, from, k, stride);
}

/** Writes the n columns of op(B)[k, n] as n rows of k. */
export function pack_columns_f32(out: usize, b: usize, n: u32, k: u32, strideB: u32, transposed: u32): void {
  const stride = bytes(strideB);
  for (let c: u32 = 0; c < n; c++) {
    if (transposed) {
      memory.copy(out, b + stride * c, bytes(k));
      out += bytes(k);
      continue;
    }
    let from = b + bytes(c);
    for (let l: u32 = 0; l < k; l++, out += 4, from += stride) store<f32>(out, load<f32>(from));
  }
}

/** The bytes that PackB writes for a matrix of n columns. */
@inline
export function packedBytes(n: u32, k: u32): usize {
  return bytes(k * (n <= FEW_COLUMNS ? n : (n + TILE_COLUMNS - 1) & ~(TILE_COLUMNS - 1)));
}

export function execPackB(pc: usize): u32 {
  const i = changetype<PackB>(pc);
  if (i.n <= FEW_COLUMNS) pack_columns_f32(i.out, i.b, i.n, i.k, i.strideB, i.transposeB);
  else pack_b_f32(i.out, i.b, i.n, i.k, i.strideB, i.transposeB);
  return 0;
}
