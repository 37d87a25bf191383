// Monitors: what is kept of a run. The core writes into buffers; when one is full the program stops, the host takes its
// contents, and the program goes on.
import { Connection } from '../connections/connect.ts';
import type { NeuronRange } from '../group.ts';
import type { MonitorOptions, SampledMonitorOptions } from './options.ts';
import { RateMonitor } from './rates.ts';
import { SpikeMonitor } from './spikes.ts';
import { StateMonitor, type StateMonitorOptions } from './states.ts';
import { WeightMonitor, type WeightMonitorOptions } from './weights.ts';

type AnyOptions = StateMonitorOptions & WeightMonitorOptions;

/** The spikes of neurons. */
export function monitor(target: NeuronRange, what: 'spikes', options?: MonitorOptions): SpikeMonitor;
/** The mean rate of neurons, in bins. */
export function monitor(target: NeuronRange, what: 'rate', options?: SampledMonitorOptions): RateMonitor;
/** The weights of a connection. */
export function monitor(target: Connection, what: 'weights', options?: WeightMonitorOptions): WeightMonitor;
/** States of neurons, by their names. */
export function monitor(
  target: NeuronRange,
  what: string | readonly string[],
  options?: StateMonitorOptions,
): StateMonitor;
/**
 * Records spikes, a rate, weights or states from now on.
 * @throws RangeError for an unknown state, or a neuron or a synapse that is not there; TypeError for options that
 *   exclude each other, and for spikes, or the rate of spikes, of neurons that never spike
 */
export function monitor(
  target: NeuronRange | Connection,
  what: string | readonly string[],
  options: AnyOptions = {},
): SpikeMonitor | RateMonitor | WeightMonitor | StateMonitor {
  if (target instanceof Connection) {
    if (what !== 'weights') throw new TypeError(`monitor: expected "weights" of a connection, got ${String(what)}`);
    return observe(target.target, (parts) => parts.observers, new WeightMonitor(target, options));
  }
  if (what === 'spikes' || what === 'rate') mustSpike(target, what);
  if (what === 'spikes') return observe(target, (parts) => parts.recorders, new SpikeMonitor(target, options));
  if (what === 'rate') return observe(target, (parts) => parts.recorders, new RateMonitor(target, options));
  return observe(target, (parts) => parts.observers, new StateMonitor(target, [what].flat(), options));
}

function mustSpike({ group: { name, insteadOfSpikes } }: NeuronRange, what: 'spikes' | 'rate'): void {
  if (insteadOfSpikes !== undefined)
    throw new TypeError(`monitor: expected ["${insteadOfSpikes}"] of ${name}, which never spikes, got "${what}"`);
}

type Parts = NeuronRange['group']['parts'];

/** Takes a monitor into the steps. */
function observe<M extends Parts['observers'][number]>(
  { group }: NeuronRange,
  place: (parts: Parts) => Parts['observers'],
  made: M,
): M {
  group.parts.changed();
  place(group.parts).push(made);
  return made;
}
