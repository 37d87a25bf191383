// Words moved by any pattern that goes axis by axis: transposes of any rank, slices with steps, repetition, padding,
// gathers along an axis by indices that are known. And the choice between two arrays, element by element.
// Not here: what moves whole runs (copy.ts), indices that are known only as the program runs (gather.ts).
import { MISSING, Rearrange, Select } from '../instructions';
import { fill_f32 } from './copy';

/** Below so many words a loop is faster than a call. */
const FEW_WORDS: u32 = 8;

/** The words of out below one index of `axis`: the product of the later sizes. */
function wordsBelow(i: Rearrange, axis: u32): u32 {
  let words: u32 = 1;
  for (let a = axis + 1; a < i.rank; a++) words *= load<u32>(i.table + (a << 2));
  return words;
}

/** The last axis by a list: out[n] = x[offsets[n]], or the fill. */
@inline
function pick(out: usize, x: usize, n: u32, offsets: usize, fill: u32): void {
  for (const end = out + (n << 2); out < end; out += 4, offsets += 4) {
    const offset = load<u32>(offsets);
    store<u32>(out, offset == MISSING ? fill : load<u32>(x + (offset << 2)));
  }
}

/** The last axis by a stride in words. */
@inline
function walk(out: usize, x: usize, n: u32, stride: u32): void {
  if (stride == 1) {
    if (n >= FEW_WORDS) {
      memory.copy(out, x, n << 2);
      return;
    }
    for (const end = out + (n << 2); out < end; out += 4, x += 4) store<u32>(out, load<u32>(x));
    return;
  }
  if (stride == 0) {
    fill_f32(out, n, load<u32>(x));
    return;
  }
  const step = stride << 2;
  for (const end = out + (n << 2); out < end; out += 4, x += step) store<u32>(out, load<u32>(x));
}

/** All axes from `axis` on, out advancing densely; returns where out ends. */
function rearrangeAxes(i: Rearrange, axis: u32, out: usize, x: usize): usize {
  const entry = i.table + (axis << 2);
  const size = load<u32>(entry);
  const stride = load<u32>(entry + (i.rank << 2));
  const list = load<u32>(entry + (i.rank << 3));
  const offsets = list ? i.table + (list << 2) : 0;
  if (axis + 1 == i.rank) {
    if (offsets) pick(out, x, size, offsets, i.fill);
    else walk(out, x, size, stride);
    return out + (size << 2);
  }
  const below = offsets ? wordsBelow(i, axis) : 0;
  for (let k: u32 = 0; k < size; k++) {
    const offset = offsets ? load<u32>(offsets + (k << 2)) : k * stride;
    if (offsets && offset == MISSING) {
      fill_f32(out, below, i.fill);
      out += below << 2;
    } else out = rearrangeAxes(i, axis + 1, out, x + (offset << 2));
  }
  return out;
}

/**
 * formula: out[i0, i1, …] = x[Σ offset(i)], the fill where an axis has no element
 * shapes: out dense row-major over the table's sizes, at most 16 axes; rank 0 is one element
 * alias: out and x must not overlap
 * tail: runs of stride 1 are copied whole, all else goes word by word
 * edge: offsets are taken modulo 2³²: a stride may be negative
 */
export function execRearrange(pc: usize): u32 {
  const i = changetype<Rearrange>(pc);
  assert(i.rank <= 16, 'Rearrange: more than 16 axes');
  if (i.rank) rearrangeAxes(i, 0, i.out, i.x);
  else store<u32>(i.out, load<u32>(i.x));
  return 0;
}

/** The last axis of a choice. */
function selectRow(out: usize, c: usize, a: usize, b: usize, n: u32, strideC: u32, strideA: u32, strideB: u32): void {
  for (const end = out + (n << 2); out < end; out += 4) {
    store<u32>(out, load<u32>(c) ? load<u32>(a) : load<u32>(b));
    c += strideC << 2;
    a += strideA << 2;
    b += strideB << 2;
  }
}

function selectAxes(i: Select, axis: u32, out: usize, c: usize, a: usize, b: usize): usize {
  const row = i.rank << 2;
  const entry = i.table + (axis << 2);
  const size = load<u32>(entry);
  const strideC = load<u32>(entry + row);
  const strideA = load<u32>(entry + 2 * row);
  const strideB = load<u32>(entry + 3 * row);
  if (axis + 1 == i.rank) {
    selectRow(out, c, a, b, size, strideC, strideA, strideB);
    return out + (size << 2);
  }
  for (let k: u32 = 0; k < size; k++) {
    out = selectAxes(i, axis + 1, out, c, a, b);
    c += strideC << 2;
    a += strideA << 2;
    b += strideB << 2;
  }
  return out;
}

/**
 * formula: out[…] = condition[…] ≠ 0 ? a[…] : b[…], each walked by its strides
 * shapes: out dense row-major over the table's sizes, at most 16 axes; rank 0 is one element
 * alias: out may be an operand that is dense as out is
 * tail: word by word
 */
export function execSelect(pc: usize): u32 {
  const i = changetype<Select>(pc);
  assert(i.rank <= 16, 'Select: more than 16 axes');
  if (i.rank) selectAxes(i, 0, i.out, i.condition, i.a, i.b);
  else selectRow(i.out, i.condition, i.a, i.b, 1, 0, 0, 0);
  return 0;
}
