// Keras' files: what h5py wrote in Keras' layouts (files/keras.json), our own models there and back in both forms, and
// models that neurite has no form of. That the layers of the table compute what Keras' do is checked by TensorFlow.js.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { kerasBytes, openKeras } from '../../src/interchange/keras/index.ts';
import { rowOfType } from '../../src/interchange/keras/table.ts';
import { layerTypes } from '../../src/layers/layer.ts';
import { readKerasModel } from '../../src/interchange/keras/model-read.ts';
import { goldenTensor, type GoldenArray } from '../helpers/golden.ts';
import { randomFloats, variant } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

const recorded = JSON.parse(readFileSync(new URL('./files/keras.json', import.meta.url), 'utf8')) as {
  input: GoldenArray;
  output: GoldenArray;
  files: Record<string, string>;
  compressed: string;
};
const options = { seed: 4, variant };

test.each(Object.entries(recorded.files))('a file as Keras lays it out is opened: .%s', async (form, base64) => {
  const model = await openKeras(new Uint8Array(Buffer.from(base64, 'base64')), `model.${form}`, { variant });
  expectClose(model.predict(goldenTensor(recorded.input)).data, goldenTensor(recorded.output).data, 1e-5, form);
  const names = form === 'h5' ? ['dense', 'batch_normalization', 'dropout', 'dense_1'] : ['dense', 'norm', 'out_1'];
  expect(model.topology.names).toEqual(names);
  if (form === 'keras') expect(model.topology.layers[2]!.trainable).toBe(false);
});

test('compressed tensors are refused: a damaged file could claim any number of chunks', async () => {
  const bytes = new Uint8Array(Buffer.from(recorded.compressed, 'base64'));
  await expect(openKeras(bytes, 'm.h5')).rejects.toThrow(/m\.h5: .*stored in chunks/);
});

/** Every weight random and positive, so that no two are alike. */
function shuffle(model: n.Model): n.Model {
  const weights = Object.entries(model.getWeights()).map(([name, { shape, data }], i) => [
    name,
    { shape, data: randomFloats(data.length, i + 20, 0.1, 0.9) },
  ]);
  model.setWeights(Object.fromEntries(weights) as Record<string, n.Tensor>);
  return model;
}

const chain = (layers: n.Layer[], inputShape: number[], rest: object = {}) =>
  n.sequential(layers, { ...options, inputShape, ...rest });

const models: Record<string, () => Promise<n.Model>> = {
  'dense, activations, penalties': () =>
    chain(
      [
        n.dense(6, { activation: 'relu', kernelPenalty: { l2: 0.1 }, name: 'first' }),
        n.dense(5, { activation: { name: 'leakyRelu', alpha: 0.3 }, kernelInitializer: 'heNormal' }),
        n.activation('silu'),
        n.prelu(),
        n.dense(4, { activation: { name: 'elu', alpha: 0.5 }, biasInitializer: 'ones' }),
        n.gaussianNoise(0.1),
        n.dense(3, { activation: 'softmax', trainable: false }),
      ],
      [5],
    ),
  'images, with paddings that Keras has no word for': () =>
    chain(
      [
        n.conv2d(6, { kernelSize: 3, padding: 1, groups: 2, activation: 'relu' }),
        n.conv2d(4, {
          kernelSize: [3, 2],
          padding: [
            [1, 2],
            [0, 1],
          ],
          stride: 2,
        }),
        n.batchNorm(),
        n.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
        n.separableConv2d(6, { kernelSize: 2, depthMultiplier: 2 }),
        n.zeroPad2d([
          [1, 0],
          [2, 1],
        ]),
        n.avgPool2d({ padding: 'same' }),
        n.upsample2d({ mode: 'bilinear' }),
        n.convTranspose2d(3, { kernelSize: 3, stride: 2 }),
        n.crop2d(1),
        n.prelu(),
        n.flatten(),
        n.dropout(0.2),
        n.dense(2),
      ],
      [12, 11, 4],
    ),
  sequences: () =>
    chain(
      [
        n.conv1d(4, { kernelSize: 3, padding: 'causal', dilation: 2 }),
        n.bidirectional(n.gru(3, { returnSequences: true })),
        n.lstm(4, { returnSequences: true, goBackwards: true }),
        n.gru(3, { returnSequences: true, resetAfter: false }),
        n.timeDistributed(n.dense(4)),
        n.layerNorm(),
        n.simpleRnn(4, { activation: 'relu' }),
        n.repeatVector(3),
        n.globalAvgPool1d(),
      ],
      [9, 3],
    ),
  'further dropouts, axes in another order': () =>
    chain(
      [
        n.permute([2, 1, 3]),
        n.spatialDropout2d(0.25),
        n.reshape([4, 6]),
        n.spatialDropout1d(0.5),
        n.alphaDropout(0.1),
        n.gaussianDropout(0.2),
        n.reshape([2, 2, 2, 3]),
        n.spatialDropout3d(0.75),
        n.flatten(),
        n.dense(2),
      ],
      [2, 4, 3],
    ),
  'a graph: shared layers, two inputs, two outputs, a join': async () => {
    const [a, b] = [n.input([4]), n.input([4])];
    const shared = n.dense(4, { activation: 'tanh' });
    const sum = n.add()([shared(a), shared(b)]);
    const joined = n.concatenate()([n.multiply()([sum, a]), b]);
    return n.model({ inputs: [a, b], outputs: [n.dense(3, { activation: 'sigmoid' })(joined), sum], ...options });
  },
  'attention over token indices': async () => {
    const tokens = n.input([6], { dtype: 'int32' });
    const embedded = n.embedding(7, 8)(tokens);
    const attended = n.multiHeadAttention(2, { causal: true })(embedded);
    const other = n.multiHeadAttention(2, { headSize: 3, useBias: false })([attended, embedded]);
    return n.model({ inputs: tokens, outputs: n.dense(2)(n.flatten()(n.add()([attended, other]))), ...options });
  },
};

const samples = (model: n.Model) => {
  const inputs = model.topology.inputs.map(({ shape, dtype }, i) => {
    const full = [3, ...shape];
    const length = full.reduce((product, size) => product * size, 1);
    const floats = randomFloats(length, i + 7, -1, 1);
    return { shape: full, data: dtype === 'i32' ? Int32Array.from(floats, (x) => Math.floor(3 * (x + 1))) : floats };
  });
  return inputs.length === 1 ? inputs[0]! : inputs;
};

const forms = ['keras', 'h5'] as const;

/** What predictions cannot tell: dropouts act in training alone. */
const configsOf = ({ topology }: n.Model, type: RegExp) =>
  topology.layers.filter((layer) => type.test(layer.type)).map((layer) => ({ type: layer.type, config: layer.config }));

describe.each(forms)('there and back: .%s', (format) => {
  test.each(Object.entries(models))('%s', async (_name, make) => {
    const model = shuffle(await make());
    const bytes = await kerasBytes(model, { format });
    const back = await openKeras(bytes, `model.${format}`, { variant });
    expect(back.predictAll(samples(back))).toEqual(model.predictAll(samples(model)));
    expect(Object.keys(back.getWeights()).length).toBe(Object.keys(model.getWeights()).length);
    for (const config of configsOf(model, /[dD]ropout|permute/)) expect(configsOf(back, /./)).toContainEqual(config);
  });
});

test('group, instance and RMS norm, activations of Keras 3 alone: .keras, and not .h5', async () => {
  const model = shuffle(
    await chain(
      [
        n.groupNorm(2),
        n.instanceNorm(),
        n.flatten(),
        n.rmsNorm(),
        n.dense(3, { activation: 'hardSigmoid' }),
        n.dense(2, { activation: 'logSoftmax' }),
      ],
      [5, 4],
    ),
  );
  const back = await openKeras(await kerasBytes(model), 'model.keras', { variant });
  expect(back.predict(samples(back))).toEqual(model.predict(samples(model)));
  await expect(kerasBytes(model, { format: 'h5' })).rejects.toThrow(
    /"layers\.0" \(groupNorm\).*"layers\.1" \(instanceNorm\).*"layers\.3" \(rmsNorm\).*hardSigmoid.*logSoftmax/,
  );
});

describe('what the other side lacks is told in one error, all of it', () => {
  test('of neurite', () => {
    const layer = (class_name: string, config: object) => ({
      class_name,
      config: { name: class_name.toLowerCase(), ...config },
    });
    const model = {
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [
          layer('InputLayer', { batch_shape: [null, 8, 8, 3], dtype: 'float32' }),
          layer('Rescaling', { scale: 0.5 }),
          layer('Conv2D', {
            filters: 4,
            kernel_size: [3, 3],
            padding: 'causal',
            data_format: 'channels_first',
            kernel_constraint: { class_name: 'MaxNorm', config: {} },
          }),
          layer('Flatten', {}),
          layer('Dense', { units: 2, activation: 'mystery' }),
        ],
      },
    };
    const refused = () => readKerasModel(model, 'm.keras', 'keras3');
    for (const part of [
      /^m\.keras: neurite lacks/,
      /"rescaling" \(Rescaling\): the layer/,
      /data_format "channels_first"/,
      /padding "causal"/,
      /kernel_constraint "MaxNorm"/,
      /activation "mystery"/,
    ])
      expect(refused).toThrow(part);
  });

  test('of Keras', async () => {
    const model = await chain(
      [
        n.conv2d(4, { kernelSize: 3 }),
        n.pixelShuffle(2),
        n.maxPool2d({ ceilMode: true }),
        n.flatten(),
        n.dense(2, { activation: { name: 'softplus', alpha: 2 } }),
      ],
      [8, 8, 3],
    );
    await expect(kerasBytes(model)).rejects.toThrow(
      /^toKeras: Keras lacks.*"layers\.1" \(pixelShuffle\): the layer; "layers\.2" \(maxPool2d\): ceilMode; "layers\.4" \(dense\): activation softplus with alpha 2/,
    );
  });
});

test.each<[string, n.Layer, number[]]>([
  ['adaptiveAvgPool1d', n.adaptiveAvgPool1d(3), [7, 2]],
  ['adaptiveMaxPool1d', n.adaptiveMaxPool1d(3), [7, 2]],
  ['adaptiveAvgPool2d', n.adaptiveAvgPool2d([3, 2]), [7, 5, 2]],
  ['adaptiveMaxPool2d', n.adaptiveMaxPool2d([3, 2]), [7, 5, 2]],
  ['adaptiveAvgPool3d', n.adaptiveAvgPool3d(2), [4, 3, 5, 2]],
  ['adaptiveMaxPool3d', n.adaptiveMaxPool3d(2), [4, 3, 5, 2]],
])('%s: .keras, and not .h5', async (_type, layer, shape) => {
  const model = await chain([layer], shape);
  const back = await openKeras(await kerasBytes(model), 'model.keras', { variant });
  expect(back.predict(samples(back))).toEqual(model.predict(samples(model)));
  await expect(kerasBytes(model, { format: 'h5' })).rejects.toThrow(/adaptive.*Keras 3 alone/);
});

/** Layers that are written to no file of Keras', each with the reason. */
const refused: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['slice', 'sumOver', 'meanOver', 'maxOver', 'minOver'].map((type) => [
      type,
      'Keras has an operation for it, which stands in no file as a layer with a class that all versions know',
    ]),
  ),
  ...Object.fromEntries(
    ['reflection', 'replication'].flatMap((form) =>
      [1, 2, 3].map((rank) => [`${form}Pad${rank}d`, 'Keras pads layers with zeros alone']),
    ),
  ),
  lambda: 'a Lambda of Keras holds Python code',
  gaussianSample: "a class of each user's own in Keras",
  pixelShuffle: 'depth_to_space is an operation of TensorFlow, no layer',
  unpack: 'states come as further outputs of a Keras layer, which is refused with returnState',
  paddingMask: 'masks travel unseen in Keras, by mask_zero',
  learnedPositions: 'PositionEmbedding is a layer of KerasHub, not of Keras',
  sinusoidalPositions: 'SinePositionEncoding is a layer of KerasHub, not of Keras',
  rotaryPositions: 'RotaryEmbedding is a layer of KerasHub, not of Keras',
  ...Object.fromEntries(
    ['EncoderLayer', 'DecoderLayer', 'Encoder', 'Decoder'].map((part) => [
      `transformer${part}`,
      'Keras builds it of layers; those of KerasHub are others',
    ]),
  ),
  onnx: 'goes back to its own file: neurite/onnx',
};

test('every layer that there is is mapped, or refused for a reason', () => {
  const unknown = layerTypes().filter((type) => !rowOfType(type) && !(type in refused));
  expect(unknown, 'add a row to src/interchange/keras/rows-*.ts, or a reason above').toEqual([]);
  expect(Object.keys(refused).filter((type) => rowOfType(type))).toEqual([]);
});

test.each(Object.keys(refused).filter((type) => type !== 'onnx'))('a refused layer is one: %s', (type) => {
  expect(layerTypes()).toContain(type);
});

test('free sizes of an input are given, or asked for', async () => {
  const model = shuffle(await chain([n.conv2d(2, { kernelSize: 3 }), n.globalAvgPool2d()], [8, 8, 3]));
  const bytes = await kerasBytes(model, { format: 'h5' });
  const text = Buffer.from(bytes).toString('latin1').replace('[null,8,8,3]', '[null,null,3]'.padEnd(12).slice(0, 12));
  await expect(openKeras(new Uint8Array(Buffer.from(text, 'latin1')), 'm.h5')).rejects.toThrow(/m\.h5/);
  const wide = await openKeras(bytes, 'm.h5', { variant, inputShape: [20, 16, 3] });
  expect(wide.inputShapes).toEqual([[20, 16, 3]]);
});
