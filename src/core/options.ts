// Options of optimizers, schedules and losses: defaults, checks and messages from one table of fields.
// Not here: what an option means (see the factory that lists it).
import { unknownName } from './nearest.ts';

/** What an option may be: of which kind, in which range, and what it is when left out. */
export interface Field<V> {
  readonly fallback: V | undefined;
  /** May be left out without a fallback. */
  readonly optional: boolean;
  /** For a TypeError: `a number`. */
  readonly kind: string;
  is(value: unknown): boolean;
  /** For a RangeError: `in [0, 1)`. */
  readonly expected: string;
  accepts(value: V): boolean;
}

export type Fields = Readonly<Record<string, Field<never> | Field<any>>>;

/** The values of a table of fields, once read. */
export type Values<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer V> ? V : never };

/**
 * The options with their defaults, checked.
 * @param owner who asks, at the head of every message: `adam`
 * @throws TypeError for a value of the wrong kind or a required one left out
 * @throws RangeError for an unknown option, with the nearest known one, or a value out of range
 */
export function readOptions<F extends Fields>(owner: string, options: object, fields: F): Values<F> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${owner}: expected options as an object, got ${show(options)}`);
  const known = Object.keys(fields);
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw new RangeError(`${owner}: ${unknownName('option', name, known).message}`);
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = (options as Record<string, unknown>)[name];
    const value = given === undefined ? field.fallback : given;
    if (value !== undefined) values[name] = checked(owner, name, value, field);
    else if (!field.optional) throw new TypeError(`${owner}: expected ${name} to be ${field.kind}, got undefined`);
  }
  return values as Values<F>;
}

function checked(owner: string, name: string, value: unknown, field: Field<any>): unknown {
  if (!field.is(value)) throw new TypeError(`${owner}: expected ${name} to be ${field.kind}, got ${show(value)}`);
  if (!field.accepts(value)) throw new RangeError(`${owner}: expected ${name} ${field.expected}, got ${show(value)}`);
  return value;
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'function') return 'a function';
  return JSON.stringify(value) ?? String(value);
}

const number = (expected: string, accepts: (value: number) => boolean) => (fallback?: number) =>
  field<number>({ fallback, kind: 'a number', is: (value) => typeof value === 'number', expected, accepts });

/** A field from its parts; what is left out: no fallback, required, any value. */
export function field<V>(parts: Partial<Field<V>> & Pick<Field<V>, 'kind' | 'is'>): Field<V> {
  return { fallback: undefined, optional: false, expected: '', accepts: () => true, ...parts };
}

/** The same field, but one that may be left out. */
export const optional = <V>(of: Field<V>): Field<V | undefined> => ({ ...of, optional: true }) as Field<V | undefined>;

export const positive = number('> 0 and finite', (value) => value > 0 && value < Infinity);
export const nonNegative = number('≥ 0 and finite', (value) => value >= 0 && value < Infinity);
/** A smoothing constant. */
export const fraction = number('in [0, 1)', (value) => value >= 0 && value < 1);
/** A share of a whole, the whole included. */
export const share = number('in [0, 1]', (value) => value >= 0 && value <= 1);
/** A factor that shrinks. */
export const shrinking = number('in (0, 1]', (value) => value > 0 && value <= 1);
/** A number of steps or epochs. */
export const count = number('to be an integer ≥ 1', (value) => Number.isInteger(value) && value >= 1);
export const countOrZero = number('to be an integer ≥ 0', (value) => Number.isInteger(value) && value >= 0);

export const flag = (fallback: boolean) =>
  field<boolean>({ fallback, kind: 'a boolean', is: (value) => typeof value === 'boolean' });

export const oneOf = <const S extends string>(known: readonly S[], fallback: S) =>
  field<S>({
    fallback,
    kind: 'a string',
    is: (value) => typeof value === 'string',
    expected: `to be one of ${known.join(', ')}`,
    accepts: (value) => known.includes(value),
  });

export const text = () => field<string>({ kind: 'a string', is: (value) => typeof value === 'string' });

/** Steps or epochs at which something changes, each later than the one before. */
export const milestoneList = () =>
  field<readonly number[]>({
    kind: 'an array of numbers',
    is: (value) => Array.isArray(value) && value.every((item) => typeof item === 'number'),
    expected: 'to be increasing integers ≥ 1',
    accepts: (list) => list.every((at, i) => Number.isInteger(at) && at >= 1 && (i === 0 || at > list[i - 1]!)),
  });
