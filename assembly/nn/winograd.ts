// Winograd's minimal filtering F(4×4, 3×3): 4×4 outputs of a 3×3 convolution of stride one from 6×6 pixels, with 36
// multiplications for each pair of channels where the sum has 144. The multiplications of a block of tiles are 36 products
// of matrices.
//   out = Aᵀ [ (G · kernel · Gᵀ) ⊙ (Bᵀ · pixels · B) ] A
// Shapes: x is [B, H, W, C], kernel [3, 3, C, N], out [B, outH, outW, N]; a block of T tiles has transformed pixels
// [36, T, C] and products [36, T, N], the transformed kernel is [36, C, N].
// Source: Lavin and Gray, Fast algorithms for convolutional neural networks (2016), with the points 0, ±√½, ±√2 and ∞.
import {
  ConvolveWinograd,
  ConvolveWinogradKernel,
  Gemm,
  UnaryKind,
  TILE_COLUMNS,
  WINOGRAD_RUN,
  WINOGRAD_TILES,
} from '../instructions';
import { loadUpTo, madd, nmadd, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { execGemm } from '../linalg/gemm';
import { packedBytes } from '../linalg/pack';
import { activate_f32 } from './activation';
import { PaddedImage, padImageTo } from './paddedImage';

/** Pixels and outputs of a tile along an axis, and the products of a tile. */
const PIXELS: u32 = 6;
const OUTPUTS: u32 = 4;
const PRODUCTS: u32 = PIXELS * PIXELS;
/** At the start of the workspace: an instruction, then what follows of a tile while it is transformed. */
const INSTRUCTION: usize = 128;
const SCRATCH: usize = PRODUCTS * 16;
/** A row of a packed panel. */
const PANEL: usize = TILE_COLUMNS * 4;

/** The points are 0, ±a, ±b and ∞: with a·b = 1 the transforms lose less than with 1 and 2 (docs/adr/0014). */
const A: f64 = Math.SQRT1_2;
const B: f64 = Math.SQRT2;

/** Bᵀ on six vectors `step` bytes apart, written `stepOut` bytes apart: `c` lanes are read, `cOut` written. */
@inline
function sixPixels(out: usize, stepOut: usize, x: usize, step: usize, c: u32, cOut: u32): void {
  const d0 = loadUpTo(x, c);
  const d1 = loadUpTo(x + step, c);
  const d2 = loadUpTo(x + 2 * step, c);
  const d3 = loadUpTo(x + 3 * step, c);
  const d4 = loadUpTo(x + 4 * step, c);
  const d5 = loadUpTo(x + 5 * step, c);
  const both = f32x4.splat(2.5);
  storeUpTo(out, f32x4.add(d0, nmadd(both, d2, d4)), cOut);
  const evenA = nmadd(f32x4.splat(2), d2, d4);
  const oddA = f32x4.mul(f32x4.splat(<f32>A), nmadd(f32x4.splat(2), d1, d3));
  storeUpTo(out + stepOut, f32x4.add(evenA, oddA), cOut);
  storeUpTo(out + 2 * stepOut, f32x4.sub(evenA, oddA), cOut);
  const evenB = nmadd(f32x4.splat(0.5), d2, d4);
  const oddB = f32x4.mul(f32x4.splat(<f32>B), nmadd(f32x4.splat(0.5), d1, d3));
  storeUpTo(out + 3 * stepOut, f32x4.add(evenB, oddB), cOut);
  storeUpTo(out + 4 * stepOut, f32x4.sub(evenB, oddB), cOut);
  storeUpTo(out + 5 * stepOut, f32x4.add(d1, nmadd(both, d3, d5)), cOut);
}

/** Bᵀ · pixels · B of `c` channels of one tile at x: element (r, s) to out + (6·r + s)·stepOut. */
@inline
function transformFour(
  scratch: usize,
  out: usize,
  stepOut: usize,
  x: usize,
  pixel: usize,
  stepLine: usize,
  c: u32,
): void {
  for (let r: u32 = 0; r < PIXELS; r++) sixPixels(scratch + 96 * r, 16, x + stepLine * r, pixel, c, 4);
  for (let s: u32 = 0; s < PIXELS; s++) sixPixels(out + stepOut * s, stepOut * PIXELS, scratch + 16 * s, 96, 4, c);
}

/** The same of all channels. */
function transformPixels(i: ConvolveWinograd, out: usize, stepOut: usize, x: usize, stepLine: usize): void {
  const scratch = i.workspace + INSTRUCTION;
  const pixel = bytes(i.channels);
  let c = i.channels;
  for (; c >= 4; c -= 4, x += 16, out += 16) transformFour(scratch, out, stepOut, x, pixel, stepLine, 4);
  if (c) transformFour(scratch, out, stepOut, x, pixel, stepLine, c);
}

/** Aᵀ on six vectors `step` bytes apart, to four at `out`, `stepOut` bytes apart, of which `count` are written. */
@inline
function fourOutputs(
  out: usize,
  stepOut: usize,
  count: u32,
  x: usize,
  step: usize,
  bias: v128,
  c: u32,
  cOut: u32,
): void {
  const m0 = loadUpTo(x, c);
  const m1 = loadUpTo(x + step, c);
  const m2 = loadUpTo(x + 2 * step, c);
  const m3 = loadUpTo(x + 3 * step, c);
  const m4 = loadUpTo(x + 4 * step, c);
  const m5 = loadUpTo(x + 5 * step, c);
  const evenA = f32x4.add(m1, m2);
  const oddA = f32x4.mul(f32x4.splat(<f32>A), f32x4.sub(m1, m2));
  const evenB = f32x4.add(m3, m4);
  const oddB = f32x4.mul(f32x4.splat(<f32>B), f32x4.sub(m3, m4));
  storeUpTo(out, f32x4.add(f32x4.add(f32x4.add(bias, m0), evenA), evenB), cOut);
  if (count == 1) return;
  storeUpTo(out + stepOut, f32x4.add(bias, f32x4.add(oddA, oddB)), cOut);
  if (count == 2) return;
  storeUpTo(out + 2 * stepOut, madd(f32x4.splat(2), evenB, madd(f32x4.splat(0.5), evenA, bias)), cOut);
  if (count == 3) return;
  const third = madd(f32x4.splat(2), oddB, madd(f32x4.splat(0.5), oddA, bias));
  storeUpTo(out + 3 * stepOut, f32x4.add(third, m5), cOut);
}

/** Aᵀ · products · A and the bias of `n` filters of one tile, whose product (r, s) is at m + (6·r + s)·stepM. */
@inline
function finishFour(
  scratch: usize,
  out: usize,
  pixel: usize,
  line: usize,
  rows: u32,
  columns: u32,
  m: usize,
  stepM: usize,
  bias: v128,
  n: u32,
): void {
  const none = f32x4.splat(0);
  for (let s: u32 = 0; s < PIXELS; s++) {
    fourOutputs(scratch + 16 * s, 96, OUTPUTS, m + stepM * s, stepM * PIXELS, none, n, 4);
  }
  for (let r: u32 = 0; r < rows; r++) fourOutputs(out + line * r, pixel, columns, scratch + 96 * r, 16, bias, 4, n);
}

/** The same of all filters, to rows × columns of out. */
function finishTile(i: ConvolveWinograd, out: usize, rows: u32, columns: u32, m: usize, stepM: usize): void {
  const scratch = i.workspace + INSTRUCTION;
  const pixel = bytes(i.outChannels);
  const line = pixel * i.outWidth;
  let bias = i.bias;
  let b = f32x4.splat(0);
  let n = i.outChannels;
  for (; n >= 4; n -= 4, m += 16, out += 16) {
    if (bias) b = v128.load(bias);
    finishFour(scratch, out, pixel, line, rows, columns, m, stepM, b, 4);
    if (bias) bias += 16;
  }
  if (!n) return;
  if (bias) b = loadUpTo(bias, n);
  finishFour(scratch, out, pixel, line, rows, columns, m, stepM, b, n);
}

/** Where tile t of a sample lies. */
@inline
function tileRow(t: u32, across: u32): u32 {
  return (t / across) * OUTPUTS;
}

@inline
function tileColumn(t: u32, across: u32): u32 {
  return (t % across) * OUTPUTS;
}

/** The 36 products of `count` tiles: pixels [36, count, C] times the kernel [36, C, N] to [36, count, N]. */
function multiplyTiles(i: ConvolveWinograd, products: usize, pixels: usize, count: u32, workspace: usize): void {
  const gemm = changetype<Gemm>(i.workspace);
  memory.fill(i.workspace, 0, offsetof<Gemm>());
  gemm.m = count;
  gemm.n = gemm.strideOut = gemm.strideB = i.outChannels;
  gemm.k = gemm.strideA = i.channels;
  gemm.packed = 1;
  gemm.workspace = workspace;
  for (let p: u32 = 0; p < PRODUCTS; p++) {
    gemm.out = products + bytes(p * count * i.outChannels);
    gemm.a = pixels + bytes(p * count * i.channels);
    gemm.b = i.kernel + packedBytes(i.outChannels, i.channels) * p;
    execGemm(i.workspace);
  }
}

/**
 * formula: out[p, n] = activation(bias[n] + Σ_k x at the k-th element of the window of p · kernel[k, n]) for 3×3 kernels,
 *   stride and dilation one
 * shapes: kernel: what ConvolveWinogradKernel made
 * alias: none
 * tail: channels and filters mod 4 by lanes; tiles that hang over the edge are computed whole, and written in part
 * error: 1e-5 of the largest output for up to 256 channels (docs/adr/0014 has what it is beside a plain sum's)
 * edge: a NaN or an infinity reaches every output of the tiles that read it, not only those whose window has it
 */
export function execConvolveWinograd(pc: usize): u32 {
  const i = changetype<ConvolveWinograd>(pc);
  const across = (i.outWidth + OUTPUTS - 1) / OUTPUTS;
  const down = (i.outHeight + OUTPUTS - 1) / OUTPUTS;
  const total = across * down;
  const image = changetype<PaddedImage>(i.workspace + INSTRUCTION + SCRATCH);
  const padded = i.workspace + INSTRUCTION + SCRATCH + 64;
  const height = down * OUTPUTS + 2;
  const width = across * OUTPUTS + 2;
  const pixels = padded + bytes(height * width * i.channels);
  const products = pixels + bytes(PRODUCTS * WINOGRAD_TILES * i.channels);
  const workspace = products + bytes(PRODUCTS * WINOGRAD_TILES * i.outChannels);
  const sample = bytes(i.height * i.width * i.channels);
  const outSample = i.outHeight * i.outWidth * i.outChannels;
  let out = i.out;
  for (let b: u32 = 0; b < i.batch; b++, out += bytes(outSample)) {
    padImageTo(i, image, i.x + sample * b, padded, 1, height, width);
    for (let first: u32 = 0; first < total; first += WINOGRAD_TILES) {
      const count = min(WINOGRAD_TILES, total - first);
      for (let t: u32 = 0; t < count; t++) {
        const row = tileRow(first + t, across);
        const column = tileColumn(first + t, across);
        const at = image.at + image.stepLine * row + bytes(i.channels * column);
        transformPixels(i, pixels + bytes(t * i.channels), bytes(count * i.channels), at, image.stepLine);
      }
      multiplyTiles(i, products, pixels, count, workspace);
      for (let t: u32 = 0; t < count; t++) {
        const row = tileRow(first + t, across);
        const column = tileColumn(first + t, across);
        const to = out + bytes((row * i.outWidth + column) * i.outChannels);
        const rows = min(OUTPUTS, i.outHeight - row);
        const columns = min(OUTPUTS, i.outWidth - column);
        finishTile(i, to, rows, columns, products + bytes(t * i.outChannels), bytes(count * i.outChannels));
      }
    }
    if (i.activation != UnaryKind.Linear) activate_f32(i.activation, out, out, outSample, i.alpha, i.beta);
  }
  return 0;
}

/** G on three vectors, [1, p, p²] over the product of p less the other points, to six `stepOut` bytes apart. */
@inline
function sixWeights(out: usize, stepOut: usize, k0: v128, k1: v128, k2: v128): void {
  const evenA = f32x4.mul(f32x4.splat(-2.0 / 3.0), madd(f32x4.splat(0.5), k2, k0));
  const oddA = f32x4.mul(f32x4.splat(<f32>((-2.0 / 3.0) * A)), k1);
  const evenB = f32x4.mul(f32x4.splat(1.0 / 6.0), madd(f32x4.splat(2), k2, k0));
  const oddB = f32x4.mul(f32x4.splat(<f32>(B / 6.0)), k1);
  v128.store(out, k0);
  v128.store(out + stepOut, f32x4.add(evenA, oddA));
  v128.store(out + 2 * stepOut, f32x4.sub(evenA, oddA));
  v128.store(out + 3 * stepOut, f32x4.add(evenB, oddB));
  v128.store(out + 4 * stepOut, f32x4.sub(evenB, oddB));
  v128.store(out + 5 * stepOut, k2);
}

/** G · kernel · Gᵀ of four filters of one channel, the taps `step` bytes apart: element (r, s) to out + (6·r + s)·stepOut. */
function transformWeights(scratch: usize, out: usize, stepOut: usize, kernel: usize, step: usize): void {
  for (let b: usize = 0; b < 3; b++) {
    const tap = kernel + step * b;
    sixWeights(scratch + 16 * b, 48, v128.load(tap), v128.load(tap + 3 * step), v128.load(tap + 6 * step));
  }
  for (let r: u32 = 0; r < PIXELS; r++, scratch += 48, out += stepOut * PIXELS) {
    sixWeights(out, stepOut, v128.load(scratch), v128.load(scratch, 16), v128.load(scratch, 32));
  }
}

/**
 * formula: out[6·r + s] = Σ G[r, a] · G[s, b] · kernel[a, b], each [C, N] and packed as PackB packs it
 * shapes: kernel [3, 3, C, N], N ≥ TILE_COLUMNS. A run of channels of a panel is made in the workspace and moved from
 *   there: the 36 matrices lie too far apart to write all of them at once.
 */
export function execConvolveWinogradKernel(pc: usize): u32 {
  const i = changetype<ConvolveWinogradKernel>(pc);
  const filters = i.outChannels;
  const step = bytes(i.channels * filters);
  const matrix = packedBytes(filters, i.channels);
  const runs = i.workspace + SCRATCH;
  const run = PANEL * WINOGRAD_RUN;
  let out = i.out;
  for (let j: u32 = 0; j < filters; j += TILE_COLUMNS) {
    const column = bytes(min(j, filters - TILE_COLUMNS));
    for (let first: u32 = 0; first < i.channels; first += WINOGRAD_RUN) {
      const count = min(WINOGRAD_RUN, i.channels - first);
      for (let c: u32 = 0; c < count; c++) {
        const from = i.kernel + bytes((first + c) * filters) + column;
        transformWeights(i.workspace, runs + PANEL * c, run, from, step);
        transformWeights(i.workspace, runs + PANEL * c + 16, run, from + 16, step);
      }
      for (let p: u32 = 0; p < PRODUCTS; p++) memory.copy(out + matrix * p, runs + run * p, PANEL * count);
      out += PANEL * count;
    }
  }
  return 0;
}
