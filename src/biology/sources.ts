// Sources of spikes, and currents from outside.
import { exp } from '../core/deterministic.ts';
import type { NeuronGroup } from './group.ts';
import { makeGroup } from './group.ts';
import type { GroupContext, NeuronModel } from './models/model.ts';
import { anyOf, combine, resolve, type NumberParameter, type Parameter } from './parameters.ts';
import { instruction } from './program.ts';
import { simulationParts, type Simulation, type SimulationParts } from './simulation.ts';
import { valueOf, wrongKind } from './checks.ts';
import { Quantity, type Dimension, type Time, type Frequency, Quantities } from './units.ts';

const source = (
  type: string,
  instructions: (context: GroupContext, spikes: number) => ReturnType<typeof instruction>,
): NeuronModel => ({
  type,
  create: (context) => ({
    receptors: new Map(),
    checked: [],
    needsDrive: false,
    driveDimension: 'number',
    instructions: ({ spikes }) => [instructions(context, spikes)],
  }),
});

/** What is given with a source. */
export interface SourceOptions {
  name?: string;
}

interface PoissonRates {
  readonly address: number;
  /** 1: one rate for all; else one for each neuron. */
  readonly columns: number;
}

const ratesOf = new WeakMap<NeuronGroup, PoissonRates>();

/**
 * Neurons that spike at random, independently of each other and of their past: in each step with probability rate · dt.
 * @throws RangeError for a rate below 0, or of more than one spike a step
 */
export function poissonGroup(
  simulation: Simulation,
  size: number,
  rate: Parameter<'frequency'>,
  { name }: SourceOptions = {},
): NeuronGroup {
  const parts = simulationParts(simulation);
  const thresholds = thresholdsOf(parts, rate, size, 'poissonGroup');
  const columns = typeof thresholds === 'number' ? 1 : size;
  const padded = new Uint32Array(columns === 1 ? 1 : Math.ceil(size / 16) * 16);
  if (typeof thresholds === 'number') padded[0] = thresholds;
  else padded.set(thresholds);
  const stream = parts.nextStream();
  const address = parts.arrays.integers(padded, 'rates');
  const model = source('poissonGroup', ({ size: n, clock }, spikes) =>
    instruction('PoissonSource', { n, clock, stream, spikes, thresholds: address, columns }),
  );
  const group = makeGroup(simulation, size, model, name);
  ratesOf.set(group, { address, columns });
  return group;
}

const thresholdsOf = (parts: SimulationParts, rate: Parameter<'frequency'>, size: number, what: string) =>
  combine([resolve(parts, rate, 'frequency', size, `${what}: rate`)], (x) => threshold(x * parts.dt));

/**
 * Gives the neurons of a `poissonGroup` other rates from now on.
 * @throws TypeError for another group; RangeError as `poissonGroup`, or where the group was made with one rate for all and
 *   is given several
 */
export function setRate(group: NeuronGroup, rate: Parameter<'frequency'>): void {
  const rates = ratesOf.get(group);
  if (!rates) throw new TypeError(`setRate: expected a poissonGroup, got ${group.name}`);
  const thresholds = thresholdsOf(group.parts, rate, group.size, 'setRate');
  if (rates.columns === 1 && typeof thresholds !== 'number')
    throw new RangeError(`setRate: ${group.name} was made with one rate for all; give each its own there`);
  const words = group.parts.arrays.instance.memory.u32;
  const at = rates.address / 4;
  if (typeof thresholds === 'number') words.fill(thresholds, at, at + rates.columns);
  else words.set(thresholds, at);
}

/** A probability as a whole number below 2³². */
function threshold(probability: number): number {
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`poissonGroup: expected a rate from 0 to one spike a step, got ${probability} spikes a step`);
  return Math.min(2 ** 32 - 1, Math.round(probability * 2 ** 32));
}

/** Spikes at given times: each a neuron's number and a time. */
export interface SpikeList {
  readonly neurons: ArrayLike<number>;
  readonly times: Quantities<'time'>;
}

/**
 * Neurons that spike when they are told to; times are rounded to whole steps.
 * @throws RangeError for a time below one step or a neuron outside the group
 */
export function spikeTimes(
  simulation: Simulation,
  size: number,
  list: SpikeList,
  { name }: SourceOptions = {},
): NeuronGroup {
  const parts = simulationParts(simulation);
  const sorted = sortedSpikes(list, size, parts.dt);
  const steps = parts.arrays.integers(
    sorted.map(({ step }) => step),
    'spike times',
  );
  const neurons = parts.arrays.integers(
    sorted.map(({ neuron }) => neuron),
    'spike times',
  );
  const cursor = parts.arrays.integers([0], 'spike times');
  const model = source('spikeTimes', ({ clock }, spikes) =>
    instruction('SpikeTimes', { clock, spikes, steps, neurons, count: sorted.length, cursor }),
  );
  return makeGroup(simulation, size, model, name);
}

function sortedSpikes({ neurons, times }: SpikeList, size: number, dt: number): { step: number; neuron: number }[] {
  if (!(times instanceof Quantities) || times.dimension !== 'time')
    throw new TypeError(`spikeTimes: expected times such as ms.each([10, 20]), got ${String(times)}`);
  if (neurons.length !== times.values.length)
    throw new RangeError(
      `spikeTimes: expected as many neurons as times, got ${neurons.length} and ${times.values.length}`,
    );
  const spikes = Array.from(times.values, (time, k) => {
    const step = Math.round(time / dt);
    const neuron = neurons[k]!;
    if (step < 1) throw new RangeError(`spikeTimes: expected times from the first step of ${dt} ms on, got ${time} ms`);
    if (!Number.isInteger(neuron) || neuron < 0 || neuron >= size)
      throw new RangeError(`spikeTimes: expected neurons from 0 to ${size - 1}, got ${neuron}`);
    return { step, neuron };
  });
  return spikes.toSorted((a, b) => a.step - b.step || a.neuron - b.neuron);
}

/** A current, for all neurons or for each; numbers for neurons without units. */
export type CurrentValue =
  | Quantity<'current'>
  | Quantity<'current density'>
  | number
  | Quantities<'current'>
  | Quantities<'current density'>
  | readonly number[]
  | Float32Array
  | Float64Array;

/** A current as a function of time. */
export type CurrentFunction = (time: number) => CurrentValue;

/** How long a current is given. */
export interface StimulateOptions {
  duration: Time;
  /** From when on; the present by default. */
  start?: Time;
  /** Into which place of a cable neuron, such as `dendrite(0.5)`; the soma by default. */
  at?: string;
}

/**
 * Adds a current to all neurons of a group, step by step: `current` is asked for its value at the beginning of each step
 * (t in ms), now and not during the run.
 * @throws TypeError for a value of another kind than the group's currents
 */
export function stimulate(
  group: NeuronGroup,
  current: CurrentFunction,
  { duration, start, at }: StimulateOptions,
): void {
  const { parts } = group;
  const { arrays, clock, dt } = parts;
  const rows = parts.steps(valueOf(duration, 'time', 'stimulate: duration'), 'stimulate: duration');
  const first =
    start === undefined ? parts.step() : parts.steps(valueOf(start, 'time', 'stimulate: start'), 'stimulate: start');
  const { address: drive, dimension } = group.receptor(at === undefined ? 'current' : `current@${at}`);
  const given = (k: number) => resolve(parts, current((first + k) * dt), dimension, group.size, 'stimulate: current');
  const table = Array.from({ length: rows }, (_, k) => given(k));
  const isShared = table.every((row) => typeof row === 'number');
  const columns = isShared ? 1 : group.size;
  const values = arrays.allocate(rows * columns, 'stimulus');
  if (isShared) arrays.write(values, rows, Float64Array.from(table));
  else for (const [k, row] of table.entries()) arrays.write(values + k * columns * arrays.bytes, columns, row);
  const operands = { wide: arrays.wide, n: group.size, clock, drive, values, first, rows, columns };
  parts.changed();
  parts.inputs.push({ instructions: () => [instruction('Drive', operands)] });
}

/** Adds to what arrives at a receptor, in each step, normal numbers of a deviation. */
function addNoise(
  group: NeuronGroup,
  receptor: 'v' | 'current',
  deviation: unknown,
  factor: number,
  what: string,
): void {
  const { parts } = group;
  const { arrays, clock } = parts;
  parts.mustBeNew(what);
  const { address: out, dimension } = group.receptor(receptor);
  const values = resolve(parts, deviation, dimension, group.size, `${what}: deviation`);
  if (anyOf(values, (x) => x < 0))
    throw new RangeError(`${what}: expected no deviation below 0, got ${String(deviation)}`);
  const columns = typeof values === 'number' ? 1 : group.size;
  const amplitude = arrays.allocate(columns, what);
  arrays.write(
    amplitude,
    columns,
    combine([values], (x) => x * factor),
  );
  const operands = { wide: arrays.wide, n: group.size, clock, stream: parts.nextStream(), out, amplitude, columns };
  parts.inputs.push({ instructions: () => [instruction('Noise', operands)] });
}

/**
 * White noise on the potential of each neuron, independently: dv gains σ dW, in each step σ √dt · z with z standard normal.
 * @param deviation σ √(1 ms): what the noise alone would come to in 1 ms
 * @throws RangeError for a deviation below 0
 */
export function noise(group: NeuronGroup, deviation: Parameter<'voltage'> | NumberParameter): void {
  addNoise(group, 'v', deviation, Math.sqrt(group.parts.dt), 'noise');
}

/**
 * A random current of each neuron, drawn anew in each step: its effect depends on the step.
 * @param deviation of the current's normal distribution, whose mean is 0
 * @throws RangeError for a deviation below 0
 */
export function noiseCurrent(group: NeuronGroup, deviation: Parameter<Dimension> | NumberParameter): void {
  addNoise(group, 'current', deviation, 1, 'noiseCurrent');
}

/** What independent sources of one rate give to a receptor. */
export interface PoissonInputOptions {
  /** The target's receptor. */
  receptor: string;
  /** How many sources each neuron has, and the rate of each. */
  sources: number;
  rate: Frequency;
  weight: Quantity | number;
}

/**
 * Spikes of many independent sources, each neuron's own, without the sources: their number in a step has a Poisson
 * distribution of mean sources · rate · dt.
 * @throws RangeError for a mean above 500
 */
export function poissonInput(target: NeuronGroup, { receptor, sources, rate, weight }: PoissonInputOptions): void {
  const { parts } = target;
  const { arrays, clock } = parts;
  parts.mustBeNew('poissonInput');
  const place = target.receptor(receptor);
  const mean = sources * valueOf(rate, 'frequency', 'poissonInput: rate') * parts.dt;
  if (!(mean >= 0 && mean <= 500))
    throw new RangeError(`poissonInput: expected 0 to 500 spikes a step on average, got ${mean}`);
  const value =
    typeof weight === 'number' && place.dimension === 'number' ? weight : weightValue(weight, place.dimension);
  const levels = poissonLevels(mean);
  const weightAddress = arrays.allocate(1, 'weight');
  arrays.write(weightAddress, 1, value);
  const operands = {
    wide: arrays.wide,
    n: target.size,
    clock,
    stream: parts.nextStream(),
    out: place.address,
    levels: arrays.integers(levels, 'poissonInput'),
    count: levels.length,
    weight: weightAddress,
  };
  parts.inputs.push({ instructions: () => [instruction('PoissonInput', operands)] });
}

function weightValue(weight: unknown, dimension: Dimension | 'number'): number {
  if (dimension === 'number') throw new TypeError(`poissonInput: expected a weight as a number, got ${String(weight)}`);
  if (!(weight instanceof Quantity)) throw wrongKind(weight, dimension, 'poissonInput: weight');
  return valueOf(weight, dimension, 'poissonInput: weight');
}

/** 2³² P(k ≤ j) for j = 0, 1, … while it is below 2³²: a random word w makes k the number of levels ≤ w. */
export function poissonLevels(mean: number): number[] {
  const levels: number[] = [];
  let probability = exp(-mean);
  let sum = probability;
  for (let k = 0; ; k++) {
    const level = Math.round(sum * 2 ** 32);
    if (level >= 2 ** 32) return levels;
    levels.push(level);
    probability *= mean / (k + 1);
    sum += probability;
    // what is left is less than a word can tell
    if (k > mean && probability < 2 ** -34) return levels;
  }
}
