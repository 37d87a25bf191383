// Spikes as the input of an artificial network: counts or traces of each neuron, trial by trial, in a tensor.
import type { Tensor } from '../data/tensor.ts';
import { exp } from '../core/deterministic.ts';
import { positive, wrongKind } from './checks.ts';
import { SpikeMonitor } from './monitors/spikes.ts';
import { ms, Quantities, Quantity, type Time } from './units.ts';

/** When spikes are looked at, and how. */
export interface SpikeFeatureOptions {
  /** Since the beginning of a trial: one time, or several in their order. */
  at: Time | Quantities<'time'>;
  /** When the trials of a simulation begin; one at 0 by default. */
  starts?: Quantities<'time'>;
  /** Each spike as a trace that jumps by 1 and decays so; left out, spikes are counted. */
  tau?: Time;
}

/**
 * What the spikes of recorded neurons are to a readout: [trials, neurons], or [trials, times, neurons] where there are
 * several times. Without `tau` a value counts the neuron's spikes since the time before, or the beginning of the trial;
 * with it, it is Σ e^(−(at − t)/τ) over the trial's spikes so far. A spike at the very beginning belongs to no trial, one
 * at `at` is seen.
 * @param spikes the monitor of a simulation, or of several: their trials one after the other
 * @throws TypeError for what is no monitor of spikes, or a quantity of another kind; RangeError for monitors of unequally
 *   many neurons, times that do not ascend from above 0, or a trial that was not simulated to its end
 */
export function spikeFeatures(
  spikes: SpikeMonitor | readonly SpikeMonitor[],
  { at, starts = ms.each([0]), tau }: SpikeFeatureOptions,
): Tensor {
  const monitors = Array.isArray(spikes) ? (spikes as readonly SpikeMonitor[]) : [spikes as SpikeMonitor];
  const neurons = sizeOfAll(monitors);
  const isOne = at instanceof Quantity;
  const ends = isOne ? [positive(at, 'time', 'spikeFeatures: at')] : ascending(at, 'at');
  const beginnings = timesOf(starts, 'starts');
  const decay = tau === undefined ? undefined : positive(tau, 'time', 'spikeFeatures: tau');
  for (const { target } of monitors)
    for (const start of beginnings) mustBeSimulated(start, ends.at(-1)!, target.group.simulation.time.in(ms));
  const size = ends.length * neurons;
  const trials = monitors.length * beginnings.length;
  const data = new Float32Array(trials * size);
  for (const [m, monitor] of monitors.entries()) {
    const { times, neurons: who, target } = monitor;
    const nearly = target.group.parts.dt / 2;
    for (const [k, start] of beginnings.entries()) {
      const trial = (m * beginnings.length + k) * size;
      const first = firstAfter(times, start + nearly);
      const beyond = firstAfter(times, start + ends.at(-1)! + nearly);
      for (let spike = first; spike < beyond; spike++) {
        const since = times[spike]! - start;
        const seen = ends.findIndex((end) => since < end + nearly);
        // of times beside the grid a spike may be half a step beyond the last
        for (let e = seen < 0 ? ends.length - 1 : seen; e < ends.length; e++) {
          data[trial + e * neurons + who[spike]!]! += decay === undefined ? 1 : exp(-(ends[e]! - since) / decay);
          if (decay === undefined) break;
        }
      }
    }
  }
  return { data, shape: isOne ? [trials, neurons] : [trials, ends.length, neurons] };
}

/** The place of the first time above a limit, among times that ascend. */
function firstAfter(times: Float64Array, limit: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

function sizeOfAll(monitors: readonly SpikeMonitor[]): number {
  for (const each of monitors as readonly unknown[])
    if (!(each instanceof SpikeMonitor))
      throw new TypeError(`spikeFeatures: expected a monitor of spikes, got ${each === null ? 'null' : typeof each}`);
  const sizes = new Set(monitors.map(({ target }) => target.size));
  if (sizes.size !== 1)
    throw new RangeError(
      `spikeFeatures: expected monitors of as many neurons each, got ${[...sizes].join(' and ') || 'no monitor'}`,
    );
  return monitors[0]!.target.size;
}

function timesOf(times: unknown, what: string): Float64Array {
  if (!(times instanceof Quantities) || times.dimension !== 'time')
    throw wrongKind(times, 'time', `spikeFeatures: ${what}`);
  const values = times.values;
  if (values.length === 0) throw new RangeError(`spikeFeatures: ${what}: expected at least one time`);
  if (values.some((t) => !(t >= 0)))
    throw new RangeError(`spikeFeatures: ${what}: expected times from 0 up, got ${values.find((t) => !(t >= 0))} ms`);
  return values;
}

function ascending(times: unknown, what: string): Float64Array {
  const values = timesOf(times, what);
  const bad = values.findIndex((t, k) => !(t > (k ? values[k - 1]! : 0)));
  if (bad >= 0)
    throw new RangeError(
      `spikeFeatures: ${what}: expected times that ascend from above 0, got ${values[bad]} ms${bad ? ` after ${values[bad - 1]} ms` : ''}`,
    );
  return values;
}

function mustBeSimulated(start: number, end: number, simulated: number): void {
  if (start + end > simulated * (1 + 1e-12))
    throw new RangeError(
      `spikeFeatures: the trial from ${start} ms ends at ${start + end} ms, and ${simulated} ms were simulated`,
    );
}
