import { describe, expect, test } from 'vitest';
import * as neurite from '../../src/index.ts';
import { ShapeError, type AvgPoolOptions, type Layer } from '../../src/index.ts';
import { pool } from '../../reference/pooling.ts';
import { checkModel, modelOf } from '../helpers/model.ts';

const each = (value: number | readonly number[] | undefined, rank: number, otherwise: readonly number[]): number[] =>
  Array.isArray(value) ? value : Array.from({ length: rank }, (_, axis) => (value as number) ?? otherwise[axis]!);

type Form = 'max' | 'avg';
type Make = (options?: AvgPoolOptions) => Layer;
const made = (name: string): Make => (neurite as unknown as Record<string, Make>)[name]!;

/** Sizes and windows by PyTorch's formulas, apart from the library's. `sides`: zeros before and after each axis. */
function windowsOf(
  sample: readonly number[],
  options: AvgPoolOptions,
  sides: readonly (readonly number[])[],
  counts: boolean,
) {
  const input = sample.slice(0, -1);
  const poolSize = each(options.poolSize, input.length, [2, 2, 2]);
  const stride = each(options.stride, input.length, poolSize);
  const output = input.map((size, axis) => {
    const length = (size + sides[axis]![0]! + sides[axis]![1]! - poolSize[axis]!) / stride[axis]! + 1;
    const whole = options.ceilMode ? Math.ceil(length) : Math.floor(length);
    return options.ceilMode && (whole - 1) * stride[axis]! >= size + sides[axis]![0]! ? whole - 1 : whole;
  });
  const window = (axis: number, i: number) => {
    const begin = i * stride[axis]! - sides[axis]![0]!;
    const end = Math.min(begin + poolSize[axis]!, input[axis]! + sides[axis]![1]!);
    const inside = Math.min(end, input[axis]!) - Math.max(begin, 0);
    return { begin, end, count: counts ? end - begin : inside };
  };
  return { input, output, window };
}

type Case = [batch: number, sample: number[], options: AvgPoolOptions, sides: number[][], counts?: boolean];

const none = [
  [0, 0],
  [0, 0],
  [0, 0],
];

const cases: Case[] = [
  [2, [6, 8, 3], {}, none],
  [
    1,
    [7, 5, 5],
    { poolSize: 3, stride: 2, padding: 1 },
    [
      [1, 1],
      [1, 1],
    ],
  ],
  [
    1,
    [7, 9, 4],
    { poolSize: [3, 2], stride: [2, 3], padding: 'same' },
    [
      [1, 1],
      [0, 0],
    ],
    false,
  ],
  [2, [5, 6, 1], { poolSize: 2, ceilMode: true }, none],
  [
    1,
    [4, 5, 9],
    { poolSize: 3, stride: 2, ceilMode: true, padding: 1 },
    [
      [1, 1],
      [1, 1],
    ],
  ],
  [
    1,
    [6, 6, 2],
    {
      poolSize: 3,
      stride: 1,
      padding: [
        [2, 0],
        [0, 1],
      ],
    },
    [
      [2, 0],
      [0, 1],
    ],
  ],
  [1, [5, 2], { poolSize: 2, stride: 2, ceilMode: true }, none],
  [2, [9, 3], { poolSize: 4, stride: 1, padding: [2] }, [[2, 2]]],
  [1, [4, 3, 5, 2], { poolSize: [2, 3, 2] }, none],
  [
    1,
    [3, 5, 4, 5],
    { poolSize: 3, stride: [1, 2, 2], padding: 1 },
    [
      [1, 1],
      [1, 1],
      [1, 1],
    ],
  ],
];

describe.each<Form>(['max', 'avg'])('%sPool', (form) => {
  test.each(cases)(
    'B=%i %j %j: outputs and gradients match the reference',
    async (batch, sample, options, sides, counts = true) => {
      const model = await modelOf(made(`${form}Pool${sample.length - 1}d`)(options), sample);
      const { input, output, window } = windowsOf(sample, options, sides, counts);
      const shape = { batch, input, output, channels: sample.at(-1)! };
      expect(model.outputShapes).toEqual([[...output, shape.channels]]);
      checkModel(model, batch, (_, x) => pool(form, x, shape, window));
    },
  );

  test.each([1, 2, 3])('over all of %i axes, and to a given size', async (rank) => {
    const sample = [...[5, 4, 3].slice(0, rank), 6];
    const input = sample.slice(0, -1);
    const Form = form === 'max' ? 'Max' : 'Avg';
    const shape = { batch: 2, input, output: input.map(() => 1), channels: 6 };
    const all = (axis: number) => ({ begin: 0, end: input[axis]!, count: input[axis]! });
    for (const keepDimensions of [false, true]) {
      const model = await modelOf(made(`global${Form}Pool${rank}d`)({ keepDimensions } as never), sample);
      expect(model.outputShapes).toEqual([keepDimensions ? [...shape.output, 6] : [6]]);
      checkModel(model, 2, (_, x) => pool(form, x, shape, all));
    }
    for (const outputSize of [2, 3]) {
      const make = made(`adaptive${Form}Pool${rank}d`) as unknown as (size: number) => Layer;
      checkModel(await modelOf(make(outputSize), sample), 2, (_, x) =>
        pool(form, x, { ...shape, output: input.map(() => outputSize) }, (axis, i) => {
          const begin = Math.floor((i * input[axis]!) / outputSize);
          const end = Math.ceil(((i + 1) * input[axis]!) / outputSize);
          return { begin, end, count: end - begin };
        }),
      );
    }
  });
});

const run = async (layer: Layer, sample: number[], data: number[]) => {
  const model = await modelOf(layer, sample);
  model.allocate({ batchSize: 1 });
  model.input.set(data);
  model.run();
  return [...model.output];
};

describe('edges', () => {
  test('averages divide by what is padded, or not', async () => {
    const ones = [1, 1, 1, 1];
    const options = { poolSize: 2, stride: 2, padding: 1 };
    expect(await run(neurite.avgPool1d(options), [4, 1], ones)).toEqual([0.5, 1, 0.5]);
    expect(await run(neurite.avgPool1d({ ...options, countIncludePad: false }), [4, 1], ones)).toEqual([1, 1, 1]);
    expect(await run(neurite.avgPool1d({ poolSize: 3, stride: 1, padding: 'same' }), [4, 1], ones)).toEqual(ones);
  });

  test('a NaN in a window is its maximum; padding never is', async () => {
    expect(await run(neurite.maxPool1d({ padding: 1 }), [4, 1], [-5, Number.NaN, -1, -2])).toEqual([
      -5,
      Number.NaN,
      -2,
    ]);
  });

  test('of equal maxima the first has the gradient', async () => {
    const model = await modelOf(neurite.maxPool1d({ poolSize: 3, stride: 1 }), [5, 1]);
    const gradients = model.gradients([[[2], [2], [1], [2], [2]]], { outputGradient: [[[1], [10], [100]]] });
    expect([...gradients.inputs[0]!.data]).toEqual([1, 10, 0, 100, 0]);
  });
});

describe('refused', () => {
  const refused: [string, () => Layer, new (...args: never[]) => Error, string][] = [
    [
      'a window larger than its input',
      () => neurite.maxPool2d({ poolSize: 7 }),
      ShapeError,
      'maxPool2d: a window of [7, 7] is larger than its input of [6, 6], padded to 6 along axis 0',
    ],
    [
      'a window in nothing but padding',
      () => neurite.avgPool2d({ poolSize: 2, stride: 1, padding: 2 }),
      ShapeError,
      'has nothing of its input [6, 6] in it along axis 0',
    ],
    [
      'a pool size of zero',
      () => neurite.maxPool2d({ poolSize: 0 }),
      RangeError,
      'maxPool2d: poolSize: expected an integer of at least 1, got 0',
    ],
    [
      'counting what a maximum does not count',
      () => neurite.maxPool2d({ countIncludePad: true } as never),
      RangeError,
      'option of maxPool2d "countIncludePad"',
    ],
    [
      'a causal pooling',
      () => neurite.maxPool1d({ padding: 'causal' }),
      RangeError,
      'padding "causal" is of conv1d alone',
    ],
    [
      'an output size of zero',
      () => neurite.adaptiveAvgPool2d([1, 0]),
      RangeError,
      'adaptiveAvgPool2d: outputSize: expected an integer of at least 1, got 0',
    ],
    [
      'a sequence for an image',
      () => neurite.globalAvgPool1d(),
      ShapeError,
      'globalAvgPool1d: expected input [*, length, channels], got [*, 6, 6, 2]',
    ],
  ];
  test.each(refused)('%s', async (_, make, kind, message) => {
    const attempt = async () => modelOf(make(), [6, 6, 2]);
    await expect(attempt()).rejects.toThrow(kind);
    await expect(attempt()).rejects.toThrow(message);
  });
});
