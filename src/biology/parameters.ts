// Values as users give them (one quantity, one for each neuron, or a distribution to draw from), made into numbers.
import { RandomKind } from '../core/generated/neuron-instructions.ts';
import { seedWords } from '../core/philox.ts';
import type { Arrays, PerNeuron } from './arrays.ts';
import { instruction, runOnce } from './program.ts';
import { wrongKind } from './checks.ts';
import { Quantities, Quantity, type Dimension } from './units.ts';

/** Numbers to be drawn: each from its place and the simulation's seed alone. */
export class Distribution<D extends Dimension | 'number' = Dimension | 'number'> {
  readonly kind: 'uniform' | 'normal';
  readonly a: number;
  readonly b: number;
  readonly dimension: D;

  /** @internal made by `uniform` and `normal` */
  constructor(kind: 'uniform' | 'normal', a: number, b: number, dimension: D) {
    this.kind = kind;
    this.a = a;
    this.b = b;
    this.dimension = dimension;
  }

  toString(): string {
    return `a ${this.kind} distribution of ${this.dimension}`;
  }
}

/** A value for all, one for each, or a distribution to draw each from. */
export type Parameter<D extends Dimension> = Quantity<D> | Quantities<D> | Distribution<D>;

/** The same for numbers without a unit. */
export type NumberParameter = number | ArrayLike<number> | Distribution<'number'>;

type Bound = Quantity | number;

function pair(name: string, a: Bound, b: Bound): [number, number, Dimension | 'number'] {
  if (typeof a === 'number' && typeof b === 'number') return [a, b, 'number'];
  if (a instanceof Quantity && b instanceof Quantity && a.dimension === b.dimension)
    return [a.value, b.value, a.dimension];
  throw new TypeError(`${name}: expected two numbers or two quantities of one dimension, got ${a} and ${b}`);
}

/** Each value equally likely in [low, high). */
export function uniform<D extends Dimension>(low: Quantity<D>, high: Quantity<NoInfer<D>>): Distribution<D>;
export function uniform(low: number, high: number): Distribution<'number'>;
export function uniform(low: Bound, high: Bound): Distribution {
  return new Distribution('uniform', ...pair('uniform', low, high));
}

/** The normal distribution of a mean and a standard deviation. */
export function normal<D extends Dimension>(mean: Quantity<D>, deviation: Quantity<NoInfer<D>>): Distribution<D>;
export function normal(mean: number, deviation: number): Distribution<'number'>;
export function normal(mean: Bound, deviation: Bound): Distribution {
  return new Distribution('normal', ...pair('normal', mean, deviation));
}

/** What drawing needs: memory, the seed, and a stream that nothing else uses. */
export interface Source {
  readonly arrays: Arrays;
  readonly seed: number;
  nextStream(): number;
}

/** Fills n numbers at an address from a distribution. */
export function draw(
  { arrays, seed, nextStream }: Source,
  { kind, a, b }: Distribution,
  address: number,
  n: number,
): void {
  const { instance, wide } = arrays;
  const [seedLow, seedHigh] = seedWords(seed);
  const bounds = arrays.allocate(2, 'bounds');
  arrays.view(bounds, 2).set([a, b]);
  const random = kind === 'normal' ? RandomKind.Normal : RandomKind.Uniform;
  const operands = { wide, kind: random, out: address, n, bounds, seedLow, seedHigh, stream: nextStream() };
  runOnce(instance, [instruction('RandomValues', operands)]);
  instance.memory.release(bounds);
}

/**
 * The numbers of a parameter for n neurons or synapses.
 * @throws TypeError for another dimension, RangeError for another number of values
 */
export function resolve(
  source: Source,
  parameter: unknown,
  dimension: Dimension | 'number',
  n: number,
  what: string,
): PerNeuron {
  const values = numbersOf(source, parameter, dimension, n, what);
  const wrong =
    typeof values === 'number' ? (Number.isFinite(values) ? -1 : 0) : values.findIndex((x) => !Number.isFinite(x));
  if (wrong >= 0)
    throw new RangeError(
      `${what}: expected finite numbers, got ${typeof values === 'number' ? values : `${values[wrong]} at ${wrong}`}`,
    );
  return values;
}

function numbersOf(
  source: Source,
  parameter: unknown,
  dimension: Dimension | 'number',
  n: number,
  what: string,
): PerNeuron {
  if (parameter instanceof Distribution && parameter.dimension === dimension) return drawn(source, parameter, n);
  if (dimension === 'number') return plainNumbers(parameter, n, what);
  if (parameter instanceof Quantity && parameter.dimension === dimension) return parameter.value;
  if (parameter instanceof Quantities && parameter.dimension === dimension) return ofLength(parameter.values, n, what);
  throw wrongKind(parameter, dimension, what);
}

function drawn(source: Source, distribution: Distribution, n: number): Float64Array {
  const { arrays } = source;
  const address = arrays.allocate(n, 'random values');
  draw(source, distribution, address, n);
  const values = arrays.read(address, n);
  arrays.instance.memory.release(address);
  return values;
}

function plainNumbers(parameter: unknown, n: number, what: string): PerNeuron {
  if (typeof parameter === 'number') return parameter;
  if (typeof parameter === 'object' && parameter !== null && 'length' in parameter)
    return ofLength(Float64Array.from(parameter as ArrayLike<number>), n, what);
  throw new TypeError(`${what}: expected a number or ${n} numbers, got ${String(parameter)}`);
}

function ofLength(values: Float64Array, n: number, what: string): Float64Array {
  if (values.length !== n) throw new RangeError(`${what}: expected ${n} values, got ${values.length}`);
  return values;
}

/** f of parameters, neuron by neuron where any of them differs between neurons. */
export function combine(parameters: readonly PerNeuron[], f: (...values: number[]) => number): PerNeuron {
  const arrays = parameters.filter((p) => typeof p !== 'number');
  if (!arrays.length) return f(...(parameters as number[]));
  return Float64Array.from(arrays[0]!, (_, i) => f(...parameters.map((p) => (typeof p === 'number' ? p : p[i]!))));
}

/** Whether any value is true of the test. */
export const anyOf = (values: PerNeuron, test: (x: number) => boolean): boolean =>
  typeof values === 'number' ? test(values) : values.some(test);
