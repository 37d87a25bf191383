// Elementary functions of vectors for models that are given as equations, T f32 or f64. The common ones are vectors
// throughout; sine and cosine of doubles go lane by lane through AssemblyScript's own functions (musl's), which are
// WebAssembly and hence the same bits everywhere.
import { cos_f32x4, exp_f32x4, expm1_f32x4, log_f32x4, pow_f32x4, sin_f32x4, tanh_f32x4 } from '../math';
import { exp_f64x2, expm1_f64x2, logOfAny_f64x2, pow_f64x2, tanh_f64x2 } from '../math64';
import { Elementary } from './instructions';
import { one, relativeGrowth } from './vectors';

/** Sine or cosine of two doubles. */
function laneByLane(operation: u32, x: v128): v128 {
  const first = f64x2.extract_lane(x, 0);
  const second = f64x2.extract_lane(x, 1);
  if (operation == Elementary.Sine) {
    return f64x2.replace_lane(f64x2.splat(NativeMath.sin(first)), 1, NativeMath.sin(second));
  }
  return f64x2.replace_lane(f64x2.splat(NativeMath.cos(first)), 1, NativeMath.cos(second));
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
  if (operation == Elementary.Logarithm) return sizeof<T>() == 4 ? log_f32x4(x) : logOfAny_f64x2(x);
  if (operation == Elementary.Sine) return sizeof<T>() == 4 ? sin_f32x4(x) : laneByLane(operation, x);
  if (operation == Elementary.Cosine) return sizeof<T>() == 4 ? cos_f32x4(x) : laneByLane(operation, x);
  if (operation == Elementary.HyperbolicTangent) return sizeof<T>() == 4 ? tanh_f32x4(x) : tanh_f64x2(x);
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
  if (operation == Elementary.Power) return sizeof<T>() == 4 ? pow_f32x4(x, y) : pow_f64x2(x, y);
  if (operation == Elementary.Minimum) return v128.min<T>(x, y);
  if (operation == Elementary.Maximum) return v128.max<T>(x, y);
  if (operation == Elementary.Less) return v128.lt<T>(x, y);
  if (operation == Elementary.LessOrEqual) return v128.le<T>(x, y);
  if (operation == Elementary.Equal) return v128.eq<T>(x, y);
  if (operation == Elementary.NotEqual) return v128.ne<T>(x, y);
  if (operation == Elementary.And) return v128.and(x, y);
  return v128.or(x, y);
}
