// Reading and writing at indices that are data, running sums, the greatest and the least few.
import { expect, test } from 'vitest';
import * as reference from '../../reference/indexing.ts';
import { ScatterKind } from '../../src/core/generated/instructions.ts';
import { kernelRunner, output, randomFloats, testRandom } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const words = (floats: Float32Array): Int32Array => new Int32Array(floats.buffer, floats.byteOffset, floats.length);
const randomIndices = (length: number, size: number, seed: number): Int32Array => {
  const next = testRandom(seed);
  return Int32Array.from({ length }, () => Math.floor(next(-size, size)));
};

test.each([
  [1, 5, 1, 4],
  [2, 3, 7, 5],
  [3, 4, 1, 1],
  [1, 2, 33, 3],
  [2, 3, 4, 0],
])('gather: outer %i, axis %i, inner %i, %i indices', (outer, axis, inner, n) => {
  const x = randomFloats(outer * axis * inner, 1);
  const indices = randomIndices(n, axis, 2);
  const operands = { out: output(outer * n * inner), x, indices, outer, axis, inner, n };
  const expected = [...reference.tuplesOf([outer, n, inner])].map(([o, j, c]) => {
    const index = indices[j!]!;
    return x[(o! * axis + (index < 0 ? index + axis : index)) * inner + c!]!;
  });
  for (const byteOffset of [0, 4]) {
    const { outputs, finished } = kernels.run('Gather', operands, byteOffset);
    expect(finished).toBe(true);
    expect([...outputs['out']!]).toEqual(expected);
  }
});

test.each([3, -4, 2 ** 31 - 1, -(2 ** 31)])(
  'gather: the index %i of three entries stops the program, nothing written',
  (index) => {
    const operands = {
      out: output(2, Float32Array.of(9, 9)),
      x: [1, 2, 3],
      indices: Int32Array.of(0, index),
      outer: 1,
      axis: 3,
      inner: 1,
      n: 2,
    };
    const { outputs, finished } = kernels.run('Gather', operands);
    expect(finished).toBe(false);
    expect([...outputs['out']!]).toEqual([9, 9]);
  },
);

const elementCases = [
  { shape: [7], indexShape: [5], axis: 0 },
  { shape: [3, 4], indexShape: [3, 2], axis: 1 },
  { shape: [3, 4], indexShape: [2, 3], axis: 0 },
  { shape: [2, 3, 5], indexShape: [2, 4, 5], axis: 1 },
];
const elementOperands = ({ shape, indexShape, axis }: (typeof elementCases)[number]) => {
  const strides = reference.stridesOf(shape);
  const table = Uint32Array.from([...indexShape, ...strides.with(axis, 0)]);
  return { rank: shape.length, table, axis: shape[axis]!, strideAxis: strides[axis]! };
};
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

test.each(elementCases)('gather elements: %j', (shapes) => {
  const x = randomFloats(sizeOf(shapes.shape), 3);
  const indices = randomIndices(sizeOf(shapes.indexShape), shapes.shape[shapes.axis]!, 4);
  const operands = { out: output(indices.length), x, indices, ...elementOperands(shapes) };
  const { outputs, finished } = kernels.run('GatherElements', operands, 4);
  expect(finished).toBe(true);
  expect([...outputs['out']!]).toEqual(
    reference.gatherElements(x, shapes.shape, indices, shapes.indexShape, shapes.axis),
  );
  indices[indices.length - 1] = shapes.shape[shapes.axis]!;
  expect(kernels.run('GatherElements', operands).finished).toBe(false);
});

test.each(Object.keys(ScatterKind) as (keyof typeof ScatterKind)[])(
  'scatter elements %s: floats and integers, indices that repeat',
  (kind) => {
    for (const shapes of elementCases)
      for (const integers of [0, 1]) {
        const x = randomFloats(sizeOf(shapes.shape), 5, -50, 50).map((value) => (integers ? Math.trunc(value) : value));
        const indices = randomIndices(sizeOf(shapes.indexShape), shapes.shape[shapes.axis]!, 6);
        const updates = randomFloats(indices.length, 7, -5, 5).map((value) => (integers ? Math.trunc(value) : value));
        const typed = (values: Float32Array) => (integers ? Int32Array.from(values) : values);
        const operands = {
          kind: ScatterKind[kind],
          out: output(x.length, typed(x)),
          indices,
          updates: typed(updates),
          ...elementOperands(shapes),
          integers,
        };
        const { outputs, finished } = kernels.run('ScatterElements', operands, 4);
        expect(finished).toBe(true);
        const out = integers ? words(outputs['out']!) : outputs['out']!;
        const expected = reference.scatterElements(
          kind,
          x,
          shapes.shape,
          indices,
          updates,
          shapes.indexShape,
          shapes.axis,
        );
        Array.from(out).forEach((value, i) =>
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-5 * Math.abs(expected[i]!)),
        );
        indices[0] = -shapes.shape[shapes.axis]! - 1;
        expect(kernels.run('ScatterElements', operands).finished).toBe(false);
      }
  },
);

test('scatter: NaN stays in a minimum and a maximum', () => {
  for (const kind of ['Minimum', 'Maximum'] as const) {
    const table = Uint32Array.of(2, 0);
    const operands = {
      kind: ScatterKind[kind],
      out: output(2, Float32Array.of(1, NaN)),
      indices: Int32Array.of(0, 1),
      updates: [NaN, 1],
      rank: 1,
      table,
      axis: 2,
      strideAxis: 1,
      integers: 0,
    };
    expect([...kernels.run('ScatterElements', operands).outputs['out']!]).toEqual([NaN, NaN]);
  }
});

test.each([
  { shape: [5], depth: 1, n: 4 },
  { shape: [3, 4], depth: 2, n: 5 },
  { shape: [3, 4, 5], depth: 2, n: 3 },
  { shape: [3, 4, 5], depth: 1, n: 2 },
])('tuples of indices: %j', ({ shape, depth, n }) => {
  const inner = sizeOf(shape.slice(depth));
  const x = randomFloats(sizeOf(shape), 8);
  const indices = Int32Array.from({ length: n * depth }, (_, i) => randomIndices(n * depth, shape[i % depth]!, 9)[i]!);
  const table = Uint32Array.from([...shape.slice(0, depth), ...reference.stridesOf(shape).slice(0, depth)]);
  const places = reference.tuplePlaces(shape, indices, depth);
  const gathered = kernels.run(
    'GatherTuples',
    { out: output(n * inner), x, indices, batch: 1, n, inner, depth, strideBatch: 0, table },
    4,
  );
  expect(gathered.finished).toBe(true);
  expect([...gathered.outputs['out']!]).toEqual(places.flatMap((place) => [...x.subarray(place, place + inner)]));
  const updates = randomFloats(n * inner, 10);
  for (const kind of ['Assign', 'Add'] as const) {
    const operands = {
      kind: ScatterKind[kind],
      out: output(x.length, x),
      indices,
      updates,
      n,
      inner,
      depth,
      table,
      integers: 0,
    };
    const expected = Float32Array.from(x);
    places.forEach((place, j) => {
      for (let c = 0; c < inner; c++)
        expected[place + c] = reference.scatterRules[kind](expected[place + c]!, updates[j * inner + c]!);
    });
    expect([...kernels.run('ScatterTuples', operands).outputs['out']!]).toEqual([...expected]);
  }
  indices[depth - 1] = shape[depth - 1]!;
  expect(
    kernels.run('GatherTuples', {
      out: output(n * inner),
      x,
      indices,
      batch: 1,
      n,
      inner,
      depth,
      strideBatch: 0,
      table,
    }).finished,
  ).toBe(false);
  const operands = { kind: 0, out: output(x.length, x), indices, updates, n, inner, depth, table, integers: 0 };
  expect(kernels.run('ScatterTuples', operands).finished).toBe(false);
});

test('tuples of indices: each batch reads its own part', () => {
  const x = randomFloats(2 * 3 * 2, 11);
  const operands = {
    out: output(2 * 1 * 2),
    x,
    indices: Int32Array.of(2, 0),
    batch: 2,
    n: 1,
    inner: 2,
    depth: 1,
    strideBatch: 6,
    table: Uint32Array.of(3, 2),
  };
  expect([...kernels.run('GatherTuples', operands).outputs['out']!]).toEqual([x[4], x[5], x[6], x[7]]);
});

test.each([
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
])('cumulative sum: exclusive %i, reverse %i', (exclusive, reverse) => {
  for (const [outer, axis, inner] of [
    [1, 33, 1],
    [2, 5, 3],
    [3, 1, 4],
    [2, 0, 2],
  ] as const) {
    const x = randomFloats(outer * axis * inner, 12).map((value) => Math.round(value * 100));
    const expected = reference.cumulativeSum(x, [outer, axis, inner], exclusive === 1, reverse === 1);
    const operands = { out: output(x.length), x, outer, axis, inner, exclusive, reverse };
    expect([...kernels.run('CumulativeSum', { ...operands, integers: 0 }, 4).outputs['out']!]).toEqual(expected);
    const whole = kernels.run('CumulativeSum', { ...operands, x: Int32Array.from(x), integers: 1 }, 4);
    expect([...words(whole.outputs['out']!)]).toEqual(expected);
  }
});

test.each([[0], [1]])('top k: in order, of equals the first, NaN above all; largest %i', (largest) => {
  for (const [outer, axis, inner, k] of [
    [1, 9, 1, 9],
    [2, 17, 3, 4],
    [3, 5, 1, 1],
    [1, 4, 2, 0],
  ] as const) {
    const x = randomFloats(outer * axis * inner, 13).map((value, i) => (i % 7 === 3 ? NaN : Math.round(value * 4)));
    const expected = reference.topK(x, [outer, axis, inner], k, largest === 1);
    const count = outer * k * inner;
    const operands = { values: output(count), indices: output(count), x, outer, axis, inner, k, largest };
    const { outputs } = kernels.run('TopK', { ...operands, integers: 0 }, 4);
    expect([...outputs['values']!].map((value) => value + 0)).toEqual(expected.values.map((value) => value + 0));
    expect([...words(outputs['indices']!)]).toEqual(expected.indices);
    const integers = Int32Array.from(x, (value) => (Number.isNaN(value) ? 2 ** 31 - 1 : value));
    const whole = kernels.run('TopK', { ...operands, x: integers, integers: 1 }, 4);
    expect([...words(whole.outputs['indices']!)]).toEqual(expected.indices);
  }
});
