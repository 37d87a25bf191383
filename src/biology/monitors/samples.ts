// Records numbers of arrays at regular times: what monitors of states and of weights have in common. All arrays of one
// monitor are read in the same steps, so that their buffers are full at once and their rows go together.
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import { interval, recordsFor, type SampledMonitorOptions } from './options.ts';
import { defaultMaximum, mustHaveRoom, type Records } from './records.ts';
import { positive } from '../checks.ts';
import type { Time } from '../units.ts';

/** The buffer in the core holds so many numbers, or one row. */
const numbersOfBuffer = 65536;

interface Track {
  readonly address: number;
  readonly buffer: number;
  readonly used: number;
}

/** Rows of a step and, array after array, the numbers at the indices. */
export class Samples {
  /** Steps between two records. */
  readonly every: number;
  private readonly parts: SimulationParts;
  private readonly indices: number;
  private readonly n: number;
  private readonly capacity: number;
  private readonly tracks: readonly Track[];
  private readonly records: Records<Float64Array<ArrayBuffer>>;
  private readonly what: string;
  private readonly maximumBytes: number;
  private next: number;

  constructor(
    parts: SimulationParts,
    addresses: readonly number[],
    indices: ArrayLike<number>,
    what: string,
    options: SampledMonitorOptions,
  ) {
    const { arrays } = parts;
    this.parts = parts;
    this.what = what;
    this.maximumBytes = options.maximumBytes ?? defaultMaximum;
    this.every = interval(parts, options.every);
    this.n = indices.length;
    this.indices = arrays.integers(indices, what);
    this.capacity = Math.max(1, Math.min(256, Math.floor(numbersOfBuffer / Math.max(1, this.n))));
    this.records = recordsFor(parts, (n) => new Float64Array(n), this.width(addresses.length), what, options);
    this.next = Math.ceil(parts.step() / this.every) * this.every;
    this.tracks = addresses.map((address) => ({
      address,
      buffer: arrays.instance.memory.allocate(Math.max(1, this.capacity * this.n) * arrays.bytes, what),
      used: arrays.integers([0], what),
    }));
  }

  private width(tracks: number): number {
    return 1 + tracks * this.n;
  }

  private get rows(): { all: Float64Array<ArrayBuffer>; width: number; count: number } {
    const { all } = this.records;
    const width = this.width(this.tracks.length);
    return { all, width, count: all.length / width };
  }

  /** The times of the records in ms. */
  get times(): Float64Array<ArrayBuffer> {
    const { all, width, count } = this.rows;
    return new Float64Array(count).map((_, k) => all[k * width]! * this.parts.dt);
  }

  /** One number of each record. */
  column(track: number, place: number): Float64Array<ArrayBuffer> {
    const { all, width, count } = this.rows;
    const offset = 1 + track * this.n + place;
    return new Float64Array(count).map((_, k) => all[k * width + offset]!);
  }

  /** The numbers of one array in one record; negative from the end. */
  row(track: number, record: number): Float64Array<ArrayBuffer> {
    const { all, width, count } = this.rows;
    const k = record < 0 ? count + record : record;
    if (!Number.isInteger(k) || k < 0 || k >= count)
      throw new RangeError(`${this.what}: expected a record from 0 to ${count - 1}, got ${record}`);
    const at = k * width + 1 + track * this.n;
    return all.slice(at, at + this.n);
  }

  instructions(): NeuronInstruction[] {
    const { arrays, clock } = this.parts;
    const common = { wide: arrays.wide, clock, every: this.every, n: this.n, indices: this.indices };
    return this.tracks.map(({ address, buffer, used }) =>
      instruction('RecordStates', { ...common, state: address, out: buffer, capacity: this.capacity, used }, () =>
        this.drain(),
      ),
    );
  }

  /** Takes what the core has written. */
  drain(): void | Promise<void> {
    const { arrays } = this.parts;
    const { memory } = arrays.instance;
    const count = memory.u32[this.tracks[0]!.used / 4]!;
    const width = this.width(this.tracks.length);
    const rows = new Float64Array(count * width);
    for (const [t, { buffer, used }] of this.tracks.entries()) {
      const values = arrays.view(buffer, count * this.n);
      for (let k = 0; k < count; k++)
        rows.set(values.subarray(k * this.n, (k + 1) * this.n), k * width + 1 + t * this.n);
      memory.u32[used / 4] = 0;
    }
    for (let k = 0; k < count; k++) rows[k * width] = this.next + k * this.every;
    this.next += count * this.every;
    return this.records.add(rows, this.parts.step() - 1);
  }

  /** The most bytes that it will keep after so many steps more. */
  bytesAfter(steps: number): number {
    const end = this.parts.step() + steps;
    return this.records.bytesWith(Math.max(0, Math.ceil((end - this.next) / this.every)), steps);
  }

  bytesFor(duration: Time): number {
    return this.bytesAfter(this.parts.steps(positive(duration, 'time', 'bytesFor'), 'bytesFor'));
  }

  mustHaveRoom(steps: number): void {
    mustHaveRoom(this.bytesAfter(steps), this.maximumBytes, this.what);
  }

  get record(): unknown {
    return { records: this.records.record, next: this.next };
  }

  restore(record: unknown): void {
    const { records, next } = record as { records: unknown; next: number };
    this.records.restore(records);
    this.next = next;
  }
}
