// Lets test/assembly/math.test.ts call the functions of math.ts by themselves. Not part of the core.
import {
  cos_f32x4,
  erf_f32x4,
  exp_f32x4,
  expm1_f32x4,
  gauss_f32x4,
  log1p_f32x4,
  log_f32x4,
  pow_f32x4,
  scaledTail_f32x4,
  sigmoidBounded_f32x4,
  sigmoid_f32x4,
  sin_f32x4,
  tanh_f32x4,
} from '../math';

/** The functions in the order of `probeNames` in test/helpers/math-probe.ts. */
@inline
function apply(index: u32, x: v128, y: v128): v128 {
  if (index == 0) return exp_f32x4(x);
  if (index == 1) return log_f32x4(x);
  if (index == 2) return tanh_f32x4(x);
  if (index == 3) return sigmoid_f32x4(x);
  if (index == 4) return erf_f32x4(x);
  if (index == 5) return log1p_f32x4(x);
  if (index == 6) return expm1_f32x4(x);
  if (index == 7) return sin_f32x4(x);
  if (index == 8) return cos_f32x4(x);
  if (index == 9) return gauss_f32x4(x);
  if (index == 10) return scaledTail_f32x4(x);
  if (index == 11) return sigmoidBounded_f32x4(x);
  return pow_f32x4(x, y);
}

@inline
function map(index: u32, out: usize, x: usize, y: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i += 4, out += 16, x += 16, y += 16) {
    v128.store(out, apply(index, v128.load(x), v128.load(y)));
  }
}

/** out[n] = function(x[n], y[n]); n is a multiple of 4. */
export function probe(index: u32, out: usize, x: usize, y: usize, n: u32): void {
  switch (index) {
    case 0:
      return map(0, out, x, y, n);
    case 1:
      return map(1, out, x, y, n);
    case 2:
      return map(2, out, x, y, n);
    case 3:
      return map(3, out, x, y, n);
    case 4:
      return map(4, out, x, y, n);
    case 5:
      return map(5, out, x, y, n);
    case 6:
      return map(6, out, x, y, n);
    case 7:
      return map(7, out, x, y, n);
    case 8:
      return map(8, out, x, y, n);
    case 9:
      return map(9, out, x, y, n);
    case 10:
      return map(10, out, x, y, n);
    case 11:
      return map(11, out, x, y, n);
    default:
      return map(12, out, x, y, n);
  }
}
