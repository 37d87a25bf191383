// Runs of neighbouring floats, as windows over an image read and write them: copied, zeroed, added to.
// Loops of their own: a run is often shorter than what a call of memory.copy costs. Lengths are in floats.
import { loadTail, storeTail } from '../lanes';
import { bytes } from '../linalg/block';

/** out[n] = x[n]. */
@inline
export function copyRun(out: usize, x: usize, n: u32): void {
  for (const end = out + bytes(n & ~3); out < end; out += 16, x += 16) v128.store(out, v128.load(x));
  const rest = n & 3;
  if (rest) storeTail(out, loadTail(x, rest), rest);
}

/** out[n] = 0. */
@inline
export function zeroRun(out: usize, n: u32): void {
  const zero = f32x4.splat(0);
  for (const end = out + bytes(n & ~3); out < end; out += 16) v128.store(out, zero);
  const rest = n & 3;
  if (rest) storeTail(out, zero, rest);
}

/** out[n] += x[n]. */
@inline
export function addRun(out: usize, x: usize, n: u32): void {
  for (const end = out + bytes(n & ~3); out < end; out += 16, x += 16) {
    v128.store(out, f32x4.add(v128.load(out), v128.load(x)));
  }
  const rest = n & 3;
  if (rest) storeTail(out, f32x4.add(loadTail(out, rest), loadTail(x, rest)), rest);
}
