// Lets test/biology/math64.test.ts call the functions of math64.ts by themselves. Not part of the module.
import { exp_f64x2, expm1_f64x2, log_f64x2 } from '../math64';

/** out[n] = function(x[n]); n is a multiple of 2. The functions: exp, expm1, log. */
export function probe(index: u32, out: usize, x: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i += 2, out += 16, x += 16) {
    const value = v128.load(x);
    if (index == 0) v128.store(out, exp_f64x2(value));
    else if (index == 1) v128.store(out, expm1_f64x2(value));
    else v128.store(out, log_f64x2(value));
  }
}
