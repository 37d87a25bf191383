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

/** What a window begins with. */
@inline
function beginning(kind: u32): v128 {
  return f32x4.splat(kind == PoolKind.Maximum ? -Infinity : 0);
}

/** Two values of a window in one. A NaN in b is lost to a maximum: `hasNaN` keeps it. (f32x4.max is eight instructions.) */
@inline
function join(kind: u32, a: v128, b: v128): v128 {
  return kind == PoolKind.Maximum ? f32x4.pmax(a, b) : f32x4.add(a, b);
}

/** The lanes in which a NaN was seen, or is in x. */
@inline
function hasNaN(kind: u32, seen: v128, x: v128): v128 {
  return kind == PoolKind.Maximum ? v128.or(seen, f32x4.ne(x, x)) : seen;
}

/** The result of a window: NaN where one was seen, or the mean. */
@inline
function finish(kind: u32, value: v128, seen: v128, scale: v128): v128 {
  return kind == PoolKind.Maximum ? v128.or(value, seen) : f32x4.div(value, scale);
}

/** Four channels (or `c` of them) of any window that begins at x. */
@inline
function reduceWindow(kind: u32, i: Pool, x: usize, d: usize, h: usize, w: usize, c: u32): v128 {
  const pixel = bytes(i.channels);
  let result = beginning(kind);
  let seen = f32x4.splat(0);
  for (let nd = extent(d); nd > 0; nd--, x += pixel * (i.width * i.height)) {
    let line = x;
    for (let nh = extent(h); nh > 0; nh--, line += pixel * i.width) {
      let from = line;
      for (let nw = extent(w); nw > 0; nw--, from += pixel) {
        const value = loadUpTo(from, c);
        result = join(kind, result, value);
        seen = hasNaN(kind, seen, value);
      }
    }
  }
  return finish(kind, result, seen, divisor(d, h, w));
}

/** Sixteen channels of any window. */
function reduceWide(kind: u32, i: Pool, out: usize, x: usize, d: usize, h: usize, w: usize): void {
  const pixel = bytes(i.channels);
  const scale = divisor(d, h, w);
  let r0 = beginning(kind);
  let r1 = r0;
  let r2 = r0;
  let r3 = r0;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let nd = extent(d); nd > 0; nd--, x += pixel * (i.width * i.height)) {
    let line = x;
    for (let nh = extent(h); nh > 0; nh--, line += pixel * i.width) {
      const end = line + pixel * extent(w);
      for (let from = line; from < end; from += pixel) {
        const x0 = v128.load(from);
        const x1 = v128.load(from, 16);
        const x2 = v128.load(from, 32);
        const x3 = v128.load(from, 48);
        r0 = join(kind, r0, x0);
        s0 = hasNaN(kind, s0, x0);
        r1 = join(kind, r1, x1);
        s1 = hasNaN(kind, s1, x1);
        r2 = join(kind, r2, x2);
        s2 = hasNaN(kind, s2, x2);
        r3 = join(kind, r3, x3);
        s3 = hasNaN(kind, s3, x3);
      }
    }
  }
  v128.store(out, finish(kind, r0, s0, scale));
  v128.store(out, finish(kind, r1, s1, scale), 16);
  v128.store(out, finish(kind, r2, s2, scale), 32);
  v128.store(out, finish(kind, r3, s3, scale), 48);
}

/** Four channels of a window of 2×2 pixels. */
@inline
function reduceSquare(kind: u32, x: usize, below: usize, pixel: usize, scale: v128): v128 {
  const a = v128.load(x);
  const b = v128.load(x + pixel);
  const c = v128.load(below);
  const d = v128.load(below + pixel);
  let seen = hasNaN(kind, f32x4.splat(0), a);
  seen = hasNaN(kind, hasNaN(kind, hasNaN(kind, seen, b), c), d);
  return finish(kind, join(kind, join(kind, a, b), join(kind, c, d)), seen, scale);
}

/** All channels of one window of the sample at x. */
@inline
function poolWindow(kind: u32, i: Pool, out: usize, x: usize, d: usize, h: usize, w: usize): void {
  let c = i.channels;
  x += begin(i, d, h, w);
  if (isSquareOfTwo(d, h, w)) {
    const pixel = bytes(c);
    const scale = divisor(d, h, w);
    let below = x + pixel * i.width;
    for (; c >= 4; c -= 4, x += 16, below += 16, out += 16) {
      v128.store(out, reduceSquare(kind, x, below, pixel, scale));
    }
  }
  for (; c >= 16; c -= 16, x += 64, out += 64) reduceWide(kind, i, out, x, d, h, w);
  for (; c > 0; c -= min(c, 4), x += 16, out += 16) storeUpTo(out, reduceWindow(kind, i, x, d, h, w, c), c);
}

/**
 * formula: out[p, c] = max or mean of x over the window of p
 * alias: none
 * tail: the last channels mod 4 by lanes
 * edge: a NaN in a window makes its result NaN; where the maximum is a zero, its sign is that of one in the window
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
