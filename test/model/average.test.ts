// Averages of the weights: against float64, applied and taken back, saved and resumed.
import { describe, expect, test } from 'vitest';
import {
  batchNorm,
  dense,
  earlyStopping,
  loadModel,
  NeuriteError,
  sequential,
  type CallbackContext,
  type FitOptions,
  type Model,
} from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 2], 2) };
const make = (): Promise<Model> =>
  sequential([dense(5, { activation: 'tanh' }), dense(2)], { inputShape: [3], seed: 5 });
const base: FitOptions = { loss: 'mse', optimizer: 'adam', batchSize: 4 };

const flat = (model: Model) => Object.values(model.getWeights()).flatMap(({ data: values }) => Array.from(values));

/** The weights of a training without averages, after each batch and after each epoch. */
async function record(epochs: number) {
  const model = await make();
  const [batches, ends]: [number[][], number[][]] = [[], []];
  await model.fit(data, {
    ...base,
    epochs,
    callbacks: [{ onBatchEnd: () => void batches.push(flat(model)), onEpochEnd: () => void ends.push(flat(model)) }],
  });
  return { batches, ends };
}

test('ema: the average of the weights after each step, beginning with the first', async () => {
  const { batches } = await record(3);
  const model = await make();
  await model.fit(data, { ...base, epochs: 3, ema: 0.9 });
  const expected = batches.reduce((mean, weights) => mean.map((value, i) => 0.9 * value + 0.1 * weights[i]!));
  expectClose(flat(model), expected, 1e-6, 'average');
  expect(model.swapWeights()).toBe(false);
  expect(flat(model)).toEqual(batches.at(-1));
  expect(model.swapWeights()).toBe(true);
  expectClose(flat(model), expected, 1e-6, 'average again');
});

test('swa: the mean of the weights after the epochs that were chosen', async () => {
  const { ends } = await record(8);
  const model = await make();
  await model.fit(data, { ...base, epochs: 8, swa: { start: 3, every: 2 } });
  const chosen = [ends[3]!, ends[5]!, ends[7]!];
  expectClose(
    flat(model),
    chosen[0]!.map((_, i) => (chosen[0]![i]! + chosen[1]![i]! + chosen[2]![i]!) / 3),
    1e-6,
    'average',
  );
  model.swapWeights();
  expect(flat(model)).toEqual(ends.at(-1));
});

test('what is validated and what callbacks see after an epoch is the average', async () => {
  const model = await make();
  const seen: number[] = [];
  const { history } = await model.fit(data, {
    ...base,
    epochs: 3,
    ema: 0.95,
    validationData: data,
    callbacks: [{ onEpochEnd: () => void seen.push(model.evaluate(data, { loss: 'mse' }).loss) }],
  });
  expect(seen).toEqual(history['valLoss']);
});

describe.each([{ ema: 0.9 }, { swa: { start: 2 } }, { swa: { start: 7 } }])('%o', (averaging) => {
  test('ten epochs are five, a file, and five more', async () => {
    const [whole, half] = [await make(), await make()];
    await whole.fit(data, { ...base, ...averaging, epochs: 10 });
    await half.fit(data, { ...base, ...averaging, epochs: 5 });
    const resumed = await loadModel(half.toBytes({ optimizer: true }));
    expect(bitsOf(resumed)).toEqual(bitsOf(half));
    await resumed.fit(data, { ...base, ...averaging, epochs: 5 });
    expect(bitsOf(resumed)).toEqual(bitsOf(whole));
    expect(resumed.toBytes({ optimizer: true })).toEqual(whole.toBytes({ optimizer: true }));
  });

  test('in two calls of fit it is the same', async () => {
    const [whole, twice] = [await make(), await make()];
    await whole.fit(data, { ...base, ...averaging, epochs: 10 });
    for (let i = 0; i < 2; i++) await twice.fit(data, { ...base, ...averaging, epochs: 5 });
    expect(bitsOf(twice)).toEqual(bitsOf(whole));
  });
});

test('the best weights of early stopping are averages, and are kept', async () => {
  const model = await make();
  const options = { ...base, epochs: 40, ema: 0.9, validationData: { ...data, targets: randomTensor([21, 2], 9) } };
  const { history } = await model.fit(data, { ...options, callbacks: [earlyStopping({ patience: 1 })] });
  const best = Math.min(...history['valLoss']!);
  expect(model.evaluate(options.validationData, { loss: 'mse' }).loss).toBe(best);
  expect(() => model.swapWeights()).toThrow(NeuriteError);
});

test('another fit without an average goes on from what the model has', async () => {
  const [averaged, plain] = [await make(), await make()];
  await averaged.fit(data, { ...base, ema: 0.9 });
  plain.setWeights(averaged.getWeights());
  for (const model of [averaged, plain]) await model.fit(data, { ...base, optimizer: 'sgd', shuffle: false });
  expect(bitsOf(averaged)).toEqual(bitsOf(plain));
  expect(() => averaged.swapWeights()).toThrow('no weights have been averaged');
});

test.each([
  [{ ema: 1 }, RangeError, 'expected ema, a decay between 0 and 1, got 1'],
  [{ ema: 0.9, swa: {} }, RangeError, 'ema and swa exclude each other'],
  [{ swa: { start: -1 } }, RangeError, 'expected swa.start'],
  [{ swa: { every: 0 } }, RangeError, 'expected swa.every'],
  [{ swa: 3 }, TypeError, 'expected swa { start, every }, got 3'],
])('%o is refused', async (averaging, kind, message) => {
  const model = await make();
  const training = model.fit(data, { ...base, ...averaging } as never);
  await expect(training).rejects.toThrow(kind);
  await expect(training).rejects.toThrow(message);
});

describe('running statistics', () => {
  const normal = () =>
    sequential([dense(4, { activation: 'tanh', name: 'a' }), batchNorm({ name: 'norm' }), dense(2)], {
      inputShape: [3],
      seed: 5,
    });

  /** Mean and unbiased variance of what the normalisation is given, by batches of four, weighed by their samples. */
  function statistics(model: Model) {
    const { data: x } = model.activations(data.inputs, 'a');
    const [mean, variance] = [new Float64Array(4), new Float64Array(4)];
    for (let start = 0; start < 21; start += 4) {
      const size = Math.min(4, 21 - start);
      for (let c = 0; c < 4; c++) {
        const values = Array.from({ length: size }, (_, i) => x[(start + i) * 4 + c]!);
        const average = values.reduce((sum, value) => sum + value, 0) / size;
        const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
        mean[c]! += (average * size) / 21;
        variance[c]! += ((squares / Math.max(1, size - 1)) * size) / 21;
      }
    }
    return { mean, variance };
  }

  test.each([{ ema: 0.9 }, { swa: { start: 1 } }])('%o: are those of the averaged weights', async (averaging) => {
    const model = await normal();
    await model.fit(data, { ...base, ...averaging, epochs: 4 });
    const { mean, variance } = statistics(model);
    expectClose(model.getWeights()['norm.movingMean']!.data, mean, 1e-5, 'mean');
    expectClose(model.getWeights()['norm.movingVariance']!.data, variance, 1e-5, 'variance');
  });

  test.each([{ ema: 0.9 }, { swa: { start: 1 } }])(
    '%o: so they are where a callback ends the training after an epoch',
    async (averaging) => {
      const model = await normal();
      const stops = { onEpochEnd: (context: CallbackContext) => void (context.epoch === 2 && context.stop('enough')) };
      const { epochs } = await model.fit(data, { ...base, ...averaging, epochs: 9, callbacks: [stops] });
      expect(epochs).toBe(3);
      const { mean, variance } = statistics(model);
      expectClose(model.getWeights()['norm.movingMean']!.data, mean, 1e-5, 'mean');
      expectClose(model.getWeights()['norm.movingVariance']!.data, variance, 1e-5, 'variance');
    },
  );

  test('the trained weights have kept their own', async () => {
    const [model, plain] = [await normal(), await normal()];
    await model.fit(data, { ...base, swa: { start: 1 }, epochs: 4 });
    await plain.fit(data, { ...base, epochs: 4 });
    model.swapWeights();
    expect(bitsOf(model)).toEqual(bitsOf(plain));
  });

  test.each([{ ema: 0.9 }, { swa: { start: 2, every: 2 } }])(
    '%o: eight epochs are four, a file, and four more',
    async (averaging) => {
      const [whole, half] = [await normal(), await normal()];
      await whole.fit(data, { ...base, ...averaging, epochs: 8 });
      await half.fit(data, { ...base, ...averaging, epochs: 4 });
      const resumed = await loadModel(half.toBytes({ optimizer: true }));
      await resumed.fit(data, { ...base, ...averaging, epochs: 4 });
      expect(bitsOf(resumed)).toEqual(bitsOf(whole));
    },
  );

  test('frozen normalisation keeps its statistics', async () => {
    const model = await normal();
    await model.fit(data, base);
    model.freeze('norm');
    const before = model.getWeights()['norm.movingMean']!.data;
    await model.fit(data, { ...base, ema: 0.5, epochs: 2 });
    expect(model.getWeights()['norm.movingMean']!.data).toEqual(before);
  });
});
