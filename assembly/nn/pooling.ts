// Maximum and average over windows of an image, for each channel by itself; four channels go through the four lanes.
// Where a window begins and ends the host has written down (WindowTables), so that padding, the last window of a ceiling
// and adaptive pooling are all the same here.
// Shapes: x is [B, D, H, W, C], out [B, outD, outH, outW, C].
import { Pool, PoolBackward, PoolKind } from '../instructions';
import { loadUpTo, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { zeroRun } from './words';

/** A row of the windows' table: begin, end, count. */
const ROW: usize = 12;

/** One window of one sample: where its first element is in x, its extent, what an average divides by. */
@inline
function element(x: usize, stepLine: usize, stepPlane: usize, channels: usize, d: u32, h: u32, w: u32): usize {
  return x + stepPlane * d + stepLine * h + channels * w;
}

/** The maximum of four channels; NaN wins. */
function maximum(x: usize, c: u32, i: Pool, d: usize, h: usize, w: usize): v128 {
  let result = f32x4.splat(-Infinity);
  const channels = bytes(i.channels);
  const line = channels * i.width;
  const plane = line * i.height;
  for (let z = load<u32>(d); z < load<u32>(d, 4); z++) {
    for (let y = load<u32>(h); y < load<u32>(h, 4); y++) {
      let from = element(x, line, plane, channels, z, y, load<u32>(w));
      for (let n = load<u32>(w, 4) - load<u32>(w); n > 0; n--, from += channels) {
        result = f32x4.max(result, loadUpTo(from, c));
      }
    }
  }
  return result;
}

/** The sum of four channels, divided by the counts of the axes. */
function average(x: usize, c: u32, i: Pool, d: usize, h: usize, w: usize): v128 {
  let sum = f32x4.splat(0);
  const channels = bytes(i.channels);
  const line = channels * i.width;
  const plane = line * i.height;
  for (let z = load<u32>(d); z < load<u32>(d, 4); z++) {
    for (let y = load<u32>(h); y < load<u32>(h, 4); y++) {
      let from = element(x, line, plane, channels, z, y, load<u32>(w));
      for (let n = load<u32>(w, 4) - load<u32>(w); n > 0; n--, from += channels)
        sum = f32x4.add(sum, loadUpTo(from, c));
    }
  }
  return f32x4.div(sum, f32x4.splat(<f32>(load<u32>(d, 8) * load<u32>(h, 8) * load<u32>(w, 8))));
}

/**
 * formula: out[p, c] = max or mean of x over the window of p
 * alias: none
 * tail: the last channels mod 4 by lanes
 * edge: a NaN in a window makes its result NaN; −0 is less than +0
 */
export function execPool(pc: usize): u32 {
  const i = changetype<Pool>(pc);
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const tableHeight = i.windows + ROW * i.outDepth;
  const tableWidth = tableHeight + ROW * i.outHeight;
  let out = i.out;
  let x = i.x;
  for (let b: u32 = 0; b < i.batch; b++, x += sample) {
    for (let d = i.windows; d < tableHeight; d += ROW) {
      for (let h = tableHeight; h < tableWidth; h += ROW) {
        for (let w = tableWidth; w < tableWidth + ROW * i.outWidth; w += ROW) {
          let from = x;
          for (let c = i.channels; c > 0; c -= min(c, 4), from += 16) {
            const value = i.kind == PoolKind.Maximum ? maximum(from, c, i, d, h, w) : average(from, c, i, d, h, w);
            storeUpTo(out, value, c);
            out += bytes(min(c, 4));
          }
        }
      }
    }
  }
  return 0;
}

/** dOut to the first element of the window that is the maximum y (or to the first NaN, where that is NaN). */
function maximumBackward(at: usize, c: u32, i: PoolBackward, dOut: v128, y: v128, d: usize, h: usize, w: usize): void {
  const channels = bytes(i.channels);
  const line = channels * i.width;
  const plane = line * i.height;
  const isNumber = f32x4.eq(y, y);
  let open = i32x4.splat(-1);
  for (let z = load<u32>(d); z < load<u32>(d, 4); z++) {
    for (let v = load<u32>(h); v < load<u32>(h, 4); v++) {
      let place = element(at, line, plane, channels, z, v, load<u32>(w));
      for (let n = load<u32>(w, 4) - load<u32>(w); n > 0; n--, place += channels) {
        const x = loadUpTo(i.x + place, c);
        const equal = v128.or(f32x4.eq(x, y), v128.not(v128.or(isNumber, f32x4.eq(x, x))));
        const takes = v128.and(equal, open);
        open = v128.andnot(open, equal);
        storeUpTo(i.dX + place, f32x4.add(loadUpTo(i.dX + place, c), v128.and(dOut, takes)), c);
      }
    }
  }
}

/** dOut, divided by the counts of the axes, to every element of the window. */
function averageBackward(at: usize, c: u32, i: PoolBackward, dOut: v128, d: usize, h: usize, w: usize): void {
  const channels = bytes(i.channels);
  const line = channels * i.width;
  const plane = line * i.height;
  const share = f32x4.div(dOut, f32x4.splat(<f32>(load<u32>(d, 8) * load<u32>(h, 8) * load<u32>(w, 8))));
  for (let z = load<u32>(d); z < load<u32>(d, 4); z++) {
    for (let v = load<u32>(h); v < load<u32>(h, 4); v++) {
      let place = i.dX + element(at, line, plane, channels, z, v, load<u32>(w));
      for (let n = load<u32>(w, 4) - load<u32>(w); n > 0; n--, place += channels) {
        storeUpTo(place, f32x4.add(loadUpTo(place, c), share), c);
      }
    }
  }
}

/**
 * formula: dX[q, c] = Σ over the windows p that hold q of dOut[p, c] · d out[p, c] / d x[q, c]
 * alias: none
 * edge: of several equal maxima the first has the gradient (in the order of depth, height, width)
 */
export function execPoolBackward(pc: usize): u32 {
  const i = changetype<PoolBackward>(pc);
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const tableHeight = i.windows + ROW * i.outDepth;
  const tableWidth = tableHeight + ROW * i.outHeight;
  zeroRun(i.dX, i.batch * i.depth * i.height * i.width * i.channels);
  let at: usize = 0;
  let out: usize = 0;
  for (let b: u32 = 0; b < i.batch; b++, at += sample) {
    for (let d = i.windows; d < tableHeight; d += ROW) {
      for (let h = tableHeight; h < tableWidth; h += ROW) {
        for (let w = tableWidth; w < tableWidth + ROW * i.outWidth; w += ROW) {
          let from = at;
          for (let c = i.channels; c > 0; c -= min(c, 4), from += 16) {
            const dOut = loadUpTo(i.dOut + out, c);
            if (i.kind == PoolKind.Average) averageBackward(from, c, i, dOut, d, h, w);
            else maximumBackward(from, c, i, dOut, loadUpTo(i.y + out, c), d, h, w);
            out += bytes(min(c, 4));
          }
        }
      }
    }
  }
  return 0;
}
