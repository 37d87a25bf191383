// The matrix product out = activation(op(A)·op(B) + bias), or out += op(A)·op(B).
// Blocked for the caches as BLIS does it: blocks of B in the outer cache, of A in the inner one, a tile of out in
// registers (tile.ts); the rows that no tile covers go through gemv.ts. An operand is packed (pack.ts) only where that pays.
// Every element of out begins with its bias (or 0, or itself) and adds its products one by one in the order of k: its
// bits do not depend on M, the strides, the blocking, the path, or whether B was packed before. Up to FEW_COLUMNS
// columns are dot products instead (dot.ts), whose order depends on K alone.
// Shapes: A is [M, K], B is [K, N], out is [M, N].
// Source: Van Zee and van de Geijn, BLIS (2015); choices measured in docs/adr/0003-gemm-tile-and-blocking.md,
// 0009-gemm-on-intel.md and 0015-blocks-strips-and-small-networks.md.
import {
  Gemm,
  UnaryKind,
  BLOCK_BYTES,
  BLOCK_K,
  BLOCK_M,
  BLOCK_N,
  DEEPEST_K,
  FEW_COLUMNS,
  PACK_A_COLUMNS,
  PACK_B_ELEMENTS,
  PACK_B_ROWS,
  SCRATCH_BYTES,
  TILE_COLUMNS,
} from '../instructions';
import { madd } from '../lanes';
import { activate_f32 } from '../nn/activation';
import { Band, Block, bytes } from './block';
import { gemv_f32, gemv_f32_columns, STRIP, stripWidth, VECTOR } from './gemv';
import { pack_a_f32, pack_b_f32, pack_columns_f32, pack_panel_f32 } from './pack';
import {
  gemm_f32_tile,
  gemm_f32_tile_rows,
  gemm_f32_tile_short,
  gemm_f32_tile_short_rows,
  SHORT_ROWS,
  TILE_ROWS,
} from './tile';

const ROWS = TILE_ROWS;
const COLUMNS = TILE_COLUMNS;
/** Columns from which A is packed. Stored by rows it costs a pointer for each row, which the plain build feels earlier. */
const PACK_ROWS: u32 = ASC_FEATURE_RELAXED_SIMD ? 256 : PACK_A_COLUMNS;
const PACK_LINES: u32 = 128;
const zeros = memory.data(STRIP * 4, 16);

/** The next multiple of COLUMNS. */
@inline
function roundUp(n: u32): u32 {
  return (n + COLUMNS - 1) & ~(COLUMNS - 1);
}

/** Where the block at (row, column) of op(x) begins. */
@inline
function at(x: usize, stride: u32, transposed: u32, row: u32, column: u32): usize {
  return x + (transposed ? bytes(stride * column + row) : bytes(stride * row + column));
}

/** One tile, its rows of A side by side or as they are stored. */
@inline
function tile(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  band: Band,
  b: usize,
  stepB: usize,
  k: u32,
): void {
  const rowA = band.rowA;
  if (band.height == ROWS) {
    if (rowA == 4) gemm_f32_tile(out, strideOut, init, strideInit, a, band.stepA, b, stepB, k);
    else gemm_f32_tile_rows(out, strideOut, init, strideInit, a, rowA, b, stepB, k);
  } else if (rowA == 4) gemm_f32_tile_short(out, strideOut, init, strideInit, a, band.stepA, b, stepB, k);
  else gemm_f32_tile_short_rows(out, strideOut, init, strideInit, a, rowA, b, stepB, k);
}

/** Copies the columns of one tile, float by float: there are few of them. */
@inline
function copyTile(out: usize, strideOut: usize, x: usize, strideX: usize, rows: u32, columns: u32): void {
  for (let r: u32 = 0; r < rows; r++, out += strideOut, x += strideX) {
    for (let c: u32 = 0; c < columns; c++) store<f32>(out + bytes(c), load<f32>(x + bytes(c)));
  }
}

/** A tile of which only `columns` columns from `skip` on are missing in out: computed in scratch, those copied. */
function edgeTile(
  out: usize,
  init: usize,
  a: usize,
  band: Band,
  block: Block,
  b: usize,
  skip: u32,
  columns: u32,
): void {
  const stride: usize = COLUMNS * 4;
  const scratch = block.scratch;
  const inside = scratch + bytes(skip);
  copyTile(inside, stride, init, block.strideInit, band.height, columns);
  tile(scratch, stride, scratch, stride, a, band, b, block.stepB, block.k);
  copyTile(out, block.strideOut, inside, stride, band.height, columns);
}

/**
 * The tiles of a band over the panel at column j. The last panel overlaps the one before: that computes some columns
 * twice, unless out goes on from what it holds, when only the others are taken.
 */
function columnOfTiles(block: Block, band: Band, j: u32): void {
  const strideOut = block.strideOut;
  const strideInit = block.strideInit;
  const stepB = block.stepB;
  const k = block.k;
  const tileA = band.tileA;
  const height = band.height;
  const columns = min(COLUMNS, block.n - j);
  const skip = block.n < COLUMNS ? 0 : COLUMNS - columns;
  const twice = skip && !strideInit;
  const begin = twice ? j - skip : j;
  const b = block.b + block.panel * (j / COLUMNS) - (skip ? block.overlap : 0);
  let out = block.out + strideOut * band.first + bytes(begin);
  let init = block.init + strideInit * band.first + (bytes(begin) & block.alongColumns);
  let a = band.a;
  for (let r = band.rows; r > 0; r -= height) {
    if (columns == COLUMNS || twice) tile(out, strideOut, init, strideInit, a, band, b, stepB, k);
    else edgeTile(out, init, a, band, block, b, skip, columns);
    out += strideOut * height;
    init += strideInit * height;
    a += tileA;
  }
}

/** The rows of op(A) from `a` on, outside of tiles, as they are stored. */
@inline
function rowsAsStored(i: Gemm, block: Block, a: usize): void {
  block.a = a;
  block.rowA = i.transposeA ? 4 : bytes(i.strideA);
  block.stepA = i.transposeA ? bytes(i.strideA) : 4;
}

/** A band of `rows` rows of a block from `first` on, whose op(A) begins at `a` and is read as it is stored. */
@inline
function bandAsStored(i: Gemm, band: Band, a: usize, first: u32, rows: u32, height: u32): void {
  band.first = first;
  band.rows = rows;
  band.height = height;
  band.rowA = i.transposeA ? 4 : bytes(i.strideA);
  band.stepA = i.transposeA ? bytes(i.strideA) : 4;
  band.tileA = band.rowA * height;
  band.a = a + band.rowA * first;
}

/** Packs the rows of a band of whole tiles into panels. */
@inline
function packBand(i: Gemm, band: Band, k: u32, panels: usize): void {
  pack_a_f32(panels, band.a, band.rows, k, i.strideA, i.transposeA);
  band.a = panels;
  band.rowA = 4;
  band.stepA = ROWS * 4;
  band.tileA = band.stepA * k;
}

/** How many of m rows short tiles take, at their end: so many that as few as can be are left for single rows. */
function shortRows(m: u32): u32 {
  let best: u32 = 0;
  let least = m % ROWS;
  for (let short = SHORT_ROWS; least && short <= min(m, ROWS * SHORT_ROWS); short += SHORT_ROWS) {
    const rest = (m - short) % ROWS;
    if (rest < least) {
      least = rest;
      best = short;
    }
  }
  return best;
}

/**
 * One block of out: its tiles, panel by panel of B, then the rows below them.
 * panelsA: where to pack A, or 0 to read it as stored; panelB: where to pack the panel of B that is next, or 0
 */
function multiplyBlock(i: Gemm, block: Block, a: usize, b: usize, panelsA: usize, panelB: usize): void {
  const m = block.m;
  const short = shortRows(m);
  const rest = (m - short) % ROWS;
  const whole = m - short - rest;
  const high = changetype<Band>(changetype<usize>(block) + offsetof<Block>());
  const low = changetype<Band>(changetype<usize>(high) + offsetof<Band>());
  bandAsStored(i, high, a, 0, whole, ROWS);
  bandAsStored(i, low, a, whole, short, SHORT_ROWS);
  if (panelsA && whole) packBand(i, high, block.k, panelsA);
  if (m > rest) {
    for (let j: u32 = 0; j < block.n; j += COLUMNS) {
      if (panelB) pack_panel_f32(panelB, b, j, block.n, block.k, i.strideB, i.transposeB);
      if (whole) columnOfTiles(block, high, j);
      if (short) columnOfTiles(block, low, j);
    }
  }
  if (!rest) return;
  rowsAsStored(i, block, a + (i.transposeA ? <usize>4 : bytes(i.strideA)) * (m - rest));
  block.m = rest;
  block.out += block.strideOut * (m - rest);
  block.init += block.strideInit * (m - rest);
  if (panelB) bAsStored(i, block, b);
  gemv_f32(block);
}

/** B from `b` on as it is stored, by rows. */
@inline
function bAsStored(i: Gemm, block: Block, b: usize): void {
  block.b = b;
  block.panel = COLUMNS * 4;
  block.stepB = bytes(i.strideB);
  block.overlap = bytes(roundUp(block.n) - block.n);
}

/** Where the block at (depth, column) of B is: in the panels of PackB, in panels packed here, or as stored. */
function locateB(i: Gemm, block: Block, depth: u32, column: u32, panels: usize, onePanel: bool): void {
  block.stepB = COLUMNS * 4;
  block.panel = block.stepB * block.k;
  block.overlap = 0;
  if (onePanel) {
    block.panel = 0;
    block.b = panels;
  } else if (panels) {
    const b = at(i.b, i.strideB, i.transposeB, depth, column);
    pack_b_f32(panels, b, block.n, block.k, i.strideB, i.transposeB);
    block.b = panels;
  } else if (i.packed) {
    block.panel = block.stepB * i.k;
    block.b = i.b + bytes(column * i.k + depth * COLUMNS);
  } else bAsStored(i, block, at(i.b, i.strideB, 0, depth, column));
}

/** Where the block at (row, column) of out is, and what it begins with. */
function locateOut(i: Gemm, block: Block, row: u32, column: u32, first: bool): void {
  block.out = at(i.out, i.strideOut, 0, row, column);
  block.strideOut = bytes(i.strideOut);
  block.init = block.out;
  block.strideInit = block.strideOut;
  block.alongColumns = -1;
  if (!first || i.accumulate) return;
  block.strideInit = 0;
  block.init = i.bias ? i.bias + bytes(column) : zeros;
  if (!i.bias) block.alongColumns = 0;
}

/** The activation over a finished block of out, while it is in cache. */
function activateBlock(i: Gemm, out: usize, m: u32, n: u32): void {
  const rows: u32 = n == i.strideOut ? 1 : m;
  const run: u32 = n == i.strideOut ? m * n : n;
  const strideOut = bytes(i.strideOut);
  for (let r: u32 = 0; r < rows; r++, out += strideOut) activate_f32(i.activation, out, out, run, i.alpha, i.beta);
}

/**
 * Whether B is packed first: stored transposed, or narrower than a panel, no tile could read it; and many rows read it
 * often enough, unless it stays in the first cache as it is.
 */
@inline
function packsB(i: Gemm): bool {
  if (i.packed) return false;
  return i.transposeB || i.n < COLUMNS || (i.m >= PACK_B_ROWS && i.n * i.k > PACK_B_ELEMENTS);
}

/** Whether A is packed: many columns read it, and there is a whole tile of it. */
@inline
function packsA(i: Gemm): bool {
  return i.m >= ROWS && i.n >= (i.transposeA ? PACK_LINES : PACK_ROWS);
}

/** Blocks of `most` at most, of nearly the same size, `unit` the step between sizes. */
@inline
function evenBlocks(size: u32, most: u32, unit: u32): u32 {
  const count = (size + most - 1) / most;
  const even = (size + count - 1) / count;
  return min(most, even + unit - 1 - ((even + unit - 1) % unit));
}

/** How deep the blocks of a product are: about BLOCK_K, all nearly alike, none deeper than DEEPEST_K. */
@inline
function evenDepth(k: u32): u32 {
  const count = max(1, max((k + BLOCK_K / 2) / BLOCK_K, (k + DEEPEST_K - 1) / DEEPEST_K));
  return min(DEEPEST_K, ((k + count - 1) / count + 3) & ~3);
}

/**
 * One block of columns and depth of the product, by blocks of rows.
 * panelsA: where to pack A, or 0; panelB: where to pack one panel of B after the other, or 0 where B is located already
 */
@inline
function multiplyRows(i: Gemm, block: Block, column: u32, l: u32, height: u32, panelsA: usize, panelB: usize): void {
  const activates: bool = i.activation != UnaryKind.Linear && !i.accumulate && l + block.k == i.k;
  const b = panelB ? at(i.b, i.strideB, i.transposeB, l, column) : 0;
  for (let row: u32 = 0; row < i.m; row += height) {
    const rows = min(height, i.m - row);
    block.m = rows;
    locateOut(i, block, row, column, l == 0);
    const out = block.out;
    multiplyBlock(i, block, at(i.a, i.strideA, i.transposeA, row, l), b, panelsA, panelB);
    if (activates) activateBlock(i, out, rows, block.n);
  }
}

/**
 * The product by blocks: columns of out, then k, then rows, up to BLOCK_M as one block, else by half as many.
 * No block has fewer columns than a panel, unless out has.
 * Where there is one block of rows, each panel of B is packed when its turn comes, and is in the first cache for its tiles.
 */
function multiply(i: Gemm): void {
  const n = i.n;
  const k = i.k;
  const block = changetype<Block>(i.workspace);
  const packA = packsA(i);
  const packB = packsB(i);
  const height = packA ? evenBlocks(i.m, i.m > BLOCK_M ? BLOCK_M / 2 : BLOCK_M, ROWS) : i.m;
  const onePanel = packB && i.m <= height && n >= COLUMNS && !(i.transposeB && (i.m - shortRows(i.m)) % ROWS);
  const breadth = packB && !onePanel ? BLOCK_N : n;
  const depth = evenDepth(k);
  block.scratch = i.workspace + BLOCK_BYTES;
  const panelsB = block.scratch + SCRATCH_BYTES;
  const widest = onePanel ? COLUMNS : roundUp(min(n, breadth + COLUMNS - 1));
  const panelsA = packA ? panelsB + (packB ? bytes(widest * min(k, depth)) : 0) : 0;
  for (let column: u32 = 0; column < n; column += block.n) {
    block.n = n - column < breadth + COLUMNS ? n - column : breadth;
    let l: u32 = 0;
    do {
      block.k = min(depth, k - l);
      locateB(i, block, l, column, packB ? panelsB : 0, onePanel);
      multiplyRows(i, block, column, l, height, panelsA, onePanel ? panelsB : 0);
      l += depth;
    } while (l < k);
  }
}

/** Few rows against B as it can be streamed at once: one block without tiles, nothing packed. */
function multiplyFewRows(i: Gemm): void {
  const block = changetype<Block>(i.workspace);
  block.m = i.m;
  block.n = i.n;
  block.k = i.k;
  locateB(i, block, 0, 0, 0, false);
  locateOut(i, block, 0, 0, true);
  rowsAsStored(i, block, i.a);
  const out = block.out;
  gemv_f32(block);
  if (i.activation != UnaryKind.Linear && !i.accumulate) activateBlock(i, out, i.m, i.n);
}

/** Few columns: dot products of the rows of A, and of B's columns as rows. */
function multiplyFewColumns(i: Gemm): void {
  const strideOut = bytes(i.strideOut);
  let b = i.b;
  let strideB = bytes(i.k);
  if (i.transposeB && !i.packed) strideB = bytes(i.strideB);
  else if (!i.packed && i.strideB > 1) {
    b = i.workspace;
    pack_columns_f32(b, i.b, i.n, i.k, i.strideB, 0);
  }
  gemv_f32_columns(i.out, strideOut, i.bias, i.a, bytes(i.strideA), b, strideB, i.m, i.n, i.k, i.accumulate);
  if (i.activation != UnaryKind.Linear && !i.accumulate) activateBlock(i, i.out, i.m, i.n);
}

/** What the element at (row, column) of out begins with. */
@inline
function start(i: Gemm, row: u32, column: u32): f32 {
  if (i.accumulate) return load<f32>(at(i.out, i.strideOut, 0, row, column));
  return i.bias ? load<f32>(i.bias + bytes(column)) : 0;
}

/** Where column c of op(B) begins, and the bytes between its elements. */
@inline
function columnOfB(i: Gemm, block: Block, c: u32): void {
  block.a = i.packed ? i.b + bytes(c * i.k) : at(i.b, i.strideB, i.transposeB, 0, c);
  block.stepA = i.packed || i.transposeB ? 4 : bytes(i.strideB);
}

/** `width` elements of column c of out from `row` on: a row of outᵀ = op(B)ᵀ·A, in scratch and from there to out. */
function turnedStrip(i: Gemm, block: Block, c: u32, row: u32, width: u32): void {
  const scratch = block.scratch;
  for (let r: u32 = 0; r < width; r++) store<f32>(scratch + bytes(r), start(i, row + r, c));
  block.b = i.a + bytes(row);
  block.n = width;
  block.overlap = bytes(roundUp(width) - width);
  gemv_f32(block);
  for (let r: u32 = 0; r < width; r++) {
    store<f32>(at(i.out, i.strideOut, 0, row + r, c), load<f32>(scratch + bytes(r)));
  }
}

/** One element of out, for products too small for a strip; rounded as in the lanes of one. */
function element(i: Gemm, block: Block, row: u32, c: u32): void {
  let sum = f32x4.splat(start(i, row, c));
  let a = i.a + bytes(row);
  let b = block.a;
  for (let l = i.k; l > 0; l--, a += bytes(i.strideA), b += block.stepA) {
    sum = madd(v128.load32_zero(a), v128.load32_zero(b), sum);
  }
  store<f32>(at(i.out, i.strideOut, 0, row, c), f32x4.extract_lane(sum, 0));
}

/** Few columns of a product with A stored transposed: the lines of A are the rows that a strip streams. */
function multiplyFewColumnsTurned(i: Gemm): void {
  const block = changetype<Block>(i.workspace);
  const m = i.m;
  block.scratch = block.out = block.init = i.workspace + BLOCK_BYTES;
  block.alongColumns = -1;
  block.stepB = bytes(i.strideA);
  block.panel = COLUMNS * 4;
  block.m = 1;
  block.k = i.k;
  for (let c: u32 = 0; c < i.n; c++) {
    columnOfB(i, block, c);
    let row: u32 = 0;
    for (let width: u32 = 0; m >= VECTOR && row < m; row += width) {
      width = stripWidth(m - row);
      turnedStrip(i, block, c, row, width);
    }
    for (; row < m; row++) element(i, block, row, c);
  }
  if (i.activation != UnaryKind.Linear && !i.accumulate) activateBlock(i, i.out, i.m, i.n);
}

/**
 * One row against a few packed panels, all of them whole: what a small network's prediction is made of. The setting up
 * of blocks would cost more than its arithmetic. Begins with the bias and adds in the order of k, as everywhere.
 */
function multiplyRowByPanels(i: Gemm): void {
  const panel = bytes(i.k * COLUMNS);
  const end = i.out + bytes(i.n);
  let b = i.b;
  let bias = i.bias;
  for (let out = i.out; out < end; out += COLUMNS * 4) {
    let c0 = bias ? v128.load(bias) : f32x4.splat(0);
    let c1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
    let a = i.a;
    for (const stop = b + panel; b < stop; b += COLUMNS * 4, a += 4) {
      const x = v128.load32_splat(a);
      c0 = madd(x, v128.load(b), c0);
      c1 = madd(x, v128.load(b, 16), c1);
    }
    v128.store(out, c0);
    v128.store(out, c1, 16);
    if (bias) bias += COLUMNS * 4;
  }
  if (i.activation != UnaryKind.Linear) activate_f32(i.activation, i.out, i.out, i.n, i.alpha, i.beta);
}

export function execGemm(pc: usize): u32 {
  const i = changetype<Gemm>(pc);
  if (i.m == 0 || i.n == 0) return 0;
  const isRow = i.m == 1 && !i.transposeA && !i.accumulate;
  if (isRow && i.packed && !(i.n % COLUMNS) && i.n <= 2 * COLUMNS) multiplyRowByPanels(i);
  else if (i.n > FEW_COLUMNS && i.m < SHORT_ROWS && (i.packed || !i.transposeB)) multiplyFewRows(i);
  else if (i.n > FEW_COLUMNS) multiply(i);
  else if (i.transposeA) multiplyFewColumnsTurned(i);
  else multiplyFewColumns(i);
  return 0;
}
