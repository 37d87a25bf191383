// Connections drawn at random, row by row: the targets of a source are a function of the seed, the stream and the
// source alone, not of the order in which rows are made. counter = (block, source, stream, 2).
import { ConnectProbability } from './instructions';
import { log_f32x4 } from '../math';
import { philoxBlocks, unit, word0, word1, word2, word3 } from '../random';

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
