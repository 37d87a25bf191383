// Networks of images and codes from hyperparameters: what they are made of, and that they train well at their defaults.
import { describe, expect, test } from 'vitest';
import { loadModel, network, type NetworkOptions, type Tensor } from '../../src/index.ts';
import { digits, type Dataset } from '../../src/data/datasets/index.ts';
import { bitsOf } from '../helpers/model.ts';
import { testRandom } from '../helpers/kernel.ts';

const { train, test: held } = digits();
const asImages = ({ inputs, targets }: Dataset) => ({
  inputs: { ...inputs, shape: [inputs.shape[0]!, 8, 8, 1] },
  targets,
});
/** The samples as their own targets. */
const itself = ({ inputs }: Dataset) => ({ inputs, targets: inputs });

const typesOf = async (options: NetworkOptions) => (await network(options)).topology.layers.map(({ type }) => type);

/** Noisy disks on a darker ground [16, 16, 1], and where they are. */
function disks(count: number, seed: number): { inputs: Tensor; targets: Tensor } {
  const random = testRandom(seed);
  const [inputs, targets] = [new Float32Array(count * 256), new Float32Array(count * 256)];
  for (let sample = 0; sample < count; sample++) {
    const [x, y, radius] = [random(3, 13), random(3, 13), random(2, 5)];
    for (let pixel = 0; pixel < 256; pixel++) {
      const inside = Math.hypot((pixel % 16) - x, Math.floor(pixel / 16) - y) < radius;
      targets[sample * 256 + pixel] = Number(inside);
      inputs[sample * 256 + pixel] = (inside ? 0.6 : 0.3) + random(-0.3, 0.3);
    }
  }
  const shape = [count, 16, 16, 1];
  return { inputs: { data: inputs, shape }, targets: { data: targets, shape } };
}

describe('cnn', () => {
  test('convolutions with pooling, dense layers, the output of the task', async () => {
    expect(await typesOf({ type: 'cnn', inputShape: [28, 28, 1], layers: [16, 32], outputs: 10 })).toEqual([
      'conv2d',
      'maxPool2d',
      'conv2d',
      'maxPool2d',
      'flatten',
      'dense',
      'dense',
    ]);
  });

  test('signals and volumes are taken too, and an image of one pixel is not made smaller', async () => {
    expect(await typesOf({ type: 'cnn', inputShape: [9, 2], layers: [4], dense: [], outputs: 2 })).toEqual([
      'conv1d',
      'maxPool1d',
      'flatten',
      'dense',
    ]);
    const volume = {
      type: 'cnn',
      inputShape: [2, 2, 2, 1],
      layers: [3, 4],
      dense: [5],
      dropout: 0.1,
      outputs: 1,
    } as const;
    expect(await typesOf(volume)).toEqual([
      'conv3d',
      'maxPool3d',
      'dropout',
      'conv3d',
      'dropout',
      'flatten',
      'dense',
      'dropout',
      'dense',
    ]);
  });

  test('reads digits at its defaults: 97 % of those held out after twenty epochs', async () => {
    const model = await network({ type: 'cnn', inputShape: [8, 8, 1], outputs: 10, seed: 1 });
    await model.fit(asImages(train), { epochs: 20 });
    expect(model.evaluate(asImages(held))['accuracy']).toBeGreaterThan(0.97);
  });

  test('what is no image is refused', async () => {
    const made = network({ type: 'cnn', inputShape: [64], outputs: 10 });
    await expect(made).rejects.toThrow('network: a cnn takes samples [length, channels] or [height, width, channels]');
    const odd = network({ type: 'cnn', inputShape: [8, 8, 1], outputs: 10, kernelSize: 0 });
    await expect(odd).rejects.toThrow('network: kernelSize: expected an integer of at least 1, got 0');
  });
});

describe('resnet', () => {
  test('reads digits: 97 % of those held out after eight epochs', async () => {
    const model = await network({
      type: 'resnet',
      inputShape: [8, 8, 1],
      layers: [16, 32],
      outputs: 10,
      seed: 1,
    });
    await model.fit(asImages(train), { epochs: 8 });
    expect(model.evaluate(asImages(held))['accuracy']).toBeGreaterThan(0.97);
  });

  test('stages halve the image, blocks stand in each', async () => {
    const model = await network({ type: 'resnet', inputShape: [8, 8, 3], layers: [4, 6, 8], blocks: 2, outputs: 2 });
    const added = model.topology.calls.filter(({ layer }) => model.topology.layers[layer]!.type === 'add');
    expect(added.map(({ shape }) => shape)).toEqual([
      [8, 8, 4],
      [8, 8, 4],
      [4, 4, 6],
      [4, 4, 6],
      [2, 2, 8],
      [2, 2, 8],
    ]);
    const flat = network({ type: 'resnet', inputShape: [64], outputs: 2 });
    await expect(flat).rejects.toThrow('a resnet takes samples [height, width, channels], got [*, 64]');
  });
});

describe('transformer', () => {
  test('encoder: reads digits row by row at its defaults: 93 % of those held out', async () => {
    const rows = ({ inputs, targets }: Dataset) => ({
      inputs: { ...inputs, shape: [inputs.shape[0]!, 8, 8] },
      targets,
    });
    const model = await network({ type: 'transformer', inputShape: [8, 8], outputs: 10, seed: 1 });
    await model.fit(rows(train), { epochs: 12 });
    expect(model.evaluate(rows(held))['accuracy']).toBeGreaterThan(0.93);
  });

  test('decoder: continues what repeats, once it has seen the period', async () => {
    // Words of three letters, each repeated to twelve: from the fourth letter on the next is known.
    const random = testRandom(5);
    const text = Array.from({ length: 300 }, () => {
      const word = [0, 1, 2].map(() => Math.floor(random(0, 6)));
      return Array.from({ length: 13 }, (_, i) => word[i % 3]!);
    });
    const data = {
      inputs: text.map((row) => row.slice(0, 12)),
      targets: Int32Array.from(text.flatMap((row) => row.slice(1))),
    };
    const targets = { data: data.targets, shape: [300, 12] };
    const model = await network({
      type: 'transformer',
      form: 'decoder',
      vocabulary: 6,
      inputShape: [12],
      seed: 1,
    });
    await model.fit({ inputs: data.inputs, targets }, { epochs: 30 });
    // Two of twelve letters can only be guessed, one time in six: at best 0.861.
    expect(model.evaluate({ inputs: data.inputs, targets })['accuracy']).toBeGreaterThan(0.83);
  });

  test('encoderDecoder: turns sequences round, those it has not seen too', async () => {
    const random = testRandom(6);
    const reversals = (count: number) => {
      const source = Array.from({ length: count }, () => Array.from({ length: 5 }, () => 1 + Math.floor(random(0, 5))));
      const wanted = source.map((row) => row.toReversed());
      // The target so far begins with the token 0.
      const before = wanted.map((row) => [0, ...row.slice(0, -1)]);
      return { inputs: [source, before], targets: { data: Int32Array.from(wanted.flat()), shape: [count, 5] } };
    };
    const model = await network({
      type: 'transformer',
      form: 'encoderDecoder',
      vocabulary: 6,
      inputShape: [5],
      seed: 1,
    });
    await model.fit(reversals(400), { epochs: 15 });
    expect(model.evaluate(reversals(100))['accuracy']).toBeGreaterThan(0.97);
  });

  test('what does not fit is refused', async () => {
    const base = { type: 'transformer', inputShape: [5], vocabulary: 6 } as const;
    await expect(network({ ...base, outputs: 2, form: 'coder' as never })).rejects.toThrow(
      'unknown form of a transformer',
    );
    await expect(network({ ...base })).rejects.toThrow('network: outputs: expected an integer of at least 1');
    await expect(network({ ...base, inputShape: [5, 2], outputs: 2 })).rejects.toThrow(
      'takes samples [time] of tokens',
    );
    await expect(network({ ...base, outputs: 2, targetShape: [3] })).rejects.toThrow('targetShape is of the form');
    await expect(network({ ...base, outputs: 2, heads: 5 })).rejects.toThrow('5');
  });
});

describe('unet', () => {
  test('finds noisy disks at its defaults: a mean intersection over union above 0.85 after eight epochs', async () => {
    const model = await network({ type: 'unet', inputShape: [16, 16, 1], outputs: 1, task: 'binary', seed: 1 });
    await model.fit(disks(200, 1), { epochs: 8 });
    expect(model.evaluate(disks(40, 2), { metrics: ['meanIoU'] })['meanIoU']).toBeGreaterThan(0.85);
  });

  test('normalises over the batch, unless told not to', async () => {
    const options = { type: 'unet', inputShape: [8, 8, 1], layers: [4, 4], outputs: 2 } as const;
    expect((await typesOf(options)).filter((type) => type === 'batchNorm')).toHaveLength(6);
    expect(await typesOf({ ...options, batchNorm: false })).not.toContain('batchNorm');
    await expect(network({ ...options, batchNorm: 1 as never })).rejects.toThrow(
      'network: batchNorm: expected true or false',
    );
  });

  test('gives a class for each pixel', async () => {
    const model = await network({ type: 'unet', inputShape: [8, 12, 2], layers: [4, 4, 4], outputs: 3 });
    expect(model.outputShapes).toEqual([[8, 12, 3]]);
    expect(model.metadata['task']).toBe('multiclass');
  });

  test('images that cannot be halved so often are refused', async () => {
    const made = network({ type: 'unet', inputShape: [10, 16, 1], outputs: 2 });
    await expect(made).rejects.toThrow(
      'a unet of 3 stages takes images whose sides are multiples of 4, got [*, 10, 16, 1]',
    );
  });
});

describe('rnn, lstm, gru', () => {
  test.each(['rnn', 'lstm', 'gru'] as const)(
    '%s: layers over the sequence, the outputs of its last state',
    async (type) => {
      const options = { type, inputShape: [7, 3], layers: [5, 4], outputs: 2 } as const;
      const layer = type === 'rnn' ? 'simpleRnn' : type;
      expect(await typesOf(options)).toEqual([layer, layer, 'dense']);
      expect((await network(options)).outputShapes).toEqual([[2]]);
      expect((await network({ ...options, returnSequences: true })).outputShapes).toEqual([[7, 2]]);
      expect(await typesOf({ ...options, layers: [4], bidirectional: true })).toEqual(['bidirectional', 'dense']);
    },
  );

  test.each(['rnn', 'lstm', 'gru'] as const)('%s: reads digits row by row: 90 % of those held out', async (type) => {
    const rows = ({ inputs, targets }: Dataset) => ({
      inputs: { ...inputs, shape: [inputs.shape[0]!, 8, 8] },
      targets,
    });
    const model = await network({ type, inputShape: [8, 8], outputs: 10, seed: 1 });
    await model.fit(rows(train), { epochs: 20 });
    expect(model.evaluate(rows(held))['accuracy']).toBeGreaterThan(0.9);
  });

  test('what is no sequence is refused', async () => {
    const made = network({ type: 'lstm', inputShape: [8], outputs: 2 });
    await expect(made).rejects.toThrow('network: a lstm takes samples [time, features], got [*, 8]');
  });
});

describe('autoencoders', () => {
  /** How the pixels of the digits held out vary about the mean digit: what a code that says nothing leaves as error. */
  const variance = (() => {
    const { data, shape } = held.inputs;
    const count = shape[0]!;
    let total = 0;
    for (let pixel = 0; pixel < 64; pixel++) {
      const values = Array.from({ length: count }, (_, i) => data[64 * i + pixel]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      total += values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    }
    return total / 64;
  })();
  const errorOf = (out: Tensor) =>
    Array.from(out.data).reduce((sum, value, i) => sum + (value - held.inputs.data[i]!) ** 2, 0) / out.data.length;

  test('autoencoder: eight numbers give digits back with less than a third of their variance as error', async () => {
    const model = await network({ type: 'autoencoder', inputShape: [64], code: 8, seed: 1 });
    await model.fit(itself(train), { epochs: 20 });
    expect(model.evaluate(itself(held)).loss).toBeLessThan(variance / 3);
  });

  test.each([
    ['sigmoid', 0.6],
    ['linear', 0.25],
  ] as const)(
    'variational, %s: gives digits back with less than %d of their variance as error',
    async (outputActivation, share) => {
      const model = await network({ type: 'variational', inputShape: [64], outputActivation, seed: 1 });
      const { history } = await model.fit(itself(train), { epochs: 20 });
      expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
      const [first, again] = [model.predict(held.inputs), model.predict(held.inputs)];
      // A prediction has no noise.
      expect(first.data).toEqual(again.data);
      expect(errorOf(first)).toBeLessThan(share * variance);
      // The code is used, and it is spread about as a standard normal distribution is: what is drawn there are digits too.
      const { data } = model.activations(held.inputs, 'mean');
      const square = Array.from(data).reduce((sum, value) => sum + value * value, 0) / data.length;
      expect(square).toBeGreaterThan(0.1);
      expect(square).toBeLessThan(1.5);
    },
  );

  test('variational: the loss is the cross-entropy and beta times the divergence over the elements', async () => {
    const options = { type: 'variational', inputShape: [6], layers: [5], code: 3, seed: 2 } as const;
    const inputs = { data: Float32Array.from({ length: 24 }, (_, i) => (i % 7) / 6), shape: [4, 6] };
    const [plain, weighted] = [await network({ ...options, beta: 0 }), await network({ ...options, beta: 2 })];
    const { 'mean.kernel': m, 'logVariance.kernel': l } = weighted.getWeights();
    const hidden = Array.from({ length: 4 }, (_, row) => {
      const { data } = weighted.getWeights()['layers.0.kernel']!;
      return Array.from({ length: 5 }, (__, j) =>
        Math.max(
          0,
          Array.from({ length: 6 }, (___, k) => inputs.data[row * 6 + k]! * data[k * 5 + j]!).reduce((a, b) => a + b),
        ),
      );
    });
    const times = (row: number[], data: ArrayLike<number>, c: number) =>
      row.reduce((sum, v, j) => sum + v * data[j * 3 + c]!, 0);
    const divergence = hidden
      .flatMap((row) => [0, 1, 2].map((c) => [times(row, m!.data, c), times(row, l!.data, c)] as const))
      .reduce((sum, [mean, log]) => sum + (mean * mean + Math.exp(log) - log - 1) / 2, 0);
    const loss = (model: typeof plain) => model.evaluate({ inputs, targets: inputs }, { batchSize: 3 }).loss;
    expect(loss(weighted) - loss(plain)).toBeCloseTo((2 * divergence) / 4 / 6, 5);
  });

  test('variational: ten epochs are five, a file, and five more', async () => {
    const data = itself({
      ...train,
      inputs: { data: train.inputs.data.slice(0, 64 * 40), shape: [40, 64] },
    } as Dataset);
    const make = () => network({ type: 'variational', inputShape: [64], layers: [8], code: 2, seed: 3 });
    const [whole, half] = [await make(), await make()];
    await whole.fit(data, { epochs: 10 });
    await half.fit(data, { epochs: 5 });
    const resumed = await loadModel(half.toBytes({ optimizer: true }));
    await resumed.fit(data, { epochs: 5 });
    expect(bitsOf(resumed)).toEqual(bitsOf(whole));
  });

  test('pictures are taken and given back in their shape', async () => {
    const model = await network({ type: 'autoencoder', inputShape: [4, 4, 1], outputActivation: 'sigmoid' });
    expect(model.outputShapes).toEqual([[4, 4, 1]]);
  });
});
