// The cells of recurrent layers, forward: simple (tanh, relu), LSTM, and the GRU with its reset after or before the
// recurrent product. The time loop around them is in recurrent.ts, their gradients in recurrentBackwardCells.ts.
// x: the inputs' part of a gate's sum, s: the state's part, both with their biases. h, c: the states before the step.
// Sources: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014.
// alias: none; `h` and `c` are read where `hNext` and `cNext` are written elsewhere
// tail: the last H mod 8 units are computed in whole vectors on zeros, of which only H columns are stored
// edge: a sample at padding keeps its states, whatever x is; NaN goes through
import { madd } from '../lanes';
import { constant, ONE, sigmoidBounded_f32x4, tanh_f32x4 } from '../math';
import { Cell, isPadding, keep, place, take, thinned } from './recurrentCell';

/** x + s */
@inline
function sum(sums: usize, x: usize, columns: i32): v128 {
  return f32x4.add(v128.load(sums), take(x, columns));
}

/** The new state in its two places, and the one before it for the backward pass. */
@inline
function setHidden(cell: Cell, sample: u32, offset: usize, columns: i32, before: v128, h: v128): void {
  v128.store(cell.hNext + cell.strideState * sample + cell.unit + offset, h);
  if (cell.out) keep(cell.out + cell.strideOut * sample + cell.unit + offset, h, columns);
  if (cell.previous) keep(cell.previous + cell.strideSaved * sample + cell.unit + offset, before, columns);
}

/** A simple cell with the function `rectified` chooses. */
@inline
function simple(cell: Cell, first: u32, rows: u32, rectified: bool): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const x = place(cell, cell.projected, cell.strideProjected, sample);
    const states = cell.h + cell.strideState * sample + cell.unit;
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const before = v128.load(states + v);
      const s = sum(sums + v, x + v, columns);
      let h = rectified ? f32x4.add(f32x4.pmax(s, zero), zero) : tanh_f32x4(s);
      if (padding) h = before;
      if (gates) keep(gates + v, h, columns);
      setHidden(cell, sample, v, columns, before, h);
    }
  }
}

/** formula: h' = tanh(x + s) */
export function tanh_cell_f32(cell: Cell, first: u32, rows: u32): void {
  simple(cell, first, rows, false);
}

/** formula: h' = max(x + s, 0), −0 as +0 */
export function relu_cell_f32(cell: Cell, first: u32, rows: u32): void {
  simple(cell, first, rows, true);
}

/** One sample at padding: its states go on as they are. */
function lstm_padding(cell: Cell, sample: u32): void {
  const state = cell.strideState * sample + cell.unit;
  const saved = place(cell, cell.previousCell, cell.strideSaved, sample);
  let columns = cell.columns;
  for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
    const c = v128.load(cell.c + state + v);
    const h = v128.load(cell.h + state + v);
    if (saved) keep(saved + v, c, columns);
    v128.store(cell.cNext + state + v, c);
    setHidden(cell, sample, v, columns, h, h);
  }
}

/** One sample, its sums at `sums`; `whole`: all eight units are there, known when this is compiled. */
@inline
function lstm(cell: Cell, sample: u32, sums: usize, whole: bool): void {
  const gate = cell.gate;
  const state = cell.strideState * sample + cell.unit;
  const saved = place(cell, cell.previousCell, cell.strideSaved, sample);
  let gates = place(cell, cell.gates, cell.strideGates, sample);
  let x = place(cell, cell.projected, cell.strideProjected, sample);
  let columns: i32 = whole ? 8 : cell.columns;
  for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4, sums += 16, x += 16) {
    const n = whole ? 4 : columns;
    const input = sigmoidBounded_f32x4(sum(sums, x, n));
    const forget = sigmoidBounded_f32x4(sum(sums + 32, x + gate, n));
    const candidate = tanh_f32x4(sum(sums + 64, x + 2 * gate, n));
    const output = sigmoidBounded_f32x4(sum(sums + 96, x + 3 * gate, n));
    const before = v128.load(cell.c + state + v);
    const c = madd(forget, before, f32x4.mul(input, candidate));
    if (gates) {
      keep(saved + v, before, n);
      keep(gates, input, n);
      keep(gates + gate, forget, n);
      keep(gates + 2 * gate, candidate, n);
      keep(gates + 3 * gate, output, n);
      gates += 16;
    }
    v128.store(cell.cNext + state + v, c);
    setHidden(cell, sample, v, n, v128.load(cell.h + state + v), f32x4.mul(output, tanh_f32x4(c)));
  }
}

/** formula: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'), each gate x + s */
export function lstm_cell_f32(cell: Cell, first: u32, rows: u32): void {
  let sums = cell.sums;
  for (let sample = first; sample < first + rows; sample++, sums += cell.strideSums) {
    if (isPadding(cell, sample)) lstm_padding(cell, sample);
    else if (cell.columns == 8) lstm(cell, sample, sums, true);
    else lstm(cell, sample, sums, false);
  }
}

/** (1 − z)·n + z·h */
@inline
function blend(z: v128, n: v128, h: v128): v128 {
  return madd(z, h, f32x4.mul(f32x4.sub(constant(ONE), z), n));
}

/** formula: r = σ, z = σ, n = tanh(x + r·s), h' = (1 − z)·n + z·h; the fourth value kept is s of n */
export function gru_after_cell_f32(cell: Cell, first: u32, rows: u32): void {
  const gate = cell.gate;
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const states = cell.h + cell.strideState * sample + cell.unit;
    let gates = place(cell, cell.gates, cell.strideGates, sample);
    let x = place(cell, cell.projected, cell.strideProjected, sample);
    let sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4, sums += 16, x += 16) {
      const before = v128.load(states + v);
      let h = before;
      if (!padding) {
        const reset = sigmoidBounded_f32x4(sum(sums, x, columns));
        const update = sigmoidBounded_f32x4(sum(sums + 32, x + gate, columns));
        const s = v128.load(sums + 64);
        const n = tanh_f32x4(madd(reset, s, take(x + 2 * gate, columns)));
        if (gates) {
          keep(gates, reset, columns);
          keep(gates + gate, update, columns);
          keep(gates + 2 * gate, n, columns);
          keep(gates + 3 * gate, s, columns);
          gates += 16;
        }
        h = blend(update, n, before);
      }
      setHidden(cell, sample, v, columns, before, h);
    }
  }
}

/** formula: r = σ, z = σ; z stays in c, and r·h, which the second product reads, in cNext and as the fourth value kept */
export function gru_gates_cell_f32(cell: Cell, first: u32, rows: u32): void {
  const gate = cell.gate;
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, gate, sample);
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const x = place(cell, cell.projected, cell.strideProjected, sample);
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const h = v128.load(cell.h + state + v);
      const reset = padding ? zero : sigmoidBounded_f32x4(sum(sums + v, x + v, columns));
      const update = padding ? zero : sigmoidBounded_f32x4(sum(sums + v + 32, x + v + gate, columns));
      const gated = f32x4.mul(reset, thinned(h, dropout ? dropout + v : 0, columns));
      v128.store(cell.c + state + v, update);
      v128.store(cell.cNext + state + v, gated);
      if (!gates) continue;
      keep(gates + v, reset, columns);
      keep(gates + v + gate, update, columns);
      keep(gates + v + 3 * gate, gated, columns);
    }
  }
}

/** formula: n = tanh(x + (r·h)·R), h' = (1 − z)·n + z·h */
export function gru_before_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const x = place(cell, cell.projected, cell.strideProjected, sample) + 2 * cell.gate;
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const before = v128.load(cell.h + state + v);
      const n = tanh_f32x4(sum(sums + v, x + v, columns));
      if (gates) keep(gates + v + 2 * cell.gate, n, columns);
      const h = padding ? before : blend(v128.load(cell.c + state + v), n, before);
      setHidden(cell, sample, v, columns, before, h);
    }
  }
}
