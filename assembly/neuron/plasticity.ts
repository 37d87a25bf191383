// Plasticity that depends on the times of spikes, by traces: x of a source and y of a target, which jump at its spikes
// and decay. One pair of formulas holds the rules:
//   at an arrival: Δ = −y (A₋ f₋(w) + B₋ x_slow) + C, then x and x_slow jump
//   at a target's spike: Δ = x (A₊ f₊(w) + B₊ y_slow), then y and y_slow jump
//   f₊(w) = (1 − w/w_max)^μ₊, f₋(w) = (w/w_max)^μ₋
// Pairs have B = C = 0 (Song, Miller, Abbott 2000; Gütig et al. 2003), triplets B (Pfister, Gerstner 2006), the
// inhibitory rule C and A₋ below 0 (Vogels et al. 2011). Within one step arrivals come first, as in Brian 2.
import { Decay, Eligibility, Plastic, PlasticArrival, PlasticSpike, Scaling } from './instructions';
import { arriving } from './propagate';
import { Clock, slotOf } from './clock';
import { multiplyAdd, scalarExp, scalarLog, vectorBytes } from './vectors';

// Scalars of a rule, in this order.
const A_PLUS = 0;
const A_MINUS = 1;
const MU_PLUS = 2;
const MU_MINUS = 3;
const MAXIMUM = 4;
const MINIMUM = 5;
const B_PLUS = 6;
const B_MINUS = 7;
const CONSTANT = 8;

@inline
function scalar<T>(parameters: usize, index: usize): T {
  return load<T>(parameters + index * sizeof<T>());
}

@inline
function at<T>(array: usize, index: u32): usize {
  return array + usize(index) * sizeof<T>();
}

/** base^μ for a base from 0 on; 0⁰ is 1. */
@inline
function power<T>(base: T, mu: T): T {
  if (mu == <T>0) return <T>1;
  if (mu == <T>1) return base;
  return base > <T>0 ? scalarExp<T>(mu * scalarLog<T>(base)) : <T>0;
}

/** A weight of the sign that its synapse keeps: 0 where it would have the other one. `signs` 0: any sign. */
@inline
export function keepSign<T>(signs: usize, synapse: usize, w: T): T {
  if (!signs) return w;
  return w * load<T>(signs + synapse * sizeof<T>()) < <T>0 ? <T>0 : w;
}

/** Adds a change to a synapse: to its tag where it has one, else to its weight, which keeps to its bounds. */
@inline
function change<T>(i: Plastic, synapse: u32, delta: T): void {
  if (i.tags) {
    const tag = at<T>(i.tags, synapse);
    store<T>(tag, load<T>(tag) + delta);
    return;
  }
  const place = at<T>(i.weights, synapse);
  const highest = scalar<T>(i.parameters, MAXIMUM);
  const lowest = scalar<T>(i.parameters, MINIMUM);
  let w = load<T>(place) + delta;
  if (w > highest) w = highest;
  if (w < lowest) w = lowest;
  store<T>(place, keepSign<T>(i.signs, synapse, w));
}

/** A trace at a spike. */
@inline
function jump<T>(trace: usize, index: u32, nearest: u32): void {
  if (!trace) return;
  const place = at<T>(trace, index);
  store<T>(place, nearest ? <T>1 : load<T>(place) + <T>1);
}

/** The synapses of one source at an arrival. */
@inline
function arrive<T>(i: PlasticArrival, source: u32): void {
  const row = i.rows + 4 * usize(source);
  const end = load<u32>(row, 4);
  const scale = i.scale ? load<T>(at<T>(i.scale, source)) : <T>1;
  const mu = scalar<T>(i.parameters, MU_MINUS);
  const highest = scalar<T>(i.parameters, MAXIMUM);
  const slow = i.xSlow ? scalar<T>(i.parameters, B_MINUS) * load<T>(at<T>(i.xSlow, source)) : <T>0;
  for (let s = load<u32>(row); s < end; s++) {
    const target = load<u32>(i.targets + 4 * usize(s));
    const w = load<T>(at<T>(i.weights, s));
    const out = at<T>(i.out, target);
    store<T>(out, load<T>(out) + w * scale);
    const amount = scalar<T>(i.parameters, A_MINUS) * power<T>(w / highest, mu) + slow;
    change<T>(i, s, scalar<T>(i.parameters, CONSTANT) - load<T>(at<T>(i.y, target - i.firstTarget)) * amount);
  }
  jump<T>(i.x, source, i.nearest);
  jump<T>(i.xSlow, source, i.nearest);
}

@inline
function arrivals<T>(i: PlasticArrival, slot: usize): void {
  const spikes = load<u32>(slot);
  for (let k: u32 = 0; k < spikes; k++) {
    const source = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (source < i.count) arrive<T>(i, source);
  }
}

/**
 * formula: out[target] += w · scale, then the change of an arrival, for each synapse of each spike that arrives
 * shapes:  x[count], y[targets], rows[count + 1]; weights, targets, tags as many as synapses
 */
export function execPlasticArrival(pc: usize): usize {
  const i = changetype<PlasticArrival>(pc);
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (slot) {
    if (i.wide) arrivals<f64>(i, slot);
    else arrivals<f32>(i, slot);
  }
  return pc + offsetof<PlasticArrival>();
}

/** The synapses of one target at its spike. */
@inline
function spike<T>(i: PlasticSpike, target: u32): void {
  const row = i.rows + 4 * usize(target);
  const end = load<u32>(row, 4);
  const mu = scalar<T>(i.parameters, MU_PLUS);
  const highest = scalar<T>(i.parameters, MAXIMUM);
  const slow = i.ySlow ? scalar<T>(i.parameters, B_PLUS) * load<T>(at<T>(i.ySlow, target)) : <T>0;
  for (let e = load<u32>(row); e < end; e++) {
    const synapse = load<u32>(i.order + 4 * usize(e));
    const x = load<T>(at<T>(i.x, load<u32>(i.sources + 4 * usize(e))));
    const w = load<T>(at<T>(i.weights, synapse));
    const amount = scalar<T>(i.parameters, A_PLUS) * power<T>(<T>1 - w / highest, mu) + slow;
    change<T>(i, synapse, x * amount);
  }
  jump<T>(i.y, target, i.nearest);
  jump<T>(i.ySlow, target, i.nearest);
}

@inline
function spikesOf<T>(i: PlasticSpike, slot: usize): void {
  const spikes = load<u32>(slot);
  for (let k: u32 = 0; k < spikes; k++) {
    const target = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (target < i.count) spike<T>(i, target);
  }
}

/**
 * formula: the change of a target's spike for each of its incoming synapses
 * shapes:  rows[count + 1]; sources, order as many as synapses, those of a target together
 */
export function execPlasticSpike(pc: usize): usize {
  const i = changetype<PlasticSpike>(pc);
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (slot) {
    if (i.wide) spikesOf<f64>(i, slot);
    else spikesOf<f32>(i, slot);
  }
  return pc + offsetof<PlasticSpike>();
}

@inline
function decayAll<T>(i: Decay): void {
  const bytes = vectorBytes<T>(i.n);
  const factor = v128.splat<T>(load<T>(i.factor));
  for (let k: usize = 0; k < bytes; k += 16) v128.store(i.x + k, v128.mul<T>(v128.load(i.x + k), factor));
}

/** formula: x[n] *= factor · shapes: x[n] padded to whole vectors */
export function execDecay(pc: usize): usize {
  const i = changetype<Decay>(pc);
  if (i.wide) decayAll<f64>(i);
  else decayAll<f32>(i);
  return pc + offsetof<Decay>();
}

/** As `keepSign`, a vector of them. */
@inline
function keepSigns<T>(w: v128, signs: v128): v128 {
  return v128.andnot(w, v128.lt<T>(v128.mul<T>(w, signs), v128.splat<T>(<T>0)));
}

/** Parameters: what a tag gives a weight in a step for a unit of reward, decay of tags and of reward, bounds. */
@inline
function eligibility<T>(i: Eligibility): void {
  const bytes = vectorBytes<T>(i.n);
  const reward = load<T>(i.reward);
  const share = v128.splat<T>(scalar<T>(i.parameters, 0) * reward);
  const decay = v128.splat<T>(scalar<T>(i.parameters, 1));
  const lowest = v128.splat<T>(scalar<T>(i.parameters, 3));
  const highest = v128.splat<T>(scalar<T>(i.parameters, 4));
  for (let k: usize = 0; k < bytes; k += 16) {
    const tag = v128.load(i.tags + k);
    v128.store(i.tags + k, v128.mul<T>(tag, decay));
    if (reward == <T>0) continue;
    const w = v128.pmin<T>(v128.pmax<T>(multiplyAdd<T>(tag, share, v128.load(i.weights + k)), lowest), highest);
    v128.store(i.weights + k, i.signs ? keepSigns<T>(w, v128.load(i.signs + k)) : w);
  }
  store<T>(i.reward, reward * scalar<T>(i.parameters, 2));
}

/**
 * formula: c' = −c/τ_c, d' = −d/τ_d, w' = c d, exactly: w += c d (1 − e^(−dt k))/k, k = 1/τ_c + 1/τ_d
 * shapes:  weights[n], tags[n], reward[1], padded
 * source:  Izhikevich, Cereb. Cortex 17, 2007
 */
export function execEligibility(pc: usize): usize {
  const i = changetype<Eligibility>(pc);
  if (i.wide) eligibility<f64>(i);
  else eligibility<f32>(i);
  return pc + offsetof<Eligibility>();
}

/** Parameters: decay of the rate in a step, what a spike adds to it, 1 / goal, every · dt / τ, bounds. */
@inline
function scaling<T>(i: Scaling, label: u32, scales: bool): void {
  const slot = slotOf(i.spikes, label);
  const decay = scalar<T>(i.parameters, 0);
  for (let target: u32 = 0; target < i.n; target++) {
    const rate = at<T>(i.rate, target);
    store<T>(rate, load<T>(rate) * decay);
  }
  const spikes = load<u32>(slot);
  for (let k: u32 = 0; k < spikes; k++) {
    const target = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (target >= i.n) continue;
    const rate = at<T>(i.rate, target);
    store<T>(rate, load<T>(rate) + scalar<T>(i.parameters, 1));
  }
  if (!scales) return;
  for (let target: u32 = 0; target < i.n; target++) {
    const error = <T>1 - load<T>(at<T>(i.rate, target)) * scalar<T>(i.parameters, 2);
    // a factor below 0 would turn excitation into inhibition
    const factor = max<T>(<T>0, <T>1 + error * scalar<T>(i.parameters, 3));
    const row = i.rows + 4 * usize(target);
    const end = load<u32>(row, 4);
    for (let e = load<u32>(row); e < end; e++) {
      const place = at<T>(i.weights, load<u32>(i.order + 4 * usize(e)));
      store<T>(place, load<T>(place) * factor);
    }
  }
}

/**
 * formula: r' = −r/τ_r, r += 1/τ_r at a spike; every so many steps w *= 1 + (every dt/τ)(r₀ − r)/r₀, or 0 where that is below 0
 * shapes:  rate[n], rows[n + 1], order and weights as many as synapses
 */
export function execScaling(pc: usize): usize {
  const i = changetype<Scaling>(pc);
  const step = changetype<Clock>(i.clock).step;
  const scales = step % i.every == 0;
  if (i.wide) scaling<f64>(i, step, scales);
  else scaling<f32>(i, step, scales);
  return pc + offsetof<Scaling>();
}
