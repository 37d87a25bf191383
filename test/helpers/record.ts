// What the tests of operations measure: the worst error of each against float64, on every build. It is recorded for
// docs/operations.md where UPDATE_OPERATIONS is set, and held against the bound that stands there otherwise.
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

export const folder = join(import.meta.dirname, '../../build/operations');
const boundsFile = new URL('../../docs/operations.json', import.meta.url);

export const howToUpdate = [
  'where this is as it should be, write docs/operations.md anew:',
  'UPDATE_OPERATIONS=1 npx vitest run --project simd --project relaxed --project debug test/graph test/layers &&',
  'UPDATE_DOCS=1 npx vitest run --project host test/docs/operations.test.ts',
].join('\n');

export type Side = 'forward' | 'gradient';

/** What docs/operations.json says of an operation: the builds that it was tested on, and bounds of its errors. */
export interface Tested {
  readonly variants: string;
  readonly forward?: number;
  readonly gradient?: number;
}

/** Under which name the errors of a type of layer are written down, among those of operations. */
export const layerKey = (type: string): string => `layer ${type}`;

/** A line of what was measured. */
export interface Measured {
  readonly operation: string;
  readonly side: Side;
  readonly error: number;
  readonly variant: string;
}

export const readTested = (): Record<string, Tested> => JSON.parse(readFileSync(boundsFile, 'utf8'));

const tested = readTested();
const variant = process.env['NEURITE_VARIANT'] ?? 'simd';

/** The largest difference, relative to the largest magnitude of what was expected (at least 1e-3). */
export function worstError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs).filter(Number.isFinite));
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i])) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / scale);
  return worst;
}

/** Records an error of an operation, or expects it within the bound that is written down. */
export function recordError(operation: string, side: Side, error: number): void {
  if (process.env['UPDATE_OPERATIONS']) {
    mkdirSync(folder, { recursive: true });
    const measured: Measured = { operation, side, error, variant };
    appendFileSync(join(folder, `${variant}-${process.pid}.jsonl`), `${JSON.stringify(measured)}\n`);
    return;
  }
  const bound = tested[operation]?.[side];
  if (bound !== undefined)
    expect(
      error,
      `${operation}: ${side} error, docs/operations.json says at most ${bound}; ${howToUpdate}`,
    ).toBeLessThanOrEqual(bound);
}
