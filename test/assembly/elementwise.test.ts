// Binary and BinaryBroadcast against NumPy's rules in float64 (reference/elementwise.ts).
import { describe, expect, test } from 'vitest';
import { binaryFunctions, broadcastBinary, broadcastShape, type BinaryName } from '../../reference/elementwise.ts';
import { BinaryKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const kinds = Object.keys(binaryFunctions) as BinaryName[];
const offsets = [0, 4, 8, 12];

/** Within one rounding, which is exact for all but Power; the same number where both are special. */
function expectClose(kind: BinaryName, actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  if (kind !== 'Power') return expect(actual).toEqual(Float32Array.from(expected));
  actual.forEach((value, i) => {
    const exact = Math.fround(expected[i]!);
    if (!Number.isFinite(exact) || exact === 0) expect(value, `element ${i}`).toBe(exact);
    else expect(Math.abs(value / exact - 1), `element ${i}`).toBeLessThan(2 ** -22);
  });
}

/** Small whole numbers, so that some are equal. */
const data = (n: number, seed: number): Float32Array =>
  randomFloats(n, seed, -3, 3).map((v, i) => (i % 3 ? v : Math.round(v)));

function binary(kind: BinaryName, a: Float32Array, b: Float32Array, offset = 0): Float32Array {
  const { outputs, finished } = kernels.run(
    'Binary',
    { kind: BinaryKind[kind], out: output(a.length), a, b, n: a.length },
    offset,
  );
  expect(finished).toBe(true);
  return outputs['out']!;
}

/** The operands of BinaryBroadcast for two shapes that broadcast. */
function broadcastTable(shapeA: readonly number[], shapeB: readonly number[]): Uint32Array {
  const shape = broadcastShape(shapeA, shapeB);
  const strides = (own: readonly number[]) =>
    shape.map((_, axis) => {
      const at = axis - shape.length + own.length;
      if (at < 0 || own[at] === 1) return 0;
      return own.slice(at + 1).reduce((product, size) => product * size, 1);
    });
  return Uint32Array.from([...shape, ...strides(shapeA), ...strides(shapeB)]);
}

const size = (shape: readonly number[]) => shape.reduce((product, s) => product * s, 1);

function broadcast(kind: BinaryName, shapeA: readonly number[], shapeB: readonly number[], offset = 0): void {
  const a = data(size(shapeA), 1);
  const b = data(size(shapeB), 2);
  const shape = broadcastShape(shapeA, shapeB);
  const { outputs, finished } = kernels.run(
    'BinaryBroadcast',
    {
      kind: BinaryKind[kind],
      out: output(size(shape)),
      a,
      b,
      rank: shape.length,
      table: broadcastTable(shapeA, shapeB),
    },
    offset,
  );
  expect(finished).toBe(true);
  expectClose(kind, outputs['out']!, broadcastBinary(kind, a, shapeA, b, shapeB));
}

describe.each(kinds)('binary %s', (kind) => {
  test.each(awkwardLengths)('n=%i matches the reference at every offset', (n) => {
    const a = data(n, n);
    const b = data(n, n + 100);
    for (const offset of offsets) expectClose(kind, binary(kind, a, b, offset), broadcastBinary(kind, a, [n], b, [n]));
  });

  test('NaN, ±∞ and ±0 in every pair come out as IEEE 754 has them', () => {
    const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5];
    const a = Float32Array.from(special.flatMap((v) => special.map(() => v)));
    const b = Float32Array.from(special.flatMap(() => special));
    expectClose(kind, binary(kind, a, b), broadcastBinary(kind, a, [64], b, [64]));
  });

  test.each([
    ['a row vector', [5, 7], [7]],
    ['a column vector', [5, 9], [5, 1]],
    ['a column vector on the left', [6, 1], [6, 4]],
    ['a scalar', [3, 5], []],
    ['a scalar on the left', [1], [4, 8]],
    ['both over each other', [4, 1], [1, 6]],
    ['a repeated middle axis', [2, 1, 5], [2, 3, 5]],
    ['rank 0', [], []],
    ['one element', [1, 1], [1]],
    ['an empty axis', [3, 0], [1]],
    ['an empty outer axis', [0, 4], [4]],
    ['eight axes', [2, 1, 2, 1, 3, 1, 2, 5], [1, 2, 1, 2, 3, 2, 1, 5]],
  ])('broadcasts %s', (_, shapeA, shapeB) => broadcast(kind, shapeA, shapeB));
});

test.each(awkwardLengths)('broadcast: rows of n=%i at every offset, each pattern', (n) => {
  for (const offset of offsets) {
    broadcast('Subtract', [3, n], [n], offset);
    broadcast('Subtract', [n], [3, n], offset);
    broadcast('Subtract', [3, n], [3, 1], offset);
    broadcast('Subtract', [3, 1], [3, n], offset);
    broadcast('Subtract', [3, 1], [1], offset);
  }
});

test('broadcast: both operands repeated along the last axis', () => {
  for (const n of awkwardLengths) {
    const table = Uint32Array.from([2, n, 1, 0, 1, 0]);
    const { outputs } = kernels.run('BinaryBroadcast', {
      kind: BinaryKind.Add,
      out: output(2 * n),
      a: [1, 2],
      b: [10, 20],
      rank: 2,
      table,
    });
    expect(outputs['out']).toEqual(Float32Array.from({ length: 2 * n }, (_, i) => (i < n ? 11 : 22)));
  }
});

test('broadcast: an operand read by columns (a transposed view)', () => {
  const a = data(15, 3);
  const b = data(15, 4);
  const { outputs } = kernels.run('BinaryBroadcast', {
    kind: BinaryKind.Multiply,
    out: output(15),
    a,
    b,
    rank: 2,
    table: Uint32Array.from([3, 5, 1, 3, 5, 1]),
  });
  const expected = b.map((v, i) => v * a[Math.floor(i / 5) + 3 * (i % 5)]!);
  expect(outputs['out']).toEqual(expected);
});

test.each(['a', 'b', 'both'])('the output may be %s, in place', (alias) => {
  const { memory } = kernels.instance;
  for (const n of awkwardLengths) {
    const a = data(n, 5);
    const b = alias === 'both' ? a : data(n, 6);
    const address = memory.allocate(4 * n + 4);
    memory.f32.set(alias === 'b' ? b : a, address / 4);
    kernels.run('Binary', {
      kind: BinaryKind.Subtract,
      out: address,
      a: alias === 'b' ? a : address,
      b: alias === 'a' ? b : address,
      n,
    });
    expect(memory.floats(address, n).slice()).toEqual(a.map((v, i) => v - b[i]!));
    memory.release(address);
  }
});

test('broadcast: the output may be the dense operand, in place', () => {
  const { memory } = kernels.instance;
  const a = data(21, 7);
  const b = data(7, 8);
  const address = memory.allocate(84);
  memory.f32.set(a, address / 4);
  kernels.run('BinaryBroadcast', {
    kind: BinaryKind.Add,
    out: address,
    a: address,
    b,
    rank: 2,
    table: broadcastTable([3, 7], [7]),
  });
  expect(memory.floats(address, 21).slice()).toEqual(a.map((v, i) => v + b[i % 7]!));
  memory.release(address);
});
