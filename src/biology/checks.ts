// What users give as quantities, checked and made into numbers of the consistent set of units.
import { dimensionExamples, Quantities, Quantity, type Dimension } from './units.ts';

const describe = (value: unknown): string =>
  value instanceof Quantity || value instanceof Quantities
    ? String(value)
    : typeof value === 'object' && value !== null
      ? value.constructor.name
      : String(value);

/**
 * The number of a quantity, in the consistent set of units.
 * @throws TypeError when it is not of the dimension, naming what was expected and what came
 */
export function valueOf(quantity: unknown, dimension: Dimension, what: string): number {
  if (!(quantity instanceof Quantity) || quantity.dimension !== dimension) throw wrongKind(quantity, dimension, what);
  if (!Number.isFinite(quantity.value))
    throw new RangeError(`${what}: expected a finite ${dimension}, got ${quantity}`);
  return quantity.value;
}

/** As `valueOf`; what must not be below or at 0 is refused. */
export function positive(quantity: unknown, dimension: Dimension, what: string): number {
  const value = valueOf(quantity, dimension, what);
  if (!(value > 0)) throw new RangeError(`${what}: expected a ${dimension} above 0, got ${String(quantity)}`);
  return value;
}

/** Refuses a time constant that is shorter than the step, both in ms. */
export function notShorterThanStep(tau: number, dt: number, what: string): void {
  if (tau < dt) throw new RangeError(`${what}: a time constant of ${tau} ms is shorter than the step of ${dt} ms`);
}

/** The error for a value of another kind than a dimension. */
export function wrongKind(got: unknown, dimension: Dimension, what: string): TypeError {
  return new TypeError(
    `${what}: expected a ${dimension} such as ${dimensionExamples[dimension] ?? `quantity(1, '…')`}, got ${describe(got)}`,
  );
}
