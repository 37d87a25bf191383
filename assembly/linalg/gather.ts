// Elements read at indices that are data: along an axis, element by element, and by tuples of indices.
// An index out of range stops the program (the host names the node); a negative one counts from the end.
import { Gather, GatherElements, GatherTuples } from '../instructions';

/** The index within [0, size), or −1 where there is none. */
@inline
export function resolveIndex(index: i32, size: u32): i32 {
  if (index < 0) index += size;
  return u32(index) < size ? index : -1;
}

/**
 * formula: out[o, j, c] = x[o, indices[j], c]
 * shapes: x [outer, axis, inner], indices [n] of i32, out [outer, n, inner]; words
 * alias: none
 * tail: runs of `inner` words are copied whole
 * edge: stops at an index outside [−axis, axis), before anything is written
 */
export function execGather(pc: usize): u32 {
  const i = changetype<Gather>(pc);
  for (let j: u32 = 0; j < i.n; j++) if (resolveIndex(load<i32>(i.indices + (j << 2)), i.axis) < 0) return 1;
  const bytes = i.inner << 2;
  let out = i.out;
  for (let o: u32 = 0; o < i.outer; o++) {
    const x = i.x + o * i.axis * bytes;
    for (let j: u32 = 0; j < i.n; j++, out += bytes) {
      const from = x + resolveIndex(load<i32>(i.indices + (j << 2)), i.axis) * bytes;
      if (i.inner == 1) store<u32>(out, load<u32>(from));
      else memory.copy(out, from, bytes);
    }
  }
  return 0;
}

let outCursor: usize = 0;
let indexCursor: usize = 0;

/** All axes from `axis` on, out and indices advancing densely; false where an index is out of range. */
function gatherAxes(i: GatherElements, axis: u32, x: usize): bool {
  if (axis == i.rank) {
    const index = resolveIndex(load<i32>(indexCursor), i.axis);
    if (index < 0) return false;
    store<u32>(outCursor, load<u32>(x + ((index * i.strideAxis) << 2)));
    outCursor += 4;
    indexCursor += 4;
    return true;
  }
  const entry = i.table + (axis << 2);
  const stride = load<u32>(entry + (i.rank << 2)) << 2;
  for (let k = load<u32>(entry); k; k--, x += stride) if (!gatherAxes(i, axis + 1, x)) return false;
  return true;
}

/**
 * formula: out[i…] = x[i… with the axis's index replaced by indices[i…]]
 * shapes: out and indices of the table's sizes, at most 16 axes
 * alias: none
 * tail: element by element
 * edge: stops at an index outside [−axis, axis)
 */
export function execGatherElements(pc: usize): u32 {
  const i = changetype<GatherElements>(pc);
  outCursor = i.out;
  indexCursor = i.indices;
  return gatherAxes(i, 0, i.x) ? 0 : 1;
}

/** The word that a tuple of indices points at, or −1 where one is out of range. */
export function placeOfTuple(tuple: usize, depth: u32, table: usize): i32 {
  let place: i32 = 0;
  for (let d: u32 = 0; d < depth; d++) {
    const index = resolveIndex(load<i32>(tuple + (d << 2)), load<u32>(table + (d << 2)));
    if (index < 0) return -1;
    place += index * load<i32>(table + ((depth + d) << 2));
  }
  return place;
}

/**
 * formula: out[b, j, c] = x[b, place of indices[b, j, …], c]
 * shapes: indices [batch, n, depth] of i32, out [batch, n, inner]
 * alias: none
 * tail: runs of `inner` words are copied whole
 * edge: stops at an index out of range
 */
export function execGatherTuples(pc: usize): u32 {
  const i = changetype<GatherTuples>(pc);
  const bytes = i.inner << 2;
  let out = i.out;
  let tuple = i.indices;
  for (let b: u32 = 0; b < i.batch; b++) {
    for (let j: u32 = 0; j < i.n; j++, out += bytes, tuple += i.depth << 2) {
      const place = placeOfTuple(tuple, i.depth, i.table);
      if (place < 0) return 1;
      memory.copy(out, i.x + ((b * i.strideBatch + place) << 2), bytes);
    }
  }
  return 0;
}
