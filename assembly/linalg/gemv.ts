// Products of a few rows: one row of A against strips of B's columns, and many rows against very few columns.
// A row is a vector of accumulators for each strip of up to 48 columns while B streams past once, in the order of k, so
// that a row has the same bits here as in a tile of gemm.ts. Used for single samples and for the rows that no tile covers.
// Up to FEW_COLUMNS columns are dot products (dot.ts) of a row of A with a column of B laid out as a row.
// Strides are in bytes. Shapes: A is [M, K], B is [K, N], out is [M, N].
import { TILE_COLUMNS } from '../instructions';
import { madd } from '../lanes';
import { Block, bytes } from './block';
import { dot_f32 } from './dot';

/** The columns of a whole strip, of six groups of eight; narrower ones have four. */
export const STRIP: u32 = 48;
const NARROW_STRIP: u32 = 32;
export const VECTOR: u32 = 4;

/**
 * formula: out[g, 8] = init[g, 8] + Σ_l a[l] · B[l, g, 8] for four groups g of eight columns
 * shapes: group g of out and init lies `at_g` bytes from their start, row l of its columns at b_g + l·stepB;
 *   groups may overlap: they then compute the same bits twice
 * alias: init may be out
 */
export function gemv_f32_4x8(
  out: usize,
  init: usize,
  at1: usize,
  at2: usize,
  at3: usize,
  a: usize,
  stepA: usize,
  b0: usize,
  b1: usize,
  b2: usize,
  b3: usize,
  stepB: usize,
  k: u32,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  let c10 = v128.load(init + at1);
  let c11 = v128.load(init + at1, 16);
  let c20 = v128.load(init + at2);
  let c21 = v128.load(init + at2, 16);
  let c30 = v128.load(init + at3);
  let c31 = v128.load(init + at3, 16);
  for (const end = b0 + stepB * k; b0 < end; a += stepA) {
    const x = v128.load32_splat(a);
    c00 = madd(x, v128.load(b0), c00);
    c01 = madd(x, v128.load(b0, 16), c01);
    c10 = madd(x, v128.load(b1), c10);
    c11 = madd(x, v128.load(b1, 16), c11);
    c20 = madd(x, v128.load(b2), c20);
    c21 = madd(x, v128.load(b2, 16), c21);
    c30 = madd(x, v128.load(b3), c30);
    c31 = madd(x, v128.load(b3, 16), c31);
    b0 += stepB;
    b1 += stepB;
    b2 += stepB;
    b3 += stepB;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out + at1, c10);
  v128.store(out + at1, c11, 16);
  v128.store(out + at2, c20);
  v128.store(out + at2, c21, 16);
  v128.store(out + at3, c30);
  v128.store(out + at3, c31, 16);
}

/**
 * The same function, called through the table as the handlers of program.ts are: else Binaryen inlines it into its only
 * caller, where V8 (Node 20) keeps an accumulator on the stack.
 */
const fourGroups: (
  out: usize,
  init: usize,
  at1: usize,
  at2: usize,
  at3: usize,
  a: usize,
  stepA: usize,
  b0: usize,
  b1: usize,
  b2: usize,
  b3: usize,
  stepB: usize,
  k: u32,
) => void = gemv_f32_4x8;

/**
 * formula: out[g, 8] = init[g, 8] + Σ_l a[l] · B[l, g, 8] for six groups g of eight columns that follow one another
 * shapes: row l of the columns of group g at b + g·panel + l·stepB; out and init are 48 floats
 * alias: init may be out
 * Written out as gemv_f32_4x8 is: accumulators stay in registers as variables only. Why six groups: docs/adr/0015.
 */
export function gemv_f32_6x8(
  out: usize,
  init: usize,
  a: usize,
  stepA: usize,
  b0: usize,
  panel: usize,
  stepB: usize,
  k: u32,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  let c10 = v128.load(init, 32);
  let c11 = v128.load(init, 48);
  let c20 = v128.load(init, 64);
  let c21 = v128.load(init, 80);
  let c30 = v128.load(init, 96);
  let c31 = v128.load(init, 112);
  let c40 = v128.load(init, 128);
  let c41 = v128.load(init, 144);
  let c50 = v128.load(init, 160);
  let c51 = v128.load(init, 176);
  let b1 = b0 + panel;
  let b2 = b1 + panel;
  let b3 = b2 + panel;
  let b4 = b3 + panel;
  let b5 = b4 + panel;
  for (const end = b0 + stepB * k; b0 < end; a += stepA) {
    const x = v128.load32_splat(a);
    c00 = madd(x, v128.load(b0), c00);
    c01 = madd(x, v128.load(b0, 16), c01);
    c10 = madd(x, v128.load(b1), c10);
    c11 = madd(x, v128.load(b1, 16), c11);
    c20 = madd(x, v128.load(b2), c20);
    c21 = madd(x, v128.load(b2, 16), c21);
    c30 = madd(x, v128.load(b3), c30);
    c31 = madd(x, v128.load(b3, 16), c31);
    c40 = madd(x, v128.load(b4), c40);
    c41 = madd(x, v128.load(b4, 16), c41);
    c50 = madd(x, v128.load(b5), c50);
    c51 = madd(x, v128.load(b5, 16), c51);
    b0 += stepB;
    b1 += stepB;
    b2 += stepB;
    b3 += stepB;
    b4 += stepB;
    b5 += stepB;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  v128.store(out, c10, 32);
  v128.store(out, c11, 48);
  v128.store(out, c20, 64);
  v128.store(out, c21, 80);
  v128.store(out, c30, 96);
  v128.store(out, c31, 112);
  v128.store(out, c40, 128);
  v128.store(out, c41, 144);
  v128.store(out, c50, 160);
  v128.store(out, c51, 176);
}

/** Through the table, as `fourGroups`. */
const sixGroups: (
  out: usize,
  init: usize,
  a: usize,
  stepA: usize,
  b: usize,
  panel: usize,
  stepB: usize,
  k: u32,
) => void = gemv_f32_6x8;

/** The same for two groups of four columns, the second `at` bytes behind the first. */
export function gemv_f32_2x4(
  out: usize,
  init: usize,
  at: usize,
  a: usize,
  stepA: usize,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  let c0 = v128.load(init);
  let c1 = v128.load(init + at);
  for (const end = b + stepB * k; b < end; b += stepB, a += stepA) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b + at), c1);
  }
  v128.store(out, c0);
  v128.store(out + at, c1);
}

/** How many columns the next strip takes of those that remain: never leaves fewer than eight behind. */
@inline
export function stripWidth(remaining: u32): u32 {
  if (remaining == STRIP || remaining >= STRIP + TILE_COLUMNS) return STRIP;
  if (remaining <= NARROW_STRIP) return remaining;
  return remaining < NARROW_STRIP + TILE_COLUMNS ? NARROW_STRIP - TILE_COLUMNS : NARROW_STRIP;
}

/** Rows of a block against a whole strip of its columns from j on. */
function wholeStripOfRows(block: Block, j: u32): void {
  const b = block.b + block.panel * (j / TILE_COLUMNS);
  let out = block.out + bytes(j);
  let init = block.init + (bytes(j) & block.alongColumns);
  let a = block.a;
  for (let r = block.m; r > 0; r--) {
    sixGroups(out, init, a, block.stepA, b, block.panel, block.stepB, block.k);
    out += block.strideOut;
    init += block.strideInit;
    a += block.rowA;
  }
}

/** Rows of a block against its columns j to j + width, in four groups of eight, the last of them overlapping. */
function stripOfRows(block: Block, j: u32, width: u32): void {
  const last = (width - 1) / TILE_COLUMNS;
  const panel = block.panel;
  const b = block.b + panel * (j / TILE_COLUMNS);
  const b3 = b + panel * last - (width % TILE_COLUMNS ? block.overlap : 0);
  const b1 = last > 1 ? b + panel : b3;
  const b2 = last > 2 ? b + 2 * panel : b3;
  const at3 = bytes(width - TILE_COLUMNS);
  const at1 = last > 1 ? <usize>32 : at3;
  const at2 = last > 2 ? <usize>64 : at3;
  const stepA = block.stepA;
  const stepB = block.stepB;
  const k = block.k;
  let out = block.out + bytes(j);
  let init = block.init + (bytes(j) & block.alongColumns);
  let a = block.a;
  for (let r = block.m; r > 0; r--) {
    fourGroups(out, init, at1, at2, at3, a, stepA, b, b1, b2, b3, stepB, k);
    out += block.strideOut;
    init += block.strideInit;
    a += block.rowA;
  }
}

/** Rows of a block of four to seven columns. */
function narrowRows(block: Block): void {
  const second = bytes(block.n - VECTOR);
  let out = block.out;
  let init = block.init;
  let a = block.a;
  for (let r = block.m; r > 0; r--) {
    gemv_f32_2x4(out, init, second, a, block.stepA, block.b, block.stepB, block.k);
    out += block.strideOut;
    init += block.strideInit;
    a += block.rowA;
  }
}

/**
 * formula: out[m, n] = init[m, n] + A·B, the products added in the order of k
 * shapes: as Block has them; n ≥ 4
 * tail: the last columns by a group of eight (or four) that overlaps the one before, in the same call: the overlapping
 *   elements are computed twice from the same init, never from each other
 */
export function gemv_f32(block: Block): void {
  const n = block.n;
  if (n < TILE_COLUMNS) {
    narrowRows(block);
    return;
  }
  let width: u32 = 0;
  for (let j: u32 = 0; j < n; j += width) {
    width = stripWidth(n - j);
    if (width == STRIP) wholeStripOfRows(block, j);
    else stripOfRows(block, j, width);
  }
}

/**
 * formula: out[m, n] = start + A·B with n ≤ FEW_COLUMNS, each element one dot product
 * shapes: row r of A at a + r·strideA, its k elements side by side; column c of B at b + c·strideB, likewise;
 *   start is out itself where accumulate, else bias[n] or, where bias is 0, zero
 */
export function gemv_f32_columns(
  out: usize,
  strideOut: usize,
  bias: usize,
  a: usize,
  strideA: usize,
  b: usize,
  strideB: usize,
  m: u32,
  n: u32,
  k: u32,
  accumulate: u32,
): void {
  for (let r: u32 = 0; r < m; r++, out += strideOut, a += strideA) {
    for (let c: u32 = 0; c < n; c++) {
      const to = out + bytes(c);
      let start: f32 = 0;
      if (accumulate) start = load<f32>(to);
      else if (bias) start = load<f32>(bias + bytes(c));
      store<f32>(to, dot_f32(a, b + strideB * c, k) + start);
    }
  }
}
