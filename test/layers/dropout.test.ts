import { expect, test } from 'vitest';
import { dense, dropout, loadModel, sequential, sgd, type Model } from '../../src/index.ts';
import { bitsOf, checkModel, modelOf, randomTensor } from '../helpers/model.ts';

/** A bias-free identity under dropout: after one step of SGD the kernel says what the mask was. */
async function masked(rate: number, seed: number, features = 400): Promise<Model> {
  return sequential([dropout(rate), dense(1, { useBias: false, kernelInitializer: 'zeros' })], {
    inputShape: [features],
    seed,
  });
}

/** The factors (0 or 1 / (1 − rate)) that a step of training applied to an input of ones. */
async function maskOf(model: Model, steps = 1): Promise<number[]> {
  const [features] = model.inputShapes[0] as [number];
  const before = model.getWeights()['layers.1.kernel']!.data;
  const data = { inputs: { data: new Float32Array(features).fill(1), shape: [1, features] }, targets: [[1]] };
  // loss = Σ p with reduction over one sample of mae below the target: dL/dp = −1, so the kernel moves by the mask.
  await model.fit(data, { loss: 'meanAbsoluteError', optimizer: sgd({ learningRate: 1e-6 }), epochs: steps });
  const after = model.getWeights()['layers.1.kernel']!.data;
  return Array.from(after, (value: number, i) => (value - before[i]!) / 1e-6);
}

test('dropout: in prediction nothing is dropped', async () => {
  const model = await modelOf(dropout(0.5), [50]);
  checkModel(model, 3, (_, values) => values!);
  const x = randomTensor([3, 50], 1);
  expect(model.predict(x).data).toEqual(x.data);
  const { inputs } = model.gradients(x, { outputGradient: x });
  expect(inputs[0]!.data).toEqual(x.data);
});

test.each([0.1, 0.5, 0.9])(
  'dropout: in training a share of %d falls, the rest is scaled by 1 / (1 − rate)',
  async (rate) => {
    const mask = await maskOf(await masked(rate, 1));
    const kept = mask.filter((value) => Math.abs(value) > 1e-3);
    for (const value of kept) expect(value).toBeCloseTo(1 / (1 - rate), 3);
    const deviation = Math.sqrt((rate * (1 - rate)) / mask.length);
    expect(Math.abs(kept.length / mask.length - (1 - rate))).toBeLessThan(4 * deviation);
  },
);

test('dropout: the same seed gives the same mask, another seed another one', async () => {
  const [first, again, other] = await Promise.all([3, 3, 4].map(async (seed) => maskOf(await masked(0.5, seed))));
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('dropout: each step draws anew', async () => {
  const model = await masked(0.5, 1);
  const first = await maskOf(model);
  const second = await maskOf(model);
  expect(second.map((v) => v > 0.5)).not.toEqual(first.map((v) => v > 0.5));
});

test('dropout: two layers of one model draw different masks', async () => {
  const model = await sequential(
    [dropout(0.5), dropout(0.5), dense(1, { useBias: false, kernelInitializer: 'zeros' })],
    {
      inputShape: [2000],
    },
  );
  const data = { inputs: { data: new Float32Array(2000).fill(1), shape: [1, 2000] }, targets: [[1]] };
  await model.fit(data, { loss: 'mae', optimizer: sgd({ learningRate: 1e-6 }) });
  const kept = model.getWeights()['layers.2.kernel']!.data.filter((value: number) => value !== 0).length;
  // Independent masks keep a quarter; equal ones would keep half.
  expect(Math.abs(kept / 2000 - 0.25)).toBeLessThan(0.05);
});

test('dropout: rate 0 changes nothing in training', async () => {
  const build = (rate: number | null) =>
    sequential(
      [...(rate === null ? [] : [dropout(rate, { name: 'drop' })]), dense(3, { name: 'a' }), dense(1, { name: 'b' })],
      {
        inputShape: [4],
      },
    );
  const data = { inputs: randomTensor([8, 4], 1), targets: randomTensor([8, 1], 2) };
  const [plain, zero] = [await build(null), await build(0)];
  for (const model of [plain, zero]) await model.fit(data, { loss: 'mse', epochs: 3 });
  expect(bitsOf(zero)).toEqual(bitsOf(plain));
});

test('dropout: the rate is saved', async () => {
  const model = await loadModel((await modelOf(dropout(0.3), [4])).toBytes());
  expect(model.topology.layers[0]!.config).toEqual({ rate: 0.3 });
});

test.each([-0.1, 1, 1.5, Number.NaN, '0.5', undefined])('dropout: a rate of %s is refused', (rate) => {
  expect(() => dropout(rate as number)).toThrow(RangeError);
  expect(() => dropout(rate as number)).toThrow(`dropout: expected a rate in [0, 1), got ${String(rate)}`);
});
