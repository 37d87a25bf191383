// Groups of neurons, and parts of groups: what connections and monitors are made between.
import type { PerNeuron } from './arrays.ts';
import type { GroupContext, GroupInputs, GroupModel, InitialValues, NeuronModel, State } from './models/model.ts';
import type { Parameter, NumberParameter } from './parameters.ts';
import { resolve } from './parameters.ts';
import { instruction, runOnce, type NeuronInstruction } from './program.ts';
import type { WeightParameter } from './connections/weights.ts';
import { onPreOf } from './equations/on-pre.ts';
import { unknownName } from '../core/nearest.ts';
import { simulationParts, type Simulation, type SimulationParts } from './simulation.ts';
import type { Dimension } from './units.ts';

/** Neurons first … first + size − 1 of a group: the whole of it, or a slice. */
export interface NeuronRange {
  readonly group: NeuronGroup;
  readonly first: number;
  readonly size: number;
}

/** How often the state of a group is looked at for values that are not finite, in steps. */
const checkEvery = 16;

export type { InitialValues };

/** What has spikes: neurons, or a source. */
export class NeuronGroup implements NeuronRange {
  readonly name: string;
  readonly size: number;
  readonly simulation: Simulation;
  readonly first = 0;
  /** @internal */
  readonly parts: SimulationParts;
  private readonly stateMap = new Map<string, State>();
  private readonly made: GroupModel;
  private logSlots = 2;
  private kept: Int8Array | undefined;
  private readonly inputs = { spikes: 0, drive: 0, jump: 0 };

  /** @internal by `neuronGroup` and the sources */
  constructor(simulation: Simulation, size: number, model: NeuronModel, name: string) {
    this.simulation = simulation;
    this.parts = simulationParts(simulation);
    this.size = size;
    this.name = name;
    this.made = model.create(this.context());
    if (this.made.needsDrive) this.receptor('current');
  }

  /** The group itself, as a range of neurons. */
  get group(): NeuronGroup {
    return this;
  }

  /** The names of its states. */
  get states(): string[] {
    return [...this.stateMap.keys()];
  }

  /** The neurons from `start` up to but not including `end`. @throws RangeError when they are not all in the group */
  slice(start: number, end = this.size): NeuronRange {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > this.size || start >= end)
      throw new RangeError(`${this.name}: expected a slice within 0 to ${this.size}, got ${start} to ${end}`);
    return { group: this, first: start, size: end - start };
  }

  /** A copy of a state: potentials in mV, currents in pA, conductances in nS. @throws RangeError for an unknown state */
  get(state: string): Float64Array<ArrayBuffer> {
    return this.parts.arrays.read(this.place(state).address, this.size);
  }

  /**
   * Sets a state: one value, one for each neuron, or a distribution; where the model was given as equations, also an
   * expression such as `'El + 5*mV*randn()'`.
   * @throws as the model for a value of another kind
   */
  set(state: string, value: Parameter<Dimension> | NumberParameter | string): void {
    const { address, dimension, changed } = this.place(state);
    const { arrays } = this.parts;
    if (typeof value === 'string' && this.made.assignment)
      runOnce(arrays.instance, [this.made.assignment(state, value)]);
    else arrays.write(address, this.size, resolve(this.parts, value, dimension, this.size, `${this.name}: ${state}`));
    changed?.();
  }

  /** @internal by neuron, the sign that connections gave it: 1, −1, or 0 where none did (Dale's law) */
  get signs(): Int8Array {
    this.kept ??= new Int8Array(this.size);
    return this.kept;
  }

  /** @internal its rates, where it is told by rates and not by spikes */
  get rates(): State | undefined {
    return this.made.rates;
  }

  /** @internal where its neurons never spike, the state that tells what they do */
  get insteadOfSpikes(): string | undefined {
    return this.made.insteadOfSpikes;
  }

  /** @internal the names of the model's own receptors */
  get receptorNames(): string[] {
    return [...this.made.receptors.keys()];
  }

  /** @internal where a state is */
  place(state: string): State {
    const place = this.stateMap.get(state) ?? this.made.find?.(state);
    if (!place) throw unknownName(`state of ${this.name}`, state, this.states);
    return place;
  }

  /** @internal where what arrives at a receptor is added */
  receptor(name: string): State {
    const placed = this.made.receptor?.(name) ?? this.made.receptors.get(name) ?? this.made.input?.(name);
    if (placed) return placed;
    const known = [...this.made.receptors.keys()];
    if (name === 'current' && this.made.needsDrive)
      return { address: this.input('drive'), dimension: this.made.driveDimension };
    if (this.rates) throw unknownName(`receptor of ${this.name}`, name, ['current']);
    if (this.made.receptor) throw unknownName(`variable of ${this.name} that synapses can add to`, name, known);
    if (!this.stateMap.has('v')) throw new RangeError(`${this.name} is a source, to which nothing can be connected`);
    if (name === 'current') return { address: this.input('drive'), dimension: this.made.driveDimension };
    if (name === 'v') return { address: this.input('jump'), dimension: this.place('v').dimension };
    throw unknownName(`receptor of ${this.name}`, name, [...known, 'current', 'v']);
  }

  /** @internal the receptor and the weight of a statement such as `ge += w` */
  onPre(text: string, weight: WeightParameter | undefined): { receptor: string; weight: WeightParameter } {
    const names = this.made.receptor ? this.receptorNames : [...this.receptorNames, 'current', 'v'];
    const constants = this.made.constantNumbers ?? new Map();
    return onPreOf(text, weight, { names, constants, dimension: (name) => this.receptor(name).dimension });
  }

  /** @internal keeps the spikes of so many steps */
  remember(steps: number): void {
    this.logSlots = Math.max(this.logSlots, steps + 2);
  }

  /** @internal the address of its log of spikes, made when the simulation begins */
  get log(): number {
    if (!this.inputs.spikes) this.makeLog();
    return this.inputs.spikes;
  }

  /** @internal what it does in a step */
  instructions(): NeuronInstruction[] {
    const inputs: GroupInputs = { ...this.inputs, spikes: this.log };
    return this.made.instructions(inputs);
  }

  /** @internal the checks of its states */
  checks(): NeuronInstruction[] {
    const { arrays, clock } = this.parts;
    return this.made.checked.map(({ address }) =>
      instruction('CheckState', { wide: arrays.wide, clock, every: checkEvery, n: this.size, state: address }, () =>
        this.parts.diverged(this, address),
      ),
    );
  }

  /** @internal the name of the state at an address */
  nameOf(address: number): string {
    for (const [name, state] of this.stateMap) if (state.address === address) return name;
    return 'a hidden state';
  }

  private input(kind: 'drive' | 'jump'): number {
    if (!this.inputs[kind]) {
      this.parts.mustBeNew(`${this.name}: an input`);
      this.inputs[kind] = this.parts.arrays.allocate(this.size, this.name);
    }
    return this.inputs[kind];
  }

  private makeLog(): void {
    const { memory } = this.parts.arrays.instance;
    const stride = 4 * (1 + this.size);
    const address = memory.allocate(16 + stride * this.logSlots, `the spikes of ${this.name}`);
    memory.u32.set([this.logSlots, stride], address / 4);
    this.inputs.spikes = address;
  }

  private context(): GroupContext {
    const { parts, size, name } = this;
    const { arrays } = parts;
    const allocate = () => arrays.allocate(size, name);
    return {
      ...parts,
      name,
      size,
      state: (key, dimension, initial, changed) => {
        const state = { address: allocate(), dimension, changed };
        this.stateMap.set(key, state);
        fill(arrays.view(state.address, arrays.paddedBytes(size) / arrays.bytes), initial);
        return state;
      },
      hidden: allocate,
      placed: (key, state) => this.stateMap.set(key, state),
      resolve: (parameter, dimension, what) => resolve(parts, parameter, dimension, size, `${name}: ${what}`),
    };
  }
}

/** Fills an array and its padding, which has the value of the last neuron. */
function fill(view: Float32Array | Float64Array, values: PerNeuron): void {
  if (typeof values === 'number') {
    view.fill(values);
    return;
  }
  view.set(values);
  view.fill(values.at(-1)!, values.length);
}

/** What is given with a group. */
export interface NeuronGroupOptions {
  /** For errors and reports. */
  name?: string;
  /** Values of states at the beginning, by name. */
  initial?: InitialValues;
}

/**
 * A group of neurons of one model.
 * @throws RangeError for a size that is not a whole number from 1, or a parameter that does not fit
 */
export function neuronGroup(
  simulation: Simulation,
  size: number,
  model: NeuronModel,
  options: NeuronGroupOptions = {},
): NeuronGroup {
  const group = makeGroup(simulation, size, model, options.name);
  for (const [state, value] of Object.entries({ ...model.initial, ...options.initial })) group.set(state, value);
  return group;
}

/** @internal */
export function makeGroup(simulation: Simulation, size: number, model: NeuronModel, name?: string): NeuronGroup {
  const parts = simulationParts(simulation);
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 31)
    throw new RangeError(`${model.type}: expected a whole number of neurons from 1, got ${size}`);
  parts.mustBeNew('neuronGroup');
  const group = new NeuronGroup(simulation, size, model, name ?? `${model.type} ${parts.groups.length}`);
  parts.groups.push(group);
  return group;
}
