// The cells of recurrent layers, forward: simple (tanh, relu), LSTM, and the GRU with its reset after or before the
// recurrent product. The time loop around them is in recurrent.ts, their gradients in recurrentBackward.ts.
// x: the inputs' part of a gate's sum, s: the state's part, both with their biases. h, c: states, of the step before.
// Sources: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; Cho et al. 2014.
// tail: the last H mod 8 units are computed in whole vectors on zeros, of which only H columns are stored.
// edge: a sample at padding keeps its states, whatever x is. NaN goes through.
import { madd } from '../lanes';
import { constant, ONE, sigmoid_f32x4, tanh_f32x4 } from '../math';
import { Cell, columnsAt, isPadding, keep, setState, state, take, thinned } from './recurrentCell';

/** x + s of a gate. */
@inline
function sum(cell: Cell, sample: u32, row: u32, gate: u32, offset: usize): v128 {
  const s = v128.load(cell.sums + cell.strideSums * row + 32 * gate + offset);
  return f32x4.add(s, take(cell, cell.projected + cell.gate * gate, cell.strideProjected, sample, offset));
}

/** For the backward pass: the value of a gate. */
@inline
function keepGate(cell: Cell, sample: u32, gate: u32, offset: usize, value: v128): void {
  if (cell.gates) keep(cell, cell.gates + cell.gate * gate, cell.strideGates, sample, offset, value);
}

/** The state after the step, in its two places, and that before it for the backward pass. */
@inline
function setHidden(cell: Cell, sample: u32, offset: usize, h: v128): void {
  setState(cell, cell.hNext, sample, offset, h);
  keep(cell, cell.out, cell.strideOut, sample, offset, h);
  keep(cell, cell.previous, cell.strideSaved, sample, offset, state(cell, cell.h, sample, offset));
}

@inline
function setCell(cell: Cell, sample: u32, offset: usize, c: v128): void {
  setState(cell, cell.cNext, sample, offset, c);
  keep(cell, cell.previousCell, cell.strideSaved, sample, offset, state(cell, cell.c, sample, offset));
}

/** formula: h' = tanh(x + s) */
export function tanh_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const h = padding ? state(cell, cell.h, sample, v) : tanh_f32x4(sum(cell, sample, r, 0, v));
      keepGate(cell, sample, 0, v, h);
      setHidden(cell, sample, v, h);
    }
  }
}

/** formula: h' = max(x + s, 0), −0 as +0 */
export function relu_cell_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const active = f32x4.add(f32x4.pmax(sum(cell, sample, r, 0, v), zero), zero);
      const h = padding ? state(cell, cell.h, sample, v) : active;
      keepGate(cell, sample, 0, v, h);
      setHidden(cell, sample, v, h);
    }
  }
}

/** formula: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c'), each gate x + s */
export function lstm_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      if (padding) {
        setCell(cell, sample, v, state(cell, cell.c, sample, v));
        setHidden(cell, sample, v, state(cell, cell.h, sample, v));
        continue;
      }
      const input = sigmoid_f32x4(sum(cell, sample, r, 0, v));
      keepGate(cell, sample, 0, v, input);
      const forget = sigmoid_f32x4(sum(cell, sample, r, 1, v));
      keepGate(cell, sample, 1, v, forget);
      const candidate = tanh_f32x4(sum(cell, sample, r, 2, v));
      keepGate(cell, sample, 2, v, candidate);
      const c = madd(forget, state(cell, cell.c, sample, v), f32x4.mul(input, candidate));
      setCell(cell, sample, v, c);
      const output = sigmoid_f32x4(sum(cell, sample, r, 3, v));
      keepGate(cell, sample, 3, v, output);
      setHidden(cell, sample, v, f32x4.mul(output, tanh_f32x4(c)));
    }
  }
}

/** (1 − z)·n + z·h */
@inline
function blend(z: v128, n: v128, h: v128): v128 {
  return madd(z, h, f32x4.mul(f32x4.sub(constant(ONE), z), n));
}

/** formula: r = σ, z = σ, n = tanh(x + r·s), h' = (1 − z)·n + z·h; the fourth value kept is s of n */
export function gru_after_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const h = state(cell, cell.h, sample, v);
      if (padding) {
        setHidden(cell, sample, v, h);
        continue;
      }
      const reset = sigmoid_f32x4(sum(cell, sample, r, 0, v));
      keepGate(cell, sample, 0, v, reset);
      const update = sigmoid_f32x4(sum(cell, sample, r, 1, v));
      keepGate(cell, sample, 1, v, update);
      const s = v128.load(cell.sums + cell.strideSums * r + 64 + v);
      keepGate(cell, sample, 3, v, s);
      const x = take(cell, cell.projected + 2 * cell.gate, cell.strideProjected, sample, v);
      const n = tanh_f32x4(madd(reset, s, x));
      keepGate(cell, sample, 2, v, n);
      setHidden(cell, sample, v, blend(update, n, h));
    }
  }
}

/** formula: r = σ, z = σ; z stays in c, and r·h, which the second product reads, in cNext and as the fourth value kept */
export function gru_gates_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const zero = f32x4.splat(0);
      const reset = padding ? zero : sigmoid_f32x4(sum(cell, sample, r, 0, v));
      const update = padding ? zero : sigmoid_f32x4(sum(cell, sample, r, 1, v));
      const gated = f32x4.mul(reset, thinned(cell, state(cell, cell.h, sample, v), sample, v));
      keepGate(cell, sample, 0, v, reset);
      keepGate(cell, sample, 1, v, update);
      keepGate(cell, sample, 3, v, gated);
      setState(cell, cell.c, sample, v, update);
      setState(cell, cell.cNext, sample, v, gated);
    }
  }
}

/** formula: n = tanh(x + (r·h)·R), h' = (1 − z)·n + z·h */
export function gru_before_cell_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const h = state(cell, cell.h, sample, v);
      const s = v128.load(cell.sums + cell.strideSums * r + v);
      const x = take(cell, cell.projected + 2 * cell.gate, cell.strideProjected, sample, v);
      const n = tanh_f32x4(f32x4.add(s, x));
      keepGate(cell, sample, 2, v, n);
      setHidden(cell, sample, v, padding ? h : blend(state(cell, cell.c, sample, v), n, h));
    }
  }
}
