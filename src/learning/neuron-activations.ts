// The activations of a single neuron, number to number, in float64 with the same bits on every engine
// (docs/adr/0002). Names and constants are those of the layers; NaN goes through all of them.
import { exp, log } from '../core/deterministic.ts';
import { unknownName } from '../core/nearest.ts';

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;
const rootTwoOverPi = 0.7978845608028654;
const twoOverRootPi = 1.1283791670955126;

const activations = {
  linear: (x: number) => x,
  /** Fires above 0: 1, else 0. */
  step: (x: number) => (x > 0 ? 1 : x <= 0 ? 0 : NaN),
  /** Fires above 0: 1, else −1; so that the two sides are those of `step`, 0 is on the lower one. */
  sign: (x: number) => (x > 0 ? 1 : x <= 0 ? -1 : NaN),
  sigmoid,
  tanh,
  relu: (x: number) => clamp(x, 0, Infinity),
  relu6: (x: number) => clamp(x, 0, 6),
  /** Slope 0.01 below 0. */
  leakyRelu: (x: number) => (x > 0 ? x : 0.01 * x),
  elu,
  selu: (x: number) => seluScale * (x > 0 ? x : seluAlpha * expMinus1(x)),
  celu: elu,
  /** x Φ(x), Φ the normal distribution. */
  gelu: (x: number) => (x === -Infinity ? 0 : 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  geluTanh: (x: number) => (x === -Infinity ? 0 : 0.5 * x * (1 + tanh(rootTwoOverPi * (x + 0.044715 * x * x * x)))),
  silu: (x: number) => (x === -Infinity ? 0 : x * sigmoid(x)),
  mish: (x: number) => (x === -Infinity ? 0 : x * tanh(softplus(x))),
  softplus,
  softsign: (x: number) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
  hardSigmoid: (x: number) => clamp(x + 3, 0, 6) / 6,
  hardSwish: (x: number) => (x === -Infinity ? 0 : (x * clamp(x + 3, 0, 6)) / 6),
  hardTanh: (x: number) => clamp(x, -1, 1),
  logSigmoid: (x: number) => -softplus(-x),
  exp,
} satisfies Record<string, (x: number) => number>;

export type NeuronActivationName = keyof typeof activations;

/** The names that `perceptron` takes as activation. */
export const neuronActivationNames = /* @__PURE__ */ Object.keys(activations) as NeuronActivationName[];

/**
 * The function of that name.
 * @throws RangeError on an unknown name, with the nearest known one.
 */
export function neuronActivation(name: NeuronActivationName): (x: number) => number {
  if (Object.hasOwn(activations, name)) return activations[name];
  throw unknownName('activation', name, neuronActivationNames);
}

/** 1/(1 + e^−x), without overflow on either side. */
function sigmoid(x: number): number {
  const small = exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

function tanh(x: number): number {
  const lost = expMinus1(-2 * Math.abs(x));
  return x < 0 ? lost / (2 + lost) : -lost / (2 + lost);
}

function elu(x: number): number {
  return x > 0 ? x : expMinus1(x);
}

/** log(1 + e^x). */
function softplus(x: number): number {
  return Math.max(x, 0) + log1Plus(exp(-Math.abs(x)));
}

/** 2/√π e^−x² Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, all terms of one sign (Abramowitz and Stegun 1964, 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let term = x, n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return twoOverRootPi * exp(-x * x) * sum;
}

/** e^x − 1 without the cancellation near 0: the error of u = e^x is undone by log u (Kahan; Higham 2002, 1.14). */
function expMinus1(x: number): number {
  const u = exp(x);
  if (u === 1) return x;
  return u === 0 || u === Infinity ? u - 1 : ((u - 1) * x) / log(u);
}

/** log(1 + x) for x ≥ 0 without the loss of a small x, by the same device. */
function log1Plus(x: number): number {
  const u = 1 + x;
  return u === 1 ? x : (log(u) * x) / (u - 1);
}

function clamp(x: number, least: number, greatest: number): number {
  return Math.min(Math.max(x, least), greatest);
}
