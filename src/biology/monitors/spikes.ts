// Records which neuron spiked when.
import type { NeuronRange } from '../group.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import { recordsFor, type MonitorOptions } from './options.ts';
import { defaultMaximum, type Records } from './records.ts';
import { positive } from '../checks.ts';
import type { Time } from '../units.ts';

/** The spikes of a range of neurons, in the order of time. */
export class SpikeMonitor {
  readonly target: NeuronRange;
  private readonly parts: SimulationParts;
  private readonly maximumBytes: number;
  private readonly capacity: number;
  private readonly buffer: number;
  private readonly used: number;
  /** Pairs of step and neuron. */
  private readonly records: Records<Uint32Array<ArrayBuffer>>;

  /** @internal by `monitor` */
  constructor(target: NeuronRange, options: MonitorOptions) {
    this.target = target;
    this.parts = target.group.parts;
    const { memory } = this.parts.arrays.instance;
    const what = `monitor of the spikes of ${target.group.name}`;
    this.maximumBytes = options.maximumBytes ?? defaultMaximum;
    this.records = recordsFor(this.parts, (n) => new Uint32Array(n), 2, what, options);
    this.capacity = Math.max(target.group.size, 4096);
    this.buffer = memory.allocate(8 * this.capacity, 'monitor of spikes');
    this.used = memory.allocate(4, 'monitor of spikes');
  }

  /** How many spikes are kept. */
  get count(): number {
    return this.records.all.length / 2;
  }

  /** Their times in ms. */
  get times(): Float64Array<ArrayBuffer> {
    const { all } = this.records;
    return new Float64Array(all.length / 2).map((_, k) => all[2 * k]! * this.parts.dt);
  }

  /** The neurons that spiked, as numbers within the range. */
  get neurons(): Uint32Array<ArrayBuffer> {
    const { all } = this.records;
    return new Uint32Array(all.length / 2).map((_, k) => all[2 * k + 1]!);
  }

  /** The times of one neuron's spikes in ms. */
  train(neuron: number): Float64Array<ArrayBuffer> {
    const { all } = this.records;
    const times: number[] = [];
    for (let k = 0; k < all.length; k += 2) if (all[k + 1] === neuron) times.push(all[k]! * this.parts.dt);
    return Float64Array.from(times);
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    const { group, first, size } = this.target;
    const { clock } = this.parts;
    const places = { out: this.buffer, capacity: this.capacity, used: this.used };
    const operands = { clock, spikes: group.log, first, count: size, ...places };
    return [instruction('RecordSpikes', operands, () => this.drain())];
  }

  /** @internal takes what the core has written */
  drain(): void | Promise<void> {
    const { memory } = this.parts.arrays.instance;
    const pairs = memory.u32[this.used / 4]!;
    memory.u32[this.used / 4] = 0;
    return this.records.add(memory.u32.slice(this.buffer / 4, this.buffer / 4 + 2 * pairs), this.parts.step());
  }

  /** The most bytes that it may come to keep in a run of a duration. */
  bytesFor(duration: Time): number {
    const steps = this.parts.steps(positive(duration, 'time', 'bytesFor'), 'bytesFor');
    return Math.min(this.maximumBytes, this.records.bytesWith(this.target.size * steps, steps));
  }

  /** @internal nobody knows how many there will be */
  mustHaveRoom(): void {}

  /** @internal */
  get record(): unknown {
    return this.records.record;
  }

  /** @internal */
  restore(record: unknown): void {
    this.records.restore(record);
  }
}
