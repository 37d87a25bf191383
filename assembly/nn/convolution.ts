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
  FEW_COLUMNS,
  TILE_COLUMNS,
} from '../instructions';
import { bytes } from '../linalg/block';
import { execGemm } from '../linalg/gemm';
import { execPackB } from '../linalg/pack';
import { activate_f32 } from './activation';
import { gatherRows, positions, scatterRows, windowSize } from './window';
import { copyRun } from './words';

/** Room for an instruction at the start of the workspace. */
const INSTRUCTION: usize = 128;

/** The bytes that PackB writes for a matrix of n columns. */
@inline
function packedBytes(n: u32, k: u32): usize {
  return bytes(k * (n <= FEW_COLUMNS ? n : (n + TILE_COLUMNS - 1) & ~(TILE_COLUMNS - 1)));
}

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

/**
 * formula: out[p, n] = activation(Σ_k rows[p, k] · kernel[k, n] + bias[n]), a block of rows at a time
 * shapes: see above; the rows of a group are of its channels alone
 * alias: none
 * error, edge: those of the product (gemm.ts); each sum goes in the order of [kd, kh, kw, c], whatever the blocks
 */
export function execConvolve(pc: usize): u32 {
  const i = changetype<Convolve>(pc);
  const channels = i.channels / i.groups;
  const n = i.outChannels / i.groups;
  const k = windowSize(i, i.groups);
  const total = positions(i);
  for (let group: u32 = 0; group < i.groups; group++) {
    let kernel = i.kernel + packedBytes(n, k) * group;
    let workspace = i.workspace + INSTRUCTION;
    if (!i.packed) {
      workspace = packGroup(i.workspace, i.kernel + bytes(n * group), n, k, i.outChannels, 0);
      kernel = i.workspace + INSTRUCTION;
    }
    const gemm = changetype<Gemm>(i.workspace);
    prepareGemm(gemm, 0, n, k, 1);
    gemm.a = workspace;
    gemm.b = kernel;
    gemm.bias = i.bias ? i.bias + bytes(n * group) : 0;
    gemm.strideOut = i.outChannels;
    gemm.strideA = k;
    gemm.strideB = n;
    gemm.activation = i.activation;
    gemm.alpha = i.alpha;
    gemm.beta = i.beta;
    gemm.workspace = workspace + bytes(min(total, i.rows) * k);
    for (let row: u32 = 0; row < total; row += i.rows) {
      gemm.m = min(i.rows, total - row);
      gemm.out = i.out + bytes(row * i.outChannels + n * group);
      gatherRows(i, workspace, i.x + bytes(channels * group), row, gemm.m, channels);
      execGemm(i.workspace);
    }
  }
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

/**
 * formula: rows[p, k] = Σ_n out[p, n] · kernel[k, n], added to x where the window of p lies (the converse of Convolve)
 * alias: none
 * error, edge: those of the product; a window's elements beyond the edges of x are dropped
 * source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4
 */
export function execConvolveInput(pc: usize): u32 {
  const i = changetype<ConvolveInput>(pc);
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
