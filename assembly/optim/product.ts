// An optimizer's step by a gradient that is a product: some rows of it are computed and used up while they are in cache,
// so that the gradient is neither written to memory nor read back, and has no memory of its own.
// It is made of the instructions Gemm and Update, whose bits it has: the order of a product's sums does not depend on M.
// Shapes: A is [M, K], B is [K, N], parameter, gradient and slots are [M, N].
import { Gemm, GemmUpdate, STEP_BYTES, UnaryKind, Update } from '../instructions';
import { bytes } from '../linalg/block';
import { execGemm } from '../linalg/gemm';
import { pack_b_f32, packedBytes } from '../linalg/pack';
import { execUpdate } from './update';

/** Sets the product of `rows` rows up, from B packed into `panels`. */
@inline
function setProduct(gemm: Gemm, i: GemmUpdate, panels: usize, gradient: usize, workspace: usize): void {
  gemm.out = gradient;
  gemm.a = i.a;
  gemm.b = panels;
  gemm.bias = 0;
  gemm.n = i.n;
  gemm.k = i.k;
  gemm.strideOut = i.n;
  gemm.strideA = i.strideA;
  gemm.strideB = i.n;
  gemm.transposeA = i.transposeA;
  gemm.transposeB = 0;
  gemm.packed = 1;
  gemm.accumulate = 0;
  gemm.activation = UnaryKind.Linear;
  gemm.workspace = workspace;
}

/**
 * formula: g = op(A)·op(B), then what Update does with g
 * alias: as Update; A and B are apart from the parameter and the slots
 * tail: the last rows by a smaller product
 * edge: as Gemm and Update
 */
export function execGemmUpdate(pc: usize): u32 {
  const i = changetype<GemmUpdate>(pc);
  const gemm = changetype<Gemm>(i.workspace);
  const update = changetype<Update>(i.workspace + offsetof<Gemm>());
  const panels = i.workspace + STEP_BYTES;
  const gradient = panels + packedBytes(i.n, i.k);
  pack_b_f32(panels, i.b, i.n, i.k, i.strideB, i.transposeB);
  setProduct(gemm, i, panels, gradient, gradient + bytes(min(i.rows, i.m) * i.n));
  update.kind = i.kind;
  update.parameter = i.parameter;
  update.gradient = gradient;
  update.slot0 = i.slot0;
  update.slot1 = i.slot1;
  update.slot2 = i.slot2;
  update.scalars = i.scalars;
  update.scale = i.scale;
  for (let row: u32 = 0; row < i.m; row += i.rows) {
    const rows = min(i.rows, i.m - row);
    const used = bytes(rows * i.n);
    gemm.m = rows;
    update.n = rows * i.n;
    execGemm(changetype<usize>(gemm));
    execUpdate(changetype<usize>(update));
    gemm.a += bytes(i.transposeA ? rows : rows * i.strideA);
    update.parameter += used;
    if (update.slot0) update.slot0 += used;
    if (update.slot1) update.slot1 += used;
    if (update.slot2) update.slot2 += used;
  }
  return 0;
}
