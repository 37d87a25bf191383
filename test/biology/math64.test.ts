// The bounds that math64.ts states, against the host's functions (right to an ulp) over their whole range.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { testRandom, variant } from '../helpers/kernel.ts';

const root = join(import.meta.dirname, '../..');
const names = ['exp', 'expm1', 'log', 'logOfAny', 'tanh', 'pow2.3', 'pow-1.7', 'pow3'] as const;
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

describe('logOfAny', () => {
  test.each([
    [1e-300, 1e-290],
    [0.5, 2],
    [1, 1e300],
  ])('from %s to %s is within its bound', (low, high) => {
    const x = numbers(low, high);
    const error = largest(probe('logOfAny', x), (y, k) => Math.abs(y / Math.log(x[k]!) - 1));
    expect(error).toBeLessThan(4e-16 + slack);
  });

  test('of denormals is within 1.2e-14', () => {
    const x = numbers(5e-324, 2e-308);
    expect(largest(probe('logOfAny', x), (y, k) => Math.abs(y - Math.log(x[k]!)))).toBeLessThan(4e-16 * 745 + 1.2e-14);
  });

  test('at its edges', () => {
    const found = probe('logOfAny', Float64Array.of(0, -0, Infinity, -Infinity, -1, NaN));
    expect([...found]).toEqual([-Infinity, -Infinity, Infinity, NaN, NaN, NaN]);
  });
});

describe('tanh', () => {
  test.each([
    [-30, 30],
    [-1, 1],
    [-1e-8, 1e-8],
  ])('from %s to %s is within 4 ulp', (low, high) => {
    const x = numbers(low, high);
    const error = largest(probe('tanh', x), (y, k) => Math.abs(y / Math.tanh(x[k]!) - 1));
    expect(error).toBeLessThan(4 * 2.22e-16 + slack);
  });

  test('at its edges', () => {
    const found = probe('tanh', Float64Array.of(0, -0, NaN, 1e300, -Infinity, Infinity));
    expect([...found]).toEqual([0, -0, NaN, 1, -1, 1]);
  });
});

describe('pow', () => {
  test.each([
    ['pow2.3', 2.3],
    ['pow-1.7', -1.7],
    ['pow3', 3],
  ] as const)('%s is within its bound', (name, y) => {
    for (const [low, high] of [
      [1e-3, 1e3],
      [1e-100, 1e100],
      [0.9, 1.1],
    ] as const) {
      const x = numbers(low, high);
      const worst = largest(probe(name, x), (value, k) => {
        const bound = (4 + 6 * Math.abs(y * Math.log(x[k]!))) * 1.2e-16;
        return Math.abs(value / x[k]! ** y - 1) / (bound + slack);
      });
      expect(worst).toBeLessThan(1);
    }
  });

  test('at its edges', () => {
    const edges = Float64Array.of(0, -0, -8, NaN, Infinity, 1e200, 1e-200, 1);
    expect([...probe('pow2.3', edges)].map((x) => Number(x.toPrecision(12)))).toEqual([
      0,
      0,
      NaN,
      NaN,
      Infinity,
      Infinity,
      0,
      1,
    ]);
    expect([...probe('pow-1.7', edges)]).toEqual([Infinity, Infinity, NaN, NaN, 0, 0, Infinity, 1]);
    expect(probe('pow3', edges)[2]! / -512).toBeCloseTo(1, 12);
  });
});
