// What is told by rates: units whose state is a rate, their connections, rates measured from spikes, and the rules by which
// weights change with rates.
import { PropagateRates, RateRule, RateRuleKind, RateUnits, SpikeTrace } from './instructions';
import { arriving } from './propagate';
import { Clock } from './clock';
import { keepSign } from './plasticity';
import { approach, multiplyAdd, take, vectorBytes } from './vectors';

const BIAS: usize = 0;
const GAIN: usize = 16;
const DECAY: usize = 32;

@inline
function rateUnits<T>(i: RateUnits): void {
  const bytes = vectorBytes<T>(i.n);
  let p = i.parameters;
  for (let at: usize = 0; at < bytes; at += 16, p += i.step) {
    let goal = multiplyAdd<T>(take(i.drive + at), v128.load(p, GAIN), v128.load(p, BIAS));
    if (i.rectified) goal = v128.max<T>(goal, v128.splat<T>(<T>0));
    v128.store(i.rate + at, approach<T>(v128.load(i.rate + at), goal, v128.load(p, DECAY)));
  }
}

/**
 * formula: rate = f + (rate − f) e^(−dt/τ), f = gain · drive + bias, or 0 where that is below 0
 * shapes:  rate[n], drive[n], padded to whole vectors
 * edge:    NaN stays NaN
 */
export function execRateUnits(pc: usize): usize {
  const i = changetype<RateUnits>(pc);
  if (i.wide) rateUnits<f64>(i);
  else rateUnits<f32>(i);
  return pc + offsetof<RateUnits>();
}

@inline
function at<T>(array: usize, index: usize): usize {
  return array + index * sizeof<T>();
}

@inline
function propagateRates<T>(i: PropagateRates): void {
  for (let source: u32 = 0; source < i.count; source++) {
    const row = i.rows + 4 * usize(source);
    const end = usize(load<u32>(row, 4));
    const rate = load<T>(at<T>(i.rates, source));
    for (let s = usize(load<u32>(row)); s < end; s++) {
      const out = at<T>(i.out, load<u32>(i.targets + 4 * s));
      store<T>(out, load<T>(out) + load<T>(at<T>(i.weights, i.shared ? 0 : s)) * rate);
    }
  }
}

/**
 * formula: out[targets[s]] += weights[s] · rates[i] for s from rows[i] to rows[i + 1], for every source i
 * shapes:  rows[count + 1], targets and weights as many as synapses, rates[count], out[any]
 */
export function execPropagateRates(pc: usize): usize {
  const i = changetype<PropagateRates>(pc);
  if (i.wide) propagateRates<f64>(i);
  else propagateRates<f32>(i);
  return pc + offsetof<PropagateRates>();
}

@inline
function spikeTrace<T>(i: SpikeTrace): void {
  const bytes = vectorBytes<T>(i.count);
  const factor = v128.splat<T>(load<T>(i.parameters));
  const jump = load<T>(i.parameters, sizeof<T>());
  for (let k: usize = 0; k < bytes; k += 16) v128.store(i.x + k, v128.mul<T>(v128.load(i.x + k), factor));
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (!slot) return;
  const spikes = load<u32>(slot);
  for (let k: u32 = 0; k < spikes; k++) {
    const neuron = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (neuron >= i.count) continue;
    const place = at<T>(i.x, neuron);
    store<T>(place, load<T>(place) + jump);
  }
}

/** formula: x' = −x/τ, x += jump at a spike · shapes: x[count] padded */
export function execSpikeTrace(pc: usize): usize {
  const i = changetype<SpikeTrace>(pc);
  if (i.wide) spikeTrace<f64>(i);
  else spikeTrace<f32>(i);
  return pc + offsetof<SpikeTrace>();
}

@inline
function scalar<T>(i: RateRule, index: usize): T {
  return load<T>(i.parameters + index * sizeof<T>());
}

/** Scalars: rate of learning, norm (Oja) or how far the threshold goes (BCM), minimum, maximum. */
@inline
function rateRule<T>(i: RateRule): void {
  const eta = scalar<T>(i, 0);
  const second = scalar<T>(i, 1);
  const lowest = scalar<T>(i, 2);
  const highest = scalar<T>(i, 3);
  for (let source: u32 = 0; source < i.sources; source++) {
    const row = i.rows + 4 * usize(source);
    const end = usize(load<u32>(row, 4));
    const x = load<T>(at<T>(i.x, source));
    for (let s = usize(load<u32>(row)); s < end; s++) {
      const target = usize(load<u32>(i.targets + 4 * s) - i.firstTarget);
      const y = load<T>(at<T>(i.y, target));
      const place = at<T>(i.weights, s);
      let w = load<T>(place);
      if (i.kind == RateRuleKind.Oja) w += eta * y * (second * x - y * w);
      else w += eta * x * y * (y - load<T>(at<T>(i.threshold, target)));
      if (w > highest) w = highest;
      if (w < lowest) w = lowest;
      store<T>(place, keepSign<T>(i.signs, s, w));
    }
  }
  if (i.kind != RateRuleKind.Bcm) return;
  for (let target: usize = 0; target < i.n; target++) {
    const y = load<T>(at<T>(i.y, target));
    const threshold = at<T>(i.threshold, target);
    store<T>(threshold, load<T>(threshold) + (y * y - load<T>(threshold)) * second);
  }
}

/**
 * formula: Oja: w += η y (c x − y w), c the norm. BCM: w += η x y (y − θ), then θ += (y² − θ)(1 − e^(−t/τ)).
 * shapes:  x[sources], y[n], threshold[n], rows[sources + 1], targets and weights as many as synapses
 * source:  Oja, J. Math. Biol. 15, 1982; Bienenstock, Cooper, Munro, J. Neurosci. 2, 1982
 */
export function execRateRule(pc: usize): usize {
  const i = changetype<RateRule>(pc);
  if ((changetype<Clock>(i.clock).step + 1) % i.every == 0) {
    if (i.wide) rateRule<f64>(i);
    else rateRule<f32>(i);
  }
  return pc + offsetof<RateRule>();
}
