// The bounds that math64.ts states, against the host's functions (right to an ulp) over their whole range.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { testRandom, variant } from '../helpers/kernel.ts';

const root = join(import.meta.dirname, '../..');
const names = ['exp', 'expm1', 'log'] as const;
let probe: (name: (typeof names)[number], x: Float64Array) => Float64Array;

beforeAll(async () => {
  mkdirSync(join(root, 'build'), { recursive: true });
  const path = join(root, 'build', `probe-math64-${variant}.wasm`);
  const options = ['assembly/probe/math64.ts', '--target', `neuron-${variant}`, '--outFile', path];
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/assemblyscript/bin/asc.js'), ...options], {
    cwd: root,
  });
  const memory = new WebAssembly.Memory({ initial: 40 });
  const { instance } = await WebAssembly.instantiate(readFileSync(path), { env: { memory, abort: () => {} } });
  const run = instance.exports['probe'] as (index: number, out: number, x: number, n: number) => void;
  probe = (name, x) => {
    new Float64Array(memory.buffer, 65536, x.length).set(x);
    run(names.indexOf(name), 65536 + 8 * x.length, 65536, x.length);
    return new Float64Array(memory.buffer, 65536 + 8 * x.length, x.length).slice();
  };
}, 120_000);

const numbers = (low: number, high: number) => {
  const next = testRandom(1);
  return Float64Array.from({ length: 100_000 }, () => next(low, high));
};

/** The largest of what a check gives for each element. */
const largest = (x: Float64Array, f: (value: number, k: number) => number): number =>
  x.reduce((most, value, k) => Math.max(most, f(value, k)), 0);

/** Above the host's own half ulp. */
const slack = 1.2e-16;

describe('exp', () => {
  test.each([
    [-708, 709],
    [-1, 1],
    [-1e-8, 1e-8],
  ])('from %s to %s is within 1.5 ulp', (low, high) => {
    const x = numbers(low, high);
    const error = largest(probe('exp', x), (y, k) => Math.abs(y / Math.exp(x[k]!) - 1));
    expect(error).toBeLessThan(1.5 * 2.22e-16 + slack);
  });

  test('at its edges', () => {
    const found = probe('exp', Float64Array.of(0, -0, NaN, 1e9, -1e9, -Infinity));
    expect([...found.subarray(0, 3)]).toEqual([1, 1, NaN]);
    expect(found[3]! / Math.exp(709)).toBeCloseTo(1, 12);
    expect(found[4]! / Math.exp(-708)).toBeCloseTo(1, 12);
    expect(found[5]).toBe(found[4]);
  });
});

describe('expm1', () => {
  test.each([
    [-700, 700],
    [-1, 1],
    [-1e-8, 1e-8],
  ])('from %s to %s is within 2 ulp', (low, high) => {
    const x = numbers(low, high);
    const error = largest(probe('expm1', x), (y, k) => Math.abs(y / Math.expm1(x[k]!) - 1));
    expect(error).toBeLessThan(2 * 2.22e-16 + slack);
  });

  test('at its edges', () => {
    const found = probe('expm1', Float64Array.of(0, -0, NaN, 1e-300));
    expect([...found]).toEqual([0, -0, NaN, 1e-300]);
  });
});

describe('log', () => {
  test.each([
    [1e-300, 1e-290],
    [0.5, 2],
    [1, 1e300],
    [0.999, 1.001],
  ])('from %s to %s is within its bound', (low, high) => {
    const x = numbers(low, high);
    const error = largest(probe('log', x), (y, k) => Math.abs(y / Math.log(x[k]!) - 1));
    expect(error).toBeLessThan(4e-16 + slack);
  });
});
