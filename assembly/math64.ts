// Elementary functions on two doubles, for the biological kernels; the form is that of math.ts.
// Plain multiply and add in every build: the results are the same bits everywhere.

const LOG2E: f64 = 1.4426950408889634;
/** ln 2 in two parts, the first of so few bits that its product with an exponent is exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
/** 1.5 · 2⁵²: added to a small number it leaves the nearest integer in the low bits of the sum. */
const ROUND: f64 = 6755399441055744;
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
function term(k: usize): v128 {
  return v128.load64_splat(EXP_SERIES + 8 * k);
}

@inline
function next(p: v128, r: v128, k: usize): v128 {
  return f64x2.add(f64x2.mul(p, r), term(k));
}

/** eʳ − 1 for |r| ≤ ½ ln 2. */
@inline
function expm1Reduced(r: v128): v128 {
  let p = next(next(next(next(term(0), r, 1), r, 2), r, 3), r, 4);
  p = next(next(next(next(p, r, 5), r, 6), r, 7), r, 8);
  p = next(next(next(p, r, 9), r, 10), r, 11);
  return f64x2.add(f64x2.mul(f64x2.mul(r, r), p), r);
}

/** x − n ln 2. */
@inline
function reduced(x: v128, n: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(n, f64x2.splat(LN2_HIGH)));
  return f64x2.sub(high, f64x2.mul(n, f64x2.splat(LN2_LOW)));
}

/**
 * formula: eˣ = 2ⁿ · eʳ, n = round(x / ln 2)
 * error:   ≤ 1.5 ulp for −708 ≤ x ≤ 709; beyond, the values there
 * edge:    exp(±0) = 1, NaN → NaN
 */
@inline
export function exp_f64x2(x: v128): v128 {
  const bounded = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-708)), f64x2.splat(709));
  const shifted = f64x2.add(f64x2.mul(bounded, f64x2.splat(LOG2E)), f64x2.splat(ROUND));
  const n = f64x2.sub(shifted, f64x2.splat(ROUND));
  const p = f64x2.add(expm1Reduced(reduced(bounded, n)), f64x2.splat(1));
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
  const bounded = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-700)), f64x2.splat(700));
  const shifted = f64x2.add(f64x2.mul(bounded, f64x2.splat(LOG2E)), f64x2.splat(ROUND));
  const n = f64x2.sub(shifted, f64x2.splat(ROUND));
  const p = expm1Reduced(reduced(bounded, n));
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  const whole = f64x2.add(f64x2.mul(p, scale), f64x2.sub(scale, f64x2.splat(1)));
  return v128.bitselect(x, whole, f64x2.eq(x, f64x2.splat(0)));
}
