import { describe, expect, test } from 'vitest';
import { dense, sequential, ShapeError } from '../../src/index.ts';
import { affine, checkModel, modelOf, randomTensor } from '../helpers/model.ts';

describe('dense', () => {
  test.each([
    [1, 1, 1],
    [3, 4, 5],
    [5, 7, 9],
    [17, 13, 8],
    [8, 1, 33],
    [2, 33, 1],
  ])('B=%i N=%i M=%i: outputs and gradients match the reference', async (batch, features, units) => {
    checkModel(await modelOf(dense(units), [features]), batch, (p, x) =>
      affine(x, p['layers.0.kernel']!, p['layers.0.bias']!, features, units),
    );
  });

  test('without a bias', async () => {
    const model = await modelOf(dense(3, { useBias: false }), [4]);
    expect(model.parameters.map(({ name }) => name)).toEqual(['layers.0.kernel']);
    checkModel(model, 5, (p, x) => affine(x, p['layers.0.kernel']!, null, 4, 3));
  });

  test('with an activation', async () => {
    checkModel(await modelOf(dense(3, { activation: 'tanh' }), [4]), 5, (p, x) =>
      affine(x, p['layers.0.kernel']!, p['layers.0.bias']!, 4, 3).map(Math.tanh),
    );
  });

  test('on samples of several axes every row but the last axis is a row', async () => {
    const model = await modelOf(dense(3), [2, 5, 4]);
    expect(model.outputShapes).toEqual([[2, 5, 3]]);
    checkModel(model, 2, (p, x) => affine(x, p['layers.0.kernel']!, p['layers.0.bias']!, 4, 3));
  });

  test('its parameters are named, shaped and initialised', async () => {
    const model = await modelOf(dense(3, { name: 'hidden', biasInitializer: 'ones' }), [4]);
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['hidden.kernel', [4, 3]],
      ['hidden.bias', [3]],
    ]);
    const { 'hidden.kernel': kernel, 'hidden.bias': bias } = model.getWeights();
    expect(Array.from(bias!.data)).toEqual([1, 1, 1]);
    const limit = Math.sqrt(6 / 7);
    expect(kernel!.data.every((value: number) => Math.abs(value) <= limit)).toBe(true);
    expect(new Set(kernel!.data).size).toBe(12);
  });

  test('two stacked match the reference', async () => {
    const model = await sequential([dense(6, { activation: 'sigmoid' }), dense(2)], { inputShape: [3] });
    checkModel(model, 4, (p, x) => {
      const hidden = affine(x, p['layers.0.kernel']!, p['layers.0.bias']!, 3, 6).map((v) => 1 / (1 + Math.exp(-v)));
      return affine(hidden, p['layers.1.kernel']!, p['layers.1.bias']!, 6, 2);
    });
  });

  test.each([0, -1, 2.5, Number.NaN, Infinity, '8', undefined, null])('units of %s are refused', (units) => {
    expect(() => dense(units as number)).toThrow(RangeError);
    expect(() => dense(units as number)).toThrow(
      `dense: units: expected an integer of at least 1, got ${String(units)}`,
    );
  });

  test('a sample without features is refused', async () => {
    await expect(modelOf(dense(2), [])).rejects.toThrow(ShapeError);
    await expect(modelOf(dense(2), [])).rejects.toThrow('dense: expected input [*, features], got [*]');
  });

  const refused: [string, object | string, new (...args: never[]) => Error, string][] = [
    ['an unknown activation, naming the nearest', { activation: 'rleu' }, RangeError, 'did you mean "relu"?'],
    ['an activation of a wrong kind', { activation: 3 }, TypeError, 'expected a name, got number'],
    [
      'an unknown option, naming the nearest',
      { activaton: 'relu' },
      RangeError,
      'option of dense "activaton"; did you mean "activation"',
    ],
    ['options that are no object', 'relu', TypeError, 'dense: expected an object of options, got string'],
    ['an unknown initialiser', { kernelInitializer: 'heNormel' }, RangeError, 'did you mean "heNormal"?'],
    ['a bias that is not yes or no', { useBias: 'no' }, TypeError, 'dense: useBias: expected true or false, got no'],
    [
      'a penalty that is a number',
      { kernelPenalty: 0.01 },
      TypeError,
      'dense: kernelPenalty: expected { l1, l2 }, got 0.01',
    ],
    ['a negative penalty', { kernelPenalty: { l2: -1 } }, RangeError, 'expected a non-negative l2, got -1'],
    ['an unknown penalty', { biasPenalty: { l3: 1 } }, RangeError, 'expected l1 and l2, got "l3"'],
    ['a name with a dot', { name: 'a.b' }, RangeError, 'expected a name of letters'],
    ['a name that the model needs', { name: 'optimizer' }, RangeError, 'the name "optimizer" is the model\'s own'],
    ['trainable that is not yes or no', { trainable: 'no' }, TypeError, 'expected trainable true or false'],
  ];
  test.each(refused)('%s is refused', (_, options, kind, message) => {
    expect(() => dense(2, options as never)).toThrow(kind);
    expect(() => dense(2, options as never)).toThrow(message);
  });

  test('the result of a sample does not depend on the others', async () => {
    const model = await modelOf(dense(5, { activation: 'gelu' }), [9]);
    const x = randomTensor([6, 9], 3);
    const whole = model.predict(x).data;
    const alone = model.predict({ data: x.data.slice(27, 36), shape: [1, 9] }).data;
    alone.forEach((value: number, i: number) => expect(value).toBeCloseTo(whole[15 + i]!, 5));
  });
});
