// Moves pixels: each output position of an axis reads one position of x, or nothing. Padding (zeros, reflected,
// replicated), cropping and the nearest pixel of an enlargement are all lists of such positions, which the host writes.
// Shapes: x is [B, D, H, W, C], out [B, outD, outH, outW, C]; a pixel is its C channels.
import { GatherPixels, ScatterPixels } from '../instructions';
import { bytes } from '../linalg/block';
import { addRun, copyRun, zeroRun } from './words';

/**
 * formula: out[b, d, h, w, :] = x[b, sources[d], sources[h], sources[w], :], 0 where a source is −1
 * alias: none
 */
export function execGatherPixels(pc: usize): u32 {
  const i = changetype<GatherPixels>(pc);
  const heights = i.sources + bytes(i.outDepth);
  const widths = heights + bytes(i.outHeight);
  const pixel = bytes(i.channels);
  let out = i.out;
  let x = i.x;
  for (let b: u32 = 0; b < i.batch; b++, x += pixel * (i.depth * i.height * i.width)) {
    for (let d: u32 = 0; d < i.outDepth; d++) {
      const atDepth = load<i32>(i.sources + bytes(d));
      for (let h: u32 = 0; h < i.outHeight; h++) {
        const atHeight = load<i32>(heights + bytes(h));
        const line = x + pixel * ((<u32>atDepth * i.height + <u32>atHeight) * i.width);
        for (let w: u32 = 0; w < i.outWidth; w++, out += pixel) {
          const atWidth = load<i32>(widths + bytes(w));
          if ((atDepth | atHeight | atWidth) < 0) zeroRun(out, i.channels);
          else copyRun(out, line + pixel * <usize>atWidth, i.channels);
        }
      }
    }
  }
  return 0;
}

/**
 * formula: dX[b, sources[d], sources[h], sources[w], :] += dOut[b, d, h, w, :], from 0
 * alias: none
 */
export function execScatterPixels(pc: usize): u32 {
  const i = changetype<ScatterPixels>(pc);
  const heights = i.sources + bytes(i.outDepth);
  const widths = heights + bytes(i.outHeight);
  const pixel = bytes(i.channels);
  let out = i.dOut;
  let x = i.dX;
  zeroRun(x, i.batch * i.depth * i.height * i.width * i.channels);
  for (let b: u32 = 0; b < i.batch; b++, x += pixel * (i.depth * i.height * i.width)) {
    for (let d: u32 = 0; d < i.outDepth; d++) {
      const atDepth = load<i32>(i.sources + bytes(d));
      for (let h: u32 = 0; h < i.outHeight; h++) {
        const atHeight = load<i32>(heights + bytes(h));
        const line = x + pixel * ((<u32>atDepth * i.height + <u32>atHeight) * i.width);
        for (let w: u32 = 0; w < i.outWidth; w++, out += pixel) {
          const atWidth = load<i32>(widths + bytes(w));
          if ((atDepth | atHeight | atWidth) >= 0) addRun(line + pixel * <usize>atWidth, out, i.channels);
        }
      }
    }
  }
  return 0;
}
