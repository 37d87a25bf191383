// Threshold, reset, refractoriness and the log of spikes: what every membrane ends its step with.
// order:  a refractory neuron keeps its potential; else the new potential is stored; where it is above the threshold
//         (strictly) the neuron spikes, its potential becomes the reset at once, and for its refractory steps it rests.
import { slotOf } from './clock';
import { vectorBytes } from './vectors';

/** Empties the slot of a label and returns it. */
@inline
export function emptySlot(log: usize, label: u32): usize {
  const slot = slotOf(log, label);
  store<u32>(slot, 0);
  return slot;
}

/** Appends to a slot the neurons `first` + b for the set bits b, of the n that there are. */
export function appendSpikes(slot: usize, first: u32, bits: u32, n: u32): void {
  let count = load<u32>(slot);
  for (let neuron = first; bits && neuron < n; bits >>= 1, neuron++) {
    if (bits & 1) store<u32>(slot + 4 + 4 * usize(count++), neuron);
  }
  store<u32>(slot, count);
}

/** The lanes that are refractory at this step. */
@inline
export function isRefractory<T>(until: v128, step: u32): v128 {
  if (sizeof<T>() == 4) return i32x4.gt_s(until, i32x4.splat(step));
  return i64x2.gt_s(until, i64x2.splat(step));
}

/** The step until which the lanes that spike are refractory, in the place of what was there. */
@inline
export function restUntil<T>(until: usize, spiking: v128, refractory: v128, step: u32): void {
  const next =
    sizeof<T>() == 4 ? i32x4.add(refractory, i32x4.splat(step + 1)) : i64x2.add(refractory, i64x2.splat(i64(step + 1)));
  v128.store(until, v128.bitselect(next, v128.load(until), spiking));
}

/** The first neuron of the vector at byte offset `at`. */
@inline
export function neuronAt<T>(at: usize): u32 {
  return u32(at / sizeof<T>());
}

/** Whether vectors are left. */
@inline
export function within<T>(at: usize, n: u32): bool {
  return at < vectorBytes<T>(n);
}
