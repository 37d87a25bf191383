import { describe, expect, test } from 'vitest';
import {
  add,
  concatenate,
  dense,
  flatten,
  input,
  model,
  multiply,
  reshape,
  sequential,
  ShapeError,
} from '../../src/index.ts';
import { affine, checkModel, modelOf } from '../helpers/model.ts';

describe('flatten and reshape', () => {
  test.each([
    [[2, 3, 4], [24]],
    [[5], [5]],
    [[1, 1], [1]],
  ])('flatten: %j becomes %j', async (from, to) => {
    const net = await modelOf(flatten(), from);
    expect(net.outputShapes).toEqual([to]);
    checkModel(net, 3, (_, x) => x);
  });

  test.each([
    [[12], [3, 4], [3, 4]],
    [
      [2, 6],
      [3, -1],
      [3, 4],
    ],
    [[2, 3], [-1], [6]],
    [[1], [], []],
  ])('reshape: %j to %j is %j', async (from, to, shape) => {
    const net = await modelOf(reshape(to), from);
    expect(net.outputShapes).toEqual([shape]);
    checkModel(net, 2, (_, x) => x);
  });

  test('between dense layers the values go through in their order', async () => {
    const net = await sequential([reshape([2, 3]), dense(2), flatten(), dense(3)], { inputShape: [6] });
    checkModel(net, 4, (p, x) => {
      const hidden = affine(x, p['layers.1.kernel']!, p['layers.1.bias']!, 3, 2);
      return affine(hidden, p['layers.3.kernel']!, p['layers.3.bias']!, 4, 3);
    });
  });

  test('a shape that does not fit is refused, naming the layer', async () => {
    const build = sequential([flatten(), reshape([5])], { inputShape: [2, 2] });
    await expect(build).rejects.toThrow(ShapeError);
    await expect(build).rejects.toThrow(
      'sequential: layer 1 (reshape) cannot take [*, 4]: reshape: [4] has 4 elements and does not fit [5]',
    );
    await expect(modelOf(reshape([3, -1]), [4])).rejects.toThrow(ShapeError);
  });

  test.each([[[-1, -1]], [[0]], [[2.5]], [[-2]]])('reshape: %j is refused', (shape) => {
    expect(() => reshape(shape)).toThrow(RangeError);
  });

  test('what is no list of sizes is refused', () => {
    expect(() => reshape('4' as never)).toThrow('reshape: expected an array of sizes, got string');
    expect(() => reshape(4 as never)).toThrow(TypeError);
    expect(() => flatten({ axis: 1 } as never)).toThrow('unknown option of flatten "axis"');
  });
});

describe('add, multiply and concatenate', () => {
  const two = (shapeA: number[], shapeB: number[]) => [input(shapeA), input(shapeB)] as const;

  test('add: the sum, element by element, of three', async () => {
    const inputs = [input([2, 3]), input([2, 3]), input([2, 3])];
    const net = await model({ inputs, outputs: add()(inputs) });
    checkModel(net, 3, (_, a, b, c) => a.map((value, i) => value + b![i]! + c![i]!));
  });

  test('multiply: the product, element by element', async () => {
    const inputs = two([4], [4]);
    checkModel(await model({ inputs, outputs: multiply()(inputs) }), 3, (_, a, b) =>
      a.map((value, i) => value * b![i]!),
    );
  });

  test('add: an axis of size 1 is repeated, and its gradient summed', async () => {
    const inputs = two([3, 4], [3, 1]);
    const net = await model({ inputs, outputs: add()(inputs) });
    expect(net.outputShapes).toEqual([[3, 4]]);
    checkModel(net, 2, (_, a, b) => a.map((value, i) => value + b![Math.floor(i / 4)]!));
  });

  test('add: a tensor and itself', async () => {
    const x = input([3]);
    checkModel(await model({ inputs: x, outputs: multiply()([x, x]) }), 2, (_, a) => a.map((value) => value * value));
  });

  test('concatenate: along the last axis by default', async () => {
    const inputs = two([2, 3], [2, 1]);
    const net = await model({ inputs, outputs: concatenate()(inputs) });
    expect(net.outputShapes).toEqual([[2, 4]]);
    checkModel(net, 2, (_, a, b) => {
      const rows = Array.from({ length: 4 }, (_unused, row) => [...a.slice(3 * row, 3 * row + 3), b![row]!]);
      return rows.flat();
    });
  });

  test('concatenate: along another axis', async () => {
    const inputs = two([1, 2], [3, 2]);
    const net = await model({ inputs, outputs: concatenate({ axis: 1 })(inputs) });
    expect(net.outputShapes).toEqual([[4, 2]]);
    checkModel(net, 2, (_, a, b) =>
      [0, 1].flatMap((row) => [...a.slice(2 * row, 2 * row + 2), ...b!.slice(6 * row, 6 * row + 6)]),
    );
  });

  test('concatenate: of one input is that input', async () => {
    const x = input([3]);
    checkModel(await model({ inputs: x, outputs: concatenate()([x]) }), 2, (_, a) => a);
  });

  const [a, b] = two([2, 3], [4]);
  const refused: [string, () => unknown, new (...args: never[]) => Error, string][] = [
    ['add of one input', () => add()(a), ShapeError, 'add: expected at least 2 inputs, got 1'],
    [
      'add of different ranks',
      () => add()([a, b]),
      ShapeError,
      'add: expected inputs of one rank, got [*, 2, 3] and [*, 4]',
    ],
    ['add of sizes that do not broadcast', () => add()([b, input([5])]), ShapeError, 'do not broadcast'],
    ['multiply of sizes that do not broadcast', () => multiply()([b, input([5])]), ShapeError, 'multiply: shapes'],
    ['concatenate of nothing', () => concatenate()([]), ShapeError, 'expected at least 1 input, got 0'],
    ['concatenate of different ranks', () => concatenate()([a, b]), ShapeError, 'does not join'],
    [
      'concatenate along the batch',
      () => concatenate({ axis: 0 })([b, b]),
      ShapeError,
      'axis 0 is not an axis of a sample of 1 dimensions',
    ],
    ['concatenate along an axis that is not there', () => concatenate({ axis: 3 })([b, b]), ShapeError, 'axis 3'],
    [
      'concatenate along half an axis',
      () => concatenate({ axis: 0.5 }),
      RangeError,
      'expected an integer axis, got 0.5',
    ],
    ['two inputs for dense', () => dense(2)([b, b]), ShapeError, 'dense: expected 1 input, got 2'],
    [
      'a layer on numbers',
      () => dense(2)([1, 2] as never),
      TypeError,
      'dense: expected what input() or a layer gave, got number',
    ],
    ['a layer on nothing', () => dense(2)(null as never), TypeError, 'got null'],
  ];
  test.each(refused)('%s is refused', (_, build, kind, message) => {
    expect(build).toThrow(kind);
    expect(build).toThrow(message);
  });
});

describe('input', () => {
  test.each([[[0]], [[-1]], [[1.5]], [[Number.NaN]]])('sizes of %j are refused', (shape) => {
    expect(() => input(shape)).toThrow('input: expected positive integer sizes');
  });
  test('a shape that is no list is refused', () => {
    expect(() => input(4 as never)).toThrow('input: expected an array of sizes, got number');
  });
  test('a name with other characters is refused', () => {
    expect(() => input([1], { name: 'target:0' })).toThrow('input: expected a name of letters');
  });
});
