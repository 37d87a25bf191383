// Moves words without computing: transpose, strided copy, fill, one-hot rows.
// All of them treat 32-bit words, so that integers and NaN payloads arrive as they are.
import { Transpose, Copy, Fill, OneHot } from '../instructions';

/**
 * Rows and columns of the blocks that a transpose works through. Few columns: lines of out a power of two apart share a
 * set of the first cache, which holds eight at least.
 */
const BLOCK_ROWS: u32 = 64;
const BLOCK_COLUMNS: u32 = 8;

/** Four rows of four words, `strideX` bytes apart, written as their four columns, `strideOut` bytes apart. */
@inline
export function transpose4x4(out: usize, strideOut: usize, x: usize, strideX: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + strideX);
  const r2 = v128.load(x + 2 * strideX);
  const r3 = v128.load(x + 3 * strideX);
  const t0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(t0, t1, 0, 2));
  v128.store(out + strideOut, v128.shuffle<i64>(t0, t1, 1, 3));
  v128.store(out + 2 * strideOut, v128.shuffle<i64>(t2, t3, 0, 2));
  v128.store(out + 3 * strideOut, v128.shuffle<i64>(t2, t3, 1, 3));
}

/** The words of x[rows, columns] that no 4×4 block covers, one by one. */
@inline
function transposeEdge(out: usize, strideOut: usize, x: usize, strideX: usize, rows: u32, columns: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c++) {
      store<u32>(out + strideOut * c + ((<usize>r) << 2), load<u32>(x + strideX * r + ((<usize>c) << 2)));
    }
  }
}

/** One block of a transpose, at most BLOCK_ROWS × BLOCK_COLUMNS; strides in bytes. */
function transposeBlock(out: usize, strideOut: usize, x: usize, strideX: usize, rows: u32, columns: u32): void {
  const wholeRows = rows & ~3;
  const wholeColumns = columns & ~3;
  for (let r: u32 = 0; r < wholeRows; r += 4) {
    for (let c: u32 = 0; c < wholeColumns; c += 4) {
      const to = out + strideOut * c + ((<usize>r) << 2);
      transpose4x4(to, strideOut, x + strideX * r + ((<usize>c) << 2), strideX);
    }
  }
  if (columns & 3) {
    const column = (<usize>wholeColumns) << 2;
    transposeEdge(out + strideOut * wholeColumns, strideOut, x + column, strideX, wholeRows, columns & 3);
  }
  if (rows & 3) {
    const row = (<usize>wholeRows) << 2;
    transposeEdge(out + row, strideOut, x + strideX * wholeRows, strideX, rows & 3, columns);
  }
}

/**
 * formula: out[c, r] = x[r, c]
 * shapes: x is [rows, columns], out [columns, rows], both row-major without gaps
 * alias: out and x must not overlap
 * tail: rows and columns beyond the last 4×4 block word by word
 */
export function transpose_f32(out: usize, x: usize, rows: u32, columns: u32): void {
  const strideOut = (<usize>rows) << 2;
  const strideX = (<usize>columns) << 2;
  for (let r: u32 = 0; r < rows; r += BLOCK_ROWS) {
    for (let c: u32 = 0; c < columns; c += BLOCK_COLUMNS) {
      const to = out + strideOut * c + ((<usize>r) << 2);
      const from = x + strideX * r + ((<usize>c) << 2);
      transposeBlock(to, strideOut, from, strideX, min(BLOCK_ROWS, rows - r), min(BLOCK_COLUMNS, columns - c));
    }
  }
}

export function execTranspose(pc: usize): u32 {
  const i = changetype<Transpose>(pc);
  const bytes = (<usize>(i.rows * i.columns)) << 2;
  for (let b: u32 = 0; b < i.batch; b++) transpose_f32(i.out + bytes * b, i.x + bytes * b, i.rows, i.columns);
  return 0;
}

/** out[r, c] = x[r, c] for rows `strideOut` and `strideX` words apart; out and x must not overlap. */
export function copy_f32(out: usize, x: usize, rows: u32, columns: u32, strideOut: u32, strideX: u32): void {
  if (strideOut == columns && strideX == columns) {
    memory.copy(out, x, (<usize>(rows * columns)) << 2);
    return;
  }
  const bytes = (<usize>columns) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    memory.copy(out, x, bytes);
    out += (<usize>strideOut) << 2;
    x += (<usize>strideX) << 2;
  }
}

export function execCopy(pc: usize): u32 {
  const i = changetype<Copy>(pc);
  copy_f32(i.out, i.x, i.rows, i.columns, i.strideOut, i.strideX);
  return 0;
}

/** out[i] = value, its bits as they are. */
export function fill_f32(out: usize, n: u32, value: u32): void {
  const lanes = i32x4.splat(value);
  const end = out + ((<usize>n) << 2);
  const whole = out + ((<usize>(n & ~3)) << 2);
  for (; out < whole; out += 16) v128.store(out, lanes);
  for (; out < end; out += 4) store<u32>(out, value);
}

export function execFill(pc: usize): u32 {
  const i = changetype<Fill>(pc);
  fill_f32(i.out, i.n, load<u32>(pc + offsetof<Fill>('value')));
  return 0;
}

/**
 * formula: out[r, c] = 1 where c = index[r], else 0
 * shapes: out [rows, columns] of f32, index [rows] of i32
 * alias: none
 * edge: an index outside the columns gives a row of zeros
 */
export function execOneHot(pc: usize): u32 {
  const i = changetype<OneHot>(pc);
  const stride = (<usize>i.columns) << 2;
  memory.fill(i.out, 0, stride * i.rows);
  for (let row: u32 = 0, out = i.out; row < i.rows; row++, out += stride) {
    const index = load<u32>(i.index + (row << 2));
    if (index < i.columns) store<f32>(out + ((<usize>index) << 2), 1);
  }
  return 0;
}
