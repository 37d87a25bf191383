// Who is connected to whom: for each source the list of its targets (compressed sparse rows), in the simulation's memory.
import type { NeuronInstance } from '../core.ts';

/** The synapses of source i are rows[i] … rows[i + 1] − 1; a target is the number of a neuron in its group. */
export interface Rows {
  /** sources + 1 words. */
  readonly rows: number;
  /** A word for each synapse. */
  readonly targets: number;
  readonly count: number;
}

/** What a pattern makes rows between. */
export interface RowsContext {
  readonly instance: NeuronInstance;
  readonly seed: number;
  nextStream(): number;
  readonly sources: number;
  readonly targets: number;
  /** The number in its group of target 0. */
  readonly firstTarget: number;
  /** Where source i and target i + diagonal are one neuron; undefined where the groups are different. */
  readonly diagonal: number | undefined;
}

/** A pattern of connections, to be given to `connect`. */
export interface Pattern {
  readonly type: string;
  /** Whether every source has every target, in order. */
  readonly isFull?: boolean;
  /** @internal */
  rows(context: RowsContext): Rows;
}

/** Reserves rows and `capacity` targets. */
export function reserveRows({ instance, sources }: RowsContext, capacity: number): { rows: number; targets: number } {
  const { memory } = instance;
  return {
    rows: memory.allocate(4 * (sources + 1), 'connections'),
    targets: memory.allocate(4 * capacity, 'connections'),
  };
}

/** Rows from pairs, in any order; a pair may come more than once. The order of a source's synapses is that of the pairs. */
export function rowsFromPairs(
  context: RowsContext,
  sources: ArrayLike<number>,
  targets: ArrayLike<number>,
): Rows & { order: Uint32Array } {
  const count = sources.length;
  const ends = new Uint32Array(context.sources + 1);
  for (let k = 0; k < count; k++) ends[sources[k]! + 1]!++;
  for (let i = 0; i < context.sources; i++) ends[i + 1]! += ends[i]!;
  const places = reserveRows(context, count);
  const { memory } = context.instance;
  memory.u32.set(ends, places.rows / 4);
  const next = ends.slice();
  const order = new Uint32Array(count);
  const words = memory.u32;
  for (let k = 0; k < count; k++) {
    const at = next[sources[k]!]!++;
    order[k] = at;
    words[places.targets / 4 + at] = targets[k]! + context.firstTarget;
  }
  return { ...places, count, order };
}
