// The windows of a convolution as rows: for each output position the elements of x that its sum reads, side by side in
// the order of the kernel ([kd, kh, kw, channels of the group]), 0 where the window hangs over the edge. Gathered a block
// of rows at a time, never the whole matrix (im2col), and scattered back the same way.
// Shapes: x is [batch, depth, height, width, channels]; output positions are counted through [batch, outDepth, outHeight,
// outWidth]. Source: Chellapilla, Puri and Simard, High performance convolutional neural networks for document
// processing (2006).
import { WindowInstruction } from '../instructions';
import { bytes } from '../linalg/block';
import { addRun, copyRun, zeroRun } from './words';

/** The elements of a window in one group of channels. */
@inline
export function windowSize(i: WindowInstruction, groups: u32): u32 {
  return i.kernelDepth * i.kernelHeight * i.kernelWidth * (i.channels / groups);
}

/** The output positions. */
@inline
export function positions(i: WindowInstruction): u32 {
  return i.batch * i.outDepth * i.outHeight * i.outWidth;
}

/** `taps` neighbours of one line from position `at` on, `run` floats each: gathered (zeros beyond the line) or added back. */
@inline
export function together(row: usize, line: usize, at: i32, width: i32, taps: i32, run: u32, gather: bool): void {
  const first = min(max(-at, 0), taps);
  const last = max(min(width - at, taps), first);
  const from = line + bytes(run) * (at + first);
  const inside = row + bytes(run) * first;
  if (gather) {
    if (first) zeroRun(row, first * run);
    copyRun(inside, from, (last - first) * run);
    if (last < taps) zeroRun(row + bytes(run) * last, (taps - last) * run);
  } else addRun(from, inside, (last - first) * run);
}

/** The part of a window on one line of x: taps apart by a dilation, or channels that are a part of all. */
@inline
function apart(i: WindowInstruction, row: usize, line: usize, at: i32, channels: u32, gather: bool): void {
  for (let tap: u32 = 0; tap < i.kernelWidth; tap++, at += i.dilationWidth, row += bytes(channels)) {
    const from = line + bytes(i.channels) * at;
    if (<u32>at < i.width) {
      if (gather) copyRun(row, from, channels);
      else addRun(from, row, channels);
    } else if (gather) zeroRun(row, channels);
  }
}

/** One row: the window of output position (d, h, w) of the sample that begins at x. */
@inline
function oneRow(i: WindowInstruction, row: usize, x: usize, d: u32, h: u32, w: u32, channels: u32, gather: bool): void {
  const contiguous: bool = channels == i.channels && i.dilationWidth == 1;
  const lineSize = i.kernelWidth * channels;
  const atWidth: i32 = w * i.strideWidth - i.beforeWidth;
  let atDepth: i32 = d * i.strideDepth - i.beforeDepth;
  for (let kd: u32 = 0; kd < i.kernelDepth; kd++, atDepth += i.dilationDepth) {
    let atHeight: i32 = h * i.strideHeight - i.beforeHeight;
    for (let kh: u32 = 0; kh < i.kernelHeight; kh++, atHeight += i.dilationHeight, row += bytes(lineSize)) {
      if (<u32>atDepth >= i.depth || <u32>atHeight >= i.height) {
        if (gather) zeroRun(row, lineSize);
        continue;
      }
      const line = x + bytes((atDepth * i.height + atHeight) * i.width * i.channels);
      if (contiguous) together(row, line, atWidth, i.width, i.kernelWidth, channels, gather);
      else apart(i, row, line, atWidth, channels, gather);
    }
  }
}

/** Walks the rows `first` to `first + count`. */
@inline
function walk(i: WindowInstruction, rows: usize, x: usize, first: u32, count: u32, channels: u32, gather: bool): void {
  const size = bytes(i.kernelDepth * i.kernelHeight * i.kernelWidth * channels);
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const line = first / i.outWidth;
  const plane = line / i.outHeight;
  let w = first % i.outWidth;
  let h = line % i.outHeight;
  let d = plane % i.outDepth;
  x += sample * (plane / i.outDepth);
  for (; count > 0; count--, rows += size) {
    oneRow(i, rows, x, d, h, w, channels, gather);
    if (++w < i.outWidth) continue;
    w = 0;
    if (++h < i.outHeight) continue;
    h = 0;
    if (++d < i.outDepth) continue;
    d = 0;
    x += sample;
  }
}

/**
 * formula: rows[r, k] = x at the k-th element of the window of output position first + r; 0 outside of x
 * shapes: rows [count, windowSize]; `x` points to the first channel of the group, of `channels` channels
 * alias: none
 */
export function gatherRows(i: WindowInstruction, rows: usize, x: usize, first: u32, count: u32, channels: u32): void {
  walk(i, rows, x, first, count, channels, true);
}

/** The converse of gatherRows: each element of rows is added to x where gatherRows would have read it. */
export function scatterRows(i: WindowInstruction, rows: usize, x: usize, first: u32, count: u32, channels: u32): void {
  walk(i, rows, x, first, count, channels, false);
}
