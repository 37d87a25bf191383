// PyTorch's convolutions and poolings: outputs and every gradient, from its channels-first layouts.
import { expect, test } from 'vitest';
import {
  avgPool2d,
  conv1d,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  globalAvgPool2d,
  maxPool2d,
  sequential,
  type ConvolutionOptions,
  type Layer,
} from '../../src/index.ts';
import { expectClose } from '../helpers/operation.ts';
import { channelsLast, goldenCases, goldenTensor, kernelLast, type GoldenArray } from '../helpers/golden.ts';

interface LayerCase {
  name: string;
  config?: Record<string, number | number[] | boolean>;
  input: GoldenArray;
  output: GoldenArray;
  grad_output: GoldenArray;
  grad_input: GoldenArray;
  params: Record<string, GoldenArray>;
  grad_params: Record<string, GoldenArray>;
}

type Config = NonNullable<LayerCase['config']>;

const windowOf = (config: Config) =>
  ({
    kernelSize: config['kernel_size'],
    stride: config['stride'] ?? 1,
    padding: config['padding'] ?? 0,
    dilation: config['dilation'] ?? 1,
    useBias: config['bias'] ?? true,
  }) as ConvolutionOptions;

const poolOf = ({ kernel_size, stride, padding = 0 }: Config) =>
  ({ poolSize: kernel_size, stride, padding }) as { poolSize: number; stride: number; padding: number };

/** The layers by the names that PyTorch's cases have. */
const layers: Record<string, (config: Config) => Layer> = {
  conv1d: (config) => conv1d(config['out'] as number, windowOf(config)),
  conv2d: (config) =>
    conv2d(config['out'] as number, { ...windowOf(config), groups: (config['groups'] as number) ?? 1 }),
  depthwise_conv2d: (config) => depthwiseConv2d(windowOf(config)),
  conv_transpose2d: (config) =>
    convTranspose2d(config['out'] as number, {
      ...windowOf(config),
      outputPadding: config['output_padding'] as number,
    }),
  max_pool2d: (config) => maxPool2d(poolOf(config)),
  avg_pool2d: (config) =>
    avgPool2d({ ...poolOf(config), countIncludePad: (config['count_include_pad'] as boolean) ?? true }),
  global_avg_pool2d: () => globalAvgPool2d({ keepDimensions: true }),
};

const cases = goldenCases<LayerCase>('layers').filter(({ name }) => layers[name]);

test('golden layers: there are 13 convolutions and poolings', () => {
  expect(cases.map(({ name }) => name)).toHaveLength(13);
});

test.each(cases)('golden layers: $name $config', async (golden) => {
  const inputs = channelsLast(golden.input);
  const model = await sequential([layers[golden.name]!(golden.config ?? {})], { inputShape: inputs.shape.slice(1) });
  const { weight, bias } = golden.params;
  if (weight) model.setWeights({ 'layers.0.kernel': kernelLast(weight) });
  if (bias) model.setWeights({ 'layers.0.bias': goldenTensor(bias) });
  expectClose(model.predict(inputs).data, channelsLast(golden.output).data, 1e-5, 'output');
  const gradients = model.gradients(inputs, { outputGradient: channelsLast(golden.grad_output) });
  expectClose(gradients.inputs[0]!.data, channelsLast(golden.grad_input).data, 1e-4, 'input gradient');
  const { weight: dWeight, bias: dBias } = golden.grad_params;
  if (dWeight)
    expectClose(gradients.parameters['layers.0.kernel']!.data, kernelLast(dWeight).data, 1e-4, 'kernel gradient');
  if (dBias) expectClose(gradients.parameters['layers.0.bias']!.data, goldenTensor(dBias).data, 1e-4, 'bias gradient');
});
