// The adaptive exponential neuron (Brette, Gerstner, J. Neurophysiol. 94, 2005):
//   C v' = −g_L (v − E_L) + g_L Δ e^((v − v_T)/Δ) − w + I,  τ_w w' = a (v − E_L) − w
// where v > peak: v ← reset, w ← w + b. In the slopes v is at most the peak, so that the last step of a spike does not
// throw w away; during a refractory time v rests and w goes on.
import { AdaptiveExponential, Method } from './instructions';
import { Clock } from './clock';
import { THRESHOLD, spikeAndReset } from './membrane';
import { emptySlot, isRefractory } from './spikes';
import { approach, exp, multiplyAdd, take, vectorBytes } from './vectors';

const JUMP: usize = 48;
const REST: usize = 64;
const SOFT_THRESHOLD: usize = 80;
const INVERSE_SLOPE: usize = 96;
const LEAK: usize = 112;
/** g_L Δ */
const EXPONENTIAL: usize = 128;
const A: usize = 144;
const CURRENT: usize = 160;
/** dt / C and dt / τ_w */
const V_STEP: usize = 176;
const W_STEP: usize = 192;
/** e^(−g_L dt / C) and e^(−dt / τ_w) */
const V_DECAY: usize = 208;
const W_DECAY: usize = 224;

/** g_L Δ e^((v − v_T)/Δ), the exponent at most 30: e³⁰ is far beyond what a step needs to pass any peak. */
@inline
function spikeCurrent<T>(p: usize, v: v128): v128 {
  const x = v128.mul<T>(v128.sub<T>(v, v128.load(p, SOFT_THRESHOLD)), v128.load(p, INVERSE_SLOPE));
  return v128.mul<T>(v128.load(p, EXPONENTIAL), exp<T>(v128.pmin<T>(x, v128.splat<T>(<T>30))));
}

/** dt v' */
@inline
function vSlope<T>(p: usize, v: v128, w: v128, current: v128): v128 {
  const x = v128.pmin<T>(v, v128.load(p, THRESHOLD));
  const leak = v128.mul<T>(v128.load(p, LEAK), v128.sub<T>(v128.load(p, REST), x));
  const inward = v128.add<T>(v128.add<T>(leak, spikeCurrent<T>(p, x)), v128.sub<T>(current, w));
  return v128.mul<T>(v128.load(p, V_STEP), inward);
}

/** dt w' */
@inline
function wSlope<T>(p: usize, v: v128, w: v128): v128 {
  const x = v128.pmin<T>(v, v128.load(p, THRESHOLD));
  const target = v128.mul<T>(v128.load(p, A), v128.sub<T>(x, v128.load(p, REST)));
  return v128.mul<T>(v128.load(p, W_STEP), v128.sub<T>(target, w));
}

/** x + (k1 + 2 k2 + 2 k3 + k4) / 6 */
@inline
function rungeKuttaSum<T>(x: v128, k1: v128, k2: v128, k3: v128, k4: v128): v128 {
  const middle = v128.add<T>(k2, k3);
  const sum = v128.add<T>(v128.add<T>(k1, k4), v128.add<T>(middle, middle));
  return multiplyAdd<T>(sum, v128.splat<T>(<T>(1.0 / 6)), x);
}

@inline
function half<T>(x: v128): v128 {
  return v128.mul<T>(x, v128.splat<T>(<T>0.5));
}

let nextV: v128 = i32x4.splat(0);
let nextW: v128 = i32x4.splat(0);

/** v and w after a step by the classical Runge–Kutta method, into nextV and nextW. */
@inline
function rungeKutta<T>(p: usize, v: v128, w: v128, current: v128): void {
  const v1 = vSlope<T>(p, v, w, current);
  const w1 = wSlope<T>(p, v, w);
  let x = v128.add<T>(v, half<T>(v1));
  let y = v128.add<T>(w, half<T>(w1));
  const v2 = vSlope<T>(p, x, y, current);
  const w2 = wSlope<T>(p, x, y);
  x = v128.add<T>(v, half<T>(v2));
  y = v128.add<T>(w, half<T>(w2));
  const v3 = vSlope<T>(p, x, y, current);
  const w3 = wSlope<T>(p, x, y);
  x = v128.add<T>(v, v3);
  y = v128.add<T>(w, w3);
  nextV = rungeKuttaSum<T>(v, v1, v2, v3, vSlope<T>(p, x, y, current));
  nextW = rungeKuttaSum<T>(w, w1, w2, w3, wSlope<T>(p, x, y));
}

/** The leak exactly, the exponential as it is at the beginning; w exactly for that v. */
@inline
function exponentialEuler<T>(p: usize, v: v128, w: v128, current: v128): void {
  const inward = v128.add<T>(spikeCurrent<T>(p, v), v128.sub<T>(current, w));
  const target = v128.add<T>(v128.load(p, REST), v128.div<T>(inward, v128.load(p, LEAK)));
  const adapted = v128.mul<T>(v128.load(p, A), v128.sub<T>(v, v128.load(p, REST)));
  nextV = approach<T>(v, target, v128.load(p, V_DECAY));
  nextW = approach<T>(w, adapted, v128.load(p, W_DECAY));
}

/**
 * formula: one step of v and w by the method, then threshold and reset
 * shapes:  v[n], w[n], until[n], drive[n], jump[n], padded to whole vectors
 * tail:    the padding is computed like neurons and does not spike
 * edge:    NaN stays NaN and does not spike
 */
@inline
function adaptiveExponential<T>(pc: usize, method: u32): void {
  const i = changetype<AdaptiveExponential>(pc);
  const step = changetype<Clock>(i.clock).step;
  const slot = emptySlot(i.spikes, step + 1);
  const bytes = vectorBytes<T>(i.n);
  let p = i.parameters;
  for (let at: usize = 0; at < bytes; at += 16, p += i.step) {
    const before = v128.load(i.v + at);
    const w = v128.load(i.w + at);
    let v = before;
    let current = v128.load(p, CURRENT);
    if (i.drive) current = v128.add<T>(current, take(i.drive + at));
    if (i.jump) v = v128.add<T>(v, take(i.jump + at));
    if (method == Method.RungeKutta4) rungeKutta<T>(p, v, w, current);
    else if (method == Method.ExponentialEuler) exponentialEuler<T>(p, v, w, current);
    else {
      nextV = v128.add<T>(v, vSlope<T>(p, v, w, current));
      nextW = v128.add<T>(w, wSlope<T>(p, v, w));
    }
    let x = nextV;
    let y = nextW;
    if (i.until) x = v128.bitselect(before, x, isRefractory<T>(v128.load(i.until + at), step));
    v128.store(i.v + at, x);
    const spiking = v128.gt<T>(x, v128.load(p, THRESHOLD));
    if (v128.any_true(spiking)) {
      y = v128.add<T>(y, v128.and(v128.load(p, JUMP), spiking));
      spikeAndReset<T>(i, slot, at, p, step, spiking);
    }
    v128.store(i.w + at, y);
  }
}

function adaptiveExponentialOf<T>(pc: usize): void {
  const method = changetype<AdaptiveExponential>(pc).method;
  if (method == Method.RungeKutta4) adaptiveExponential<T>(pc, Method.RungeKutta4);
  else if (method == Method.ExponentialEuler) adaptiveExponential<T>(pc, Method.ExponentialEuler);
  else adaptiveExponential<T>(pc, Method.Euler);
}

export function execAdaptiveExponential(pc: usize): usize {
  if (changetype<AdaptiveExponential>(pc).wide) adaptiveExponentialOf<f64>(pc);
  else adaptiveExponentialOf<f32>(pc);
  return pc + offsetof<AdaptiveExponential>();
}
