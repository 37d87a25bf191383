// The elementwise functions of one argument, forward and backward: every kind of `UnaryKind`.
// A kind's backward reads x or y, whichever gives the derivative more cheaply or more safely, never both:
//   x: GeluErf GeluTanh Silu Mish Softplus HardSwish Log Erf Sin Cos Square Abs
//   y: Relu Relu6 LeakyRelu Elu Selu Celu Sigmoid Tanh Softsign HardSigmoid HardTanh LogSigmoid NegativePart
//      Exp Sqrt Reciprocal Clip
//   neither: Linear Negate Affine (constant), Step Sign Floor Ceil Round (0)
// The host reads the same list, with the defaults of alpha and beta, in src/graph/operations/unary-table.ts.
// Not here: softmax (its rows are not elementwise), prelu (made of Relu and NegativePart by the graph).
import { Unary, UnaryBackward, UnaryKind } from '../instructions';
import { loadTail, madd, storeTail } from '../lanes';
import {
  HALF,
  ONE,
  TAIL_HIGHEST,
  TWO,
  constant,
  cos_f32x4,
  erf_f32x4,
  expSmall_f32x4,
  exp_f32x4,
  expm1_f32x4,
  gauss_f32x4,
  log1p_f32x4,
  log_f32x4,
  scaledTail_f32x4,
  sigmoidOf,
  sigmoid_f32x4,
  sin_f32x4,
  tanh_f32x4,
  withSign,
} from '../math';

const SIX: usize = memory.data<f32>([6], 4);
const THREE: usize = memory.data<f32>([3], 4);
const MINUS_THREE: usize = memory.data<f32>([-3], 4);
const SIXTH: usize = memory.data<f32>([0.166666672], 4);
const THIRD: usize = memory.data<f32>([0.333333343], 4);
const LARGEST: usize = memory.data<f32>([3.40282347e38], 4);
const SELU_SCALE: usize = memory.data<f32>([1.05070099], 4);
const SELU_SCALE_ALPHA: usize = memory.data<f32>([1.75809934], 4);
/** Beyond ±200 every gate of x (sigmoid, Φ, tanh of softplus) is 0 or 1, and −200 · 0 is 0 where −∞ · 0 is NaN. */
const GATE_LOWEST: usize = memory.data<f32>([-200], 4);
const GATE_HIGHEST: usize = memory.data<f32>([200], 4);
/** 1 / √(2π) */
const GAUSS_PEAK: usize = memory.data<f32>([0.398942292], 4);
/** 2 / √π */
const ERF_SLOPE: usize = memory.data<f32>([1.12837923], 4);
/** 2 √(2/π), and that times 0.044715 and times three of it: the cubic of tanh-gelu and its derivative. */
const CUBIC_1: usize = memory.data<f32>([1.59576917], 4);
const CUBIC_3: usize = memory.data<f32>([0.0713548139], 4);
const CUBIC_3_SLOPE: usize = memory.data<f32>([0.214064434], 4);
const CUBIC_HIGHEST: usize = memory.data<f32>([16], 4);
const CUBIC_LOWEST: usize = memory.data<f32>([-16], 4);

/** x between two bounds; NaN stays. */
@inline
function clamp(x: v128, lowest: v128, highest: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, lowest), highest);
}

@inline
function isPositive(x: v128): v128 {
  return f32x4.gt(x, f32x4.splat(0));
}

/** max(x, 0), −0 as +0. */
@inline
function relu(x: v128): v128 {
  const zero = f32x4.splat(0);
  return f32x4.add(f32x4.pmax(x, zero), zero);
}

/** x where it is positive, `negative` elsewhere (NaN too). */
@inline
function positiveOr(x: v128, negative: v128): v128 {
  return v128.bitselect(x, negative, isPositive(x));
}

/** min(max(x + 3, 0), 6) / 6 */
@inline
function hardSigmoid(x: v128): v128 {
  return f32x4.mul(f32x4.pmin(relu(f32x4.add(x, constant(THREE))), constant(SIX)), constant(SIXTH));
}

/** x Φ(x): from the tail of |x|, so that a negative x keeps its relative accuracy. */
@inline
function geluErf(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), constant(TAIL_HIGHEST));
  const tail = f32x4.mul(gauss_f32x4(a), scaledTail_f32x4(a));
  const phi = v128.bitselect(tail, f32x4.sub(constant(ONE), tail), f32x4.lt(x, f32x4.splat(0)));
  return f32x4.mul(f32x4.pmax(x, constant(GATE_LOWEST)), phi);
}

/** Φ(x) + x φ(x) */
@inline
function geluErfSlope(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), constant(TAIL_HIGHEST));
  const gauss = gauss_f32x4(a);
  const tail = f32x4.mul(gauss, scaledTail_f32x4(a));
  const phi = v128.bitselect(tail, f32x4.sub(constant(ONE), tail), f32x4.lt(x, f32x4.splat(0)));
  return madd(f32x4.mul(withSign(a, x), constant(GAUSS_PEAK)), gauss, phi);
}

/** ½ x (1 + tanh u) = x sigmoid(2u), u = √(2/π) (x + 0.044715 x³) */
@inline
function geluTanh(x: v128): v128 {
  const cubic = f32x4.mul(x, madd(f32x4.mul(x, x), constant(CUBIC_3), constant(CUBIC_1)));
  return f32x4.mul(f32x4.pmax(x, constant(GATE_LOWEST)), sigmoid_f32x4(cubic));
}

/** s + x s (1 − s) (2u)', s = sigmoid(2u) */
@inline
function geluTanhSlope(x: v128): v128 {
  x = clamp(x, constant(CUBIC_LOWEST), constant(CUBIC_HIGHEST));
  const square = f32x4.mul(x, x);
  const cubic = f32x4.mul(x, madd(square, constant(CUBIC_3), constant(CUBIC_1)));
  const slope = madd(square, constant(CUBIC_3_SLOPE), constant(CUBIC_1));
  return gateSlope(f32x4.mul(x, slope), cubic);
}

/** s + w s (1 − s), s = sigmoid(z): the derivative of x · sigmoid(z), w = x z' */
@inline
function gateSlope(w: v128, z: v128): v128 {
  const e = expSmall_f32x4(f32x4.neg(f32x4.abs(z)));
  const below = f32x4.div(constant(ONE), f32x4.add(constant(ONE), e));
  const other = f32x4.mul(e, below);
  const s = v128.bitselect(other, below, f32x4.lt(z, f32x4.splat(0)));
  return madd(w, f32x4.mul(below, other), s);
}

/** x tanh(ln(1 + eˣ)) = x n / d with e = e^(−|x|): n = e² + 2e, d = n + 2 below 0; n = 1 + 2e, d = n + 2e² above. */
@inline
function mish(x: v128): v128 {
  const e = expSmall_f32x4(f32x4.neg(f32x4.abs(x)));
  const below = f32x4.lt(x, f32x4.splat(0));
  const n = mishNumerator(e, below);
  return f32x4.mul(f32x4.pmax(x, constant(GATE_LOWEST)), f32x4.div(n, mishDenominator(e, n, below)));
}

@inline
function mishNumerator(e: v128, below: v128): v128 {
  const doubled = f32x4.add(e, e);
  return v128.bitselect(madd(e, e, doubled), f32x4.add(constant(ONE), doubled), below);
}

@inline
function mishDenominator(e: v128, n: v128, below: v128): v128 {
  const two = constant(TWO);
  return f32x4.add(n, v128.bitselect(two, f32x4.mul(f32x4.mul(e, e), two), below));
}

/** w + x sigmoid(x) (1 − w²), w = n / d, where sigmoid(x) (1 − w²) = 4e (1 + e) / d², times e above 0. */
@inline
function mishSlope(x: v128): v128 {
  x = clamp(x, constant(GATE_LOWEST), constant(GATE_HIGHEST));
  const e = expSmall_f32x4(f32x4.neg(f32x4.abs(x)));
  const below = f32x4.lt(x, f32x4.splat(0));
  const n = mishNumerator(e, below);
  const inverse = f32x4.div(constant(ONE), mishDenominator(e, n, below));
  const doubled = f32x4.add(e, e);
  const factor = v128.bitselect(constant(TWO), doubled, below);
  const bend = f32x4.mul(f32x4.mul(madd(doubled, e, doubled), factor), f32x4.mul(inverse, inverse));
  return madd(x, bend, f32x4.mul(n, inverse));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^(−|x|)) */
@inline
function softplus(x: v128): v128 {
  const e = expSmall_f32x4(f32x4.neg(f32x4.abs(x)));
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p_f32x4(e));
}

/** ln(1 + e^(alpha x)) / alpha, x itself where alpha x > beta. */
@inline
function softplusScaled(x: v128, alpha: v128, beta: v128): v128 {
  const z = f32x4.mul(alpha, x);
  return v128.bitselect(x, f32x4.div(softplus(z), alpha), f32x4.gt(z, beta));
}

/** x / (1 + |x|); ±∞ → ±1 */
@inline
function softsign(x: v128): v128 {
  const bounded = clamp(x, f32x4.neg(constant(LARGEST)), constant(LARGEST));
  return f32x4.div(bounded, f32x4.add(constant(ONE), f32x4.abs(bounded)));
}

/** ±1 by the sign of x; ±0 and NaN as they are. */
@inline
function sign(x: v128): v128 {
  const isSigned = f32x4.gt(f32x4.abs(x), f32x4.splat(0));
  return v128.bitselect(withSign(constant(ONE), x), x, isSigned);
}

/** 1 for x > 0, 0 for the others; NaN as it is. */
@inline
function step(x: v128): v128 {
  return v128.bitselect(v128.and(isPositive(x), constant(ONE)), x, f32x4.eq(x, x));
}

/**
 * One function on four lanes; `kind` is a constant wherever this is inlined.
 * error: 5e-7 relative over all floats, against float64 (asserted in test/assembly/activation.test.ts), but
 *        gelu (tanh) below −1: 2e-7 times the argument of its exponential more;
 *        softplus: 6e-8 |alpha x| more; affine: 1.2e-7 of |alpha x| + |beta|;
 *        a result below 2⁻¹²⁶ keeps only what its own unit allows (times |x| where a gate is multiplied by x)
 * edge:  NaN → NaN; −0 → +0 in relu; what is gated (gelu, silu, mish, hard swish) is 0 at −∞
 */
@inline
export function apply_f32x4(kind: u32, x: v128, alpha: v128, beta: v128): v128 {
  if (kind == UnaryKind.Relu) return relu(x);
  if (kind == UnaryKind.Relu6) return f32x4.pmin(relu(x), constant(SIX));
  if (kind == UnaryKind.LeakyRelu) return positiveOr(x, f32x4.mul(alpha, x));
  if (kind == UnaryKind.Elu) return positiveOr(x, f32x4.mul(alpha, expm1_f32x4(x)));
  if (kind == UnaryKind.Selu)
    return v128.bitselect(
      f32x4.mul(x, constant(SELU_SCALE)),
      f32x4.mul(expm1_f32x4(x), constant(SELU_SCALE_ALPHA)),
      isPositive(x),
    );
  if (kind == UnaryKind.Celu) return positiveOr(x, f32x4.mul(alpha, expm1_f32x4(f32x4.div(x, alpha))));
  if (kind == UnaryKind.GeluErf) return geluErf(x);
  if (kind == UnaryKind.GeluTanh) return geluTanh(x);
  if (kind == UnaryKind.Silu) return f32x4.mul(f32x4.pmax(x, constant(GATE_LOWEST)), sigmoid_f32x4(x));
  if (kind == UnaryKind.Mish) return mish(x);
  if (kind == UnaryKind.Sigmoid) return sigmoid_f32x4(x);
  if (kind == UnaryKind.Tanh) return tanh_f32x4(x);
  if (kind == UnaryKind.Softplus) return softplusScaled(x, alpha, beta);
  if (kind == UnaryKind.Softsign) return softsign(x);
  if (kind == UnaryKind.HardSigmoid) return hardSigmoid(x);
  if (kind == UnaryKind.HardSwish) return f32x4.mul(f32x4.pmax(x, constant(MINUS_THREE)), hardSigmoid(x));
  if (kind == UnaryKind.HardTanh) return clamp(x, alpha, beta);
  if (kind == UnaryKind.LogSigmoid) return f32x4.neg(softplus(f32x4.neg(x)));
  if (kind == UnaryKind.Step) return step(x);
  if (kind == UnaryKind.NegativePart) return f32x4.pmin(x, f32x4.splat(0));
  if (kind == UnaryKind.Exp) return exp_f32x4(x);
  if (kind == UnaryKind.Log) return log_f32x4(x);
  if (kind == UnaryKind.Erf) return erf_f32x4(x);
  if (kind == UnaryKind.Sin) return sin_f32x4(x);
  if (kind == UnaryKind.Cos) return cos_f32x4(x);
  if (kind == UnaryKind.Sqrt) return f32x4.sqrt(x);
  if (kind == UnaryKind.Reciprocal) return f32x4.div(constant(ONE), x);
  if (kind == UnaryKind.Square) return f32x4.mul(x, x);
  if (kind == UnaryKind.Abs) return f32x4.abs(x);
  if (kind == UnaryKind.Negate) return f32x4.neg(x);
  if (kind == UnaryKind.Sign) return sign(x);
  if (kind == UnaryKind.Floor) return f32x4.floor(x);
  if (kind == UnaryKind.Ceil) return f32x4.ceil(x);
  if (kind == UnaryKind.Round) return f32x4.nearest(x);
  if (kind == UnaryKind.Affine) return madd(alpha, x, beta);
  if (kind == UnaryKind.Clip) return clamp(x, alpha, beta);
  return x;
}

/** `dOut` where lowest < y < highest (or y is NaN), 0 elsewhere. */
@inline
function inside(dOut: v128, y: v128, lowest: v128, highest: v128): v128 {
  return v128.andnot(dOut, v128.or(f32x4.le(y, lowest), f32x4.ge(y, highest)));
}

/** 0 below −3, x/3 + ½ up to 3, 1 beyond: 0 at the first kink, the left derivative at the second, as PyTorch has it. */
@inline
function hardSwishSlope(x: v128): v128 {
  const middle = madd(x, constant(THIRD), constant(HALF));
  const upper = v128.bitselect(constant(ONE), middle, f32x4.gt(x, constant(THREE)));
  return v128.andnot(upper, f32x4.le(x, constant(MINUS_THREE)));
}

/** sigmoid(alpha x), 1 where alpha x > beta. */
@inline
function softplusSlope(x: v128, alpha: v128, beta: v128): v128 {
  const z = f32x4.mul(alpha, x);
  return v128.bitselect(constant(ONE), sigmoid_f32x4(z), f32x4.gt(z, beta));
}

/**
 * dX of one function on four lanes, from v = x or y as the list at the head of this file says.
 * error: 1e-6 relative to the larger of the exact gradient and |dOut| (where y stands for x its rounding is amplified:
 *        near saturation y has fewer digits of 1 − y than x has)
 * edge:  0 at a kink of relu, relu6, hard tanh, clip, abs, hard sigmoid, negative part; leaky relu, elu, selu and celu
 *        have their left derivative at 0, as PyTorch has it
 */
@inline
export function backward_f32x4(kind: u32, dOut: v128, v: v128, alpha: v128, beta: v128): v128 {
  const zero = f32x4.splat(0);
  const one = constant(ONE);
  if (kind == UnaryKind.Relu) return v128.andnot(dOut, f32x4.le(v, zero));
  if (kind == UnaryKind.Relu6) return inside(dOut, v, zero, constant(SIX));
  if (kind == UnaryKind.LeakyRelu) return f32x4.mul(dOut, v128.bitselect(one, alpha, isPositive(v)));
  if (kind == UnaryKind.Elu) return f32x4.mul(dOut, v128.bitselect(one, f32x4.add(v, alpha), isPositive(v)));
  if (kind == UnaryKind.Selu)
    return f32x4.mul(
      dOut,
      v128.bitselect(constant(SELU_SCALE), f32x4.add(v, constant(SELU_SCALE_ALPHA)), isPositive(v)),
    );
  if (kind == UnaryKind.Celu)
    return f32x4.mul(dOut, v128.bitselect(one, f32x4.add(f32x4.div(v, alpha), one), isPositive(v)));
  if (kind == UnaryKind.GeluErf) return f32x4.mul(dOut, geluErfSlope(v));
  if (kind == UnaryKind.GeluTanh) return f32x4.mul(dOut, geluTanhSlope(v));
  if (kind == UnaryKind.Silu) {
    const x = clamp(v, constant(GATE_LOWEST), constant(GATE_HIGHEST));
    return f32x4.mul(dOut, gateSlope(x, x));
  }
  if (kind == UnaryKind.Mish) return f32x4.mul(dOut, mishSlope(v));
  if (kind == UnaryKind.Sigmoid) return f32x4.mul(dOut, f32x4.mul(v, f32x4.sub(one, v)));
  if (kind == UnaryKind.Tanh) return f32x4.mul(dOut, f32x4.mul(f32x4.sub(one, v), f32x4.add(one, v)));
  if (kind == UnaryKind.Softplus) return f32x4.mul(dOut, softplusSlope(v, alpha, beta));
  if (kind == UnaryKind.Softsign) {
    const root = f32x4.sub(one, f32x4.abs(v));
    return f32x4.mul(dOut, f32x4.mul(root, root));
  }
  if (kind == UnaryKind.HardSigmoid) return f32x4.mul(inside(dOut, v, zero, one), constant(SIXTH));
  if (kind == UnaryKind.HardSwish) return f32x4.mul(dOut, hardSwishSlope(v));
  if (kind == UnaryKind.HardTanh || kind == UnaryKind.Clip) return inside(dOut, v, alpha, beta);
  if (kind == UnaryKind.LogSigmoid) return f32x4.neg(f32x4.mul(dOut, expm1_f32x4(v)));
  if (kind == UnaryKind.NegativePart) return v128.andnot(dOut, f32x4.ge(v, zero));
  if (kind == UnaryKind.Exp) return f32x4.mul(dOut, v);
  if (kind == UnaryKind.Log) return f32x4.div(dOut, v);
  if (kind == UnaryKind.Erf) return f32x4.mul(f32x4.mul(dOut, constant(ERF_SLOPE)), erfGauss(v));
  if (kind == UnaryKind.Sin) return f32x4.mul(dOut, cos_f32x4(v));
  if (kind == UnaryKind.Cos) return f32x4.neg(f32x4.mul(dOut, sin_f32x4(v)));
  if (kind == UnaryKind.Sqrt) return f32x4.div(f32x4.mul(dOut, constant(HALF)), v);
  if (kind == UnaryKind.Reciprocal) return f32x4.neg(f32x4.mul(dOut, f32x4.mul(v, v)));
  if (kind == UnaryKind.Square) return f32x4.mul(dOut, f32x4.add(v, v));
  if (kind == UnaryKind.Abs) return f32x4.mul(dOut, sign(v));
  if (kind == UnaryKind.Negate) return f32x4.neg(dOut);
  if (kind == UnaryKind.Affine) return f32x4.mul(dOut, alpha);
  if (kind == UnaryKind.Linear) return dOut;
  return zero;
}

/** exp(−x²) */
@inline
function erfGauss(x: v128): v128 {
  return expSmall_f32x4(f32x4.neg(f32x4.mul(x, x)));
}

/** Functions of so few instructions that a test in their loop would be felt. */
@inline
function isLight(kind: u32): bool {
  return (
    kind == UnaryKind.Linear ||
    kind == UnaryKind.Relu ||
    kind == UnaryKind.Relu6 ||
    kind == UnaryKind.LeakyRelu ||
    kind == UnaryKind.HardTanh ||
    kind == UnaryKind.NegativePart ||
    kind == UnaryKind.Square ||
    kind == UnaryKind.Abs ||
    kind == UnaryKind.Negate ||
    kind == UnaryKind.Affine ||
    kind == UnaryKind.Clip
  );
}

/**
 * `apply_f32x4` over an array. A light function has a loop for the full vectors and stands once more behind it for the
 * tail; of the others, which are hundreds of bytes long, one loop does both.
 */
@inline
function map(kind: u32, out: usize, x: usize, n: u32, alpha: f32, beta: f32): void {
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  if (isLight(kind)) {
    for (; n >= 4; n -= 4, out += 16, x += 16) v128.store(out, apply_f32x4(kind, v128.load(x), a, b));
    if (n) storeTail(out, apply_f32x4(kind, loadTail(x, n), a, b), n);
    return;
  }
  for (; n; n -= 4, out += 16, x += 16) {
    const y = apply_f32x4(kind, n >= 4 ? v128.load(x) : loadTail(x, n), a, b);
    if (n < 4) return storeTail(out, y, n);
    v128.store(out, y);
  }
}

/** `backward_f32x4` over arrays, as `map`; `v` is x or y, or anything for a kind that reads neither. */
@inline
function mapBackward(kind: u32, dX: usize, dOut: usize, v: usize, n: u32, alpha: f32, beta: f32): void {
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  if (isLight(kind) || kind == UnaryKind.Sigmoid || kind == UnaryKind.Tanh) {
    for (; n >= 4; n -= 4, dX += 16, dOut += 16, v += 16) {
      v128.store(dX, backward_f32x4(kind, v128.load(dOut), v128.load(v), a, b));
    }
    if (n) storeTail(dX, backward_f32x4(kind, loadTail(dOut, n), loadTail(v, n), a, b), n);
    return;
  }
  for (; n; n -= 4, dX += 16, dOut += 16, v += 16) {
    const d = n >= 4 ? v128.load(dOut) : loadTail(dOut, n);
    const y = backward_f32x4(kind, d, n >= 4 ? v128.load(v) : loadTail(v, n), a, b);
    if (n < 4) return storeTail(dX, y, n);
    v128.store(dX, y);
  }
}

// A function for each kind, called through a table: one function with all the loops in it would take the compiler
// minutes, and the engines allocate registers badly in it.
type Forward = (out: usize, x: usize, n: u32, alpha: f32, beta: f32) => void;
type Backward = (dX: usize, dOut: usize, x: usize, y: usize, n: u32, alpha: f32, beta: f32) => void;

/** In the order of `UnaryKind`. */
const forwards: StaticArray<Forward> = [
  (out, x, n, alpha, beta) => map(UnaryKind.Linear, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Relu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Relu6, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.LeakyRelu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Elu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Selu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Celu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.GeluErf, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.GeluTanh, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Silu, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Mish, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Sigmoid, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Tanh, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Softplus, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Softsign, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.HardSigmoid, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.HardSwish, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.HardTanh, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.LogSigmoid, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Step, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.NegativePart, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Exp, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Log, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Erf, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Sin, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Cos, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Sqrt, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Reciprocal, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Square, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Abs, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Negate, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Sign, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Floor, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Ceil, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Round, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Affine, out, x, n, alpha, beta),
  (out, x, n, alpha, beta) => map(UnaryKind.Clip, out, x, n, alpha, beta),
];

/** Of Step, Sign, Floor, Ceil, Round. */
function zeroGradient(dX: usize, dOut: usize, x: usize, y: usize, n: u32, alpha: f32, beta: f32): void {
  memory.fill(dX, 0, n << 2);
}

/** In the order of `UnaryKind`; each passes on what its kind reads. */
const backwards: StaticArray<Backward> = [
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Linear, dX, dOut, dOut, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Relu, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Relu6, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.LeakyRelu, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Elu, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Selu, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Celu, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.GeluErf, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.GeluTanh, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Silu, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Mish, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Sigmoid, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Tanh, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Softplus, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Softsign, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.HardSigmoid, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.HardSwish, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.HardTanh, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.LogSigmoid, dX, dOut, y, n, alpha, beta),
  zeroGradient,
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.NegativePart, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Exp, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Log, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Erf, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Sin, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Cos, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Sqrt, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Reciprocal, dX, dOut, y, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Square, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Abs, dX, dOut, x, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Negate, dX, dOut, dOut, n, alpha, beta),
  zeroGradient,
  zeroGradient,
  zeroGradient,
  zeroGradient,
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Affine, dX, dOut, dOut, n, alpha, beta),
  (dX, dOut, x, y, n, alpha, beta) => mapBackward(UnaryKind.Clip, dX, dOut, y, n, alpha, beta),
];

/**
 * formula: out[i] = kind(x[i])
 * shapes:  out[n], x[n]
 * alias:   out may be x
 * tail:    the same function on a partial vector
 */
export function activate_f32(kind: u32, out: usize, x: usize, n: u32, alpha: f32, beta: f32): void {
  assert(kind < u32(forwards.length), 'activate_f32: unknown kind');
  unchecked(forwards[kind])(out, x, n, alpha, beta);
}

/**
 * formula: dX[i] = dOut[i] · kind'(x[i])
 * shapes:  dX[n], dOut[n], x[n], y[n]; the one of x and y that the kind does not read may be 0
 * alias:   dX may be dOut, x or y
 * tail:    the same function on partial vectors
 */
export function activateBackward_f32(
  kind: u32,
  dX: usize,
  dOut: usize,
  x: usize,
  y: usize,
  n: u32,
  alpha: f32,
  beta: f32,
): void {
  assert(kind < u32(backwards.length), 'activateBackward_f32: unknown kind');
  unchecked(backwards[kind])(dX, dOut, x, y, n, alpha, beta);
}

export function execUnary(pc: usize): u32 {
  const i = changetype<Unary>(pc);
  activate_f32(i.kind, i.out, i.x, i.n, i.alpha, i.beta);
  return 0;
}

export function execUnaryBackward(pc: usize): u32 {
  const i = changetype<UnaryBackward>(pc);
  activateBackward_f32(i.kind, i.dX, i.dOut, i.x, i.y, i.n, i.alpha, i.beta);
  return 0;
}
