// Records states of neurons at regular times: the state at t is that after the spikes which arrive at t.
import type { NeuronRange } from '../group.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import { positive } from '../checks.ts';
import type { Time } from '../units.ts';
import { defaultMaximum, Pieces } from './buffer.ts';
import type { MonitorOptions } from './monitor.ts';

/** What a monitor of states may be told. */
export interface StateMonitorOptions extends MonitorOptions {
  /** Which neurons of the range; all by default. */
  neurons?: readonly number[];
  /** The time between two records, a whole number of steps; one step by default. */
  every?: Time;
}

interface Track {
  readonly address: number;
  readonly buffer: number;
  readonly used: number;
  readonly kept: Pieces<Float64Array<ArrayBuffer>>;
}

/** Rows of the buffer in the core. */
const rowsOfBuffer = 256;

/** The values of states of chosen neurons over time. */
export class StateMonitor {
  readonly target: NeuronRange;
  private readonly parts: SimulationParts;
  private readonly every: number;
  private readonly neurons: readonly number[];
  private readonly indices: number;
  private readonly tracks = new Map<string, Track>();
  private readonly firstStep: number;

  /** @internal by `monitor` */
  constructor(target: NeuronRange, states: readonly string[], options: StateMonitorOptions) {
    this.target = target;
    this.parts = target.group.parts;
    const { arrays } = this.parts;
    const { every, neurons, maximumBytes = defaultMaximum } = options;
    this.every =
      every === undefined ? 1 : this.parts.steps(positive(every, 'time', 'monitor: every'), 'monitor: every');
    this.neurons = neurons ?? Array.from({ length: target.size }, (_, i) => i);
    for (const neuron of this.neurons)
      if (!Number.isInteger(neuron) || neuron < 0 || neuron >= target.size)
        throw new RangeError(`monitor: expected neurons from 0 to ${target.size - 1}, got ${neuron}`);
    this.indices = arrays.integers(
      this.neurons.map((neuron) => neuron + target.first),
      'monitor',
    );
    this.firstStep = Math.ceil(this.parts.step() / this.every) * this.every;
    const what = `monitor of ${target.group.name}`;
    for (const name of states)
      this.tracks.set(name, {
        address: target.group.place(name).address,
        buffer: arrays.instance.memory.allocate(rowsOfBuffer * this.neurons.length * arrays.bytes, what),
        used: arrays.integers([0], what),
        kept: new Pieces((n) => new Float64Array(n), maximumBytes, what),
      });
  }

  /** The times of the records in ms. */
  get times(): Float64Array<ArrayBuffer> {
    const [track] = this.tracks.values();
    const rows = track!.kept.all.length / this.neurons.length;
    return new Float64Array(rows).map((_, k) => (this.firstStep + k * this.every) * this.parts.dt);
  }

  /**
   * The values of a state of one neuron (its number in the range) at `times`: mV, pA, nS.
   * @throws RangeError for a state or a neuron that is not recorded
   */
  values(state: string, neuron = this.neurons[0]!): Float64Array<ArrayBuffer> {
    const track = this.tracks.get(state);
    const column = this.neurons.indexOf(neuron);
    if (!track || column < 0) throw new RangeError(`monitor: ${state} of neuron ${neuron} is not recorded`);
    const { all } = track.kept;
    return new Float64Array(all.length / this.neurons.length).map((_, k) => all[k * this.neurons.length + column]!);
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    const { arrays, clock } = this.parts;
    const common = { wide: arrays.wide, clock, every: this.every, n: this.neurons.length, indices: this.indices };
    return [...this.tracks.values()].map((track) =>
      instruction(
        'RecordStates',
        { ...common, state: track.address, out: track.buffer, capacity: rowsOfBuffer, used: track.used },
        () => this.empty(track),
      ),
    );
  }

  /** @internal takes what the core has written */
  drain(): void {
    for (const track of this.tracks.values()) this.empty(track);
  }

  private empty({ buffer, used, kept }: Track): void {
    const { arrays } = this.parts;
    const { memory } = arrays.instance;
    const rows = memory.u32[used / 4]!;
    kept.add(arrays.read(buffer, rows * this.neurons.length));
    memory.u32[used / 4] = 0;
  }

  /** @internal */
  get record(): Float64Array<ArrayBuffer>[] {
    return [...this.tracks.values()].map(({ kept }) => kept.all);
  }

  /** @internal */
  restore(record: unknown): void {
    [...this.tracks.values()].forEach(({ kept }, i) => kept.replace((record as Float64Array<ArrayBuffer>[])[i]!));
  }
}
