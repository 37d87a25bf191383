import { describe, expect, test } from 'vitest';
import {
  adam,
  add,
  dense,
  dropout,
  input,
  model as graphModel,
  sequential,
  sgd,
  ShapeError,
  type Model,
  type Optimizer,
} from '../../src/index.ts';
import { affine, finiteDifferences, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const make = (): Promise<Model> =>
  sequential([dense(4, { activation: 'tanh' }), dense(2)], { inputShape: [3], seed: 1 });
const inputs = randomTensor([5, 3], 1);
const targets = randomTensor([5, 2], 2);

type Values = Record<string, Float64Array>;
const exactWeights = (model: Model): Values =>
  Object.fromEntries(Object.entries(model.getWeights()).map(([name, { data }]) => [name, Float64Array.from(data)]));
const forward = (p: Values, x: Float64Array) =>
  affine(
    affine(x, p['layers.0.kernel']!, p['layers.0.bias']!, 3, 4).map(Math.tanh),
    p['layers.1.kernel']!,
    p['layers.1.bias']!,
    4,
    2,
  );

describe('gradients', () => {
  test.each([1, 2, 5])('of a loss on %i samples match finite differences', async (count) => {
    const model = await make();
    const p = exactWeights(model);
    const x = Float64Array.from(inputs.data.slice(0, 3 * count));
    const part = { data: targets.data.slice(0, 2 * count), shape: [count, 2] };
    const loss = () => forward(p, x).reduce((sum, value, i) => sum + (value - part.data[i]!) ** 2, 0) / (2 * count);
    const result = model.gradients({ data: Float32Array.from(x), shape: [count, 3] }, { targets: part, loss: 'mse' });
    expect(result.loss).toBeCloseTo(loss(), 5);
    for (const [name, values] of Object.entries(p))
      expectClose(result.parameters[name]!.data, finiteDifferences(loss, values), 1e-4, name);
    expectClose(result.inputs[0]!.data, finiteDifferences(loss, x), 1e-4, 'inputs');
  });

  test('of outputs weighted by a gradient match finite differences', async () => {
    const model = await make();
    const p = exactWeights(model);
    const x = Float64Array.from(inputs.data);
    const weighted = () => forward(p, x).reduce((sum, value, i) => sum + value * targets.data[i]!, 0);
    const result = model.gradients(inputs, { outputGradient: targets });
    expect(result.loss).toBeUndefined();
    for (const [name, values] of Object.entries(p))
      expectClose(result.parameters[name]!.data, finiteDifferences(weighted, values), 1e-4, name);
    expectClose(result.inputs[0]!.data, finiteDifferences(weighted, x), 1e-4, 'inputs');
  });

  test("have the shapes of what they belong to, and are the caller's own", async () => {
    const model = await make();
    const result = model.gradients(inputs, { targets, loss: 'mse' });
    for (const { name, shape } of model.parameters) expect(result.parameters[name]!.shape).toEqual(shape);
    expect(result.inputs.map(({ shape }) => shape)).toEqual([[5, 3]]);
    const copy = result.parameters['layers.0.kernel']!.data.slice();
    model.gradients(randomTensor([5, 3], 7), { targets, loss: 'mse' });
    expect(result.parameters['layers.0.kernel']!.data).toEqual(copy);
  });

  test('change nothing in the model', async () => {
    const model = await make();
    const before = model.getWeights();
    model.gradients(inputs, { targets, loss: 'mse' });
    expect(model.getWeights()).toEqual(before);
    expect(model.trainer.optimizer).toBeNull();
  });

  test('see the weights as they are now', async () => {
    const model = await sequential([dense(1, { useBias: false })], { inputShape: [1] });
    for (const weight of [1, 2]) {
      model.setWeights({ 'layers.0.kernel': [weight] });
      expect(model.gradients([[3]], { outputGradient: [[1]] }).inputs[0]!.data[0]).toBe(weight);
    }
  });

  test('sample weights enter as in fit', async () => {
    const model = await make();
    const sampleWeights = [1, 0, 2, 0, 3];
    const { loss } = model.gradients(inputs, { targets, loss: 'mse', sampleWeights });
    expect(loss).toBeCloseTo(model.evaluate({ inputs, targets, sampleWeights }, { loss: 'mse' }).loss, 6);
  });

  test('leave out what is not trained; what the loss does not depend on is 0', async () => {
    const x = input([3]);
    const frozen = dense(3, { trainable: false, name: 'frozen' })(x);
    const [used, unused] = [dense(2, { name: 'used' })(frozen), dense(2, { name: 'unused' })(x)];
    const model = await graphModel({ inputs: x, outputs: [used, unused] });
    const result = model.gradients(inputs, {
      outputGradient: [targets, { data: new Float32Array(10), shape: [5, 2] }],
    });
    expect(Object.keys(result.parameters)).toEqual(['used.kernel', 'used.bias', 'unused.kernel', 'unused.bias']);
    expect(result.parameters['unused.kernel']!.data.every((value: number) => value === 0)).toBe(true);
  });

  test('dropout is off', async () => {
    const model = await sequential([dropout(0.5), dense(1, { kernelInitializer: 'ones' })], { inputShape: [3] });
    expect(Array.from(model.gradients([[1, 2, 3]], { outputGradient: [[1]] }).inputs[0]!.data)).toEqual([1, 1, 1]);
  });

  test('several outputs have a loss each', async () => {
    const x = input([3]);
    const model = await graphModel({ inputs: x, outputs: [dense(2)(x), dense(3)(x)] });
    const labels = Int32Array.of(0, 1, 2, 0, 1);
    const given = [targets, labels];
    const { loss } = model.gradients(inputs, { targets: given, loss: ['mse', 'crossEntropy'] });
    expect(loss).toBeCloseTo(model.evaluate({ inputs, targets: given }, { loss: ['mse', 'crossEntropy'] }).loss, 5);
  });

  const refused: [string, unknown, new (...args: never[]) => Error, string][] = [
    ['nothing asked for', undefined, TypeError, 'model.gradients: expected { targets, loss } or { outputGradient }'],
    ['neither of both', {}, TypeError, 'expected { targets, loss } or { outputGradient }'],
    ['no loss', { targets }, TypeError, 'model.gradients: expected a loss, got none'],
    ['an unknown loss', { targets, loss: 'mes' }, RangeError, 'unknown loss "mes"'],
    ['targets of another shape', { targets: [[1]], loss: 'mse' }, ShapeError, '5 inputs and 1 targets'],
    [
      'an output gradient of another size',
      { outputGradient: [[1]] },
      ShapeError,
      'expected an output gradient [5, 2], got [1, 1]',
    ],
    [
      'an output gradient of another shape',
      { outputGradient: randomTensor([2, 5], 1) },
      ShapeError,
      'expected an output gradient [5, 2], got [2, 5]',
    ],
  ];
  test.each(refused)('%s is refused', async (_, request, kind, message) => {
    const model = await make();
    expect(() => model.gradients(inputs, request as never)).toThrow(kind);
    expect(() => model.gradients(inputs, request as never)).toThrow(message);
  });

  test('inputs of another shape are refused', async () => {
    const model = await make();
    expect(() => model.gradients([[1, 2]], { outputGradient: [[1, 2]] })).toThrow(
      'model.gradients: expected input [*, 3], got [1, 2]',
    );
  });
});

describe('applyGradients', () => {
  const optimizers: Record<string, Optimizer> = {
    sgd: sgd({ learningRate: 0.1 }),
    'sgd with momentum': sgd({ learningRate: 0.1, momentum: 0.9 }),
    adam: adam({ learningRate: 0.01 }),
    'adam, clipped': adam({ learningRate: 0.01, clipNorm: 0.1, clipValue: 0.05 }),
  };

  test.each(Object.keys(optimizers))("%s: a loop of one's own ends where fit does", async (name) => {
    const optimizer = optimizers[name]!;
    const [byFit, byHand] = [await make(), await make()];
    await byFit.fit({ inputs, targets }, { loss: 'mse', optimizer, epochs: 20, batchSize: 5, shuffle: false });
    for (let step = 0; step < 20; step++) {
      const { parameters } = byHand.gradients(inputs, { targets, loss: 'mse' });
      byHand.applyGradients(parameters, optimizer);
    }
    const expected = byFit.getWeights();
    for (const [weight, { data }] of Object.entries(byHand.getWeights()))
      expectClose(data, expected[weight]!.data, 1e-6, weight);
    expect(byHand.trainer.step).toBe(20);
  });

  test('parameters that are not named stay', async () => {
    const model = await make();
    const before = model.getWeights();
    model.applyGradients({ 'layers.1.bias': [1, 2] }, sgd({ learningRate: 0.5 }));
    const after = model.getWeights();
    expect(after['layers.0.kernel']).toEqual(before['layers.0.kernel']);
    expect(Array.from(after['layers.1.bias']!.data)).toEqual([-0.5, -1]);
    expect(Array.from(model.predict([0, 0, 0]).data)).not.toEqual([0, 0]);
  });

  const refused: [string, Record<string, unknown>, new (...args: never[]) => Error, string][] = [
    [
      'an unknown parameter',
      { 'layers.9.kernel': [1] },
      RangeError,
      'model.applyGradients: no parameter "layers.9.kernel"',
    ],
    ['a parameter that is not trained', { 'frozen.bias': [1, 2] }, RangeError, '"frozen.bias" is not trainable'],
    ['another size', { 'b.bias': [1] }, ShapeError, 'expected "b.bias" [2], got [1]'],
    ['another shape', { 'b.kernel': randomTensor([2, 4], 1) }, ShapeError, 'expected "b.kernel" [4, 2], got [2, 4]'],
    ['NaN', { 'b.bias': [1, Number.NaN] }, RangeError, 'model.applyGradients: "b.bias": NaN at row 1'],
  ];
  test.each(refused)('%s is refused, and nothing is changed', async (_, given, kind, message) => {
    const x = input([3]);
    const hidden = add()([dense(4, { name: 'a' })(x), dense(4, { name: 'c' })(x)]);
    const layers = dense(2, { name: 'frozen', trainable: false })(dense(2, { name: 'b' })(hidden));
    const model = await graphModel({ inputs: x, outputs: layers });
    const before = model.getWeights();
    const apply = () => model.applyGradients({ 'a.bias': [1, 1, 1, 1], ...(given as object) }, 'sgd');
    expect(apply).toThrow(kind);
    expect(apply).toThrow(message);
    expect(model.getWeights()).toEqual(before);
    expect(model.trainer.optimizer).toBeNull();
  });
});
