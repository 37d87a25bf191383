// Elementary functions of vectors for models that are given as equations, T f32 or f64. The common ones are vectors
// throughout; those that equations seldom have go lane by lane through AssemblyScript's own functions (musl's), which
// are WebAssembly and hence the same bits everywhere.
import { cos_f32x4, exp_f32x4, expm1_f32x4, log_f32x4, pow_f32x4, sin_f32x4, tanh_f32x4 } from '../math';
import { exp_f64x2, expm1_f64x2, log_f64x2 } from '../math64';
import { Elementary } from './instructions';
import { one, relativeGrowth } from './vectors';

const SMALLEST_NORMAL: f64 = 2.2250738585072014e-308;

/** All bits of the lanes where the sign of x is set or x is below the others: whether any lane needs care. */
@inline
function needsCare(x: v128): bool {
  const inside = v128.and(f64x2.ge(x, f64x2.splat(SMALLEST_NORMAL)), f64x2.lt(x, f64x2.splat(Infinity)));
  return i64x2.bitmask(inside) != 3;
}

/** The natural logarithm. edge: −∞ at 0, NaN below, +∞ at +∞ */
@inline
function log<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return log_f32x4(x);
  if (needsCare(x)) return logCarefully(x);
  return log_f64x2(x);
}

function logCarefully(x: v128): v128 {
  const first = NativeMath.log(f64x2.extract_lane(x, 0));
  return f64x2.replace_lane(f64x2.splat(first), 1, NativeMath.log(f64x2.extract_lane(x, 1)));
}

/** A function of one double that has no vector form. */
function scalar(operation: u32, x: f64): f64 {
  if (operation == Elementary.Sine) return NativeMath.sin(x);
  if (operation == Elementary.Cosine) return NativeMath.cos(x);
  return NativeMath.tanh(x);
}

function laneByLane(operation: u32, x: v128): v128 {
  const first = scalar(operation, f64x2.extract_lane(x, 0));
  return f64x2.replace_lane(f64x2.splat(first), 1, scalar(operation, f64x2.extract_lane(x, 1)));
}

function power_f64x2(x: v128, y: v128): v128 {
  const first = NativeMath.pow(f64x2.extract_lane(x, 0), f64x2.extract_lane(y, 0));
  const second = NativeMath.pow(f64x2.extract_lane(x, 1), f64x2.extract_lane(y, 1));
  return f64x2.replace_lane(f64x2.splat(first), 1, second);
}

/** −1, 0 or 1; NaN stays NaN. */
@inline
function sign<T>(x: v128): v128 {
  const zero = i32x4.splat(0);
  const positive = v128.and(v128.gt<T>(x, zero), one<T>());
  const negative = v128.and(v128.lt<T>(x, zero), v128.neg<T>(one<T>()));
  // of NaN neither comparison holds, and NaN + NaN is NaN
  return v128.or(v128.or(positive, negative), v128.and(v128.add<T>(x, x), v128.ne<T>(x, x)));
}

/** (eˣ − 1) / x: a polynomial where all |x| ≤ 0.34. edge: 1 at 0, NaN stays NaN */
@inline
function relativeExponential<T>(x: v128): v128 {
  const bound = v128.splat<T>(<T>0.34);
  if (!v128.any_true(v128.not(v128.le<T>(v128.abs<T>(x), bound)))) return relativeGrowth<T>(x);
  return relativeFar<T>(x);
}

function relativeFar<T>(x: v128): v128 {
  const grown = sizeof<T>() == 4 ? expm1_f32x4(x) : expm1_f64x2(x);
  return v128.bitselect(one<T>(), v128.div<T>(grown, x), v128.eq<T>(x, i32x4.splat(0)));
}

/** A function of one vector; `operation` is known when this is compiled. */
@inline
export function unary<T>(operation: u32, x: v128): v128 {
  if (operation == Elementary.Negate) return v128.neg<T>(x);
  if (operation == Elementary.Absolute) return v128.abs<T>(x);
  if (operation == Elementary.SquareRoot) return v128.sqrt<T>(x);
  if (operation == Elementary.Floor) return v128.floor<T>(x);
  if (operation == Elementary.Ceiling) return v128.ceil<T>(x);
  if (operation == Elementary.Truncate) return v128.trunc<T>(x);
  if (operation == Elementary.Sign) return sign<T>(x);
  if (operation == Elementary.Exponential) return sizeof<T>() == 4 ? exp_f32x4(x) : exp_f64x2(x);
  if (operation == Elementary.ExponentialMinusOne) return sizeof<T>() == 4 ? expm1_f32x4(x) : expm1_f64x2(x);
  if (operation == Elementary.RelativeExponential) return relativeExponential<T>(x);
  if (operation == Elementary.Logarithm) return log<T>(x);
  if (operation == Elementary.Sine) return sizeof<T>() == 4 ? sin_f32x4(x) : laneByLane(operation, x);
  if (operation == Elementary.Cosine) return sizeof<T>() == 4 ? cos_f32x4(x) : laneByLane(operation, x);
  if (operation == Elementary.HyperbolicTangent) return sizeof<T>() == 4 ? tanh_f32x4(x) : laneByLane(operation, x);
  if (operation == Elementary.Not) return v128.not(x);
  if (operation == Elementary.Indicator) return v128.and(x, one<T>());
  return x;
}

/** Of two vectors. Minimum and Maximum: NaN where either is NaN. */
@inline
export function binary<T>(operation: u32, x: v128, y: v128): v128 {
  if (operation == Elementary.Add) return v128.add<T>(x, y);
  if (operation == Elementary.Subtract) return v128.sub<T>(x, y);
  if (operation == Elementary.Multiply) return v128.mul<T>(x, y);
  if (operation == Elementary.Divide) return v128.div<T>(x, y);
  if (operation == Elementary.Power) return sizeof<T>() == 4 ? pow_f32x4(x, y) : power_f64x2(x, y);
  if (operation == Elementary.Minimum) return v128.min<T>(x, y);
  if (operation == Elementary.Maximum) return v128.max<T>(x, y);
  if (operation == Elementary.Less) return v128.lt<T>(x, y);
  if (operation == Elementary.LessOrEqual) return v128.le<T>(x, y);
  if (operation == Elementary.Equal) return v128.eq<T>(x, y);
  if (operation == Elementary.NotEqual) return v128.ne<T>(x, y);
  if (operation == Elementary.And) return v128.and(x, y);
  return v128.or(x, y);
}
