import { describe, expect, test } from 'vitest';
import {
  activation,
  adam,
  dense,
  DivergenceError,
  dropout,
  sequential,
  sgd,
  ShapeError,
  type Callback,
  type FitOptions,
  type Layer,
  type Model,
  type TrainingData,
} from '../../src/index.ts';
import { affine, bitsOf, finiteDifferences, randomTensor, xor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const line = (
  samples: number,
  seed = 1,
): { inputs: ReturnType<typeof randomTensor>; targets: ReturnType<typeof randomTensor> } => {
  const inputs = randomTensor([samples, 3], seed);
  const data = Float32Array.from({ length: samples }, (_, i) => {
    const [a, b, c] = inputs.data.slice(3 * i, 3 * i + 3) as unknown as [number, number, number];
    return 0.5 * a - b + 2 * c + 0.25;
  });
  return { inputs, targets: { data, shape: [samples, 1] } };
};
const regressor = (layers: Layer[] = [dense(4, { activation: 'tanh' }), dense(1)], seed = 1, options = {}) =>
  sequential(layers, { inputShape: [3], seed, ...options });

/** The floats of every parameter in one list. */
const weightsOf = (model: Model): number[] => Object.values(model.getWeights()).flatMap(({ data }) => Array.from(data));

describe('fit learns', () => {
  test('exclusive or', async () => {
    const model = await sequential([dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })], {
      inputShape: [2],
      seed: 1,
    });
    const { history } = await model.fit(xor, {
      loss: 'binaryCrossEntropy',
      optimizer: adam({ learningRate: 0.05 }),
      epochs: 300,
      batchSize: 4,
    });
    expect(history['loss']!.at(-1)).toBeLessThan(0.05);
    expect(history['accuracy']!.at(-1)).toBe(1);
    expect(Array.from(model.predict(xor.inputs).data, Math.round)).toEqual([0, 1, 1, 0]);
  });

  test('a line, and says so in its history', async () => {
    const model = await regressor([dense(1)]);
    const result = await model.fit(line(64), {
      loss: 'mse',
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 60,
      batchSize: 16,
    });
    expect(result.history['loss']).toHaveLength(60);
    expect(result.epochs).toBe(60);
    expect(result.stopped).toBeUndefined();
    expect(result.elapsed).toBeGreaterThan(0);
    expect(result.history['loss']!.at(-1)).toBeLessThan(1e-6);
    const { 'layers.0.kernel': kernel, 'layers.0.bias': bias } = model.getWeights();
    [0.5, -1, 2].forEach((value, i) => expect(kernel!.data[i]).toBeCloseTo(value, 2));
    expect(bias!.data[0]).toBeCloseTo(0.25, 2);
  });

  test('a single sample given without its batch axis', async () => {
    const model = await regressor();
    const { history } = await model.fit({ inputs: [1, 2, 3], targets: [1] }, { loss: 'mse', epochs: 3 });
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
  });
});

describe('a step of fit', () => {
  test('is gradient descent, by hand', async () => {
    const model = await regressor([dense(1)]);
    const data = line(8);
    const { parameters } = model.gradients(data.inputs, { targets: data.targets, loss: 'mse' });
    const before = model.getWeights();
    await model.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), batchSize: 8 });
    for (const [name, { data: after }] of Object.entries(model.getWeights())) {
      const expected = Array.from(before[name]!.data, (value, i) => value - 0.1 * parameters[name]!.data[i]!);
      expectClose(after, expected, 1e-6, name);
    }
  });

  test.each([1, 3, 4, 5, 7, 10])('batches of %i of 10: the loss is the mean over all samples', async (batchSize) => {
    const model = await regressor();
    const data = line(10);
    const { loss } = model.evaluate(data, { loss: 'mse' });
    // A rate so small that the weights stay as they are.
    const { history } = await model.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 1e-12 }), batchSize });
    expect(history['loss']![0]).toBeCloseTo(loss, 5);
  });

  test('a short last batch counts with its own mean', async () => {
    const data = line(5);
    const [whole, byHand] = [await regressor([dense(1)]), await regressor([dense(1)])];
    await whole.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), batchSize: 3, shuffle: false });
    const part = (from: number, to: number) => ({
      inputs: { data: data.inputs.data.slice(3 * from, 3 * to), shape: [to - from, 3] },
      targets: { data: data.targets.data.slice(from, to), shape: [to - from, 1] },
    });
    for (const samples of [part(0, 3), part(3, 5)])
      await byHand.fit(samples, { loss: 'mse', optimizer: sgd({ learningRate: 0.1 }), batchSize: 8, shuffle: false });
    expect(bitsOf(whole)).toEqual(bitsOf(byHand));
  });

  test('metrics of an epoch are over all its samples', async () => {
    const model = await regressor([dense(2)]);
    const inputs = randomTensor([10, 3], 1);
    const targets = Int32Array.from({ length: 10 }, (_, i) => i % 2);
    const { accuracy } = model.evaluate({ inputs, targets }, { loss: 'crossEntropy' });
    const { history } = await model.fit(
      { inputs, targets },
      { loss: 'crossEntropy', optimizer: sgd({ learningRate: 1e-12 }), batchSize: 3 },
    );
    expect(history['accuracy']![0]).toBeCloseTo(accuracy as number, 6);
  });
});

describe('fit is reproducible', () => {
  const train = async (seed: number, options: FitOptions = {}, create = {}) => {
    const model = await regressor([dense(6, { activation: 'gelu' }), dropout(0.3), dense(1)], seed, create);
    const { history } = await model.fit(line(50), { loss: 'mse', epochs: 4, batchSize: 8, ...options });
    return { bits: bitsOf(model), loss: history['loss'] };
  };

  test('one seed gives the same bits, with shuffling and dropout', async () => {
    expect(await train(3)).toEqual(await train(3));
    expect((await train(4)).bits).not.toEqual((await train(3)).bits);
  });

  test('so does the deterministic build', async () => {
    const create = { deterministic: true };
    expect(await train(3, {}, create)).toEqual(await train(3, {}, create));
    expect(await train(3, {}, create)).toEqual(await train(3, {}, { variant: 'debug' }));
  });

  /** The first input of each sample in the order in which fit shows them. */
  async function orderOf(seed: number, shuffle: boolean): Promise<number[][]> {
    const model = await sequential([dense(1)], { inputShape: [1], seed });
    const inputs = Array.from({ length: 12 }, (_, i) => [i]);
    const orders: number[][] = [];
    // With a batch of one and a weight of 1 the loss of each step, (w·x + b − 0)², tells which sample it was.
    model.setWeights({ 'layers.0.kernel': [1], 'layers.0.bias': [0] });
    await model.fit(
      { inputs, targets: inputs.map(() => [0]) },
      {
        loss: 'mse',
        optimizer: sgd({ learningRate: 1e-30 }),
        batchSize: 1,
        epochs: 3,
        shuffle,
        callbacks: [
          { onBatchEnd: ({ epoch }, { loss }) => void (orders[epoch] ??= []).push(Math.round(Math.sqrt(loss!))) },
        ],
      },
    );
    return orders;
  }

  test('each epoch shuffles in an order of its own, fixed by the seed', async () => {
    const orders = await orderOf(1, true);
    for (const order of orders)
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[1]).not.toEqual(orders[2]);
    expect(await orderOf(1, true)).toEqual(orders);
    expect(await orderOf(2, true)).not.toEqual(orders);
  });

  test('without shuffling the samples keep their order', async () => {
    for (const order of await orderOf(1, false)) expect(order).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });
});

describe('validation', () => {
  test('a split holds the last samples out', async () => {
    const data = line(20);
    const [split, apart] = [await regressor(), await regressor()];
    const rows = (from: number, to: number) => ({
      inputs: { data: data.inputs.data.slice(3 * from, 3 * to), shape: [to - from, 3] },
      targets: { data: data.targets.data.slice(from, to), shape: [to - from, 1] },
    });
    const a = await split.fit(data, { loss: 'mse', epochs: 3, validationSplit: 0.25 });
    const b = await apart.fit(rows(0, 15), { loss: 'mse', epochs: 3, validationData: rows(15, 20) });
    expect(a.history).toEqual(b.history);
    expect(a.history['valLoss']).toHaveLength(3);
    expect(a.history['valLoss']!.at(-1)).toBeCloseTo(split.evaluate(rows(15, 20), { loss: 'mse' }).loss, 6);
  });

  test('validation is not trained on, and has the metrics', async () => {
    const [withIt, without] = [await regressor(), await regressor()];
    const { history } = await withIt.fit(line(20), { loss: 'mse', metrics: ['mae', 'r2'], validationData: line(7, 9) });
    await without.fit(line(20), { loss: 'mse' });
    expect(bitsOf(withIt)).toEqual(bitsOf(without));
    expect(Object.keys(history)).toEqual(['loss', 'mae', 'r2', 'valLoss', 'valMae', 'valR2']);
  });

  test('class weights are for training, not for validation', async () => {
    const model = await regressor([dense(2)]);
    const data = { inputs: randomTensor([10, 3], 1), targets: Int32Array.from({ length: 10 }, (_, i) => i % 2) };
    const { history } = await model.fit(data, {
      loss: 'crossEntropy',
      classWeight: [10, 0],
      validationSplit: 0.4,
      optimizer: sgd({ learningRate: 1e-12 }),
    });
    const held = { inputs: { data: data.inputs.data.slice(18), shape: [4, 3] }, targets: data.targets.slice(6) };
    expect(history['valLoss']![0]).toBeCloseTo(model.evaluate(held, { loss: 'crossEntropy' }).loss, 6);
  });
});

describe('weights of samples and classes', () => {
  const inputs = randomTensor([6, 3], 1);
  const targets = Int32Array.of(0, 1, 0, 1, 1, 0);
  const step = async (data: TrainingData, options: FitOptions = {}) => {
    const model = await regressor([dense(2)]);
    const { history } = await model.fit(data, {
      loss: 'crossEntropy',
      optimizer: sgd({ learningRate: 0.1 }),
      batchSize: 6,
      shuffle: false,
      ...options,
    });
    return { bits: bitsOf(model), loss: history['loss'] };
  };

  test('class weights are sample weights', async () => {
    const byClass = await step({ inputs, targets }, { classWeight: { 0: 2, 1: 0.5 } });
    const bySample = await step({ inputs, targets, sampleWeights: [2, 0.5, 2, 0.5, 0.5, 2] });
    expect(byClass).toEqual(bySample);
    expect(await step({ inputs, targets }, { classWeight: [2, 0.5] })).toEqual(bySample);
    expect(byClass).not.toEqual(await step({ inputs, targets }));
  });

  test('both multiply', async () => {
    const both = await step({ inputs, targets, sampleWeights: [1, 2, 3, 1, 2, 3] }, { classWeight: { 0: 2 } });
    expect(both).toEqual(await step({ inputs, targets, sampleWeights: [2, 2, 6, 1, 2, 6] }));
  });

  test('a sample of weight 0 teaches nothing', async () => {
    const other = { data: inputs.data.slice(), shape: inputs.shape };
    other.data.set([9, 9, 9], 6);
    const sampleWeights = [1, 1, 0, 1, 1, 1];
    expect(await step({ inputs: other, targets, sampleWeights })).toEqual(
      await step({ inputs, targets, sampleWeights }),
    );
  });

  test.each([
    [{ 0: -1 }, 'expected a non-negative weight for class 0, got -1'],
    [{ 1: Number.NaN }, 'expected a non-negative weight for class 1, got NaN'],
  ])('class weights %j are refused', async (classWeight, message) => {
    await expect(step({ inputs, targets }, { classWeight })).rejects.toThrow(message);
  });

  test('class weights need one class for each sample', async () => {
    const oneHot = Array.from(targets, (label) => [1 - label, label]);
    await expect(step({ inputs, targets: oneHot }, { classWeight: [1, 2] })).rejects.toThrow(ShapeError);
  });
});

describe('penalties, clipping and what is not trained', () => {
  test.each([
    [{ l2: 0.1 }, (w: number) => 0.1 * w * w],
    [{ l1: 0.2 }, (w: number) => 0.2 * Math.abs(w)],
    [{ l1: 0.2, l2: 0.1 }, (w: number) => 0.2 * Math.abs(w) + 0.1 * w * w],
  ])('a penalty %j is in the loss and in the gradient', async (kernelPenalty, penalty) => {
    const [model, plain] = await Promise.all([regressor([dense(2, { kernelPenalty })]), regressor([dense(2)])]);
    const data = { inputs: randomTensor([4, 3], 1), targets: randomTensor([4, 2], 2) };
    const weights = Float64Array.from(model.getWeights()['layers.0.kernel']!.data);
    const total = () => weights.reduce((sum, w) => sum + penalty(w), 0);
    const [a, b] = [model, plain].map((net) => net.evaluate(data, { loss: 'mse' }).loss);
    expect(a! - b!).toBeCloseTo(total(), 5);
    expect(model.evaluate(data, { loss: 'mse', batchSize: 3 }).loss).toBeCloseTo(a!, 5);
    const request = { targets: data.targets, loss: 'mse' };
    const [withIt, without] = [model, plain].map(
      (net) => net.gradients(data.inputs, request).parameters['layers.0.kernel']!.data,
    );
    const difference = Array.from(withIt!, (value, i) => value - without![i]!);
    expectClose(difference, finiteDifferences(total, weights), 1e-4, 'gradient');
    const { history } = await model.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 1e-12 }) });
    expect(history['loss']![0]).toBeCloseTo(a!, 5);
  });

  test('a penalty of the bias', async () => {
    const model = await regressor([
      dense(2, { biasPenalty: { l2: 1 }, biasInitializer: 'ones', kernelInitializer: 'zeros' }),
    ]);
    expect(model.evaluate({ inputs: [[0, 0, 0]], targets: [[1, 1]] }, { loss: 'mse' }).loss).toBe(2);
  });

  async function stepWith(options: { clipNorm?: number; clipValue?: number }) {
    const model = await regressor();
    const data = line(8);
    const { parameters } = model.gradients(data.inputs, { targets: data.targets, loss: 'mse' });
    const before = weightsOf(model);
    await model.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 1, ...options }), batchSize: 8 });
    const gradient = model.parameters.flatMap(({ name }) => Array.from(parameters[name]!.data));
    return { moved: weightsOf(model).map((value, i) => before[i]! - value), gradient };
  }

  test('clipNorm scales all gradients together', async () => {
    const { moved, gradient } = await stepWith({ clipNorm: 0.1 });
    const norm = Math.hypot(...gradient);
    expect(norm).toBeGreaterThan(0.1);
    expectClose(
      moved,
      gradient.map((g) => (g * 0.1) / (norm + 1e-6)),
      1e-4,
      'step',
    );
  });

  test('clipNorm leaves small gradients alone', async () => {
    const { moved, gradient } = await stepWith({ clipNorm: 1e6 });
    expectClose(moved, gradient, 1e-4, 'step');
  });

  test('clipValue cuts each element', async () => {
    const { moved, gradient } = await stepWith({ clipValue: 0.05 });
    expect(gradient.some((g) => Math.abs(g) > 0.05)).toBe(true);
    expectClose(
      moved,
      gradient.map((g) => Math.max(-0.05, Math.min(0.05, g))),
      1e-4,
      'step',
    );
  });

  test('a layer that is not trainable stays as it is', async () => {
    const model = await regressor([dense(4, { trainable: false }), dense(1)]);
    const before = bitsOf(model);
    await model.fit(line(8), { loss: 'mse', epochs: 3 });
    const after = bitsOf(model);
    expect(after['layers.0.kernel']).toEqual(before['layers.0.kernel']);
    expect(after['layers.0.bias']).toEqual(before['layers.0.bias']);
    expect(after['layers.1.kernel']).not.toEqual(before['layers.1.kernel']);
  });

  test('a model without anything to train runs through', async () => {
    const model = await sequential([activation('relu')], { inputShape: [3] });
    const { history } = await model.fit(
      { inputs: randomTensor([4, 3], 1), targets: randomTensor([4, 3], 2) },
      { loss: 'mse', epochs: 2 },
    );
    expect(history['loss']![0]).toBe(history['loss']![1]);
  });
});

describe('progress and stopping', () => {
  test('progress is told at the end of each epoch at least', async () => {
    const seen: [number, number][] = [];
    const model = await regressor();
    await model.fit(line(20), {
      loss: 'mse',
      epochs: 3,
      batchSize: 8,
      onProgress: ({ epoch, epochs, step, steps, logs, elapsed, remaining }) => {
        expect([epochs, steps]).toEqual([3, 3]);
        expect(logs['loss']).toBeGreaterThan(0);
        expect(elapsed).toBeGreaterThan(0);
        expect(remaining).toBeGreaterThanOrEqual(0);
        seen.push([epoch, step]);
      },
    });
    for (const epoch of [0, 1, 2]) expect(seen).toContainEqual([epoch, 3]);
  });

  test('a signal that is aborted already trains nothing', async () => {
    const model = await regressor();
    const before = bitsOf(model);
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(model.fit(line(8), { loss: 'mse', signal })).rejects.toThrow('too late');
    expect(bitsOf(model)).toEqual(before);
    expect(model.trainer.optimizer).toBeNull();
  });

  test('a signal ends the training at the next step, what was learned is kept', async () => {
    const model = await regressor();
    const before = bitsOf(model);
    const controller = new AbortController();
    let steps = 0;
    const onBatchEnd = () => {
      if (++steps === 5) controller.abort(new Error('enough'));
    };
    const fit = model.fit(line(20), {
      loss: 'mse',
      epochs: 100,
      batchSize: 8,
      signal: controller.signal,
      callbacks: [{ onBatchEnd }],
    });
    await expect(fit).rejects.toThrow('enough');
    expect(steps).toBe(5);
    expect(model.trainer.step).toBe(5);
    expect(bitsOf(model)).not.toEqual(before);
    model.predict([1, 2, 3]);
    await model.fit(line(20), { loss: 'mse' });
  });

  test('a signal from outside is heard while fit runs', async () => {
    const model = await regressor([dense(64), dense(1)]);
    const fit = model.fit(line(2000), { loss: 'mse', epochs: 1e6, signal: AbortSignal.timeout(100) });
    await expect(fit).rejects.toThrow(/timeout|aborted/i);
  });
});

describe('divergence', () => {
  test('a loss that overflows stops the training before the step, naming the layer', async () => {
    const model = await regressor([dense(4, { name: 'small' }), dense(1, { name: 'large' })]);
    model.setWeights({ 'large.kernel': new Float32Array(4).fill(3e38) });
    const before = bitsOf(model);
    const fit = model.fit(
      { inputs: [[1, 2, 3]], targets: [[0]] },
      { loss: 'mse', optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
    );
    await expect(fit).rejects.toThrow(DivergenceError);
    await expect(fit).rejects.toThrow(
      /no longer finite in epoch 1, step 1: layer "large" \(dense\) gave (-?Infinity|NaN)\. The weights are those before/,
    );
    expect(bitsOf(model)).toEqual(before);
    expect(model.trainer.step).toBe(0);
  });

  test('a parameter that is not finite is named', async () => {
    const model = await regressor();
    model.setWeights({ 'layers.1.bias': [Number.NaN] });
    const fit = model.fit(line(4), { loss: 'mse' });
    await expect(fit).rejects.toThrow('the parameter "layers.1.bias" of layer "layers.1" (dense) is not finite');
  });

  test('a loss that overflows on finite predictions says so', async () => {
    const model = await regressor([dense(1)]);
    const fit = model.fit({ inputs: [[1, 2, 3]], targets: [[3e38]] }, { loss: 'mse' });
    await expect(fit).rejects.toThrow('meanSquaredError overflowed on finite predictions');
  });

  test('a huge learning rate is noticed, in the last step too', async () => {
    const diverge = async (epochs: number) => {
      const model = await regressor([dense(1)]);
      return model.fit(line(8), { loss: 'mse', optimizer: sgd({ learningRate: 1e38 }), epochs });
    };
    await expect(diverge(50)).rejects.toThrow(DivergenceError);
    const model = await regressor([dense(1)]);
    const large = { inputs: [[1e3, 1e3, 1e3]], targets: [[1]] };
    const fit = model.fit(large, { loss: 'mse', optimizer: sgd({ learningRate: 1e38 }) });
    await expect(fit).rejects.toThrow(
      'after the last step the parameter "layers.0.kernel" of layer "layers.0" (dense) is not finite',
    );
  });

  test('after a divergence the model trains on', async () => {
    const model = await regressor([dense(1)]);
    await expect(model.fit({ inputs: [[1, 2, 3]], targets: [[3e38]] }, { loss: 'mse' })).rejects.toThrow(
      DivergenceError,
    );
    const { history } = await model.fit(line(20), { loss: 'mse', epochs: 5 });
    expect(history['loss']!.every(Number.isFinite)).toBe(true);
  });
});

describe('bad arguments of fit are refused before anything changes', () => {
  const good = line(8);
  const refused: [string, TrainingData, object, new (...args: never[]) => Error, string][] = [
    ['no loss', good, {}, TypeError, 'model.fit: expected a loss, got none'],
    [
      'an unknown option',
      good,
      { loss: 'mse', epoch: 3 },
      RangeError,
      'unknown option of model.fit "epoch"; did you mean "epochs"?',
    ],
    ['no epochs', good, { loss: 'mse', epochs: 0 }, RangeError, 'expected epochs of at least 1, got 0'],
    ['half a batch', good, { loss: 'mse', batchSize: 2.5 }, RangeError, 'expected batchSize of at least 1, got 2.5'],
    [
      'an unknown optimizer',
      good,
      { loss: 'mse', optimizer: 'adm' },
      RangeError,
      'unknown optimizer "adm"; did you mean "adam"?',
    ],
    ['an optimizer of a wrong kind', good, { loss: 'mse', optimizer: 3 }, TypeError, 'optimizer: expected a name'],
    ['too many losses', good, { loss: ['mse', 'mae'] }, RangeError, 'expected 1 or 1 losses, got 2'],
    [
      'weights of losses that are not there',
      good,
      { loss: 'mse', lossWeights: [1, 2] },
      RangeError,
      'expected 1 lossWeights, got 2',
    ],
    [
      'a weight of NaN',
      good,
      { loss: 'mse', lossWeights: [Number.NaN] },
      RangeError,
      'expected finite lossWeights, got NaN',
    ],
    [
      'a split of everything',
      good,
      { loss: 'mse', validationSplit: 1 },
      RangeError,
      'expected validationSplit in [0, 1), got 1',
    ],
    [
      'a split that holds nothing',
      good,
      { loss: 'mse', validationSplit: 0.01 },
      ShapeError,
      'of 8 samples leaves nothing to validate',
    ],
    [
      'a split that leaves nothing',
      good,
      { loss: 'mse', validationSplit: 0.99 },
      ShapeError,
      'leaves nothing to train on',
    ],
    [
      'two validations',
      good,
      { loss: 'mse', validationSplit: 0.5, validationData: good },
      RangeError,
      'exclude each other',
    ],
    [
      'validation of another shape',
      good,
      { loss: 'mse', validationData: { inputs: [[1, 2]], targets: [[1]] } },
      ShapeError,
      'model.fit: validationData: expected input [*, 3], got [1, 2]',
    ],
    [
      'inputs of another shape',
      { inputs: [[1, 2]], targets: [[1]] },
      { loss: 'mse' },
      ShapeError,
      'model.fit: expected input [*, 3], got [1, 2]',
    ],
    [
      'NaN in the inputs',
      {
        inputs: [
          [1, 2, 3],
          [1, Number.NaN, 3],
        ],
        targets: [[1], [2]],
      },
      { loss: 'mse' },
      RangeError,
      'model.fit: inputs: NaN at row 1, column 1',
    ],
    ['no data', undefined as never, { loss: 'mse' }, TypeError, 'expected { inputs, targets }, got undefined'],
    ['no options', good, null as never, TypeError, 'expected options with a loss'],
  ];
  test.each(refused)('%s', async (_, data, options, kind, message) => {
    const model = await regressor([dense(1)]);
    const before = bitsOf(model);
    const { memory } = model;
    await expect(model.fit(data, options)).rejects.toThrow(kind);
    await expect(model.fit(data, options)).rejects.toThrow(message);
    expect(bitsOf(model)).toEqual(before);
    expect(model.memory).toBe(memory);
    expect([model.trainer.optimizer, model.trainer.losses]).toEqual([null, []]);
  });

  test('NaN in the inputs goes through when asked, and stops at the loss', async () => {
    const model = await regressor();
    const fit = model.fit({ inputs: [[1, Number.NaN, 3]], targets: [[1]] }, { loss: 'mse', allowNonFinite: true });
    await expect(fit).rejects.toThrow('layer "layers.0" (dense) gave NaN');
  });
});

describe('one fit after another', () => {
  test('the same optimizer goes on where it was, another begins anew', async () => {
    const model = await regressor();
    await model.fit(line(8), { loss: 'mse', optimizer: adam({ learningRate: 0.01 }), epochs: 2 });
    await model.fit(line(8), { loss: 'mse', optimizer: adam({ learningRate: 0.01 }) });
    expect(model.trainer.step).toBe(3);
    await model.fit(line(8), { loss: 'mse', optimizer: adam({ learningRate: 0.02 }) });
    expect(model.trainer.step).toBe(1);
  });

  test('loss and optimizer are those of the last fit unless others are given', async () => {
    const model = await regressor();
    await model.fit(line(8), { loss: 'mae', optimizer: sgd({ learningRate: 0.01 }) });
    await model.fit(line(8));
    expect(model.trainer.optimizer!.type).toBe('sgd');
    expect(model.trainer.losses[0]!.spec.type).toBe('meanAbsoluteError');
    expect(model.trainer.step).toBe(2);
  });

  test('two fits of five epochs are one of ten', async () => {
    const options: FitOptions = { loss: 'mse', optimizer: adam(), batchSize: 4 };
    const [once, twice] = [await regressor(), await regressor()];
    const whole = await once.fit(line(20), { ...options, epochs: 10 });
    const first = await twice.fit(line(20), { ...options, epochs: 5 });
    const second = await twice.fit(line(20), { ...options, epochs: 5 });
    expect(bitsOf(twice)).toEqual(bitsOf(once));
    expect([...first.history['loss']!, ...second.history['loss']!]).toEqual(whole.history['loss']);
  });

  test('memory does not grow from fit to fit', async () => {
    const model = await regressor();
    await model.fit(line(20), { loss: 'mse', batchSize: 8 });
    const { memory } = model;
    for (const optimizer of ['adam', 'sgd', 'rmsprop', 'adam', 'lion'])
      await model.fit(line(20), { loss: 'mse', optimizer, batchSize: 8 });
    expect(model.memory).toBe(memory);
  });

  test('a callback may predict with the weights of its step', async () => {
    const model = await regressor([dense(1)]);
    const callback: Callback = {
      onBatchEnd({ model: inside }) {
        const { 'layers.0.kernel': kernel, 'layers.0.bias': bias } = inside.getWeights();
        expectClose(
          inside.predict([1, 2, 3]).data,
          affine([1, 2, 3], kernel!.data, bias!.data, 3, 1),
          1e-6,
          'prediction',
        );
      },
    };
    await model.fit(line(20), {
      loss: 'mse',
      epochs: 3,
      batchSize: 4,
      optimizer: sgd({ learningRate: 0.1 }),
      callbacks: [callback],
    });
  });
});
