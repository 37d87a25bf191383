// Trained models as networks of spiking neurons: what they lose, and each layer's values as rates.
import { expect, test } from 'vitest';
import {
  activation,
  adam,
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  conv3d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAvgPool2d,
  globalMaxPool2d,
  lstm,
  maxPool2d,
  model as modelOf,
  input,
  add,
  reshape,
  sequential,
  type Layer,
  type Tensor,
} from '../../src/index.ts';
import { digits } from '../../src/data/datasets/index.ts';
import { toSpiking, type SpikingOptions } from '../../src/biology/index.ts';

const { train, test: held } = digits();
const training = { loss: 'crossEntropy', optimizer: adam({ learningRate: 3e-3 }), epochs: 15 } as const;

/** Numbers from `from` to `to`, always the same. */
function numbers(count: number, from: number, to: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + ((to - from) * state) / 2 ** 32;
  });
}

test('a trained 64-64-10 network loses at most one digit in a hundred, by either input and either readout', async () => {
  const model = await sequential([dense(64, { activation: 'relu' }), dense(10)], { inputShape: [64], seed: 1 });
  await model.fit(train, training);
  const given: SpikingOptions[] = [
    {},
    { readout: 'spikes', steps: 50 },
    { input: 'poisson', steps: 150 },
    { percentile: 100, steps: 50 },
  ];
  for (const options of given) {
    const spiking = await toSpiking(model, train.inputs, options);
    const result = await spiking.evaluate(held);
    expect(result.accuracy).toBe(model.evaluate(held)['accuracy']);
    expect(result.accuracy).toBeGreaterThan(0.95);
    expect(result.lost).toBeCloseTo(result.accuracy - result.spikingAccuracy, 12);
    expect(Math.abs(result.lost)).toBeLessThanOrEqual(0.01);
    expect(result.agreement).toBeGreaterThan(0.98);
    expect(result.spikes).toBeGreaterThan(100);
  }
  // with few steps there is something to lose
  const hasty = await toSpiking(model, train.inputs, { steps: 1, input: 'poisson', vInitial: 0 });
  expect((await hasty.evaluate(held)).lost).toBeGreaterThan(0.05);
});

test('a convolutional network with normalisation and both kinds of pooling loses at most two in a hundred', async () => {
  const model = await sequential(
    [
      reshape([8, 8, 1]),
      conv2d(8, { kernelSize: 3, padding: 'same', activation: 'relu' }),
      maxPool2d(),
      conv2d(16, { kernelSize: 3, useBias: false }),
      batchNorm(),
      activation('relu'),
      avgPool2d(),
      flatten(),
      dropout(0.2),
      dense(10, { activation: 'softmax' }),
    ],
    { inputShape: [64], seed: 1 },
  );
  await model.fit(train, { ...training, epochs: 8 });
  const spiking = await toSpiking(model, train.inputs, { steps: 100 });
  const result = await spiking.evaluate(held);
  expect(result.accuracy).toBeGreaterThan(0.95);
  expect(Math.abs(result.lost)).toBeLessThanOrEqual(0.02);
  expect(spiking.layers.map(({ layer, neurons }) => [layer, neurons])).toEqual([
    ['layers.1', 512],
    ['layers.2', 384],
    ['layers.2', 128],
    ['layers.5', 64],
    ['layers.6', 16],
    ['layers.9', 10],
  ]);
});

const relu = { activation: 'relu' } as const;
const initial = { biasInitializer: { type: 'constant', value: 0.1 } } as const;
const cases: [name: string, shape: number[], layers: Layer[]][] = [
  ['dense on rows', [3, 4], [dense(5, { ...relu, ...initial }), flatten(), dense(3, initial)]],
  [
    'conv1d with causal padding',
    [7, 2],
    [conv1d(3, { kernelSize: 3, padding: 'causal', dilation: 2, ...relu, ...initial }), flatten(), dense(3)],
  ],
  [
    'conv2d with stride and groups',
    [7, 6, 4],
    [
      conv2d(6, { kernelSize: [3, 2], stride: [2, 1], groups: 2, padding: 'same', ...relu, ...initial }),
      flatten(),
      dense(3),
    ],
  ],
  ['conv3d', [3, 4, 3, 2], [conv3d(2, { kernelSize: 2, ...relu, ...initial }), flatten(), dense(3)]],
  [
    'depthwiseConv2d',
    [5, 5, 3],
    [depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, ...relu, ...initial }), flatten(), dense(3)],
  ],
  [
    'overlapping windows that hang over',
    [7, 6, 2],
    [
      conv2d(2, { kernelSize: 1, ...relu, ...initial }),
      maxPool2d({ poolSize: 3, stride: 2, ceilMode: true }),
      flatten(),
      dense(3),
    ],
  ],
  [
    'padded averages',
    [5, 5, 2],
    [
      conv2d(2, { kernelSize: 1, ...relu, ...initial }),
      avgPool2d({ poolSize: 3, stride: 2, padding: 1 }),
      flatten(),
      dense(3),
    ],
  ],
  [
    'global pooling',
    [4, 4, 2],
    [
      conv2d(3, { kernelSize: 2, ...relu, ...initial }),
      globalMaxPool2d({ keepDimensions: true }),
      globalAvgPool2d(),
      dense(3),
    ],
  ],
  [
    'windows of one',
    [4, 4, 2],
    [conv2d(3, { kernelSize: 2, ...relu, ...initial }), maxPool2d({ poolSize: 1 }), flatten(), dense(3)],
  ],
];

test.each(cases)('%s: potentials come to the sums of the model', async (_, shape, layers) => {
  const model = await sequential(layers, { inputShape: shape, seed: 3 });
  const size = shape.reduce((a, b) => a * b, 1);
  const samples: Tensor = { data: numbers(5 * size, -0.5, 1), shape: [5, ...shape] };
  const expected = model.predict(samples).data;
  const most = Math.max(...expected.map(Math.abs));
  const steps = 2000;
  const spiking = await toSpiking(model, samples, { steps, percentile: 100 });
  const { data, shape: given } = await spiking.predict(samples);
  expect(given).toEqual([5, 3]);
  const worst = Math.max(...data.map((x, k) => Math.abs(x - expected[k]!)));
  expect(worst).toBeLessThan(0.03 * most);
});

test('a rate is the value over the layer’s greatest, and spikes of the last layer tell its rectified sums', async () => {
  const model = await sequential([dense(2, relu), dense(2, relu)], { inputShape: [2] });
  model.setWeights({
    'layers.0.kernel': [
      [1, -1],
      [2, 0.5],
    ],
    'layers.0.bias': [0.5, 0],
    'layers.1.kernel': [
      [1, -1],
      [0, 1],
    ],
    'layers.1.bias': [0, 0.25],
  });
  const spiking = await toSpiking(
    model,
    [
      [1, 1],
      [0, 1],
    ],
    { steps: 1000, percentile: 100, readout: 'spikes' },
  );
  // 3.5, 0 and 2.5, 0.5; then 3.5, −3.25 and 2.5, −1.75
  expect(spiking.layers.map(({ scale }) => scale)).toEqual([3.5, 3.5]);
  const { data } = await spiking.predict([0, 1]);
  expect(data[0]).toBeCloseTo(2.5, 1);
  expect(data[1]).toBe(0);
  expect(spiking.groups[0]!.get('count')[0]).toBeCloseTo((1000 * 2.5) / 3.5, -0.5);
  // one sample says nothing about the next
  const again = await spiking.predict([
    [1, 1],
    [0, 1],
  ]);
  expect(again.data.slice(2)).toEqual(data);
});

test('one output tells yes or no', async () => {
  const model = await sequential([dense(4, relu), dense(1, { activation: 'sigmoid' })], { inputShape: [2], seed: 2 });
  const inputs = { data: numbers(200, -1, 1), shape: [100, 2] };
  const targets = {
    data: Float32Array.from({ length: 100 }, (_, k) => (inputs.data[2 * k]! > 0 ? 1 : 0)),
    shape: [100, 1],
  };
  await model.fit(
    { inputs, targets },
    { loss: 'binaryCrossEntropy', optimizer: adam({ learningRate: 0.05 }), epochs: 30 },
  );
  const result = await (await toSpiking(model, inputs)).evaluate({ inputs, targets });
  expect(result.accuracy).toBeGreaterThan(0.9);
  expect(Math.abs(result.lost)).toBeLessThanOrEqual(0.03);
});

test('all layers without a spiking form are named in one error', async () => {
  const made = (layers: Layer[], inputShape = [4, 3]) => sequential(layers, { inputShape });
  const bad = await made([lstm(5, { name: 'memory' }), dense(4, { activation: 'tanh' }), dense(3), dense(2)]);
  await expect(toSpiking(bad, new Float32Array(12))).rejects.toThrow(
    'toSpiking: no spiking form of memory (lstm); layers.1 (dense: expected activation linear or relu, got tanh); layers.2 (dense: expected activation relu before the next layer, got linear)',
  );
  const early = await made([maxPool2d(), flatten(), batchNorm(), activation('relu')], [4, 4, 1]);
  await expect(toSpiking(early, new Float32Array(16))).rejects.toThrow(
    'layers.0 (maxPool2d: expected it after a layer with weights, whose values are not below 0); layers.2 (batchNorm: expected it right after a sum, before its activation); layers.3 (activation: expected it after a sum); a model without dense or convolutional layers',
  );
  const ended = await made([conv2d(2, { kernelSize: 1, ...relu }), avgPool2d()], [4, 4, 1]);
  await expect(toSpiking(ended, new Float32Array(16))).rejects.toThrow(
    'layers.1 (avgPool2d: expected a layer with weights at the end)',
  );
  const shared = dense(3, relu);
  await expect(toSpiking(await made([shared, shared], [3]), new Float32Array(3))).rejects.toThrow(
    'layers.0 (dense: it stands in several places)',
  );
  const x = input([3]);
  const branched = await modelOf({ inputs: x, outputs: add()([dense(3)(x), x]) });
  await expect(toSpiking(branched, new Float32Array(3))).rejects.toThrow('layers follow one another');
});

test('options, samples and targets that do not fit are refused', async () => {
  const model = await sequential([dense(3, relu), dense(2)], { inputShape: [2], seed: 1 });
  const samples = [
    [0, 1],
    [1, -1],
  ];
  await expect(toSpiking(null as never, samples)).rejects.toThrow('toSpiking: expected a model, got null');
  for (const [options, message] of [
    [{ steps: 0 }, 'toSpiking: steps: expected a whole number from 1, got 0'],
    [{ input: 'rate' }, 'toSpiking: input: expected current or poisson, got rate'],
    [{ readout: 'v' }, 'toSpiking: readout: expected potential or spikes, got v'],
    [{ percentile: 0 }, 'toSpiking: percentile: expected a number above 0 and up to 100, got 0'],
    [{ vInitial: 1 }, 'toSpiking: vInitial: expected a potential from 0 to below 1, got 1'],
    [{ input: 'poisson' }, 'toSpiking: expected inputs from 0 up, which are rates of random spikes, got -1'],
  ] as [never, string][])
    await expect(toSpiking(model, samples, options)).rejects.toThrow(message);
  await expect(toSpiking(model, [[1, 2, 3]])).rejects.toThrow('toSpiking: expected samples [2], got [1, 3]');
  const spiking = await toSpiking(model, samples, { steps: 5 });
  await expect(spiking.predict([[1, NaN]])).rejects.toThrow('predict: inputs');
  await expect(spiking.evaluate({ inputs: samples, targets: [0, 1, 0] })).rejects.toThrow(
    'evaluate: expected targets [2] or [2, 2], got [3]',
  );
  await expect(spiking.evaluate({ inputs: samples, targets: [0, 2] })).rejects.toThrow(
    'evaluate: target 1: expected a class from 0 to 1, got 2',
  );
  const first = spiking.predict(samples);
  await expect(spiking.predict(samples)).rejects.toThrow('predict: other samples are being shown');
  await first;
});
