import { describe, expect, test } from 'vitest';
import { activation, activationNames, sequential, ShapeError, type ActivationName } from '../../src/index.ts';
import { activations, type ActivationName as ReferenceName } from '../../reference/activations.ts';
import { logSoftmax, softmax } from '../../reference/softmax.ts';
import { unaryTable } from '../../src/graph/operations/unary-table.ts';
import { checkModel, modelOf } from '../helpers/model.ts';

const references: Record<Exclude<ActivationName, 'softmax' | 'logSoftmax'>, ReferenceName> = {
  linear: 'Linear',
  relu: 'Relu',
  relu6: 'Relu6',
  leakyRelu: 'LeakyRelu',
  elu: 'Elu',
  selu: 'Selu',
  celu: 'Celu',
  gelu: 'GeluErf',
  geluTanh: 'GeluTanh',
  silu: 'Silu',
  mish: 'Mish',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softsign: 'Softsign',
  hardSigmoid: 'HardSigmoid',
  hardSwish: 'HardSwish',
  hardTanh: 'HardTanh',
  logSigmoid: 'LogSigmoid',
  step: 'Step',
  exp: 'Exp',
};

describe('activation', () => {
  test('every name is tested', () => {
    expect([...Object.keys(references), 'softmax', 'logSoftmax'].toSorted()).toEqual(activationNames.toSorted());
  });

  test.each(Object.entries(references))('%s matches the reference, forward and backward', async (name, reference) => {
    const { alpha = 0, beta = 0 } = unaryTable[reference];
    const f = (x: number) => activations[reference].forward(x, alpha, beta);
    const model = await modelOf(activation(name as ActivationName), [11]);
    checkModel(model, 3, (_, x) => x.map(f), { low: -4, high: 4 });
  });

  test.each([
    ['leakyRelu', 0.3],
    ['elu', 0.5],
    ['celu', 2],
    ['softplus', 3],
  ] as const)('%s takes alpha %d', async (name, alpha) => {
    const reference = references[name];
    const f = (x: number) => activations[reference].forward(x, alpha, unaryTable[reference].beta ?? 0);
    checkModel(await modelOf(activation({ name, alpha }), [7]), 2, (_, x) => x.map(f), { low: -3, high: 3 });
  });

  const byRows = (f: (row: Float64Array) => number[], columns: number) => (_: object, x: Float64Array) =>
    Array.from({ length: x.length / columns }, (_unused, row) => f(x.slice(row * columns, (row + 1) * columns))).flat();

  test('softmax and logSoftmax work along the last axis', async () => {
    checkModel(await modelOf(activation('softmax'), [2, 5]), 3, byRows(softmax, 5), { low: -3, high: 3 });
    checkModel(await modelOf(activation('logSoftmax'), [2, 5]), 3, byRows(logSoftmax, 5), { low: -3, high: 3 });
  });

  test('swish and identity are other names of silu and linear', () => {
    expect(activation('swish' as never).config).toEqual({ activation: 'silu' });
    expect(activation('identity' as never).config).toEqual({ activation: 'linear' });
  });

  test('a sample of any shape keeps it', async () => {
    const model = await sequential([activation('relu')], { inputShape: [2, 3, 4] });
    expect(model.outputShapes).toEqual([[2, 3, 4]]);
  });

  test('softmax needs an axis beside the batch', async () => {
    await expect(modelOf(activation('softmax'), [])).rejects.toThrow(ShapeError);
  });

  const refused: [string, unknown, new (...args: never[]) => Error, string][] = [
    [
      'an unknown name, naming the nearest',
      'sigmiod',
      RangeError,
      'unknown activation "sigmiod"; did you mean "sigmoid"?',
    ],
    ['a name far from all, listing the known', 'quadratic', RangeError, 'known: linear, relu'],
    ['no name', null, TypeError, 'activation: expected a name'],
    ['alpha for a function without one', { name: 'tanh', alpha: 2 }, RangeError, 'activation tanh: it has no alpha'],
    ['alpha for softmax', { name: 'softmax', alpha: 2 }, RangeError, 'it has no alpha'],
    ['alpha that is not finite', { name: 'elu', alpha: Number.NaN }, RangeError, 'expected a finite alpha'],
    ['a negative slope', { name: 'leakyRelu', alpha: -1 }, RangeError, 'a slope (alpha) of at least 0'],
    ['celu with alpha 0', { name: 'celu', alpha: 0 }, RangeError, 'alpha above 0'],
  ];
  test.each(refused)('%s is refused', (_, given, kind, message) => {
    expect(() => activation(given as never)).toThrow(kind);
    expect(() => activation(given as never)).toThrow(message);
  });
});
