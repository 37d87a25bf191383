// The matrix product out = activation(op(A)·op(B) + bias), or out += op(A)·op(B).
// Blocked for the caches as BLIS does it: blocks of B in the outer cache, of A in the inner one, a tile of out in
// registers. Every element of out begins with its bias (or 0, or itself) and adds its k products one by one in order:
// the result does not depend on m, n, the blocking or whether B was packed before, bit for bit.
// Shapes: A is [M, K], B is [K, N], out is [M, N].
// Source: Van Zee and van de Geijn, BLIS (2015); constants measured in docs/adr/0003-gemm-tile-and-blocking.md.
import { Gemm, PackB, UnaryKind, TILE_ROWS, TILE_COLUMNS, BLOCK_M, BLOCK_N, BLOCK_K } from '../instructions';
import { madd } from '../lanes';
import { activate_f32 } from '../nn/activation';
import { pack_a_f32, pack_b_f32 } from './pack';

const zeros = memory.data(32, 16);

@inline
function kernel(out: usize, strideOut: usize, init: usize, strideInit: usize, a: usize, b: usize, k: u32): void {
  let c00 = v128.load(init);
  let c01 = v128.load(init, 16);
  init += strideInit;
  let c10 = v128.load(init);
  let c11 = v128.load(init, 16);
  init += strideInit;
  let c20 = v128.load(init);
  let c21 = v128.load(init, 16);
  init += strideInit;
  let c30 = v128.load(init);
  let c31 = v128.load(init, 16);
  init += strideInit;
  let c40 = v128.load(init);
  let c41 = v128.load(init, 16);
  init += strideInit;
  let c50 = v128.load(init);
  let c51 = v128.load(init, 16);
  for (const end = b + ((k as usize) << 5); b < end; b += 32, a += 24) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = madd(x, b0, c40);
    c41 = madd(x, b1, c41);
    x = v128.load32_splat(a, 20);
    c50 = madd(x, b0, c50);
    c51 = madd(x, b1, c51);
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += strideOut;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += strideOut;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += strideOut;
  v128.store(out, c30);
  v128.store(out, c31, 16);
  out += strideOut;
  v128.store(out, c40);
  v128.store(out, c41, 16);
  out += strideOut;
  v128.store(out, c50);
  v128.store(out, c51, 16);
}

/** One 6×8 tile of out, begun from `init`, over k rows of a panel of A and one of B. Strides in bytes. */
export function gemm_f32_tile_6x8(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  b: usize,
  k: u32,
): void {
  kernel(out, strideOut, init, strideInit, a, b, k);
}

/** Copies rows × columns floats; strides in bytes. */
function copyTile(out: usize, strideOut: usize, x: usize, strideX: usize, rows: u32, columns: u32): void {
  for (let r: u32 = 0; r < rows; r++, out += strideOut, x += strideX) memory.copy(out, x, columns << 2);
}

/** A tile at an edge, through a whole tile in the workspace. */
function edgeTile(
  out: usize,
  strideOut: usize,
  init: usize,
  strideInit: usize,
  a: usize,
  b: usize,
  k: u32,
  tile: usize,
  rows: u32,
  columns: u32,
): void {
  copyTile(tile, TILE_COLUMNS * 4, init, strideInit, rows, columns);
  gemm_f32_tile_6x8(tile, TILE_COLUMNS * 4, tile, TILE_COLUMNS * 4, a, b, k);
  copyTile(out, strideOut, tile, TILE_COLUMNS * 4, rows, columns);
}

/** The activation over a finished block of out, while it is in cache. */
function activateBlock(i: Gemm, out: usize, rows: u32, columns: u32): void {
  if (i.activation == UnaryKind.Linear) return;
  for (let r: u32 = 0; r < rows; r++, out += (<usize>i.strideOut) << 2)
    activate_f32(i.activation, out, out, columns, i.alpha, i.beta);
}

export function execGemm(pc: usize): u32 {
  const i = changetype<Gemm>(pc);
  const m = i.m;
  const n = i.n;
  const k = i.k;
  const strideOut = (<usize>i.strideOut) << 2;
  const tile = i.workspace;
  const packedA = tile + TILE_ROWS * TILE_COLUMNS * 4;
  const blockA = (((min(m, BLOCK_M) + TILE_ROWS - 1) / TILE_ROWS) * TILE_ROWS * min(k, BLOCK_K)) << 2;
  const packedB = packedA + blockA;
  for (let jc: u32 = 0; jc < n; jc += BLOCK_N) {
    const nc = min(BLOCK_N, n - jc);
    let pc: u32 = 0;
    do {
      const kc = min(BLOCK_K, k - pc);
      let b = packedB;
      let panel: usize = (kc * TILE_COLUMNS) << 2;
      if (i.packed) {
        b = i.b + ((<usize>(jc * k + pc * TILE_COLUMNS)) << 2);
        panel = (k * TILE_COLUMNS) << 2;
      } else {
        const from = i.transposeB ? jc * i.strideB + pc : pc * i.strideB + jc;
        pack_b_f32(b, i.b + ((<usize>from) << 2), nc, kc, i.strideB, i.transposeB);
      }
      for (let ic: u32 = 0; ic < m; ic += BLOCK_M) {
        const mc = min(BLOCK_M, m - ic);
        const fromA = i.transposeA ? pc * i.strideA + ic : ic * i.strideA + pc;
        pack_a_f32(packedA, i.a + ((<usize>fromA) << 2), mc, kc, i.strideA, i.transposeA);
        const block = i.out + ((<usize>(ic * i.strideOut + jc)) << 2);
        for (let j: u32 = 0; j < nc; j += TILE_COLUMNS, b += panel) {
          for (let r: u32 = 0; r < mc; r += TILE_ROWS) {
            const out = block + r * strideOut + ((<usize>j) << 2);
            const rows = min(TILE_ROWS, mc - r);
            const columns = min(TILE_COLUMNS, nc - j);
            let init = out;
            let strideInit = strideOut;
            if (pc == 0 && !i.accumulate) {
              strideInit = 0;
              init = i.bias ? i.bias + ((<usize>(jc + j)) << 2) : zeros;
            }
            const a = packedA + ((<usize>(r * kc)) << 2);
            if (rows == TILE_ROWS && columns == TILE_COLUMNS)
              gemm_f32_tile_6x8(out, strideOut, init, strideInit, a, b, kc);
            else edgeTile(out, strideOut, init, strideInit, a, b, kc, tile, rows, columns);
          }
        }
        b -= ((nc + TILE_COLUMNS - 1) / TILE_COLUMNS) * panel;
        if (pc + kc >= k && !i.accumulate) activateBlock(i, block, mc, nc);
      }
      pc += BLOCK_K;
    } while (pc < k);
  }
  return 0;
}

export function execPackB(pc: usize): u32 {
  const i = changetype<PackB>(pc);
  pack_b_f32(i.out, i.b, i.n, i.k, i.strideB, i.transposeB);
  return 0;
}
