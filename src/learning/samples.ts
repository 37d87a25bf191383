// What a single neuron learns from: samples, each an input and a target, read and checked whole before
// anything is changed. Every input gets a constant 1 behind its last number, so that the bias is one
// more weight. Holds no learning rule.

/** What the neuron should answer: a number, or yes and no. */
export type Target = number | boolean;

/** One example: `{ input, target }` or `[input, target]`. */
export type Sample =
  { readonly input: ArrayLike<number>; readonly target: Target } | readonly [input: ArrayLike<number>, target: Target];

/** Samples as the rules take them: `rows[i]` is the input i with a 1 behind it. */
export interface SampleTable {
  readonly rows: readonly Float64Array[];
  readonly targets: readonly Target[];
}

/**
 * Reads samples of `inputs` numbers each; of as many as the first one has where `inputs` is left out.
 * @throws TypeError where something is of the wrong kind, RangeError where a count or a number is wrong.
 */
export function readSamples(caller: string, samples: readonly Sample[], inputs?: number): SampleTable {
  if (!Array.isArray(samples)) throw new TypeError(`${caller}: expected an array of samples, got ${describe(samples)}`);
  if (samples.length === 0) throw new RangeError(`${caller}: expected at least one sample, got none`);
  const rows: Float64Array[] = [];
  const targets: Target[] = [];
  let count = inputs;
  samples.forEach((sample, i) => {
    const [input, target] = parts(`${caller}: sample ${i}`, sample);
    rows.push(withOne(checkedInput(`${caller}: sample ${i}`, input, count)));
    count = input.length;
    targets.push(checkedTarget(`${caller}: sample ${i}`, target));
  });
  return { rows, targets };
}

/**
 * The targets as −1 and +1, the two sides of the perceptron rule: `true` and 1 are +1; `false`, 0 and −1
 * are −1.
 * @throws RangeError on any other number, and where 0 and −1 both occur (three classes, or a mistake).
 */
export function signsOf(caller: string, targets: readonly Target[]): Float64Array {
  const wrong = targets.findIndex((target) => ![-1, 0, 1].includes(Number(target)));
  if (wrong >= 0) {
    throw new RangeError(`${caller}: sample ${wrong}: expected a target of 0 or 1, or −1 or 1, got ${targets[wrong]}`);
  }
  if (targets.some((target) => Number(target) === 0) && targets.includes(-1)) {
    throw new RangeError(`${caller}: expected targets of 0 and 1, or of −1 and 1, got both 0 and −1`);
  }
  return Float64Array.from(targets, (target) => (Number(target) === 1 ? 1 : -1));
}

/** The targets as the numbers to reach: a number is itself, `true` is 1, `false` −1. */
export function numbersOf(targets: readonly Target[]): Float64Array {
  return Float64Array.from(targets, (target) => (typeof target === 'number' ? target : target ? 1 : -1));
}

/**
 * `values` if it is `count` finite numbers (one or more where `count` is left out).
 * @throws TypeError, RangeError.
 */
export function checkedInput(caller: string, values: ArrayLike<number>, count?: number): ArrayLike<number> {
  if (typeof values !== 'object' || values === null || typeof values.length !== 'number') {
    throw new TypeError(`${caller}: expected an array of numbers, got ${describe(values)}`);
  }
  if (values.length === 0 && count === undefined)
    throw new RangeError(`${caller}: expected at least one input, got none`);
  if (count !== undefined && values.length !== count) {
    throw new RangeError(`${caller}: expected ${count} ${count === 1 ? 'input' : 'inputs'}, got ${values.length}`);
  }
  for (let i = 0; i < values.length; i++) checkedNumber(`${caller}: input ${i}`, values[i]);
  return values;
}

/** `value` if it is a finite number. */
export function checkedNumber(what: string, value: number): number {
  if (typeof value !== 'number') throw new TypeError(`${what}: expected a number, got ${describe(value)}`);
  if (!Number.isFinite(value)) throw new RangeError(`${what}: expected a finite number, got ${value}`);
  return value;
}

/** `value` if it is a finite number above 0. */
export function checkedPositive(what: string, value: number): number {
  if (checkedNumber(what, value) <= 0) throw new RangeError(`${what}: expected a number above 0, got ${value}`);
  return value;
}

/** `value` if it is a whole number of at least 1. */
export function checkedCount(what: string, value: number): number {
  if (typeof value !== 'number') throw new TypeError(`${what}: expected a number, got ${describe(value)}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${what}: expected a whole number of at least 1, got ${value}`);
  }
  return value;
}

function checkedTarget(where: string, target: Target): Target {
  return typeof target === 'boolean' ? target : checkedNumber(`${where}: target`, target);
}

function parts(where: string, sample: Sample): readonly [ArrayLike<number>, Target] {
  if (typeof sample !== 'object' || sample === null) {
    throw new TypeError(`${where}: expected { input, target } or [input, target], got ${describe(sample)}`);
  }
  if ('input' in sample && 'target' in sample) return [sample.input, sample.target];
  if (Array.isArray(sample) && sample.length === 2) return sample as readonly [ArrayLike<number>, Target];
  throw new TypeError(`${where}: expected { input, target } or [input, target], got ${describe(sample)}`);
}

function withOne(input: ArrayLike<number>): Float64Array {
  const row = new Float64Array(input.length + 1);
  row.set(input);
  row[input.length] = 1;
  return row;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? `an object with ${Object.keys(value).join(', ') || 'no keys'}` : `${typeof value}`;
}
