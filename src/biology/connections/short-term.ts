// Short-term plasticity of synapses (Tsodyks, Markram): what a spike releases depends on those before it.
import { notShorterThanStep, positive, valueOf } from '../checks.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Time } from '../units.ts';
import type { NeuronRange } from '../group.ts';

/** The parameters of `shortTermPlasticity`. */
export interface ShortTermOptions {
  /** U: what part of its resources the first spike releases. */
  use: number;
  /** How fast resources come back. */
  tauRecovery: Time;
  /** How fast facilitation fades; 0 ms or left out: there is none. */
  tauFacilitation?: Time;
  /** For how long what was released is active before it recovers; left out, recovery begins at once. */
  tauInactivation?: Time;
}

/** Short-term plasticity, to be given to `connect`. */
export interface ShortTermPlasticity {
  readonly use: number;
  readonly tauRecovery: number;
  readonly tauFacilitation: number;
  readonly tauInactivation: number;
}

/**
 * At each spike u grows by U (1 − u) and a part u of the resources x is released: what arrives is weight · u · x. Between
 * spikes u decays to 0 and x recovers to 1.
 * @throws RangeError for a use outside 0 to 1
 */
export function shortTermPlasticity(options: ShortTermOptions): ShortTermPlasticity {
  const { use, tauRecovery, tauFacilitation, tauInactivation } = options;
  const type = 'shortTermPlasticity';
  if (!(use > 0 && use <= 1)) throw new RangeError(`${type}: expected a use above 0, at most 1, got ${use}`);
  const optional = (time: Time | undefined, key: string) =>
    time === undefined ? 0 : valueOf(time, 'time', `${type}: ${key}`);
  const made = {
    use,
    tauRecovery: positive(tauRecovery, 'time', `${type}: tauRecovery`),
    tauFacilitation: optional(tauFacilitation, 'tauFacilitation'),
    tauInactivation: optional(tauInactivation, 'tauInactivation'),
  };
  if (made.tauFacilitation < 0 || made.tauInactivation < 0) throw new RangeError(`${type}: expected no time below 0`);
  if (made.tauInactivation === made.tauRecovery)
    throw new RangeError(`${type}: expected tauInactivation other than tauRecovery, got ${tauRecovery} for both`);
  return made;
}

/** The states of a connection's sources, and the instruction that steps them. */
export function placeShortTerm(
  { arrays, clock, dt }: SimulationParts,
  { size, first, group }: NeuronRange,
  delay: number,
  options: ShortTermPlasticity,
): { scale: number; instruction(): NeuronInstruction } {
  const array = (initial: number) => {
    const address = arrays.allocate(size, 'short-term plasticity');
    arrays.write(address, size, initial);
    return address;
  };
  const scale = array(0);
  const parameters = arrays.allocate(5, 'short-term plasticity');
  const { use, tauRecovery, tauFacilitation, tauInactivation } = options;
  for (const tau of [tauRecovery, tauFacilitation, tauInactivation])
    if (tau > 0) notShorterThanStep(tau, dt, 'shortTermPlasticity');
  arrays.view(parameters, 5).set([use, tauRecovery, tauFacilitation, tauInactivation, dt]);
  const last = arrays.instance.memory.allocate(4 * size, 'short-term plasticity');
  const states = { parameters, u: array(0), x: array(1), y: array(0), last, scale };
  return {
    scale,
    instruction: () =>
      instruction('ShortTerm', { wide: arrays.wide, clock, spikes: group.log, delay, first, count: size, ...states }),
  };
}
