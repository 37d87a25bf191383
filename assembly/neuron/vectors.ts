// The vectors of the neuron kernels: T is f32 (four neurons) or f64 (two), one source for both.
// A block of parameters is a list of vectors, the parameters of the first neurons, then of the next (so that each is
// one load at a fixed offset); where all neurons share their parameters it holds them once and its step is 0.
import { exp_f64x2, expm1_f64x2, expSeries_f64x2, log_f64x2 } from '../math64';
import { expBounded_f32x4, expm1_f32x4, expSeries, log_f32x4 } from '../math';

/** exp(x) for −87 ≤ x ≤ 88, and the values there beyond. */
@inline
export function exp<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return expBounded_f32x4(x);
  return exp_f64x2(x);
}

@inline
export function expm1<T>(x: v128): v128 {
  if (sizeof<T>() == 4) return expm1_f32x4(x);
  return expm1_f64x2(x);
}

/** A bit for each lane whose sign is set, as in the result of a comparison. */
@inline
export function signs<T>(x: v128): u32 {
  if (sizeof<T>() == 4) return i32x4.bitmask(x);
  return i64x2.bitmask(x);
}

/** a · b + c, two roundings. */
@inline
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** target + (x − target) · factor: x on its way to the target; never past it for 0 ≤ factor ≤ 1. */
@inline
export function approach<T>(x: v128, target: v128, factor: v128): v128 {
  return v128.add<T>(target, v128.mul<T>(v128.sub<T>(x, target), factor));
}

/** Neurons in a vector. */
@inline
export function lanes<T>(): u32 {
  return 16 / sizeof<T>();
}

/** The bytes of n numbers in whole vectors. */
@inline
export function vectorBytes<T>(n: u32): usize {
  return (usize(n) * sizeof<T>() + 15) & ~15;
}

/** The value at an address, then 0 there: what was added for this step alone. */
@inline
export function take(address: usize): v128 {
  const value = v128.load(address);
  v128.store(address, i32x4.splat(0));
  return value;
}

/** exp of one number, as `exp` of vectors. */
export function scalarExp<T>(x: T): T {
  return v128.extract_lane<T>(exp<T>(v128.splat<T>(x)), 0);
}

/** The natural logarithm of one number above 0. */
export function scalarLog<T>(x: T): T {
  const y = sizeof<T>() == 4 ? log_f32x4(v128.splat<T>(x)) : log_f64x2(v128.splat<T>(x));
  return v128.extract_lane<T>(y, 0);
}

/** 1, and up to where the series of the exponential needs no reduction of its argument. */
const CONSTANTS_F32: usize = memory.data<f32>([1, 0.34], 16);
const CONSTANTS_F64: usize = memory.data<f64>([1, 0.34], 16);

/** The constant of an index on all lanes, from the table of its precision. */
@inline
export function constant<T>(f32Table: usize, f64Table: usize, index: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(f32Table + 4 * index);
  return v128.load64_splat(f64Table + 8 * index);
}

@inline
export function one<T>(): v128 {
  return constant<T>(CONSTANTS_F32, CONSTANTS_F64, 0);
}

/** (eˣ − 1) / x for |x| ≤ 0.34. */
@inline
export function relativeGrowth<T>(x: v128): v128 {
  const series = sizeof<T>() == 4 ? expSeries(x) : expSeries_f64x2(x);
  return multiplyAdd<T>(series, x, one<T>());
}

/** `relax` for steps of any length. */
function relaxFar<T>(x: v128, inward: v128, rate: v128, step: v128): v128 {
  const factor = exp<T>(v128.neg<T>(v128.mul<T>(rate, step)));
  return approach<T>(x, v128.div<T>(inward, rate), factor);
}

/**
 * formula: x after a step of x' = inward − rate x with both constant: x + step (inward − rate x) (1 − e^(−y)) / y,
 *          y = rate step; no division, and no reduction of the exponent, where every y is at most 0.34
 * edge:    rate above 0
 */
@inline
export function relax<T>(x: v128, inward: v128, rate: v128, step: v128): v128 {
  const y = v128.mul<T>(rate, step);
  if (v128.any_true(v128.gt<T>(y, constant<T>(CONSTANTS_F32, CONSTANTS_F64, 1))))
    return relaxFar<T>(x, inward, rate, step);
  const slope = v128.mul<T>(v128.sub<T>(inward, v128.mul<T>(rate, x)), step);
  return multiplyAdd<T>(slope, relativeGrowth<T>(v128.neg<T>(y)), x);
}
