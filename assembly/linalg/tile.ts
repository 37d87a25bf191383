// The register tiles of the matrix product: TILE_ROWS × 8 elements of out, kept in v128 accumulators over a run of k, and
// SHORT_ROWS × 8 where so many rows are left.
// Six rows where multiply-add is one instruction: 12 accumulators, two vectors of B and one splat of A are the 15
// registers that V8 gives to WebAssembly on x64. Five where it is two, because the product needs a register as well.
// One step of k for each turn of the loop, and the test at its top: Binaryen and V8 reorder the steps of an unrolled
// loop and spill; a branch behind the loop, as for an activation, does the same (docs/adr/0003-gemm-tile-and-blocking.md).
// All strides are in bytes. Shapes: A is [rows, K], B is [K, 8], out is [rows, 8].
import { madd } from '../lanes';

/** The rows of a tile in this build. */
export const TILE_ROWS: u32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
/** The rows of a short tile: its eight chains are as many as keep the arithmetic busy. */
export const SHORT_ROWS: u32 = 4;

/** Element (r, l) of A at a + 4·r + l·stepA; `rows` is known when this is compiled. */
@inline
function tileOfPanel(
  rows: u32,
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  init += strideInit;
  let c10 = v128.load(init);
  let c11 = v128.load(init, 16);
  init += strideInit;
  let c20 = v128.load(init);
  let c21 = v128.load(init, 16);
  init += strideInit;
  let c30 = v128.load(init);
  let c31 = v128.load(init, 16);
  init += strideInit;
  let c40 = rows > 4 ? v128.load(init) : i32x4.splat(0);
  let c41 = rows > 4 ? v128.load(init, 16) : i32x4.splat(0);
  init += strideInit;
  let c50 = rows > 5 ? v128.load(init) : i32x4.splat(0);
  let c51 = rows > 5 ? v128.load(init, 16) : i32x4.splat(0);
  for (const end = b + stepB * k; b < end; b += stepB, a += stepA) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    if (rows > 4) {
      x = v128.load32_splat(a, 16);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
    }
    if (rows > 5) {
      x = v128.load32_splat(a, 20);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
    }
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += strideOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += strideOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += strideOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  if (rows > 4) {
    out += strideOut;
    v128.store(out, c40);
    v128.store(out, c41, 16);
  }
  if (rows > 5) {
    out += strideOut;
    v128.store(out, c50);
    v128.store(out, c51, 16);
  }
}

/** Element (r, l) of A at a + r·strideA + 4·l. */
@inline
function tileOfRows(
  rows: u32,
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  strideA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  init += strideInit;
  let c10 = v128.load(init);
  let c11 = v128.load(init, 16);
  init += strideInit;
  let c20 = v128.load(init);
  let c21 = v128.load(init, 16);
  init += strideInit;
  let c30 = v128.load(init);
  let c31 = v128.load(init, 16);
  init += strideInit;
  let c40 = rows > 4 ? v128.load(init) : i32x4.splat(0);
  let c41 = rows > 4 ? v128.load(init, 16) : i32x4.splat(0);
  init += strideInit;
  let c50 = rows > 5 ? v128.load(init) : i32x4.splat(0);
  let c51 = rows > 5 ? v128.load(init, 16) : i32x4.splat(0);
  let a1 = a + strideA;
  let a2 = a1 + strideA;
  let a3 = a2 + strideA;
  let a4 = a3 + strideA;
  let a5 = a4 + strideA;
  for (const end = a + ((<usize>k) << 2); a < end; b += stepB) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a1);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    a1 += 4;
    x = v128.load32_splat(a2);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    a2 += 4;
    x = v128.load32_splat(a3);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a3 += 4;
    if (rows > 4) {
      x = v128.load32_splat(a4);
      c40 = madd(x, b0, c40);
      c41 = madd(x, b1, c41);
      a4 += 4;
    }
    if (rows > 5) {
      x = v128.load32_splat(a5);
      c50 = madd(x, b0, c50);
      c51 = madd(x, b1, c51);
      a5 += 4;
    }
    a += 4;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += strideOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += strideOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += strideOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  if (rows > 4) {
    out += strideOut;
    v128.store(out, c40);
    v128.store(out, c41, 16);
  }
  if (rows > 5) {
    out += strideOut;
    v128.store(out, c50);
    v128.store(out, c51, 16);
  }
}

/**
 * formula: out = init + A·B, the products added in the order of k
 * shapes: element (r, l) of A at a + 4·r + l·stepA (a packed panel, or A stored transposed); row l of B at b + l·stepB;
 *   row r of out at out + r·strideOut, of init at init + r·strideInit
 * alias: init may be out
 * edge: NaN and infinities as IEEE has them
 */
export function gemm_f32_tile(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  tileOfPanel(TILE_ROWS, out, strideOut, init, strideInit, a, stepA, b, stepB, k);
}

/** The same tile on A as its rows are stored: element (r, l) of A at a + r·strideA + 4·l. Nothing of A is packed. */
export function gemm_f32_tile_rows(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  strideA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  tileOfRows(TILE_ROWS, out, strideOut, init, strideInit, a, strideA, b, stepB, k);
}

/** Both for SHORT_ROWS rows. */
export function gemm_f32_tile_short(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  tileOfPanel(SHORT_ROWS, out, strideOut, init, strideInit, a, stepA, b, stepB, k);
}

export function gemm_f32_tile_short_rows(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  strideA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  tileOfRows(SHORT_ROWS, out, strideOut, init, strideInit, a, strideA, b, stepB, k);
}
