// Monitors: what is kept of a run. The core writes into buffers; when one is full the program stops, the host takes its
// contents, and the program goes on.
import type { NeuronRange } from '../group.ts';
import { SpikeMonitor } from './spikes.ts';
import { StateMonitor, type StateMonitorOptions } from './states.ts';

/** What all monitors may be told. */
export interface MonitorOptions {
  /** The most bytes that it may keep; 256 MiB by default. */
  maximumBytes?: number;
}

/** The spikes of neurons. */
export function monitor(target: NeuronRange, what: 'spikes', options?: MonitorOptions): SpikeMonitor;
/** States of neurons, by their names. */
export function monitor(
  target: NeuronRange,
  what: string | readonly string[],
  options?: StateMonitorOptions,
): StateMonitor;
/**
 * Records spikes or states from now on.
 * @throws RangeError for an unknown state or a neuron outside the group
 */
export function monitor(
  target: NeuronRange,
  what: string | readonly string[],
  options: StateMonitorOptions = {},
): SpikeMonitor | StateMonitor {
  const { parts } = target.group;
  parts.changed();
  if (what === 'spikes') {
    const spikes = new SpikeMonitor(target, options);
    parts.recorders.push(spikes);
    return spikes;
  }
  const states = new StateMonitor(target, [what].flat(), options);
  parts.observers.push(states);
  return states;
}
