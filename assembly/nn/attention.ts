// Scaled dot-product attention of many heads, forward: softmax(scale · Q·Kᵀ)·V by tiles of queries and keys, so that the
// matrix of scores is never stored but for one tile. Up to KEY_TILE_WHOLE keys are one tile, a softmax at once; beyond,
// the softmax is online: earlier terms are rescaled where a later tile has a larger maximum.
// Shapes: B samples, H heads of D columns, Q queries, K keys; rows of q, k, v may lie in wider matrices.
// Not here: projections (they are products of the graph), the gradient (attentionBackward.ts).
// Source: Vaswani et al., Attention is all you need (2017); Dao et al., FlashAttention (2022).
import { Attention, AttentionWeights, QUERY_TILE } from '../instructions';
import { bytes } from '../linalg/block';
import { dropout_f32 } from '../random';
import {
  beginRows,
  inverseSum,
  joinRow,
  keysOfTile,
  maxima,
  product,
  scaleRow,
  scoresOf,
  sums,
  tiles,
  visibleKeys,
} from './attentionTiles';

/** The first block of random numbers for the weights of a query: each row of the matrix has whole blocks of its own. */
@inline
export function firstBlock(head: u32, query: u32, queries: u32, keys: u32, key: u32): u32 {
  return (head * queries + query) * (((keys + 15) >> 4) << 2) + (key >> 2);
}

/** Rows of queries from `first` on, of one head: out[rows, D]. `keys` of them are there. */
function attendTile(
  i: Attention,
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  head: u32,
  first: u32,
  rows: u32,
  keys: u32,
): void {
  const size = i.size;
  const queries = i.queries;
  const strideOut = i.heads * size;
  const workspace = i.workspace;
  const scores = tiles(workspace);
  const seen = visibleKeys(i.causal, first + rows - 1, queries, keys);
  const width = keysOfTile(seen);
  const scratch = scores + ((bytes(QUERY_TILE * width) + 63) & ~63);
  if (seen == 0) for (let r: u32 = 0; r < rows; r++) memory.fill(out + bytes(r * strideOut), 0, bytes(size));
  beginRows(workspace, rows);
  for (let begin: u32 = 0; begin < seen; begin += width) {
    const count = min(width, seen - begin);
    scoresOf(
      workspace,
      scratch,
      scores,
      q,
      k + bytes(begin * i.strideK),
      rows,
      count,
      size,
      count,
      i.strideQ,
      i.strideK,
    );
    for (let r: u32 = 0; r < rows; r++) {
      const row = scores + bytes(r * count);
      const visible = <u32>max(0, min(<i32>count, <i32>visibleKeys(i.causal, first + r, queries, keys) - <i32>begin));
      const hidden = mask ? mask + bytes(begin) : 0;
      const factor = joinRow(
        row,
        visible,
        count,
        hidden,
        i.scale,
        maxima(workspace) + bytes(r),
        sums(workspace) + bytes(r),
      );
      if (begin && factor != 1) scaleRow(out + bytes(r * strideOut), size, factor);
      if (i.rate > 0)
        dropout_f32(row, row, count, i.rate, i.counter, i.stream, firstBlock(head, first + r, queries, i.keys, begin));
    }
    product(
      workspace,
      scratch,
      out,
      scores,
      v + bytes(begin * i.strideV),
      rows,
      size,
      count,
      strideOut,
      count,
      i.strideV,
      0,
      0,
      begin ? 1 : 0,
    );
  }
  for (let r: u32 = 0; r < rows; r++) {
    scaleRow(out + bytes(r * strideOut), size, inverseSum(load<f32>(sums(workspace) + bytes(r))));
  }
}

/**
 * formula: out[b, q, h] = Σ_k w[q, k] · v[b, k, h], w = softmax over the visible k of scale · q·k; dropped and scaled with a rate
 * shapes:  as in instructions.ts
 * alias:   none
 * tail:    whatever lengths: the products' own
 * error:   2e-6 relative to the largest |v|, for scores up to 20
 * edge:    a query that sees no key gives 0; NaN in a query, or in any key or value of a tile that it sees, gives NaN
 */
export function execAttention(pc: usize): u32 {
  const i = changetype<Attention>(pc);
  const size = i.size;
  const queries = i.queries;
  for (let b: u32 = 0; b < i.batch; b++) {
    const keys = i.positions ? min(i.keys, load<u32>(i.positions + bytes(b * queries)) + queries) : i.keys;
    const mask = i.mask ? i.mask + bytes(b * i.keys) : 0;
    for (let h: u32 = 0; h < i.heads; h++) {
      const column = bytes(h * size);
      const k = i.k + bytes(b * i.keys * i.strideK) + column;
      const v = i.v + bytes(b * i.keys * i.strideV) + column;
      for (let first: u32 = 0; first < queries; first += QUERY_TILE) {
        const row = b * queries + first;
        const out = i.out + bytes(row * i.heads * size) + column;
        const q = i.q + bytes(row * i.strideQ) + column;
        attendTile(i, out, q, k, v, mask, b * i.heads + h, first, min(QUERY_TILE, queries - first), keys);
      }
    }
  }
  return 0;
}

/** formula: out[b, h, q, k] = w[q, k] as in `execAttention`; 0 for a key that is not seen. */
export function execAttentionWeights(pc: usize): u32 {
  const i = changetype<AttentionWeights>(pc);
  const keys = i.keys;
  const queries = i.queries;
  let out = i.out;
  for (let b: u32 = 0; b < i.batch; b++) {
    const mask = i.mask ? i.mask + bytes(b * keys) : 0;
    for (let h: u32 = 0; h < i.heads; h++, out += bytes(queries * keys)) {
      const q = i.q + bytes(b * queries * i.strideQ + h * i.size);
      const k = i.k + bytes(b * keys * i.strideK + h * i.size);
      scoresOf(i.workspace, tiles(i.workspace), out, q, k, queries, keys, i.size, keys, i.strideQ, i.strideK);
      for (let r: u32 = 0; r < queries; r++) {
        const row = out + bytes(r * keys);
        beginRows(i.workspace, 1);
        const visible = visibleKeys(i.causal, r, queries, keys);
        joinRow(row, visible, keys, mask, i.scale, maxima(i.workspace), sums(i.workspace));
        scaleRow(row, keys, inverseSum(load<f32>(sums(i.workspace))));
      }
    }
  }
  return 0;
}
