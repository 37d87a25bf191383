// Rates of neurons that need no simulation: leaky integrate and fire with a constant current, and with noise.
import { exp, log } from '../core/deterministic.ts';
import { positive, valueOf } from './checks.ts';
import { Hz, ms, type Frequency, type Quantity, type Time, type Voltage } from './units.ts';

/** What both rates need to know of a neuron; potentials are absolute. */
export interface RateOptions {
  tauMembrane: Time;
  vThreshold: Voltage;
  vReset: Voltage;
  refractory?: Time;
}

interface Numbers {
  readonly tau: number;
  readonly threshold: number;
  readonly reset: number;
  readonly refractory: number;
}

function numbersOf({ tauMembrane, vThreshold, vReset, refractory = ms(0) }: RateOptions, type: string): Numbers {
  const numbers = {
    tau: positive(tauMembrane, 'time', `${type}: tauMembrane`),
    threshold: valueOf(vThreshold, 'voltage', `${type}: vThreshold`),
    reset: valueOf(vReset, 'voltage', `${type}: vReset`),
    refractory: valueOf(refractory, 'time', `${type}: refractory`),
  };
  if (numbers.reset >= numbers.threshold)
    throw new RangeError(`${type}: expected vReset below vThreshold, got ${vReset} and ${vThreshold}`);
  return numbers;
}

const perMs = (rate: number): Frequency => Hz(rate / Hz.factor);

/**
 * The rate of a leaky integrate-and-fire neuron that a constant current would bring to `vInfinity`:
 * 1 / (t_ref + τ ln((v∞ − v_r)/(v∞ − v_th))), and 0 where it does not pass the threshold.
 * @throws RangeError unless the reset is below the threshold
 */
export function lifRate(vInfinity: Voltage, options: RateOptions): Frequency {
  const { tau, threshold, reset, refractory } = numbersOf(options, 'lifRate');
  const target = valueOf(vInfinity, 'voltage', 'lifRate: vInfinity');
  if (target <= threshold) return perMs(0);
  return perMs(1 / (refractory + tau * log((target - reset) / (target - threshold))));
}

/**
 * The rate with white noise (Siegert): 1/ν = t_ref + τ √π ∫ e^(x²) (1 + erf x) dx from (v_r − μ)/σ to (v_th − μ)/σ.
 * @param mean μ, of the potential without a threshold
 * @param deviation σ, √2 times the standard deviation of that potential
 * @throws RangeError unless the reset is below the threshold and the deviation above 0
 * source: Siegert, Phys. Rev. 81, 1951; Brunel, J. Comput. Neurosci. 8, 2000
 */
export function siegertRate(mean: Voltage, deviation: Quantity<'voltage'>, options: RateOptions): Frequency {
  const { tau, threshold, reset, refractory } = numbersOf(options, 'siegertRate');
  const mu = valueOf(mean, 'voltage', 'siegertRate: mean');
  const sigma = positive(deviation, 'voltage', 'siegertRate: deviation');
  const [from, to] = [(reset - mu) / sigma, (threshold - mu) / sigma];
  // beyond, e^(x²) is no number and the rate 0
  if (to > 26) return perMs(0);
  return perMs(1 / (refractory + tau * Math.sqrt(Math.PI) * integral(from, to)));
}

/** ∫ e^(x²) erfc(−x) dx by Simpson's rule. */
function integral(from: number, to: number): number {
  const parts = 2 * Math.ceil(Math.max(500, 200 * (to - from)));
  const h = (to - from) / parts;
  let sum = scaledErfc(-from) + scaledErfc(-to);
  for (let k = 1; k < parts; k++) sum += (k % 2 ? 4 : 2) * scaledErfc(-(from + k * h));
  return (sum * h) / 3;
}

/** e^(x²) erfc x: by the series of erf near 0, by a continued fraction beyond; 2 e^(x²) − that of −x below. */
function scaledErfc(x: number): number {
  if (x < 0) return 2 * exp(x * x) - scaledErfc(-x);
  if (x < 2) return exp(x * x) - scaledErf(x);
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (x + fraction);
  return 1 / (Math.sqrt(Math.PI) * (x + fraction));
}

/** e^(x²) erf x = 2/√π Σ 2ᵏ x^(2k+1) / (1 · 3 · … · (2k + 1)) */
function scaledErf(x: number): number {
  let term = x;
  let sum = 0;
  for (let k = 0; term > 1e-18 * sum; k++) {
    sum += term;
    term *= (2 * x * x) / (2 * k + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
