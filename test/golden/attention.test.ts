// PyTorch's cases of normalisation, embedding, attention and the transformer's encoder layer: outputs and every gradient.
import { expect, test } from 'vitest';
import {
  batchNorm,
  embedding,
  groupNorm,
  layerNorm,
  multiHeadAttention,
  rmsNorm,
  sequential,
  sgd,
  transformerEncoderLayer,
  type Layer,
  type Model,
  type Tensor,
} from '../../src/index.ts';
import { trace } from '../../src/model/functions.ts';
import { channelsLast, goldenCases, goldenTensor, transposed, type GoldenArray } from '../helpers/golden.ts';
import { expectClose } from '../helpers/operation.ts';

interface LayerCase {
  name: string;
  input: GoldenArray;
  output: GoldenArray;
  grad_output: GoldenArray;
  grad_input?: GoldenArray;
  params: Record<string, GoldenArray>;
  grad_params: Record<string, GoldenArray>;
  config: Record<string, number | boolean>;
  running_before: Record<'mean' | 'var', GoldenArray>;
  running_after: Record<'mean' | 'var', GoldenArray>;
}

const cases = goldenCases<LayerCase>('layers');
const named = (name: string) => cases.filter((each) => each.name === name);
const only = (name: string): LayerCase => {
  expect(named(name)).toHaveLength(1);
  return named(name)[0]!;
};

interface Conversion {
  image?: boolean;
  /** Our parameters by PyTorch's. */
  weights: (params: Record<string, GoldenArray>) => Record<string, Tensor>;
  training?: boolean;
}

async function check(golden: LayerCase, layer: Layer, { image = false, weights, training = false }: Conversion): Promise<Model> {
  const convert = image ? channelsLast : goldenTensor;
  const inputs = convert(golden.input);
  const isInteger = golden.input.dtype === 'int32';
  const options = { inputShape: inputs.shape.slice(1), ...(isInteger && { inputDtype: 'int32' as const }) };
  const model = await sequential([layer], options);
  model.setWeights(weights(golden.params));
  if (!training) expectClose(model.predict(inputs).data, convert(golden.output).data, 1e-5, 'output');
  const { parameters, inputs: dInputs } = model.gradients(inputs, { outputGradient: convert(golden.grad_output), training });
  if (golden.grad_input) expectClose(dInputs[0]!.data, convert(golden.grad_input).data, 1e-4, 'input gradient');
  const expected = weights(golden.grad_params);
  expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, { data }] of Object.entries(expected))
    // What is added to all keys alike changes no weight: PyTorch's gradient is rounding too.
    if (name.endsWith('keyBias')) for (const value of parameters[name]!.data) expect(Math.abs(value)).toBeLessThan(1e-6);
    else expectClose(parameters[name]!.data, data, 1e-4, name);
  return model;
}

const gammaBeta = (gamma: string, beta?: string) => (params: Record<string, GoldenArray>) => ({
  'layers.0.gamma': goldenTensor(params[gamma]!),
  ...(beta && { 'layers.0.beta': goldenTensor(params[beta]!) }),
});

const running = ({ mean, var: variance }: LayerCase['running_before']) => ({
  'layers.0.movingMean': goldenTensor(mean),
  'layers.0.movingVariance': goldenTensor(variance),
});

test('golden: batch_norm2d_eval', async () => {
  const golden = only('batch_norm2d_eval');
  const affine = gammaBeta('bn.weight', 'bn.bias');
  const model = await sequential([batchNorm()], { inputShape: [4, 3, 5] });
  model.setWeights({ ...affine(golden.params), ...running(golden.running_before) });
  const inputs = channelsLast(golden.input);
  expectClose(model.predict(inputs).data, channelsLast(golden.output).data, 1e-5, 'output');
  const gradients = model.gradients(inputs, { outputGradient: channelsLast(golden.grad_output) });
  expectClose(gradients.inputs[0]!.data, channelsLast(golden.grad_input!).data, 1e-4, 'input gradient');
  for (const [name, { data }] of Object.entries(affine(golden.grad_params)))
    expectClose(gradients.parameters[name]!.data, data, 1e-4, name);
});

test('golden: batch_norm2d_train, with the running statistics of a step', async () => {
  const golden = only('batch_norm2d_train');
  const affine = gammaBeta('bn.weight', 'bn.bias');
  const model = await check(golden, batchNorm({ momentum: 0.1 }), { image: true, weights: affine, training: true });
  model.setWeights(running(golden.running_before));
  const inputs = channelsLast(golden.input);
  const { graph, outputs } = trace(model.topology, inputs.shape[0]!, true);
  const executable = model.programs.place({ nodes: graph.nodes, outputs: { out: outputs[0]! }, effects: [] });
  executable.prepare();
  executable.input('input').set(inputs.data);
  executable.run();
  expectClose(executable.output('out'), channelsLast(golden.output).data, 1e-5, 'output');
  executable.release();
  const targets = channelsLast(golden.output);
  await model.fit({ inputs, targets }, { loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e-20 }), batchSize: 3 });
  for (const [name, { data }] of Object.entries(running(golden.running_after)))
    expectClose(model.getWeights()[name]!.data, data, 1e-5, name);
});

test('golden: layer_norm', () => check(only('layer_norm'), layerNorm(), { weights: gammaBeta('weight', 'bias') }));

test('golden: group_norm', () =>
  check(only('group_norm'), groupNorm(2), { image: true, weights: gammaBeta('weight', 'bias') }));

test('golden: rms_norm', () => check(only('rms_norm'), rmsNorm(), { weights: gammaBeta('weight') }));

test('golden: embedding', () =>
  check(only('embedding'), embedding(11, 7), { weights: ({ weight }) => ({ 'layers.0.table': goldenTensor(weight!) }) }));

/** Some of PyTorch's rows [from, to) of a matrix or a vector. */
function rows({ shape, data }: GoldenArray, from: number, to: number): GoldenArray {
  const step = data.length / shape[0]!;
  return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * step, to * step) };
}

/** in_proj holds the three kernels [out, in] one below the other. */
function attentionWeights(params: Record<string, GoldenArray>, from: string, to: string): Record<string, Tensor> {
  const width = params[`${from}.out_proj.bias`]!.shape[0]!;
  const projections = ['query', 'key', 'value'].flatMap((name, i) => [
    [`${to}.${name}Kernel`, transposed(rows(params[`${from}.in_proj_weight`]!, i * width, (i + 1) * width))],
    [`${to}.${name}Bias`, goldenTensor(rows(params[`${from}.in_proj_bias`]!, i * width, (i + 1) * width))],
  ]);
  return {
    ...Object.fromEntries(projections),
    [`${to}.outputKernel`]: transposed(params[`${from}.out_proj.weight`]!),
    [`${to}.outputBias`]: goldenTensor(params[`${from}.out_proj.bias`]!),
  };
}

test('golden: there are two cases of attention', () => expect(named('multi_head_self_attention')).toHaveLength(2));

test.each(named('multi_head_self_attention'))('golden: multi_head_self_attention, causal $config.causal', async (golden) => {
  const causal = golden.config['causal'] as boolean;
  await check(golden, multiHeadAttention(3, { causal }), { weights: (params) => attentionWeights(params, 'mha', 'layers.0') });
});

test('golden: transformer_encoder_layer', async () => {
  const weights = (params: Record<string, GoldenArray>) => ({
    ...attentionWeights(params, 'self_attn', 'layers.0.attention'),
    ...Object.fromEntries(
      [1, 2].flatMap((i) => [
        [`layers.0.feedForward${i}.kernel`, transposed(params[`linear${i}.weight`]!)],
        [`layers.0.feedForward${i}.bias`, goldenTensor(params[`linear${i}.bias`]!)],
        [`layers.0.norm${i}.gamma`, goldenTensor(params[`norm${i}.weight`]!)],
        [`layers.0.norm${i}.beta`, goldenTensor(params[`norm${i}.bias`]!)],
      ]),
    ),
  });
  const layer = transformerEncoderLayer(3, { feedForward: 20, activation: 'gelu', normFirst: true });
  await check(only('transformer_encoder_layer'), layer, { weights });
});
