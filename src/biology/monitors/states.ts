// Records states of neurons at regular times: the state at t is that after the spikes which arrive at t.
import type { NeuronRange } from '../group.ts';
import type { NeuronInstruction } from '../program.ts';
import type { Time } from '../units.ts';
import type { SampledMonitorOptions } from './options.ts';
import { Samples } from './samples.ts';

/** What a monitor of states may be told. */
export interface StateMonitorOptions extends SampledMonitorOptions {
  /** Which neurons of the range; all by default. */
  neurons?: readonly number[];
}

/** @internal the numbers that were chosen of `size`, all by default */
export function chosen(numbers: readonly number[] | undefined, size: number, what: string): readonly number[] {
  for (const k of numbers ?? [])
    if (!Number.isInteger(k) || k < 0 || k >= size)
      throw new RangeError(`monitor: expected ${what} from 0 to ${size - 1}, got ${k}`);
  return numbers ?? Array.from({ length: size }, (_, k) => k);
}

/** The values of states of chosen neurons over time. */
export class StateMonitor {
  readonly target: NeuronRange;
  private readonly states: readonly string[];
  private readonly neurons: readonly number[];
  private readonly samples: Samples;

  /** @internal by `monitor` */
  constructor(target: NeuronRange, states: readonly string[], options: StateMonitorOptions) {
    const { group, first, size } = target;
    if (!states.length) throw new RangeError(`monitor: expected at least one state of ${group.name}, got none`);
    this.target = target;
    this.states = states;
    this.neurons = chosen(options.neurons, size, 'neurons');
    const addresses = states.map((name) => group.place(name).address);
    const indices = this.neurons.map((neuron) => neuron + first);
    this.samples = new Samples(group.parts, addresses, indices, `monitor of ${group.name}`, options);
  }

  /** The times of the records in ms. */
  get times(): Float64Array<ArrayBuffer> {
    return this.samples.times;
  }

  /**
   * The values of a state of one neuron (its number in the range) at `times`: mV, pA, nS.
   * @throws RangeError for a state or a neuron that is not recorded
   */
  values(state: string, neuron = this.neurons[0]!): Float64Array<ArrayBuffer> {
    const track = this.states.indexOf(state);
    const column = this.neurons.indexOf(neuron);
    if (track < 0 || column < 0) throw new RangeError(`monitor: ${state} of neuron ${neuron} is not recorded`);
    return this.samples.column(track, column);
  }

  /** The bytes that it will have kept at most when it has run so much longer. */
  bytesFor(duration: Time): number {
    return this.samples.bytesFor(duration);
  }

  /** @internal */
  instructions(): NeuronInstruction[] {
    return this.samples.instructions();
  }

  /** @internal takes what the core has written */
  drain(): void | Promise<void> {
    return this.samples.drain();
  }

  /** @internal */
  mustHaveRoom(steps: number): void {
    this.samples.mustHaveRoom(steps);
  }

  /** @internal */
  get record(): unknown {
    return this.samples.record;
  }

  /** @internal */
  restore(record: unknown): void {
    this.samples.restore(record);
  }
}
