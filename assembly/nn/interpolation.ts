// Linear interpolation along one axis; an image is enlarged by one after the other. Where an output position lies between
// two of x the host has written down.
// Shapes: x is [outer, axis, inner], out [outer, outAxis, inner].
import { Interpolate, InterpolateBackward } from '../instructions';
import { loadUpTo, madd, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { zeroRun } from './words';

/** A row of the table: the lower position, the higher one, the weight of the higher. */
const ROW: usize = 12;

/**
 * formula: out[o, i, :] = low + w · (high − low), with low and high the two rows of x that the table names
 * alias: none
 * tail: the last inner mod 4 by lanes
 */
export function execInterpolate(pc: usize): u32 {
  const i = changetype<Interpolate>(pc);
  const row = bytes(i.inner);
  let out = i.out;
  let x = i.x;
  for (let o: u32 = 0; o < i.outer; o++, x += row * i.axis) {
    for (let at = i.table; at < i.table + ROW * i.outAxis; at += ROW) {
      let low = x + row * load<u32>(at);
      let high = x + row * load<u32>(at, 4);
      const weight = v128.load32_splat(at, 8);
      for (let n = i.inner; n > 0; n -= min(n, 4), low += 16, high += 16) {
        const from = loadUpTo(low, n);
        storeUpTo(out, madd(weight, f32x4.sub(loadUpTo(high, n), from), from), n);
        out += bytes(min(n, 4));
      }
    }
  }
  return 0;
}

/** x[n] += weight · dOut[n]. */
@inline
function addWeighted(x: usize, dOut: usize, n: u32, weight: v128): void {
  for (; n > 0; n -= min(n, 4), x += 16, dOut += 16) {
    storeUpTo(x, madd(weight, loadUpTo(dOut, n), loadUpTo(x, n)), n);
  }
}

/**
 * formula: dX[o, low, :] += (1 − w) · dOut[o, i, :], dX[o, high, :] += w · dOut[o, i, :], from 0
 * alias: none
 */
export function execInterpolateBackward(pc: usize): u32 {
  const i = changetype<InterpolateBackward>(pc);
  const row = bytes(i.inner);
  let out = i.dOut;
  let x = i.dX;
  zeroRun(x, i.outer * i.axis * i.inner);
  for (let o: u32 = 0; o < i.outer; o++, x += row * i.axis) {
    for (let at = i.table; at < i.table + ROW * i.outAxis; at += ROW, out += row) {
      const weight = v128.load32_splat(at, 8);
      addWeighted(x + row * load<u32>(at), out, i.inner, f32x4.sub(f32x4.splat(1), weight));
      addWeighted(x + row * load<u32>(at, 4), out, i.inner, weight);
    }
  }
  return 0;
}
