// Runs the instructions of a convolution on seeded operands of a shape, and checks them against reference/convolution.ts.
import { expect } from 'vitest';
import { UnaryKind } from '../../src/core/generated/instructions.ts';
import {
  blockRows,
  convolveInputWorkspace,
  convolveKernelWorkspace,
  convolveWorkspace,
} from '../../src/graph/operations/convolution-workspace.ts';
import { convolutionWindow, threeAxes, type WindowOptions } from '../../src/graph/operations/window.ts';
import {
  convolution,
  kernelGradient,
  transposedConvolution,
  type ConvolutionShape,
} from '../../reference/convolution.ts';
import { output, randomFloats, type KernelOperand } from './kernel.ts';
import { expectClose } from './operation.ts';
import type { Kernels } from './product.ts';

export interface ConvolutionCase {
  batch?: number;
  input: number[];
  channels: number;
  filters: number;
  groups?: number;
  window: Partial<WindowOptions> & { kernelSize: number[] };
  bias?: boolean;
  activation?: number;
  /** Bytes by which all arrays are moved off their boundary. */
  offset?: number;
  seed?: number;
}

const size = (sizes: readonly number[]) => sizes.reduce((product, one) => product * one, 1);

export function shapeOf(test: ConvolutionCase): ConvolutionShape {
  const ones = test.input.map(() => 1);
  const window = convolutionWindow('test', test.input, {
    stride: ones,
    dilation: ones,
    padding: 'valid',
    ...test.window,
  });
  const { batch = 1, channels, filters, groups = 1 } = test;
  return { ...window, batch, channels, filters, groups };
}

/** The operands of a window, as WindowInstruction has them. */
export function windowOperands(shape: ConvolutionShape): Record<string, number> {
  const named = (prefix: string, values: readonly number[], filling: number) =>
    threeAxes(values, filling).map((value, axis) => [`${prefix}${['Depth', 'Height', 'Width'][axis]}`, value]);
  const [depth, height, width] = threeAxes(shape.input, 1);
  return {
    batch: shape.batch,
    depth,
    height,
    width,
    channels: shape.channels,
    ...Object.fromEntries([
      ...named('out', shape.output, 1),
      ...named('kernel', shape.kernelSize, 1),
      ...named('stride', shape.stride, 1),
      ...named('dilation', shape.dilation, 1),
      ...named('before', shape.before, 0),
    ]),
  };
}

/** What the instructions that are products share. */
function productOf(shape: ConvolutionShape) {
  const { batch, groups, channels, filters } = shape;
  const [n, k] = [filters / groups, (size(shape.kernelSize) * channels) / groups];
  return { window: shape, batch, groups, channels, n, k, packed: false };
}

const scratch = (bytes: number): KernelOperand => output(bytes / 4, new Float32Array(bytes / 4).fill(Number.NaN));
/** What is written holds NaN before: whatever is not written is seen. */
const written = (length: number) => output(length, new Float32Array(length).fill(Number.NaN));

/** Runs all three instructions and compares each with the reference; `depthwise` runs those of single channels. */
export function checkConvolution(kernels: Kernels, test: ConvolutionCase, { depthwise = false } = {}): void {
  const { offset = 0, seed = 1, activation = UnaryKind.Linear, bias = false } = test;
  const shape = shapeOf(test);
  const { batch, channels, filters, groups } = shape;
  const product = productOf(shape);
  const x = randomFloats(batch * size(shape.input) * channels, seed);
  const kernel = randomFloats(product.k * filters, seed + 1);
  const out = randomFloats(batch * size(shape.output) * filters, seed + 2);
  const [outBias, inBias] = [randomFloats(filters, seed + 3), randomFloats(channels, seed + 4)];
  const what = JSON.stringify(test);
  const window = windowOperands(shape);
  const end = { activation, alpha: 0, beta: 0 };
  const forms = { outChannels: filters, groups, rows: blockRows(product.k) };
  const packed = { ...forms, packed: 0 };
  const finish = (sums: Float64Array, by: Float32Array, biased: boolean) =>
    sums.map((sum, i) => {
      const value = biased ? sum + by[i % by.length]! : sum;
      return activation === UnaryKind.Relu ? Math.max(0, value) : value;
    });

  const forward = kernels.run(
    depthwise ? 'Depthwise' : 'Convolve',
    {
      ...window,
      ...end,
      x,
      kernel,
      out: written(out.length),
      bias: bias ? outBias : null,
      ...(!depthwise && {
        ...packed,
        workspace: scratch(convolveWorkspace(product)),
      }),
    },
    offset,
  );
  expect(forward.finished).toBe(true);
  expectClose(forward.outputs['out']!, finish(convolution(x, kernel, shape), outBias, bias), 2e-6, `${what}: out`);

  const backward = kernels.run(
    depthwise ? 'DepthwiseInput' : 'ConvolveInput',
    {
      ...window,
      kernel,
      out,
      x: written(x.length),
      ...(!depthwise && {
        ...end,
        ...packed,
        bias: bias ? inBias : null,
        workspace: scratch(convolveInputWorkspace(product)),
      }),
    },
    offset,
  );
  const sums = transposedConvolution(out, kernel, shape);
  const expected = depthwise ? sums : finish(sums, inBias, bias);
  expectClose(backward.outputs['x']!, expected, 2e-6, `${what}: x`);

  const weights = kernels.run(
    depthwise ? 'DepthwiseKernel' : 'ConvolveKernel',
    {
      ...window,
      x,
      out,
      kernel: written(kernel.length),
      ...(!depthwise && {
        ...forms,
        workspace: scratch(convolveKernelWorkspace(product)),
      }),
    },
    offset,
  );
  expectClose(weights.outputs['kernel']!, kernelGradient(x, out, shape), 2e-6, `${what}: kernel`);
}
