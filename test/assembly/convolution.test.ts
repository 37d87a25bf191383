import { describe, expect, test } from 'vitest';
import { UnaryKind } from '../../src/core/generated/instructions.ts';
import { checkConvolution, type ConvolutionCase } from '../helpers/convolution.ts';
import { awkwardLengths, kernelRunner } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const lengths = awkwardLengths.filter((length) => length > 0);

describe('Convolve, ConvolveInput, ConvolveKernel', () => {
  test('every number of channels and filters around a vector and a tile matches the reference', () => {
    let seed = 0;
    for (const channels of lengths)
      for (const filters of lengths) {
        seed++;
        const choice = { bias: seed % 2 === 0, offset: (seed % 4) * 4, batch: 1 + (seed % 2), seed };
        const window = { kernelSize: [2, 2], padding: seed % 3 ? ('valid' as const) : ('same' as const) };
        checkConvolution(kernels, { input: [3, 4], channels, filters, window, ...choice });
      }
  });

  test('every size of an image around a tile matches the reference', () => {
    for (const width of [1, 2, 3, 5, 6, 7, 11, 13])
      for (const height of [1, 2, 5])
        for (const filters of [3, 9]) {
          const window = { kernelSize: [3, 3], padding: 'same' as const };
          checkConvolution(kernels, { input: [height, width], channels: 2, filters, window, offset: 4, seed: width });
        }
  });

  const windows: Record<string, Pick<ConvolutionCase, 'input' | 'window'>> = {
    'a stride': { input: [7, 9], window: { kernelSize: [3, 3], stride: [2, 3], padding: 1 } },
    'a dilation': {
      input: [8, 7],
      window: {
        kernelSize: [3, 2],
        dilation: [2, 3],
        padding: [
          [2, 0],
          [1, 3],
        ],
      },
    },
    'a dilation of lines alone': { input: [8, 5], window: { kernelSize: [2, 3], dilation: [3, 1] } },
    'a stride that skips what is between windows': { input: [9, 9], window: { kernelSize: [1, 2], stride: [3, 4] } },
    'padding beyond the kernel': {
      input: [3, 4],
      window: {
        kernelSize: [2, 2],
        padding: [
          [3, 2],
          [0, 4],
        ],
      },
    },
    'a sequence': { input: [17], window: { kernelSize: [5], padding: 'causal', dilation: [2] } },
    'a volume': { input: [4, 3, 5], window: { kernelSize: [2, 3, 2], stride: [1, 2, 1], padding: 'same' } },
    'a volume of stride one': { input: [3, 4, 3], window: { kernelSize: [3, 2, 3], padding: 1, dilation: [1, 2, 1] } },
    'a kernel as large as the image': { input: [5, 4], window: { kernelSize: [5, 4] } },
  };

  test.each(Object.entries(windows))('%s matches the reference, grouped and not', (_, shape) => {
    for (const [channels, filters, groups] of [
      [3, 4, 1],
      [5, 9, 1],
      [9, 16, 1],
      [4, 6, 2],
      [16, 18, 2],
      [27, 27, 3],
    ] as const)
      for (const bias of [false, true])
        checkConvolution(kernels, { ...shape, channels, filters, groups, bias, batch: 2, offset: 8 });
  });

  test('blocks of positions and of depth match the reference', () => {
    const window = { kernelSize: [3, 3], padding: 1 };
    // More positions than a block, windows of more elements than a block, both with a rest.
    checkConvolution(kernels, { input: [13, 19], channels: 8, filters: 9, window, bias: true });
    checkConvolution(kernels, { input: [3, 5], channels: 180, filters: 17, window });
    checkConvolution(kernels, { input: [3, 4], channels: 600, filters: 8, window: { kernelSize: [1, 2] } });
    checkConvolution(kernels, { input: [11, 41], channels: 2, filters: 3, window: { kernelSize: [3, 3] } });
  });

  test('an activation is applied once to every element', () => {
    for (const filters of [3, 8, 13])
      for (const input of [
        [7, 4],
        [9, 17],
      ])
        checkConvolution(kernels, {
          input,
          channels: 8,
          filters,
          bias: true,
          activation: UnaryKind.Relu,
          window: {
            kernelSize: [3, 3],
            padding: 'same',
          },
        });
  });
});

describe('Depthwise, DepthwiseInput, DepthwiseKernel', () => {
  const check = (test: Omit<ConvolutionCase, 'filters' | 'groups'>) =>
    checkConvolution(kernels, { ...test, filters: test.channels, groups: test.channels }, { depthwise: true });

  test('every number of channels matches the reference', () => {
    for (const channels of lengths)
      for (const stride of [1, 2])
        for (const bias of [false, true]) {
          const window = { kernelSize: [3, 3], stride: [stride, stride], padding: 'same' as const };
          check({ input: [5, 7], channels, window, bias, offset: 4 * (channels % 4), batch: 2, seed: channels });
        }
  });

  test('every width of an image matches the reference', () => {
    for (const width of lengths)
      for (const padding of ['valid', 'same'] as const)
        if (padding === 'same' || width >= 3)
          check({ input: [4, width], channels: 5, window: { kernelSize: [3, 3], padding }, bias: true, seed: width });
  });

  test.each<[string, Pick<ConvolutionCase, 'input' | 'window'>]>([
    ['a large kernel', { input: [6, 5], window: { kernelSize: [5, 5], padding: 2 } }],
    ['a stride beyond the kernel', { input: [9, 9], window: { kernelSize: [2, 1], stride: [3, 2] } }],
    [
      'a dilation',
      {
        input: [8, 9],
        window: {
          kernelSize: [3, 3],
          dilation: [2, 3],
          padding: [
            [0, 2],
            [3, 1],
          ],
        },
      },
    ],
    ['a sequence', { input: [9], window: { kernelSize: [3], padding: 'causal' } }],
    ['a volume', { input: [3, 4, 5], window: { kernelSize: [2, 3, 3], padding: 1, stride: [2, 1, 1] } }],
    ['padding beyond the kernel', { input: [2, 3], window: { kernelSize: [3, 3], padding: 4 } }],
  ])('%s matches the reference', (_, shape) => {
    for (const channels of [3, 8, 13]) check({ ...shape, channels, bias: true, activation: UnaryKind.Relu });
  });

  test('NaN goes through', () => {
    const operands = { batch: 1, depth: 1, height: 1, width: 3, channels: 1, outDepth: 1, outHeight: 1, outWidth: 2 };
    const ones = { kernelDepth: 1, kernelHeight: 1, kernelWidth: 2, strideDepth: 1, strideHeight: 1, strideWidth: 1 };
    const rest = {
      dilationDepth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      beforeDepth: 0,
      beforeHeight: 0,
      beforeWidth: 0,
    };
    const { outputs } = kernels.run('Depthwise', {
      ...operands,
      ...ones,
      ...rest,
      out: { output: 2 },
      x: [Number.NaN, 1, 2],
      kernel: [0, 1],
      bias: null,
      activation: UnaryKind.Relu,
      alpha: 0,
      beta: 0,
    });
    expect([...outputs['out']!]).toEqual([Number.NaN, 2]);
  });
});
