// The gradients of the cells in recurrentForward.ts, one step of the time loop of recurrentBackward.ts.
// dh: of the state after the step, the sum of what its output, the step behind and the next product's sums give.
// In `cell` h and c are the gradients carried from behind, hNext and cNext those carried on; dProjected (by x) and
// dRecurrent (by s) are the gradients of the gates' sums x + s. `previous` is the state before the step, h in formulas.
// edge: a sample at padding passes its gradients on, its gates' are 0.
import { madd } from '../lanes';
import { constant, ONE, tanh_f32x4 } from '../math';
import { Cell, columnsAt, isPadding, keep, setState, state, take, thinned } from './recurrentCell';

/** dh. */
@inline
function incoming(cell: Cell, sample: u32, row: u32, offset: usize): v128 {
  const sums = v128.load(cell.sums + cell.strideSums * row + offset);
  let dh = f32x4.add(thinned(cell, sums, sample, offset), state(cell, cell.h, sample, offset));
  if (cell.out) dh = f32x4.add(dh, take(cell, cell.out, cell.strideOut, sample, offset));
  return dh;
}

@inline
function gateOf(cell: Cell, sample: u32, gate: u32, offset: usize): v128 {
  return take(cell, cell.gates + cell.gate * gate, cell.strideGates, sample, offset);
}

/** Writes the gradient of a gate's sum. */
@inline
function setGate(cell: Cell, sample: u32, gate: u32, offset: usize, value: v128): void {
  keep(cell, cell.dProjected + cell.gate * gate, cell.strideProjected, sample, offset, value);
}

@inline
function setRecurrentGate(cell: Cell, sample: u32, gate: u32, offset: usize, value: v128): void {
  keep(cell, cell.dRecurrent + cell.gate * gate, cell.strideProjected, sample, offset, value);
}

/** d · y·(1 − y): through a sigmoid of value y. */
@inline
function throughSigmoid(d: v128, y: v128): v128 {
  return f32x4.mul(d, f32x4.mul(y, f32x4.sub(constant(ONE), y)));
}

/** d · (1 − y²): through a tanh of value y. */
@inline
function throughTanh(d: v128, y: v128): v128 {
  return f32x4.mul(d, f32x4.mul(f32x4.sub(constant(ONE), y), f32x4.add(constant(ONE), y)));
}

/** inverts h' = tanh(x + s) */
export function tanh_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dh = incoming(cell, sample, r, v);
      setGate(cell, sample, 0, v, padding ? zero : throughTanh(dh, gateOf(cell, sample, 0, v)));
      setState(cell, cell.hNext, sample, v, padding ? dh : zero);
    }
  }
}

/** inverts h' = max(x + s, 0); 0 at the kink */
export function relu_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dh = incoming(cell, sample, r, v);
      const isOff = f32x4.le(gateOf(cell, sample, 0, v), zero);
      setGate(cell, sample, 0, v, padding ? zero : v128.andnot(dh, isOff));
      setState(cell, cell.hNext, sample, v, padding ? dh : zero);
    }
  }
}

/** inverts c' = i·g + f·c, h' = o·tanh(c') */
export function lstm_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dh = incoming(cell, sample, r, v);
      const carried = state(cell, cell.c, sample, v);
      if (padding) {
        for (let gate: u32 = 0; gate < 4; gate++) setGate(cell, sample, gate, v, zero);
        setState(cell, cell.hNext, sample, v, dh);
        setState(cell, cell.cNext, sample, v, carried);
        continue;
      }
      const i = gateOf(cell, sample, 0, v);
      const f = gateOf(cell, sample, 1, v);
      const g = gateOf(cell, sample, 2, v);
      const o = gateOf(cell, sample, 3, v);
      const before = take(cell, cell.previousCell, cell.strideSaved, sample, v);
      const c = tanh_f32x4(madd(f, before, f32x4.mul(i, g)));
      setGate(cell, sample, 3, v, throughSigmoid(f32x4.mul(dh, c), o));
      const dc = f32x4.add(carried, throughTanh(f32x4.mul(dh, o), c));
      setGate(cell, sample, 0, v, throughSigmoid(f32x4.mul(dc, g), i));
      setGate(cell, sample, 1, v, throughSigmoid(f32x4.mul(dc, before), f));
      setGate(cell, sample, 2, v, throughTanh(f32x4.mul(dc, i), g));
      setState(cell, cell.cNext, sample, v, f32x4.mul(dc, f));
      setState(cell, cell.hNext, sample, v, zero);
    }
  }
}

/** inverts n = tanh(x + r·s), h' = (1 − z)·n + z·h */
export function gru_after_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dh = incoming(cell, sample, r, v);
      if (padding) {
        for (let gate: u32 = 0; gate < 3; gate++) {
          setGate(cell, sample, gate, v, zero);
          setRecurrentGate(cell, sample, gate, v, zero);
        }
        setState(cell, cell.hNext, sample, v, dh);
        continue;
      }
      const reset = gateOf(cell, sample, 0, v);
      const z = gateOf(cell, sample, 1, v);
      const n = gateOf(cell, sample, 2, v);
      const h = take(cell, cell.previous, cell.strideSaved, sample, v);
      const dn = throughTanh(f32x4.mul(dh, f32x4.sub(constant(ONE), z)), n);
      const dReset = throughSigmoid(f32x4.mul(dn, gateOf(cell, sample, 3, v)), reset);
      const dz = throughSigmoid(f32x4.mul(dh, f32x4.sub(h, n)), z);
      setGate(cell, sample, 0, v, dReset);
      setGate(cell, sample, 1, v, dz);
      setGate(cell, sample, 2, v, dn);
      setRecurrentGate(cell, sample, 0, v, dReset);
      setRecurrentGate(cell, sample, 1, v, dz);
      setRecurrentGate(cell, sample, 2, v, f32x4.mul(dn, reset));
      setState(cell, cell.hNext, sample, v, f32x4.mul(z, dh));
    }
  }
}

/** inverts h' = (1 − z)·n + z·h; what goes straight on to h waits in cNext for the product with the gradient of n */
export function gru_before_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dh = incoming(cell, sample, r, v);
      const z = gateOf(cell, sample, 1, v);
      const n = gateOf(cell, sample, 2, v);
      const h = take(cell, cell.previous, cell.strideSaved, sample, v);
      const dz = throughSigmoid(f32x4.mul(dh, f32x4.sub(h, n)), z);
      const dn = throughTanh(f32x4.mul(dh, f32x4.sub(constant(ONE), z)), n);
      setGate(cell, sample, 1, v, padding ? zero : dz);
      setGate(cell, sample, 2, v, padding ? zero : dn);
      setState(cell, cell.cNext, sample, v, padding ? dh : f32x4.mul(z, dh));
    }
  }
}

/** inverts r·h, from the sums of its gradient */
export function gru_gates_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const dGated = v128.load(cell.sums + cell.strideSums * r + v);
      const reset = gateOf(cell, sample, 0, v);
      const h = thinned(cell, take(cell, cell.previous, cell.strideSaved, sample, v), sample, v);
      setGate(cell, sample, 0, v, throughSigmoid(f32x4.mul(dGated, h), reset));
      const dh = thinned(cell, f32x4.mul(dGated, reset), sample, v);
      setState(cell, cell.hNext, sample, v, f32x4.add(dh, state(cell, cell.cNext, sample, v)));
    }
  }
}

/** The gradient of the first state, where the layer begins with it: to `out`. */
export function first_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    for (let v: usize = 0; v < 32 && columnsAt(cell, v) > 0; v += 16) {
      const sums = v128.load(cell.sums + cell.strideSums * r + v);
      const dh = f32x4.add(thinned(cell, sums, sample, v), state(cell, cell.h, sample, v));
      keep(cell, cell.out, cell.strideOut, sample, v, dh);
    }
  }
}
