// Dale's law: all synapses of one neuron excite, or all of them inhibit.
// source: Strata, Harvey, Dale's principle, Brain Res. Bull. 50, 1999
import type { NeuronRange } from '../group.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Rows } from './rows.ts';

export type NeuronSign = 'excitatory' | 'inhibitory';

/** What all sources are, or what each is. */
export type SignParameter = NeuronSign | readonly NeuronSign[];

/** The signs of a range's neurons, 1 or −1, which their group then is to remember. */
export function signsOf(source: NeuronRange, given: SignParameter): Int8Array {
  const { group, first, size } = source;
  const list = typeof given === 'string' ? Array.from({ length: size }, () => given) : given;
  if (list.length !== size) throw new RangeError(`connect: signs: expected ${size} signs, got ${list.length}`);
  const wrong = list.find((sign) => sign !== 'excitatory' && sign !== 'inhibitory');
  if (wrong !== undefined)
    throw new RangeError(`connect: signs: expected excitatory or inhibitory, got ${String(wrong)}`);
  const signs = Int8Array.from(list, (sign) => (sign === 'excitatory' ? 1 : -1));
  const clash = signs.findIndex((sign, i) => group.signs[first + i] === -sign);
  if (clash >= 0)
    throw new RangeError(
      `connect: signs: neuron ${first + clash} of ${group.name} is ${list[clash]} here, and was not in an earlier connection`,
    );
  return signs;
}

/** The sign of each synapse, as numbers of the simulation. */
export function placeSigns(parts: SimulationParts, signs: Int8Array, { rows, count }: Rows): number {
  const { arrays } = parts;
  const address = arrays.allocate(Math.max(1, count), 'signs');
  const ends = arrays.instance.memory.u32.subarray(rows / 4, rows / 4 + signs.length + 1);
  const view = arrays.view(address, count);
  for (const [i, sign] of signs.entries()) view.fill(sign, ends[i], ends[i + 1]);
  return address;
}

/**
 * Refuses weights of the other sign. A conductance has no sign: its receptor tells whether it excites.
 * @param sourceOf the source of a synapse
 */
export function checkSigns(weights: ArrayLike<number>, signs: Int8Array, sourceOf: (synapse: number) => number): void {
  for (let s = 0; s < weights.length; s++) {
    const sign = signs[sourceOf(s)]!;
    if (weights[s]! * sign < 0)
      throw new RangeError(
        `connect: weight: source ${sourceOf(s)} is ${sign > 0 ? 'excitatory' : 'inhibitory'}, got ${weights[s]} at synapse ${s}`,
      );
  }
}
