// The dot product of two contiguous vectors, and alpha·x + y.
// A dot product adds in sixteen partial sums, the products l with the same l mod 16 in the order of l, and then the
// sums in pairs: always the same order for the same length.
import { Axpy } from '../instructions';
import { loadTail, madd, storeTail, sumLanes } from '../lanes';

/**
 * formula: Σ x[l] · y[l]
 * tail: the last n mod 16 by whole vectors, then by lanes
 * error: at most (n/16 + 6) roundings of Σ|x||y|
 * edge: NaN and infinities as IEEE has them
 */
export function dot_f32(x: usize, y: usize, n: u32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (const end = x + ((<usize>(n & ~15)) << 2); x < end; x += 64, y += 64) {
    s0 = madd(v128.load(x), v128.load(y), s0);
    s1 = madd(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = madd(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = madd(v128.load(x, 48), v128.load(y, 48), s3);
  }
  for (const end = x + ((<usize>(n & 12)) << 2); x < end; x += 16, y += 16) {
    const s = madd(v128.load(x), v128.load(y), s0);
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = s;
  }
  const rest = n & 3;
  if (rest) s0 = madd(loadTail(x, rest), loadTail(y, rest), s0);
  return sumLanes(f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3)));
}

/**
 * formula: out[i] = alpha · x[i] + y[i]
 * alias: out may be x or y
 * tail: the last n mod 4 by lanes
 */
export function axpy_f32(out: usize, x: usize, y: usize, n: u32, alpha: f32): void {
  const a = f32x4.splat(alpha);
  for (const end = out + ((<usize>(n & ~3)) << 2); out < end; out += 16, x += 16, y += 16) {
    v128.store(out, madd(a, v128.load(x), v128.load(y)));
  }
  const rest = n & 3;
  if (rest) storeTail(out, madd(a, loadTail(x, rest), loadTail(y, rest)), rest);
}

export function execAxpy(pc: usize): u32 {
  const i = changetype<Axpy>(pc);
  axpy_f32(i.out, i.x, i.y, i.n, i.alpha);
  return 0;
}
