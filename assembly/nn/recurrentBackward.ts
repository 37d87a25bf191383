// The time loop of recurrent layers, backward: from the last step to the first, each a product of the gradients of the
// gates' sums one step behind with the transposed kernel, and the cells' gradients (recurrentBackwardCells.ts).
// Not here: the gradients of the weights, which are two products over all steps at once and belong to the graph.
// Shapes: as in recurrent.ts.
import { BLOCK_BYTES, RecurrentBackward, RecurrentKind } from '../instructions';
import { Block, bytes } from '../linalg/block';
import { fillState, gatesOf, readState, savedOf, scratchBytes, stateBytes } from './recurrent';
import {
  first_cell_backward_f32,
  gru_after_cell_backward_f32,
  gru_before_cell_backward_f32,
  gru_gates_cell_backward_f32,
  lstm_cell_backward_f32,
  relu_cell_backward_f32,
  tanh_cell_backward_f32,
} from './recurrentBackwardCells';
import { Cell, CELL_BYTES, CellFunction } from './recurrentCell';
import { multiplyCells, packBias, packTransposed, PANEL, panelsOf } from './recurrentProduct';

const cells: StaticArray<CellFunction> = [
  tanh_cell_backward_f32,
  relu_cell_backward_f32,
  lstm_cell_backward_f32,
  gru_after_cell_backward_f32,
  gru_before_cell_backward_f32,
];
const others: StaticArray<CellFunction> = [gru_gates_cell_backward_f32, first_cell_backward_f32];

/** The packed kernel. */
@unmanaged
class Parts {
  panels: usize;
  /** The columns of the product: those of all gates, or of the first two of GruResetBefore. */
  depth: u32;
  /** GruResetBefore: the third gate's. */
  panels2: usize;
}

/** Lays out the workspace, fills the gradients of the last states and packs the kernel. */
function prepare(i: RecurrentBackward, cell: Cell, block: Block, parts: Parts): void {
  const units = i.units;
  const width = gatesOf(i.kind) * units;
  const before = i.kind == RecurrentKind.GruResetBefore;
  const size = stateBytes(i.batch, units);
  cell.h = changetype<usize>(parts) + 64;
  cell.hNext = cell.h + size;
  cell.c = cell.hNext + size;
  cell.cNext = cell.c + size;
  memory.fill(cell.hNext, 0, size);
  memory.fill(cell.cNext, 0, size);
  fillState(cell.h, i.dHidden, i.batch, units);
  fillState(cell.c, i.dCell, i.batch, units);
  block.scratch = cell.cNext + size;
  block.init = block.scratch + scratchBytes(i.batch, units, 1);
  parts.depth = before ? 2 * units : width;
  parts.panels = packBias(block.init, 0, units, 1);
  parts.panels2 = packTransposed(parts.panels, i.kernel, width, 0, units, parts.depth);
  if (before) packTransposed(parts.panels2, i.kernel, width, 2 * units, units, units);
}

/** What of a cell's places is the same at every step. */
function setStrides(i: RecurrentBackward, cell: Cell): void {
  const row = bytes(i.units) * i.strideRow;
  cell.gate = bytes(i.units);
  cell.strideState = PANEL * panelsOf(i.units);
  cell.strideProjected = row * gatesOf(i.kind);
  cell.strideGates = row * savedOf(i.kind);
  cell.strideSaved = row;
  cell.strideOut = bytes(i.strideOut);
  cell.strideMask = bytes(i.time);
  cell.dropout = i.dropout;
}

/** Where step s reads and writes. */
function locate(i: RecurrentBackward, cell: Cell, s: u32): void {
  const t = i.reverse ? i.time - 1 - s : s;
  const row = bytes(i.units) * (i.stepRow * t);
  const gates = gatesOf(i.kind);
  cell.gates = i.gates + row * savedOf(i.kind);
  cell.previous = i.previous + row;
  cell.previousCell = i.previousCell + row;
  cell.dProjected = i.dProjected + row * gates;
  cell.dRecurrent = i.dRecurrent ? i.dRecurrent + row * gates : cell.dProjected;
  cell.mask = i.mask ? i.mask + bytes(t) : 0;
  cell.out = 0;
  if (!i.dOut) return;
  if (i.sequences) cell.out = i.dOut + 4 * i.stepOut * <i32>s;
  else if (s == i.time - 1) cell.out = i.dOut;
}

/** One product a [batch, k] · panels, and what is made of its sums. */
@inline
function multiply(
  i: RecurrentBackward,
  cell: Cell,
  block: Block,
  a: usize,
  panels: usize,
  k: u32,
  compute: CellFunction,
): void {
  block.a = a;
  block.b = panels;
  block.m = i.batch;
  block.k = k;
  block.rowA = cell.strideProjected;
  multiplyCells(cell, block, i.units, 1, compute);
}

/** a: the gradients of the sums of the step behind, with k of their columns. */
function step(i: RecurrentBackward, cell: Cell, block: Block, parts: Parts, a: usize, k: u32): void {
  multiply(i, cell, block, a, parts.panels, k, unchecked(cells[i.kind]));
  if (i.kind == RecurrentKind.GruResetBefore) {
    const n = cell.dProjected + 2 * cell.gate;
    multiply(i, cell, block, n, parts.panels2, i.units, unchecked(others[0]));
  }
  const h = cell.h;
  cell.h = cell.hNext;
  cell.hNext = h;
  if (i.kind != RecurrentKind.Lstm) return;
  const c = cell.c;
  cell.c = cell.cNext;
  cell.cNext = c;
}

export function execRecurrentBackward(pc: usize): u32 {
  const i = changetype<RecurrentBackward>(pc);
  if (i.batch == 0) return 0;
  const cell = changetype<Cell>(i.workspace);
  const block = changetype<Block>(i.workspace + CELL_BYTES);
  const parts = changetype<Parts>(i.workspace + CELL_BYTES + BLOCK_BYTES);
  setStrides(i, cell);
  prepare(i, cell, block, parts);
  let behind: usize = 0;
  let k: u32 = 0;
  for (let s = i.time; s > 0; s--) {
    locate(i, cell, s - 1);
    step(i, cell, block, parts, behind, k);
    behind = cell.dRecurrent;
    k = parts.depth;
  }
  if (i.dHidden0) {
    cell.out = i.dHidden0;
    cell.strideOut = bytes(i.units);
    multiply(i, cell, block, behind, parts.panels, k, unchecked(others[1]));
  }
  readState(i.dCell0, cell.c, i.batch, i.units);
  return 0;
}
