// ConvolveWinograd on what ConvolveWinogradKernel made, against the plain sum of products in float64.
import { describe, expect, test } from 'vitest';
import { UnaryKind } from '../../src/core/generated/instructions.ts';
import {
  WINOGRAD_KERNEL_WORKSPACE,
  winogradKernelBytes,
  winogradWorkspace,
} from '../../src/graph/operations/convolution-workspace.ts';
import { convolution } from '../../reference/convolution.ts';
import { shapeOf, windowOperands, type ConvolutionCase } from '../helpers/convolution.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

const kernels = await kernelRunner();
const lengths = awkwardLengths.filter((length) => length > 0);
/** A panel of filters is the least that is packed. */
const filterCounts = [8, 9, 12, 15, 16, 17, 31, 33];
const ofNaN = (length: number) => output(length, new Float32Array(length).fill(Number.NaN));

/** The result of a case, and what the reference gives; `edit` changes the image first. */
function convolve(given: Omit<ConvolutionCase, 'window'> & { padding?: ConvolutionCase['window']['padding'] }) {
  const { padding = 'same', bias = false, activation = UnaryKind.Linear, offset = 0, seed = 1 } = given;
  const shape = shapeOf({ ...given, window: { kernelSize: [3, 3], padding } });
  const { batch, channels, filters, input } = shape;
  const x = randomFloats(batch * input[0]! * input[1]! * channels, seed);
  const kernel = randomFloats(9 * channels * filters, seed + 1);
  const biases = bias ? randomFloats(filters, seed + 2) : null;
  const window = {
    kernelSize: shape.kernelSize,
    stride: shape.stride,
    dilation: shape.dilation,
    before: shape.before,
    input,
    output: shape.output,
  };
  const product = { window, batch, groups: 1, channels, n: filters, k: 9 * channels, packed: true };
  const sizes = { channels, outChannels: filters };
  const packed = kernels.run(
    'ConvolveWinogradKernel',
    {
      out: output(winogradKernelBytes(filters, channels) / 4),
      kernel,
      ...sizes,
      workspace: output(WINOGRAD_KERNEL_WORKSPACE / 4),
    },
    offset,
  ).outputs['out']!;
  const length = batch * shape.output[0]! * shape.output[1]! * filters;
  const run = (image: Float32Array) =>
    kernels.run(
      'ConvolveWinograd',
      {
        ...windowOperands(shape),
        ...sizes,
        out: ofNaN(length),
        x: image,
        kernel: packed,
        bias: biases,
        activation,
        alpha: 0,
        beta: 0,
        workspace: output(Math.ceil(winogradWorkspace(product) / 4)),
      },
      offset,
    ).outputs['out']!;
  const expected = convolution(x, kernel, shape).map((value, i) => value + (biases?.[i % filters] ?? 0));
  const end = activation === UnaryKind.Relu ? expected.map((value) => Math.max(0, value)) : expected;
  return { run, x, expected: end, shape };
}

function check(given: Parameters<typeof convolve>[0]): void {
  const { run, x, expected } = convolve(given);
  // Of the largest: transforms add and subtract elements of a whole tile.
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const actual = run(x);
  expectClose(
    Array.from(actual, (value) => value / largest),
    expected.map((value) => value / largest),
    1e-5,
    JSON.stringify(given),
  );
}

describe('ConvolveWinograd', () => {
  test('every number of channels and filters around a vector and a panel matches the reference', () => {
    let seed = 0;
    for (const channels of lengths)
      for (const filters of filterCounts) {
        seed++;
        check({ input: [5, 6], channels, filters, bias: seed % 2 === 0, offset: 4 * (seed % 4), seed });
      }
  });

  test('every size of an image around the tiles of 4×4 matches the reference', () => {
    for (const height of [1, 2, 3, 4, 5, 7, 8, 9])
      for (const width of [1, 3, 4, 6, 8, 11, 13])
        check({ input: [height, width], channels: 3, filters: 9, batch: 2, bias: true, seed: height * 16 + width });
  });

  test.each([
    ['none', 'valid' as const],
    ['more than the kernel needs', 2],
    [
      'on one side',
      [
        [2, 0],
        [0, 1],
      ] as [number, number][],
    ],
  ])('padding: %s', (_, padding) => {
    for (const input of [
      [6, 6],
      [7, 10],
      [9, 5],
    ])
      check({ input, channels: 4, filters: 8, padding, bias: true, activation: UnaryKind.Relu });
  });

  test('more tiles than a block, and many channels', () => {
    check({ input: [29, 43], channels: 5, filters: 9, bias: true });
    check({ input: [14, 14], channels: 256, filters: 24 });
  });

  test('a NaN reaches every output whose window has it, and no tile that does not read it', () => {
    const { run, x, shape } = convolve({ input: [12, 12], channels: 2, filters: 8 });
    const [row, column] = [5, 6];
    x[(row * 12 + column) * 2] = Number.NaN;
    const out = run(x);
    for (let y = 0; y < shape.output[0]!; y++)
      for (let z = 0; z < shape.output[1]!; z++) {
        const value = out[(y * 12 + z) * 8]!;
        const [tileY, tileX] = [4 * Math.floor(y / 4), 4 * Math.floor(z / 4)];
        if (Math.abs(y - row) <= 1 && Math.abs(z - column) <= 1) expect(value, `${y}, ${z}`).toBeNaN();
        const isRead = row >= tileY - 1 && row <= tileY + 4 && column >= tileX - 1 && column <= tileX + 4;
        if (!isRead) expect(value, `${y}, ${z}`).not.toBeNaN();
      }
  });

  test('an empty batch writes nothing', () => {
    const { finished } = kernels.run('ConvolveWinograd', {
      ...windowOperands(
        shapeOf({ input: [4, 4], channels: 3, filters: 4, window: { kernelSize: [3, 3], padding: 1 } }),
      ),
      batch: 0,
      outChannels: 4,
      out: output(0),
      x: [],
      kernel: [],
      bias: null,
      activation: UnaryKind.Linear,
      alpha: 0,
      beta: 0,
      workspace: output(4096),
    });
    expect(finished).toBe(true);
  });
});
