import { describe, expect, test } from 'vitest';
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  depthwiseConv1d,
  depthwiseConv2d,
  separableConv1d,
  separableConv2d,
  ShapeError,
  type ConvolutionOptions,
  type ConvTransposeOptions,
  type Layer,
  type Model,
} from '../../src/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { forwardFunction } from '../../src/model/functions.ts';
import { convolution, transposedConvolution, type ConvolutionShape } from '../../reference/convolution.ts';
import { checkModel, modelOf, randomTensor } from '../helpers/model.ts';

const each = (value: number | readonly number[] | undefined, rank: number, otherwise: number): number[] =>
  Array.isArray(value) ? value : Array.from({ length: rank }, () => (value as number) ?? otherwise);

/** The shape of a convolution by the formulas of PyTorch and Keras, apart from the library's. */
function shapeOf(
  batch: number,
  sample: readonly number[],
  filters: number,
  options: ConvolutionOptions,
): ConvolutionShape {
  const input = sample.slice(0, -1);
  const rank = input.length;
  const [kernelSize, stride, dilation] = [
    each(options.kernelSize, rank, 1),
    each(options.stride, rank, 1),
    each(options.dilation, rank, 1),
  ];
  const { padding = 'valid', groups = 1 } = options;
  const sides = input.map((size, axis) => {
    const reach = (kernelSize[axis]! - 1) * dilation[axis]! + 1;
    if (padding === 'valid') return [0, 0];
    if (padding === 'causal') return [reach - 1, 0];
    if (padding === 'same') {
      const total = Math.max(0, (Math.ceil(size / stride[axis]!) - 1) * stride[axis]! + reach - size);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    }
    const side = typeof padding === 'number' ? padding : padding[axis]!;
    return typeof side === 'number' ? [side, side] : side;
  });
  const output = input.map((size, axis) =>
    Math.floor(
      (size + sides[axis]![0]! + sides[axis]![1]! - dilation[axis]! * (kernelSize[axis]! - 1) - 1) / stride[axis]! + 1,
    ),
  );
  const before = sides.map(([side]) => side!);
  return { batch, input, output, kernelSize, stride, dilation, before, channels: sample.at(-1)!, filters, groups };
}

const withBias = (sums: Float64Array, bias: Float64Array | undefined): Float64Array =>
  bias ? sums.map((sum, i) => sum + bias[i % bias.length]!) : sums;

type Case = [batch: number, sample: number[], filters: number, options: ConvolutionOptions];

/** Runs a plain convolution against its reference, gradients included. */
async function check(
  make: (filters: number, options: ConvolutionOptions) => Layer,
  [batch, sample, filters, options]: Case,
) {
  const model = await modelOf(make(filters, options), sample);
  const shape = shapeOf(batch, sample, filters, options);
  expect(model.outputShapes).toEqual([[...shape.output, filters]]);
  checkModel(model, batch, (p, x) => withBias(convolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']));
}

const cases2d: Case[] = [
  [2, [5, 6, 1], 8, { kernelSize: 3 }],
  [1, [7, 5, 3], 5, { kernelSize: 3, padding: 'same' }],
  [2, [6, 7, 4], 3, { kernelSize: [3, 2], padding: 'same', stride: 2 }],
  [1, [9, 8, 2], 9, { kernelSize: 3, dilation: 2, padding: 2 }],
  [2, [7, 7, 3], 4, { kernelSize: 3, stride: [2, 3], dilation: [1, 2], padding: [1, 2] }],
  [
    1,
    [5, 4, 5],
    7,
    {
      kernelSize: [2, 3],
      padding: [
        [0, 1],
        [2, 0],
      ],
      useBias: false,
    },
  ],
  [2, [5, 6, 4], 6, { kernelSize: 3, groups: 2, padding: 1 }],
  [1, [5, 5, 6], 9, { kernelSize: [1, 3], groups: 3, padding: 'same', dilation: 2 }],
  [2, [4, 5, 7], 9, { kernelSize: 1 }],
  [1, [5, 7, 3], 2, { kernelSize: 1, stride: 2, useBias: false }],
  [1, [3, 3, 2], 1, { kernelSize: 3 }],
  [3, [3, 3, 17], 2, { kernelSize: 2 }],
  [1, [2, 3, 5], 33, { kernelSize: 2, padding: 1 }],
  [1, [2, 2, 1], 3, { kernelSize: 5, padding: 'same' }],
  [1, [8, 8, 4], 8, { kernelSize: 3, padding: 'same' }],
];

describe('conv2d', () => {
  test.each(cases2d)('B=%i %j to %i filters, %j: outputs and gradients match the reference', (...one) =>
    check(conv2d, one),
  );

  test('with an activation', async () => {
    const options: ConvolutionOptions = { kernelSize: 3, padding: 'same' };
    const shape = shapeOf(2, [5, 5, 3], 4, options);
    checkModel(await modelOf(conv2d(4, { ...options, activation: 'tanh' }), [5, 5, 3]), 2, (p, x) =>
      withBias(convolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']).map(Math.tanh),
    );
  });

  test('its parameters are named and shaped, the fans count the kernel', async () => {
    const model = await modelOf(conv2d(6, { kernelSize: [3, 5], groups: 2, name: 'edges' }), [9, 9, 4]);
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['edges.kernel', [3, 5, 2, 6]],
      ['edges.bias', [6]],
    ]);
    const limit = Math.sqrt(6 / (3 * 5 * (2 + 6)));
    const { data } = model.getWeights()['edges.kernel']!;
    const largest = Math.max(...Array.from(data, Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9 * limit);
  });

  test('NaN goes through, and only to the outputs that read it', async () => {
    const model = await modelOf(conv2d(2, { kernelSize: 3, padding: 'same', activation: 'relu' }), [6, 6, 1]);
    const x = new Float32Array(36);
    x[0] = Number.NaN;
    model.allocate({ batchSize: 1 });
    model.input.set(x);
    model.run();
    model.output.forEach((value: number, i: number) => {
      const [row, column] = [Math.floor(i / 12), Math.floor(i / 2) % 6];
      expect(Number.isNaN(value), `output ${i}`).toBe(row < 2 && column < 2);
    });
  });
});

describe('conv1d', () => {
  test.each<Case>([
    [2, [9, 3], 5, { kernelSize: 3 }],
    [1, [10, 2], 4, { kernelSize: 4, padding: 'same', stride: 2 }],
    [2, [8, 3], 3, { kernelSize: 3, padding: 'causal', dilation: 2 }],
    [1, [9, 4], 6, { kernelSize: [2], padding: [[1, 3]], groups: 2 }],
    [2, [11, 1], 7, { kernelSize: 5, padding: [2], useBias: false }],
  ])('B=%i %j to %i filters, %j: outputs and gradients match the reference', (...one) => check(conv1d, one));

  test('a causal output does not depend on what comes later', async () => {
    const model = await modelOf(conv1d(2, { kernelSize: 3, padding: 'causal', stride: 1 }), [8, 1]);
    const x = Float32Array.from({ length: 8 }, (_, i) => i - 3);
    const whole = model.predict({ data: x, shape: [1, 8, 1] }).data.slice(0, 8);
    x.fill(100, 4);
    expect(model.predict({ data: x, shape: [1, 8, 1] }).data.slice(0, 8)).toEqual(whole);
  });
});

describe('conv3d', () => {
  test.each<Case>([
    [1, [4, 5, 3, 2], 3, { kernelSize: [2, 3, 2] }],
    [2, [3, 4, 4, 2], 4, { kernelSize: 3, padding: 'same', stride: [1, 2, 1] }],
    [
      1,
      [5, 4, 6, 4],
      2,
      {
        kernelSize: 2,
        dilation: [2, 1, 2],
        groups: 2,
        padding: [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      },
    ],
    [1, [2, 3, 2, 5], 6, { kernelSize: 1 }],
  ])('B=%i %j to %i filters, %j: outputs and gradients match the reference', (...one) => check(conv3d, one));
});

describe('depthwise', () => {
  test.each<[number, number[], number, ConvolutionOptions]>([
    [2, [5, 6, 5], 1, { kernelSize: 3, padding: 'same' }],
    [1, [7, 5, 4], 1, { kernelSize: 3, stride: 2, padding: 1 }],
    [1, [6, 7, 9], 1, { kernelSize: [2, 3], dilation: [2, 1], useBias: false }],
    [1, [5, 5, 3], 2, { kernelSize: 3, padding: 'same' }],
    [2, [4, 4, 1], 3, { kernelSize: 2 }],
    [1, [2, 3, 17], 1, { kernelSize: 5, padding: 2 }],
  ])(
    'B=%i %j times %i, %j: outputs and gradients match the reference',
    async (batch, sample, depthMultiplier, options) => {
      const channels = sample.at(-1)!;
      const model = await modelOf(depthwiseConv2d({ ...options, depthMultiplier }), sample);
      const shape = shapeOf(batch, sample, channels * depthMultiplier, { ...options, groups: channels });
      expect(model.parameters[0]!.shape).toEqual([...shape.kernelSize, 1, channels * depthMultiplier]);
      checkModel(model, batch, (p, x) => withBias(convolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']));
    },
  );

  test('along a sequence', async () => {
    const model = await modelOf(depthwiseConv1d({ kernelSize: 3, padding: 'causal' }), [7, 3]);
    const shape = shapeOf(2, [7, 3], 3, { kernelSize: 3, padding: 'causal', groups: 3 });
    checkModel(model, 2, (p, x) => withBias(convolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']));
  });
});

describe('separable', () => {
  test.each([
    {
      make: separableConv2d,
      sample: [5, 6, 3],
      options: { kernelSize: 3, padding: 'same', depthMultiplier: 2 } as const,
    },
    { make: separableConv1d, sample: [9, 4], options: { kernelSize: 3, stride: 2, depthMultiplier: 1 } as const },
  ])('$sample: outputs and gradients match the reference', async ({ make, sample, options }) => {
    const [channels, rank] = [sample.at(-1)!, sample.length - 1];
    const model = await modelOf(make(5, options), sample);
    const middle = channels * options.depthMultiplier;
    const first = shapeOf(2, sample, middle, { ...options, groups: channels });
    const second = shapeOf(2, [...first.output, middle], 5, { kernelSize: 1 });
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['layers.0.depthwiseKernel', [...first.kernelSize, 1, middle]],
      ['layers.0.pointwiseKernel', [...Array.from({ length: rank }, () => 1), middle, 5]],
      ['layers.0.bias', [5]],
    ]);
    checkModel(model, 2, (p, x) => {
      const apart = convolution(x, p['layers.0.depthwiseKernel']!, first);
      return withBias(convolution(apart, p['layers.0.pointwiseKernel']!, second), p['layers.0.bias']);
    });
  });
});

describe('transposed', () => {
  /** The convolution that a transposed one undoes: from `sizes` to the sample's own. */
  const undone = (
    batch: number,
    sample: readonly number[],
    sizes: readonly number[],
    filters: number,
    options: ConvTransposeOptions,
  ) => ({
    ...shapeOf(batch, [...sizes, filters], sample.at(-1)!, options),
    output: sample.slice(0, -1),
  });

  test.each<[number, number[], number, ConvTransposeOptions, number[]]>([
    [2, [3, 4, 3], 5, { kernelSize: 3, stride: 2, padding: 1, outputPadding: 1 }, [6, 8]],
    [1, [3, 3, 4], 2, { kernelSize: 2, stride: 2 }, [6, 6]],
    [1, [4, 3, 4], 6, { kernelSize: 3, groups: 2, dilation: 2 }, [8, 7]],
    [2, [3, 5, 2], 3, { kernelSize: [3, 4], stride: [2, 3], padding: 'same', useBias: false }, [6, 15]],
    [1, [2, 3, 3], 3, { kernelSize: 3, groups: 3, stride: 2 }, [5, 7]],
    [1, [3, 2, 2], 9, { kernelSize: 1 }, [3, 2]],
    [
      1,
      [4, 4, 2],
      2,
      {
        kernelSize: 3,
        padding: [
          [0, 1],
          [2, 0],
        ],
      },
      [5, 4],
    ],
  ])(
    'B=%i %j to %i filters, %j: outputs and gradients match the reference',
    async (batch, sample, filters, options, sizes) => {
      const model = await modelOf(convTranspose2d(filters, options), sample);
      expect(model.outputShapes).toEqual([[...sizes, filters]]);
      const shape = undone(batch, sample, sizes, filters, options);
      checkModel(model, batch, (p, x) =>
        withBias(transposedConvolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']),
      );
    },
  );

  test('along a sequence, with an activation', async () => {
    const options: ConvTransposeOptions = { kernelSize: 3, stride: 2 };
    const shape = undone(2, [5, 3], [11], 4, options);
    checkModel(await modelOf(convTranspose1d(4, { ...options, activation: 'sigmoid' }), [5, 3]), 2, (p, x) =>
      withBias(transposedConvolution(x, p['layers.0.kernel']!, shape), p['layers.0.bias']).map(
        (v) => 1 / (1 + Math.exp(-v)),
      ),
    );
  });
});

const opcodes = (model: Model, packs: boolean) =>
  compile(forwardFunction(model.topology, 2), { packWeights: packs }).body.map(({ opcode }) => opcode);

test('the shape decides the way: 1×1 is a product, depthwise is direct, the rest reads the image (ADR 10)', async () => {
  const wayOf = async (layer: Layer) => opcodes(await modelOf(layer, [9, 9, 6]), true);
  expect(await wayOf(conv2d(10, { kernelSize: 1 }))).toEqual(['Gemm']);
  expect(await wayOf(depthwiseConv2d({ kernelSize: 3 }))).toEqual(['Depthwise']);
  expect(await wayOf(separableConv2d(10, { kernelSize: 3 }))).toEqual(['Depthwise', 'Gemm']);
  for (const options of [{ kernelSize: 3 }, { kernelSize: 1, stride: 2 }, { kernelSize: 1, groups: 2 }] as const)
    expect(await wayOf(conv2d(10, options))).toEqual(['Convolve']);
});

describe('3×3 windows over many channels', () => {
  test('a prediction goes by Winograd, a step of training does not', async () => {
    const model = await modelOf(conv2d(16, { kernelSize: 3 }), [14, 14, 16]);
    expect(opcodes(model, true)).toEqual(['ConvolveWinograd']);
    expect(opcodes(model, false)).toEqual(['Convolve']);
    for (const options of [{ stride: 2 }, { dilation: 2 }, { groups: 2 }] as const) {
      const other = await modelOf(conv2d(16, { kernelSize: 3, ...options }), [18, 18, 16]);
      expect(opcodes(other, true)).toEqual(['Convolve']);
    }
  });

  test('both are the reference, and new weights are transformed anew', async () => {
    const model = await modelOf(conv2d(19, { kernelSize: 3, padding: 'same', activation: 'relu' }), [13, 15, 18]);
    const shape = shapeOf(2, [13, 15, 18], 19, { kernelSize: 3, padding: 'same' });
    const x = randomTensor([2, 13, 15, 18], 5);
    for (const seed of [1, 2]) {
      const kernel = randomTensor([3, 3, 18, 19], seed).data;
      const bias = randomTensor([19], seed + 2).data;
      model.setWeights({ 'layers.0.kernel': kernel, 'layers.0.bias': bias });
      const expected = withBias(convolution(x.data, kernel, shape), Float64Array.from(bias));
      const largest = Math.max(...expected);
      model.predict(x).data.forEach((value, i) => {
        expect(Math.abs(value - Math.max(0, expected[i]!))).toBeLessThanOrEqual(1e-5 * largest);
      });
    }
  });
});

describe('refused', () => {
  const refused: [string, () => Layer, number[] | null, new (...args: never[]) => Error, string][] = [
    [
      'a kernel larger than its input',
      () => conv2d(2, { kernelSize: 5 }),
      [4, 6, 1],
      ShapeError,
      'conv2d: a kernel of [5, 5] is larger than its input of [4, 6], padded to 4 along axis 0',
    ],
    [
      'a dilated kernel larger than its padded input',
      () => conv1d(2, { kernelSize: 3, dilation: 4, padding: 1 }),
      [6, 1],
      ShapeError,
      'conv1d: a kernel of [3] with dilation [4] is larger than its input of [6], padded to 8',
    ],
    [
      'groups that do not divide the channels',
      () => conv2d(4, { kernelSize: 1, groups: 2 }),
      [4, 4, 3],
      ShapeError,
      'conv2d: 2 groups do not divide 3 channels',
    ],
    [
      'groups that do not divide the filters',
      () => conv2d(5, { kernelSize: 1, groups: 2 }),
      [4, 4, 4],
      ShapeError,
      'conv2d: 2 groups do not divide 5 filters',
    ],
    [
      'a sample of another rank',
      () => conv2d(2, { kernelSize: 1 }),
      [4, 4],
      ShapeError,
      'conv2d: expected input [*, height, width, channels], got [*, 4, 4]',
    ],
    [
      'no kernel size',
      () => conv2d(2, {} as never),
      null,
      RangeError,
      'conv2d: kernelSize: expected an integer of at least 1, got undefined',
    ],
    [
      'a kernel size for three axes',
      () => conv2d(2, { kernelSize: [1, 2, 3] }),
      null,
      RangeError,
      'conv2d: kernelSize: expected a number, or 2 (height, width), got [1,2,3]',
    ],
    [
      'filters of zero',
      () => conv3d(0, { kernelSize: 1 }),
      null,
      RangeError,
      'conv3d: filters: expected an integer of at least 1, got 0',
    ],
    [
      'a stride of zero',
      () => conv1d(2, { kernelSize: 1, stride: 0 }),
      null,
      RangeError,
      'conv1d: stride: expected an integer of at least 1, got 0',
    ],
    [
      'an unknown padding',
      () => conv2d(2, { kernelSize: 1, padding: 'full' as never }),
      null,
      RangeError,
      'conv2d: expected padding "valid", "same", a number',
    ],
    ['a causal image', () => conv2d(2, { kernelSize: 1, padding: 'causal' }), null, RangeError, 'got "causal"'],
    ['a negative padding', () => conv2d(2, { kernelSize: 1, padding: [1, -1] }), null, RangeError, 'got [1,-1]'],
    [
      'an unknown option',
      () => conv2d(2, { kernelSize: 1, strides: 2 } as never),
      null,
      RangeError,
      'option of conv2d "strides"; did you mean "stride"',
    ],
    [
      'an outputPadding of the stride',
      () => convTranspose2d(2, { kernelSize: 3, stride: 2, outputPadding: 2 }),
      null,
      RangeError,
      'expected an outputPadding below the stride or the dilation, got 2',
    ],
    [
      'a transposed convolution of which nothing is left',
      () => convTranspose2d(2, { kernelSize: 1, padding: 2 }),
      [3, 3, 1],
      ShapeError,
      'convTranspose2d: nothing is left of an input of [3, 3]',
    ],
    [
      'a depth multiplier of zero',
      () => depthwiseConv2d({ kernelSize: 1, depthMultiplier: 0 }),
      null,
      RangeError,
      'depthwiseConv2d: depthMultiplier: expected an integer of at least 1',
    ],
  ];
  test.each(refused)('%s', async (_, make, sample, kind, message) => {
    const attempt = async () => modelOf(make(), sample ?? [8, 8, 1]);
    await expect(attempt()).rejects.toThrow(kind);
    await expect(attempt()).rejects.toThrow(message);
  });
});
