// Maximum and average over windows of an image, for each channel by itself; four channels go through the four lanes.
// Where a window begins and ends the host has written down (the windows of Pool), so that padding, the last window of a
// ceiling and adaptive pooling are all the same here. Windows of 2×2 pixels have loops of their own.
// Shapes: x is [B, D, H, W, C], out [B, outD, outH, outW, C].
import { ImageInstruction, Pool, PoolBackward, PoolKind } from '../instructions';
import { loadUpTo, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';

/** A row of the windows' table: begin, end, count. */
const ROW: usize = 12;

/** The extent of the window of a row of the table along its axis. */
@inline
function extent(row: usize): u32 {
  return load<u32>(row, 4) - load<u32>(row);
}

/** Where the window of the rows d, h and w begins, from the start of its sample. */
@inline
function begin(i: ImageInstruction, d: usize, h: usize, w: usize): usize {
  return bytes(((load<u32>(d) * i.height + load<u32>(h)) * i.width + load<u32>(w)) * i.channels);
}

/** What an average over a window divides by. */
@inline
function divisor(d: usize, h: usize, w: usize): v128 {
  return f32x4.splat(<f32>(load<u32>(d, 8) * load<u32>(h, 8) * load<u32>(w, 8)));
}

@inline
function isSquareOfTwo(d: usize, h: usize, w: usize): bool {
  return extent(d) == 1 && extent(h) == 2 && extent(w) == 2;
}

/** Two values of a window in one; NaN wins a maximum. */
@inline
function join(kind: u32, a: v128, b: v128): v128 {
  return kind == PoolKind.Maximum ? f32x4.max(a, b) : f32x4.add(a, b);
}

/** Four channels (or `c` of them) of any window that begins at x. */
@inline
function reduceWindow(kind: u32, i: Pool, x: usize, d: usize, h: usize, w: usize, c: u32): v128 {
  const pixel = bytes(i.channels);
  let result = f32x4.splat(kind == PoolKind.Maximum ? -Infinity : 0);
  for (let nd = extent(d); nd > 0; nd--, x += pixel * (i.width * i.height)) {
    let line = x;
    for (let nh = extent(h); nh > 0; nh--, line += pixel * i.width) {
      let from = line;
      for (let nw = extent(w); nw > 0; nw--, from += pixel) result = join(kind, result, loadUpTo(from, c));
    }
  }
  return result;
}

/** Four channels (or `c`) of a window of 2×2 pixels. */
@inline
function reduceSquare(kind: u32, x: usize, below: usize, pixel: usize, c: u32): v128 {
  const upper = join(kind, loadUpTo(x, c), loadUpTo(x + pixel, c));
  return join(kind, upper, join(kind, loadUpTo(below, c), loadUpTo(below + pixel, c)));
}

/** All channels of one window of the sample at x. */
@inline
function poolWindow(kind: u32, i: Pool, out: usize, x: usize, d: usize, h: usize, w: usize): void {
  const isMaximum: bool = kind == PoolKind.Maximum;
  const scale = divisor(d, h, w);
  let c = i.channels;
  x += begin(i, d, h, w);
  if (isSquareOfTwo(d, h, w)) {
    const pixel = bytes(c);
    let below = x + pixel * i.width;
    for (; c >= 4; c -= 4, x += 16, below += 16, out += 16) {
      const result = reduceSquare(kind, x, below, pixel, 4);
      v128.store(out, isMaximum ? result : f32x4.div(result, scale));
    }
  }
  for (; c > 0; c -= min(c, 4), x += 16, out += 16) {
    const result = reduceWindow(kind, i, x, d, h, w, c);
    storeUpTo(out, isMaximum ? result : f32x4.div(result, scale), c);
  }
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
  const end = tableWidth + ROW * i.outWidth;
  let out = i.out;
  let x = i.x;
  for (let b: u32 = 0; b < i.batch; b++, x += sample) {
    for (let d = i.windows; d < tableHeight; d += ROW) {
      for (let h = tableHeight; h < tableWidth; h += ROW) {
        for (let w = tableWidth; w < end; w += ROW, out += bytes(i.channels)) {
          if (i.kind == PoolKind.Maximum) poolWindow(PoolKind.Maximum, i, out, x, d, h, w);
          else poolWindow(PoolKind.Average, i, out, x, d, h, w);
        }
      }
    }
  }
  return 0;
}

/** The lanes in which x is the maximum y: equal to it, or a NaN where that is one. */
@inline
function attains(x: v128, y: v128): v128 {
  return v128.or(f32x4.eq(x, y), v128.and(f32x4.ne(x, x), f32x4.ne(y, y)));
}

/** dX += dOut in the lanes that are still open and where x is y; returns the lanes that stay open. */
@inline
function giveToMaximum(dX: usize, x: usize, dOut: v128, y: v128, open: v128, c: u32): v128 {
  const equal = attains(loadUpTo(x, c), y);
  storeUpTo(dX, f32x4.add(loadUpTo(dX, c), v128.and(dOut, v128.and(equal, open))), c);
  return v128.andnot(open, equal);
}

/** The gradient of four channels (or `c`) of any window, `at` bytes into x and dX. */
@inline
function windowBackward(i: PoolBackward, at: usize, dOut: v128, y: v128, d: usize, h: usize, w: usize, c: u32): void {
  const pixel = bytes(i.channels);
  const share = f32x4.div(dOut, divisor(d, h, w));
  let open = i32x4.splat(-1);
  for (let nd = extent(d); nd > 0; nd--, at += pixel * (i.width * i.height)) {
    let line = at;
    for (let nh = extent(h); nh > 0; nh--, line += pixel * i.width) {
      let place = line;
      for (let nw = extent(w); nw > 0; nw--, place += pixel) {
        if (i.kind == PoolKind.Maximum) open = giveToMaximum(i.dX + place, i.x + place, dOut, y, open, c);
        else storeUpTo(i.dX + place, f32x4.add(loadUpTo(i.dX + place, c), share), c);
      }
    }
  }
}

/** The gradient of four channels of a maximum over 2×2 pixels. */
@inline
function squareBackward(dX: usize, x: usize, dOut: v128, y: v128, pixel: usize, line: usize): void {
  let open = giveToMaximum(dX, x, dOut, y, i32x4.splat(-1), 4);
  open = giveToMaximum(dX + pixel, x + pixel, dOut, y, open, 4);
  open = giveToMaximum(dX + line, x + line, dOut, y, open, 4);
  giveToMaximum(dX + line + pixel, x + line + pixel, dOut, y, open, 4);
}

/** The gradient of all channels of one window; the sample is `at` bytes into x and dX, the position `out` into out. */
function poolWindowBackward(i: PoolBackward, at: usize, out: usize, d: usize, h: usize, w: usize): void {
  const isMaximum: bool = i.kind == PoolKind.Maximum;
  let c = i.channels;
  at += begin(i, d, h, w);
  if (isMaximum && isSquareOfTwo(d, h, w)) {
    const pixel = bytes(c);
    const line = pixel * i.width;
    for (; c >= 4; c -= 4, at += 16, out += 16) {
      squareBackward(i.dX + at, i.x + at, v128.load(i.dOut + out), v128.load(i.y + out), pixel, line);
    }
  }
  for (; c > 0; c -= min(c, 4), at += 16, out += 16) {
    const dOut = loadUpTo(i.dOut + out, c);
    windowBackward(i, at, dOut, isMaximum ? loadUpTo(i.y + out, c) : dOut, d, h, w, c);
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
  const end = tableWidth + ROW * i.outWidth;
  memory.fill(i.dX, 0, sample * i.batch);
  let at: usize = 0;
  let out: usize = 0;
  for (let b: u32 = 0; b < i.batch; b++, at += sample) {
    for (let d = i.windows; d < tableHeight; d += ROW) {
      for (let h = tableHeight; h < tableWidth; h += ROW) {
        for (let w = tableWidth; w < end; w += ROW, out += bytes(i.channels)) {
          poolWindowBackward(i, at, out, d, h, w);
        }
      }
    }
  }
  return 0;
}
