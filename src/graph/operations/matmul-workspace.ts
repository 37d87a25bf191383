// How many bytes the core's matrix product needs beside its operands: the mirror of assembly/linalg/gemm.ts.
import {
  BLOCK_BYTES,
  BLOCK_M,
  BLOCK_N,
  DEEPEST_K,
  FEW_COLUMNS,
  PACK_A_COLUMNS,
  PACK_B_ROWS,
  SCRATCH_BYTES,
  STEP_BYTES,
  TILE_COLUMNS,
} from '../../core/generated/instructions.ts';

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
 * The bytes of workspace that the instruction Gemm may write for a product [m, k] · [k, n]: an upper bound for every
 * variant of the core, whatever the strides, bias and activation. It grows with m, n and k up to the blocks' sizes.
 */
export function gemmWorkspace(m: number, n: number, k: number, form: ProductForm = {}): number {
  const { transposeA = false, transposeB = false, packed = false } = form;
  if (n <= FEW_COLUMNS && !transposeA) return packed || transposeB ? 0 : 4 * n * k;
  if (n <= FEW_COLUMNS) return BLOCK_BYTES + SCRATCH_BYTES;
  const depth = Math.min(k, DEEPEST_K);
  const packsA = n >= PACK_A_COLUMNS;
  const packsB = !packed && (transposeB || m >= PACK_B_ROWS || n < TILE_COLUMNS);
  const panelsA = packsA ? Math.min(m, BLOCK_M) * depth : 0;
  const panelsB = packsB ? roundUp(Math.min(n, BLOCK_N + TILE_COLUMNS - 1), TILE_COLUMNS) * depth : 0;
  return BLOCK_BYTES + SCRATCH_BYTES + 4 * (panelsA + panelsB);
}

/** The bytes that the instruction PackB writes for B [k, n]. */
export function packedBytes(n: number, k: number): number {
  return 4 * k * (n <= FEW_COLUMNS ? n : roundUp(n, TILE_COLUMNS));
}

/** About how many bytes of a gradient exist at a time where a product and an update are one: a part of the second cache. */
const gradientBytes = 1 << 18;

/** How many rows of a gradient [m, n] that is: whole tiles of both builds. */
export const gradientRows = (m: number, n: number): number =>
  Math.min(m, Math.max(1, Math.floor(gradientBytes / 4 / n / 60)) * 60);

/** The bytes of workspace of the instruction GemmUpdate. */
export function gemmUpdateWorkspace(n: number, k: number, rows: number, transposeA: boolean): number {
  return STEP_BYTES + packedBytes(n, k) + 4 * rows * n + gemmWorkspace(rows, n, k, { transposeA, packed: true });
}
