// Freezing and unfreezing layers of a model that exists.
import { describe, expect, test } from 'vitest';
import { adam, batchNorm, dense, lbfgs, loadModel, sequential, sgd, type Model } from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';

const make = (trainable = true) =>
  sequential(
    [
      dense(5, { activation: 'tanh', name: 'base', trainable }),
      batchNorm({ name: 'norm', trainable }),
      dense(2, { name: 'head' }),
    ],
    { inputShape: [3], seed: 4 },
  );
const data = { inputs: randomTensor([20, 3], 1), targets: randomTensor([20, 2], 2) };
const options = { loss: 'mse', optimizer: adam({ learningRate: 0.01 }), epochs: 2 } as const;
const of = (model: Model, prefix: string) =>
  Object.fromEntries(Object.entries(bitsOf(model)).filter(([name]) => name.startsWith(prefix)));

describe('freeze', () => {
  test('frozen layers stay to the bit, statistics included; the others are trained as if it had been so from the start', async () => {
    const [model, born] = [await make(), await make(false)];
    model.freeze('base', 'norm');
    const before = { ...of(model, 'base'), ...of(model, 'norm') };
    await model.fit(data, options);
    await born.fit(data, options);
    expect({ ...of(model, 'base'), ...of(model, 'norm') }).toEqual(before);
    expect(bitsOf(model)).toEqual(bitsOf(born));
    expect(model.summary().trainableParameters).toBe(12);
  });

  test('after training too; gradients leave the frozen out', async () => {
    const model = await make();
    await model.fit(data, options);
    model.freeze('base', 'norm');
    const before = of(model, 'base');
    const head = of(model, 'head');
    await model.fit(data, options);
    expect(of(model, 'base')).toEqual(before);
    expect(of(model, 'head')).not.toEqual(head);
    const { parameters } = model.gradients(data.inputs, { targets: data.targets, loss: 'mse' });
    expect(Object.keys(parameters)).toEqual(['head.kernel', 'head.bias']);
    expect(() => model.applyGradients({ 'base.bias': new Float32Array(5) }, 'sgd')).toThrow(
      '"base.bias" is not trainable',
    );
  });

  test('a file keeps it, and the state of training comes back with it', async () => {
    const model = await make();
    model.freeze('base', 'norm');
    await model.fit(data, options);
    const again = await loadModel(model.toBytes({ optimizer: true }));
    expect(again.topology.layers.map(({ trainable }) => trainable)).toEqual([false, false, true]);
    await model.fit(data, options);
    await again.fit(data, options);
    expect(bitsOf(again)).toEqual(bitsOf(model));
    again.unfreeze();
    expect(again.topology.layers.every(({ trainable }) => trainable)).toBe(true);
  });

  test('everything frozen: nothing is left to train, and the loss is told', async () => {
    const model = await make();
    model.freeze();
    const before = bitsOf(model);
    const { history } = await model.fit(data, options);
    expect(bitsOf(model)).toEqual(before);
    expect(history['loss']![1]).toBeCloseTo(history['loss']![0]!, 5);
  });
});

describe('unfreeze', () => {
  test('what was trained before goes on with its moments', async () => {
    const model = await make();
    await model.fit(data, options);
    const moments = () => model.storage.floats('optimizer.m.base.kernel').slice();
    const kept = moments();
    expect(kept.some((value) => value !== 0)).toBe(true);
    model.freeze('base');
    await model.fit(data, options);
    expect(moments()).toEqual(kept);
    const { step } = model.trainer;
    model.unfreeze('base');
    expect(model.trainer.step).toBe(step);
    const before = of(model, 'base');
    await model.fit(data, options);
    expect(of(model, 'base')).not.toEqual(before);
    expect(moments()).not.toEqual(kept);
  });

  test('what was never trained begins the optimizer anew, as another model with these weights would', async () => {
    const model = await make();
    model.freeze('base', 'norm');
    await model.fit(data, options);
    model.unfreeze('base', 'norm');
    expect(model.trainer.step).toBe(0);
    const fresh = await make();
    fresh.setWeights(model.getWeights());
    await fresh.fit({ ...data }, { ...options, shuffle: false });
    await model.fit({ ...data }, { ...options, shuffle: false });
    expect(bitsOf(model)).toEqual(bitsOf(fresh));
  });

  test.each([
    ['sgd', sgd({ learningRate: 0.1 })],
    ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 })],
    ['lbfgs', lbfgs()],
  ])('with %s', async (_name, optimizer) => {
    const model = await sequential([dense(4, { name: 'a', activation: 'tanh' }), dense(2, { name: 'b' })], {
      inputShape: [3],
      seed: 1,
    });
    const fit = { loss: 'mse', optimizer, epochs: 2, batchSize: 20 } as const;
    await model.fit(data, fit);
    model.freeze('a');
    const frozen = of(model, 'a');
    await model.fit(data, fit);
    expect(of(model, 'a')).toEqual(frozen);
    model.unfreeze('a');
    await model.fit(data, fit);
    expect(of(model, 'a')).not.toEqual(frozen);
  });

  test('an average of the weights is dropped; accumulated batches go on', async () => {
    const model = await make();
    await model.fit(data, { ...options, ema: 0.9 });
    model.freeze('norm');
    expect(() => model.swapWeights()).toThrow('no weights have been averaged');
    await model.fit(data, { ...options, batchSize: 5, accumulate: 2, ema: 0.9 });
    expect(model.swapWeights()).toBe(false);
  });
});

test('errors', async () => {
  const model = await make();
  expect(() => model.freeze('bsae')).toThrow('unknown layer of model.freeze "bsae"; did you mean "base"?');
  let thrown: unknown;
  await model.fit(data, {
    ...options,
    callbacks: [
      {
        onEpochEnd() {
          try {
            model.freeze('base');
          } catch (error) {
            thrown = error;
          }
        },
      },
    ],
  });
  expect(String(thrown)).toContain('model.freeze: this model is being trained');
  expect(model.topology.layers[0]!.trainable).toBe(true);
});
