// The gradients of the cells in recurrentForward.ts, one step of the time loop of recurrentBackward.ts.
// dh: of the state after the step, the sum of what its output, the step behind it and the next product's sums give.
// In `cell`, h and c are the gradients that come from behind, hNext and cNext those that go on; dProjected (by x) and
// dRecurrent (by s) are the gradients of the gates' sums x + s. `previous` is the state before the step, h in formulas.
// tail: the last H mod 8 units are computed in whole vectors on zeros, of which only H columns are stored
// edge: a sample at padding passes its gradients on, its gates' are 0
import { madd } from '../lanes';
import { constant, ONE, tanh_f32x4 } from '../math';
import { Cell, isPadding, keep, place, take, thinned } from './recurrentCell';

/** dh; sums: what the product gives, carried: from the step behind, dropout and out: their places or 0. */
@inline
function incoming(sums: usize, carried: usize, dropout: usize, out: usize, offset: usize, columns: i32): v128 {
  const product = thinned(v128.load(sums + offset), dropout ? dropout + offset : 0, columns);
  const dh = f32x4.add(product, v128.load(carried + offset));
  return out ? f32x4.add(dh, take(out + offset, columns)) : dh;
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

/** Through a simple cell; `rectified` chooses its function. */
@inline
function simple(cell: Cell, first: u32, rows: u32, rectified: bool): void {
  const zero = f32x4.splat(0);
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, cell.gate, sample);
    const out = place(cell, cell.out, cell.strideOut, sample);
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const dX = place(cell, cell.dProjected, cell.strideProjected, sample);
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const dh = incoming(sums, cell.h + state, dropout, out, v, columns);
      const y = take(gates + v, columns);
      const d = rectified ? v128.andnot(dh, f32x4.le(y, zero)) : throughTanh(dh, y);
      keep(dX + v, padding ? zero : d, columns);
      v128.store(cell.hNext + state + v, padding ? dh : zero);
    }
  }
}

/** inverts h' = tanh(x + s) */
export function tanh_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  simple(cell, first, rows, false);
}

/** inverts h' = max(x + s, 0); 0 at the kink */
export function relu_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  simple(cell, first, rows, true);
}

/** inverts c' = i·g + f·c, h' = o·tanh(c') */
export function lstm_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  const gate = cell.gate;
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, gate, sample);
    const out = place(cell, cell.out, cell.strideOut, sample);
    const saved = place(cell, cell.previousCell, cell.strideSaved, sample);
    const sums = cell.sums + cell.strideSums * r;
    let gates = place(cell, cell.gates, cell.strideGates, sample);
    let dX = place(cell, cell.dProjected, cell.strideProjected, sample);
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4, gates += 16, dX += 16) {
      let dh = incoming(sums, cell.h + state, dropout, out, v, columns);
      let dc = v128.load(cell.c + state + v);
      let di = zero;
      let df = zero;
      let dg = zero;
      let dO = zero;
      if (!padding) {
        const i = take(gates, columns);
        const f = take(gates + gate, columns);
        const g = take(gates + 2 * gate, columns);
        const o = take(gates + 3 * gate, columns);
        const before = take(saved + v, columns);
        const c = tanh_f32x4(madd(f, before, f32x4.mul(i, g)));
        dO = throughSigmoid(f32x4.mul(dh, c), o);
        dc = f32x4.add(dc, throughTanh(f32x4.mul(dh, o), c));
        di = throughSigmoid(f32x4.mul(dc, g), i);
        df = throughSigmoid(f32x4.mul(dc, before), f);
        dg = throughTanh(f32x4.mul(dc, i), g);
        dc = f32x4.mul(dc, f);
        dh = zero;
      }
      keep(dX, di, columns);
      keep(dX + gate, df, columns);
      keep(dX + 2 * gate, dg, columns);
      keep(dX + 3 * gate, dO, columns);
      v128.store(cell.cNext + state + v, dc);
      v128.store(cell.hNext + state + v, dh);
    }
  }
}

/** inverts n = tanh(x + r·s), h' = (1 − z)·n + z·h */
export function gru_after_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  const gate = cell.gate;
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, gate, sample);
    const out = place(cell, cell.out, cell.strideOut, sample);
    const saved = place(cell, cell.previous, cell.strideSaved, sample);
    const sums = cell.sums + cell.strideSums * r;
    let gates = place(cell, cell.gates, cell.strideGates, sample);
    let dX = place(cell, cell.dProjected, cell.strideProjected, sample);
    let dS = place(cell, cell.dRecurrent, cell.strideProjected, sample);
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4, gates += 16, dX += 16, dS += 16) {
      let dh = incoming(sums, cell.h + state, dropout, out, v, columns);
      let dr = zero;
      let dz = zero;
      let dn = zero;
      let ds = zero;
      if (!padding) {
        const reset = take(gates, columns);
        const z = take(gates + gate, columns);
        const n = take(gates + 2 * gate, columns);
        dn = throughTanh(f32x4.mul(dh, f32x4.sub(constant(ONE), z)), n);
        ds = f32x4.mul(dn, reset);
        dr = throughSigmoid(f32x4.mul(dn, take(gates + 3 * gate, columns)), reset);
        dz = throughSigmoid(f32x4.mul(dh, f32x4.sub(take(saved + v, columns), n)), z);
        dh = f32x4.mul(z, dh);
      }
      keep(dX, dr, columns);
      keep(dX + gate, dz, columns);
      keep(dX + 2 * gate, dn, columns);
      keep(dS, dr, columns);
      keep(dS + gate, dz, columns);
      keep(dS + 2 * gate, ds, columns);
      v128.store(cell.hNext + state + v, dh);
    }
  }
}

/** inverts h' = (1 − z)·n + z·h; what goes straight on to h waits in cNext for the product with the gradient of n */
export function gru_before_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  const zero = f32x4.splat(0);
  const gate = cell.gate;
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const padding = isPadding(cell, sample);
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, gate, sample);
    const out = place(cell, cell.out, cell.strideOut, sample);
    const saved = place(cell, cell.previous, cell.strideSaved, sample);
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const dX = place(cell, cell.dProjected, cell.strideProjected, sample);
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const dh = incoming(sums, cell.h + state, dropout, out, v, columns);
      const z = take(gates + v + gate, columns);
      const n = take(gates + v + 2 * gate, columns);
      const dz = throughSigmoid(f32x4.mul(dh, f32x4.sub(take(saved + v, columns), n)), z);
      const dn = throughTanh(f32x4.mul(dh, f32x4.sub(constant(ONE), z)), n);
      keep(dX + v + gate, padding ? zero : dz, columns);
      keep(dX + v + 2 * gate, padding ? zero : dn, columns);
      v128.store(cell.cNext + state + v, padding ? dh : f32x4.mul(z, dh));
    }
  }
}

/** inverts r·h, from the sums of its gradient */
export function gru_gates_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, cell.gate, sample);
    const saved = place(cell, cell.previous, cell.strideSaved, sample);
    const gates = place(cell, cell.gates, cell.strideGates, sample);
    const dX = place(cell, cell.dProjected, cell.strideProjected, sample);
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4) {
      const thin = dropout ? dropout + v : 0;
      const dGated = v128.load(sums + v);
      const reset = take(gates + v, columns);
      const h = thinned(take(saved + v, columns), thin, columns);
      keep(dX + v, throughSigmoid(f32x4.mul(dGated, h), reset), columns);
      const dh = thinned(f32x4.mul(dGated, reset), thin, columns);
      v128.store(cell.hNext + state + v, f32x4.add(dh, v128.load(cell.cNext + state + v)));
    }
  }
}

/** The gradient of the state before the first step, to `out`. */
export function first_cell_backward_f32(cell: Cell, first: u32, rows: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    const sample = first + r;
    const state = cell.strideState * sample + cell.unit;
    const dropout = place(cell, cell.dropout, cell.gate, sample);
    const out = place(cell, cell.out, cell.strideOut, sample);
    const sums = cell.sums + cell.strideSums * r;
    let columns = cell.columns;
    for (let v: usize = 0; v < 32 && columns > 0; v += 16, columns -= 4)
      keep(out + v, incoming(sums, cell.h + state, dropout, 0, v, columns), columns);
  }
}
