// Gap junctions: electrical coupling between neurons, I = g (v_other − v_own) in both.
// Order: all junctions see the potentials at the beginning of the step, before any jump that arrives in it; the currents
// flow for the step, beside those from outside. The coupling is therefore of first order in the step, and stable for
// dt Σ g / C well below 1.
// source: Bennett, Zukin, Electrical coupling and neuronal synchronization in the mammalian brain, Neuron 41, 2004
import type { PerNeuron } from '../arrays.ts';
import type { NeuronRange } from '../group.ts';
import type { State } from '../models/model.ts';
import { anyOf, resolve, type NumberParameter, type Parameter } from '../parameters.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Dimension } from '../units.ts';
import { checkRange } from './connect.ts';
import type { Pattern } from './rows.ts';

/** How two groups, or the neurons of one, are coupled. */
export interface GapJunctionOptions {
  /** Which neurons are joined. Within one group a pair is one junction, whichever of the two comes first. */
  pattern: Pattern;
  /** One for all junctions or one for each, or a distribution: a density where the groups' currents are densities. */
  conductance: Parameter<'conductance'> | Parameter<'conductance density'> | NumberParameter;
  /** Places on neurons that are trees, of both ends: `dendrite(0.5)`; the soma by default. */
  at?: readonly [string | undefined, string | undefined];
}

/** Where one end of junctions is. */
interface End {
  readonly v: State;
  readonly drive: State;
}

const endOf = ({ group }: NeuronRange, at: string | undefined): End => {
  const suffix = at === undefined ? '' : `@${at}`;
  return { drive: group.receptor(`current${suffix}`), v: group.place(`v${suffix}`) };
};

/** What a conductance must be so that its current is of a dimension. */
const conductanceOf = (current: Dimension | 'number'): Dimension | 'number' =>
  current === 'current' ? 'conductance' : current === 'current density' ? 'conductance density' : 'number';

/** The junctions of one `connectGaps`. */
export class GapJunctions {
  /** How many junctions there are. */
  readonly size: number;
  private readonly parts: SimulationParts;
  private readonly dimension: Dimension | 'number';
  private readonly ends: readonly [End, End];
  private readonly sides: readonly [Uint32Array, Uint32Array];
  private readonly address: number;
  private readonly places: { readonly a: number; readonly b: number };

  /** @internal by `connectGaps` */
  constructor(
    first: NeuronRange,
    second: NeuronRange,
    { pattern, conductance, at = [undefined, undefined] }: GapJunctionOptions,
  ) {
    checkRange(first, 'connectGaps', 'first');
    checkRange(second, 'connectGaps', 'second');
    this.parts = first.group.parts;
    if (second.group.parts !== this.parts) throw new RangeError('connectGaps: the groups are of different simulations');
    this.parts.mustBeNew('connectGaps');
    this.ends = [endOf(first, at[0]), endOf(second, at[1])];
    const [a, b] = this.ends.map(({ drive }) => drive.dimension);
    if (a !== b)
      throw new TypeError(
        `connectGaps: the currents of ${first.group.name} are of kind ${a}, of ${second.group.name} ${b}`,
      );
    this.dimension = conductanceOf(a!);
    const same = first.group === second.group && at[0] === at[1];
    this.sides = junctions(this.parts, first, second, pattern, same);
    this.size = this.sides[0].length;
    const { arrays } = this.parts;
    this.address = arrays.allocate(Math.max(1, this.size), 'gap junctions');
    this.places = {
      a: arrays.integers(this.sides[0], 'gap junctions'),
      b: arrays.integers(this.sides[1], 'gap junctions'),
    };
    this.setConductances(conductance);
  }

  /** A copy of the conductances, junction by junction. */
  get conductances(): Float64Array<ArrayBuffer> {
    return this.parts.arrays.read(this.address, this.size);
  }

  /** @throws TypeError for another kind of quantity, RangeError for one below 0 */
  setConductances(conductance: GapJunctionOptions['conductance']): void {
    const values: PerNeuron = resolve(this.parts, conductance, this.dimension, this.size, 'connectGaps: conductance');
    if (anyOf(values, (x) => x < 0))
      throw new RangeError(`connectGaps: expected no conductance below 0, got ${String(conductance)}`);
    this.parts.arrays.write(this.address, this.size, values);
  }

  /** The numbers in their groups of the two neurons of each junction. */
  pairs(): { first: Uint32Array<ArrayBuffer>; second: Uint32Array<ArrayBuffer> } {
    return { first: Uint32Array.from(this.sides[0]), second: Uint32Array.from(this.sides[1]) };
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    const [a, b] = this.ends;
    const drives = { vA: a.v.address, vB: b.v.address, driveA: a.drive.address, driveB: b.drive.address };
    const { wide } = this.parts.arrays;
    return [
      instruction('GapJunctions', { wide, count: this.size, ...this.places, conductances: this.address, ...drives }),
    ];
  }
}

/** The pairs of a pattern; within one group each once, and no neuron with itself. */
function junctions(
  parts: SimulationParts,
  first: NeuronRange,
  second: NeuronRange,
  pattern: Pattern,
  isOneGroup: boolean,
): [Uint32Array, Uint32Array] {
  const { instance } = parts.arrays;
  const { rows, targets, count } = pattern.rows({
    instance,
    seed: parts.seed,
    nextStream: parts.nextStream,
    sources: first.size,
    targets: second.size,
    firstTarget: second.first,
    diagonal: isOneGroup ? first.first - second.first : undefined,
  });
  const words = instance.memory.u32;
  const seen = new Set<number>();
  const [a, b]: [number[], number[]] = [[], []];
  let source = 0;
  for (let k = 0; k < count; k++) {
    while (words[rows / 4 + source + 1]! <= k) source++;
    const [from, to] = [first.first + source, words[targets / 4 + k]!];
    const key = Math.min(from, to) * first.group.size + Math.max(from, to);
    if (isOneGroup && (from === to || seen.has(key))) continue;
    seen.add(key);
    a.push(from);
    b.push(to);
  }
  return [Uint32Array.from(a), Uint32Array.from(b)];
}

/**
 * Joins neurons by gap junctions: through each flows g (v_other − v_own) into either side.
 * @throws TypeError for a conductance of another kind than the groups' currents ask for; RangeError for one below 0,
 *   or neurons outside their group
 */
export function connectGaps(first: NeuronRange, second: NeuronRange, options: GapJunctionOptions): GapJunctions {
  const made = new GapJunctions(first, second, options);
  first.group.parts.inputs.push(made);
  return made;
}
