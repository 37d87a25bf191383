// Records which neuron spiked when.
import type { NeuronRange } from '../group.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import { defaultMaximum, Pieces } from './buffer.ts';
import type { MonitorOptions } from './monitor.ts';

/** The spikes of a range of neurons, in the order of time. */
export class SpikeMonitor {
  readonly target: NeuronRange;
  private readonly parts: SimulationParts;
  private readonly capacity: number;
  private readonly buffer: number;
  private readonly used: number;
  /** Pairs of step and neuron. */
  private readonly kept: Pieces<Uint32Array<ArrayBuffer>>;

  /** @internal by `monitor` */
  constructor(target: NeuronRange, { maximumBytes = defaultMaximum }: MonitorOptions) {
    this.target = target;
    this.parts = target.group.parts;
    const { memory } = this.parts.arrays.instance;
    this.capacity = Math.max(target.group.size, 4096);
    this.buffer = memory.allocate(8 * this.capacity, 'monitor of spikes');
    this.used = memory.allocate(4, 'monitor of spikes');
    this.kept = new Pieces((n) => new Uint32Array(n), maximumBytes, `monitor of the spikes of ${target.group.name}`);
  }

  /** How many spikes there were. */
  get count(): number {
    return this.kept.all.length / 2;
  }

  /** Their times in ms. */
  get times(): Float64Array<ArrayBuffer> {
    const { all } = this.kept;
    return new Float64Array(all.length / 2).map((_, k) => all[2 * k]! * this.parts.dt);
  }

  /** The neurons that spiked, as numbers within the range. */
  get neurons(): Uint32Array<ArrayBuffer> {
    const { all } = this.kept;
    return new Uint32Array(all.length / 2).map((_, k) => all[2 * k + 1]!);
  }

  /** The times of one neuron's spikes in ms. */
  train(neuron: number): Float64Array<ArrayBuffer> {
    const { neurons } = this;
    return this.times.filter((_, k) => neurons[k] === neuron);
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    const { group, first, size } = this.target;
    const { clock } = this.parts;
    const operands = {
      clock,
      spikes: group.log,
      first,
      count: size,
      out: this.buffer,
      capacity: this.capacity,
      used: this.used,
    };
    return [instruction('RecordSpikes', operands, () => this.drain())];
  }

  /** @internal takes what the core has written */
  drain(): void {
    const { memory } = this.parts.arrays.instance;
    const pairs = memory.u32[this.used / 4]!;
    this.kept.add(memory.u32.slice(this.buffer / 4, this.buffer / 4 + 2 * pairs));
    memory.u32[this.used / 4] = 0;
  }

  /** @internal */
  get record(): Uint32Array<ArrayBuffer> {
    return this.kept.all;
  }

  /** @internal */
  restore(record: unknown): void {
    this.kept.replace(record as Uint32Array<ArrayBuffer>);
  }
}
