import { describe, expect, test } from 'vitest';
import {
  adam,
  add,
  concatenate,
  dense,
  input,
  model as graphModel,
  NeuriteError,
  sequential,
  ShapeError,
  type Layer,
} from '../../src/index.ts';
import { affine, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

describe('topologies', () => {
  test('several inputs and outputs, skip connection and a shared layer train together', async () => {
    const [a, b] = [input([3], { name: 'a' }), input([3], { name: 'b' })];
    const shared = dense(3, { activation: 'tanh', name: 'shared' });
    const joined = concatenate()([add()([shared(a), a]), shared(b)]);
    const model = await graphModel({
      inputs: [a, b],
      outputs: [dense(1, { name: 'y' })(joined), dense(2, { name: 'c' })(joined)],
      seed: 1,
    });
    expect(model.parameters.map(({ name }) => name)).toEqual([
      'shared.kernel',
      'shared.bias',
      'y.kernel',
      'y.bias',
      'c.kernel',
      'c.bias',
    ]);
    const inputs = [randomTensor([30, 3], 1), randomTensor([30, 3], 2)];
    const wanted = randomTensor([30, 1], 3);
    const targets = [wanted, Int32Array.from({ length: 30 }, (_, i) => i % 2)];
    const { history } = await model.fit(
      { inputs, targets },
      { loss: ['mse', 'crossEntropy'], lossWeights: [1, 0.5], optimizer: adam({ learningRate: 0.05 }), epochs: 40 },
    );
    expect(Object.keys(history)).toEqual(['loss', 'accuracy1']);
    expect(history['loss']!.at(-1)).toBeLessThan(0.8 * history['loss']![0]!);
    const { loss } = model.evaluate({ inputs, targets });
    const [first, second] = model.predictAll(inputs);
    expect([first!.shape, second!.shape]).toEqual([
      [30, 1],
      [30, 2],
    ]);
    const mse = Array.from(first!.data).reduce((sum, p, i) => sum + (p - wanted.data[i]!) ** 2 / 30, 0);
    const rest = Array.from({ length: 30 }, (_, i) => {
      const [p, q] = second!.data.slice(2 * i, 2 * i + 2) as unknown as [number, number];
      return Math.log(Math.exp(p) + Math.exp(q)) - (i % 2 ? q : p);
    }).reduce((sum, value) => sum + value / 30, 0);
    expect(loss).toBeCloseTo(mse + 0.5 * rest, 4);
  });

  test('the gradient of a shared layer is the sum over its places', async () => {
    const [a, b] = [input([3]), input([3])];
    const shared = dense(2, { name: 'shared' });
    const model = await graphModel({ inputs: [a, b], outputs: add()([shared(a), shared(b)]) });
    const inputs = [randomTensor([4, 3], 1), randomTensor([4, 3], 2)];
    const outputGradient = randomTensor([4, 2], 3);
    const { parameters } = model.gradients(inputs, { outputGradient });
    const sum = inputs[0]!.data.map((value: number, i: number) => value + inputs[1]!.data[i]!);
    const transposed = Float32Array.from({ length: 12 }, (_, i) => sum[(i % 4) * 3 + Math.floor(i / 4)]!);
    expectClose(parameters['shared.kernel']!.data, affine(transposed, outputGradient.data, null, 4, 2), 1e-5, 'kernel');
  });

  test('a very deep model is no problem', async () => {
    const layers = Array.from({ length: 300 }, () => dense(2, { kernelInitializer: 'identity' }));
    const model = await sequential(layers, { inputShape: [2] });
    expect(Array.from(model.predict([3, 4]).data)).toEqual([3, 4]);
  });

  const wrong: [string, () => Promise<unknown>, new (...args: never[]) => Error, string][] = [
    [
      'an output of an input that is not listed',
      () => graphModel({ inputs: input([2]), outputs: dense(1)(input([3])) }),
      NeuriteError,
      'depends on an input [*, 3] that is not listed',
    ],
    [
      'an input that nothing uses',
      () => {
        const x = input([2]);
        return graphModel({ inputs: [x, input([3], { name: 'idle' })], outputs: dense(1)(x) });
      },
      NeuriteError,
      'no output depends on the input "idle"',
    ],
    [
      'two inputs of one name',
      () => {
        const [x, y] = [input([2], { name: 'x' }), input([2], { name: 'x' })];
        return graphModel({ inputs: [x, y], outputs: add()([x, y]) });
      },
      RangeError,
      'two inputs are named "x"',
    ],
    [
      'an input listed twice',
      () => {
        const x = input([2], { name: 'x' });
        return graphModel({ inputs: [x, x], outputs: dense(1)(x) });
      },
      RangeError,
      'two inputs are named "x"',
    ],
    [
      'two layers of one name',
      () => sequential([dense(1, { name: 'a' }), dense(1, { name: 'a' })], { inputShape: [1] }),
      RangeError,
      'two layers are named "a"',
    ],
    [
      'a shared layer on inputs of two widths',
      () => {
        const [x, y] = [input([2]), input([3])];
        const shared = dense(2);
        return graphModel({ inputs: [x, y], outputs: add()([shared(x), shared(y)]) });
      },
      ShapeError,
      'layer "layers.0" (dense) is shared, and its kernel is [2, 2] in one place and [3, 2] in another',
    ],
    ['no layers', () => sequential([], { inputShape: [1] }), TypeError, 'expected a list of at least one layer'],
    ['no input shape', () => sequential([dense(1)], {} as never), TypeError, 'expected the option inputShape'],
    [
      'a layer that is none',
      () => sequential([{} as Layer], { inputShape: [1] }),
      TypeError,
      'layer 0 is object, not a layer',
    ],
    ['no inputs', () => graphModel({ inputs: [], outputs: input([1]) }), RangeError, 'expected at least one input'],
    [
      'inputs that are none',
      () => graphModel({ inputs: 3 as never, outputs: input([1]) }),
      TypeError,
      'model: expected what input() or a layer gave, got number',
    ],
    [
      'a layer that joins in a sequence',
      () => sequential([dense(4), add()], { inputShape: [2] }),
      ShapeError,
      'sequential: layer 1 (add) cannot take [*, 4]: add: expected at least 2 inputs, got 1',
    ],
  ];
  test.each(wrong)('%s is refused', async (_, build, kind, message) => {
    const made = Promise.resolve().then(build);
    await expect(made).rejects.toThrow(kind);
    await expect(made).rejects.toThrow(message);
  });
});
