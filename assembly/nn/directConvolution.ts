// Convolutions on images where they lie: tiles of output positions times eight columns of the kernel (convolutionTile.ts).
// Only a sample's padding is copied. The gradient for the kernel goes through the same offsets the other way round.
// Shapes: as in convolution.ts; a sample has P output positions, a group K elements in each window and n columns.
// Every sum goes in the order of [kd, kh, kw, c] from its bias on, so that its bits are those of the gathered rows.
import {
  Convolve,
  ConvolveKernel,
  UnaryKind,
  WindowInstruction,
  DEPTH_BLOCK,
  POSITIONS_BLOCK,
  TILE_COLUMNS,
} from '../instructions';
import { bytes } from '../linalg/block';
import { TILE_ROWS } from '../linalg/tile';
import { activate_f32 } from './activation';
import { convolve_f32_kernel_tile, convolve_f32_tile } from './convolutionTile';
import { padImage, paddedBytes, PaddedImage } from './paddedImage';
import { windowSize } from './window';
import { copyRun, zeroRun } from './words';

const ROWS = TILE_ROWS;
const COLUMNS = TILE_COLUMNS;
const STEP_B: usize = TILE_COLUMNS * 4;
const zeros = memory.data(32, 16);

/** What the loops over one sample share; it lies at the start of the workspace. */
@unmanaged
class Pass extends PaddedImage {
  /** The room for the padded sample. */
  padded: usize;
  /** Offsets of the runs of a window from its first pixel; those of the next group follow. */
  runs: usize;
  runCount: u32;
  /** Floats of a run. */
  run: u32;
  /** Addresses of the windows' first pixels, of a block of output positions. */
  pixels: usize;
  /** The kernel's panels. */
  kernel: usize;
  /** Elements of a window, columns of a group. */
  k: u32;
  n: u32;
}

const PASS: usize = 64;

/** Whether a convolution has a whole tile in each group and sample. */
@inline
export function isDirect(i: WindowInstruction, columns: u32): bool {
  return columns >= COLUMNS && i.outDepth * i.outHeight * i.outWidth >= ROWS;
}

/** Whether the pixels of one line of a window are one run: all channels side by side, and few enough. */
@inline
function runsOfLines(i: WindowInstruction, groups: u32): bool {
  return groups == 1 && i.dilationWidth == 1 && i.kernelWidth * i.channels <= DEPTH_BLOCK;
}

/** Writes the offsets of the runs of every group. */
function writeRuns(i: WindowInstruction, pass: Pass, groups: u32): void {
  const lines = runsOfLines(i, groups);
  const channels = i.channels / groups;
  const taps: u32 = lines ? 1 : i.kernelWidth;
  pass.run = lines ? i.kernelWidth * channels : channels;
  pass.runCount = i.kernelDepth * i.kernelHeight * taps;
  let to = pass.runs;
  for (let group: u32 = 0; group < groups; group++) {
    for (let kd: u32 = 0; kd < i.kernelDepth; kd++) {
      for (let kh: u32 = 0; kh < i.kernelHeight; kh++) {
        for (let kw: u32 = 0; kw < taps; kw++, to += 4) {
          const line = pass.stepPlane * (kd * i.dilationDepth) + pass.stepLine * (kh * i.dilationHeight);
          store<usize>(to, line + bytes(kw * i.dilationWidth * i.channels + group * channels));
        }
      }
    }
  }
}

/** Writes the addresses of the windows' first pixels, of the output positions `first` to `first + count`. */
function writePixels(i: WindowInstruction, pass: Pass, first: u32, count: u32): void {
  const step = bytes(i.strideWidth * i.channels);
  let w = first % i.outWidth;
  let h = (first / i.outWidth) % i.outHeight;
  let d = first / i.outWidth / i.outHeight;
  let to = pass.pixels;
  let pixel: usize = 0;
  for (let isNew: bool = true; count > 0; count--, to += 4) {
    if (isNew) pixel = pass.at + pass.stepPlane * (d * i.strideDepth) + pass.stepLine * (h * i.strideHeight) + step * w;
    store<usize>(to, pixel);
    pixel += step;
    isNew = ++w == i.outWidth;
    if (!isNew) continue;
    w = 0;
    if (++h < i.outHeight) continue;
    h = 0;
    d++;
  }
}

/** Column j's tile of the rows at `row`, over the runs `from` to `to`; begins with the bias, or goes on from out. */
@inline
function tile(
  i: Convolve,
  pass: Pass,
  out: usize,
  runs: usize,
  row: u32,
  j: u32,
  from: u32,
  to: u32,
  bias: usize,
): void {
  const strideOut = bytes(i.outChannels);
  const column = min(j, pass.n - COLUMNS);
  const at = out + strideOut * row + bytes(column);
  let init = at;
  let strideInit = strideOut;
  if (from == 0) {
    init = bias ? bias + bytes(column) : zeros;
    strideInit = 0;
  }
  const panel = pass.kernel + STEP_B * ((j / COLUMNS) * pass.k + from * pass.run);
  const pixels = pass.pixels + bytes(row);
  convolve_f32_tile(
    at,
    strideOut,
    init,
    strideInit,
    pixels,
    panel,
    runs + bytes(from),
    runs + bytes(to),
    bytes(pass.run),
  );
}

/**
 * A block of output positions times the kernel of one group. What does not fill a tile overlaps the one before and is
 * computed from its bias on in one go, when the tiles that go on from out are done.
 */
function multiplyBlock(i: Convolve, pass: Pass, out: usize, runs: usize, count: u32, bias: usize): void {
  const depth = max(1, DEPTH_BLOCK / pass.run);
  const wholeRows = count - (count % ROWS);
  const wholeColumns = pass.n & ~(COLUMNS - 1);
  for (let from: u32 = 0; from < pass.runCount; from += depth) {
    const to = min(from + depth, pass.runCount);
    for (let j: u32 = 0; j < wholeColumns; j += COLUMNS) {
      for (let row: u32 = 0; row < wholeRows; row += ROWS) tile(i, pass, out, runs, row, j, from, to, bias);
    }
  }
  if (wholeColumns < pass.n) {
    for (let row: u32 = 0; row < wholeRows; row += ROWS) {
      tile(i, pass, out, runs, row, wholeColumns, 0, pass.runCount, bias);
    }
  }
  if (wholeRows == count) return;
  for (let j: u32 = 0; j < pass.n; j += COLUMNS) {
    tile(i, pass, out, runs, count - ROWS, j, 0, pass.runCount, bias);
  }
}

/** All of one sample, a block of output positions after the other, each with its activation while it is in cache. */
function convolveSample(i: Convolve, pass: Pass, out: usize, kernelStep: usize): void {
  const total = i.outDepth * i.outHeight * i.outWidth;
  const kernel = pass.kernel;
  let count: u32 = 0;
  for (let first: u32 = 0; first < total; first += count) {
    count = total - first < POSITIONS_BLOCK + ROWS ? total - first : POSITIONS_BLOCK;
    writePixels(i, pass, first, count);
    for (let group: u32 = 0; group < i.groups; group++) {
      pass.kernel = kernel + kernelStep * group;
      const bias = i.bias ? i.bias + bytes(pass.n * group) : 0;
      const runs = pass.runs + bytes(pass.runCount * group);
      multiplyBlock(i, pass, out + bytes(pass.n * group), runs, count, bias);
    }
    if (i.activation != UnaryKind.Linear) activate_f32(i.activation, out, out, count * i.outChannels, i.alpha, i.beta);
    out += bytes(count * i.outChannels);
  }
  pass.kernel = kernel;
}

/** What a pass needs at the start of the workspace for its tables; returns where its memory ends. */
function preparePass(i: WindowInstruction, pass: Pass, groups: u32, outChannels: u32): usize {
  assert(offsetof<Pass>() <= PASS);
  pass.k = windowSize(i, groups);
  pass.n = outChannels / groups;
  pass.runs = changetype<usize>(pass) + PASS;
  pass.pixels = pass.runs + bytes(groups * i.kernelDepth * i.kernelHeight * i.kernelWidth);
  pass.padded = pass.pixels + bytes(POSITIONS_BLOCK + ROWS);
  return pass.padded + paddedBytes(i);
}

/**
 * formula: out[p, n] = activation(bias[n] + Σ_k x at the k-th element of the window of p · kernel[k, n])
 * shapes: see above; `kernel`: its panels as PackB makes them of each group, kernelStep bytes apart; for isDirect
 * alias: none
 */
export function convolveDirect(i: Convolve, kernel: usize, kernelStep: usize, workspace: usize): void {
  const pass = changetype<Pass>(workspace);
  preparePass(i, pass, i.groups, i.outChannels);
  pass.kernel = kernel;
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const outSample = bytes(i.outDepth * i.outHeight * i.outWidth * i.outChannels);
  for (let b: u32 = 0; b < i.batch; b++) {
    padImage(i, pass, i.x + sample * b, pass.padded);
    if (b == 0) writeRuns(i, pass, i.groups);
    convolveSample(i, pass, i.out + outSample * b, kernelStep);
  }
}

/** Writes the address of the first pixel of every output line. */
function writeLines(i: WindowInstruction, pass: Pass, lines: usize): void {
  for (let d: u32 = 0; d < i.outDepth; d++) {
    for (let h: u32 = 0; h < i.outHeight; h++, lines += 4) {
      store<usize>(lines, pass.at + pass.stepPlane * (d * i.strideDepth) + pass.stepLine * (h * i.strideHeight));
    }
  }
}

/** Writes the offset of each of K elements of a window; the last tile's missing ones are the last element again. */
function writeElements(pass: Pass, runs: usize, elements: usize, rows: u32): void {
  for (let k: u32 = 0; k < rows; k++, elements += 4) {
    const at = min(k, pass.k - 1);
    store<usize>(elements, load<usize>(runs + bytes(at / pass.run)) + bytes(at % pass.run));
  }
}

/** Adds a sample to the sums [panels, rows, 8] of one group. */
function addSample(
  i: ConvolveKernel,
  pass: Pass,
  sums: usize,
  elements: usize,
  rows: u32,
  lines: usize,
  d: usize,
): void {
  const endLines = lines + bytes(i.outDepth * i.outHeight);
  const stepPixel = bytes(i.strideWidth * i.channels);
  for (let j: u32 = 0; j < pass.n; j += COLUMNS) {
    const columns = d + bytes(min(j, pass.n - COLUMNS));
    for (let k: u32 = 0; k < rows; k += ROWS, sums += STEP_B * ROWS) {
      const tileElements = elements + bytes(k);
      convolve_f32_kernel_tile(
        sums,
        tileElements,
        lines,
        endLines,
        i.outWidth,
        stepPixel,
        columns,
        bytes(i.outChannels),
      );
    }
  }
}

/** Copies the sums of a group into the kernel's columns. */
function writeSums(i: ConvolveKernel, pass: Pass, kernel: usize, sums: usize, rows: u32): void {
  for (let j: u32 = 0; j < pass.n; j += COLUMNS, sums += STEP_B * rows) {
    const to = kernel + bytes(min(j, pass.n - COLUMNS));
    for (let k: u32 = 0; k < pass.k; k++) copyRun(to + bytes(i.outChannels * k), sums + STEP_B * k, COLUMNS);
  }
}

/**
 * formula: kernel[k, n] = Σ over the batch, over the output positions p: x at the k-th element of the window of p · out[p, n]
 * shapes: see above; for isDirect
 * alias: none
 * error: each sum goes in the order of the output positions
 */
export function convolveKernelDirect(i: ConvolveKernel): void {
  const pass = changetype<Pass>(i.workspace);
  let end = preparePass(i, pass, i.groups, i.outChannels);
  const rows = ((pass.k + ROWS - 1) / ROWS) * ROWS;
  const panels = (pass.n + COLUMNS - 1) / COLUMNS;
  const lines = end;
  const elements = lines + bytes(i.outDepth * i.outHeight);
  const sums = elements + bytes(rows * i.groups);
  const group = STEP_B * (rows * panels);
  zeroRun(sums, rows * panels * i.groups * COLUMNS);
  const sample = bytes(i.depth * i.height * i.width * i.channels);
  const outSample = bytes(i.outDepth * i.outHeight * i.outWidth * i.outChannels);
  for (let b: u32 = 0; b < i.batch; b++) {
    padImage(i, pass, i.x + sample * b, pass.padded);
    if (b == 0) writeRuns(i, pass, i.groups);
    writeLines(i, pass, lines);
    for (let g: u32 = 0; g < i.groups; g++) {
      const groupElements = elements + bytes(rows * g);
      if (b == 0) writeElements(pass, pass.runs + bytes(pass.runCount * g), groupElements, rows);
      addSample(i, pass, sums + group * g, groupElements, rows, lines, i.out + outSample * b + bytes(pass.n * g));
    }
  }
  for (let g: u32 = 0; g < i.groups; g++) writeSums(i, pass, i.kernel + bytes(pass.n * g), sums + group * g, rows);
}
