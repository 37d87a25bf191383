// Synapses between groups: a pattern, a receptor, weights and a delay.
import { NeuronGroup, type NeuronRange } from '../group.ts';
import type { State } from '../models/model.ts';
import { Distribution, draw, resolve, type NumberParameter, type Parameter } from '../parameters.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import { valueOf } from '../checks.ts';
import type { Dimension, Time } from '../units.ts';
import type { Pattern, Rows } from './rows.ts';

/** How two groups are connected. */
export interface ConnectOptions {
  pattern: Pattern;
  /**
   * What a spike adds: one weight for all synapses, one for each (in the order of sources, and of a source's targets),
   * or a distribution. Its kind is that of the receptor: a current, a conductance, or a potential for the receptor `v`.
   */
  weight: Parameter<Dimension> | NumberParameter;
  /** The target's receptor; not needed where it has only one. `v` jumps at once, `current` flows for one step. */
  receptor?: string;
  /** From spike to arrival, a whole number of steps; 0 by default. */
  delay?: Time;
}

/** The synapses of one `connect`. */
export class Connection {
  readonly source: NeuronRange;
  readonly target: NeuronRange;
  readonly receptor: string;
  private readonly parts: SimulationParts;
  private readonly place: State;
  private readonly delaySteps: number;
  private readonly rows: Rows | undefined;
  private readonly weightAddress: number;
  private readonly shared: boolean;

  /** @internal by `connect` */
  constructor(source: NeuronRange, target: NeuronRange, options: ConnectOptions) {
    this.source = source;
    this.target = target;
    this.parts = target.group.parts;
    if (source.group.parts !== this.parts) throw new RangeError('connect: the groups are of different simulations');
    this.parts.mustBeNew('connect');
    this.receptor = options.receptor ?? onlyReceptor(target.group);
    this.place = target.group.receptor(this.receptor);
    this.delaySteps = delayOf(this.parts, options.delay);
    const { weight, pattern } = options;
    this.shared = typeof weight === 'number' || (typeof weight === 'object' && 'value' in weight);
    // a whole matrix adds rows as vectors
    if (!pattern.isFull || this.shared || target.first) this.rows = pattern.rows(this.rowsContext());
    this.weightAddress = this.placeWeights(weight);
    source.group.remember(this.delaySteps);
  }

  /** The number of synapses. */
  get size(): number {
    return this.rows?.count ?? this.source.size * this.target.size;
  }

  /** A copy of the weights, synapse by synapse: in the order of sources, and of a source's targets. */
  get weights(): Float64Array<ArrayBuffer> {
    const { arrays } = this.parts;
    if (this.shared) return new Float64Array(this.size).fill(arrays.read(this.weightAddress, 1)[0]!);
    if (this.rows) return arrays.read(this.weightAddress, this.size);
    return this.matrixRows((row) => arrays.read(row, this.target.size));
  }

  /** Source and target of each synapse, as numbers within the ranges that were connected. */
  pairs(): { sources: Uint32Array<ArrayBuffer>; targets: Uint32Array<ArrayBuffer> } {
    const { size } = this.target;
    const sources = new Uint32Array(this.size);
    if (!this.rows)
      return {
        sources: sources.map((_, s) => Math.floor(s / size)),
        targets: new Uint32Array(this.size).map((_, s) => s % size),
      };
    const { memory } = this.parts.arrays.instance;
    const ends = memory.u32.subarray(this.rows.rows / 4, this.rows.rows / 4 + this.source.size + 1);
    for (let i = 0; i < this.source.size; i++) sources.fill(i, ends[i]!, ends[i + 1]!);
    const targets = memory.u32.slice(this.rows.targets / 4, this.rows.targets / 4 + this.size);
    return { sources, targets: targets.map((target) => target - this.target.first) };
  }

  /** @internal the delivery of the spikes that arrive in a step */
  instructions(): NeuronInstruction[] {
    const { arrays, clock } = this.parts;
    const { first, size: count, group } = this.source;
    const common = { wide: arrays.wide, clock, spikes: group.log, delay: this.delaySteps, first, count, scale: 0 };
    const places = { ...common, weights: this.weightAddress, out: this.place.address };
    if (!this.rows) return [instruction('PropagateDense', { ...places, n: this.target.size })];
    const { rows, targets } = this.rows;
    return [instruction('Propagate', { ...places, rows, targets, shared: this.shared ? 1 : 0 })];
  }

  private rowsContext() {
    const { source, target, parts } = this;
    const diagonal = source.group === target.group ? source.first - target.first : undefined;
    return {
      instance: parts.arrays.instance,
      seed: parts.seed,
      nextStream: parts.nextStream,
      sources: source.size,
      targets: target.size,
      firstTarget: target.first,
      diagonal,
    };
  }

  private placeWeights(weight: ConnectOptions['weight']): number {
    const { arrays } = this.parts;
    const { dimension } = this.place;
    const n = this.shared ? 1 : this.size;
    if (weight instanceof Distribution && this.rows) {
      if (weight.dimension !== dimension) resolve(this.parts, weight, dimension, n, 'connect: weight');
      const address = arrays.allocate(n, 'weights');
      draw(this.parts, weight, address, n);
      return address;
    }
    const values = resolve(this.parts, weight, dimension, n, 'connect: weight');
    if (!this.rows) return this.placeMatrix(values as Float64Array);
    const address = arrays.allocate(n, 'weights');
    arrays.write(address, n, values);
    return address;
  }

  /** Rows padded to whole vectors. */
  private placeMatrix(values: Float64Array): number {
    const { arrays } = this.parts;
    const { size } = this.target;
    const stride = arrays.paddedBytes(size);
    const address = arrays.instance.memory.allocate(stride * this.source.size, 'weights');
    for (let i = 0; i < this.source.size; i++)
      arrays.write(address + i * stride, size, values.subarray(i * size, (i + 1) * size));
    return address;
  }

  private matrixRows(read: (row: number) => Float64Array): Float64Array<ArrayBuffer> {
    const stride = this.parts.arrays.paddedBytes(this.target.size);
    const all = new Float64Array(this.size);
    for (let i = 0; i < this.source.size; i++) all.set(read(this.weightAddress + i * stride), i * this.target.size);
    return all;
  }
}

function delayOf(parts: SimulationParts, delay: Time | undefined): number {
  if (delay === undefined) return 0;
  const time = valueOf(delay, 'time', 'connect: delay');
  if (time < 0) throw new RangeError(`connect: expected a delay that is not below 0, got ${delay}`);
  if (time > 0 && time < parts.dt)
    throw new RangeError(`connect: the delay of ${delay} is shorter than the step of ${parts.dt} ms`);
  return parts.steps(time, 'connect: delay');
}

function onlyReceptor(group: NeuronGroup): string {
  const names = group.receptorNames;
  if (names.length === 1) return names[0]!;
  throw new TypeError(
    `connect: expected the name of a receptor of ${group.name}, one of ${[...names, 'current', 'v'].join(', ')}`,
  );
}

/**
 * Connects neurons: each spike of a source adds the synapse's weight to the target's receptor after the delay.
 * @throws TypeError for a weight of another kind than the receptor takes; RangeError for a delay shorter than the step,
 *   or a connection outside its groups
 */
export function connect(source: NeuronRange, target: NeuronRange, options: ConnectOptions): Connection {
  const connection = new Connection(source, target, options);
  target.group.parts.deliveries.push(connection);
  return connection;
}
