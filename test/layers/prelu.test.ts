import { expect, test } from 'vitest';
import { prelu, ShapeError } from '../../src/index.ts';
import { checkModel, modelOf, randomTensor } from '../helpers/model.ts';

const formula = (x: number, alpha: number) => (x > 0 ? x : alpha * x);

test('prelu: one slope a feature matches the reference, and so do its gradients', async () => {
  const model = await modelOf(prelu(), [2, 5]);
  expect(model.parameters[0]!.shape).toEqual([5]);
  checkModel(model, 3, (p, x) => x.map((value, i) => formula(value, p['layers.0.alpha']![i % 5]!)));
});

test('prelu: one shared slope', async () => {
  const model = await modelOf(prelu({ shared: true }), [4]);
  expect(model.parameters[0]!.shape).toEqual([1]);
  checkModel(model, 3, (p, x) => x.map((value) => formula(value, p['layers.0.alpha']![0]!)));
});

test('prelu: slopes begin at 0.25, or where asked', async () => {
  expect(Array.from((await modelOf(prelu(), [3])).getWeights()['layers.0.alpha']!.data)).toEqual([0.25, 0.25, 0.25]);
  const model = await modelOf(prelu({ initial: 0.5 }), [2]);
  expect(Array.from(model.predict([-2, 4]).data)).toEqual([-1, 4]);
});

test('prelu: NaN goes through', async () => {
  const model = await modelOf(prelu(), [2]);
  const { data } = model.predict({ data: Float32Array.of(Number.NaN, 1), shape: [1, 2] }, { allowNonFinite: true });
  expect(Array.from(data)).toEqual([Number.NaN, 1]);
});

test('prelu: the gradient at 0 is 0', async () => {
  const model = await modelOf(prelu(), [3]);
  const { inputs } = model.gradients(randomTensor([1, 3], 1, 0, 0), { outputGradient: [1, 1, 1] });
  expect(Array.from(inputs[0]!.data)).toEqual([0, 0, 0]);
});

test('prelu: bad options are refused', async () => {
  expect(() => prelu({ initial: Number.NaN })).toThrow('prelu: expected a finite initial slope, got NaN');
  expect(() => prelu({ shared: 1 as never })).toThrow('prelu: shared: expected true or false');
  expect(() => prelu({ slope: 1 } as never)).toThrow('option of prelu "slope"');
  await expect(modelOf(prelu(), [])).rejects.toThrow(ShapeError);
});
