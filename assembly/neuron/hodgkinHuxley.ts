// Sodium and potassium channels: C v' = I − g_Na m³ h (v − E_Na) − g_K n⁴ (v − E_K) − g_L (v − E_L) − Σ g (v − E),
// x' = φ (α_x (1 − x) − β_x x) for the gates. A spike is an upward crossing of the threshold outside the refractory
// time; nothing is reset.
import { ChannelKind, HodgkinHuxley, Method } from './instructions';
import { Clock } from './clock';
import { closeH, closeM, closeN, common, openH, openM, openN } from './channels';
import { THRESHOLD, spikeAlone } from './membrane';
import { emptySlot, isRefractory } from './spikes';
import { multiplyAdd, relax, take, vectorBytes } from './vectors';

const SODIUM: usize = 48;
const SODIUM_REVERSAL: usize = 64;
const POTASSIUM: usize = 80;
const POTASSIUM_REVERSAL: usize = 96;
const LEAK: usize = 112;
/** g_L E_L + I */
const LEAK_REVERSAL: usize = 128;
/** dt / C, and dt φ */
const V_STEP: usize = 144;
const GATE_STEP: usize = 160;
/** What is taken off v for the rates. */
const SHIFT: usize = 176;
const RECEPTOR_0: usize = 192;
const RECEPTOR_1: usize = 224;

// The sums of the conductances that do not change within a step, and of their reversal currents.
let conductance: v128 = i32x4.splat(0);
let reversal: v128 = i32x4.splat(0);

@inline
function addExponential<T>(g: usize, p: usize): void {
  const value = v128.load(g);
  v128.store(g, v128.mul<T>(value, v128.load(p, 16)));
  conductance = v128.add<T>(conductance, value);
  reversal = multiplyAdd<T>(value, v128.load(p), reversal);
}

/** Leak, receptors, and what comes from outside. */
@inline
function sumInputs<T>(i: HodgkinHuxley, p: usize, at: usize): void {
  conductance = v128.load(p, LEAK);
  reversal = v128.load(p, LEAK_REVERSAL);
  if (i.receptors > 0) addExponential<T>(i.g0 + at, p + RECEPTOR_0);
  if (i.receptors > 1) addExponential<T>(i.g1 + at, p + RECEPTOR_1);
  if (i.conductance) {
    conductance = v128.add<T>(conductance, take(i.conductance + at));
    reversal = v128.add<T>(reversal, take(i.reversal + at));
  }
  if (i.drive) reversal = v128.add<T>(reversal, take(i.drive + at));
}

/** g_Na m³ h */
@inline
function sodium<T>(p: usize, m: v128, h: v128): v128 {
  return v128.mul<T>(v128.mul<T>(v128.load(p, SODIUM), h), v128.mul<T>(v128.mul<T>(m, m), m));
}

/** g_K n⁴ */
@inline
function potassium<T>(p: usize, n: v128): v128 {
  const square = v128.mul<T>(n, n);
  return v128.mul<T>(v128.load(p, POTASSIUM), v128.mul<T>(square, square));
}

/** dt v' with the sums as they are. */
@inline
function vSlope<T>(p: usize, sumG: v128, sumGE: v128, v: v128, m: v128, h: v128, n: v128): v128 {
  const na = sodium<T>(p, m, h);
  const k = potassium<T>(p, n);
  const g = v128.add<T>(v128.add<T>(na, k), sumG);
  const inward = v128.add<T>(
    multiplyAdd<T>(na, v128.load(p, SODIUM_REVERSAL), v128.mul<T>(k, v128.load(p, POTASSIUM_REVERSAL))),
    sumGE,
  );
  return v128.mul<T>(v128.load(p, V_STEP), v128.sub<T>(inward, v128.mul<T>(g, v)));
}

/** dt x' = dt φ (α (1 − x) − β x) */
@inline
function gateSlope<T>(p: usize, x: v128, open: v128, close: v128): v128 {
  const slope = v128.sub<T>(open, v128.mul<T>(v128.add<T>(open, close), x));
  return v128.mul<T>(v128.load(p, GATE_STEP), slope);
}

/** x after a step in which its rates are constant. */
@inline
function gateStep<T>(p: usize, x: v128, open: v128, close: v128): v128 {
  return relax<T>(x, open, v128.add<T>(open, close), v128.load(p, GATE_STEP));
}

let nextV: v128 = i32x4.splat(0);

/** The gates exactly for v as it is, then v exactly for those gates. */
@inline
function exponentialEuler<T>(i: HodgkinHuxley, kind: u32, p: usize, at: usize, v: v128): void {
  const u = v128.sub<T>(v, v128.load(p, SHIFT));
  const shared = common<T>(kind, u);
  const m = gateStep<T>(p, v128.load(i.m + at), openM<T>(kind, u), closeM<T>(kind, u, shared));
  const h = gateStep<T>(p, v128.load(i.h + at), openH<T>(kind, u), closeH<T>(kind, u, shared));
  const n = gateStep<T>(p, v128.load(i.gateN + at), openN<T>(kind, u), closeN<T>(kind, u));
  v128.store(i.m + at, m);
  v128.store(i.h + at, h);
  v128.store(i.gateN + at, n);
  const na = sodium<T>(p, m, h);
  const k = potassium<T>(p, n);
  const g = v128.add<T>(v128.add<T>(na, k), conductance);
  let inward = multiplyAdd<T>(na, v128.load(p, SODIUM_REVERSAL), reversal);
  inward = multiplyAdd<T>(k, v128.load(p, POTASSIUM_REVERSAL), inward);
  nextV = relax<T>(v, inward, g, v128.load(p, V_STEP));
}

// The slopes of one stage.
let slopeV: v128 = i32x4.splat(0);
let slopeM: v128 = i32x4.splat(0);
let slopeH: v128 = i32x4.splat(0);
let slopeN: v128 = i32x4.splat(0);

function slopes<T>(kind: u32, p: usize, v: v128, m: v128, h: v128, n: v128): void {
  const u = v128.sub<T>(v, v128.load(p, SHIFT));
  slopeV = vSlope<T>(p, conductance, reversal, v, m, h, n);
  if (kind == ChannelKind.TraubMiles) gateSlopes<T>(ChannelKind.TraubMiles, p, u, m, h, n);
  else gateSlopes<T>(ChannelKind.HodgkinHuxley, p, u, m, h, n);
}

@inline
function gateSlopes<T>(kind: u32, p: usize, u: v128, m: v128, h: v128, n: v128): void {
  const shared = common<T>(kind, u);
  slopeM = gateSlope<T>(p, m, openM<T>(kind, u), closeM<T>(kind, u, shared));
  slopeH = gateSlope<T>(p, h, openH<T>(kind, u), closeH<T>(kind, u, shared));
  slopeN = gateSlope<T>(p, n, openN<T>(kind, u), closeN<T>(kind, u));
}

/** The classical Runge–Kutta method; receptors and currents are constant within the step. */
@inline
function rungeKutta<T>(i: HodgkinHuxley, p: usize, at: usize, v: v128): void {
  const kind = i.channels;
  const m = v128.load(i.m + at);
  const h = v128.load(i.h + at);
  const n = v128.load(i.gateN + at);
  slopes<T>(kind, p, v, m, h, n);
  let sumV = slopeV;
  let sumM = slopeM;
  let sumH = slopeH;
  let sumN = slopeN;
  for (let stage = 1; stage < 4; stage++) {
    const part = v128.splat<T>(<T>(stage < 3 ? 0.5 : 1.0));
    slopes<T>(
      kind,
      p,
      multiplyAdd<T>(slopeV, part, v),
      multiplyAdd<T>(slopeM, part, m),
      multiplyAdd<T>(slopeH, part, h),
      multiplyAdd<T>(slopeN, part, n),
    );
    const weight = v128.splat<T>(<T>(stage < 3 ? 2.0 : 1.0));
    sumV = multiplyAdd<T>(slopeV, weight, sumV);
    sumM = multiplyAdd<T>(slopeM, weight, sumM);
    sumH = multiplyAdd<T>(slopeH, weight, sumH);
    sumN = multiplyAdd<T>(slopeN, weight, sumN);
  }
  const sixth = v128.splat<T>(<T>(1.0 / 6));
  v128.store(i.m + at, multiplyAdd<T>(sumM, sixth, m));
  v128.store(i.h + at, multiplyAdd<T>(sumH, sixth, h));
  v128.store(i.gateN + at, multiplyAdd<T>(sumN, sixth, n));
  nextV = multiplyAdd<T>(sumV, sixth, v);
}

/**
 * formula: one step of v and the gates by the method
 * shapes:  v[n], m[n], h[n], gateN[n], until[n], g[n], drive[n], jump[n], padded to whole vectors
 * tail:    the padding is computed like neurons and does not spike
 * edge:    NaN stays NaN and does not spike; the rates have no gap where x / (1 − e^(−x)) is 0 / 0
 */
@inline
function hodgkinHuxley<T>(pc: usize, kind: u32, method: u32): void {
  const i = changetype<HodgkinHuxley>(pc);
  const step = changetype<Clock>(i.clock).step;
  const slot = emptySlot(i.spikes, step + 1);
  const bytes = vectorBytes<T>(i.n);
  let p = i.parameters;
  for (let at: usize = 0; at < bytes; at += 16, p += i.step) {
    let v = v128.load(i.v + at);
    if (i.jump) v = v128.add<T>(v, take(i.jump + at));
    sumInputs<T>(i, p, at);
    if (method == Method.RungeKutta4) rungeKutta<T>(i, p, at, v);
    else exponentialEuler<T>(i, kind, p, at, v);
    const x = nextV;
    v128.store(i.v + at, x);
    const threshold = v128.load(p, THRESHOLD);
    let spiking = v128.and(v128.gt<T>(x, threshold), v128.le<T>(v, threshold));
    if (v128.any_true(spiking)) {
      if (i.until) spiking = v128.andnot(spiking, isRefractory<T>(v128.load(i.until + at), step));
      spikeAlone<T>(i, slot, at, p, step, spiking);
    }
  }
}

function hodgkinHuxleyOf<T>(pc: usize): void {
  const i = changetype<HodgkinHuxley>(pc);
  if (i.method == Method.RungeKutta4) hodgkinHuxley<T>(pc, 0, Method.RungeKutta4);
  else if (i.channels == ChannelKind.TraubMiles) hodgkinHuxley<T>(pc, ChannelKind.TraubMiles, Method.ExponentialEuler);
  else hodgkinHuxley<T>(pc, ChannelKind.HodgkinHuxley, Method.ExponentialEuler);
}

export function execHodgkinHuxley(pc: usize): usize {
  if (changetype<HodgkinHuxley>(pc).wide) hodgkinHuxleyOf<f64>(pc);
  else hodgkinHuxleyOf<f32>(pc);
  return pc + offsetof<HodgkinHuxley>();
}
