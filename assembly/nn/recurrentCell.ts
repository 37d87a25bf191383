// What the cells of recurrentForward.ts and recurrentBackwardCells.ts have in common: where the arrays of one time step
// lie, and how a vector of them is read and written. A cell function computes eight units of a few samples, by two
// vectors of four, from the sums of the recurrent product.
// Shapes: B batch, H units, HP = H rounded up to whole panels of eight; states are [B, HP], the rest has H columns.
import { loadUpTo, storeUpTo } from '../lanes';

/** One time step. Addresses are of sample 0 and unit 0, strides are bytes between samples; 0 where it is not there. */
@unmanaged
export class Cell {
  /** The first of the eight units in hand, in bytes, and how many of them exist. */
  unit: usize;
  columns: i32;
  /** Gate g of the product's sums: eight floats at sums + 32·g for the first sample in hand. */
  sums: usize;
  strideSums: usize;
  /** The bytes from one gate to the next of what has H columns a gate. */
  gate: usize;
  /** The inputs' part of the gates' sums. */
  projected: usize;
  strideProjected: usize;
  /** States before and after the step. */
  h: usize;
  hNext: usize;
  c: usize;
  cNext: usize;
  strideState: usize;
  out: usize;
  strideOut: usize;
  /** What the backward pass needs: the gates' values, the states before the step. */
  gates: usize;
  strideGates: usize;
  previous: usize;
  previousCell: usize;
  strideSaved: usize;
  /** One float a sample, 0 at padding. */
  mask: usize;
  strideMask: usize;
  /** [B, H], multiplies what the product reads of the state. */
  dropout: usize;
  /** The backward pass alone: the gradients of the gates' sums, by inputs and by states. */
  dProjected: usize;
  dRecurrent: usize;
}

export const CELL_BYTES: usize = 128;

/** Computes `rows` samples from `first` on. */
export type CellFunction = (cell: Cell, first: u32, rows: u32) => void;

@inline
export function isPadding(cell: Cell, sample: u32): bool {
  return cell.mask != 0 && load<f32>(cell.mask + cell.strideMask * sample) == 0;
}

/** Where the units in hand of a sample are, or 0 where the array is not there. */
@inline
export function place(cell: Cell, array: usize, stride: usize, sample: u32): usize {
  return array ? array + stride * sample + cell.unit : 0;
}

/** Writes the first `columns` lanes, where there is an array for them. */
@inline
export function keep(address: usize, value: v128, columns: i32): void {
  if (address) storeUpTo(address, value, <u32>columns);
}

/** The first `columns` lanes; missing ones are 0. */
@inline
export function take(address: usize, columns: i32): v128 {
  return loadUpTo(address, <u32>columns);
}

/** A state as the product reads it; dropout: its place, or 0. */
@inline
export function thinned(h: v128, dropout: usize, columns: i32): v128 {
  return dropout ? f32x4.mul(h, take(dropout, columns)) : h;
}
