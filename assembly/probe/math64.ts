// Lets test/biology/math64.test.ts call the functions of math64.ts by themselves. Not part of the module.
import { exp_f64x2, expm1_f64x2, logOfAny_f64x2, log_f64x2, pow_f64x2, tanh_f64x2 } from '../math64';

/** out[n] = function(x[n]); n is a multiple of 2. The functions: exp, expm1, log, logOfAny, tanh, and x to the power 2.3, −1.7 and 3. */
export function probe(index: u32, out: usize, x: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i += 2, out += 16, x += 16) {
    const value = v128.load(x);
    if (index == 0) v128.store(out, exp_f64x2(value));
    else if (index == 1) v128.store(out, expm1_f64x2(value));
    else if (index == 2) v128.store(out, log_f64x2(value));
    else if (index == 3) v128.store(out, logOfAny_f64x2(value));
    else if (index == 4) v128.store(out, tanh_f64x2(value));
    else v128.store(out, pow_f64x2(value, f64x2.splat(index == 5 ? 2.3 : index == 6 ? -1.7 : 3)));
  }
}
