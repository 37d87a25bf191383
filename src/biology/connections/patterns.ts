// Patterns of connections. Random ones are made in the core, row by row: the targets of a neuron depend on the seed and
// its own number, not on the order in which they are made.
import { log } from '../../core/deterministic.ts';
import { seedWords } from '../../core/philox.ts';
import { instruction, runOnce } from '../program.ts';
import { reserveRows, rowsFromPairs, type Pattern, type Rows, type RowsContext } from './rows.ts';

/** What random patterns have in common. */
export interface PatternOptions {
  /** Whether a neuron may be connected to itself, within one group; true by default. */
  selfConnections?: boolean;
}

/** Every source to every target. */
export function allToAll({ selfConnections = true }: PatternOptions = {}): Pattern {
  return {
    type: 'allToAll',
    isFull: selfConnections,
    rows: (context) => probabilityRows(context, 1, selfConnections),
  };
}

/**
 * Source i to target i.
 * @throws RangeError, when it is connected, unless there are as many targets as sources
 */
export function oneToOne(): Pattern {
  return {
    type: 'oneToOne',
    rows(context) {
      if (context.sources !== context.targets)
        throw new RangeError(
          `oneToOne: expected as many targets as sources, got ${context.targets} and ${context.sources}`,
        );
      const places = reserveRows(context, context.sources);
      const words = context.instance.memory.u32;
      for (let i = 0; i <= context.sources; i++) words[places.rows / 4 + i] = i;
      for (let i = 0; i < context.sources; i++) words[places.targets / 4 + i] = i + context.firstTarget;
      return { ...places, count: context.sources };
    },
  };
}

/**
 * Each pair with the same probability, independently.
 * @throws RangeError for a probability outside 0 to 1
 */
export function fixedProbability(probability: number, { selfConnections = true }: PatternOptions = {}): Pattern {
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`fixedProbability: expected a probability from 0 to 1, got ${probability}`);
  return { type: 'fixedProbability', rows: (context) => probabilityRows(context, probability, selfConnections) };
}

/**
 * The pairs [source, target] of a list; a pair may come more than once.
 * @throws RangeError, when it is connected, for a pair outside its groups
 */
export function pairs(list: readonly (readonly [source: number, target: number])[]): Pattern {
  return {
    type: 'pairs',
    rows(context) {
      list.forEach(([source, target], k) => {
        checkIndex(source, context.sources, `pairs: source of pair ${k}`);
        checkIndex(target, context.targets, `pairs: target of pair ${k}`);
      });
      const sources = list.map(([source]) => source);
      const targets = list.map(([, target]) => target);
      return rowsFromPairs(context, sources, targets);
    },
  };
}

function checkIndex(index: number, size: number, what: string): void {
  if (!Number.isInteger(index) || index < 0 || index >= size)
    throw new RangeError(`${what}: expected a whole number from 0 to ${size - 1}, got ${index}`);
}

function probabilityRows(context: RowsContext, probability: number, selfConnections: boolean): Rows {
  const { sources, targets } = context;
  const all = sources * targets;
  if (all * probability > 2 ** 29) throw new RangeError(`connect: more than 2^29 synapses in one connection`);
  // the number is binomial: six deviations above its mean are exceeded once in 10⁹
  const capacity = Math.ceil(
    Math.min(all, all * probability + 6 * Math.sqrt(all * probability * (1 - probability)) + 16),
  );
  const places = reserveRows(context, Math.max(1, capacity));
  if (probability > 0) fillRows(context, places, probability, selfConnections, capacity);
  return { ...places, count: context.instance.memory.u32[places.rows / 4 + sources]! };
}

function fillRows(
  context: RowsContext,
  places: { rows: number; targets: number },
  probability: number,
  selfConnections: boolean,
  capacity: number,
): void {
  const { instance, sources, targets, firstTarget, diagonal, seed } = context;
  const [seedLow, seedHigh] = seedWords(seed);
  const finished = runOnce(instance, [
    instruction('ConnectProbability', {
      sources,
      targets,
      first: firstTarget,
      // at probability 1 nothing is ever left out
      inverseLog: probability < 1 ? 1 / log(1 - probability) : 0,
      distinct: !selfConnections && diagonal !== undefined ? 1 : 0,
      diagonal: diagonal ?? 0,
      seedLow,
      seedHigh,
      stream: context.nextStream(),
      rows: places.rows,
      out: places.targets,
      capacity,
    }),
  ]);
  if (!finished) throw new Error(`connect: more than ${capacity} synapses were drawn with probability ${probability}`);
}
