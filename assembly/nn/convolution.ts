// Convolutions as products: a block of windows becomes rows (window.ts), times the kernel as a matrix. Groups are products
// of a part of the channels each. The backward kernels are the same products the other way round.
// Shapes: x is [B, D, H, W, C], kernel [kd, kh, kw, C / groups, N], out [B, outD, outH, outW, N]; in the products
// P = B·outD·outH·outW rows, K = kd·kh·kw·C / groups. Not here: what is chosen when (src/graph/operations/convolution.ts).
import {
  Convolve,
  ConvolveInput,
  ConvolveKernel,
  Gemm,
  PackB,
  UnaryKind,
  WindowInstruction,
  TILE_COLUMNS,
} from '../instructions';
import { bytes } from '../linalg/block';
import { execGemm } from '../linalg/gemm';
import { execPackB, pack_b_f32, packedBytes } from '../linalg/pack';
import { TILE_ROWS } from '../linalg/tile';
import { activate_f32 } from './activation';
import { convolveDirect, convolveKernelDirect, isDirect } from './directConvolution';
import { gatherRows, positions, scatterRows, windowSize } from './window';
import { copyRun } from './words';

/** Room for an instruction at the start of the workspace. */
const INSTRUCTION: usize = 128;

/** Packs a kernel's group, read as [n, k] where transposed, in a workspace; returns where its memory ends. */
function packGroup(workspace: usize, kernel: usize, n: u32, k: u32, stride: u32, transposed: u32): usize {
  const i = changetype<PackB>(workspace);
  i.out = workspace + INSTRUCTION;
  i.b = kernel;
  i.n = n;
  i.k = k;
  i.strideB = stride;
  i.transposeB = transposed;
  execPackB(workspace);
  return i.out + packedBytes(n, k);
}

/** What all products of an instruction have in common. */
@inline
function prepareGemm(i: Gemm, m: u32, n: u32, k: u32, packed: u32): void {
  assert(offsetof<Gemm>() <= INSTRUCTION);
  i.m = m;
  i.n = n;
  i.k = k;
  i.bias = 0;
  i.transposeA = 0;
  i.transposeB = 0;
  i.packed = packed;
  i.accumulate = 0;
  i.activation = UnaryKind.Linear;
  i.alpha = 0;
  i.beta = 0;
}

/** Packs the kernel, group by group, at `to`; returns where its memory ends. */
function packKernel(i: Convolve, to: usize, n: u32, k: u32): usize {
  const pack = changetype<PackB>(i.workspace);
  pack.n = n;
  pack.k = k;
  pack.strideB = i.outChannels;
  pack.transposeB = 0;
  for (let group: u32 = 0; group < i.groups; group++, to += packedBytes(n, k)) {
    pack.out = to;
    pack.b = i.kernel + bytes(n * group);
    execPackB(i.workspace);
  }
  return to;
}

/** The windows of a block of positions as rows, times the kernel of one group. */
function convolveRows(i: Convolve, kernel: usize, n: u32, k: u32, workspace: usize): void {
  const channels = i.channels / i.groups;
  const total = positions(i);
  const gemm = changetype<Gemm>(i.workspace);
  prepareGemm(gemm, 0, n, k, 1);
  gemm.a = workspace;
  gemm.strideOut = i.outChannels;
  gemm.strideA = k;
  gemm.strideB = n;
  gemm.activation = i.activation;
  gemm.alpha = i.alpha;
  gemm.beta = i.beta;
  gemm.workspace = workspace + bytes(min(total, i.rows) * k);
  for (let group: u32 = 0; group < i.groups; group++) {
    gemm.b = kernel + packedBytes(n, k) * group;
    gemm.bias = i.bias ? i.bias + bytes(n * group) : 0;
    for (let row: u32 = 0; row < total; row += i.rows) {
      gemm.m = min(i.rows, total - row);
      gemm.out = i.out + bytes(row * i.outChannels + n * group);
      gatherRows(i, workspace, i.x + bytes(channels * group), row, gemm.m, channels);
      execGemm(i.workspace);
    }
  }
}

/**
 * formula: out[p, n] = activation(Σ_k rows[p, k] · kernel[k, n] + bias[n])
 * shapes: see above; the rows of a group are of its channels alone. Where a group has a whole panel of columns the rows
 *   are read where they lie (directConvolution.ts), else gathered, a block at a time
 * alias: none
 * error, edge: those of the product (gemm.ts); each sum goes in the order of [kd, kh, kw, c], whatever the blocks
 */
export function execConvolve(pc: usize): u32 {
  const i = changetype<Convolve>(pc);
  const n = i.outChannels / i.groups;
  const k = windowSize(i, i.groups);
  let kernel = i.kernel;
  let workspace = i.workspace + INSTRUCTION;
  if (!i.packed) {
    kernel = workspace;
    workspace = packKernel(i, kernel, n, k);
  }
  if (isDirect(i, n)) convolveDirect(i, kernel, packedBytes(n, k), workspace);
  else convolveRows(i, kernel, n, k, workspace);
  return 0;
}

/** x[p, channels] = bias, or 0. */
function fillWithBias(i: WindowInstruction, x: usize, bias: usize): void {
  const pixels = i.batch * i.depth * i.height * i.width;
  if (!bias) {
    memory.fill(x, 0, bytes(pixels * i.channels));
    return;
  }
  for (let p: u32 = 0; p < pixels; p++, x += bytes(i.channels)) copyRun(x, bias, i.channels);
}

/** Whether the transposed convolution is a convolution of out itself: where its stride is one. */
@inline
function isTurned(i: ConvolveInput): bool {
  const direct = i.channels / i.groups >= TILE_COLUMNS && i.depth * i.height * i.width >= TILE_ROWS;
  return direct && i.strideDepth == 1 && i.strideHeight == 1 && i.strideWidth == 1;
}

/** The kernel turned round: panels of [taps backwards, n, 8 of the channels], group by group, at `to`. */
function packTurned(i: ConvolveInput, to: usize): void {
  const channels = i.channels / i.groups;
  const n = i.outChannels / i.groups;
  const taps = i.kernelDepth * i.kernelHeight * i.kernelWidth;
  for (let group: u32 = 0; group < i.groups; group++) {
    for (let c: u32 = 0; c < channels; c += TILE_COLUMNS) {
      for (let tap: u32 = taps; tap > 0; tap--, to += bytes(n * TILE_COLUMNS)) {
        const row = (tap - 1) * channels + min(c, channels - TILE_COLUMNS);
        pack_b_f32(to, i.kernel + bytes(row * i.outChannels + group * n), TILE_COLUMNS, n, i.outChannels, 1);
      }
    }
  }
}

/** The convolution of out that gives x, written at `turned`. */
function writeTurned(i: ConvolveInput, turned: Convolve): void {
  memory.copy(changetype<usize>(turned), changetype<usize>(i), offsetof<WindowInstruction>());
  turned.depth = i.outDepth;
  turned.height = i.outHeight;
  turned.width = i.outWidth;
  turned.channels = i.outChannels;
  turned.outDepth = i.depth;
  turned.outHeight = i.height;
  turned.outWidth = i.width;
  turned.beforeDepth = (i.kernelDepth - 1) * i.dilationDepth - i.beforeDepth;
  turned.beforeHeight = (i.kernelHeight - 1) * i.dilationHeight - i.beforeHeight;
  turned.beforeWidth = (i.kernelWidth - 1) * i.dilationWidth - i.beforeWidth;
  turned.out = i.x;
  turned.x = i.out;
  turned.bias = i.bias;
  turned.outChannels = i.channels;
  turned.groups = i.groups;
  turned.activation = i.activation;
  turned.alpha = i.alpha;
  turned.beta = i.beta;
}

/** x as the convolution of out with the kernel turned round. */
function convolveTurned(i: ConvolveInput): void {
  const turned = changetype<Convolve>(i.workspace);
  writeTurned(i, turned);
  const kernel = i.workspace + 2 * INSTRUCTION;
  packTurned(i, kernel);
  const panels = packedBytes(i.channels / i.groups, windowSize(turned, i.groups));
  convolveDirect(turned, kernel, panels, kernel + panels * i.groups);
}

/**
 * formula: rows[p, k] = Σ_n out[p, n] · kernel[k, n], added to x where the window of p lies (the converse of Convolve)
 *   Where the stride is one it is a convolution of out with the kernel turned round, read in place
 * alias: none
 * error, edge: those of the product; a window's elements beyond the edges of x are dropped
 * source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4
 */
export function execConvolveInput(pc: usize): u32 {
  const i = changetype<ConvolveInput>(pc);
  if (isTurned(i)) {
    convolveTurned(i);
    return 0;
  }
  const channels = i.channels / i.groups;
  const n = i.outChannels / i.groups;
  const k = windowSize(i, i.groups);
  const total = positions(i);
  fillWithBias(i, i.x, i.bias);
  for (let group: u32 = 0; group < i.groups; group++) {
    let kernel = i.kernel + packedBytes(k, n) * group;
    let workspace = i.workspace + INSTRUCTION;
    if (!i.packed) {
      workspace = packGroup(i.workspace, i.kernel + bytes(n * group), k, n, i.outChannels, 1);
      kernel = i.workspace + INSTRUCTION;
    }
    const gemm = changetype<Gemm>(i.workspace);
    prepareGemm(gemm, 0, k, n, 1);
    gemm.out = workspace;
    gemm.b = kernel;
    gemm.strideOut = k;
    gemm.strideA = i.outChannels;
    gemm.strideB = k;
    gemm.workspace = workspace + bytes(min(total, i.rows) * k);
    for (let row: u32 = 0; row < total; row += i.rows) {
      gemm.m = min(i.rows, total - row);
      gemm.a = i.out + bytes(row * i.outChannels + n * group);
      execGemm(i.workspace);
      scatterRows(i, workspace, i.x + bytes(channels * group), row, gemm.m, channels);
    }
  }
  if (i.activation != UnaryKind.Linear) {
    activate_f32(i.activation, i.x, i.x, i.batch * i.depth * i.height * i.width * i.channels, i.alpha, i.beta);
  }
  return 0;
}

/**
 * formula: kernel[k, n] = Σ_p rows[p, k] · out[p, n], over the whole batch
 * alias: none
 * error: each sum goes in the order of the output positions, one product after the other
 */
export function execConvolveKernel(pc: usize): u32 {
  const i = changetype<ConvolveKernel>(pc);
  if (isDirect(i, i.outChannels / i.groups)) {
    convolveKernelDirect(i);
    return 0;
  }
  const channels = i.channels / i.groups;
  const n = i.outChannels / i.groups;
  const k = windowSize(i, i.groups);
  const total = positions(i);
  const rows = i.workspace + INSTRUCTION;
  const gemm = changetype<Gemm>(i.workspace);
  for (let group: u32 = 0; group < i.groups; group++) {
    prepareGemm(gemm, k, n, 0, 0);
    gemm.out = i.kernel + bytes(n * group);
    gemm.a = rows;
    gemm.strideOut = i.outChannels;
    gemm.strideA = k;
    gemm.strideB = i.outChannels;
    gemm.transposeA = 1;
    gemm.workspace = rows + bytes(min(total, i.rows) * k);
    let row: u32 = 0;
    do {
      gemm.k = min(i.rows, total - row);
      gemm.b = i.out + bytes(row * i.outChannels + n * group);
      gatherRows(i, rows, i.x + bytes(channels * group), row, gemm.k, channels);
      execGemm(i.workspace);
      gemm.accumulate = 1;
      row += i.rows;
    } while (row < total);
  }
  return 0;
}
