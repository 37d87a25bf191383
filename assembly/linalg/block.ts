// One block of a product, as the loops of gemm.ts hand it to the tiles and to gemv.ts: out = init + A·B.
// All steps and strides are in bytes.
@unmanaged
export class Block {
  /** Its place in out, and the bytes from one row to the next. */
  out: usize;
  strideOut: usize;
  /** What each row begins with: a row of the bias (stride 0), zeros (stride 0), or out itself. */
  init: usize;
  strideInit: usize;
  /** All ones where init goes along with the columns of out; 0 where it is the same STRIP of zeros for all. */
  alongColumns: usize;
  /** Element (r, l) of A is at a + r·rowA + l·stepA, for rows that no tile takes. */
  a: usize;
  rowA: usize;
  stepA: usize;
  /**
   * Row l of the panel p of eight columns of B is at b + p·panel + l·stepB. Where n is no multiple of eight, the last
   * panel holds the last eight columns of B; it begins `overlap` bytes before that place.
   */
  b: usize;
  stepB: usize;
  panel: usize;
  overlap: usize;
  m: u32;
  n: u32;
  k: u32;
  /** A place for STRIP columns of one row, or for one tile. */
  scratch: usize;
}

/** Rows of a block that tiles of one height take. */
@unmanaged
export class Band {
  /** The first of them, and how many there are: a multiple of `height`. */
  first: u32;
  rows: u32;
  /** Rows of a tile. */
  height: u32;
  /** Element (r, l) of a tile's rows of A is at a + r·rowA + l·stepA; the next tile is tileA further. */
  a: usize;
  rowA: usize;
  stepA: usize;
  tileA: usize;
}

/** Elements to bytes. */
@inline
export function bytes(elements: u32): usize {
  return (<usize>elements) << 2;
}
