// The elementary functions on four lanes, with stated error bounds that test/assembly/math.test.ts asserts.
// No host Math and no table look-ups: argument reduction, then a polynomial (minimax, fitted for this file),
// then an exponent put together from bits. Bits may differ between the plain and the relaxed build (`madd`);
// the bounds hold in both. An error in ulp is against the exact value, of the result's own binade.
// `pmax(x, c)` and `pmin(x, c)` are used as clamps: with x first they let NaN through, in one machine instruction.
import { madd, nmadd } from './lanes';

// Constants are loaded from the core's own data: `v128.load32_splat` is one machine instruction, a v128 literal is
// three or four in V8, in every turn of a loop.
export const ONE: usize = memory.data<f32>([1], 4);
export const TWO: usize = memory.data<f32>([2], 4);
export const HALF: usize = memory.data<f32>([0.5], 4);
export const MINUS_HALF: usize = memory.data<f32>([-0.5], 4);
export const SIGN_BIT: usize = memory.data<f32>([-0.0], 4);
export const INFINITY: usize = memory.data<f32>([Infinity], 4);
/** 1.5 · 2²³: added to |t| < 2²² it leaves round(t) in the low bits of the sum. */
const ROUND: usize = memory.data<f32>([12582912], 4);
const LOG2E: usize = memory.data<f32>([1.44269504], 4);
/** ln 2 in two parts, the first of so few bits that its product with an exponent is exact. */
const LN2_HIGH: usize = memory.data<f32>([0.693145751953125], 4);
const LN2_LOW: usize = memory.data<f32>([1.42860682e-6], 4);
/** Where exp is cut off: exp(89) = ∞, exp(−104) = 0, and below −150 ln 2 it rounds to 0. */
const EXP_HIGHEST: usize = memory.data<f32>([89], 4);
const EXP_LOWEST: usize = memory.data<f32>([-104], 4);
const EXP_UNDERFLOW: usize = memory.data<f32>([-103.972077], 4);
const EXP_BOUND_LOW: usize = memory.data<f32>([-87], 4);
const EXP_BOUND_HIGH: usize = memory.data<f32>([88], 4);
const EXPM1_LOWEST: usize = memory.data<f32>([-18], 4);
/** 2⁻²⁵ */
const EXPM1_TINY: usize = memory.data<f32>([2.98023224e-8], 4);
const SMALLEST_NORMAL: usize = memory.data<f32>([1.17549435e-38], 4);
const TWO_TO_25: usize = memory.data<f32>([33554432], 4);
const TWO_TO_24: usize = memory.data<f32>([16777216], 4);
const SQRT_HALF: usize = memory.data<f32>([0.707106769], 4);
const SQRT_TWO: usize = memory.data<f32>([1.41421356], 4);
const TANH_HIGHEST: usize = memory.data<f32>([20], 4);
/** Φ(−14.5) rounds to 0. */
export const TAIL_HIGHEST: usize = memory.data<f32>([14.5], 4);
const FOUR: usize = memory.data<f32>([4], 4);
const HIGH_BITS: usize = memory.data<u32>([0xfffff000], 4);
const LARGE_ANGLE: usize = memory.data<f32>([1048576], 4);

// Polynomials, highest power first.
const EXP_SERIES: usize = memory.data<f32>([0.00138706574, 0.00836626161, 0.0416674353, 0.166665465, 0.49999997], 4);
const LOG_SERIES: usize = memory.data<f32>(
  [-0.0763643533, 0.127622157, -0.131596103, 0.1420158, -0.166234091, 0.200012416, -0.250008196, 0.333333313],
  4,
);
const ERF_SERIES: usize = memory.data<f32>(
  [7.80690389e-5, -0.00079978531, 0.0051871622, -0.0268533472, 0.112835787, -0.37612626, 0.128379166],
  4,
);
const TAIL_SERIES: usize = memory.data<f32>(
  [
    -0.000126632163, 0.000189334343, 0.00156948413, -0.00352132507, -0.00752710411, 0.0604065359, -0.186522871,
    0.387136579, -0.607896626, 0.755285144,
  ],
  4,
);
const SIN_SERIES: usize = memory.data<f32>([-0.000195179004, 0.00833218731, -0.166666552], 4);
const COS_SERIES: usize = memory.data<f32>([2.44323273e-5, -0.00138873095, 0.0416666456], 4);

/** The constant at an address, on all lanes. */
@inline
export function constant(address: usize): v128 {
  return v128.load32_splat(address);
}

@inline
function horner2(c: usize, x: v128): v128 {
  return madd(madd(constant(c), x, constant(c + 4)), x, constant(c + 8));
}

@inline
function horner4(c: usize, x: v128): v128 {
  return madd(madd(horner2(c, x), x, constant(c + 12)), x, constant(c + 16));
}

/** The polynomial of degree 6 with the coefficients at `c`. */
@inline
export function horner6(c: usize, x: v128): v128 {
  return madd(madd(horner4(c, x), x, constant(c + 20)), x, constant(c + 24));
}

@inline
function horner7(c: usize, x: v128): v128 {
  return madd(horner6(c, x), x, constant(c + 28));
}

@inline
function horner9(c: usize, x: v128): v128 {
  return madd(madd(horner7(c, x), x, constant(c + 32)), x, constant(c + 36));
}

/** x with the sign of s; x is not negative. */
@inline
export function withSign(x: v128, s: v128): v128 {
  return v128.or(x, v128.and(s, constant(SIGN_BIT)));
}

/** (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2. */
@inline
export function expSeries(r: v128): v128 {
  return horner4(EXP_SERIES, r);
}

/** exp(x + low) for x ≤ 89 and |low| small beside 1; what is below the smallest denormal is 0. */
@inline
function expOfSum(x: v128, low: v128): v128 {
  const clamped = f32x4.pmax(x, constant(EXP_LOWEST));
  const shifted = madd(clamped, constant(LOG2E), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  let r = nmadd(n, constant(LN2_HIGH), clamped);
  r = f32x4.add(nmadd(n, constant(LN2_LOW), r), low);
  const p = f32x4.add(madd(f32x4.mul(r, r), expSeries(r), r), constant(ONE));
  // 2ⁿ in two halves, so that results near 2¹²⁸ and denormal ones come out right; a product that underflows
  // costs the machine a hundred cycles, hence the lanes that end as 0 become 0 before it
  const exponent = i32x4.sub(shifted, constant(ROUND));
  const half = i32x4.shr_s(exponent, 1);
  const one = constant(ONE);
  const scale1 = i32x4.add(i32x4.shl(half, 23), one);
  const scale2 = i32x4.add(i32x4.shl(i32x4.sub(exponent, half), 23), one);
  const kept = v128.andnot(p, f32x4.lt(x, constant(EXP_UNDERFLOW)));
  return f32x4.mul(f32x4.mul(kept, scale1), scale2);
}

/**
 * exp(x) for x ≤ 89, as `exp_f32x4` but for one clamp.
 */
@inline
export function expSmall_f32x4(x: v128): v128 {
  return expOfSum(x, f32x4.splat(0));
}

/**
 * exp(x) for −87 ≤ x ≤ 88, and the values there beyond: two thirds of the work of `exp_f32x4`.
 * error:   ≤ 1.5 ulp
 * edge:    NaN → NaN
 */
@inline
export function expBounded_f32x4(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, constant(EXP_BOUND_LOW)), constant(EXP_BOUND_HIGH));
  const shifted = madd(bounded, constant(LOG2E), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  const r = nmadd(n, constant(LN2_LOW), nmadd(n, constant(LN2_HIGH), bounded));
  const p = f32x4.add(madd(f32x4.mul(r, r), expSeries(r), r), constant(ONE));
  return f32x4.mul(p, i32x4.add(i32x4.shl(shifted, 23), constant(ONE)));
}

/**
 * formula: eˣ = 2ⁿ · eʳ, n = round(x / ln 2), |r| ≤ ½ ln 2
 * error:   ≤ 1.5 ulp over all floats, denormal results included
 * edge:    exp(±0) = 1, exp(−∞) = 0, +∞ from 88.7228394 on, NaN → NaN
 */
@inline
export function exp_f32x4(x: v128): v128 {
  return expOfSum(f32x4.pmin(x, constant(EXP_HIGHEST)), f32x4.splat(0));
}

/**
 * formula: 2ⁿ (eʳ − 1) + (2ⁿ − 1), n and r as in `exp_f32x4`
 * error:   ≤ 2 ulp over all floats
 * edge:    x itself for |x| < 2⁻²⁵ (so ±0 → ±0), expm1(−∞) = −1, NaN → NaN
 */
@inline
export function expm1_f32x4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, constant(EXPM1_LOWEST)), constant(EXP_HIGHEST));
  const shifted = madd(clamped, constant(LOG2E), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  const r = nmadd(n, constant(LN2_LOW), nmadd(n, constant(LN2_HIGH), clamped));
  const p = madd(f32x4.mul(r, r), expSeries(r), r);
  // 2ⁿ⁻¹, which is a float up to n = 128, then twice the result
  const half = i32x4.shl(i32x4.sub(shifted, i32x4.splat(0x4b400000 - 126)), 23);
  const halved = madd(p, half, f32x4.sub(half, constant(HALF)));
  const tiny = f32x4.lt(f32x4.abs(x), constant(EXPM1_TINY));
  return v128.bitselect(x, f32x4.add(halved, halved), tiny);
}

/** ln(1 + f) + n ln 2 for √½ ≤ 1 + f < √2. */
@inline
function logSeries(f: v128, n: v128): v128 {
  const p = horner7(LOG_SERIES, f);
  const square = f32x4.mul(f, f);
  let tail = madd(f32x4.mul(square, f), p, f32x4.mul(n, constant(LN2_LOW)));
  tail = nmadd(square, constant(HALF), tail);
  return madd(n, constant(LN2_HIGH), f32x4.add(f, tail));
}

/** The exponent e of x = m · 2ᵉ with √½ ≤ m < √2, for a positive normal x, as integers. */
@inline
function exponentOf(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, constant(SQRT_HALF)), 23);
}

/**
 * formula: ln x = e ln 2 + ln m, √½ ≤ m < √2
 * error:   ≤ 1.5 ulp over all positive floats, denormals included
 * edge:    log(±0) = −∞, log(+∞) = +∞, NaN for x < 0 and for NaN
 */
@inline
export function log_f32x4(x: v128): v128 {
  const denormal = f32x4.lt(x, constant(SMALLEST_NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, constant(TWO_TO_25)), x, denormal);
  const e = exponentOf(normal);
  const m = i32x4.sub(normal, i32x4.shl(e, 23));
  const n = f32x4.convert_i32x4_s(i32x4.sub(e, v128.and(denormal, i32x4.splat(25))));
  return logEdges(x, logSeries(f32x4.sub(m, constant(ONE)), n));
}

/** `y` = ln x where 0 < x < ∞, and the values at the edges elsewhere. */
@inline
function logEdges(x: v128, y: v128): v128 {
  const infinity = constant(INFINITY);
  const finite = v128.bitselect(y, x, f32x4.lt(x, infinity));
  const atZero = v128.bitselect(f32x4.neg(infinity), finite, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(atZero, f32x4.lt(x, f32x4.splat(0)));
}

/**
 * formula: u = 1 + x = m · 2ᵉ; ln(1 + x) = e ln 2 + ln(1 + f), f = x 2⁻ᵉ − (1 − 2⁻ᵉ), which keeps what u rounds off
 * error:   ≤ 2 ulp over all floats ≥ −1
 * edge:    log1p(±0) = ±0, log1p(−1) = −∞, log1p(+∞) = +∞, NaN for x < −1 and for NaN
 */
@inline
export function log1p_f32x4(x: v128): v128 {
  const one = constant(ONE);
  const u = f32x4.add(x, one);
  const e = exponentOf(u);
  const scale = i32x4.sub(one, i32x4.shl(e, 23));
  const f = f32x4.sub(f32x4.mul(x, scale), f32x4.sub(one, scale));
  // from 2²⁴ on u = x, and 2⁻ᵉ is no float for the largest
  const large = f32x4.sub(i32x4.sub(u, i32x4.shl(e, 23)), one);
  const isLarge = f32x4.ge(x, constant(TWO_TO_24));
  const y = logSeries(v128.bitselect(large, f, isLarge), f32x4.convert_i32x4_s(e));
  return v128.bitselect(x, logEdges(u, y), f32x4.eq(x, f32x4.splat(0)));
}

/**
 * formula: e^(−|x|) / (1 + e^(−|x|)) for x < 0, 1 / (1 + e^(−|x|)) for the others
 * error:   ≤ 2.5 ulp over all floats; where the result is denormal, ≤ 2 of its units
 * edge:    sigmoid(±0) = ½, sigmoid(−∞) = 0, sigmoid(+∞) = 1, NaN → NaN
 */
@inline
export function sigmoid_f32x4(x: v128): v128 {
  const e = expSmall_f32x4(f32x4.neg(f32x4.abs(x)));
  return sigmoidOf(x, e);
}

/**
 * sigmoid(x) for −87 ≤ x ≤ 88, and the values there beyond (1.6e−38 instead of 0): half of the work of `sigmoid_f32x4`.
 * formula: eˣ / (1 + eˣ)
 * error:   ≤ 2.5 ulp
 * edge:    sigmoid(±0) = ½, NaN → NaN
 */
@inline
export function sigmoidBounded_f32x4(x: v128): v128 {
  const e = expBounded_f32x4(x);
  return f32x4.div(e, f32x4.add(e, constant(ONE)));
}

/** The sigmoid of x, where e = exp(−|x|) is at hand. */
@inline
export function sigmoidOf(x: v128, e: v128): v128 {
  const one = constant(ONE);
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(one, e));
}

/**
 * formula: sign(x) · m / (m + 2), m = exp(2|x|) − 1
 * error:   ≤ 3 ulp over all floats, |tanh| ≤ 1
 * edge:    x itself for |x| < 2⁻¹², ±∞ → ±1, NaN → NaN
 */
@inline
export function tanh_f32x4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const doubled = f32x4.pmin(f32x4.add(magnitude, magnitude), constant(TANH_HIGHEST));
  const shifted = madd(doubled, constant(LOG2E), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  const r = nmadd(n, constant(LN2_LOW), nmadd(n, constant(LN2_HIGH), doubled));
  const p = madd(f32x4.mul(r, r), expSeries(r), r);
  const scale = i32x4.add(i32x4.shl(i32x4.sub(shifted, constant(ROUND)), 23), constant(ONE));
  const m = madd(p, scale, f32x4.sub(scale, constant(ONE)));
  return withSign(f32x4.div(m, f32x4.add(m, constant(TWO))), x);
}

/** exp(−a²/2): a² is taken apart, else its rounding would cost a²/2 ulp. */
@inline
export function gauss_f32x4(a: v128): v128 {
  const high = v128.and(a, constant(HIGH_BITS));
  const rest = f32x4.mul(f32x4.sub(a, high), f32x4.add(a, high));
  const half = constant(MINUS_HALF);
  return expOfSum(f32x4.mul(f32x4.mul(high, high), half), f32x4.mul(rest, half));
}

/** Φ(−a) · exp(a²/2) for 0 ≤ a ≤ 14.6, Φ the normal distribution: the tail without its exponential. */
@inline
export function scaledTail_f32x4(a: v128): v128 {
  const four = constant(FOUR);
  const t = f32x4.div(constant(ONE), f32x4.add(a, four));
  const u = f32x4.mul(f32x4.sub(a, four), t);
  return f32x4.mul(horner9(TAIL_SERIES, u), t);
}

/**
 * formula: x + x p(x²) for |x| < 1, sign(x) (1 − 2 Φ(−√2 |x|)) beyond
 * error:   ≤ 3 ulp over all floats
 * edge:    erf(±0) = ±0, erf(±∞) = ±1, NaN → NaN
 */
@inline
export function erf_f32x4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  const p = horner6(ERF_SERIES, square);
  const inner = madd(magnitude, p, magnitude);
  const a = f32x4.pmin(f32x4.mul(magnitude, constant(SQRT_TWO)), constant(TAIL_HIGHEST));
  const tail = f32x4.mul(gauss_f32x4(a), scaledTail_f32x4(a));
  const outer = f32x4.sub(constant(ONE), f32x4.add(tail, tail));
  return withSign(v128.bitselect(inner, outer, f32x4.lt(magnitude, constant(ONE))), x);
}

/** sin(r + q π/2) for |r| ≤ π/4 and whole q (only its last two bits count). */
@inline
export function sinOfQuadrant(r: v128, q: v128): v128 {
  const square = f32x4.mul(r, r);
  const s = horner2(SIN_SERIES, square);
  // a product, not r + r·…: that keeps sin(−0) = −0
  const sine = f32x4.mul(r, madd(s, square, constant(ONE)));
  const c = horner2(COS_SERIES, square);
  const cosine = madd(f32x4.mul(square, square), c, nmadd(square, constant(HALF), constant(ONE)));
  const odd = i32x4.shr_s(i32x4.shl(q, 31), 31);
  const sign = v128.and(i32x4.shl(q, 30), constant(SIGN_BIT));
  return v128.xor(v128.bitselect(cosine, sine, odd), sign);
}

/** 2/π = 0.A2F9836E 4E441529 … in hexadecimal, after a word of zeros. */
const TWO_OVER_PI: usize = memory.data<u32>([
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
]);

/**
 * sin(x + quadrant π/2) of one float of at least 2²⁰, where x · 2/π needs more bits than a double has.
 * x = m 2ᵉ: the bits of 2/π whose product with m is a multiple of 4 turn nothing and are left out, the next 96 are
 * enough. source: Payne, Hanek, Radian reduction for trigonometric functions, SIGNUM 18 (1983).
 */
function sinOfLarge(x: f32, quadrant: i32): f32 {
  const bits = reinterpret<u32>(x);
  const exponent = (bits >> 23) & 255;
  if (exponent == 255) return NaN;
  if (exponent < 147) return 0; // a small lane beside a large one, whose result nobody takes
  const mantissa = u64((bits & 0x7fffff) | 0x800000);
  const first = exponent - 150 + 30;
  const words = TWO_OVER_PI + ((first >> 5) << 2);
  const shift = u64(first & 31);
  const window =
    ((((u64(load<u32>(words)) << 32) | load<u32>(words, 4)) << shift) & 0xffffffff00000000) |
    ((((u64(load<u32>(words, 4)) << 32) | load<u32>(words, 8)) << shift) >> 32);
  const next = (((u64(load<u32>(words, 8)) << 32) | load<u32>(words, 12)) << shift) >> 32;
  // quarter turns: two bits before the binary point, 62 behind it
  const turns = window * mantissa + ((next * mantissa) >> 32);
  const whole = (turns + (1 << 61)) >> 62;
  const r = f32(f64(i64(turns - (whole << 62))) * 3.4061215800304716e-19);
  const negative = i32(bits) < 0;
  const q = quadrant + (negative ? -i32(whole) : i32(whole));
  return f32x4.extract_lane(sinOfQuadrant(f32x4.splat(negative ? -r : r), i32x4.splat(q)), 0);
}

/** `sinOfLarge` on each lane. */
function sinOfLarge_f32x4(x: v128, quadrant: i32): v128 {
  let y = f32x4.splat(sinOfLarge(f32x4.extract_lane(x, 0), quadrant));
  y = f32x4.replace_lane(y, 1, sinOfLarge(f32x4.extract_lane(x, 1), quadrant));
  y = f32x4.replace_lane(y, 2, sinOfLarge(f32x4.extract_lane(x, 2), quadrant));
  return f32x4.replace_lane(y, 3, sinOfLarge(f32x4.extract_lane(x, 3), quadrant));
}

/** x · 2/π + 1.5 · 2⁵² on two doubles: the nearest whole number of quarter turns, in the low bits. */
@inline
function quarterTurns(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, f64x2.splat(0.63661977236758138)), f64x2.splat(6755399441055744));
}

/** x − n π/2 on two doubles, `shifted` as `quarterTurns` gives it; exact enough for |n| < 2²⁰. */
@inline
function reduceAngle(x: v128, shifted: v128): v128 {
  const n = f64x2.sub(shifted, f64x2.splat(6755399441055744));
  const r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.5707963267341256)));
  return f64x2.sub(r, f64x2.mul(n, f64x2.splat(6.0771005065061922e-11)));
}

/** sin(x + quadrant π/2) over all floats. */
@inline
function sinShifted(x: v128, quadrant: i32): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
  const turnsLow = quarterTurns(low);
  const turnsHigh = quarterTurns(high);
  const rLow = f32x4.demote_f64x2_zero(reduceAngle(low, turnsLow));
  const rHigh = f32x4.demote_f64x2_zero(reduceAngle(high, turnsHigh));
  const q = i32x4.add(i32x4.shuffle(turnsLow, turnsHigh, 0, 2, 4, 6), i32x4.splat(quadrant));
  const y = sinOfQuadrant(i64x2.shuffle(rLow, rHigh, 0, 2), q);
  const large = f32x4.ge(f32x4.abs(x), constant(LARGE_ANGLE));
  if (!v128.any_true(large)) return y;
  return v128.bitselect(sinOfLarge_f32x4(x, quadrant), y, large);
}

/**
 * formula: sin(r + n π/2), reduced in double precision below 2²⁰, by Payne and Hanek's method beyond (slow)
 * error:   ≤ 2 ulp over all finite floats
 * edge:    sin(±0) = ±0, sin(±∞) = NaN, NaN → NaN
 */
@inline
export function sin_f32x4(x: v128): v128 {
  return sinShifted(x, 0);
}

/** As `sin_f32x4`, a quarter turn on; cos(±0) = 1. */
@inline
export function cos_f32x4(x: v128): v128 {
  return sinShifted(x, 1);
}

/** log2 of two doubles that are positive, finite and normal: 2⁻³⁸ relative, enough for `pow`. */
@inline
function log2_f64x2(x: v128): v128 {
  const e = i64x2.shr_s(i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd)), 52);
  const m = i64x2.sub(x, i64x2.shl(e, 52));
  const n = f64x2.sub(i64x2.add(e, i64x2.splat(0x4338000000000000)), f64x2.splat(6755399441055744));
  // log m = 2 artanh s, s = (m − 1) / (m + 1)
  const one = f64x2.splat(1);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let p = f64x2.add(f64x2.mul(z, f64x2.splat(1.0 / 15)), f64x2.splat(1.0 / 13));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 11));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 9));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 7));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 5));
  p = f64x2.add(f64x2.mul(p, z), f64x2.splat(1.0 / 3));
  p = f64x2.add(f64x2.mul(p, z), one);
  return f64x2.add(n, f64x2.mul(f64x2.mul(s, p), f64x2.splat(2.8853900817779268)));
}

/** 2ᵖ of two doubles, |p| ≤ 1000: 2⁻³² relative. */
@inline
function exp2_f64x2(p: v128): v128 {
  const shifted = f64x2.add(p, f64x2.splat(6755399441055744));
  const n = f64x2.sub(shifted, f64x2.splat(6755399441055744));
  const r = f64x2.mul(f64x2.sub(p, n), f64x2.splat(0.69314718055994531));
  const one = f64x2.splat(1);
  let s = f64x2.add(f64x2.mul(r, f64x2.splat(1.0 / 40320)), f64x2.splat(1.0 / 5040));
  s = f64x2.add(f64x2.mul(s, r), f64x2.splat(1.0 / 720));
  s = f64x2.add(f64x2.mul(s, r), f64x2.splat(1.0 / 120));
  s = f64x2.add(f64x2.mul(s, r), f64x2.splat(1.0 / 24));
  s = f64x2.add(f64x2.mul(s, r), f64x2.splat(1.0 / 6));
  s = f64x2.add(f64x2.mul(s, r), f64x2.splat(0.5));
  s = f64x2.add(f64x2.mul(s, r), one);
  s = f64x2.add(f64x2.mul(s, r), one);
  return f64x2.mul(s, i64x2.add(i64x2.shl(shifted, 52), one));
}

/** xʸ of the low two lanes for x ≥ 0, by way of doubles; the high lanes are 0. */
function powLow(x: v128, y: v128): v128 {
  const base = f64x2.promote_low_f32x4(x);
  let log2 = log2_f64x2(base);
  log2 = v128.bitselect(f64x2.splat(-Infinity), log2, f64x2.eq(base, f64x2.splat(0)));
  log2 = v128.bitselect(log2, base, f64x2.lt(base, f64x2.splat(Infinity)));
  const p = f64x2.mul(f64x2.promote_low_f32x4(y), log2);
  return f32x4.demote_f64x2_zero(exp2_f64x2(f64x2.pmin(f64x2.pmax(p, f64x2.splat(-300)), f64x2.splat(300))));
}

/**
 * formula: 2^(y log2 |x|) in double precision; negative where x is and y is odd
 * error:   ≤ 0.6 ulp over all floats, denormal results included
 * edge:    as IEEE 754 and C: pow(x, ±0) = 1 and pow(1, y) = 1 even for NaN, pow(−1, ±∞) = 1, pow(±0, y < 0) = ±∞ for
 *          odd y and +∞ for others, NaN for a finite x < 0 with a fractional y, other NaN → NaN
 */
@inline
export function pow_f32x4(x: v128, y: v128): v128 {
  const magnitude = f32x4.abs(x);
  const low = powLow(magnitude, y);
  const high = powLow(i64x2.shuffle(magnitude, magnitude, 1, 1), i64x2.shuffle(y, y, 1, 1));
  return powEdges(x, y, i64x2.shuffle(low, high, 0, 2));
}

/** The sign of xʸ, and its values where |x|ʸ does not tell. */
@inline
function powEdges(x: v128, y: v128, power: v128): v128 {
  const zero = f32x4.splat(0);
  const one = constant(ONE);
  const infinity = constant(INFINITY);
  const whole = f32x4.eq(f32x4.nearest(y), y);
  const half = f32x4.mul(y, constant(HALF));
  const odd = v128.and(whole, f32x4.ne(f32x4.nearest(half), half));
  const signed = v128.or(power, v128.and(v128.and(x, constant(SIGN_BIT)), odd));
  const negative = v128.and(f32x4.lt(x, zero), f32x4.gt(x, f32x4.neg(infinity)));
  const result = v128.or(signed, v128.andnot(negative, whole));
  const unit = v128.or(f32x4.eq(x, one), f32x4.eq(y, zero));
  const turning = v128.and(f32x4.eq(x, f32x4.splat(-1)), f32x4.eq(f32x4.abs(y), infinity));
  return v128.bitselect(one, result, v128.or(unit, turning));
}
