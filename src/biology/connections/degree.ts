// Patterns with a fixed number of partners, and with a probability that falls with distance.
import { DistanceKind } from '../../core/generated/neuron-instructions.ts';
import { seedWords } from '../../core/philox.ts';
import { instruction, runOnce } from '../program.ts';
import type { PatternOptions } from './patterns.ts';
import { reserveRows, type Pattern, type Rows, type RowsContext } from './rows.ts';

/** What patterns of a fixed degree may be told. */
export interface DegreeOptions extends PatternOptions {
  /** Whether a pair may be drawn more than once; true by default. */
  multiple?: boolean;
}

/**
 * Each target has so many sources, drawn at random.
 * @throws RangeError, when it is connected, where there are fewer sources than are to be drawn without repetition
 */
export function fixedInDegree(degree: number, options: DegreeOptions = {}): Pattern {
  checkDegree(degree, 'fixedInDegree');
  return { type: 'fixedInDegree', rows: (context) => inDegreeRows(context, degree, options) };
}

/**
 * Each source has so many targets, drawn at random.
 * @throws RangeError, when it is connected, where there are fewer targets than are to be drawn without repetition
 */
export function fixedOutDegree(degree: number, options: DegreeOptions = {}): Pattern {
  checkDegree(degree, 'fixedOutDegree');
  return {
    type: 'fixedOutDegree',
    rows(context) {
      const { sources, targets, firstTarget } = context;
      const places = reserveRows(context, Math.max(1, sources * degree));
      equalRows(context, places.rows, sources, degree);
      drawRows(
        context,
        'fixedOutDegree',
        { n: sources, choices: targets, degree, first: firstTarget, sign: 1, out: places.targets },
        options,
      );
      return { ...places, count: sources * degree };
    },
  };
}

/**
 * So many synapses in all, source and target of each drawn at random; a pair may come more than once.
 * @throws RangeError for a number that is not whole or below 0
 */
export function fixedTotal(total: number): Pattern {
  checkDegree(total, 'fixedTotal');
  return {
    type: 'fixedTotal',
    rows(context) {
      if (total > 2 ** 29) throw new RangeError('connect: more than 2^29 synapses in one connection');
      const { instance, sources, targets, firstTarget } = context;
      const { memory } = instance;
      const places = reserveRows(context, Math.max(1, total));
      const drawing = { n: 1, degree: total, sign: 1 } as const;
      const drawn = memory.allocate(4 * Math.max(1, total), 'connections');
      drawRows(context, 'fixedTotal', { ...drawing, choices: sources, first: 0, out: drawn }, {});
      const words = memory.u32;
      const ends = words.subarray(places.rows / 4, places.rows / 4 + sources + 1).fill(0);
      for (let k = 0; k < total; k++) ends[words[drawn / 4 + k]! + 1]!++;
      for (let i = 0; i < sources; i++) ends[i + 1]! += ends[i]!;
      memory.release(drawn);
      // which source a target goes to does not matter: all are drawn alike
      drawRows(context, 'fixedTotal', { ...drawing, choices: targets, first: firstTarget, out: places.targets }, {});
      return { ...places, count: total };
    },
  };
}

function checkDegree(degree: number, type: string): void {
  if (!Number.isInteger(degree) || degree < 0)
    throw new RangeError(`${type}: expected a whole number from 0, got ${degree}`);
}

function equalRows({ instance }: RowsContext, rows: number, n: number, degree: number): void {
  if (n * degree > 2 ** 29) throw new RangeError('connect: more than 2^29 synapses in one connection');
  const words = instance.memory.u32;
  for (let i = 0; i <= n; i++) words[rows / 4 + i] = i * degree;
}

interface Drawing {
  readonly n: number;
  readonly choices: number;
  readonly degree: number;
  readonly first: number;
  /** Of the diagonal. */
  readonly sign: 1 | -1;
  readonly out: number;
}

function drawRows(
  context: RowsContext,
  type: string,
  drawing: Drawing,
  { multiple = true, selfConnections = true }: DegreeOptions,
): void {
  const { instance, seed, diagonal } = context;
  const { n, choices, degree, first, sign, out } = drawing;
  const distinct = !selfConnections && diagonal !== undefined;
  const available = choices - (distinct ? 1 : 0);
  if (degree > 0 && (available < 1 || (!multiple && degree > available)))
    throw new RangeError(`${type}: expected at most ${available} partners, which there are, got ${degree}`);
  const marks = instance.memory.allocate(choices, 'connections');
  const [seedLow, seedHigh] = seedWords(seed);
  const random = { seedLow, seedHigh, stream: context.nextStream() };
  const sizes = { n, choices, degree, first, repeated: multiple ? 1 : 0 };
  const places = { distinct: distinct ? 1 : 0, diagonal: sign * (diagonal ?? 0), marks, out };
  runOnce(instance, [instruction('ConnectDegree', { ...sizes, ...places, ...random })]);
  instance.memory.release(marks);
}

/** Drawn by targets, then sorted into rows of sources. */
function inDegreeRows(context: RowsContext, degree: number, options: DegreeOptions): Rows {
  const { instance, sources, targets, firstTarget } = context;
  const { memory } = instance;
  const count = targets * degree;
  const byTarget = memory.allocate(4 * (targets + 1), 'connections');
  equalRows(context, byTarget, targets, degree);
  const drawn = memory.allocate(4 * Math.max(1, count), 'connections');
  drawRows(context, 'fixedInDegree', { n: targets, choices: sources, degree, first: 0, sign: -1, out: drawn }, options);
  const places = reserveRows(context, Math.max(1, count));
  const sorted = { outRows: places.rows, outSources: places.targets, order: 0 };
  runOnce(instance, [
    instruction('TransposeRows', {
      sources: targets,
      targets: sources,
      rows: byTarget,
      columns: drawn,
      first: 0,
      ...sorted,
    }),
  ]);
  if (firstTarget) {
    const words = memory.u32;
    for (let k = 0; k < count; k++) words[places.targets / 4 + k]! += firstTarget;
  }
  memory.release(drawn);
  memory.release(byTarget);
  return { ...places, count };
}

/** Where a neuron is: up to three coordinates. */
export type Position = readonly [x: number, y?: number, z?: number];

/** How the probability falls. */
export interface DistanceOptions extends PatternOptions {
  /** A position for each neuron of the two ranges, in any one unit. */
  sourcePositions: readonly Position[];
  targetPositions: readonly Position[];
  /** `gaussian`: peak · e^(−d²/2s²); `exponential`: peak · e^(−d/s); `disc`: peak within the maximum. */
  profile: 'gaussian' | 'exponential' | 'disc';
  /** The probability at distance 0; 1 by default. */
  peak?: number;
  /** s, for the first two. */
  scale?: number;
  /** No connection is longer. */
  maximum?: number;
}

const profiles = {
  gaussian: DistanceKind.Gaussian,
  exponential: DistanceKind.Exponential,
  disc: DistanceKind.Disc,
};

/**
 * Each pair by itself, with a probability that falls with distance.
 * @throws RangeError for an unknown profile, a probability outside 0 to 1, or a scale or a maximum that is needed
 */
export function distanceDependent(options: DistanceOptions): Pattern {
  const { profile, peak = 1, scale, maximum } = options;
  const type = 'distanceDependent';
  if (!Object.hasOwn(profiles, profile))
    throw new RangeError(`${type}: expected a profile gaussian, exponential or disc, got ${String(profile)}`);
  if (!(peak >= 0 && peak <= 1)) throw new RangeError(`${type}: expected a peak from 0 to 1, got ${peak}`);
  const needed = profile === 'disc' ? 'maximum' : 'scale';
  const value = profile === 'disc' ? maximum : scale;
  if (!(value !== undefined && value > 0)) throw new RangeError(`${type}: expected a ${needed} above 0, got ${value}`);
  return { type, rows: (context) => distanceRows(context, options) };
}

function distanceRows(context: RowsContext, options: DistanceOptions): Rows {
  const { instance, sources, targets } = context;
  const { memory } = instance;
  const { sourcePositions, targetPositions } = options;
  if (sourcePositions.length !== sources || targetPositions.length !== targets)
    throw new RangeError(
      `distanceDependent: expected ${sources} and ${targets} positions, got ${sourcePositions.length} and ${targetPositions.length}`,
    );
  const padded = Math.ceil(targets / 16) * 16;
  const from = memory.allocate(12 * sources, 'positions');
  const to = memory.allocate(12 * padded, 'positions');
  memory.floats(from, 3 * sources).set(sourcePositions.flatMap(([x, y = 0, z = 0]) => [x, y, z]));
  for (let axis = 0; axis < 3; axis++)
    memory.floats(to + 4 * axis * padded, targets).set(targetPositions.map((position) => position[axis] ?? 0));
  // one stream whatever the number of trials: they all draw the same
  const stream = context.nextStream();
  for (let capacity = 64 * sources + 1024; ; capacity *= 2) {
    const places = reserveRows(context, capacity);
    if (fill(context, options, { ...places, capacity, from, to, stream })) {
      memory.release(from);
      memory.release(to);
      return { ...places, count: memory.u32[places.rows / 4 + sources]! };
    }
    memory.release(places.rows);
    memory.release(places.targets);
  }
}

interface Room {
  readonly rows: number;
  readonly targets: number;
  readonly capacity: number;
  readonly from: number;
  readonly to: number;
  readonly stream: number;
}

function fill(
  context: RowsContext,
  options: DistanceOptions,
  { rows, targets: out, capacity, from, to, stream }: Room,
): boolean {
  const { profile, peak = 1, scale = 1, maximum = Infinity, selfConnections = true } = options;
  const { instance, sources, targets, firstTarget, diagonal } = context;
  const [seedLow, seedHigh] = seedWords(context.seed);
  const distinct = !selfConnections && diagonal !== undefined ? 1 : 0;
  const random = { seedLow, seedHigh, stream };
  const places = { sourcePositions: from, targetPositions: to, rows, out, capacity };
  const law = { kind: profiles[profile], peak, scale, maximum };
  const sizes = { sources, targets, first: firstTarget, distinct, diagonal: diagonal ?? 0 };
  return runOnce(instance, [instruction('ConnectDistance', { ...sizes, ...law, ...places, ...random })]);
}
