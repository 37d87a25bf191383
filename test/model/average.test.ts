// Averages of the weights: against float64, applied and taken back, saved and resumed.
import { describe, expect, test } from 'vitest';
import {
  dense,
  earlyStopping,
  loadModel,
  NeuriteError,
  sequential,
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
