// What every membrane's block of parameters begins with, and how its step ends.
import { Membrane } from './instructions';
import { appendSpikes, neuronAt, restUntil } from './spikes';
import { signs } from './vectors';

export const THRESHOLD: usize = 0;
export const RESET: usize = 16;
/** Whole numbers: steps. */
export const REFRACTORY: usize = 32;

/** The reset and the log of one vector whose lanes `spiking` are above the threshold. */
@inline
export function spikeAndReset<T>(m: Membrane, slot: usize, at: usize, p: usize, step: u32, spiking: v128): void {
  const v = m.v + at;
  v128.store(v, v128.bitselect(v128.load(p, RESET), v128.load(v), spiking));
  if (m.until) restUntil<T>(m.until + at, spiking, v128.load(p, REFRACTORY), step);
  appendSpikes(slot, neuronAt<T>(at), signs<T>(spiking), m.n);
}

/** As `spikeAndReset` where there is no reset: channels bring the potential back. */
@inline
export function spikeAlone<T>(m: Membrane, slot: usize, at: usize, p: usize, step: u32, spiking: v128): void {
  if (m.until) restUntil<T>(m.until + at, spiking, v128.load(p, REFRACTORY), step);
  appendSpikes(slot, neuronAt<T>(at), signs<T>(spiking), m.n);
}
