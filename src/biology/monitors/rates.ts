// Records the rate of a population: its spikes are counted in the core, bin by bin.
import type { NeuronRange } from '../group.ts';
import { positive } from '../checks.ts';
import { exp } from '../../core/deterministic.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Time } from '../units.ts';
import { interval, recordsFor, type SampledMonitorOptions } from './options.ts';
import { defaultMaximum, mustHaveRoom, type Records } from './records.ts';

const capacity = 4096;

/** The mean rate of the neurons of a range, in bins of `every`. */
export class RateMonitor {
  readonly target: NeuronRange;
  private readonly parts: SimulationParts;
  private readonly every: number;
  private readonly begin: number;
  private readonly buffer: number;
  /** The bins that are in the buffer, and the spikes of the one that is not yet full. */
  private readonly used: number;
  private readonly maximumBytes: number;
  private readonly what: string;
  /** Rows of the last step of a bin and its spikes. */
  private readonly records: Records<Uint32Array<ArrayBuffer>>;

  /** @internal by `monitor` */
  constructor(target: NeuronRange, options: SampledMonitorOptions) {
    this.target = target;
    this.parts = target.group.parts;
    const { parts } = this;
    this.what = `monitor of the rate of ${target.group.name}`;
    this.maximumBytes = options.maximumBytes ?? defaultMaximum;
    this.every = interval(parts, options.every);
    this.begin = parts.step();
    const { memory } = parts.arrays.instance;
    this.buffer = memory.allocate(8 * capacity, this.what);
    this.used = memory.allocate(8, this.what);
    this.records = recordsFor(parts, (n) => new Uint32Array(n), 2, this.what, options);
  }

  /** The middles of the bins in ms. */
  get times(): Float64Array<ArrayBuffer> {
    const { all } = this.records;
    return new Float64Array(all.length / 2).map((_, k) => (all[2 * k]! - this.every / 2) * this.parts.dt);
  }

  /** The rates in Hz: spikes for each neuron and second, bin by bin. */
  get rates(): Float64Array<ArrayBuffer> {
    const { all } = this.records;
    const factor = 1000 / (this.target.size * this.every * this.parts.dt);
    return new Float64Array(all.length / 2).map((_, k) => all[2 * k + 1]! * factor);
  }

  /** The rates in Hz, smoothed by a Gaussian of a standard deviation. */
  smooth(width: Time): Float64Array<ArrayBuffer> {
    const bins = positive(width, 'time', 'smooth') / (this.every * this.parts.dt);
    const { rates } = this;
    const reach = Math.ceil(4 * bins);
    const kernel = Float64Array.from({ length: reach + 1 }, (_, k) => exp(-0.5 * (k / bins) ** 2));
    return rates.map((_, i) => {
      let sum = 0;
      let weight = 0;
      for (let k = Math.max(0, i - reach); k <= Math.min(rates.length - 1, i + reach); k++) {
        sum += kernel[Math.abs(i - k)]! * rates[k]!;
        weight += kernel[Math.abs(i - k)]!;
      }
      return sum / weight;
    });
  }

  /** The bytes that it will have kept at most when it has run so much longer. */
  bytesFor(duration: Time): number {
    return this.bytesAfter(this.parts.steps(positive(duration, 'time', 'bytesFor'), 'bytesFor'));
  }

  private bytesAfter(steps: number): number {
    return this.records.bytesWith(Math.ceil(steps / this.every), steps);
  }

  /** @internal */
  mustHaveRoom(steps: number): void {
    mustHaveRoom(this.bytesAfter(steps), this.maximumBytes, this.what);
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    const { group, first, size } = this.target;
    const common = { clock: this.parts.clock, spikes: group.log, first, count: size };
    const bins = { every: this.every, phase: this.begin % this.every, out: this.buffer, capacity, used: this.used };
    return [instruction('RecordRate', { ...common, ...bins }, () => this.drain())];
  }

  /** @internal takes what the core has written */
  drain(): void | Promise<void> {
    const { memory } = this.parts.arrays.instance;
    const bins = memory.u32[this.used / 4]!;
    memory.u32[this.used / 4] = 0;
    return this.records.add(memory.u32.slice(this.buffer / 4, this.buffer / 4 + 2 * bins), this.parts.step());
  }

  /** @internal */
  get record(): unknown {
    return this.records.record;
  }

  /** @internal */
  restore(record: unknown): void {
    this.records.restore(record);
  }
}
