// The product in the time loop of a recurrent layer: a state [B, K] by packed panels of eight units, each followed by
// the cell function of those units while the sums are in the first cache. Many samples go by register tiles (tile.ts),
// fewer than a tile has rows by strips (gemv.ts). Gates of the same eight units lie side by side: [panel, gate, 8].
import { TILE_COLUMNS } from '../instructions';
import { Block, bytes } from '../linalg/block';
import { gemv_f32 } from '../linalg/gemv';
import { pack_b_f32 } from '../linalg/pack';
import { gemm_f32_tile_rows, TILE_ROWS } from '../linalg/tile';
import { Cell, CellFunction } from './recurrentCell';

export const PANEL: usize = TILE_COLUMNS * 4;

/** The panels that cover n units. */
@inline
export function panelsOf(units: u32): u32 {
  return (units + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

@inline
function unitsOf(panel: u32, units: u32): u32 {
  return min(TILE_COLUMNS, units - panel * TILE_COLUMNS);
}

/** Columns of `gates` gates of a kernel [units, width], from its column `from` on, as panels; returns what follows them. */
export function packGates(out: usize, kernel: usize, width: u32, from: u32, units: u32, gates: u32): usize {
  for (let p: u32 = 0; p < panelsOf(units); p++) {
    for (let g: u32 = 0; g < gates; g++, out += PANEL * units) {
      const column = kernel + bytes(from + g * units + p * TILE_COLUMNS);
      pack_b_f32(out, column, unitsOf(p, units), units, width, 0);
    }
  }
  return out;
}

/** `k` columns of a kernel [units, width], from its column `from` on, transposed, as panels; returns what follows them. */
export function packTransposed(out: usize, kernel: usize, width: u32, from: u32, units: u32, k: u32): usize {
  for (let p: u32 = 0; p < panelsOf(units); p++, out += PANEL * k) {
    const row = kernel + bytes(p * TILE_COLUMNS * width + from);
    pack_b_f32(out, row, unitsOf(p, units), k, width, 1);
  }
  return out;
}

/** What the sums begin with, in the order of the panels: the bias (0: zeros) of `gates` gates; returns what follows. */
export function packBias(out: usize, bias: usize, units: u32, gates: u32): usize {
  for (let p: u32 = 0; p < panelsOf(units); p++) {
    for (let g: u32 = 0; g < gates; g++, out += PANEL) {
      memory.fill(out, 0, PANEL);
      if (bias) memory.copy(out, bias + bytes(g * units + p * TILE_COLUMNS), bytes(unitsOf(p, units)));
    }
  }
  return out;
}

/** Sums of one tile of samples: init + A·B for each gate, [TILE_ROWS, gates, 8] in scratch. */
@inline
function tiles(block: Block, panel: u32, gates: u32, row: u32): void {
  const wide = PANEL * gates;
  let b = block.b + block.panel * (panel * gates);
  let init = block.init + wide * panel;
  const a = block.a + block.rowA * row;
  for (let g: u32 = 0; g < gates; g++, b += block.panel, init += PANEL)
    gemm_f32_tile_rows(block.scratch + PANEL * g, wide, init, 0, a, block.rowA, b, PANEL, block.k);
}

/** Few samples: all sums at once, then the cells. */
function fewSamples(cell: Cell, block: Block, gates: u32, panels: u32, compute: CellFunction): void {
  block.n = panels * gates * TILE_COLUMNS;
  block.out = block.scratch;
  block.strideOut = bytes(block.n);
  block.strideInit = 0;
  block.alongColumns = -1;
  block.stepA = 4;
  block.stepB = PANEL;
  block.overlap = 0;
  gemv_f32(block);
  cell.strideSums = block.strideOut;
  for (let p: u32 = 0; p < panels; p++) {
    cell.sums = block.scratch + PANEL * gates * p;
    choose(cell, p);
    compute(cell, 0, block.m);
  }
}

/** Sets the eight units in hand. */
@inline
function choose(cell: Cell, panel: u32): void {
  cell.unit = PANEL * panel;
  cell.columns = min(TILE_COLUMNS, <u32>(cell.gate >> 2) - panel * TILE_COLUMNS);
}

/**
 * formula: sums[m, gates · units] = init + A[m, k]·B, then `compute` on every eight units of every few samples
 * shapes: a, rowA, k, m, init, scratch of `block` as set by the caller, b what packGates or packTransposed wrote
 * alias: what `compute` writes is not read here again: A is whole until the end
 */
export function multiplyCells(cell: Cell, block: Block, units: u32, gates: u32, compute: CellFunction): void {
  const panels = panelsOf(units);
  block.panel = PANEL * block.k;
  if (block.m < TILE_ROWS) {
    fewSamples(cell, block, gates, panels, compute);
    return;
  }
  cell.strideSums = PANEL * gates;
  for (let r: u32 = 0; r < block.m; r += TILE_ROWS) {
    // The last tile begins early enough to be a whole one; what it has in common with the one before is passed over.
    const row = min(r, block.m - TILE_ROWS);
    for (let p: u32 = 0; p < panels; p++) {
      choose(cell, p);
      tiles(block, p, gates, row);
      cell.sums = block.scratch + cell.strideSums * (r - row);
      compute(cell, r, TILE_ROWS - (r - row));
    }
  }
}
