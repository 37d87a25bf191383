// How many bytes the core's matrix product needs beside its operands: the mirror of assembly/linalg/gemm.ts.
import { BLOCK_K, BLOCK_M, BLOCK_N, TILE_COLUMNS, TILE_ROWS } from '../../core/generated/instructions.ts';

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** How a product's operands are stored; what is left out is not transposed and not packed. */
export interface ProductForm {
  /** A is stored [k, m]. */
  readonly transposeA?: boolean;
  /** B is stored [n, k]. */
  readonly transposeB?: boolean;
  /** B is what the instruction PackB wrote. */
  readonly packed?: boolean;
}

/**
 * The bytes of workspace that the instruction Gemm may write for a product [m, k] · [k, n].
 * An exact upper bound for every activation, bias and form of storage.
 */
export function gemmWorkspace(m: number, n: number, k: number, { packed = false }: ProductForm = {}): number {
  const depth = Math.min(k, BLOCK_K);
  const tile = TILE_ROWS * TILE_COLUMNS;
  const blockA = roundUp(Math.min(m, BLOCK_M), TILE_ROWS) * depth;
  const blockB = packed ? 0 : roundUp(Math.min(n, BLOCK_N), TILE_COLUMNS) * depth;
  return 4 * (tile + blockA + blockB);
}

/** The bytes that the instruction PackB writes for B [k, n]: panels of TILE_COLUMNS columns, the last one padded. */
export function packedBytes(n: number, k: number): number {
  return 4 * roundUp(n, TILE_COLUMNS) * k;
}
