// What memory a convolution needs beside its operands: the mirror of assembly/nn/convolution.ts and directConvolution.ts.
import { POSITIONS_BLOCK, TILE_COLUMNS, WINOGRAD_RUN, WINOGRAD_TILES } from '../../core/generated/instructions.ts';
import { sizeOf } from '../graph.ts';
import { gemmWorkspace, packedBytes } from './matmul-workspace.ts';
import { extentOf, type Window } from './window.ts';

/** Room for an instruction at the start of the workspace, and for what the loops over a sample share. */
const INSTRUCTION = 128;
const PASS = 64;
/** The fewest and the most rows of a tile, by build. */
const FEWEST_ROWS = 5;
const MOST_ROWS = 6;
/** Elements of a block of gathered rows: it stays in the second cache. */
const BLOCK_ELEMENTS = 32_768;
/** Rows of a block come in multiples of every tile's. */
const ROWS = 30;

/** How many output positions are gathered at a time, for windows of k elements. */
export const blockRows = (k: number): number =>
  ROWS * Math.max(1, Math.min(16, Math.floor(BLOCK_ELEMENTS / (k * ROWS))));

/** A convolution as products [positions, k] · [k, n], one for each group. */
export interface ConvolutionProduct {
  readonly window: Window;
  readonly batch: number;
  readonly groups: number;
  /** Channels in. */
  readonly channels: number;
  readonly n: number;
  readonly k: number;
  readonly packed: boolean;
}

/** Output positions of the whole batch. */
export const totalOf = ({ window, batch }: ConvolutionProduct): number => batch * sizeOf(window.output);

const rowsOf = (product: ConvolutionProduct) => Math.min(totalOf(product), blockRows(product.k));

/** Whether any build of the core reads the image in place. */
const mayBeDirect = ({ window, n }: ConvolutionProduct) => n >= TILE_COLUMNS && sizeOf(window.output) >= FEWEST_ROWS;
/** Whether any build gathers rows. */
const mayGather = ({ window, n }: ConvolutionProduct) => n < TILE_COLUMNS || sizeOf(window.output) < MOST_ROWS;

/** Bytes of a sample with its padding. */
function paddedBytes({ window, channels }: ConvolutionProduct): number {
  const { input, output, kernelSize, stride, dilation, before } = window;
  const reached = output.map((size, axis) => (size - 1) * stride[axis]! + extentOf(kernelSize[axis]!, dilation[axis]!));
  const inside = reached.every((size, axis) => before[axis]! <= 0 && size - before[axis]! <= input[axis]!);
  return inside ? 0 : 4 * sizeOf(reached) * channels;
}

/** Tables and padding of a pass over samples in place. */
const passBytes = (product: ConvolutionProduct): number =>
  PASS + 4 * (product.groups * sizeOf(product.window.kernelSize) + POSITIONS_BLOCK + MOST_ROWS) + paddedBytes(product);

/** Bytes for Convolve. */
export function convolveWorkspace(product: ConvolutionProduct): number {
  const { n, k, packed, groups } = product;
  const kernel = packed ? 0 : groups * packedBytes(n, k);
  const rows = rowsOf(product);
  const gathered = mayGather(product) ? 4 * rows * k + gemmWorkspace(rows, n, k, { packed: true }) : 0;
  return INSTRUCTION + kernel + Math.max(gathered, mayBeDirect(product) ? passBytes(product) : 0);
}

/** The convolution of out that gives x, where the stride is one: the kernel turned round. */
function turned({ window, batch, groups, channels, n, k }: ConvolutionProduct): ConvolutionProduct {
  const { kernelSize, dilation, input, output } = window;
  const before = window.before.map((side, axis) => extentOf(kernelSize[axis]!, dilation[axis]!) - 1 - side);
  const columns = channels / groups;
  return {
    window: { ...window, before, input: output, output: input },
    batch,
    groups,
    channels: n * groups,
    n: columns,
    k: (k / columns) * n,
    packed: false,
  };
}

/** Whether the transposed convolution reads out in place in some build; it then takes the kernel as it is stored. */
export const readsInPlace = (product: ConvolutionProduct): boolean =>
  product.window.stride.every((step) => step === 1) && mayBeDirect(turned(product));

/** Bytes for ConvolveInput: out [rows, n] times the transposed kernel [n, k], or a convolution of out. */
export function convolveInputWorkspace(product: ConvolutionProduct): number {
  const { n, k, packed } = product;
  const rows = rowsOf(product);
  const kernel = packed ? 0 : packedBytes(k, n);
  const scattered = INSTRUCTION + kernel + 4 * rows * k + gemmWorkspace(rows, k, n, { packed: true });
  return readsInPlace(product) ? Math.max(scattered, INSTRUCTION + convolveWorkspace(turned(product))) : scattered;
}

/** Bytes for ConvolveKernel: the transposed rows [k, rows] times out [rows, n], or sums by tiles. */
export function convolveKernelWorkspace(product: ConvolutionProduct): number {
  const { n, k, groups, window } = product;
  const rows = rowsOf(product);
  const gathered = mayGather(product)
    ? INSTRUCTION + 4 * rows * k + gemmWorkspace(k, n, rows, { transposeA: true })
    : 0;
  const sumRows = groups * (k + MOST_ROWS);
  const sums = 4 * (sizeOf(window.output.slice(0, -1)) + sumRows * (1 + TILE_COLUMNS * Math.ceil(n / TILE_COLUMNS)));
  return Math.max(gathered, mayBeDirect(product) ? passBytes(product) + sums : 0);
}

/** Outputs of a tile along an axis, and its products. */
const WINOGRAD_OUTPUTS = 4;
const WINOGRAD_PRODUCTS = 36;

/** Tiles of a sample along each axis. */
const tilesOf = (window: Window): number[] => window.output.map((size) => Math.ceil(size / WINOGRAD_OUTPUTS));

/**
 * Whether Winograd's filtering pays (docs/adr/0014-winograd-and-whole-networks.md): products of enough channels that the
 * transforms are a small part, and for 36 matrices, four times the kernel, enough tiles to read them or room in the cache.
 */
export function paysByWinograd({ window, groups, channels, n }: ConvolutionProduct): boolean {
  const { kernelSize, stride, dilation } = window;
  const isSquare = kernelSize.length === 2 && kernelSize.every((size) => size === 3);
  const isPlain = groups === 1 && stride.every((step) => step === 1) && dilation.every((step) => step === 1);
  if (!isSquare || !isPlain || channels < WINOGRAD_FEWEST || n < WINOGRAD_FEWEST) return false;
  return sizeOf(tilesOf(window)) >= WINOGRAD_FEWEST_TILES || winogradKernelBytes(n, channels) <= WINOGRAD_CACHE;
}
/** Channels, filters and tiles from which it pays, and bytes of transformed kernel that stay in the outer cache. */
const WINOGRAD_FEWEST = 16;
const WINOGRAD_FEWEST_TILES = 12;
const WINOGRAD_CACHE = 2 ** 20;

/** Bytes that ConvolveWinogradKernel writes. */
export const winogradKernelBytes = (n: number, channels: number): number =>
  WINOGRAD_PRODUCTS * packedBytes(n, channels);

/** Bytes for ConvolveWinogradKernel: a tile, and a run of channels of a panel of each matrix. */
export const WINOGRAD_KERNEL_WORKSPACE = 4 * WINOGRAD_PRODUCTS * (4 + TILE_COLUMNS * WINOGRAD_RUN);

/** Bytes for ConvolveWinograd: a tile, the padded sample, transformed pixels and products of a block of tiles. */
export function winogradWorkspace({ window, channels, n }: ConvolutionProduct): number {
  const padded = sizeOf(tilesOf(window).map((count) => count * WINOGRAD_OUTPUTS + 2)) * channels;
  const block = WINOGRAD_PRODUCTS * WINOGRAD_TILES * (channels + n);
  const tile = INSTRUCTION + 16 * WINOGRAD_PRODUCTS + 64;
  return tile + 4 * (padded + block) + gemmWorkspace(WINOGRAD_TILES, n, channels, { packed: true });
}
