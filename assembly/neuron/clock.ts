// The clock of a simulation, and the log of a group's spikes: what all instructions of a step share.
// Step s takes the state from time s · dt to (s + 1) · dt. A spike found in it carries the label s + 1, the time of the
// state that crossed the threshold; one with a delay of d steps arrives at the beginning of step s + 1 + d.

@unmanaged
export class Clock {
  step: u32;
  end: u32;
  seedLow: u32;
  seedHigh: u32;
}

/** Room for the spikes of the last `slots` labels: a slot is a count, then that many neurons. */
@unmanaged
export class SpikeLog {
  slots: u32;
  /** Bytes of a slot. */
  stride: u32;
}

/** The slot of a label; the slots begin 16 bytes into the log. */
@inline
export function slotOf(log: usize, label: u32): usize {
  const header = changetype<SpikeLog>(log);
  return log + 16 + usize(label % header.slots) * header.stride;
}
