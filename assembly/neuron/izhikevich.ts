// Izhikevich's neuron (IEEE Trans. Neural Netw. 14, 2003, and 15, 2004): dv/dt = 0.04 v² + 5 v + 140 − u + I,
// du/dt = a (b v − u); where v > peak: v ← c, u ← u + d. Numbers without units, time in milliseconds.
// Euler's method in the author's order: v first (in `substeps` parts), then u with the new v. Some of the 2004
// patterns have other coefficients of v, and one has du/dt = a b (v + 65): hence `linear`, `constant`, `leak`, `shift`.
import { Izhikevich } from './instructions';
import { Clock } from './clock';
import { appendSpikes, emptySlot, neuronAt } from './spikes';
import { multiplyAdd, signs, take, vectorBytes } from './vectors';

const PEAK: usize = 0;
const RESET: usize = 16;
/** dt / substeps, and dt · a. */
const V_STEP: usize = 48;
const U_STEP: usize = 64;
const B: usize = 80;
const D: usize = 96;
const LINEAR: usize = 112;
const CONSTANT: usize = 128;
const LEAK: usize = 144;
const SHIFT: usize = 160;
const CURRENT: usize = 176;

/**
 * formula: v' = v + dt/k (0.04 v² + linear v + constant − u + I), k times; u' = u + dt a (b (v' + shift) − leak u)
 * shapes:  v[n], u[n], drive[n], jump[n], padded to whole vectors
 * tail:    the padding is computed like neurons and does not spike
 * edge:    NaN stays NaN and does not spike
 */
@inline
function izhikevich<T>(pc: usize): void {
  const i = changetype<Izhikevich>(pc);
  const step = changetype<Clock>(i.clock).step;
  const slot = emptySlot(i.spikes, step + 1);
  const bytes = vectorBytes<T>(i.n);
  const square = v128.splat<T>(<T>0.04);
  let p = i.parameters;
  for (let at: usize = 0; at < bytes; at += 16, p += i.step) {
    let x = v128.load(i.v + at);
    let u = v128.load(i.u + at);
    let current = v128.load(p, CURRENT);
    if (i.drive) current = v128.add<T>(current, take(i.drive + at));
    if (i.jump) x = v128.add<T>(x, take(i.jump + at));
    const dt = v128.load(p, V_STEP);
    for (let k = i.substeps; k; k--) {
      let slope = multiplyAdd<T>(v128.load(p, LINEAR), x, v128.mul<T>(square, v128.mul<T>(x, x)));
      slope = v128.add<T>(v128.sub<T>(v128.add<T>(slope, v128.load(p, CONSTANT)), u), current);
      x = multiplyAdd<T>(dt, slope, x);
    }
    const towards = v128.mul<T>(v128.load(p, B), v128.add<T>(x, v128.load(p, SHIFT)));
    const slope = v128.sub<T>(towards, v128.mul<T>(v128.load(p, LEAK), u));
    u = multiplyAdd<T>(v128.load(p, U_STEP), slope, u);
    const spiking = v128.gt<T>(x, v128.load(p, PEAK));
    if (v128.any_true(spiking)) {
      x = v128.bitselect(v128.load(p, RESET), x, spiking);
      u = v128.add<T>(u, v128.and(v128.load(p, D), spiking));
      appendSpikes(slot, neuronAt<T>(at), signs<T>(spiking), i.n);
    }
    v128.store(i.v + at, x);
    v128.store(i.u + at, u);
  }
}

export function execIzhikevich(pc: usize): usize {
  if (changetype<Izhikevich>(pc).wide) izhikevich<f64>(pc);
  else izhikevich<f32>(pc);
  return pc + offsetof<Izhikevich>();
}
