// The gradient of scaled dot-product attention by the tiles of attention.ts: the weights of a tile are computed anew from
// q and k instead of being kept. For more keys than one tile, a first pass over the keys finds each row's maximum and sum.
// Shapes: as in attention.ts.
// Source: Dao et al., FlashAttention (2022), section 3.1 and appendix B.
import { AttentionBackward, QUERY_TILE } from '../instructions';
import { loadUpTo, storeUpTo } from '../lanes';
import { bytes } from '../linalg/block';
import { dot_f32 } from '../linalg/dot';
import { dropout_f32 } from '../random';
import { firstBlock } from './attention';
import {
  beginRows,
  deltas,
  exponentialsOfRow,
  finiteMaximum,
  inverseSum,
  joinRow,
  keysOfTile,
  maskRow,
  maxima,
  product,
  scaleRow,
  scoresOf,
  sums,
  tiles,
  visibleKeys,
} from './attentionTiles';

/** dScores[n] = scale · weights · (dWeights − delta), in place of dWeights. */
function scoreGradients(dWeights: usize, weights: usize, n: u32, delta: f32, scale: f32): void {
  const d = f32x4.splat(delta);
  const s = f32x4.splat(scale);
  for (let left = n; left > 0; left -= min(left, 4), dWeights += 16, weights += 16) {
    const w = f32x4.mul(loadUpTo(weights, left), s);
    storeUpTo(dWeights, f32x4.mul(w, f32x4.sub(loadUpTo(dWeights, left), d)), left);
  }
}

/** One head of one sample: where its columns begin. */
@unmanaged
class Head {
  dQ: usize;
  dK: usize;
  dV: usize;
  dOut: usize;
  out: usize;
  q: usize;
  k: usize;
  v: usize;
  mask: usize;
  number: u32;
}
const head = changetype<Head>(memory.data(64, 16));

/** How many of a tile's keys the query sees. */
@inline
function visibleInTile(i: AttentionBackward, row: u32, begin: u32, count: u32): u32 {
  const visible = <i32>visibleKeys(i.causal, row, i.queries, i.keys) - <i32>begin;
  return <u32>max(0, min(<i32>count, visible));
}

/** The exponentials of a tile's scores; each row's maximum and sum go on. */
function joinTile(i: AttentionBackward, scratch: usize, first: u32, rows: u32, begin: u32, count: u32): void {
  const workspace = i.workspace;
  const scores = tiles(workspace);
  const q = head.q + bytes(first * i.strideQ);
  const k = head.k + bytes(begin * i.strideK);
  scoresOf(workspace, scratch, scores, q, k, rows, count, i.size, count, i.strideQ, i.strideK);
  for (let r: u32 = 0; r < rows; r++) {
    const visible = visibleInTile(i, first + r, begin, count);
    const mask = head.mask ? head.mask + bytes(begin) : 0;
    const at = bytes(r);
    joinRow(scores + bytes(r * count), visible, count, mask, i.scale, maxima(workspace) + at, sums(workspace) + at);
  }
}

/** The exponentials of a tile's scores, each row's maximum over all keys being known. */
function exponentialTile(i: AttentionBackward, scratch: usize, first: u32, rows: u32, begin: u32, count: u32): void {
  const workspace = i.workspace;
  const scores = tiles(workspace);
  const q = head.q + bytes(first * i.strideQ);
  const k = head.k + bytes(begin * i.strideK);
  scoresOf(workspace, scratch, scores, q, k, rows, count, i.size, count, i.strideQ, i.strideK);
  for (let r: u32 = 0; r < rows; r++) {
    const row = scores + bytes(r * count);
    const visible = visibleInTile(i, first + r, begin, count);
    maskRow(row, head.mask ? head.mask + bytes(begin) : 0, visible);
    exponentialsOfRow(row, visible, count, i.scale, finiteMaximum(load<f32>(maxima(workspace) + bytes(r))));
  }
}

/** From the exponentials of a tile to what it adds to dQ, dK and dV. */
function gradientTile(i: AttentionBackward, scratch: usize, first: u32, rows: u32, begin: u32, count: u32): void {
  const workspace = i.workspace;
  const size = i.size;
  const strideOut = i.heads * size;
  const weights = tiles(workspace);
  const dWeights = weights + ((bytes(QUERY_TILE * count) + 63) & ~63);
  const dOut = head.dOut + bytes(first * strideOut);
  const v = head.v + bytes(begin * i.strideV);
  product(workspace, scratch, dWeights, dOut, v, rows, count, size, count, strideOut, i.strideV, 0, 1, 0);
  for (let r: u32 = 0; r < rows; r++) {
    const w = weights + bytes(r * count);
    const d = dWeights + bytes(r * count);
    const block = firstBlock(head.number, first + r, i.queries, i.keys, begin);
    scaleRow(w, count, inverseSum(load<f32>(sums(workspace) + bytes(r))));
    if (i.rate > 0) dropout_f32(d, d, count, i.rate, i.counter, i.stream, block);
    scoreGradients(d, w, count, load<f32>(deltas(workspace) + bytes(r)), i.scale);
    if (i.rate > 0) dropout_f32(w, w, count, i.rate, i.counter, i.stream, block);
  }
  const q = head.q + bytes(first * i.strideQ);
  const k = head.k + bytes(begin * i.strideK);
  const dQ = head.dQ + bytes(first * i.strideQ);
  const dK = head.dK + bytes(begin * i.strideK);
  const dV = head.dV + bytes(begin * i.strideV);
  product(workspace, scratch, dV, weights, dOut, count, size, rows, i.strideV, count, strideOut, 1, 0, 1);
  product(workspace, scratch, dQ, dWeights, k, rows, size, count, i.strideQ, count, i.strideK, 0, 0, 1);
  product(workspace, scratch, dK, dWeights, q, count, size, rows, i.strideK, count, i.strideQ, 1, 0, 1);
}

function backwardTile(i: AttentionBackward, first: u32, rows: u32): void {
  const workspace = i.workspace;
  const strideOut = i.heads * i.size;
  const seen = visibleKeys(i.causal, first + rows - 1, i.queries, i.keys);
  const width = keysOfTile(seen);
  const scratch = tiles(workspace) + 2 * ((bytes(QUERY_TILE * width) + 63) & ~63);
  beginRows(workspace, rows);
  for (let r: u32 = 0; r < rows; r++) {
    const at = bytes((first + r) * strideOut);
    store<f32>(deltas(workspace) + bytes(r), dot_f32(head.dOut + at, head.out + at, i.size));
  }
  for (let begin: u32 = 0; begin < seen; begin += width) {
    joinTile(i, scratch, first, rows, begin, min(width, seen - begin));
  }
  for (let begin: u32 = 0; begin < seen; begin += width) {
    const count = min(width, seen - begin);
    if (width < seen) exponentialTile(i, scratch, first, rows, begin, count);
    gradientTile(i, scratch, first, rows, begin, count);
  }
}

/**
 * formula: with w the weights, z the factors of dropout, dW = z ∘ dOut·Vᵀ and δ[q] = Σ dOut[q]·out[q]:
 *          dS = scale · w ∘ (dW − δ); dV += (w ∘ z)ᵀ·dOut, dQ += dS·K, dK += dSᵀ·Q
 * inverts: out = (w ∘ z)·V, w = softmax(scale · Q·Kᵀ)
 * edge:    a query that sees no key has the gradient 0
 */
export function execAttentionBackward(pc: usize): u32 {
  const i = changetype<AttentionBackward>(pc);
  const queries = i.queries;
  const strideOut = i.heads * i.size;
  for (let b: u32 = 0; b < i.batch; b++) {
    for (let h: u32 = 0; h < i.heads; h++) {
      const column = bytes(h * i.size);
      const atQ = bytes(b * queries * i.strideQ) + column;
      const atK = bytes(b * i.keys * i.strideK) + column;
      const atV = bytes(b * i.keys * i.strideV) + column;
      const atOut = bytes(b * queries * strideOut) + column;
      head.dQ = i.dQ + atQ;
      head.dK = i.dK + atK;
      head.dV = i.dV + atV;
      head.dOut = i.dOut + atOut;
      head.out = i.out + atOut;
      head.q = i.q + atQ;
      head.k = i.k + atK;
      head.v = i.v + atV;
      head.mask = i.mask ? i.mask + bytes(b * i.keys) : 0;
      head.number = b * i.heads + h;
      for (let first: u32 = 0; first < queries; first += QUERY_TILE) {
        backwardTile(i, first, min(QUERY_TILE, queries - first));
      }
    }
  }
  return 0;
}
