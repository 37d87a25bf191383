// Reduce, ArgReduce and CheckFinite against float64 (reference/reduce.ts).
import { describe, expect, test } from 'vitest';
import { argExtreme, overAxis, reduceFunctions, type ReduceName } from '../../reference/reduce.ts';
import { ArgReduceKind, ReduceKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

type Shape = readonly [number, number, number];

const kernels = await kernelRunner();
const kinds = Object.keys(reduceFunctions) as ReduceName[];
const offsets = [0, 4, 8, 12];
const innerLengths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33];

function reduce(kind: ReduceName, x: Float32Array, [outer, axis, inner]: Shape, offset = 0): Float32Array {
  const operands = { kind: ReduceKind[kind], out: output(outer * inner), x, outer, axis, inner };
  const { outputs, finished } = kernels.run('Reduce', operands, offset);
  expect(finished).toBe(true);
  return outputs['out']!;
}

/** The kernel's stated bounds: absolute for sums, relative for products, none for extremes. */
function bound(kind: ReduceName, column: number[], exact: number): number {
  if (kind === 'Maximum' || kind === 'Minimum') return 0;
  if (kind === 'Product') return (column.length + 2) * 2 ** -24 * Math.abs(exact);
  const terms = kind === 'SumOfSquares' ? column.map((v) => v * v) : column.map(Math.abs);
  const magnitude = terms.reduce((sum, v) => sum + v, 0);
  return 40 * 2 ** -24 * (kind === 'Mean' ? magnitude / column.length : magnitude);
}

function check(kind: ReduceName, x: Float32Array, shape: Shape, offset = 0): void {
  const actual = reduce(kind, x, shape, offset);
  const columns: number[][] = [];
  const expected = overAxis(x, shape, (column) => {
    columns.push(column);
    return reduceFunctions[kind](column);
  });
  expect(actual.length).toBe(expected.length);
  expected.forEach((exact, i) => {
    if (!Number.isFinite(exact)) expect(actual[i], `element ${i}`).toBe(exact);
    else
      expect(Math.abs(actual[i]! - exact), `${kind} [${shape}], element ${i}`).toBeLessThanOrEqual(
        bound(kind, columns[i]!, exact),
      );
  });
}

/** Numbers whose products stay in float32's range. */
const data = (n: number, seed: number): Float32Array =>
  randomFloats(n, seed, 0.5, 1.5).map((v, i) => (i % 3 === 1 ? -v : v));

describe.each(kinds)('reduce %s', (kind) => {
  test.each(awkwardLengths)('rows of n=%i match the reference at every offset', (n) => {
    for (const offset of offsets) check(kind, data(3 * n, n), [3, n, 1], offset);
  });

  test.each(awkwardLengths)('an axis of n=%i before an inner one matches at every offset', (n) => {
    for (const inner of innerLengths)
      for (const offset of inner < 8 ? offsets : [4]) check(kind, data(2 * n * inner, n), [2, n, inner], offset);
  });

  test('around the ends of the runs', () => {
    for (const n of [511, 512, 513, 1024, 1027]) check(kind, data(n, n), [1, n, 1]);
    for (const n of [63, 64, 65, 128, 131]) check(kind, data(n * 21, n), [1, n, 21]);
  });

  test('NaN propagates from every place', () => {
    for (let at = 0; at < 19; at++) {
      const x = data(19, at);
      x[at] = NaN;
      expect(reduce(kind, x, [1, 19, 1])).toEqual(Float32Array.of(NaN));
      expect(reduce(kind, x, [1, 1, 19])[at]).toBeNaN();
    }
  });

  test('an infinite element gives what float64 gives', () => {
    for (const infinity of [Infinity, -Infinity]) {
      const x = data(18, 1);
      x[7] = infinity;
      check(kind, x, [1, 18, 1]);
      check(kind, x, [1, 9, 2]);
    }
  });

  test('nothing to reduce gives 0, NaN, −∞, ∞ or 1', () => {
    const empty = { Sum: 0, Mean: NaN, Maximum: -Infinity, Minimum: Infinity, Product: 1 };
    const expected = kind in empty ? empty[kind as keyof typeof empty] : 0;
    for (const inner of [1, 3, 16, 21])
      expect(reduce(kind, new Float32Array(0), [2, 0, inner])).toEqual(new Float32Array(2 * inner).fill(expected));
  });

  test('no outer or no inner axis writes nothing', () => {
    expect(reduce(kind, new Float32Array(0), [0, 5, 1]).length).toBe(0);
    expect(reduce(kind, new Float32Array(0), [3, 5, 0]).length).toBe(0);
  });
});

test('sums over a huge axis keep the bound that a running float32 sum exceeds', () => {
  const n = 100_000;
  const x = randomFloats(n, 9, 0, 1);
  check('Sum', x, [1, n, 1]);
  check('Mean', x, [1, n / 4, 4]);
  check('SumOfSquares', x, [1, n, 1]);
  const running = x.reduce((sum, v) => Math.fround(sum + v), 0);
  const exact = reduceFunctions.Sum([...x]);
  expect(Math.abs(running - exact)).toBeGreaterThan(bound('Sum', [...x], exact));
});

test('a column has the same sum wherever it stands', () => {
  const rows = 70;
  const column = randomFloats(rows, 5);
  const wide = new Float32Array(rows * 19);
  column.forEach((v, r) => wide.fill(v, r * 19, r * 19 + 19));
  const sums = reduce('Sum', wide, [1, rows, 19]);
  expect(new Set(sums).size).toBe(1);
});

describe.each(['Maximum', 'Minimum'] as const)('arg %s', (kind) => {
  function arg(x: Float32Array, [outer, axis, inner]: Shape, offset = 0): number[] {
    const operands = { kind: ArgReduceKind[kind], out: output(outer * inner), x, outer, axis, inner };
    const { outputs, finished } = kernels.run('ArgReduce', operands, offset);
    expect(finished).toBe(true);
    return [...new Int32Array(outputs['out']!.buffer)];
  }
  const check = (x: Float32Array, shape: Shape, offset = 0) =>
    expect(arg(x, shape, offset)).toEqual(overAxis(x, shape, (column) => argExtreme(column, kind)));

  test.each(awkwardLengths)('n=%i matches the reference, ties included', (n) => {
    for (const offset of offsets) {
      check(randomFloats(3 * n, n, -4, 4).map(Math.round), [3, n, 1], offset);
      for (const inner of [2, 3, 4, 5, 9])
        check(randomFloats(2 * n * inner, n, -4, 4).map(Math.round), [2, n, inner], offset);
    }
  });

  test('the first NaN wins', () => {
    for (let at = 0; at < 9; at++) {
      const x = randomFloats(10, at);
      x[at] = NaN;
      x[9] = NaN;
      expect(arg(x, [1, 10, 1])).toEqual([at]);
      expect(
        arg(
          Float32Array.from(x, (v) => v),
          [1, 10, 1],
          4,
        ),
      ).toEqual([at]);
      const doubled = new Float32Array(20);
      x.forEach((v, i) => doubled.fill(v, 2 * i, 2 * i + 2));
      expect(arg(doubled, [1, 10, 2])).toEqual([at, at]);
    }
  });

  test('infinities and zeros of both signs', () => {
    const infinite = kind === 'Maximum' ? -Infinity : Infinity;
    expect(arg(Float32Array.of(infinite, infinite), [1, 2, 1])).toEqual([0]);
    expect(arg(Float32Array.of(-0, 0, -0, 0, 0), [1, 5, 1])).toEqual([0]);
    expect(arg(Float32Array.of(0, 0, -0, -0, infinite, infinite), [1, 3, 2]).every((i) => i >= 0)).toBe(true);
  });

  test('nothing gives −1', () => {
    expect(arg(new Float32Array(0), [2, 0, 1])).toEqual([-1, -1]);
    expect(arg(new Float32Array(0), [1, 0, 5])).toEqual([-1, -1, -1, -1, -1]);
  });
});

describe('check finite', () => {
  const finite = (x: Float32Array, offset = 0) => kernels.run('CheckFinite', { x, n: x.length }, offset).finished;

  test.each(awkwardLengths)('n=%i: finite numbers go on, one that is not stops', (n) => {
    for (const offset of offsets) {
      const x = randomFloats(n, n, -3.4e38, 3.4e38);
      expect(finite(x, offset)).toBe(true);
      for (const bad of [NaN, Infinity, -Infinity])
        for (let at = 0; at < n; at++)
          expect(
            finite(
              x.map((v, i) => (i === at ? bad : v)),
              offset,
            ),
          ).toBe(false);
    }
  });

  test('denormals, −0 and the largest numbers are finite', () => {
    expect(finite(Float32Array.of(1e-45, -1e-45, -0, 0, 3.4028234663852886e38, -3.4028234663852886e38))).toBe(true);
  });
});
