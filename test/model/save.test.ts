import { describe, expect, test } from 'vitest';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, decodeSafetensors, type SafeTensor } from '../../src/formats/safetensors.ts';
import {
  activation,
  add,
  concatenate,
  dense,
  dropout,
  flatten,
  FormatError,
  input,
  loadModel,
  losses,
  model as graphModel,
  multiply,
  network,
  prelu,
  reshape,
  sequential,
  ShapeError,
  type Model,
} from '../../src/node/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const small = (): Promise<Model> =>
  sequential([dense(3, { activation: 'tanh' }), dense(2)], { inputShape: [4], seed: 9 });

/** Everything that a topology can say. */
async function rich(): Promise<Model> {
  const [a, b] = [input([2, 3], { name: 'picture' }), input([4])];
  const shared = dense(4, {
    activation: { name: 'leakyRelu', alpha: 0.2 },
    kernelPenalty: { l1: 0.1, l2: 0.2 },
    name: 'shared',
  });
  const left = shared(
    dense(4, { trainable: false, kernelInitializer: { type: 'normal', deviation: 0.3 } })(flatten()(a)),
  );
  const right = dropout(0.25)(prelu({ shared: true })(shared(b)));
  const joined = concatenate()([add()([left, right]), multiply()([left, right])]);
  const folded = activation('gelu')(reshape([2, -1])(joined));
  return graphModel({ inputs: [a, b], outputs: [dense(1, { useBias: false })(flatten()(folded)), joined], seed: 3 });
}

type Metadata = Record<string, string>;
type Tensors = Map<string, SafeTensor>;

/** A file with something else in it than what the model would write. */
function damaged(model: Model, change: (metadata: Metadata, tensors: Tensors) => void, options = {}): Uint8Array {
  const { metadata, tensors } = decodeSafetensors(model.toBytes(options));
  const own = { ...metadata };
  change(own, tensors);
  return encodeSafetensors(tensors, own);
}

describe('save and load', () => {
  test('a path, written as a whole, gives the model back', async () => {
    const path = join(temporaryFolder(), 'model.safetensors');
    const model = await small();
    await model.save(path);
    const loaded = await loadModel(path);
    expect(bitsOf(loaded)).toEqual(bitsOf(model));
    expect(statSync(path).size).toBe(model.toBytes().length);
  });

  test('a rich topology predicts the same bits', async () => {
    const model = await rich();
    const loaded = await loadModel(model.toBytes());
    const inputs = [randomTensor([5, 2, 3], 1), randomTensor([5, 4], 2)];
    expect(loaded.predictAll(inputs)).toEqual(model.predictAll(inputs));
    expect(
      loaded.parameters.map(({ name, shape, trainable, penalty }) => ({ name, shape, trainable, penalty })),
    ).toEqual(model.parameters.map(({ name, shape, trainable, penalty }) => ({ name, shape, trainable, penalty })));
    expect(loaded.topology.inputs).toEqual(model.topology.inputs);
    expect(loaded.seed).toBe(3);
  });

  test('what was loaded is saved to the same bytes', async () => {
    for (const model of [await small(), await rich()]) {
      const bytes = model.toBytes();
      expect(model.toBytes()).toEqual(bytes);
      expect((await loadModel(bytes)).toBytes()).toEqual(bytes);
    }
  });

  test('metadata, losses and their weights come back', async () => {
    const model = await rich();
    model.metadata = { classes: ['a', 'é'], scale: { mean: [1, 2] } };
    const data = {
      inputs: [randomTensor([6, 2, 3], 1), randomTensor([6, 4], 2)],
      targets: [randomTensor([6, 1], 3), randomTensor([6, 8], 4)],
    };
    await model.fit(data, { loss: ['mse', losses.huber({ delta: 2 })], lossWeights: [1, 0.5] });
    const loaded = await loadModel(model.toBytes());
    expect(loaded.metadata).toEqual(model.metadata);
    expect(loaded.evaluate(data)).toEqual(model.evaluate(data));
    expect(loaded.trainer.losses.map(({ spec }) => spec)).toEqual([
      { type: 'meanSquaredError' },
      { type: 'huber', delta: 2 },
    ]);
  });

  test('the loss of a network is in its file before any training', async () => {
    const loaded = await loadModel((await network({ type: 'mlp', inputShape: [4], outputs: 3 })).toBytes());
    expect(loaded.metadata).toEqual({ task: 'multiclass' });
    await loaded.fit({ inputs: randomTensor([5, 4], 1), targets: [0, 1, 2, 0, 1] });
  });

  test('any safetensors reader finds the weights under their names', async () => {
    const model = await small();
    const { tensors } = decodeSafetensors(model.toBytes());
    expect([...tensors.keys()].toSorted()).toEqual([
      'layers.0.bias',
      'layers.0.kernel',
      'layers.1.bias',
      'layers.1.kernel',
    ]);
    expect(tensors.get('layers.0.kernel')).toMatchObject({ dtype: 'F32', shape: [4, 3] });
  });

  test('bytes come in every form', async () => {
    const model = await small();
    const bytes = new Uint8Array(model.toBytes());
    for (const source of [bytes, bytes.buffer, new Blob([bytes]), new Response(bytes)])
      expect(bitsOf(await loadModel(source))).toEqual(bitsOf(model));
  });

  test('a model may be loaded into another build', async () => {
    const model = await loadModel((await small()).toBytes(), { deterministic: true });
    expect(model.variant).toBe('simd');
  });

  test('bad paths and sources are errors', async () => {
    const model = await small();
    await expect(model.save('')).rejects.toThrow('model.save: expected a path');
    await expect(model.save(3 as never)).rejects.toThrow(TypeError);
    await expect(model.save(join(temporaryFolder(), 'missing', 'x'))).rejects.toThrow(
      'there is no such file or folder',
    );
    await expect(loadModel('/nowhere.safetensors')).rejects.toThrow('there is no such file');
    await expect(loadModel(3 as never)).rejects.toThrow(
      'load: expected a path, a URL, a Blob, a Response or bytes, got number',
    );
    await expect(loadModel(new Response(null, { status: 404, statusText: 'Not Found' }))).rejects.toThrow(
      'answered 404 Not Found',
    );
  });
});

const json = (metadata: Metadata, name: string, change: (value: any) => void) => {
  const value = JSON.parse(metadata[name]!) as unknown;
  change(value);
  metadata[name] = JSON.stringify(value);
};
const topology = (change: (value: any) => void) => (metadata: Metadata) => json(metadata, 'topology', change);
const layerConfig = (change: (config: any) => void) => topology(({ layers }) => change(layers[0].config));

describe('load refuses', () => {
  const damages: [string, (metadata: Metadata, tensors: Tensors) => void, new (...args: never[]) => Error, string][] = [
    [
      'weights of another program',
      (metadata) => delete metadata['format'],
      FormatError,
      'the file has weights but no neurite topology',
    ],
    [
      'a later version',
      (metadata) => (metadata['version'] = '2'),
      FormatError,
      'the file is of version 2; this neurite knows 1',
    ],
    ['no version', (metadata) => delete metadata['version'], FormatError, 'the file is of version undefined'],
    ['no topology', (metadata) => delete metadata['topology'], FormatError, 'metadata has no "topology"'],
    [
      'a topology that is not JSON',
      (metadata) => (metadata['topology'] = '{'),
      FormatError,
      'the file\'s "topology" is not JSON',
    ],
    [
      'a topology that is null',
      (metadata) => (metadata['topology'] = 'null'),
      FormatError,
      'the topology is not an object',
    ],
    [
      'a topology of a later version',
      topology((t) => (t.version = 2)),
      FormatError,
      'the topology is of version 2; this neurite knows version 1',
    ],
    [
      'an unknown layer, naming the nearest',
      topology((t) => (t.layers[0].type = 'dens')),
      FormatError,
      'unknown layer "dens"; did you mean "dense"?',
    ],
    ['no list of layers', topology((t) => (t.layers = {})), FormatError, 'the topology has no list of layers'],
    ['no list of calls', topology((t) => delete t.calls), FormatError, 'the topology has no list of calls'],
    [
      'a layer without configuration',
      topology((t) => (t.layers[1].config = null)),
      FormatError,
      'layer 1 of the topology has no type, name and config',
    ],
    [
      'a call that is null',
      topology((t) => (t.calls[0] = null)),
      FormatError,
      'call 0 of the topology has no layer and list of inputs',
    ],
    [
      'an input that is null',
      topology((t) => (t.inputs[0] = null)),
      FormatError,
      'input 0 of the topology has no name and shape',
    ],
    [
      'an input of negative size',
      topology((t) => (t.inputs[0].shape = [-4])),
      FormatError,
      'expected positive integer sizes, got [-4]',
    ],
    [
      'an input with the name of a target',
      topology((t) => (t.inputs[0].name = 'target:0')),
      FormatError,
      'input: expected a name of letters',
    ],
    [
      'a layer that reads itself',
      topology((t) => (t.calls[0].inputs = [1])),
      FormatError,
      'call 0 refers to tensor 1, which comes later or never',
    ],
    ['a cycle', topology((t) => (t.calls[0].inputs = [2])), FormatError, 'which comes later or never'],
    ['a tensor of negative number', topology((t) => (t.calls[0].inputs = [-1])), FormatError, 'refers to tensor -1'],
    ['an output that is not there', topology((t) => (t.outputs = [7])), FormatError, 'output refers to tensor 7'],
    [
      'an output named like a method',
      topology((t) => (t.outputs = ['length'])),
      FormatError,
      "the file's topology cannot be used",
    ],
    [
      'a call of a layer that is not there',
      topology((t) => (t.calls[0].layer = 5)),
      FormatError,
      'call 0 of the topology uses layer 5 of 2',
    ],
    ['no outputs', topology((t) => (t.outputs = [])), FormatError, 'expected at least one output'],
    [
      'two layers of one name',
      topology((t) => t.layers.forEach((layer: any) => (layer.name = 'twin'))),
      FormatError,
      'two layers are named "twin"',
    ],
    [
      'negative units',
      layerConfig((c) => (c.units = -3)),
      FormatError,
      'dense: units: expected an integer of at least 1, got -3',
    ],
    ['units as text', layerConfig((c) => (c.units = '3')), FormatError, 'dense: units'],
    [
      'units beyond all memory',
      layerConfig((c) => (c.units = 1e15)),
      ShapeError,
      'is [4, 3] in the file and [4, 1000000000000000] in the model',
    ],
    ['an unknown activation', layerConfig((c) => (c.activation = 'tan')), FormatError, 'did you mean "tanh"?'],
    ['an unknown option', layerConfig((c) => (c.secret = 1)), FormatError, 'unknown option of dense "secret"'],
    [
      'an initialiser that only looks like one',
      layerConfig((c) => (c.kernelInitializer = { type: 'zeros', draw: 1 })),
      FormatError,
      'unknown parameter of initializer zeros "draw"',
    ],
    [
      'a penalty that is no number',
      layerConfig((c) => (c.kernelPenalty = { l2: 'x' })),
      FormatError,
      'expected a non-negative l2, got x',
    ],
    [
      'a missing tensor',
      (_, tensors) => tensors.delete('layers.1.bias'),
      FormatError,
      'the file has no tensor "layers.1.bias"',
    ],
    [
      'one tensor too many',
      (_, tensors) => tensors.set('layers.2.bias', tensors.get('layers.1.bias')!),
      FormatError,
      'tensor "layers.2.bias" of the file has no place in the model',
    ],
    [
      'a tensor of another shape',
      (_, tensors) => tensors.set('layers.1.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) }),
      ShapeError,
      'tensor "layers.1.bias" is [3] in the file and [2] in the model',
    ],
    [
      'a tensor of another type',
      (_, tensors) => tensors.set('layers.1.bias', { dtype: 'I32', shape: [2], data: new Int32Array(2) }),
      FormatError,
      'tensor "layers.1.bias" is I32 in the file; expected F32',
    ],
    ['a seed that is none', (metadata) => (metadata['seed'] = 'x'), FormatError, "the file's seed cannot be used"],
    [
      'metadata that are a list',
      (metadata) => (metadata['metadata'] = '[]'),
      FormatError,
      'the file\'s "metadata" is not an object',
    ],
    ['no training', (metadata) => delete metadata['training'], FormatError, 'metadata has no "training"'],
    [
      'a training that is null',
      (metadata) => (metadata['training'] = 'null'),
      FormatError,
      'it has no lists of losses and lossWeights',
    ],
    [
      'an unknown loss',
      (metadata) => json(metadata, 'training', (t) => (t.losses = [{ type: 'mes' }])),
      FormatError,
      'unknown loss "mes"',
    ],
    [
      'a loss that only looks like one',
      (metadata) => json(metadata, 'training', (t) => (t.losses = [{ type: 'mse', build: 1 }])),
      FormatError,
      'unknown option of meanSquaredError "build"',
    ],
    [
      'too many losses',
      (metadata) => json(metadata, 'training', (t) => (t.losses = [{ type: 'mse' }, { type: 'mse' }])),
      FormatError,
      'its losses are not those of 1 outputs',
    ],
  ];
  test.each(damages)('%s', async (_, change, kind, message) => {
    const bytes = damaged(await small(), change);
    await expect(loadModel(bytes)).rejects.toThrow(kind);
    await expect(loadModel(bytes)).rejects.toThrow(message);
  });

  const training = (change: (optimizer: any) => void) => (metadata: Metadata) =>
    json(metadata, 'training', ({ optimizer }) => change(optimizer));
  const states: [string, (metadata: Metadata, tensors: Tensors) => void, string][] = [
    ['an unknown optimizer', training((o) => (o.type = 'adm')), 'unknown optimizer "adm"; did you mean "adam"?'],
    ['options out of range', training((o) => (o.config.beta1 = 2)), 'adam: expected beta1 in [0, 1)'],
    ['a step that is none', training((o) => (o.step = -1)), "the optimizer's state is not of numbers"],
    ['an epoch that is none', training((o) => (o.epoch = 'x')), "the optimizer's state is not of numbers"],
    ['a state that is none', training((o) => (o.state = { m: 'x' })), "the optimizer's state is not of numbers"],
    [
      'a missing slot',
      (_, tensors) => tensors.delete('optimizer.m.layers.0.bias'),
      'the file has no tensor "optimizer.m.layers.0.bias"',
    ],
  ];
  test.each(states)('%s in a saved training', async (_, change, message) => {
    const model = await small();
    await model.fit(
      { inputs: randomTensor([3, 4], 1), targets: randomTensor([3, 2], 2) },
      { loss: 'mse', optimizer: 'adam' },
    );
    const bytes = damaged(model, change, { optimizer: true });
    await expect(loadModel(bytes)).rejects.toThrow(FormatError);
    await expect(loadModel(bytes)).rejects.toThrow(message);
  });

  test('a file that is none, and one cut off anywhere', async () => {
    await expect(loadModel(new Uint8Array(0))).rejects.toThrow(FormatError);
    await expect(loadModel(new TextEncoder().encode('not a model at all'))).rejects.toThrow(FormatError);
    const bytes = (await small()).toBytes();
    for (const length of [4, 9, 200, bytes.length - 60, bytes.length - 1])
      await expect(loadModel(bytes.slice(0, length))).rejects.toThrow(FormatError);
  });

  test('keys that belong to every object do no harm', async () => {
    const bytes = damaged(await small(), (metadata) => {
      metadata['metadata'] = '{"__proto__": {"polluted": 1}, "constructor": 2}';
      metadata['training'] = '{"losses": [], "lossWeights": [], "__proto__": {"optimizer": 1}}';
    });
    const model = await loadModel(bytes);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(model.trainer.optimizer).toBeNull();
  });
});
