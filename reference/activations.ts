// Every elementwise function of the core in float64, with its derivative: the oracle of assembly/nn/activation.ts.
// A derivative at a kink is what the library promises: 0, or the left one where PyTorch's is (leaky relu, elu, …).
import { erf, normalCdf, normalPdf, sigmoid, softplus } from './math.ts';

export interface Activation {
  readonly forward: (x: number, alpha: number, beta: number) => number;
  readonly derivative: (x: number, alpha: number, beta: number) => number;
  /** Where the derivative jumps. */
  readonly kinks?: (alpha: number, beta: number) => number[];
}

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
const cubic = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const cubicSlope = (x: number) => 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
const within = (x: number, low: number, high: number) => (x > low && x < high ? 1 : 0);
/** max and min that keep NaN and, unlike Math's, do not tell −0 from +0. */
const atLeast = (x: number, low: number) => (x < low ? low : x);
const clip = (x: number, low: number, high: number) => (x < low ? low : x > high ? high : x);
const hardSigmoid = (x: number) => clip(x + 3, 0, 6) / 6;
/** x · gate(x), whose limit at −∞ is 0. */
const gated = (x: number, gate: number) => (x === -Infinity ? -0 : x * gate);
/** gate'(x) · x, whose limits at ±∞ are 0. */
const fading = (x: number, slope: number) => (Math.abs(x) === Infinity ? 0 : x * slope);
/** sigmoid(x) (1 − sigmoid(x)) */
const sigmoidSlope = (x: number) => sigmoid(x) * sigmoid(-x);
const elu = (x: number, alpha: number) => (x > 0 ? x : alpha * Math.expm1(x));
const eluSlope = (x: number, alpha: number) => (x > 0 ? 1 : alpha * Math.exp(x));
const halfToEven = (x: number) => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
};
/** tanh(ln(1 + eˣ)) and 1 − its square, without cancellation. */
const mishGate = (x: number) => {
  const e = Math.exp(-Math.abs(x));
  const n = x < 0 ? e * e + 2 * e : 1 + 2 * e;
  return n / (n + (x < 0 ? 2 : 2 * e * e));
};
const mishSlope = (x: number) => {
  const e = Math.exp(-Math.abs(x));
  const n = x < 0 ? e * e + 2 * e : 1 + 2 * e;
  const d = n + (x < 0 ? 2 : 2 * e * e);
  return (4 * (x < 0 ? (1 + e) ** 2 : (e * (1 + e)) ** 2)) / d ** 2;
};
const atZero = () => [0];

export const activations = {
  Linear: { forward: (x) => x, derivative: () => 1 },
  Relu: { forward: (x) => atLeast(x, 0), derivative: (x) => (x > 0 ? 1 : 0), kinks: atZero },
  Relu6: { forward: (x) => clip(x, 0, 6), derivative: (x) => within(x, 0, 6), kinks: () => [0, 6] },
  LeakyRelu: { forward: (x, a) => (x > 0 ? x : a * x), derivative: (x, a) => (x > 0 ? 1 : a), kinks: atZero },
  Elu: { forward: elu, derivative: eluSlope, kinks: atZero },
  Selu: {
    forward: (x) => seluScale * elu(x, seluAlpha),
    derivative: (x) => seluScale * eluSlope(x, seluAlpha),
    kinks: atZero,
  },
  Celu: {
    forward: (x, a) => (x > 0 ? x : a * Math.expm1(x / a)),
    derivative: (x, a) => (x > 0 ? 1 : Math.exp(x / a)),
  },
  GeluErf: {
    forward: (x) => gated(x, normalCdf(x)),
    derivative: (x) => normalCdf(x) + fading(x, normalPdf(x)),
  },
  GeluTanh: {
    forward: (x) => gated(x, sigmoid(cubic(x))),
    derivative: (x) => sigmoid(cubic(x)) + (Math.abs(x) > 1e3 ? 0 : x * sigmoidSlope(cubic(x)) * cubicSlope(x)),
  },
  Silu: {
    forward: (x) => gated(x, sigmoid(x)),
    derivative: (x) => sigmoid(x) + fading(x, sigmoidSlope(x)),
  },
  Mish: {
    forward: (x) => gated(x, mishGate(x)),
    derivative: (x) => mishGate(x) + fading(x, sigmoid(x) * mishSlope(x)),
  },
  Sigmoid: { forward: sigmoid, derivative: sigmoidSlope },
  Tanh: { forward: Math.tanh, derivative: (x) => 4 * sigmoidSlope(2 * x) },
  Softplus: {
    forward: (x, a, b) => (a * x > b ? x : softplus(a * x) / a),
    derivative: (x, a, b) => (a * x > b ? 1 : sigmoid(a * x)),
  },
  Softsign: {
    forward: (x) => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x))),
    derivative: (x) => 1 / (1 + Math.abs(x)) ** 2,
  },
  HardSigmoid: { forward: hardSigmoid, derivative: (x) => within(x, -3, 3) / 6, kinks: () => [-3, 3] },
  HardSwish: {
    forward: (x) => gated(x, hardSigmoid(x)),
    derivative: (x) => (x <= -3 ? 0 : x <= 3 ? x / 3 + 0.5 : 1),
    kinks: () => [-3, 3],
  },
  HardTanh: { forward: clip, derivative: within, kinks: (a, b) => [a, b] },
  LogSigmoid: { forward: (x) => -softplus(-x), derivative: (x) => sigmoid(-x) },
  Step: { forward: (x) => (x > 0 ? 1 : x <= 0 ? 0 : NaN), derivative: () => 0, kinks: atZero },
  NegativePart: { forward: (x) => (x > 0 ? 0 : x), derivative: (x) => (x < 0 ? 1 : 0), kinks: atZero },
  Exp: { forward: Math.exp, derivative: Math.exp },
  Log: { forward: Math.log, derivative: (x) => 1 / x },
  Erf: { forward: erf, derivative: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) },
  Sin: { forward: Math.sin, derivative: Math.cos },
  Cos: { forward: Math.cos, derivative: (x) => -Math.sin(x) },
  Sqrt: { forward: Math.sqrt, derivative: (x) => 0.5 / Math.sqrt(x) },
  Reciprocal: { forward: (x) => 1 / x, derivative: (x) => -1 / (x * x) },
  Square: { forward: (x) => x * x, derivative: (x) => 2 * x },
  Abs: { forward: Math.abs, derivative: Math.sign, kinks: atZero },
  Negate: { forward: (x) => -x, derivative: () => -1 },
  Sign: { forward: Math.sign, derivative: () => 0, kinks: atZero },
  Floor: { forward: Math.floor, derivative: () => 0 },
  Ceil: { forward: Math.ceil, derivative: () => 0 },
  Round: { forward: halfToEven, derivative: () => 0 },
  Affine: { forward: (x, a, b) => a * x + b, derivative: (_, a) => a },
  Clip: { forward: clip, derivative: within, kinks: (a, b) => [a, b] },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;
