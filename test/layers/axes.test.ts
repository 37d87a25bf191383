// Layers along axes: permute, slice, split, and reductions.
import { describe, expect, test } from 'vitest';
import {
  add,
  dense,
  embedding,
  input,
  loadModel,
  maxOver,
  meanOver,
  minOver,
  model,
  permute,
  sequential,
  slice,
  split,
  sumOver,
  type OverOptions,
} from '../../src/index.ts';
import * as reference from '../../reference/axes.ts';
import { checkModel, modelOf, randomTensor } from '../helpers/model.ts';

describe('permute', () => {
  test.each([
    [
      [3, 5],
      [2, 1],
    ],
    [
      [3, 5],
      [1, 2],
    ],
    [
      [2, 3, 4],
      [3, 1, 2],
    ],
    [
      [2, 1, 3, 2],
      [4, 2, 3, 1],
    ],
    [[7], [1]],
  ])('samples %j by %j', async (shape, axes) => {
    const net = await modelOf(permute(axes), shape);
    expect(net.outputShapes[0]).toEqual(axes.map((axis) => shape[axis - 1]));
    checkModel(net, 2, (_, x) => reference.permute(x!, [2, ...shape], [0, ...axes]));
  });

  test('what is no order of the axes is refused', () => {
    for (const axes of [[], [0, 1], [1, 1], [1, 3], [1.5]])
      expect(() => permute(axes)).toThrow(`permute: expected each axis from 1 to ${axes.length} once`);
    expect(() => permute(2 as never)).toThrow('permute: expected a list of axes, got number');
    expect(() => permute([2, 1])(input([4]))).toThrow('permute: expected an input of 2 axes for [2, 1], got [*, 4]');
  });
});

describe('slice', () => {
  test.each([
    [[5, 3], [1, 4], 1],
    [[5, 3], [2, undefined], 1],
    [[5, 3], [-2, undefined], 1],
    [[5, 3], [0, -1], -1],
    [[4, 5, 3], [1, 3], 2],
    [[9], [3, 8], 1],
  ] as const)('samples %j, %j along axis %i', async (shape, [start, end], axis) => {
    const net = await modelOf(slice(start, end, { axis }), shape);
    const at = axis < 0 ? axis + shape.length + 1 : axis;
    const size = shape[at - 1]!;
    const [from, to] = [start < 0 ? start + size : start, end === undefined ? size : end < 0 ? end + size : end];
    checkModel(net, 2, (_, x) => reference.slice(x!, [2, ...shape], at, from, to));
  });

  test('tokens too', async () => {
    const words = input([4], { dtype: 'int32' });
    const table = embedding(9, 2);
    const net = await model({ inputs: words, outputs: table(slice(1, 3)(words)) });
    const whole = await model({ inputs: words, outputs: slice(1, 3)(table(words)) });
    whole.setWeights(
      Object.fromEntries(Object.values(net.getWeights()).map((value) => [whole.parameters[0]!.name, value])),
    );
    const samples = [[1, 5, 8, 2]];
    expect(net.predict(samples)).toEqual(whole.predict(samples));
  });

  test('what is no part is refused', () => {
    expect(() => slice(0.5)).toThrow('slice: expected an integer start, got 0.5');
    expect(() => slice(undefined as never)).toThrow('slice: expected an integer start, got undefined');
    expect(() => slice(0, '1' as never)).toThrow('slice: expected an integer end, got 1');
    expect(() => slice(0, 1, { axis: 0 })).toThrow('slice: expected an axis, an integer but 0 (the batch), got 0');
    expect(() => slice(0, 1, { axis: 3 })(input([4, 2]))).toThrow(
      'slice: axis 3 is not an axis of a sample of 2 dimensions',
    );
    expect(() => slice(2, 5)(input([4, 2]))).toThrow('slice: 2 to 5 is no part of axis 1 of [*, 4, 2]');
    expect(() => slice(3, 3)(input([4]))).toThrow('slice: 3 to 3 is no part of axis 1 of [*, 4]');
    expect(() => slice(-5)(input([4]))).toThrow('slice: -5 to the end is no part of axis 1 of [*, 4]');
  });
});

describe('split', () => {
  test('equal parts, and parts of given sizes: together they are the whole, with gradients', async () => {
    const x = input([2, 6]);
    for (const [parts, sizes] of [
      [3, [2, 2, 2]],
      [
        [1, 5],
        [1, 5],
      ],
    ] as const) {
      const pieces = split(parts)(x);
      expect(pieces.map(({ shape }) => shape)).toEqual(sizes.map((size) => [2, size]));
      let from = 0;
      for (const [i, piece] of pieces.entries()) {
        const net = await model({ inputs: x, outputs: piece });
        const begin = from;
        checkModel(net, 2, (_, values) => reference.slice(values!, [2, 2, 6], 2, begin, begin + sizes[i]!));
        from += sizes[i]!;
      }
    }
  });

  test('parts are joined again, saved and loaded; their names count', async () => {
    const x = input([6]);
    const [a, b] = split(2, { name: 'half' })(dense(8)(x));
    const net = await model({ inputs: x, outputs: add()([a!, b!]), seed: 1 });
    expect(net.topology.names).toContain('half-1');
    const samples = randomTensor([3, 6], 1);
    expect((await loadModel(net.toBytes())).predict(samples)).toEqual(net.predict(samples));
  });

  test('parts that do not fit are refused', () => {
    expect(() => split(0)).toThrow('split: parts: expected an integer of at least 1, got 0');
    expect(() => split([2, 0])).toThrow('split: size 1: expected an integer of at least 1, got 0');
    expect(() => split(4)(input([6]))).toThrow('split: 4 equal parts do not divide axis -1 of [*, 6]');
    expect(() => split([2, 3])(input([6]))).toThrow('split: the sizes [2, 3] make 5, axis -1 of [*, 6] is 6');
    expect(() => split(2, { axis: 2 })(input([6]))).toThrow('split: axis 2 is not an axis of a sample of 1 dimensions');
    expect(() => split(2)('x' as never)).toThrow('split: expected what input() or a layer gave, got string');
  });
});

const reductions = { sumOver, meanOver, maxOver, minOver };
const kinds = { sumOver: 'Sum', meanOver: 'Mean', maxOver: 'Maximum', minOver: 'Minimum' } as const;

describe.each(Object.keys(reductions) as (keyof typeof kinds)[])('%s', (type) => {
  const layer = reductions[type];

  test.each([
    [[4, 3], { axes: [1] }],
    [[4, 3], { axes: [-1] }],
    [[2, 3, 4], { axes: [1, 3] }],
    [[2, 3, 4], { axes: [1, 2], keepDimensions: true }],
    [[5], {}],
    [[2, 3], {}],
  ] as [number[], OverOptions][])('samples %j, %j', async (shape, options) => {
    const net = await modelOf(layer(options), shape);
    const axes = (options.axes ?? shape.map((_, i) => i + 1)).map((axis) =>
      axis < 0 ? axis + shape.length + 1 : axis,
    );
    const kept = shape.map((size, i) => (axes.includes(i + 1) ? 1 : size));
    const left = shape.filter((_, i) => !axes.includes(i + 1));
    expect(net.outputShapes[0]).toEqual(options.keepDimensions ? kept : left.length ? left : [1]);
    checkModel(net, 2, (_, x) => reference.over(kinds[type], x!, [2, ...shape], axes));
  });

  test('is saved, and refuses axes that are none', async () => {
    const net = await sequential([layer({ axes: [1], keepDimensions: true })], { inputShape: [4, 3] });
    const again = await loadModel(net.toBytes());
    expect(again.topology.layers[0]!.config).toEqual({ axes: [1], keepDimensions: true });
    expect(() => layer({ axes: [0] })).toThrow(`${type}: expected an axis, an integer but 0 (the batch), got 0`);
    expect(() => layer({ axes: 1 as never })).toThrow(`${type}: expected a list of axes, got 1`);
    expect(() => layer({ axes: [3] })(input([4, 3]))).toThrow(
      `${type}: axis 3 is not an axis of a sample of 2 dimensions`,
    );
    expect(() => layer()(input([4], { dtype: 'int32' }))).toThrow(`${type}: expected numbers, got integers`);
  });
});
