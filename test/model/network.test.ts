import { describe, expect, test } from 'vitest';
import { network, networkTypes, type NetworkOptions } from '../../src/index.ts';
import { bitsOf, randomTensor, xor } from '../helpers/model.ts';

const layersOf = async (options: NetworkOptions) =>
  (await network(options)).topology.layers.map(({ type, config }) => ({ type, ...config }) as Record<string, unknown>);

describe('network', () => {
  test('mlp: hidden layers of one activation, an output of the task', async () => {
    const layers = await layersOf({ type: 'mlp', inputShape: [4], layers: [16, 8], activation: 'tanh', outputs: 3 });
    expect(layers.map(({ type, units, activation }) => [type, units, activation])).toEqual([
      ['dense', 16, 'tanh'],
      ['dense', 8, 'tanh'],
      ['dense', 3, 'softmax'],
    ]);
  });

  test("mlp: 64 units of ReLU with He's initial weights where nothing else is said", async () => {
    const [hidden, output] = await layersOf({ type: 'mlp', inputShape: [4], outputs: 1 });
    expect(hidden).toMatchObject({ units: 64, activation: 'relu', kernelInitializer: { type: 'heUniform' } });
    expect(output).toMatchObject({ units: 1, activation: 'linear' });
  });

  test('mlp: pictures are flattened, dropout stands behind each hidden layer, penalties on every kernel', async () => {
    const layers = await layersOf({
      type: 'mlp',
      inputShape: [2, 3],
      layers: [5, 4],
      dropout: 0.2,
      penalty: { l2: 0.1 },
      outputs: 2,
    });
    expect(layers.map(({ type }) => type)).toEqual(['flatten', 'dense', 'dropout', 'dense', 'dropout', 'dense']);
    for (const layer of layers.filter(({ type }) => type === 'dense'))
      expect(layer['kernelPenalty']).toEqual({ l2: 0.1 });
  });

  test('mlp: without hidden layers it is one layer', async () => {
    expect(await layersOf({ type: 'mlp', inputShape: [4], layers: [], outputs: 2 })).toHaveLength(1);
  });

  test('perceptron: one layer, no hidden ones', async () => {
    const layers = await layersOf({ type: 'perceptron', inputShape: [4], outputs: 1, task: 'binary' });
    expect(layers.map(({ type }) => type)).toEqual(['flatten', 'dense']);
    expect(layers[1]).toMatchObject({ units: 1, activation: 'sigmoid' });
    await expect(network({ type: 'perceptron', inputShape: [4], outputs: 1, layers: [3] })).rejects.toThrow(
      'a perceptron has no hidden layers, got 1; use type "mlp"',
    );
  });

  const tasks = [
    ['regression', 2, 'linear', 'meanSquaredError', [[0.5, 1.5]]],
    ['binary', 1, 'sigmoid', 'binaryCrossEntropy', [[1]]],
    ['multiclass', 3, 'softmax', 'crossEntropy', [2]],
    ['multilabel', 3, 'sigmoid', 'binaryCrossEntropy', [[1, 0, 1]]],
  ] as const;
  test.each(tasks)(
    '%s: the task chooses output and loss, and fit needs no other',
    async (task, outputs, activation, loss, targets) => {
      const model = await network({ type: 'mlp', inputShape: [4], layers: [3], outputs, task });
      expect(model.topology.layers.at(-1)!.config['activation']).toBe(activation);
      expect(model.metadata['task']).toBe(task);
      const data = { inputs: randomTensor([1, 4], 1), targets: targets as never };
      const before = model.evaluate(data).loss;
      await model.fit(data, { epochs: 5 });
      expect(model.trainer.losses[0]!.spec.type).toBe(loss);
      expect(model.evaluate(data).loss).toBeLessThan(before);
    },
  );

  test('the task is taken from the number of outputs where it is not said', async () => {
    expect((await network({ type: 'mlp', inputShape: [4], outputs: 3 })).metadata['task']).toBe('multiclass');
    expect((await network({ type: 'mlp', inputShape: [4], outputs: 1 })).metadata['task']).toBe('regression');
  });

  test('another output activation, seed and build may be asked for', async () => {
    const options = {
      type: 'mlp',
      inputShape: [2],
      layers: [4],
      outputs: 1,
      outputActivation: 'tanh',
      seed: 5,
      deterministic: true,
    } as const;
    const [a, b] = [await network(options), await network(options)];
    expect(bitsOf(a)).toEqual(bitsOf(b));
    expect(a.variant).toBe('simd');
    expect(a.topology.layers.at(-1)!.config['activation']).toBe('tanh');
  });

  test('learns exclusive or from hyperparameters alone', async () => {
    const model = await network({
      type: 'mlp',
      inputShape: [2],
      layers: [8],
      activation: 'tanh',
      outputs: 1,
      task: 'binary',
      seed: 1,
    });
    const { history } = await model.fit(xor, { epochs: 400, batchSize: 4, optimizer: 'adam' });
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
  });

  const refused: [string, object, new (...args: never[]) => Error, string][] = [
    [
      'an unknown type, listing the known',
      { type: 'gan' },
      RangeError,
      `unknown network type "gan"; known: ${networkTypes.join(', ')}`,
    ],
    ['a type nearly right', { type: 'mpl' }, RangeError, 'did you mean "mlp"?'],
    ['an unknown task', { task: 'multiclas' }, RangeError, 'did you mean "multiclass"?'],
    ['classes in one output', { task: 'multiclass', outputs: 1 }, RangeError, 'needs at least 2 outputs'],
    [
      'several outputs for one yes or no',
      { task: 'binary', outputs: 3 },
      RangeError,
      'task "binary" has 1 output, got 3',
    ],
    ['no outputs', { outputs: 0 }, RangeError, 'network: outputs: expected an integer of at least 1, got 0'],
    [
      'negative units',
      { layers: [8, -1] },
      RangeError,
      'network: layers[1]: expected an integer of at least 1, got -1',
    ],
    ['layers that are no list', { layers: 8 }, TypeError, 'expected layers as a list of units, got number'],
    ['no input shape', { inputShape: undefined }, TypeError, 'network: expected the option inputShape'],
    ['an unknown activation', { activation: 'rlu' }, RangeError, 'did you mean "relu"?'],
    ['a negative rate of dropout', { dropout: -0.5 }, RangeError, 'expected a rate in [0, 1), got -0.5'],
    ['an unknown option', { units: [3] }, RangeError, 'unknown option of network "mlp" "units"'],
  ];
  test.each(refused)('%s is refused', async (_, options, kind, message) => {
    const build = network({ type: 'mlp', inputShape: [4], outputs: 3, ...options } as NetworkOptions);
    await expect(build).rejects.toThrow(kind);
    await expect(build).rejects.toThrow(message);
  });

  test('no options at all are refused', async () => {
    await expect(network(undefined as never)).rejects.toThrow('network: expected an object of hyperparameters');
  });
});
