// What monitors see, and the check of a state. An instruction with no room left stops the program; once the host has
// emptied its buffer, the program goes on at that very instruction.
import { CheckState, RecordRate, RecordSpikes, RecordStates } from './instructions';
import { Clock, slotOf } from './clock';

/** The spikes that this step ends with. */
export function execRecordSpikes(pc: usize): usize {
  const i = changetype<RecordSpikes>(pc);
  const label = changetype<Clock>(i.clock).step + 1;
  const slot = slotOf(i.spikes, label);
  const spikes = load<u32>(slot);
  let used = load<u32>(i.used);
  if (used + spikes > i.capacity) return 0;
  for (let k: u32 = 0; k < spikes; k++) {
    const neuron = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (neuron >= i.count) continue;
    const pair = i.out + 8 * usize(used++);
    store<u32>(pair, label);
    store<u32>(pair, neuron, 4);
  }
  store<u32>(i.used, used);
  return pc + offsetof<RecordSpikes>();
}

export function execRecordRate(pc: usize): usize {
  const i = changetype<RecordRate>(pc);
  const label = changetype<Clock>(i.clock).step + 1;
  const used = load<u32>(i.used);
  const ends = label % i.every == i.phase;
  if (ends && used >= i.capacity) return 0;
  const slot = slotOf(i.spikes, label);
  const spikes = load<u32>(slot);
  let sum = load<u32>(i.used, 4);
  for (let k: u32 = 0; k < spikes; k++) sum += u32(load<u32>(slot + 4 + 4 * usize(k)) - i.first < i.count);
  if (ends) {
    const pair = i.out + 8 * usize(used);
    store<u32>(pair, label);
    store<u32>(pair, sum, 4);
    store<u32>(i.used, used + 1);
    sum = 0;
  }
  store<u32>(i.used, sum, 4);
  return pc + offsetof<RecordRate>();
}

/** out[used][n] = state[indices[n]], as it is at the beginning of the step. */
@inline
function recordStates<T>(i: RecordStates, row: u32): void {
  let out = i.out + usize(row) * i.n * sizeof<T>();
  for (let k: u32 = 0; k < i.n; k++, out += sizeof<T>()) {
    const index = load<u32>(i.indices + 4 * usize(k));
    store<T>(out, load<T>(i.state + usize(index) * sizeof<T>()));
  }
}

export function execRecordStates(pc: usize): usize {
  const i = changetype<RecordStates>(pc);
  if (changetype<Clock>(i.clock).step % i.every == 0) {
    const row = load<u32>(i.used);
    if (row >= i.capacity) return 0;
    if (i.wide) recordStates<f64>(i, row);
    else recordStates<f32>(i, row);
    store<u32>(i.used, row + 1);
  }
  return pc + offsetof<RecordStates>();
}

/** Whether all n numbers are finite: x − x is 0 for those alone. */
@inline
function allFinite<T>(x: usize, n: u32): bool {
  let sum = <T>0;
  for (let k: u32 = 0; k < n; k++) {
    const value = load<T>(x + usize(k) * sizeof<T>());
    sum += value - value;
  }
  return sum == <T>0;
}

export function execCheckState(pc: usize): usize {
  const i = changetype<CheckState>(pc);
  if (changetype<Clock>(i.clock).step % i.every == 0) {
    const finite = i.wide ? allFinite<f64>(i.state, i.n) : allFinite<f32>(i.state, i.n);
    if (!finite) return 0;
  }
  return pc + offsetof<CheckState>();
}
