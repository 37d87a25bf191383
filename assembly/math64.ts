// Elementary functions on two doubles, for the biological kernels; the form is that of math.ts.
// Plain multiply and add in every build: the results are the same bits everywhere.

// Constants are loaded from the core's own data, as in math.ts: a literal is several machine instructions in V8.
const LOG2E: usize = memory.data<f64>([1.4426950408889634], 8);
/** ln 2 in two parts, the first of so few bits that its product with an exponent is exact. */
const LN2_HIGH: usize = memory.data<f64>([0.6931471803691238], 8);
const LN2_LOW: usize = memory.data<f64>([1.9082149292705877e-10], 8);
/** 1.5 · 2⁵²: added to a small number it leaves the nearest integer in the low bits of the sum. */
const ROUND: usize = memory.data<f64>([6755399441055744], 8);
const ONE: usize = memory.data<f64>([1], 8);
const EXP_LOWEST: usize = memory.data<f64>([-708], 8);
const EXP_HIGHEST: usize = memory.data<f64>([709], 8);
const EXPM1_LOWEST: usize = memory.data<f64>([-700], 8);
const EXPM1_HIGHEST: usize = memory.data<f64>([700], 8);
/** 1 / k! for k from 13 down to 2. */
const EXP_SERIES: usize = memory.data<f64>(
  [
    1.6059043836821613e-10, 2.08767569878681e-9, 2.505210838544172e-8, 2.755731922398589e-7, 2.7557319223985893e-6,
    2.48015873015873e-5, 0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664,
    0.16666666666666666, 0.5,
  ],
  16,
);

@inline
function constant(address: usize): v128 {
  return v128.load64_splat(address);
}

@inline
function term(k: usize): v128 {
  return v128.load64_splat(EXP_SERIES + 8 * k);
}

@inline
function next(p: v128, r: v128, k: usize): v128 {
  return f64x2.add(f64x2.mul(p, r), term(k));
}

/** (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2. */
@inline
export function expSeries_f64x2(r: v128): v128 {
  let p = next(next(next(next(term(0), r, 1), r, 2), r, 3), r, 4);
  p = next(next(next(next(p, r, 5), r, 6), r, 7), r, 8);
  return next(next(next(p, r, 9), r, 10), r, 11);
}

/** eʳ − 1 for |r| ≤ ½ ln 2. */
@inline
function expm1Reduced(r: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.mul(r, r), expSeries_f64x2(r)), r);
}

/** x − n ln 2. */
@inline
function reduced(x: v128, n: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(n, constant(LN2_HIGH)));
  return f64x2.sub(high, f64x2.mul(n, constant(LN2_LOW)));
}

/**
 * formula: eˣ = 2ⁿ · eʳ, n = round(x / ln 2)
 * error:   ≤ 1.5 ulp for −708 ≤ x ≤ 709; beyond, the values there
 * edge:    exp(±0) = 1, NaN → NaN
 */
@inline
export function exp_f64x2(x: v128): v128 {
  const bounded = f64x2.pmin(f64x2.pmax(x, constant(EXP_LOWEST)), constant(EXP_HIGHEST));
  const shifted = f64x2.add(f64x2.mul(bounded, constant(LOG2E)), constant(ROUND));
  const n = f64x2.sub(shifted, constant(ROUND));
  const p = f64x2.add(expm1Reduced(reduced(bounded, n)), constant(ONE));
  // n and n − 1: 2¹⁰²⁴ is no double
  const half = i64x2.shl(i64x2.add(shifted, i64x2.splat(1022)), 52);
  return f64x2.mul(f64x2.add(p, p), half);
}

/**
 * formula: 2ⁿ (eʳ − 1) + (2ⁿ − 1), n and r as in `exp_f64x2`
 * error:   ≤ 2 ulp for |x| ≤ 700; beyond, the values there
 * edge:    expm1(±0) = ±0, NaN → NaN
 */
@inline
export function expm1_f64x2(x: v128): v128 {
  const bounded = f64x2.pmin(f64x2.pmax(x, constant(EXPM1_LOWEST)), constant(EXPM1_HIGHEST));
  const shifted = f64x2.add(f64x2.mul(bounded, constant(LOG2E)), constant(ROUND));
  const n = f64x2.sub(shifted, constant(ROUND));
  const p = expm1Reduced(reduced(bounded, n));
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  const whole = f64x2.add(f64x2.mul(p, scale), f64x2.sub(scale, constant(ONE)));
  return v128.bitselect(x, whole, f64x2.eq(x, f64x2.splat(0)));
}

const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;

/**
 * formula: ln x = e ln 2 + 2 artanh s, s = (m − 1)/(m + 1), x = m 2ᵉ, √½ ≤ m < √2
 * error:   ≤ 4e-16 |ln x|
 * edge:    for positive normal x alone
 */
@inline
export function log_f64x2(x: v128): v128 {
  const e = i64x2.shr_s(i64x2.sub(x, i64x2.splat(SQRT_HALF_BITS)), 52);
  const m = i64x2.sub(x, i64x2.shl(e, 52));
  const n = f64x2.sub(i64x2.add(e, i64x2.splat(0x4338000000000000)), constant(ROUND));
  const f = f64x2.sub(m, constant(ONE));
  const s = f64x2.div(f, f64x2.add(m, constant(ONE)));
  const z = f64x2.mul(s, s);
  let p = f64x2.splat(1.0 / 23);
  for (let k = 21; k >= 3; k -= 2) p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / f64(k)));
  const twice = f64x2.add(s, s);
  const series = f64x2.add(twice, f64x2.mul(f64x2.mul(twice, z), p));
  return f64x2.add(f64x2.mul(n, constant(LN2_HIGH)), f64x2.add(series, f64x2.mul(n, constant(LN2_LOW))));
}

const SMALLEST_NORMAL: usize = memory.data<f64>([2.2250738585072014e-308], 8);
const TWO_TO_54: usize = memory.data<f64>([18014398509481984], 8);
/** 54 ln 2 */
const LN_TWO_TO_54: usize = memory.data<f64>([37.42994775023705], 8);
const INFINITY: usize = memory.data<f64>([Infinity], 8);

/**
 * formula: `log_f64x2`, of 2⁵⁴ x where x is denormal
 * error:   ≤ 4e-16 |ln x| over all positive doubles, and 1.2e-14 where x is denormal
 * edge:    log(±0) = −∞, log(+∞) = +∞, NaN for x < 0 and for NaN
 */
export function logOfAny_f64x2(x: v128): v128 {
  const denormal = f64x2.lt(x, constant(SMALLEST_NORMAL));
  const normal = v128.bitselect(f64x2.mul(x, constant(TWO_TO_54)), x, denormal);
  const y = f64x2.sub(log_f64x2(normal), v128.and(constant(LN_TWO_TO_54), denormal));
  const infinity = constant(INFINITY);
  const finite = v128.bitselect(y, x, f64x2.lt(x, infinity));
  const atZero = v128.bitselect(f64x2.neg(infinity), finite, f64x2.eq(x, f64x2.splat(0)));
  return v128.or(atZero, f64x2.lt(x, f64x2.splat(0)));
}

/**
 * formula: ±e^(y ln |x|), minus where x is below 0 and y is odd
 * error:   ≤ (4 + 6 |y ln x|) · 1.2e-16 of the value; below e⁻⁷⁰⁸ it is 0
 * edge:    x⁰ = 1; 0 or ∞ for x = ±0 (without its sign) and beyond the doubles; NaN for x < 0 unless y is whole, and for
 *          NaN
 */
export function pow_f64x2(x: v128, y: v128): v128 {
  const zero = f64x2.splat(0);
  const t = f64x2.mul(y, logOfAny_f64x2(f64x2.abs(x)));
  const within = v128.bitselect(constant(INFINITY), exp_f64x2(t), f64x2.gt(t, constant(EXP_HIGHEST)));
  const size = v128.bitselect(zero, within, f64x2.lt(t, constant(EXP_LOWEST)));
  const half = f64x2.mul(y, f64x2.splat(0.5));
  const odd = f64x2.ne(half, f64x2.floor(half));
  const negative = f64x2.lt(x, zero);
  const signed = v128.bitselect(f64x2.neg(size), size, v128.and(negative, odd));
  const result = v128.or(signed, v128.and(negative, f64x2.ne(y, f64x2.floor(y))));
  return v128.bitselect(constant(ONE), result, f64x2.eq(y, zero));
}

const TWO: usize = memory.data<f64>([2], 8);
/** −0: the sign bit alone. */
const SIGN_BIT: usize = memory.data<f64>([-0.0], 8);
const TANH_HIGHEST: usize = memory.data<f64>([44], 8);

/**
 * formula: sign(x) · m / (m + 2), m = e^(2|x|) − 1
 * error:   ≤ 4 ulp over all doubles
 * edge:    tanh(±0) = ±0, ±∞ → ±1, NaN → NaN
 */
export function tanh_f64x2(x: v128): v128 {
  const size = f64x2.abs(x);
  const m = expm1_f64x2(f64x2.pmin(f64x2.add(size, size), constant(TANH_HIGHEST)));
  const y = f64x2.div(m, f64x2.add(m, constant(TWO)));
  return v128.bitselect(x, y, constant(SIGN_BIT));
}
