// Connections drawn at random, row by row: the targets of a source are a function of the seed, the stream and the
// source alone, not of the order in which rows are made. counter = (block, source, stream, 2).
import { ConnectDegree, ConnectDistance, ConnectProbability, DistanceKind, TransposeRows } from './instructions';
import { expBounded_f32x4, log_f32x4 } from '../math';
import { philoxBlocks, transposeWords, unit, word0, word1, word2, word3 } from '../random';

const skips: usize = memory.data(64, 16);
/** 2⁻²⁴ */
const UNIT: f32 = 5.9604644775390625e-8;

/** How many targets are left out before the next one: ⌊ln u / ln(1 − p)⌋, u in (0, 1]. */
@inline
function skipsOf(word: v128, inverseLog: v128): v128 {
  const u = f32x4.add(unit(word), f32x4.splat(UNIT));
  return i32x4.trunc_sat_f32x4_s(f32x4.mul(log_f32x4(u), inverseLog));
}

function sixteenSkips(block: u32, i: ConnectProbability, source: u32): void {
  const inverseLog = f32x4.splat(i.inverseLog);
  philoxBlocks(block, source, i.stream, 2, i.seedLow, i.seedHigh);
  v128.store(skips, skipsOf(word0, inverseLog));
  v128.store(skips, skipsOf(word1, inverseLog), 16);
  v128.store(skips, skipsOf(word2, inverseLog), 32);
  v128.store(skips, skipsOf(word3, inverseLog), 48);
}

/** The row of one source from `used` on; returns where the next row begins, beyond the capacity when it was full. */
function probabilityRow(i: ConnectProbability, source: u32, used: u32): u32 {
  const leftOut: i64 = i.distinct ? i64(source) + i.diagonal : -1;
  let target: i64 = -1;
  let block: u32 = 0;
  while (true) {
    sixteenSkips(block, i, source);
    block += 4;
    for (let k: usize = 0; k < 64; k += 4) {
      target += 1 + i64(load<i32>(skips + k));
      if (target >= i64(i.targets)) return used;
      if (target == leftOut) continue;
      if (used >= i.capacity) return i.capacity + 1;
      store<u32>(i.out + 4 * usize(used++), u32(target) + i.first);
    }
  }
}

/**
 * formula: each target with probability p: the gaps between targets are geometric
 * shapes:  rows[sources + 1], out[capacity]; targets of a row ascend
 */
export function execConnectProbability(pc: usize): usize {
  const i = changetype<ConnectProbability>(pc);
  let used: u32 = 0;
  store<u32>(i.rows, 0);
  for (let source: u32 = 0; source < i.sources; source++) {
    used = probabilityRow(i, source, used);
    if (used > i.capacity) return 0;
    store<u32>(i.rows + 4 * usize(source + 1), used);
  }
  return pc + offsetof<ConnectProbability>();
}

const words: usize = memory.data(64, 16);

/** Sixteen random words of a row, in `words`. counter = (block, row, stream, last) */
function sixteenWords(block: u32, row: u32, stream: u32, last: u32, seedLow: u32, seedHigh: u32): void {
  philoxBlocks(block, row, stream, last, seedLow, seedHigh);
  transposeWords();
  v128.store(words, word0);
  v128.store(words, word1, 16);
  v128.store(words, word2, 32);
  v128.store(words, word3, 48);
}

/** One row: numbers below `choices` from the high bits of a product, those that may not be drawn again. */
function degreeRow(i: ConnectDegree, row: u32, out: usize): void {
  const leftOut: i64 = i.distinct ? i64(row) + i.diagonal : -1;
  let drawn: u32 = 0;
  let block: u32 = 0;
  while (drawn < i.degree) {
    sixteenWords(block, row, i.stream, 3, i.seedLow, i.seedHigh);
    block += 4;
    for (let k: usize = 0; k < 64 && drawn < i.degree; k += 4) {
      const choice = u32((u64(load<u32>(words + k)) * u64(i.choices)) >> 32);
      if (i64(choice) == leftOut) continue;
      if (!i.repeated) {
        if (load<u8>(i.marks + choice)) continue;
        store<u8>(i.marks + choice, 1);
      }
      store<u32>(out + 4 * usize(drawn++), choice + i.first);
    }
  }
  if (i.repeated) return;
  for (let k: u32 = 0; k < i.degree; k++) store<u8>(i.marks + (load<u32>(out + 4 * usize(k)) - i.first), 0);
}

/**
 * formula: in each row `degree` of `choices` numbers, each equally likely (within choices / 2³²)
 * shapes:  out[n, degree], marks[choices]
 * edge:    without repetition degree must not be more than there are choices
 */
export function execConnectDegree(pc: usize): usize {
  const i = changetype<ConnectDegree>(pc);
  for (let row: u32 = 0; row < i.n; row++) degreeRow(i, row, i.out + 4 * usize(row) * i.degree);
  return pc + offsetof<ConnectDegree>();
}

/** The probability at a distance, a lane each. */
@inline
function probabilityAt(i: ConnectDistance, square: v128): v128 {
  const scale = f32x4.splat(i.scale);
  let p = f32x4.splat(i.peak);
  if (i.kind == DistanceKind.Gaussian) {
    const x = f32x4.div(square, f32x4.mul(scale, scale));
    p = f32x4.mul(p, expBounded_f32x4(f32x4.mul(x, f32x4.splat(-0.5))));
  } else if (i.kind == DistanceKind.Exponential) {
    p = f32x4.mul(p, expBounded_f32x4(f32x4.neg(f32x4.div(f32x4.sqrt(square), scale))));
  }
  return v128.and(p, f32x4.le(square, f32x4.splat(i.maximum * i.maximum)));
}

/** The squared distances of four targets from a source; coordinates of targets are in three arrays. */
@inline
function squares(i: ConnectDistance, source: usize, target: u32): v128 {
  let sum = f32x4.splat(0);
  const stride = (usize(i.targets) * 4 + 63) & ~usize(63);
  for (let axis: usize = 0; axis < 3; axis++) {
    const there = v128.load(i.targetPositions + axis * stride + 4 * usize(target));
    const d = f32x4.sub(there, v128.load32_splat(source + 4 * axis));
    sum = f32x4.add(sum, f32x4.mul(d, d));
  }
  return sum;
}

function distanceRow(i: ConnectDistance, source: u32, used: u32): u32 {
  const leftOut: i64 = i.distinct ? i64(source) + i.diagonal : -1;
  const position = i.sourcePositions + 12 * usize(source);
  for (let target: u32 = 0; target < i.targets; target += 4) {
    if (target % 16 == 0) sixteenWords(target / 4, source, i.stream, 4, i.seedLow, i.seedHigh);
    const u = unit(v128.load(words + 4 * usize(target % 16)));
    let bits = i32x4.bitmask(f32x4.lt(u, probabilityAt(i, squares(i, position, target))));
    for (let k = target; bits && k < i.targets; bits >>= 1, k++) {
      if (!(bits & 1) || i64(k) == leftOut) continue;
      if (used >= i.capacity) return i.capacity + 1;
      store<u32>(i.out + 4 * usize(used++), k + i.first);
    }
  }
  return used;
}

/**
 * formula: each pair by itself with probability peak · e^(−d²/2s²), peak · e^(−d/s) or peak, and 0 beyond the maximum
 * shapes:  sourcePositions[sources, 3], targetPositions[3, targets padded to 16], rows[sources + 1], out[capacity]
 */
export function execConnectDistance(pc: usize): usize {
  const i = changetype<ConnectDistance>(pc);
  let used: u32 = 0;
  store<u32>(i.rows, 0);
  for (let source: u32 = 0; source < i.sources; source++) {
    used = distanceRow(i, source, used);
    if (used > i.capacity) return 0;
    store<u32>(i.rows + 4 * usize(source + 1), used);
  }
  return pc + offsetof<ConnectDistance>();
}

/**
 * formula: a counting sort of the synapses by target; within a target the order of the synapses stays
 * shapes:  rows[sources + 1], outRows[targets + 1], outSources and order as many as synapses
 */
export function execTransposeRows(pc: usize): usize {
  const i = changetype<TransposeRows>(pc);
  const synapses = load<u32>(i.rows + 4 * usize(i.sources));
  memory.fill(i.outRows, 0, 4 * (usize(i.targets) + 1));
  for (let s: u32 = 0; s < synapses; s++) {
    const place = i.outRows + 4 * usize(load<u32>(i.columns + 4 * usize(s)) - i.first);
    store<u32>(place, load<u32>(place) + 1);
  }
  // where each target's part ends; filled from behind it becomes where it begins
  let sum: u32 = 0;
  for (let target: u32 = 0; target <= i.targets; target++) {
    const place = i.outRows + 4 * usize(target);
    sum += load<u32>(place);
    store<u32>(place, sum);
  }
  for (let source = i.sources; source > 0; source--) {
    const row = i.rows + 4 * usize(source - 1);
    const begin = load<u32>(row);
    for (let s = load<u32>(row, 4); s > begin; s--) {
      const place = i.outRows + 4 * usize(load<u32>(i.columns + 4 * usize(s - 1)) - i.first);
      const entry = load<u32>(place) - 1;
      store<u32>(place, entry);
      store<u32>(i.outSources + 4 * usize(entry), source - 1);
      if (i.order) store<u32>(i.order + 4 * usize(entry), s - 1);
    }
  }
  return pc + offsetof<TransposeRows>();
}
