// spatialDropout, alphaDropout, gaussianDropout: masks and statistics of training, nothing in prediction.
import { describe, expect, test } from 'vitest';
import {
  alphaDropout,
  gaussianDropout,
  input,
  loadModel,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
  type Layer,
  type Tensor,
} from '../../src/index.ts';
import { checkModel, modelOf, randomTensor } from '../helpers/model.ts';

const layers = { spatialDropout1d, spatialDropout2d, spatialDropout3d, alphaDropout, gaussianDropout };
const shapes: Record<keyof typeof layers, number[]> = {
  spatialDropout1d: [7, 3],
  spatialDropout2d: [2, 3, 5],
  spatialDropout3d: [2, 2, 3, 4],
  alphaDropout: [5],
  gaussianDropout: [3, 2],
};
const names = Object.keys(layers) as (keyof typeof layers)[];

const filled = (shape: readonly number[], value: number): Tensor => ({
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
  shape,
});

/** d out / d x in training, where out is a product of x with a factor (and a summand): the factors themselves. */
async function factors(layer: Layer, shape: number[], batch: number, seed = 1): Promise<Float32Array> {
  const net = await modelOf(layer, shape, seed);
  const ones = filled([batch, ...shape], 1);
  return net.gradients(ones, { outputGradient: ones, training: true }).inputs[0]!.data as Float32Array;
}

describe.each(names)('%s', (name) => {
  const make = layers[name];

  test('changes nothing in prediction', async () => {
    const shape = shapes[name];
    checkModel(await modelOf(make(0.4), shape), 2, (_, x) => x!);
  });

  test('is saved; a rate of 0 changes nothing; others are refused', async () => {
    const net = await modelOf(make(0.3), shapes[name]);
    expect((await loadModel(net.toBytes())).topology.layers[0]!.config).toEqual({ rate: 0.3 });
    expect(await factors(make(0), shapes[name], 2)).toEqual(filled([2, ...shapes[name]], 1).data);
    for (const rate of [-0.1, 1, Number.NaN, '0.5'])
      expect(() => make(rate as number)).toThrow(`${name}: expected a rate in [0, 1), got ${String(rate)}`);
  });

  test('another seed draws otherwise', async () => {
    const [first, other] = [await factors(make(0.5), shapes[name], 9, 1), await factors(make(0.5), shapes[name], 9, 2)];
    expect(other).not.toEqual(first);
    expect(await factors(make(0.5), shapes[name], 9, 1)).toEqual(first);
  });
});

test.each(['spatialDropout1d', 'spatialDropout2d', 'spatialDropout3d'] as const)(
  '%s: a channel falls whole, or is scaled whole; a share falls',
  async (name) => {
    const [rate, batch] = [0.25, 200];
    const shape = shapes[name];
    const [channels, positions] = [shape.at(-1)!, shape.slice(0, -1).reduce((product, size) => product * size, 1)];
    const mask = await factors(layers[name](rate), shape, batch);
    let kept = 0;
    for (let sample = 0; sample < batch; sample++)
      for (let channel = 0; channel < channels; channel++) {
        const of = (position: number) => mask[(sample * positions + position) * channels + channel]!;
        expect([0, Math.fround(1 / (1 - rate))]).toContain(of(0));
        for (let position = 1; position < positions; position++) expect(of(position)).toBe(of(0));
        kept += Number(of(0) > 0);
      }
    const total = batch * channels;
    expect(Math.abs(kept / total - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / total));
  },
);

test.each(['spatialDropout1d', 'spatialDropout2d', 'spatialDropout3d'] as const)(
  '%s: another rank is refused',
  (name) => {
    expect(() => layers[name](0.5)(input([4]))).toThrow(`${name}: expected input [*, `);
  },
);

test('gaussianDropout: factors of mean 1 and variance rate / (1 − rate)', async () => {
  const [rate, count] = [0.3, 20000];
  const mask = await factors(gaussianDropout(rate), [count], 1);
  const mean = mask.reduce((sum, value) => sum + value, 0) / count;
  const variance = mask.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  const expected = rate / (1 - rate);
  expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(expected / count));
  expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
});

describe('alphaDropout', () => {
  const rate = 0.2;
  const saturation = -1.7580993408473766;
  const a = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5;

  test('the gradient is a where kept and 0 elsewhere', async () => {
    const mask = await factors(alphaDropout(rate), [5000], 1);
    const kept = mask.filter((value) => value !== 0);
    for (const value of kept) expect(Math.abs(value - a)).toBeLessThan(1e-6);
    expect(Math.abs(kept.length / 5000 - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 5000));
  });

  test('mean 0 and variance 1 stay; what falls becomes a · saturation + b', async () => {
    const count = 40000;
    const net = await modelOf(alphaDropout(rate), [count]);
    // Of standard normal inputs: the loss of a training step shows what the layer gave.
    const uniform = randomTensor([1, count], 3, -Math.sqrt(3), Math.sqrt(3));
    const squares = net.gradients(uniform, {
      targets: filled([1, count], 0),
      loss: 'meanSquaredError',
      training: true,
    });
    const b = -a * rate * saturation;
    // d (mean of y²) / d x = 2 a y / count where kept: y from the gradient, and the rest is the constant.
    const gradient = squares.inputs[0]!.data;
    let [sum, sumOfSquares] = [0, 0];
    for (let i = 0; i < count; i++) {
      const y = gradient[i] === 0 ? a * saturation + b : (gradient[i]! * count) / (2 * a);
      if (gradient[i] !== 0) expect(Math.abs(y - (a * uniform.data[i]! + b))).toBeLessThan(1e-4);
      sum += y;
      sumOfSquares += y * y;
    }
    expect(squares.loss).toBeCloseTo(sumOfSquares / count, 3);
    expect(Math.abs(sum / count)).toBeLessThan(0.02);
    expect(Math.abs(sumOfSquares / count - 1)).toBeLessThan(0.03);
  });
});
