// Words moved axis by axis, and the choice between two arrays.
import { expect, test } from 'vitest';
import { broadcastAt, rearrange, tuplesOf } from '../../reference/indexing.ts';
import { MISSING } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();

interface Axis {
  size: number;
  stride?: number;
  offsets?: number[];
}

function tableOf(axes: readonly Axis[]): Uint32Array {
  const lists: number[] = [];
  const starts = axes.map(({ offsets }) => {
    if (!offsets) return 0;
    const start = 3 * axes.length + lists.length;
    lists.push(...offsets.map((offset) => (offset < 0 ? MISSING : offset)));
    return start;
  });
  return Uint32Array.from([
    ...axes.map(({ size }) => size),
    ...axes.map(({ stride = 0 }) => stride),
    ...starts,
    ...lists,
  ]);
}

function check(x: Float32Array, axes: readonly Axis[], fill = 0, byteOffset = 0): void {
  const length = axes.reduce((product, { size }) => product * size, 1);
  const bits = new Uint32Array(Float32Array.of(fill).buffer)[0]!;
  const operands = { out: output(length), x, rank: axes.length, table: tableOf(axes), fill: bits };
  const { outputs, finished } = kernels.run('Rearrange', operands, byteOffset);
  expect(finished).toBe(true);
  expect([...outputs['out']!]).toEqual(rearrange(x, axes, 0, fill).map(Math.fround));
}

test.each(awkwardLengths)('rearrange: the last axis of %i by stride 1, 0, 2 and by a list', (n) => {
  const x = randomFloats(3 * n + 5, n);
  for (const byteOffset of [0, 4, 12]) {
    check(
      x,
      [
        { size: 3, stride: n },
        { size: n, stride: 1 },
      ],
      0,
      byteOffset,
    );
    check(
      x,
      [
        { size: 2, stride: 1 },
        { size: n, stride: 0 },
      ],
      0,
      byteOffset,
    );
    check(x, [{ size: n, stride: 2 }], 0, byteOffset);
    const offsets = Array.from({ length: n }, (_, i) => (i % 3 === 1 ? -1 : (i * 7) % (n + 1)));
    check(
      x,
      [
        { size: 2, stride: n },
        { size: n, offsets },
      ],
      -2.5,
      byteOffset,
    );
  }
});

test('rearrange: a transpose of four axes, a list that leaves whole blocks out, no axis at all', () => {
  const x = randomFloats(2 * 3 * 4 * 5, 1);
  check(x, [
    { size: 5, stride: 1 },
    { size: 3, stride: 20 },
    { size: 2, stride: 60 },
    { size: 4, stride: 5 },
  ]);
  check(
    x,
    [
      { size: 4, offsets: [-1, 60, 0, -1] },
      { size: 3, offsets: [40, -1, 0] },
      { size: 20, stride: 1 },
    ],
    7,
  );
  check(x, []);
});

test('rearrange: a list may walk backwards', () => {
  const x = randomFloats(6, 2);
  const operands = { out: output(6), x, rank: 1, table: tableOf([{ size: 6, offsets: [5, 4, 3, 2, 1, 0] }]), fill: 0 };
  expect([...kernels.run('Rearrange', operands).outputs['out']!]).toEqual(Array.from(x).toReversed());
});

test.each([
  [[5], [5], [5], [5]],
  [[2, 3], [3], [2, 1], [1]],
  [[2, 3, 4], [2, 1, 4], [], [3, 1]],
  [[], [], [], []],
])('select: result %j of condition %j, %j and %j', (shape, c, a, b) => {
  const sizeOf = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const condition = Int32Array.from({ length: sizeOf(c) }, (_, i) => [0, 1, -3, 0, 7][i % 5]!);
  const [left, right] = [randomFloats(sizeOf(a), 3), randomFloats(sizeOf(b), 4)];
  const strides = (sizes: readonly number[]) => {
    const full = [...Array.from({ length: shape.length - sizes.length }, () => 1), ...sizes];
    return full.map((size, axis) => (size === 1 ? 0 : sizeOf(full.slice(axis + 1))));
  };
  const table = Uint32Array.from([...shape, ...strides(c), ...strides(a), ...strides(b)]);
  const operands = { out: output(sizeOf(shape)), condition, a: left, b: right, rank: shape.length, table };
  const expected = [...tuplesOf(shape)].map((tuple) =>
    broadcastAt(condition, c, tuple) ? broadcastAt(left, a, tuple) : broadcastAt(right, b, tuple),
  );
  for (const byteOffset of [0, 4])
    expect([...kernels.run('Select', operands, byteOffset).outputs['out']!]).toEqual(expected);
});
