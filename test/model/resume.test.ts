// Training that is saved in the middle goes on to the same bits.
import { expect, test } from 'vitest';
import * as neurite from '../../src/index.ts';
import { dense, dropout, loadModel, sequential, type FitOptions, type Optimizer } from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';

const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 2], 2) };
const make = () =>
  sequential([dense(5, { activation: 'tanh' }), dropout(0.25), dense(2)], { inputShape: [3], seed: 5 });

const optimizers: Record<string, Optimizer> = {
  sgd: neurite.sgd({ learningRate: 0.05 }),
  'sgd with momentum': neurite.sgd({ learningRate: 0.05, momentum: 0.9 }),
  'sgd with nesterov': neurite.sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  adam: neurite.adam(),
  amsgrad: neurite.adam({ amsgrad: true, clipNorm: 0.5 }),
  adamW: neurite.adamW(),
  nadam: neurite.nadam(),
  radam: neurite.radam(),
  adamax: neurite.adamax(),
  'rmsprop centred': neurite.rmsprop({ centered: true, momentum: 0.9 }),
  adagrad: neurite.adagrad({ initialAccumulator: 0.1 }),
  adadelta: neurite.adadelta(),
  lion: neurite.lion(),
  'adam on a schedule by step': neurite.adam({
    learningRate: neurite.exponentialDecay({ learningRate: 0.01, gamma: 0.9, per: 'step' }),
  }),
  'adam on a schedule by epoch': neurite.adam({
    learningRate: neurite.exponentialDecay({ learningRate: 0.01, gamma: 0.8 }),
  }),
  'sgd on a plateau': neurite.sgd({
    learningRate: neurite.onPlateau({ learningRate: 0.3, patience: 1, factor: 0.5, threshold: 0.5 }),
  }),
};

test.each(Object.keys(optimizers))('%s: ten epochs are five, a file, and five more', async (name) => {
  const options: FitOptions = { loss: 'mse', optimizer: optimizers[name]!, batchSize: 4 };
  const whole = await make();
  const expected = await whole.fit(data, { ...options, epochs: 10 });
  const half = await make();
  await half.fit(data, { ...options, epochs: 5 });
  const resumed = await loadModel(half.toBytes({ optimizer: true }));
  // The file knows loss and optimizer.
  const rest = await resumed.fit(data, { batchSize: 4, epochs: 5 });
  expect(bitsOf(resumed)).toEqual(bitsOf(whole));
  expect(rest.history['loss']).toEqual(expected.history['loss']!.slice(5));
  expect(resumed.toBytes({ optimizer: true })).toEqual(whole.toBytes({ optimizer: true }));
});

test('resume: without the state of its optimizer a file begins a new training', async () => {
  const model = await make();
  await model.fit(data, { loss: 'mse', optimizer: 'adam', epochs: 2 });
  const loaded = await loadModel(model.toBytes());
  expect([loaded.trainer.optimizer, loaded.trainer.step]).toEqual([null, 0]);
  await loaded.fit(data, { loss: 'mse', optimizer: 'adam' });
  expect(loaded.trainer.step).toBe(1);
});
