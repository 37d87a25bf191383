// What comes from outside: currents given for each step, and spikes at given times.
import { Drive, SpikeTimes } from './instructions';
import { Clock } from './clock';
import { appendSpikes, emptySlot } from './spikes';

/**
 * formula: drive[n] += values[step − first][n or 0] for first ≤ step < first + rows
 * shapes:  drive[n], values[rows, columns], columns n or 1
 */
@inline
function drive<T>(i: Drive, row: u32): void {
  const values = i.values + usize(row) * i.columns * sizeof<T>();
  for (let k: u32 = 0; k < i.n; k++) {
    const target = i.drive + usize(k) * sizeof<T>();
    const value = load<T>(values + (i.columns == 1 ? 0 : usize(k) * sizeof<T>()));
    store<T>(target, load<T>(target) + value);
  }
}

export function execDrive(pc: usize): usize {
  const i = changetype<Drive>(pc);
  const row = changetype<Clock>(i.clock).step - i.first;
  if (row < i.rows) {
    if (i.wide) drive<f64>(i, row);
    else drive<f32>(i, row);
  }
  return pc + offsetof<Drive>();
}

/** The spikes of the list that carry the label of this step's end; those with an earlier label are passed over. */
export function execSpikeTimes(pc: usize): usize {
  const i = changetype<SpikeTimes>(pc);
  const label = changetype<Clock>(i.clock).step + 1;
  const slot = emptySlot(i.spikes, label);
  let at = load<u32>(i.cursor);
  for (; at < i.count; at++) {
    const due = load<u32>(i.steps + 4 * usize(at));
    if (due > label) break;
    if (due == label) appendSpikes(slot, load<u32>(i.neurons + 4 * usize(at)), 1, u32.MAX_VALUE);
  }
  store<u32>(i.cursor, at);
  return pc + offsetof<SpikeTimes>();
}
