// The vectors of the neuron kernels: T is f32 (four neurons) or f64 (two), one source for both.
// A block of parameters is a list of vectors, the parameters of the first neurons, then of the next (so that each is
// one load at a fixed offset); where all neurons share their parameters it holds them once and its step is 0.
import { exp_f64x2, expm1_f64x2 } from '../math64';
import { expBounded_f32x4, expm1_f32x4 } from '../math';

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
