// What monitors may be told, and the records that follow from it.
import { positive, valueOf } from '../checks.ts';
import type { NeuronRange } from '../group.ts';
import { instruction, type NeuronInstruction } from '../program.ts';
import type { SimulationParts } from '../simulation.ts';
import type { Time } from '../units.ts';
import { defaultMaximum, keepAll, keepAround, keepLast, writeOn, type Numbers, type Records } from './records.ts';
import { linesOf, writerOf, type TextWriter } from './writer.ts';

/** What all monitors may be told. At most one of `last`, `trigger` and `to`. */
export interface MonitorOptions {
  /** The most bytes that it may keep; 256 MiB by default. */
  maximumBytes?: number;
  /** Keeps only what is not older than this: a ring. */
  last?: Time;
  /** Keeps only what is around spikes. */
  trigger?: SpikeTriggerOptions;
  /**
   * Keeps nothing and writes each record as a line of text, its time in ms and its numbers with commas between. The run
   * waits for the writer.
   */
  to?: TextWriter;
}

/** Around which spikes a monitor keeps records. */
export interface SpikeTriggerOptions {
  /** Any spike of these neurons. */
  spikes: NeuronRange;
  /** From how long before the spike, and up to how long after it. */
  before?: Time;
  after?: Time;
}

/** Of monitors that look at regular times. */
export interface SampledMonitorOptions extends MonitorOptions {
  /** The time between two records, a whole number of steps; one step by default. */
  every?: Time;
}

/** Steps between two records. */
export function interval(parts: SimulationParts, every: Time | undefined): number {
  return every === undefined ? 1 : parts.steps(positive(every, 'time', 'monitor: every'), 'monitor: every');
}

/**
 * The records of a monitor by its options.
 * @throws TypeError for two ways of keeping at once
 */
export function recordsFor<A extends Numbers>(
  parts: SimulationParts,
  make: (length: number) => A,
  width: number,
  what: string,
  options: MonitorOptions,
): Records<A> {
  const { maximumBytes = defaultMaximum, last, trigger, to } = options;
  const ways = Object.entries({ last, trigger, to }).filter(([, value]) => value !== undefined);
  if (ways.length > 1)
    throw new TypeError(`${what}: expected one of last, trigger and to, got ${ways.map(([key]) => key).join(' and ')}`);
  const kind = { make, width, maximumBytes, what };
  if (to !== undefined) {
    const write = writerOf(to, what);
    return writeOn(kind, (rows) => write(linesOf(rows, width, (step) => step * parts.dt)));
  }
  if (last !== undefined) return keepLast(kind, parts.steps(positive(last, 'time', `${what}: last`), `${what}: last`));
  if (trigger === undefined) return keepAll(kind);
  const steps = (time: Time | undefined, key: string) => {
    if (time === undefined) return 0;
    const value = valueOf(time, 'time', `${what}: ${key}`);
    if (value < 0) throw new RangeError(`${what}: expected ${key} not below 0, got ${String(time)}`);
    return parts.steps(value, `${what}: ${key}`);
  };
  const seen = new SpikeTrigger(parts, trigger.spikes);
  return keepAround(kind, () => seen.take(), steps(trigger.before, 'before'), steps(trigger.after, 'after'));
}

/** Room for spikes between two looks. */
const capacityOfTrigger = 4096;

/** Notes the steps at which any neuron of a range spikes. */
class SpikeTrigger {
  private readonly parts: SimulationParts;
  private readonly range: NeuronRange;
  private readonly buffer: number;
  private readonly used: number;
  private readonly capacity: number;
  private steps: number[] = [];

  constructor(parts: SimulationParts, range: NeuronRange) {
    if (range.group.parts !== parts) throw new RangeError('monitor: trigger: the neurons are of another simulation');
    this.parts = parts;
    this.range = range;
    const { memory } = parts.arrays.instance;
    this.capacity = Math.max(range.group.size, capacityOfTrigger);
    this.buffer = memory.allocate(8 * this.capacity, 'monitor');
    this.used = memory.allocate(4, 'monitor');
    parts.recorders.push(this);
  }

  take(): readonly number[] {
    this.drain();
    const { steps } = this;
    this.steps = [];
    return steps;
  }

  instructions(): NeuronInstruction[] {
    const { group, first, size } = this.range;
    const places = { out: this.buffer, capacity: this.capacity, used: this.used };
    const operands = { clock: this.parts.clock, spikes: group.log, first, count: size, ...places };
    return [instruction('RecordSpikes', operands, () => this.drain())];
  }

  drain(): void {
    const { u32 } = this.parts.arrays.instance.memory;
    const pairs = u32[this.used / 4]!;
    for (let k = 0; k < pairs; k++) {
      const step = u32[this.buffer / 4 + 2 * k]!;
      if (this.steps.at(-1) !== step) this.steps.push(step);
    }
    u32[this.used / 4] = 0;
  }

  get record(): number[] {
    return [...this.steps];
  }

  restore(record: unknown): void {
    this.steps = [...(record as number[])];
  }

  mustHaveRoom(): void {
    // what it holds is taken piece by piece
  }
}
