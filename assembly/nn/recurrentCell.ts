// What the cells of recurrentForward.ts and recurrentBackward.ts have in common: where the arrays of one time step lie,
// and how a vector of them is read and written. A cell function computes eight units of a few samples from the sums of
// the recurrent product; it may be called twice for a sample (a last tile overlaps the one before), so it never reads
// what it writes.
// Shapes: B batch, H units, HP = H rounded up to whole panels of eight; states are [B, HP], the rest has H columns.
import { loadUpTo, storeUpTo } from '../lanes';

/** One time step. Addresses are of sample 0 and unit 0, strides are bytes between samples; 0 where it is not there. */
@unmanaged
export class Cell {
  /** The first of the eight units in hand, in bytes, and how many of them exist. */
  unit: usize;
  columns: u32;
  /** Gate g of the product's sums: eight floats at sums + 32·g for the first sample in hand. */
  sums: usize;
  strideSums: usize;
  /** The bytes from one gate to the next of what has H columns a gate. */
  gate: usize;
  /** The inputs' part of the gates' sums. */
  projected: usize;
  strideProjected: usize;
  /** States before and after the step, and what the product reads of the former. */
  h: usize;
  hNext: usize;
  c: usize;
  cNext: usize;
  seen: usize;
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

/** How many columns there are from the vector at `offset` bytes on; 0 or less for none. */
@inline
export function columnsAt(cell: Cell, offset: usize): i32 {
  return <i32>cell.columns - <i32>(offset >> 2);
}

/** The vector at `offset` bytes of the units in hand, from an array of H columns; missing ones are 0. */
@inline
export function take(cell: Cell, array: usize, stride: usize, sample: u32, offset: usize): v128 {
  return loadUpTo(array + stride * sample + cell.unit + offset, <u32>columnsAt(cell, offset));
}

/** Writes a vector of an array of H columns, where that is wanted at all. */
@inline
export function keep(cell: Cell, array: usize, stride: usize, sample: u32, offset: usize, value: v128): void {
  if (array) storeUpTo(array + stride * sample + cell.unit + offset, value, <u32>columnsAt(cell, offset));
}

/** The vector of a state [B, HP]. */
@inline
export function state(cell: Cell, array: usize, sample: u32, offset: usize): v128 {
  return v128.load(array + cell.strideState * sample + cell.unit + offset);
}

@inline
export function setState(cell: Cell, array: usize, sample: u32, offset: usize, value: v128): void {
  v128.store(array + cell.strideState * sample + cell.unit + offset, value);
}

/** A state, as the product saw it. */
@inline
export function thinned(cell: Cell, h: v128, sample: u32, offset: usize): v128 {
  if (!cell.dropout) return h;
  return f32x4.mul(h, take(cell, cell.dropout, cell.gate, sample, offset));
}
