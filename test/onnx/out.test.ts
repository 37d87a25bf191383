// Models of neurite written as ONNX: ONNX Runtime and neurite itself open them and predict the same within 1e-5.
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { NeuriteError } from '../../src/core/errors.ts';
import { toOnnx } from '../../src/formats/onnx/to-onnx.ts';
import { activationNames } from '../../src/layers/activations.ts';
import { variant } from '../helpers/kernel.ts';
import { layerTypes } from '../../src/layers/layer.ts';
import { checkedTypes, checkWritten } from '../helpers/onnx-out.ts';

const options = { seed: 3, variant };
const chain = (layers: n.Layer[], inputShape: readonly number[], rest: object = {}) =>
  n.sequential(layers, { ...options, inputShape: [...inputShape], ...rest });

describe('layers', () => {
  test.each(activationNames)('dense with %s', async (activation) => {
    await checkWritten(await chain([n.dense(7, { activation }), n.dense(3, { activation: 'softmax' })], [5]));
  });

  const images: [string, () => n.Layer[]][] = [
    [
      'conv2d, batch norm, pools',
      () => [
        n.conv2d(8, { kernelSize: 3, padding: 'same', useBias: false }),
        n.batchNorm(),
        n.activation('relu'),
        n.maxPool2d(),
        n.conv2d(6, { kernelSize: 3, stride: 2, groups: 2 }),
        n.globalAvgPool2d(),
        n.dense(4),
      ],
    ],
    [
      'depthwise, separable, dilated',
      () => [
        n.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
        n.separableConv2d(6, { kernelSize: 3 }),
        n.conv2d(5, { kernelSize: 2, dilation: 2 }),
        n.avgPool2d(),
        n.flatten(),
      ],
    ],
    [
      'transposed, enlarged, padded, cropped',
      () => [
        n.convTranspose2d(4, { kernelSize: 3, stride: 2 }),
        n.upsample2d({ size: 2, mode: 'bilinear' }),
        n.zeroPad2d(1),
        n.crop2d(2),
        n.flatten(),
        n.dense(3),
      ],
    ],
    [
      'layer, instance and group norm',
      () => [n.conv2d(6, { kernelSize: 3 }), n.groupNorm(3), n.instanceNorm(), n.layerNorm(), n.flatten(), n.dense(2)],
    ],
  ];
  test.each(images)('images: %s', async (_name, layers) => checkWritten(await chain(layers(), [10, 9, 4])));

  const sequences: [string, () => n.Layer[]][] = [
    ['lstm, all steps and the last', () => [n.lstm(6, { returnSequences: true }), n.lstm(5), n.dense(2)]],
    [
      'gru, reset after and before',
      () => [n.gru(6, { returnSequences: true }), n.gru(5, { resetAfter: false }), n.dense(2)],
    ],
    [
      'simple rnn, bidirectional',
      () => [n.bidirectional(n.simpleRnn(6, { returnSequences: true })), n.simpleRnn(4, { activation: 'relu' })],
    ],
    [
      'conv1d and pools',
      () => [n.conv1d(6, { kernelSize: 3, padding: 'causal' }), n.maxPool1d(), n.flatten(), n.dense(3)],
    ],
  ];
  test.each(sequences)('sequences: %s', async (_name, layers) => checkWritten(await chain(layers(), [8, 3])));

  test('dropout, noise and reshapes vanish or pass', async () => {
    await checkWritten(await chain([n.dense(12), n.dropout(0.5), n.reshape([3, 4]), n.flatten(), n.prelu()], [5]));
  });
});

test('a graph of two inputs and two outputs', async () => {
  const [a, b] = [n.input([4]), n.input([4])];
  const joined = n.concatenate()([n.add()([a, b]), n.multiply()([a, b])]);
  const model = await n.model({
    inputs: [a, b],
    outputs: [n.dense(3)(joined), n.dense(2, { activation: 'tanh' })(a)],
    ...options,
  });
  await checkWritten(model);
});

test('token indices, attention, a transformer', async () => {
  const tokens = n.input([6], { dtype: 'int32' });
  const embedded = n.embedding(5, 8)(tokens);
  const model = await n.model({
    inputs: tokens,
    outputs: n.dense(3)(n.flatten()(n.transformerEncoder(1, 2)(embedded))),
    ...options,
  });
  await checkWritten(model);
});

test('a state that predictions change is refused', async () => {
  const model = await chain([n.lstm(4, { stateful: true })], [3, 2], { batchSize: 1 });
  expect(() => toOnnx(model)).toThrow(NeuriteError);
});

/** Layers that are none of a prediction's, or are refused. */
const otherwise: Readonly<Record<string, string>> = {
  onnx: 'goes back to its own file: test/onnx/training.test.ts',
  onnxOutput: 'the same',
};

test('every layer that there is has been checked above', () => {
  const missing = layerTypes().filter((type) => !checkedTypes.has(type) && !(type in otherwise));
  expect(missing, 'add a network with it above').toEqual([]);
});
