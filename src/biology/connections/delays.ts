// Delays in steps: one for a connection, or one for each synapse.
import { valueOf } from '../checks.ts';
import { Distribution, resolve } from '../parameters.ts';
import type { SimulationParts } from '../simulation.ts';
import { Quantities, type Time } from '../units.ts';

export type DelayParameter = Time | Quantities<'time'> | Distribution<'time'>;

/** Whether each synapse has a delay of its own. */
export const hasOwnDelays = (delay: DelayParameter | undefined): delay is Quantities<'time'> | Distribution<'time'> =>
  delay instanceof Quantities || delay instanceof Distribution;

/** @throws RangeError for a delay below 0 or between 0 and a step */
export function commonDelay(parts: SimulationParts, delay: Time | undefined): number {
  if (delay === undefined) return 0;
  const time = valueOf(delay, 'time', 'connect: delay');
  check(parts, time, String(delay));
  return parts.steps(time, 'connect: delay');
}

function check({ dt }: SimulationParts, time: number, written: string): void {
  if (time < 0) throw new RangeError(`connect: expected a delay that is not below 0, got ${written}`);
  if (time > 0 && time < dt)
    throw new RangeError(`connect: the delay of ${written} is shorter than the step of ${dt} ms`);
}

/** A ring of the sums to come, and the steps of each synapse. */
export interface OwnDelays {
  readonly delays: number;
  readonly ring: number;
  readonly slots: number;
  readonly n: number;
}

/** @throws RangeError for a delay below 0 or, where delays are listed, between 0 and a step */
export function ownDelays(
  parts: SimulationParts,
  delay: Quantities<'time'> | Distribution<'time'>,
  synapses: number,
  n: number,
): OwnDelays {
  const { arrays, dt } = parts;
  const times = resolve(parts, delay, 'time', synapses, 'connect: delay') as Float64Array;
  const isListed = delay instanceof Quantities;
  for (const time of times) if (isListed || time < 0) check(parts, time, `${time} ms`);
  const steps = Uint32Array.from(times, (time) => Math.round(time / dt));
  const slots = steps.reduce((a, b) => Math.max(a, b), 0) + 1;
  const ring = arrays.instance.memory.allocate(slots * arrays.paddedBytes(n), 'delays');
  return { delays: arrays.integers(steps, 'delays'), ring, slots, n };
}
