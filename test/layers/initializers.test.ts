import { describe, expect, test } from 'vitest';
import {
  dense,
  initializerNames,
  initializers,
  sequential,
  ShapeError,
  type InitializerLike,
} from '../../src/index.ts';
import { bitsOf } from '../helpers/model.ts';

async function kernel(kernelInitializer: InitializerLike, shape: [number, number], seed = 1): Promise<Float32Array> {
  const model = await sequential([dense(shape[1], { kernelInitializer })], { inputShape: [shape[0]], seed });
  return model.getWeights()['layers.0.kernel']!.data as Float32Array;
}

const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
const variance = (x: Float32Array) => x.reduce((sum, value) => sum + value * value, 0) / x.length - mean(x) ** 2;
const largest = (x: Float32Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const [fanIn, fanOut] = [150, 90];
const fans: [number, number] = [fanIn, fanOut];
const scaled: [string, number][] = [
  ['glorot', 2 / (fanIn + fanOut)],
  ['he', 2 / fanIn],
  ['lecun', 1 / fanIn],
];

describe('initializers', () => {
  test('every name is known and draws', async () => {
    for (const name of initializerNames) expect(await kernel(name, [4, 4]), name).toHaveLength(16);
  });

  test('zeros, ones and a constant', async () => {
    expect(new Set(await kernel('zeros', [3, 5]))).toEqual(new Set([0]));
    expect(new Set(await kernel('ones', [3, 5]))).toEqual(new Set([1]));
    expect(new Set(await kernel(initializers.constant(-2.5), [3, 5]))).toEqual(new Set([-2.5]));
  });

  test.each(scaled)('%sUniform: the variance of its fans, within its limit', async (name, expected) => {
    const x = await kernel(`${name}Uniform`, fans);
    const limit = Math.sqrt(3 * expected);
    expect(largest(x)).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest(x)).toBeGreaterThan(0.99 * limit);
    expect(variance(x) / expected).toBeCloseTo(1, 1);
    expect(Math.abs(mean(x))).toBeLessThan(4 * Math.sqrt(expected / x.length));
  });

  test.each(scaled)('%sNormal: the variance of its fans, cut at two deviations', async (name, expected) => {
    const x = await kernel(`${name}Normal`, fans);
    const limit = (2 * Math.sqrt(expected)) / 0.8796256610342398;
    expect(largest(x)).toBeLessThanOrEqual(limit * (1 + 1e-6));
    expect(variance(x) / expected).toBeCloseTo(1, 1);
    expect(Math.abs(mean(x))).toBeLessThan(4 * Math.sqrt(expected / x.length));
  });

  test('uniform: between its bounds, all over them', async () => {
    const x = await kernel(initializers.uniform({ minimum: 2, maximum: 5 }), fans);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...x)).toBeLessThanOrEqual(5);
    expect(mean(x)).toBeCloseTo(3.5, 1);
    expect(variance(x)).toBeCloseTo(9 / 12, 1);
    expect(largest(await kernel('uniform', fans))).toBeLessThanOrEqual(Math.fround(0.05));
  });

  test('normal: its mean and deviation, not cut', async () => {
    const x = await kernel(initializers.normal({ mean: 3, deviation: 2 }), fans);
    expect(mean(x)).toBeCloseTo(3, 1);
    expect(Math.sqrt(variance(x)) / 2).toBeCloseTo(1, 1);
    expect(largest(x.map((value) => value - 3))).toBeGreaterThan(6);
  });

  test('truncatedNormal: never beyond two deviations of its mean', async () => {
    const x = await kernel(initializers.truncatedNormal({ mean: 1, deviation: 0.5 }), fans);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(-1e-6);
    expect(Math.max(...x)).toBeLessThanOrEqual(2 + 1e-6);
    expect(Math.sqrt(variance(x)) / (0.5 * 0.8796256610342398)).toBeCloseTo(1, 1);
  });

  /** The products of all pairs of vectors along the shorter axis. */
  function gram(x: Float32Array, rows: number, columns: number): number[] {
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const at = (vector: number, i: number) => x[rows <= columns ? vector * columns + i : i * columns + vector]!;
    return Array.from({ length: count * count }, (_, pair) => {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += at(Math.floor(pair / count), i) * at(pair % count, i);
      return sum;
    });
  }

  test.each([
    [6, 20, 1],
    [20, 6, 1],
    [12, 12, 1],
    [5, 8, 3],
    [1, 4, 1],
  ])('orthogonal: [%i, %i] with gain %d has orthogonal vectors of that length', async (rows, columns, gain) => {
    const x = await kernel(initializers.orthogonal({ gain }), [rows, columns]);
    const count = Math.min(rows, columns);
    gram(x, rows, columns).forEach((product, pair) => {
      const onDiagonal = pair % (count + 1) === 0;
      expect(product / gain ** 2).toBeCloseTo(onDiagonal ? 1 : 0, 5);
    });
  });

  test.each([
    [3, 3],
    [2, 4],
    [4, 2],
  ])('identity: [%i, %i] has its gain on the diagonal', async (rows, columns) => {
    const x = await kernel(initializers.identity({ gain: 2 }), [rows, columns]);
    x.forEach((value, i) => expect(value).toBe(Math.floor(i / columns) === i % columns ? 2 : 0));
  });

  test('one seed gives the same bits, another seed others', async () => {
    const build = (seed: number) =>
      sequential([dense(9), dense(7, { kernelInitializer: 'heNormal' })], { inputShape: [5], seed });
    const [first, again, other] = await Promise.all([build(7), build(7), build(8)]);
    expect(bitsOf(again)).toEqual(bitsOf(first));
    expect(bitsOf(other)).not.toEqual(bitsOf(first));
  });

  test('the high half of a seed counts too', async () => {
    const build = (seed: number) => kernel('glorotUniform', [4, 4], seed);
    expect(await build(1)).not.toEqual(await build(1 + 2 ** 40));
  });

  test('parameters of one shape draw from streams of their own', async () => {
    const { 'layers.0.kernel': a, 'layers.1.kernel': b } = (
      await sequential([dense(6), dense(6)], { inputShape: [6] })
    ).getWeights();
    expect(a!.data.filter((value: number, i: number) => value === b!.data[i])).toHaveLength(0);
  });

  test('orthogonal and identity need two dimensions', async () => {
    for (const biasInitializer of ['orthogonal', 'identity'])
      await expect(sequential([dense(2, { biasInitializer })], { inputShape: [2] })).rejects.toThrow(ShapeError);
  });

  const refused: [string, unknown, new (...args: never[]) => Error, string][] = [
    ['an unknown name, naming the nearest', 'xavierUniform', RangeError, 'known: zeros'],
    ['a name nearly right', 'glorotUnifrom', RangeError, 'did you mean "glorotUniform"?'],
    ['no name', null, TypeError, 'initializer: expected a name'],
    [
      'an unknown parameter',
      { type: 'normal', sigma: 1 },
      RangeError,
      'unknown parameter of initializer normal "sigma"',
    ],
    ['a parameter with the name of a method', { type: 'normal', toString: 1 }, RangeError, 'unknown parameter'],
    [
      'a negative deviation',
      { type: 'normal', deviation: -1 },
      RangeError,
      'normal: expected a non-negative deviation, got -1',
    ],
    ['bounds the wrong way round', { type: 'uniform', minimum: 1, maximum: 0 }, RangeError, 'minimum at most maximum'],
    [
      'a parameter that is not finite',
      { type: 'constant', value: Infinity },
      RangeError,
      'constant: expected a finite value',
    ],
    [
      'a parameter that is no number',
      { type: 'constant', value: '1' },
      RangeError,
      'constant: expected a finite value, got 1',
    ],
  ];
  test.each(refused)('%s is refused', (_, given, kind, message) => {
    expect(() => dense(2, { kernelInitializer: given as never })).toThrow(kind);
    expect(() => dense(2, { kernelInitializer: given as never })).toThrow(message);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53, '1'])('a seed of %s is refused', async (seed) => {
    await expect(sequential([dense(1)], { inputShape: [1], seed: seed as number })).rejects.toThrow('seed: expected');
  });
});
