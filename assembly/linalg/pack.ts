// Packs operands of a product into the panels that the tiles of gemm.ts stream.
// A becomes panels of TILE_ROWS rows, B panels of TILE_COLUMNS columns, both with the k axis outermost and the
// missing rows or columns of the last panel 0, so that a tile reads two runs of memory and never past an array.
// Source: Goto and van de Geijn, Anatomy of high-performance matrix multiplication (2008).
import { TILE_ROWS, TILE_COLUMNS } from '../instructions';

/**
 * shapes: x is [lines, k], its lines `strideLine` and its k axis `strideK` floats apart; out is [ceil(lines/width), k, width]
 * with panels of width · panelK floats, of which the first k rows are written
 */
function pack_f32(
  out: usize,
  x: usize,
  lines: u32,
  k: u32,
  strideLine: usize,
  strideK: usize,
  width: u32,
  panelK: u32,
): void {
  for (let line: u32 = 0; line < lines; line += width) {
    let to = out + (((line * panelK) as usize) << 2);
    const count = min(width, lines - line);
    for (let l: u32 = 0; l < k; l++) {
      let from = x + ((line * strideLine + l * strideK) << 2);
      for (let i: u32 = 0; i < count; i++) {
        store<f32>(to, load<f32>(from));
        to += 4;
        from += strideLine << 2;
      }
      for (let i: u32 = count; i < width; i++) {
        store<f32>(to, 0);
        to += 4;
      }
    }
  }
}

/** Packs op(A)[m, k] into panels of TILE_ROWS rows; `a` is stored [k, m] where transposed. */
export function pack_a_f32(out: usize, a: usize, m: u32, k: u32, strideA: usize, transposed: u32): void {
  if (transposed) pack_f32(out, a, m, k, 1, strideA, TILE_ROWS, k);
  else pack_f32(out, a, m, k, strideA, 1, TILE_ROWS, k);
}

/** Packs op(B)[k, n] into panels of TILE_COLUMNS columns; `b` is stored [n, k] where transposed. */
export function pack_b_f32(out: usize, b: usize, n: u32, k: u32, strideB: usize, transposed: u32): void {
  if (transposed) pack_f32(out, b, n, k, strideB, 1, TILE_COLUMNS, k);
  else pack_f32(out, b, n, k, 1, strideB, TILE_COLUMNS, k);
}
