// Normal noise: its distribution, its gradients, and that it is another at each step and none in a prediction.
import { describe, expect, test } from 'vitest';
import { dense, gaussianNoise, gaussianSample, input, model as graphModel, sequential } from '../../src/index.ts';
import { RandomKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output } from '../helpers/kernel.ts';
import { checkModel, modelOf } from '../helpers/model.ts';

const { run } = await kernelRunner();

const drawn =
  (kind: number) =>
  (n: number, step: number, stream: number, offset = 0) =>
    run('RandomValues', { kind, out: output(n), n, counter: Int32Array.of(3, 5, step, 0), stream }, offset).outputs[
      'out'
    ]!;

describe('RandomValues, uniform', () => {
  const draw = drawn(RandomKind.Uniform);

  test.each(awkwardLengths)('n=%i: a longer run begins with a shorter one', (n) => {
    for (const offset of [0, 4, 8, 12]) expect(draw(n, 1, 2, offset)).toEqual(draw(64, 1, 2).slice(0, n));
  });

  test('in [0, 1), as many in each tenth, others at another step or stream', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const value of draw(40_000, 1, 0)) tenths[Math.floor(value * 10)]++;
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 4000)).toBeLessThan(300);
    expect(draw(8, 2, 0)).not.toEqual(draw(8, 1, 0));
    expect(draw(8, 1, 1)).not.toEqual(draw(8, 1, 0));
  });
});

describe('RandomValues, normal', () => {
  const draw = drawn(RandomKind.Normal);

  test.each(awkwardLengths)('n=%i: a longer run begins with a shorter one', (n) => {
    for (const offset of [0, 4, 8, 12]) expect(draw(n, 1, 2, offset)).toEqual(draw(64, 1, 2).slice(0, n));
  });

  test('mean 0 and variance 1, others at another step or stream', () => {
    const numbers = draw(40_000, 1, 0);
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(draw(8, 2, 0)).not.toEqual(draw(8, 1, 0));
    expect(draw(8, 1, 1)).not.toEqual(draw(8, 1, 0));
  });
});

test('a prediction is the input, and the means: gradients by finite differences', async () => {
  checkModel(await modelOf(gaussianNoise(0.3), [4]), 3, (_, x) => x!);
  const [mean, logVariance] = [input([3]), input([3])];
  const net = await graphModel({ inputs: [mean, logVariance], outputs: gaussianSample()([mean, logVariance]) });
  checkModel(net, 2, (_, means) => means!);
});

test('gaussianNoise: nothing in a prediction, noise of its deviation in training', async () => {
  const model = await sequential([gaussianNoise(0.5)], { inputShape: [1000] });
  const zeros = { data: new Float32Array(1000), shape: [1, 1000] };
  expect(model.predict(zeros).data).toEqual(zeros.data);
  const { history } = await model.fit({ inputs: zeros, targets: zeros }, { loss: 'mse', epochs: 2 });
  for (const loss of history['loss']!) expect(Math.abs(loss - 0.25)).toBeLessThan(0.04);
  expect(history['loss']![0]).not.toBe(history['loss']![1]);
});

test('gaussianSample: gradients reach means and variances', async () => {
  const x = input([2]);
  const sample = gaussianSample({ beta: 0.1 })([dense(3, { name: 'mean' })(x), dense(3, { name: 'spread' })(x)]);
  const net = await graphModel({ inputs: x, outputs: dense(1)(sample), seed: 1 });
  const before = net.getWeights();
  await net.fit({ inputs: [[1, 2]], targets: [[3]] }, { loss: 'mse', epochs: 1 });
  for (const name of ['mean.kernel', 'spread.kernel'])
    expect(net.getWeights()[name]!.data).not.toEqual(before[name]!.data);
});

test('what does not fit is refused', () => {
  expect(() => gaussianNoise(-1)).toThrow('gaussianNoise: deviation: expected a number of at least 0, got -1');
  expect(() => gaussianSample({ beta: Number.NaN })).toThrow('gaussianSample: beta: expected a number of at least 0');
  expect(() => gaussianSample()([input([2]), input([3])])).toThrow('of one shape, got [2] and [3]');
  expect(() => gaussianSample()(input([2]))).toThrow('gaussianSample: expected 2 inputs, got 1');
});
