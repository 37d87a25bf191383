// Gradients that are accumulated over several batches: as if those had been one.
import { describe, expect, test } from 'vitest';
import {
  adam,
  crossEntropy,
  dense,
  dropout,
  loadModel,
  sequential,
  sgd,
  type FitOptions,
  type Model,
} from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const make = (rate = 0): Promise<Model> =>
  sequential(
    [dense(6, { activation: 'tanh', kernelPenalty: { l2: 0.01 } }), ...(rate ? [dropout(rate)] : []), dense(4)],
    {
      inputShape: [3],
      seed: 5,
    },
  );

const count = 26;
const inputs = randomTensor([count, 3], 1);
const labels = { data: Int32Array.from({ length: count }, (_, i) => (i % 5 === 4 ? -100 : i % 4)), shape: [count] };
const cases: [string, FitOptions, object][] = [
  ['squared error', { loss: 'mse' }, { targets: randomTensor([count, 4], 2) }],
  ['a sum', { loss: { type: 'meanSquaredError', reduction: 'sum' } }, { targets: randomTensor([count, 4], 2) }],
  [
    'sample weights',
    { loss: 'mse' },
    { targets: randomTensor([count, 4], 2), sampleWeights: inputs.data.slice(0, count).map(Math.abs) },
  ],
  ['labels, some of them ignored', { loss: 'crossEntropy' }, { targets: labels }],
  ['class weights', { loss: crossEntropy({ classWeights: [1, 2, 0.5, 4] }) }, { targets: labels }],
];

describe.each(cases)('%s', (_, options, data) => {
  test.each([2, 3, 5])('accumulate: %i batches of 4 are one larger batch within rounding', async (accumulate) => {
    for (const optimizer of [
      sgd({ learningRate: 0.05, momentum: 0.9 }),
      adam({ learningRate: 0.01, clipNorm: 0.5, epsilon: 1e-3 }),
    ]) {
      const [small, large] = [await make(), await make()];
      await small.fit({ inputs, ...data } as never, { ...options, optimizer, epochs: 4, batchSize: 4, accumulate });
      await large.fit({ inputs, ...data } as never, { ...options, optimizer, epochs: 4, batchSize: 4 * accumulate });
      expect(small.trainer.step).toBe(large.trainer.step);
      const weights = large.getWeights();
      for (const [name, { data: values }] of Object.entries(small.getWeights()))
        expectClose(values, weights[name]!.data, 2e-5, name);
    }
  });
});

test('accumulate: each batch of a step has dropout of its own', async () => {
  const model = await sequential([dropout(0.5)], { inputShape: [64] });
  const ones = { data: new Float32Array(128).fill(1), shape: [2, 64] };
  const losses: number[] = [];
  await model.fit(
    { inputs: ones, targets: { data: new Float32Array(128), shape: [2, 64] } },
    {
      loss: 'mae',
      batchSize: 1,
      accumulate: 2,
      shuffle: false,
      callbacks: [{ onBatchEnd: (_, { loss }) => void losses.push(loss) }],
    },
  );
  expect(losses[0]).not.toBe(losses[1]);
});

test('accumulate: ten epochs are five, a file, and five more', async () => {
  const options: FitOptions = { loss: 'mse', optimizer: 'adam', batchSize: 4, accumulate: 3 };
  const data = { inputs, targets: randomTensor([count, 4], 2) };
  const [whole, half] = [await make(0.25), await make(0.25)];
  await whole.fit(data, { ...options, epochs: 10 });
  await half.fit(data, { ...options, epochs: 5 });
  const resumed = await loadModel(half.toBytes({ optimizer: true }));
  await resumed.fit(data, { batchSize: 4, accumulate: 3, epochs: 5 });
  expect(bitsOf(resumed)).toEqual(bitsOf(whole));
});

test('accumulate: a loss that is not finite stops before any weight changes', async () => {
  const model = await make();
  const data = { inputs: { data: inputs.data.slice(), shape: inputs.shape }, targets: randomTensor([count, 4], 2) };
  data.inputs.data[3 * 9] = 1e38;
  data.targets.data[4 * 9] = 3e38;
  const before = bitsOf(model);
  const training = model.fit(data, { loss: 'mse', batchSize: 4, accumulate: 4, shuffle: false });
  await expect(training).rejects.toThrow('in epoch 1, step 3');
  expect(bitsOf(model)).toEqual(before);
  expect(model.trainer.step).toBe(0);
});

test.each([0, 1.5, '2'])('accumulate: %s is refused', async (accumulate) => {
  const model = await make();
  const training = model.fit({ inputs, targets: randomTensor([count, 4], 2) }, { loss: 'mse', accumulate } as never);
  await expect(training).rejects.toThrow('model.fit: expected accumulate of at least 1');
});
