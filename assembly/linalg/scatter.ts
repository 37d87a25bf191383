// Elements written at indices that are data, into what is there already. An index out of range stops the program.
import { ScatterElements, ScatterKind, ScatterTuples } from '../instructions';
import { placeOfTuple, resolveIndex } from './gather';

/** The word at `out` becomes kind(it, update). */
function scatterWord(kind: u32, out: usize, update: usize, integers: u32): void {
  if (kind == ScatterKind.Assign) {
    store<u32>(out, load<u32>(update));
    return;
  }
  if (integers) store<i32>(out, combineIntegers(kind, load<i32>(out), load<i32>(update)));
  else store<f32>(out, combineFloats(kind, load<f32>(out), load<f32>(update)));
}

function combineIntegers(kind: u32, a: i32, b: i32): i32 {
  if (kind == ScatterKind.Add) return a + b;
  if (kind == ScatterKind.Multiply) return a * b;
  return kind == ScatterKind.Minimum ? min(a, b) : max(a, b);
}

function combineFloats(kind: u32, a: f32, b: f32): f32 {
  if (kind == ScatterKind.Add) return a + b;
  if (kind == ScatterKind.Multiply) return a * b;
  return kind == ScatterKind.Minimum ? min(a, b) : max(a, b);
}

let indexCursor: usize = 0;
let updateCursor: usize = 0;

/** All axes from `axis` on, indices and updates advancing densely; false where an index is out of range. */
function scatterAxes(i: ScatterElements, axis: u32, out: usize): bool {
  if (axis == i.rank) {
    const index = resolveIndex(load<i32>(indexCursor), i.axis);
    if (index < 0) return false;
    scatterWord(i.kind, out + ((index * i.strideAxis) << 2), updateCursor, i.integers);
    indexCursor += 4;
    updateCursor += 4;
    return true;
  }
  const entry = i.table + (axis << 2);
  const stride = load<u32>(entry + (i.rank << 2)) << 2;
  for (let k = load<u32>(entry); k; k--, out += stride) if (!scatterAxes(i, axis + 1, out)) return false;
  return true;
}

/**
 * formula: out[i… with the axis's index replaced by indices[i…]] = kind(out, updates[i…]), in the order of i
 * shapes: indices and updates of the table's sizes, at most 16 axes; out holds the values to begin with
 * alias: out must not overlap the others
 * tail: element by element
 * edge: stops at an index outside [−axis, axis); NaN propagates through minimum and maximum
 */
export function execScatterElements(pc: usize): u32 {
  const i = changetype<ScatterElements>(pc);
  assert(i.kind <= u32(ScatterKind.Maximum), 'ScatterElements: unknown kind');
  indexCursor = i.indices;
  updateCursor = i.updates;
  return scatterAxes(i, 0, i.out) ? 0 : 1;
}

/**
 * formula: out[place of indices[j, …], c] = kind(out, updates[j, c]), in the order of j
 * shapes: indices [n, depth] of i32, updates [n, inner]; out holds the values to begin with
 * alias: out must not overlap the others
 * tail: element by element
 * edge: stops at an index out of range
 */
export function execScatterTuples(pc: usize): u32 {
  const i = changetype<ScatterTuples>(pc);
  assert(i.kind <= u32(ScatterKind.Maximum), 'ScatterTuples: unknown kind');
  let update = i.updates;
  for (let j: u32 = 0; j < i.n; j++) {
    const place = placeOfTuple(i.indices + ((j * i.depth) << 2), i.depth, i.table);
    if (place < 0) return 1;
    const out = i.out + (place << 2);
    for (let c: u32 = 0; c < i.inner; c++, update += 4) scatterWord(i.kind, out + (c << 2), update, i.integers);
  }
  return 0;
}
