// Layers of the user's own formulas.
import { describe, expect, test } from 'vitest';
import {
  dense,
  input,
  lambda,
  loadModel,
  model,
  registerLambda,
  sequential,
  type LambdaFormula,
  type LambdaOperations,
} from '../../src/index.ts';
import * as axes from '../../reference/axes.ts';
import { checkModel, modelOf, randomTensor } from '../helpers/model.ts';

/** Every operation, as a formula of one input [*, 3, 2], and the same on one sample's numbers in float64. */
const elementwise: Record<string, [LambdaFormula, (x: number) => number]> = {
  exp: [(ops, x) => ops.exp(x), Math.exp],
  log: [(ops, x) => ops.log(x), Math.log],
  sqrt: [(ops, x) => ops.sqrt(x), Math.sqrt],
  abs: [(ops, x) => ops.abs(x), Math.abs],
  negate: [(ops, x) => ops.negate(x), (x) => -x],
  square: [(ops, x) => ops.square(x), (x) => x * x],
  reciprocal: [(ops, x) => ops.reciprocal(x), (x) => 1 / x],
  sin: [(ops, x) => ops.sin(x), Math.sin],
  cos: [(ops, x) => ops.cos(x), Math.cos],
  clip: [(ops, x) => ops.clip(x, 0.5, 0.8), (x) => Math.min(0.8, Math.max(0.5, x))],
  activation: [(ops, x) => ops.activation('tanh', x), Math.tanh],
  add: [(ops, x) => ops.add(x, 2), (x) => x + 2],
  subtract: [(ops, x) => ops.subtract(1, x), (x) => 1 - x],
  multiply: [(ops, x) => ops.multiply(x, x), (x) => x * x],
  divide: [(ops, x) => ops.divide(1, x), (x) => 1 / x],
  minimum: [(ops, x) => ops.minimum(x, 0.6), (x) => Math.min(x, 0.6)],
  maximum: [(ops, x) => ops.maximum(0.6, x), (x) => Math.max(x, 0.6)],
  power: [(ops, x) => ops.power(x, 3), (x) => x ** 3],
};
const shape = [2, 3, 2];
const whole: Record<string, [LambdaFormula, (x: Float64Array) => ArrayLike<number>]> = {
  sum: [(ops, x) => ops.sum(x), (x) => axes.over('Sum', x, shape, [1, 2])],
  mean: [(ops, x) => ops.mean(x, { axes: [1] }), (x) => axes.over('Mean', x, shape, [1])],
  max: [(ops, x) => ops.max(x, { axes: [2], keepDimensions: true }), (x) => axes.over('Maximum', x, shape, [2])],
  min: [(ops, x) => ops.min(x, { axes: [2] }), (x) => axes.over('Minimum', x, shape, [2])],
  reshape: [(ops, x) => ops.reshape(x, [-1]), (x) => x],
  permute: [(ops, x) => ops.permute(x, [0, 2, 1]), (x) => axes.permute(x, shape, [0, 2, 1])],
  slice: [(ops, x) => ops.slice(x, 1, 1, 2), (x) => axes.slice(x, shape, 1, 1, 3)],
  concatenate: [
    (ops, x) => ops.concatenate([x, ops.negate(x)], 2),
    (x) => Array.from({ length: 24 }, (_, i) => (i % 4 < 2 ? 1 : -1) * x[Math.floor(i / 4) * 2 + (i % 2)]!),
  ],
};

describe('lambda', () => {
  test.each(Object.keys(elementwise))('%s, with its gradient', async (name) => {
    const [formula, exact] = elementwise[name]!;
    registerLambda(`test-${name}`, formula);
    checkModel(await modelOf(lambda(`test-${name}`), [3, 2]), 2, (_, x) => x!.map(exact), { low: 0.2, high: 1 });
  });

  test.each(Object.keys(whole))('%s, with its gradient', async (name) => {
    const [formula, exact] = whole[name]!;
    registerLambda(`test-${name}`, formula);
    checkModel(await modelOf(lambda(`test-${name}`), [3, 2]), 2, (_, x) => exact(x!));
  });

  test('erf stands in the middle of its error function', async () => {
    registerLambda('test-erf', (ops, x) => ops.erf(x));
    const net = await modelOf(lambda('test-erf'), [3]);
    const { data } = net.predict([[0, 0.5, -1]]);
    [0, 0.5204998778, -0.8427007929].forEach((value, i) => expect(data[i]).toBeCloseTo(value, 6));
  });

  test('every operation that there is, is tested', () => {
    let found: string[] = [];
    registerLambda('test-names', (ops: LambdaOperations, x) => {
      found = Object.keys(ops);
      return x;
    });
    lambda('test-names')(input([1]));
    expect([...Object.keys(elementwise), ...Object.keys(whole), 'erf'].toSorted()).toEqual(found.toSorted());
  });

  test('several inputs; the file holds the name, and training goes through it', async () => {
    registerLambda('test-distance', (ops, a, b) => ops.sum(ops.square(ops.subtract(a!, b!)), { keepDimensions: true }));
    const [a, b] = [input([3]), input([3])];
    const shared = dense(4);
    const net = await model({ inputs: [a, b], outputs: lambda('test-distance')([shared(a), shared(b)]), seed: 1 });
    expect(net.outputShapes).toEqual([[1]]);
    const samples = [randomTensor([6, 3], 1), randomTensor([6, 3], 2)];
    const { history } = await net.fit(
      { inputs: samples, targets: randomTensor([6, 1], 3, 0, 1) },
      { loss: 'mse', epochs: 300 },
    );
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]! / 2);
    const again = await loadModel(net.toBytes());
    expect(again.topology.layers.map(({ config }) => config)).toContainEqual({ formula: 'test-distance' });
    expect(again.predict(samples)).toEqual(net.predict(samples));
  });

  test('errors', async () => {
    expect(() => lambda('test-distanec')).toThrow('did you mean "test-distance"?');
    expect(() => registerLambda('a b', (_, x) => x)).toThrow('expected a name of letters, digits');
    expect(() => registerLambda('test-none', 3 as never)).toThrow(
      'expected a function as the formula of "test-none", got number',
    );
    registerLambda('test-once', elementwise['exp']![0]);
    registerLambda('test-once', elementwise['exp']![0]);
    expect(() => registerLambda('test-once', (_, x) => x)).toThrow('"test-once" has another formula already');
    registerLambda('test-nothing', () => undefined as never);
    expect(() => lambda('test-nothing')(input([2]))).toThrow('expected the formula to give a value, got undefined');
    expect(() => lambda('test-once')([])).toThrow('lambda "test-once": expected at least 1 input, got 0');
    registerLambda('test-foreign', (ops, x) => ops.add(x, 'one' as never));
    expect(() => lambda('test-foreign')(input([2]))).toThrow(
      'expected a value of this formula or a number, got string',
    );
    registerLambda('test-batch', (ops, x) => ops.sum(x, { axes: [0], keepDimensions: true }));
    registerLambda('test-turned', (ops, x) => ops.permute(x, [1, 0]));
    expect(() => lambda('test-turned')(input([2]))).toThrow('expected a result with the batch as its first axis');
    await expect(sequential([lambda('test-batch')], { inputShape: [2] })).rejects.toThrow('axis 0 is the batch');
  });
});
