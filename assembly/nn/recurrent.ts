// The time loop of recurrent layers, forward: all steps of a layer are one instruction.
// The recurrent kernel is packed once; each step is a product of the states with it, a few units at a time
// (recurrentProduct.ts), and the cell function of those units (recurrentForward.ts).
// Shapes: B batch, T time, H units, G gates, HP = H rounded up to whole panels of eight. Backward: recurrentBackward.ts.
import { BLOCK_BYTES, PackRecurrent, Recurrent, RecurrentKind } from '../instructions';
import { Block, bytes } from '../linalg/block';
import { TILE_ROWS } from '../linalg/tile';
import { Cell, CELL_BYTES, CellFunction } from './recurrentCell';
import {
  gru_after_cell_f32,
  gru_before_cell_f32,
  gru_gates_cell_f32,
  lstm_cell_f32,
  relu_cell_f32,
  tanh_cell_f32,
} from './recurrentForward';
import { multiplyCells, packBias, packGates, PANEL, panelsOf } from './recurrentProduct';

/** The gates of each kind, and the values a unit that the backward pass needs of them. */
const gatesOfKind: StaticArray<u32> = [1, 1, 4, 3, 3];
const savedOfKind: StaticArray<u32> = [1, 1, 4, 4, 4];
const cells: StaticArray<CellFunction> = [
  tanh_cell_f32,
  relu_cell_f32,
  lstm_cell_f32,
  gru_after_cell_f32,
  gru_gates_cell_f32,
];
const candidate: StaticArray<CellFunction> = [gru_before_cell_f32];

export function gatesOf(kind: u32): u32 {
  return unchecked(gatesOfKind[kind]);
}

export function savedOf(kind: u32): u32 {
  return unchecked(savedOfKind[kind]);
}

/** The floats of one state of all samples, padded. */
@inline
export function stateBytes(batch: u32, units: u32): usize {
  return PANEL * panelsOf(units) * batch;
}

/** The bytes of sums that are in hand at once: of a tile, or of all columns of few samples. */
export function scratchBytes(batch: u32, units: u32, gates: u32): usize {
  const wide = PANEL * gates;
  return batch < TILE_ROWS ? wide * panelsOf(units) * batch : wide * TILE_ROWS;
}

/** Copies rows [batch, units] into a padded state, or zeros where there are none. */
export function fillState(out: usize, x: usize, batch: u32, units: u32): void {
  memory.fill(out, 0, stateBytes(batch, units));
  const stride = PANEL * panelsOf(units);
  if (x) for (let b: u32 = 0; b < batch; b++) memory.copy(out + stride * b, x + bytes(units * b), bytes(units));
}

/** Copies a padded state to rows [batch, units], if they are wanted. */
export function readState(out: usize, state: usize, batch: u32, units: u32): void {
  const stride = PANEL * panelsOf(units);
  if (out) for (let b: u32 = 0; b < batch; b++) memory.copy(out + bytes(units * b), state + stride * b, bytes(units));
}

/** out[batch, HP] = state · dropout[batch, units] */
function thin(out: usize, state: usize, dropout: usize, batch: u32, units: u32): void {
  const stride = PANEL * panelsOf(units);
  for (let b: u32 = 0; b < batch; b++, out += stride, state += stride) {
    for (let u: u32 = 0; u < units; u++, dropout += 4)
      store<f32>(out + bytes(u), load<f32>(state + bytes(u)) * load<f32>(dropout));
  }
}

/** The parts of the workspace: states, and the packed kernel with what the sums begin with. */
@unmanaged
class Parts {
  panels: usize;
  init: usize;
  /** Of the second product of GruResetBefore. */
  panels2: usize;
  init2: usize;
  /** What the product reads of a state with dropout. */
  seen: usize;
}

/** The kernel as panels: of all gates, or of GruResetBefore the first two and then the third. */
function packKernel(out: usize, kernel: usize, kind: u32, units: u32): void {
  const width = gatesOf(kind) * units;
  const inFirst: u32 = kind == RecurrentKind.GruResetBefore ? 2 : gatesOf(kind);
  const second = packGates(out, kernel, width, 0, units, inFirst);
  if (kind == RecurrentKind.GruResetBefore) packGates(second, kernel, width, 2 * units, units, 1);
}

/** formula: out[panel, gate, k, 8] = kernel[k, gate · units + 8 · panel + …], zeros beyond the last unit */
export function execPackRecurrent(pc: usize): u32 {
  const i = changetype<PackRecurrent>(pc);
  packKernel(i.out, i.kernel, i.kind, i.units);
  return 0;
}

/** Lays out the workspace, fills the first states and packs the kernel, where it is not. */
function prepare(i: Recurrent, cell: Cell, block: Block, parts: Parts): void {
  const units = i.units;
  const gates = gatesOf(i.kind);
  const size = stateBytes(i.batch, units);
  const before = i.kind == RecurrentKind.GruResetBefore;
  const inFirst = before ? 2 : gates;
  cell.h = changetype<usize>(parts) + 64;
  cell.hNext = cell.h + size;
  cell.c = cell.hNext + size;
  cell.cNext = cell.c + size;
  const thinned = cell.cNext + size;
  parts.seen = thinned;
  memory.fill(cell.hNext, 0, size);
  memory.fill(cell.cNext, 0, 2 * size);
  fillState(cell.h, i.hidden0, i.batch, units);
  fillState(cell.c, i.cell0, i.batch, units);
  block.scratch = thinned + size;
  parts.init = block.scratch + scratchBytes(i.batch, units, gates);
  parts.init2 = packBias(parts.init, i.bias, units, inFirst);
  const panels = before ? packBias(parts.init2, i.bias ? i.bias + bytes(2 * units) : 0, units, 1) : parts.init2;
  parts.panels = i.packed ? i.kernel : panels;
  parts.panels2 = parts.panels + PANEL * units * inFirst * panelsOf(units);
  if (!i.packed) packKernel(panels, i.kernel, i.kind, units);
}

/** What of a cell's places is the same at every step. */
function setStrides(i: Recurrent, cell: Cell): void {
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
function locate(i: Recurrent, cell: Cell, s: u32): void {
  const t = i.reverse ? i.time - 1 - s : s;
  const row = bytes(i.units) * (i.stepRow * t);
  cell.projected = i.projected + row * gatesOf(i.kind);
  cell.gates = i.gates ? i.gates + row * savedOf(i.kind) : 0;
  cell.previous = i.previous ? i.previous + row : 0;
  cell.previousCell = i.previousCell ? i.previousCell + row : 0;
  cell.mask = i.mask ? i.mask + bytes(t) : 0;
  cell.out = 0;
  if (i.sequences) cell.out = i.out + 4 * i.stepOut * <i32>s;
  else if (s == i.time - 1) cell.out = i.out;
}

/** One product of the step, `gates` gates of it, and its cells. */
@inline
function multiply(
  i: Recurrent,
  cell: Cell,
  block: Block,
  a: usize,
  panels: usize,
  init: usize,
  k: u32,
  gates: u32,
  compute: CellFunction,
): void {
  block.a = a;
  block.b = panels;
  block.init = init;
  block.m = i.batch;
  block.k = k;
  block.rowA = cell.strideState;
  multiplyCells(cell, block, i.units, gates, compute);
}

/** k: the units of the state that the product reads, 0 where it is all zeros. */
function step(i: Recurrent, cell: Cell, block: Block, parts: Parts, k: u32): void {
  const compute = unchecked(cells[i.kind]);
  let a = cell.h;
  if (i.dropout) {
    a = parts.seen;
    thin(a, cell.h, i.dropout, i.batch, i.units);
  }
  if (i.kind != RecurrentKind.GruResetBefore) {
    multiply(i, cell, block, a, parts.panels, parts.init, k, gatesOf(i.kind), compute);
  } else {
    multiply(i, cell, block, a, parts.panels, parts.init, k, 2, compute);
    multiply(i, cell, block, cell.cNext, parts.panels2, parts.init2, k, 1, unchecked(candidate[0]));
  }
  const h = cell.h;
  cell.h = cell.hNext;
  cell.hNext = h;
  if (i.kind != RecurrentKind.Lstm) return;
  const c = cell.c;
  cell.c = cell.cNext;
  cell.cNext = c;
}

/** Whether some sample has no step but padding. */
function hasEmptySequence(mask: usize, batch: u32, time: u32): bool {
  for (let b: u32 = 0; b < batch; b++) {
    let t: u32 = 0;
    for (; t < time && load<f32>(mask) == 0; t++, mask += 4) {}
    if (t == time) return true;
    mask += bytes(time - t);
  }
  return false;
}

export function execRecurrent(pc: usize): u32 {
  const i = changetype<Recurrent>(pc);
  if (i.batch == 0) return 0;
  if (i.mask && hasEmptySequence(i.mask, i.batch, i.time)) return 1;
  const cell = changetype<Cell>(i.workspace);
  const block = changetype<Block>(i.workspace + CELL_BYTES);
  const parts = changetype<Parts>(i.workspace + CELL_BYTES + BLOCK_BYTES);
  setStrides(i, cell);
  prepare(i, cell, block, parts);
  for (let s: u32 = 0; s < i.time; s++) {
    locate(i, cell, s);
    step(i, cell, block, parts, s || i.hidden0 ? i.units : 0);
  }
  readState(i.hidden, cell.h, i.batch, i.units);
  readState(i.cell, cell.c, i.batch, i.units);
  return 0;
}
