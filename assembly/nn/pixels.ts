// Moves pixels: each output position of an axis reads one position of x, or nothing. Padding (zeros, reflected,
// replicated), cropping and the nearest pixel of an enlargement are all lists of such positions, which the host writes.
// Shapes: x is [B, D, H, W, C], out [B, outD, outH, outW, C]; a pixel is its C channels.
import { GatherPixels, ImageInstruction, ScatterPixels } from '../instructions';
import { bytes } from '../linalg/block';
import { addRun, copyRun, zeroRun } from './words';

/** Every output pixel and the pixel of x that it reads: copied from x (0 where there is none), or added back to it. */
@inline
function walk(i: ImageInstruction, sources: usize, out: usize, x: usize, gather: bool): void {
  const heights = sources + bytes(i.outDepth);
  const widths = heights + bytes(i.outHeight);
  const pixel = bytes(i.channels);
  for (let b: u32 = 0; b < i.batch; b++, x += pixel * (i.depth * i.height * i.width)) {
    for (let d: u32 = 0; d < i.outDepth; d++) {
      const atDepth = load<i32>(sources + bytes(d));
      for (let h: u32 = 0; h < i.outHeight; h++) {
        const atHeight = load<i32>(heights + bytes(h));
        const line = x + pixel * ((<u32>atDepth * i.height + <u32>atHeight) * i.width);
        for (let w: u32 = 0; w < i.outWidth; w++, out += pixel) {
          const atWidth = load<i32>(widths + bytes(w));
          const isThere = (atDepth | atHeight | atWidth) >= 0;
          if (!gather && isThere) addRun(line + pixel * <usize>atWidth, out, i.channels);
          else if (gather && isThere) copyRun(out, line + pixel * <usize>atWidth, i.channels);
          else if (gather) zeroRun(out, i.channels);
        }
      }
    }
  }
}

/**
 * formula: out[b, d, h, w, :] = x[b, sources[d], sources[h], sources[w], :], 0 where a source is −1
 * alias: none
 */
export function execGatherPixels(pc: usize): u32 {
  const i = changetype<GatherPixels>(pc);
  walk(i, i.sources, i.out, i.x, true);
  return 0;
}

/**
 * formula: dX[b, sources[d], sources[h], sources[w], :] += dOut[b, d, h, w, :], from 0
 * alias: none
 */
export function execScatterPixels(pc: usize): u32 {
  const i = changetype<ScatterPixels>(pc);
  zeroRun(i.dX, i.batch * i.depth * i.height * i.width * i.channels);
  walk(i, i.sources, i.dOut, i.dX, false);
  return 0;
}
