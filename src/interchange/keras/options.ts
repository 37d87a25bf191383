// The options of a Keras layer as its JSON has them, read by what neurite has. What it does not have is noted, not thrown:
// a file's problems are told in one error, all of them.
import { activationOfKeras, initializerOfKeras, penaltyOfKeras } from './vocabulary.ts';
import { isObject, quote } from '../../formats/numeric.ts';
import type { Activation } from '../../layers/activations.ts';
import type { InitializerSpec } from '../../initializers/initializer.ts';
import type { Penalty } from '../../layers/layer.ts';

/** Keras 3 gave `hard_sigmoid` another slope than Keras 2 and TensorFlow.js; that has still fewer functions. */
export type Dialect = 'keras3' | 'keras2' | 'tfjs';

export class KerasOptions {
  readonly what: string;
  readonly dialect: Dialect;
  readonly problems: string[];
  private readonly config: Readonly<Record<string, unknown>>;

  constructor(what: string, config: Readonly<Record<string, unknown>>, dialect: Dialect, problems: string[]) {
    this.what = what;
    this.config = config;
    this.dialect = dialect;
    this.problems = problems;
  }

  /** Another object of the layer's, as the one that a wrapper holds. */
  get(name: string): unknown {
    return this.config[name] ?? undefined;
  }

  problem(text: string): void {
    this.problems.push(`${this.what}: ${text}`);
  }

  /** Options that must have one of these values, or none. */
  only(name: string, ...allowed: readonly unknown[]): void {
    const value = this.get(name);
    if (value !== undefined && !allowed.includes(value)) this.problem(`${name} ${quote(value)}`);
  }

  /** Options that change what is computed or learned, and that neurite has no form of. */
  none(...names: readonly string[]): void {
    for (const name of names) if (this.get(name) !== undefined) this.problem(`${name} ${nameOf(this.get(name))}`);
  }

  number(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    this.problem(`${name} is ${quote(value)}, not a number`);
    return fallback ?? 1;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    this.problem(`${name} is ${quote(value)}, not true or false`);
    return fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'string') return value;
    this.problem(`${name} is ${quote(value)}, not a text`);
    return fallback;
  }

  /** A number for all axes, or one for each. */
  sizes(name: string, fallback?: number | readonly number[]): number | number[] {
    const value = this.get(name) ?? fallback;
    if (typeof value === 'number') return value;
    if (Array.isArray(value) && value.length <= 8 && value.every((size) => typeof size === 'number'))
      return value as number[];
    this.problem(`${name} is ${quote(value)}, not whole numbers`);
    return 1;
  }

  activation(name = 'activation'): Activation {
    const found = activationOfKeras(this.get(name), this.dialect);
    if (found !== undefined) return found;
    this.problem(`${name} ${nameOf(this.get(name))}`);
    return 'linear';
  }

  /** Initialisers that neurite does not have become the layer's own: the file brings the weights. */
  initializer(name: string): InitializerSpec | undefined {
    return initializerOfKeras(this.get(name));
  }

  penalty(name: string): Penalty | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const penalty = penaltyOfKeras(value);
    if (penalty === undefined) this.problem(`${name} ${nameOf(value)}`);
    return penalty;
  }
}

/** What an object of Keras' is called, or the value. */
function nameOf(value: unknown): string {
  return isObject(value) ? quote(value['class_name'] ?? value) : quote(value);
}
