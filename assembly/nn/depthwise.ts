// Depthwise convolution: every channel has a window of its own, so there is no product, and four channels go through
// the four lanes. Directly on the image, the taps beyond its edges left out. Where a line's windows lie inside of x, four
// neighbours of it are taken at a time, eight channels of each.
// Shapes: x is [B, D, H, W, C], kernel [kd, kh, kw, C], out [B, outD, outH, outW, C].
import { Depthwise, DepthwiseInput, DepthwiseKernel, UnaryKind, WindowInstruction } from '../instructions';
import { loadUpTo, madd, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { activate_f32 } from './activation';
import { copyRun, zeroRun } from './words';

/** The first tap of a window at `at` that is not before the line, and the first behind it: taps `dilation` apart. */
@inline
function firstTap(at: i32, dilation: u32): u32 {
  return at >= 0 ? 0 : (<u32>-at + dilation - 1) / dilation;
}

@inline
function lastTap(at: i32, size: u32, taps: u32, dilation: u32): u32 {
  const reach = <i32>size - at;
  return reach <= 0 ? 0 : min(taps, (<u32>reach + dilation - 1) / dilation);
}

/** out[n] = madd over taps, four channels at a time: the window's taps from kw0 to kw1 on one line. */
@inline
function addLine(out: usize, x: usize, kernel: usize, c: u32, taps: u32, stepX: usize, stepKernel: usize): void {
  let sum = loadUpTo(out, c);
  for (; taps > 0; taps--, x += stepX, kernel += stepKernel) sum = madd(loadUpTo(x, c), loadUpTo(kernel, c), sum);
  storeUpTo(out, sum, c);
}

/** x[n] += dOut[n] · kernel[tap, n] for the taps of one line. */
@inline
function addLineInput(x: usize, out: usize, kernel: usize, c: u32, taps: u32, stepX: usize, stepKernel: usize): void {
  const d = loadUpTo(out, c);
  for (; taps > 0; taps--, x += stepX, kernel += stepKernel) {
    storeUpTo(x, madd(d, loadUpTo(kernel, c), loadUpTo(x, c)), c);
  }
}

/** kernel[tap, n] += dOut[n] · x[n] for the taps of one line. */
@inline
function addLineKernel(kernel: usize, x: usize, out: usize, c: u32, taps: u32, stepX: usize, stepKernel: usize): void {
  const d = loadUpTo(out, c);
  for (; taps > 0; taps--, x += stepX, kernel += stepKernel) {
    storeUpTo(kernel, madd(d, loadUpTo(x, c), loadUpTo(kernel, c)), c);
  }
}

const FORWARD: u32 = 0;
const INPUT: u32 = 1;
const KERNEL: u32 = 2;

/** The window of the output position (d, h, w) of one sample, channels `from` on; `mode` says which of the three is written. */
@inline
function visit(
  i: WindowInstruction,
  x: usize,
  kernel: usize,
  out: usize,
  d: u32,
  h: u32,
  w: u32,
  mode: u32,
  from: u32,
): void {
  const channels = i.channels;
  const atDepth: i32 = d * i.strideDepth - i.beforeDepth;
  const atHeight: i32 = h * i.strideHeight - i.beforeHeight;
  const atWidth: i32 = w * i.strideWidth - i.beforeWidth;
  const first = firstTap(atWidth, i.dilationWidth);
  const taps = max(lastTap(atWidth, i.width, i.kernelWidth, i.dilationWidth), first) - first;
  const stepX = bytes(i.dilationWidth * channels);
  const stepKernel = bytes(channels);
  const lastDepth = lastTap(atDepth, i.depth, i.kernelDepth, i.dilationDepth);
  const lastHeight = lastTap(atHeight, i.height, i.kernelHeight, i.dilationHeight);
  for (let kd = firstTap(atDepth, i.dilationDepth); kd < lastDepth; kd++) {
    const plane = (atDepth + kd * i.dilationDepth) * i.height;
    for (let kh = firstTap(atHeight, i.dilationHeight); kh < lastHeight; kh++) {
      const line = (plane + atHeight + kh * i.dilationHeight) * i.width;
      let fromX = x + bytes((line + atWidth + first * i.dilationWidth) * channels + from);
      let fromKernel = kernel + bytes(((kd * i.kernelHeight + kh) * i.kernelWidth + first) * channels + from);
      let at = out + bytes(from);
      for (let c = channels - from; c > 0; c -= min(c, 4), at += 16, fromX += 16, fromKernel += 16) {
        if (mode == FORWARD) addLine(at, fromX, fromKernel, c, taps, stepX, stepKernel);
        else if (mode == INPUT) addLineInput(fromX, at, fromKernel, c, taps, stepX, stepKernel);
        else addLineKernel(fromKernel, fromX, at, c, taps, stepX, stepKernel);
      }
    }
  }
}

/** Every output position in turn. */
@inline
function walk(i: WindowInstruction, x: usize, kernel: usize, out: usize, mode: u32): void {
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  for (let b: u32 = 0; b < i.batch; b++, x += sample) {
    for (let d: u32 = 0; d < i.outDepth; d++) {
      for (let h: u32 = 0; h < i.outHeight; h++) {
        for (let w: u32 = 0; w < i.outWidth; w++, out += bytes(i.channels)) visit(i, x, kernel, out, d, h, w, mode, 0);
      }
    }
  }
}

/**
 * formula: out[p, 8] = init[8] + Σ over the lines, over their taps: x[p + tap, 8] · kernel[tap, 8] for four pixels p
 * shapes: the four pixels of out and x lie stepOut and stepX apart, the lines of x stepLine, its taps stepTap, those of
 *   the kernel stepKernel, line after line
 */
function depthwise_f32_tile(
  out: usize,
  stepOut: usize,
  init: usize,
  x: usize,
  stepX: usize,
  lines: u32,
  stepLine: usize,
  taps: u32,
  stepTap: usize,
  kernel: usize,
  stepKernel: usize,
): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  for (; lines > 0; lines--, x += stepLine) {
    let p = x;
    for (let tap = taps; tap > 0; tap--, p += stepTap, kernel += stepKernel) {
      const w0 = v128.load(kernel);
      const w1 = v128.load(kernel, 16);
      let at = p;
      c00 = madd(v128.load(at), w0, c00);
      c01 = madd(v128.load(at, 16), w1, c01);
      at += stepX;
      c10 = madd(v128.load(at), w0, c10);
      c11 = madd(v128.load(at, 16), w1, c11);
      at += stepX;
      c20 = madd(v128.load(at), w0, c20);
      c21 = madd(v128.load(at, 16), w1, c21);
      at += stepX;
      c30 = madd(v128.load(at), w0, c30);
      c31 = madd(v128.load(at, 16), w1, c31);
    }
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += stepOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += stepOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += stepOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
}

/** Pixels and channels of a tile. */
const PIXELS: u32 = 4;
const CHANNELS: u32 = 8;
const zeros = memory.data(32, 16);

/** Four pixels of a line from w on, all whole eights of channels; the window's lines kh0 to kh1 are inside of x. */
function fourPixels(i: Depthwise, out: usize, x: usize, w: u32, kernel: usize, kh0: u32, kh1: u32): void {
  const channels = i.channels;
  const step = bytes(channels);
  const stepTap = step * i.dilationWidth;
  const stepLine = step * (i.width * i.dilationHeight);
  const at: i32 = w * i.strideWidth - i.beforeWidth;
  let from = x + step * <usize>at;
  let weights = kernel + step * (kh0 * i.kernelWidth);
  for (let c: u32 = 0; c + CHANNELS <= channels; c += CHANNELS, from += 32, weights += 32) {
    const init = i.bias ? i.bias + bytes(c) : zeros;
    const stepX = step * i.strideWidth;
    const to = out + step * w + bytes(c);
    depthwise_f32_tile(to, step, init, from, stepX, kh1 - kh0, stepLine, i.kernelWidth, stepTap, weights, step);
  }
}

/** One pixel of a line, channels `from` on, in whatever part of its window is inside of x. */
function onePixel(i: Depthwise, out: usize, x: usize, d: u32, h: u32, w: u32, from: u32): void {
  const to = out + bytes(from);
  if (i.bias) copyRun(to, i.bias + bytes(from), i.channels - from);
  else zeroRun(to, i.channels - from);
  visit(i, x, i.kernel, out, d, h, w, FORWARD, from);
}

/** One line of a sample at x; `out` is its first pixel. */
function oneLine(i: Depthwise, out: usize, x: usize, d: u32, h: u32): void {
  const step = bytes(i.channels);
  const atHeight: i32 = h * i.strideHeight - i.beforeHeight;
  const kh0 = firstTap(atHeight, i.dilationHeight);
  const kh1 = max(kh0, lastTap(atHeight, i.height, i.kernelHeight, i.dilationHeight));
  const whole = i.channels & ~(CHANNELS - 1);
  // The pixels whose windows lie between the ends of the line.
  const reached: i32 = i.width + i.beforeWidth - (i.kernelWidth - 1) * i.dilationWidth;
  let begin: u32 = i.beforeWidth <= 0 ? 0 : (<u32>i.beforeWidth + i.strideWidth - 1) / i.strideWidth;
  let end: u32 = reached <= 0 ? 0 : min(i.outWidth, (<u32>reached + i.strideWidth - 1) / i.strideWidth);
  if (i.kernelDepth > 1 || i.beforeDepth || !whole || end < begin + PIXELS) begin = end = 0;
  const first = x + step * ((d * i.strideDepth * i.height + (atHeight + kh0 * i.dilationHeight)) * i.width);
  for (let w = begin; w < end; w += PIXELS) {
    w = min(w, end - PIXELS);
    fourPixels(i, out, first, w, i.kernel, kh0, kh1);
  }
  for (let w: u32 = 0; w < i.outWidth; w++) {
    const isDone = w >= begin && w < end;
    if (!isDone) onePixel(i, out + step * w, x, d, h, w, 0);
    else if (whole < i.channels) onePixel(i, out + step * w, x, d, h, w, whole);
  }
}

/**
 * formula: out[p, c] = activation(bias[c] + Σ x[p + tap, c] · kernel[tap, c])
 * alias: none
 * tail: the last channels mod 8, and windows over an edge, pixel by pixel; there the last channels mod 4 by lanes
 * edge: NaN and infinities as IEEE has them; a tap beyond the edge is left out, not multiplied with 0
 */
export function execDepthwise(pc: usize): u32 {
  const i = changetype<Depthwise>(pc);
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const line = i.outWidth * i.channels;
  let x = i.x;
  let out = i.out;
  for (let b: u32 = 0; b < i.batch; b++, x += sample) {
    for (let d: u32 = 0; d < i.outDepth; d++) {
      for (let h: u32 = 0; h < i.outHeight; h++, out += bytes(line)) {
        oneLine(i, out, x, d, h);
        if (i.activation != UnaryKind.Linear) activate_f32(i.activation, out, out, line, i.alpha, i.beta);
      }
    }
  }
  return 0;
}

/**
 * formula: x[p + tap, c] = Σ out[p, c] · kernel[tap, c], the converse of Depthwise
 * alias: none
 */
export function execDepthwiseInput(pc: usize): u32 {
  const i = changetype<DepthwiseInput>(pc);
  zeroRun(i.x, i.batch * i.depth * i.height * i.width * i.channels);
  walk(i, i.x, i.kernel, i.out, INPUT);
  return 0;
}

/**
 * formula: kernel[tap, c] = Σ_p x[p + tap, c] · out[p, c]
 * alias: none
 * error: each sum goes in the order of the output positions
 */
export function execDepthwiseKernel(pc: usize): u32 {
  const i = changetype<DepthwiseKernel>(pc);
  zeroRun(i.kernel, i.kernelDepth * i.kernelHeight * i.kernelWidth * i.channels);
  walk(i, i.x, i.kernel, i.out, KERNEL);
  return 0;
}
