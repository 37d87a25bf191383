// How a convolution is cut into blocks of rows and what memory that needs: the mirror of assembly/nn/convolution.ts.
import { gemmWorkspace, packedBytes } from './matmul-workspace.ts';

/** Room for an instruction at the start of the workspace. */
const INSTRUCTION = 128;
/** Elements of a block of gathered rows: it stays in the second cache. */
const BLOCK_ELEMENTS = 32_768;
/** Rows of a block come in multiples of every tile's. */
const ROWS = 30;

/** How many output positions are gathered at a time, for windows of k elements. */
export const blockRows = (k: number): number =>
  ROWS * Math.max(1, Math.min(16, Math.floor(BLOCK_ELEMENTS / (k * ROWS))));

/** A convolution as products [rows, k] · [k, n], one for each group. */
export interface ConvolutionProduct {
  /** Output positions of the whole batch. */
  readonly total: number;
  readonly n: number;
  readonly k: number;
  readonly packed: boolean;
}

const rowsOf = ({ total, k }: ConvolutionProduct) => Math.min(total, blockRows(k));

/** Bytes for Convolve: rows [rows, k] times the kernel [k, n]. */
export function convolveWorkspace(product: ConvolutionProduct): number {
  const { n, k, packed } = product;
  const rows = rowsOf(product);
  const kernel = packed ? 0 : packedBytes(n, k);
  return INSTRUCTION + kernel + 4 * rows * k + gemmWorkspace(rows, n, k, { packed: true });
}

/** Bytes for ConvolveInput: out [rows, n] times the transposed kernel [n, k]. */
export function convolveInputWorkspace(product: ConvolutionProduct): number {
  const { n, k, packed } = product;
  const rows = rowsOf(product);
  const kernel = packed ? 0 : packedBytes(k, n);
  return INSTRUCTION + kernel + 4 * rows * k + gemmWorkspace(rows, k, n, { packed: true });
}

/** Bytes for ConvolveKernel: the transposed rows [k, rows] times out [rows, n]. */
export function convolveKernelWorkspace(product: ConvolutionProduct): number {
  const { n, k } = product;
  const rows = rowsOf(product);
  return INSTRUCTION + 4 * rows * k + gemmWorkspace(k, n, rows, { transposeA: true });
}
