// What the update kernels share: an operand's scalars, whole and partly filled vectors.
import { Update } from '../instructions';
import { loadTail, storeTail } from '../lanes';

/** The scalar at `index` of an update's list, on all lanes. */
@inline
export function scalar(i: Update, index: usize): v128 {
  return v128.load32_splat(i.scalars + (index << 2));
}

/** `count` lanes: a whole vector where it is 4 (known when compiled), else a tail. */
@inline
export function loadLanes(address: usize, count: u32): v128 {
  return count == 4 ? v128.load(address) : loadTail(address, count);
}

@inline
export function storeLanes(address: usize, value: v128, count: u32): void {
  if (count == 4) v128.store(address, value);
  else storeTail(address, value, count);
}

/** The end of the whole vectors of n floats at `address`. */
@inline
export function vectorEnd(address: usize, n: u32): usize {
  return address + ((n & ~3) << 2);
}
