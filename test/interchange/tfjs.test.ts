// TensorFlow.js itself, as bench/peers installs it: what it saves predicts the same here, what is written here predicts the
// same there, and what was saved comes back. Its layers cover the table that Keras' files are read by.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { openTfjs, toTfjs } from '../../src/interchange/tfjs/index.ts';
import { randomFloats, variant } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

const peers = join(import.meta.dirname, '../../bench/peers');
const isInstalled = existsSync(join(peers, 'node_modules/@tensorflow/tfjs'));

/* eslint-disable @typescript-eslint/no-explicit-any */
type Peer = any;
let loaded: Peer;
async function tensorflow(): Promise<Peer> {
  loaded ??= createRequire(join(peers, 'package.json'))('@tensorflow/tfjs');
  await loaded.setBackend('cpu');
  return loaded;
}

const shard = (files: Readonly<Record<string, Uint8Array>>) => (path: string) => {
  const bytes = files[path];
  return bytes ? Promise.resolve(bytes) : Promise.reject(new n.NeuriteError(`there is no "${path}"`));
};
const open = (files: Readonly<Record<string, Uint8Array>>, options = {}) =>
  openTfjs(files['model.json']!, shard(files), 'model.json', { variant, ...options });

/** What `model.save` of TensorFlow.js hands to whoever stores it, as files. */
async function saved(tf: Peer, model: Peer): Promise<Record<string, Uint8Array>> {
  let artifacts: Peer;
  const keep = (given: Peer) => {
    artifacts = given;
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
  };
  await model.save(tf.io.withSaveHandler(keep));
  const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = artifacts;
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const json = { format, generatedBy, convertedBy, modelTopology, weightsManifest };
  return { 'model.json': new TextEncoder().encode(JSON.stringify(json)), 'weights.bin': new Uint8Array(weightData) };
}

async function loadedBy(tf: Peer, files: Readonly<Record<string, Uint8Array>>): Promise<Peer> {
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(files['model.json'])) as Peer;
  const weightSpecs = weightsManifest.flatMap(({ weights }: Peer) => weights);
  const weightData = Buffer.concat(
    weightsManifest.flatMap(({ paths }: Peer) => paths).map((path: string) => files[path]!),
  );
  const data = new Uint8Array(weightData).buffer;
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData: data }));
}

function samples(shapes: readonly (readonly number[])[], integers: boolean, batch = 3) {
  return shapes.map((shape, i) => {
    const full = [batch, ...shape];
    const length = full.reduce((product, size) => product * size, 1);
    const floats = randomFloats(length, i + 3, -1, 1);
    return { shape: full, data: integers ? Int32Array.from(floats, (x) => Math.floor(2.5 * (x + 1))) : floats };
  });
}

async function expectSame(tf: Peer, theirs: Peer, ours: n.Model, integers = false): Promise<void> {
  const inputs = samples(ours.inputShapes, integers);
  const tensors = inputs.map(({ data, shape }) => tf.tensor(data, shape, integers ? 'int32' : 'float32'));
  const given = theirs.predict(tensors.length === 1 ? tensors[0] : tensors);
  const expected = Array.isArray(given) ? given : [given];
  const actual = ours.predictAll(inputs.length === 1 ? inputs[0]! : inputs);
  expect(actual.length).toBe(expected.length);
  actual.forEach(({ data, shape }, i) => {
    expect(shape).toEqual(expected[i].shape);
    expectClose(data, expected[i].dataSync(), 1e-5, `output ${i}`);
  });
}

// A separable convolution's depthMultiplier is not in the files of TensorFlow.js, and its ELU has no other alpha than 1.
/** Every weight random, statistics positive: fresh biases and means are 0 and would hide mistakes. */
function shuffle(tf: Peer, model: Peer): void {
  const values = model.getWeights().map((weight: Peer, i: number) => {
    const length = weight.size;
    return tf.tensor(randomFloats(length, i + 50, 0.1, 0.9), weight.shape);
  });
  model.setWeights(values);
}

const sequential = (layers: (tf: Peer) => Peer[]) => (tf: Peer) => tf.sequential({ layers: layers(tf) });
const models: Record<string, [make: (tf: Peer) => Peer, integers?: boolean]> = {
  'dense with every activation': [
    sequential(({ layers: l }) => [
      l.dense({ units: 7, inputShape: [5], activation: 'relu', kernelRegularizer: 'l1l2' }),
      ...[
        'elu',
        'relu6',
        'selu',
        'sigmoid',
        'softplus',
        'softsign',
        'tanh',
        'swish',
        'mish',
        'gelu',
        'softmax',
        'linear',
      ].map((activation) => l.dense({ units: 4, activation, kernelInitializer: 'heUniform' })),
      l.leakyReLU({ alpha: 0.2 }),
      l.elu(),
      l.reLU(),
      l.reLU({ maxValue: 6 }),
      l.softmax(),
      l.activation({ activation: 'tanh' }),
    ]),
  ],
  'convolutions and pools': [
    sequential(({ layers: l }) => [
      l.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 1],
        ],
        inputShape: [11, 10, 3],
      }),
      l.conv2d({ filters: 6, kernelSize: [3, 2], strides: [2, 1], padding: 'same', activation: 'relu' }),
      l.batchNormalization({ momentum: 0.9 }),
      l.maxPooling2d({ poolSize: 2, padding: 'same' }),
      l.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: 'same' }),
      l.separableConv2d({ filters: 5, kernelSize: 2 }),
      l.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
      l.upSampling2d({ size: [2, 3] }),
      l.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
      l.conv2dTranspose({ filters: 3, kernelSize: [2, 3] }),
      l.cropping2D({
        cropping: [
          [1, 0],
          [0, 2],
        ],
      }),
      l.prelu({ sharedAxes: [1, 2] }),
      l.layerNormalization(),
      l.flatten(),
      l.dropout({ rate: 0.5 }),
      l.dense({ units: 3 }),
    ]),
  ],
  'global pools': [
    sequential(({ layers: l }) => [
      l.conv2d({ filters: 4, kernelSize: 2, inputShape: [5, 5, 2], dilationRate: 2 }),
      l.globalAveragePooling2d({}),
      l.repeatVector({ n: 6 }),
      l.conv1d({ filters: 5, kernelSize: 3, padding: 'same' }),
      l.maxPooling1d({ poolSize: 2 }),
      l.averagePooling1d({ poolSize: 2, strides: 1 }),
      l.globalMaxPooling1d(),
      l.reshape({ targetShape: [5, 1] }),
    ]),
  ],
  'further dropouts, axes in another order': [
    sequential(({ layers: l }) => [
      l.permute({ dims: [3, 1, 2], inputShape: [4, 3, 2] }),
      l.reshape({ targetShape: [8, 3] }),
      l.spatialDropout1d({ rate: 0.5 }),
      l.alphaDropout({ rate: 0.1 }),
      l.gaussianDropout({ rate: 0.2 }),
      l.permute({ dims: [2, 1] }),
      l.dense({ units: 2 }),
    ]),
  ],
  'lstm and simple rnn': [
    sequential(({ layers: l }) => [
      l.lstm({ units: 5, inputShape: [6, 3], returnSequences: true, recurrentActivation: 'sigmoid' }),
      l.simpleRNN({ units: 4, returnSequences: true, goBackwards: true }),
      l.timeDistributed({ layer: l.dense({ units: 3 }) }),
      l.lstm({ units: 4, recurrentActivation: 'sigmoid', useBias: false }),
    ]),
  ],
  'gru, both ways': [
    sequential(({ layers: l }) => [
      l.bidirectional({
        layer: l.gru({ units: 4, returnSequences: true, recurrentActivation: 'sigmoid' }),
        mergeMode: 'concat',
        inputShape: [6, 3],
      }),
      l.bidirectional({ layer: l.lstm({ units: 3, recurrentActivation: 'sigmoid' }), mergeMode: 'sum' }),
    ]),
  ],
  embedding: [
    sequential(({ layers: l }) => [
      l.embedding({ inputDim: 5, outputDim: 4, inputLength: 6 }),
      l.gru({ units: 3, recurrentActivation: 'sigmoid' }),
      l.dense({ units: 2, useBias: false }),
    ]),
    true,
  ],
  'a graph with a shared layer, two inputs, two outputs': [
    (tf) => {
      const [a, b] = [tf.input({ shape: [4], name: 'a' }), tf.input({ shape: [4] })];
      const shared = tf.layers.dense({ units: 4, activation: 'tanh' });
      const sum = tf.layers.add().apply([shared.apply(a), shared.apply(b)]);
      const product = tf.layers.multiply().apply([sum, a]);
      const joined = tf.layers.concatenate().apply([product, b]);
      return tf.model({ inputs: [a, b], outputs: [tf.layers.dense({ units: 2 }).apply(joined), sum] });
    },
  ],
};

test('the exponential as an activation, which TensorFlow.js does not know, is not written', async () => {
  const model = await n.sequential([n.dense(3, { activation: 'exp' })], { inputShape: [4], variant });
  expect(() => toTfjs(model)).toThrow(/activation exp/);
});

test.runIf(!isInstalled)(
  'TensorFlow.js is not installed: `npm ci` in bench/peers lets the files be checked by it',
  () => {
    expect(isInstalled).toBe(false);
  },
);

describe.runIf(isInstalled)('TensorFlow.js', () => {
  test.each(Object.entries(models))(
    'saved by it, opened here; saved here, opened by it: %s',
    async (_name, [make, integers]) => {
      const tf = await tensorflow();
      const theirs = make(tf);
      shuffle(tf, theirs);
      const ours = await open(await saved(tf, theirs));
      await expectSame(tf, theirs, ours, integers);
      const files = toTfjs(ours, { shardBytes: 300 });
      await expectSame(tf, await loadedBy(tf, files), ours, integers);
      expect((await open(files)).getWeights()).toEqual(ours.getWeights());
    },
  );

  test('gelu_new, which it saves and cannot read, is read here and not written', async () => {
    const tf = await tensorflow();
    const theirs = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [4], activation: 'gelu_new' })] });
    const ours = await open(await saved(tf, theirs));
    await expectSame(tf, theirs, ours);
    expect(() => toTfjs(ours)).toThrow(/activation geluTanh/);
  });
});
