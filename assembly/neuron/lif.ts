// Leaky integrate and fire: τ dv/dt = −(v − E) + R I, spike where v > threshold, reset, refractory.
// With currents the equations are linear and the step exact (Rotter, Diesmann, Biol. Cybern. 81, 1999); with
// conductances it is exponential Euler: the conductances as they are at the beginning of the step.
import { Lif, LifConductance } from './instructions';
import { THRESHOLD, spikeAndReset } from './membrane';
import { Clock } from './clock';
import { emptySlot, isRefractory } from './spikes';
import { approach, multiplyAdd, relax, take, vectorBytes } from './vectors';

// Parameters after those of every membrane (membrane.ts). Exact: rest with the constant current, e^(−dt/τ), (1 − e^(−dt/τ)) R, then for each receptor what g adds to v in a
// step, and g's own decay
const TARGET: usize = 48;
const DECAY: usize = 64;
const GAIN: usize = 80;
const CURRENT_0: usize = 96;
const CURRENT_1: usize = 128;
// Conductance: g E + I of the leak, its g, dt/C, then for each receptor its reversal potential and decay
const LEAK_REVERSAL: usize = 48;
const LEAK: usize = 64;
const RATE: usize = 80;
const CONDUCTANCE_0: usize = 96;
const CONDUCTANCE_1: usize = 128;

/** What an exponential receptor adds in this step; its state decays. */
@inline
function decaying<T>(g: usize, gain: v128, decay: v128): v128 {
  const value = v128.load(g);
  v128.store(g, v128.mul<T>(value, decay));
  return v128.mul<T>(value, gain);
}

/**
 * formula: v' = V + (v + jump − V) e^(−dt/τ) + Σ gainₖ gₖ + gain · drive, V = E + R I; gₖ' = gₖ e^(−dt/τₖ)
 * shapes:  v[n], until[n], gₖ[n], drive[n], jump[n], all padded to whole vectors
 * tail:    the padding is computed like neurons and does not spike
 * edge:    NaN stays NaN and does not spike
 */
@inline
function lif<T>(pc: usize, receptors: u32, refractory: bool, driven: bool): void {
  const i = changetype<Lif>(pc);
  const clock = changetype<Clock>(i.clock);
  const step = clock.step;
  const slot = emptySlot(i.spikes, step + 1);
  const bytes = vectorBytes<T>(i.n);
  const parameterStep = usize(i.step);
  const g0 = i.g0;
  const g1 = i.g1;
  let p = i.parameters;
  let v = i.v;
  for (let at: usize = 0; at < bytes; at += 16, v += 16, p += parameterStep) {
    const before = v128.load(v);
    let x = before;
    if (driven && i.jump) x = v128.add<T>(x, take(i.jump + at));
    x = approach<T>(x, v128.load(p, TARGET), v128.load(p, DECAY));
    if (receptors > 0) x = v128.add<T>(x, decaying<T>(g0 + at, v128.load(p, CURRENT_0), v128.load(p, CURRENT_0 + 16)));
    if (receptors > 1) x = v128.add<T>(x, decaying<T>(g1 + at, v128.load(p, CURRENT_1), v128.load(p, CURRENT_1 + 16)));
    if (driven && i.drive) x = multiplyAdd<T>(take(i.drive + at), v128.load(p, GAIN), x);
    if (refractory) x = v128.bitselect(before, x, isRefractory<T>(v128.load(i.until + at), step));
    v128.store(v, x);
    const spiking = v128.gt<T>(x, v128.load(p, THRESHOLD));
    if (v128.any_true(spiking)) spikeAndReset<T>(i, slot, at, p, step, spiking);
  }
}

/** The loop for what there is: with two receptors and a refractory time as in networks, or any other. */
function lifOf<T>(pc: usize): void {
  const i = changetype<Lif>(pc);
  const driven = i.drive != 0 || i.jump != 0;
  const refractory = i.until != 0;
  if (i.receptors == 2 && refractory && !driven) lif<T>(pc, 2, true, false);
  else if (i.receptors == 2) lif<T>(pc, 2, refractory, driven);
  else if (i.receptors == 1) lif<T>(pc, 1, refractory, driven);
  else lif<T>(pc, 0, refractory, driven);
}

export function execLif(pc: usize): usize {
  if (changetype<Lif>(pc).wide) lifOf<f64>(pc);
  else lifOf<f32>(pc);
  return pc + offsetof<Lif>();
}

/**
 * formula: G = g_L + Σ gₖ, V = (g_L E + I + Σ gₖ Eₖ) / G, v' = V + (v − V) e^(−G dt/C); gₖ' = gₖ e^(−dt/τₖ)
 * shapes, tail, edge: as `lif`; conductance[n] and reversal[n] are added to the two sums and cleared
 */
@inline
function lifConductance<T>(pc: usize, receptors: u32, driven: bool): void {
  const i = changetype<LifConductance>(pc);
  const clock = changetype<Clock>(i.clock);
  const step = clock.step;
  const slot = emptySlot(i.spikes, step + 1);
  const bytes = vectorBytes<T>(i.n);
  const parameterStep = usize(i.step);
  const g0 = i.g0;
  const g1 = i.g1;
  const until = i.until;
  let p = i.parameters;
  let v = i.v;
  for (let at: usize = 0; at < bytes; at += 16, v += 16, p += parameterStep) {
    let conductance = v128.load(p, LEAK);
    let reversal = v128.load(p, LEAK_REVERSAL);
    if (receptors > 0) {
      const g = v128.load(g0 + at);
      v128.store(g0 + at, v128.mul<T>(g, v128.load(p, CONDUCTANCE_0 + 16)));
      conductance = v128.add<T>(conductance, g);
      reversal = multiplyAdd<T>(g, v128.load(p, CONDUCTANCE_0), reversal);
    }
    if (receptors > 1) {
      const g = v128.load(g1 + at);
      v128.store(g1 + at, v128.mul<T>(g, v128.load(p, CONDUCTANCE_1 + 16)));
      conductance = v128.add<T>(conductance, g);
      reversal = multiplyAdd<T>(g, v128.load(p, CONDUCTANCE_1), reversal);
    }
    const before = v128.load(v);
    let x = before;
    if (driven) {
      if (i.conductance) {
        conductance = v128.add<T>(conductance, take(i.conductance + at));
        reversal = v128.add<T>(reversal, take(i.reversal + at));
      }
      if (i.drive) reversal = v128.add<T>(reversal, take(i.drive + at));
      if (i.jump) x = v128.add<T>(x, take(i.jump + at));
    }
    x = relax<T>(x, reversal, conductance, v128.load(p, RATE));
    if (until) x = v128.bitselect(before, x, isRefractory<T>(v128.load(until + at), step));
    v128.store(v, x);
    const spiking = v128.gt<T>(x, v128.load(p, THRESHOLD));
    if (v128.any_true(spiking)) spikeAndReset<T>(i, slot, at, p, step, spiking);
  }
}

function lifConductanceOf<T>(pc: usize): void {
  const i = changetype<LifConductance>(pc);
  const driven = i.drive != 0 || i.jump != 0 || i.conductance != 0;
  if (i.receptors == 2 && !driven) lifConductance<T>(pc, 2, false);
  else if (i.receptors == 2) lifConductance<T>(pc, 2, true);
  else if (i.receptors == 1) lifConductance<T>(pc, 1, true);
  else lifConductance<T>(pc, 0, true);
}

export function execLifConductance(pc: usize): usize {
  if (changetype<LifConductance>(pc).wide) lifConductanceOf<f64>(pc);
  else lifConductanceOf<f32>(pc);
  return pc + offsetof<LifConductance>();
}
