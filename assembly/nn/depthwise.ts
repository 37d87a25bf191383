// Depthwise convolution: every channel has a window of its own, so there is no product, and four channels go through
// the four lanes. Directly on the image, the taps beyond its edges left out.
// Shapes: x is [B, D, H, W, C], kernel [kd, kh, kw, C], out [B, outD, outH, outW, C].
import { Depthwise, DepthwiseInput, DepthwiseKernel, UnaryKind, WindowInstruction } from '../instructions';
import { loadUpTo, madd, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { activate_f32 } from './activation';
import { zeroRun } from './words';

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

/** The window of the output position (d, h, w) of one sample, all channels; `mode` says which of the three is written. */
@inline
function visit(i: WindowInstruction, x: usize, kernel: usize, out: usize, d: u32, h: u32, w: u32, mode: u32): void {
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
      let fromX = x + bytes((line + atWidth + first * i.dilationWidth) * channels);
      let fromKernel = kernel + bytes(((kd * i.kernelHeight + kh) * i.kernelWidth + first) * channels);
      let at = out;
      for (let c = channels; c > 0; c -= min(c, 4), at += 16, fromX += 16, fromKernel += 16) {
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
        for (let w: u32 = 0; w < i.outWidth; w++, out += bytes(i.channels)) visit(i, x, kernel, out, d, h, w, mode);
      }
    }
  }
}

/**
 * formula: out[p, c] = activation(bias[c] + Σ x[p + tap, c] · kernel[tap, c])
 * alias: none
 * tail: the last channels mod 4 by lanes
 * edge: NaN and infinities as IEEE has them; a tap beyond the edge is left out, not multiplied with 0
 */
export function execDepthwise(pc: usize): u32 {
  const i = changetype<Depthwise>(pc);
  const total = i.batch * i.outDepth * i.outHeight * i.outWidth;
  const run = bytes(i.channels);
  if (i.bias) for (let p: u32 = 0; p < total; p++) memory.copy(i.out + run * p, i.bias, run);
  else zeroRun(i.out, total * i.channels);
  walk(i, i.x, i.kernel, i.out, FORWARD);
  if (i.activation != UnaryKind.Linear) {
    activate_f32(i.activation, i.out, i.out, total * i.channels, i.alpha, i.beta);
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
