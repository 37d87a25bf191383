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

describe('one layer', () => {
  const sequence = [8, 4];
  const image = [8, 6, 4];
  const volume = [6, 6, 4, 2];
  const one: [string, readonly number[], () => n.Layer][] = [
    ['conv3d', volume, () => n.conv3d(3, { kernelSize: 2 })],
    ['depthwiseConv1d', sequence, () => n.depthwiseConv1d({ kernelSize: 3 })],
    ['separableConv1d', sequence, () => n.separableConv1d(3, { kernelSize: 3 })],
    ['convTranspose1d', sequence, () => n.convTranspose1d(3, { kernelSize: 3, stride: 2 })],
    ['permute', image, () => n.permute([3, 1, 2])],
    ['slice', sequence, () => n.slice(1, 5, { axis: 1 })],
    ['sumOver', sequence, () => n.sumOver({ axes: [1] })],
    ['meanOver', sequence, () => n.meanOver({ axes: [2] })],
    ['maxOver', sequence, () => n.maxOver()],
    ['minOver', sequence, () => n.minOver({ axes: [1], keepDimensions: true })],
    ['spatialDropout1d', sequence, () => n.spatialDropout1d(0.5)],
    ['spatialDropout2d', image, () => n.spatialDropout2d(0.5)],
    ['spatialDropout3d', volume, () => n.spatialDropout3d(0.5)],
    ['alphaDropout', sequence, () => n.alphaDropout(0.5)],
    ['gaussianDropout', sequence, () => n.gaussianDropout(0.5)],
    ['gaussianNoise', sequence, () => n.gaussianNoise(0.5)],
    ['lambda', sequence, () => n.lambda('test-out')],
    ['maxPool3d', volume, () => n.maxPool3d()],
    ['avgPool1d', sequence, () => n.avgPool1d()],
    ['avgPool3d', volume, () => n.avgPool3d()],
    ['globalAvgPool1d', sequence, () => n.globalAvgPool1d()],
    ['globalAvgPool3d', volume, () => n.globalAvgPool3d()],
    ['globalMaxPool1d', sequence, () => n.globalMaxPool1d()],
    ['globalMaxPool2d', image, () => n.globalMaxPool2d()],
    ['globalMaxPool3d', volume, () => n.globalMaxPool3d()],
    ['adaptiveAvgPool1d', sequence, () => n.adaptiveAvgPool1d(3)],
    ['adaptiveAvgPool2d', image, () => n.adaptiveAvgPool2d([3, 4])],
    ['adaptiveAvgPool3d', volume, () => n.adaptiveAvgPool3d(2)],
    ['adaptiveMaxPool1d', sequence, () => n.adaptiveMaxPool1d(3)],
    ['adaptiveMaxPool2d', image, () => n.adaptiveMaxPool2d([3, 4])],
    ['adaptiveMaxPool3d', volume, () => n.adaptiveMaxPool3d(2)],
    ['zeroPad1d', sequence, () => n.zeroPad1d(2)],
    ['zeroPad3d', volume, () => n.zeroPad3d(1)],
    ['reflectionPad1d', sequence, () => n.reflectionPad1d(2)],
    ['reflectionPad2d', image, () => n.reflectionPad2d([2, 1])],
    ['replicationPad1d', sequence, () => n.replicationPad1d(2)],
    ['replicationPad2d', image, () => n.replicationPad2d([2, 1])],
    ['reflectionPad3d', volume, () => n.reflectionPad3d(1)],
    ['replicationPad3d', volume, () => n.replicationPad3d([1, 0, 2])],
    ['crop1d', sequence, () => n.crop1d(2)],
    ['crop3d', volume, () => n.crop3d(1)],
    ['upsample1d', sequence, () => n.upsample1d({ size: 2 })],
    ['upsample3d', volume, () => n.upsample3d({ size: 2 })],
    ['pixelShuffle', image, () => n.pixelShuffle(2)],
    ['timeDistributed', [3, 8, 6, 2], () => n.timeDistributed(n.conv2d(2, { kernelSize: 3 }))],
    ['repeatVector', [5], () => n.repeatVector(3)],
    ['rmsNorm', sequence, () => n.rmsNorm()],
    ['learnedPositions', sequence, () => n.learnedPositions(8)],
    ['sinusoidalPositions', sequence, () => n.sinusoidalPositions()],
    ['rotaryPositions', sequence, () => n.rotaryPositions()],
    ['multiHeadAttention', sequence, () => n.multiHeadAttention(2, { causal: true })],
    ['transformerEncoderLayer', sequence, () => n.transformerEncoderLayer(2, { normFirst: true, norm: 'rms' })],
  ];
  n.registerLambda('test-out', (ops, x) => ops.add(ops.multiply(x, x), ops.slice(x, 1, 0, 1)));
  test.each(one)('%s', async (_name, inputShape, layer) => checkWritten(await chain([layer()], inputShape)));

  test('unpack: a recurrent layer with its states', async () => {
    const x = n.input([5, 3]);
    const [last, hidden, cell] = n.lstm(4, { returnState: true })(x);
    await checkWritten(await n.model({ inputs: x, outputs: [last!, hidden!, cell!], ...options }));
  });
  test('gaussianSample, two inputs', async () => {
    const [a, b] = [n.input([4]), n.input([4])];
    await checkWritten(await n.model({ inputs: [a, b], outputs: n.gaussianSample()([a, b]), ...options }));
  });
  test.each(['transformerDecoderLayer', 'transformerDecoder'])('%s, a sequence and a memory', async (type) => {
    const [x, memory] = [n.input([5, 4]), n.input([3, 4])];
    const layer = type === 'transformerDecoder' ? n.transformerDecoder(2, 2) : n.transformerDecoderLayer(2);
    await checkWritten(await n.model({ inputs: [x, memory], outputs: layer([x, memory]), ...options }));
  });
  test('paddingMask, with attention that keeps to it', async () => {
    const words = n.input([6], { dtype: 'int32' });
    const x = n.embedding(5, 8)(words);
    await checkWritten(await n.model({ inputs: words, outputs: n.multiHeadAttention(2)([x, n.paddingMask()(words)]), ...options }));
  }); // prettier-ignore
});

/** Layers that are none of a prediction's, or are refused. */
const otherwise: Readonly<Record<string, string>> = {
  onnx: 'goes back to its own file: test/onnx/training.test.ts',
};

test('every layer that there is has been checked above', () => {
  const missing = layerTypes().filter((type) => !checkedTypes.has(type) && !(type in otherwise));
  expect(missing, 'add a network with it above').toEqual([]);
});
