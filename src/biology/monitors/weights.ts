// Records weights of a connection at regular times.
import type { Connection } from '../connections/connect.ts';
import type { NeuronInstruction } from '../program.ts';
import type { Time } from '../units.ts';
import type { SampledMonitorOptions } from './options.ts';
import { Samples } from './samples.ts';
import { chosen } from './states.ts';

/** What a monitor of weights may be told. */
export interface WeightMonitorOptions extends SampledMonitorOptions {
  /** Which synapses, as numbers in the order of `connection.weights`; all by default. */
  synapses?: readonly number[];
}

/** The weights of chosen synapses over time. */
export class WeightMonitor {
  readonly connection: Connection;
  private readonly synapses: readonly number[];
  private readonly samples: Samples;

  /** @internal by `monitor` */
  constructor(connection: Connection, options: WeightMonitorOptions) {
    this.connection = connection;
    this.synapses = chosen(options.synapses, connection.size, 'synapses');
    const { address, place } = connection.weightPlaces;
    const what = `monitor of the weights to ${connection.target.group.name}`;
    this.samples = new Samples(connection.target.group.parts, [address], this.synapses.map(place), what, options);
  }

  /** The times of the records in ms. */
  get times(): Float64Array<ArrayBuffer> {
    return this.samples.times;
  }

  /**
   * The weight of one synapse at `times`.
   * @throws RangeError for a synapse that is not recorded
   */
  values(synapse = this.synapses[0]!): Float64Array<ArrayBuffer> {
    const column = this.synapses.indexOf(synapse);
    if (column < 0) throw new RangeError(`monitor: synapse ${synapse} is not recorded`);
    return this.samples.column(0, column);
  }

  /**
   * The recorded weights at `times[record]`; −1 is the last record.
   * @throws RangeError for a record that is not there
   */
  at(record: number): Float64Array<ArrayBuffer> {
    return this.samples.row(0, record);
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
