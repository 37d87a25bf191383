// Rows of a table by integer indices: gathered, and their gradients added up; and rows written behind those of a cache.
// Shapes: N indices, a table of R rows and C columns, B samples.
import { AppendRows, Embed, IndexMask, EmbedBackward } from '../instructions';
import { bytes } from '../linalg/block';
import { axpy_f32 } from '../linalg/dot';

/** Whether all of indices[n] are in 0 to rows − 1: a negative one is a large unsigned number. */
function inRange(indices: usize, n: u32, rows: u32): bool {
  for (const end = indices + bytes(n); indices < end; indices += 4) if (load<u32>(indices) >= rows) return false;
  return true;
}

/**
 * formula: out[i] = table[indices[i]], 0 where indices[i] = padding
 * shapes:  out[N, C], table[R, C], indices[N] i32
 */
export function embed_f32(out: usize, table: usize, indices: usize, n: u32, columns: u32, padding: i32): void {
  const row = bytes(columns);
  for (const end = indices + bytes(n); indices < end; indices += 4, out += row) {
    const index = load<i32>(indices);
    if (index == padding) memory.fill(out, 0, row);
    else memory.copy(out, table + row * index, row);
  }
}

export function execEmbed(pc: usize): u32 {
  const i = changetype<Embed>(pc);
  if (!inRange(i.indices, i.n, i.rows)) return 1;
  embed_f32(i.out, i.table, i.indices, i.n, i.columns, i.padding);
  return 0;
}

/**
 * formula: dTable[r] = Σ dOut[i] over the i with indices[i] = r, added in the order of i; 0 for padding
 * inverts: out[i] = table[indices[i]]
 * edge:    the same bits at every run: no sum depends on anything but the indices
 */
export function embedBackward_f32(
  dTable: usize,
  dOut: usize,
  indices: usize,
  n: u32,
  rows: u32,
  columns: u32,
  padding: i32,
): void {
  const row = bytes(columns);
  memory.fill(dTable, 0, row * rows);
  for (const end = indices + bytes(n); indices < end; indices += 4, dOut += row) {
    const index = load<i32>(indices);
    const to = dTable + row * index;
    if (index != padding) axpy_f32(to, dOut, to, columns, 1);
  }
}

export function execEmbedBackward(pc: usize): u32 {
  const i = changetype<EmbedBackward>(pc);
  if (!inRange(i.indices, i.n, i.rows)) return 1;
  embedBackward_f32(i.dTable, i.dOut, i.indices, i.n, i.rows, i.columns, i.padding);
  return 0;
}

export function execIndexMask(pc: usize): u32 {
  const i = changetype<IndexMask>(pc);
  let out = i.out;
  let indices = i.indices;
  const padding = i32x4.splat(i.padding);
  const one = f32x4.splat(1);
  let n = i.n;
  for (; n >= 4; n -= 4, out += 16, indices += 16) {
    v128.store(out, v128.and(one, i32x4.ne(v128.load(indices), padding)));
  }
  for (; n; n--, out += 4, indices += 4) store<f32>(out, load<i32>(indices) != i.padding ? 1 : 0);
  return 0;
}

/** Nothing is written where a sample's rows do not fit behind its position. */
export function execAppendRows(pc: usize): u32 {
  const i = changetype<AppendRows>(pc);
  const row = bytes(i.columns);
  for (let b: u32 = 0; b < i.batch; b++) {
    const position = load<u32>(i.positions + bytes(b * i.rows));
    if (position > i.length || i.rows > i.length - position) return 1;
  }
  let x = i.x;
  for (let b: u32 = 0; b < i.batch; b++) {
    const position = load<u32>(i.positions + bytes(b * i.rows));
    let to = i.cache + row * (b * i.length + position);
    for (let r: u32 = 0; r < i.rows; r++, to += row, x += bytes(i.strideX)) memory.copy(to, x, row);
  }
  return 0;
}
