// Random operators: their distributions, their types, their seeds. ONNX leaves open which numbers they are.
import { expect, test } from 'vitest';
import type { OnnxTensor } from '../../src/formats/onnx/feed.ts';
import { floats, info, modelBytes, node, openBytes, type AttributeValue } from '../helpers/onnx-graph.ts';

const size = 40_000;
const statistics = (tensor: OnnxTensor) => {
  const data = Float64Array.from(tensor.data);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
  return { mean, deviation: Math.sqrt(variance), least: Math.min(...data), greatest: Math.max(...data) };
};

const source = (opType: string, attributes: Record<string, AttributeValue> = {}) =>
  modelBytes({
    input: [],
    output: [info('y', [size])],
    node: [node(opType, [], ['y'], { shape: [size], ...attributes })],
  });

test('RandomNormal has its mean and scale, RandomUniform its bounds', async () => {
  const normal = statistics((await openBytes(source('RandomNormal', { mean: { float: 3 }, scale: { float: 2 } }))).run({})['y']!); // prettier-ignore
  expect(Math.abs(normal.mean - 3)).toBeLessThan(0.04);
  expect(Math.abs(normal.deviation - 2)).toBeLessThan(0.04);
  const uniform = statistics((await openBytes(source('RandomUniform', { low: { float: -1 }, high: { float: 3 } }))).run({})['y']!); // prettier-ignore
  expect(Math.abs(uniform.mean - 1)).toBeLessThan(0.03);
  expect(Math.abs(uniform.deviation - 4 / Math.sqrt(12))).toBeLessThan(0.03);
  expect(uniform.least).toBeGreaterThanOrEqual(-1);
  expect(uniform.greatest).toBeLessThanOrEqual(3);
});

test('every run has others; the same seed gives the same, another others; a node may have its own', async () => {
  const bytes = source('RandomNormal');
  const drawn = async (file: Uint8Array, seed: number) => {
    const model = await openBytes(file, { seed });
    return [model.run({})['y']!.data.slice(0, 8), model.run({})['y']!.data.slice(0, 8)];
  };
  const [first, second] = await drawn(bytes, 1);
  expect(first).not.toEqual(second);
  expect(await drawn(bytes, 1)).toEqual([first, second]);
  expect((await drawn(bytes, 2))[0]).not.toEqual(first);
  const own = source('RandomNormal', { seed: { float: 5 } });
  expect(await drawn(own, 1)).toEqual(await drawn(own, 2));
  expect((await drawn(own, 1))[0]).not.toEqual((await drawn(own, 1))[1]);
});

test('two nodes draw different numbers', async () => {
  const graph = {
    output: [info('a', [8]), info('b', [8])],
    node: ['a', 'b'].map((name) => node('RandomUniform', [], [name], { shape: [8] })),
  };
  const { a, b } = (await openBytes(modelBytes(graph))).run({});
  expect(a!.data).not.toEqual(b!.data);
});

test('the Like forms take the shape of their input, Bernoulli its probabilities', async () => {
  const graph = {
    input: [info('p', ['n'])],
    output: [info('z', ['n']), info('u', ['n']), info('k', ['n'], 'int32')],
    node: [
      node('RandomNormalLike', ['p'], ['z']),
      node('RandomUniformLike', ['p'], ['u']),
      node('Bernoulli', ['p'], ['k'], { dtype: 6 }),
    ],
  };
  const model = await openBytes(modelBytes(graph));
  const { z, u, k } = model.run({ p: new Float32Array(size).fill(0.3) });
  expect([z!.shape, u!.shape]).toEqual([[size], [size]]);
  expect(k!.data).toBeInstanceOf(Int32Array);
  expect(new Set(k!.data)).toEqual(new Set([0, 1]));
  expect(Math.abs(statistics(k!).mean - 0.3)).toBeLessThan(0.01);
  const certain = model.run({ p: Float32Array.of(0, 1, 0, 1) })['k']!;
  expect([...certain.data]).toEqual([0, 1, 0, 1]);
});

test('Multinomial draws each class as often as its weight says', async () => {
  const weights = [1, 2, 0, 5];
  const graph = {
    input: [],
    output: [info('y', [2, size], 'int32')],
    initializer: [floats('logs', [2, 4], [...weights, ...weights.toReversed()].map(Math.log))],
    node: [node('Multinomial', ['logs'], ['y'], { sample_size: size })],
  };
  const { data, shape } = (await openBytes(modelBytes(graph))).run({})['y']!;
  expect(shape).toEqual([2, size]);
  weights.forEach((weight, i) => {
    const share = (from: number, kind: number) => data.subarray(from, from + size).filter((value) => value === kind).length / size; // prettier-ignore
    expect(Math.abs(share(0, i) - weight / 8)).toBeLessThan(0.012);
    expect(Math.abs(share(size, 3 - i) - weight / 8)).toBeLessThan(0.012);
  });
});

test('Dropout in training mode drops its ratio, scales the rest, and gives the mask', async () => {
  const graph = {
    input: [info('x', [size])],
    output: [info('y', [size]), info('mask', [size], 'bool')],
    initializer: [floats('ratio', [], [0.25]), { name: 'trains', dims: [], dataType: 9, int32Data: [1] }],
    node: [node('Dropout', ['x', 'ratio', 'trains'], ['y', 'mask'])],
  };
  const { y, mask } = (await openBytes(modelBytes(graph))).run({ x: new Float32Array(size).fill(3) });
  const kept = statistics(mask!).mean;
  expect(Math.abs(kept - 0.75)).toBeLessThan(0.01);
  y!.data.forEach((value, i) => expect(value).toBe(mask!.data[i] ? 4 : 0));
});

test('random numbers that would decide a shape are refused', async () => {
  const graph = {
    input: [],
    output: [info('y', [1, 'n'], 'int64')],
    node: [node('RandomUniform', [], ['u'], { shape: [8] }), node('NonZero', ['u'], ['y'])],
  };
  const model = await openBytes(modelBytes(graph));
  expect(() => model.run({})).toThrow('m.onnx: NonZero "NonZero y"');
});
