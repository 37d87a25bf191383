// ONNX files that go on training: what neurite wrote trains as the original does; networks of PyTorch learn.
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { engineFeatures } from '../../src/core/features.ts';
import { exportWasm } from '../../src/export/index.ts';
import { predictByModule } from '../../src/export/error.ts';
import {
  MissingOperatorsError,
  modelFromOnnx,
  toOnnx,
  type ModelFromOnnxOptions,
} from '../../src/formats/onnx/index.ts';
import { readModel } from '../../src/formats/onnx/read.ts';
import { dataTypeNumbers } from '../../src/formats/onnx/types.ts';
import { randomFloats, variant } from '../helpers/kernel.ts';
import { casesOf, openCase } from '../helpers/onnx.ts';
import { floats, info, integers, modelBytes, node } from '../helpers/onnx-graph.ts';

const open = (bytes: Uint8Array, options: ModelFromOnnxOptions = {}) =>
  modelFromOnnx(bytes, { name: 'm.onnx', variant, ...options });

/** Samples with one of three classes, which is where the largest of their first three numbers stands. */
function samples(shape: readonly number[], count = 24) {
  const size = shape.reduce((product, each) => product * each, 1);
  const data = randomFloats(count * size, 5, -1, 1);
  const targets = Int32Array.from({ length: count }, (_, i) => {
    const own = data.subarray(i * size, i * size + 3);
    return own.indexOf(Math.max(...own));
  });
  return { inputs: { data, shape: [count, ...shape] }, targets: { data: targets, shape: [count] } };
}

const training = (epochs: number) => ({
  loss: 'crossEntropy' as const,
  optimizer: n.sgd({ learningRate: 0.1 }),
  batchSize: 8,
  shuffle: false,
  epochs,
});

// Recurrent layers without biases: ONNX has two of each, which both learn, as in PyTorch.
describe('a network of neurite, written and read, goes on as the original does', () => {
  const cases: [string, readonly number[], () => n.Layer[]][] = [
    ['dense layers', [6], () => [n.dense(16, { activation: 'tanh' }), n.dense(3)]],
    ['convolutions', [6, 6, 2], () => [n.conv2d(4, { kernelSize: 3, activation: 'relu' }), n.maxPool2d(), n.flatten(), n.dense(3)]],
    ['an LSTM', [5, 3], () => [n.lstm(8, { useBias: false }), n.dense(3)]],
    ['a GRU', [5, 3], () => [n.gru(6, { returnSequences: true, useBias: false }), n.flatten(), n.dense(3)]],
    ['layer norm, gelu, softmax', [6], () => [n.dense(8, { activation: 'gelu' }), n.layerNorm(), n.dense(3, { activation: 'softmax' })]],
  ]; // prettier-ignore
  test.each(cases)('%s', async (_name, inputShape, layers) => {
    const original = await n.sequential(layers(), { inputShape: [...inputShape], seed: 2, variant });
    const data = samples(inputShape);
    await original.fit(data, training(2));
    const again = await open(toOnnx(original));
    expect(again.parameters.length).toBeGreaterThanOrEqual(original.parameters.length);
    const [ours, theirs] = [await original.fit(data, training(4)), await again.fit(data, training(4))];
    expect(ours.history['loss']!.at(-1)!).toBeLessThan(ours.history['loss']![0]!);
    theirs.history['loss']!.forEach((loss, epoch) =>
      expect(Math.abs(loss - ours.history['loss']![epoch]!)).toBeLessThan(2e-5),
    );
    // And out again, with the weights that it has now.
    const file = await openCase('again.onnx', toOnnx(again));
    const expected = again.predict(data.inputs).data;
    const found = file.run({ [file.inputs[0]!.name]: data.inputs })[file.outputs[0]!.name]!.data;
    expected.forEach((value: number, i: number) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5));
  });
});

describe('networks that PyTorch exported', () => {
  const networks = casesOf('models.tar.gz').filter(({ name }) => name.startsWith('pytorch-networks/'));
  test.each(networks.map((each) => [each.name.split('/')[1]!, each] as const))('%s learns', async (_name, { model }) => {
    const file = await openCase('file.onnx', model);
    const net = await open(model);
    const [{ shape }] = file.inputs as [(typeof file.inputs)[number]];
    const count = typeof shape[0] === 'number' ? shape[0] : 6;
    const sample = shape.slice(1) as number[];
    const size = sample.reduce((product, each) => product * each, 1);
    const isInteger = net.topology.inputs[0]!.dtype === 'i32';
    const numbers = randomFloats(count * size, 3, -1, 1);
    const inputs = {
      data: isInteger ? Int32Array.from(numbers, (value) => Math.floor(4 * (value + 1))) : numbers,
      shape: [count, ...sample],
    };
    const expected = file.run({ [file.inputs[0]!.name]: inputs })[file.outputs[0]!.name]!;
    const predicted = net.predict(inputs);
    expect(predicted.shape).toEqual(expected.shape);
    predicted.data.forEach((value: number, i: number) => expect(Math.abs(value - expected.data[i]!)).toBeLessThan(1e-4));
    const targets = { data: randomFloats(predicted.data.length, 4, -1, 1), shape: predicted.shape };
    const options = { loss: 'mse' as const, optimizer: n.adam({ learningRate: 0.01 }), batchSize: count, epochs: 25 };
    const { history } = await net.fit({ inputs, targets }, options);
    expect(history['loss']!.at(-1)!).toBeLessThan(0.8 * history['loss']![0]!);
  }); // prettier-ignore
});

describe('a file as a model', () => {
  const bytes = modelBytes({
    input: [info('x', ['n', 4])],
    output: [info('y', ['n', 3])],
    initializer: [
      floats('w', [4, 3], randomFloats(12, 1, -1, 1)),
      floats('b', [3], [0.1, 0.2, 0.3]),
      floats('mean', [3], [1, 2, 3]),
      floats('variance', [3], [1, 4, 9]),
      floats('scale', [3], [1, 1, 1]),
      floats('half', [], [0.5]),
    ],
    node: [
      node('Gemm', ['x', 'w', 'b'], ['h']),
      node('BatchNormalization', ['h', 'scale', 'b', 'mean', 'variance'], ['normal']),
      node('Mul', ['normal', 'half'], ['y']),
    ],
  });

  test('its weights are parameters by their names; statistics and single numbers are not trained', async () => {
    const model = await open(bytes);
    expect(model.parameters.map(({ name }) => name)).toEqual(['onnx.w', 'onnx.b', 'onnx.scale']);
    expect(model.states.map(({ name }) => name)).toEqual(['onnx.mean', 'onnx.variance']);
    const frozen = await open(bytes, { frozen: ['w', 'scale'] });
    expect(frozen.parameters.map(({ name }) => name)).toEqual(['onnx.b']);
    const before = frozen.getWeights();
    await frozen.fit(samples([4]), training(1));
    const after = frozen.getWeights();
    expect(after['onnx.w']!.data).toEqual(before['onnx.w']!.data);
    expect(after['onnx.mean']!.data).toEqual(before['onnx.mean']!.data);
    expect(after['onnx.b']!.data).not.toEqual(before['onnx.b']!.data);
    await expect(open(bytes, { frozen: ['nothing'] })).rejects.toThrow('m.onnx: no weight "nothing" to be frozen');
  });

  test('constants in a file of their own keep their type', async () => {
    const kept = {
      name: 'kept',
      dims: [4],
      dataType: dataTypeNumbers.bool,
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'kept.bin' }],
    };
    const graph = {
      input: [info('x', ['n', 4])],
      output: [info('y', ['n', 4])],
      initializer: [kept, floats('w', [4], [1, 2, 3, 4])],
      node: [node('Where', ['kept', 'x', 'w'], ['y'])],
    };
    const model = await open(modelBytes(graph), { externalData: { 'kept.bin': Uint8Array.of(1, 0, 0, 1) } });
    expect([...model.predict([5, 6, 7, 8]).data]).toEqual([5, 2, 3, 8]);
    const { graph: written } = readModel(toOnnx(model), 'm.onnx');
    const found = written!.initializer!.find(({ name }) => name === 'kept')!;
    expect([found.dataType, [...found.rawData!]]).toEqual([dataTypeNumbers.bool, [1, 0, 0, 1]]);
  });

  test('it is saved, loaded, and exported as one module', async () => {
    const model = await open(bytes);
    const { inputs } = samples([4], 5);
    const expected = model.predict(inputs).data;
    const loaded = await n.loadModel(model.toBytes(), { variant });
    expect(loaded.predict(inputs).data).toEqual(expected);
    if (variant === 'debug' || (variant === 'relaxed' && !engineFeatures().relaxedSimd)) return;
    const { bytes: module } = await exportWasm(model, { variant: variant as 'simd' });
    expect((await predictByModule(module, [inputs], [3], 1))[0]).toEqual(expected);
  });

  test('several inputs and outputs', async () => {
    const graph = {
      input: [info('a', ['n', 4]), info('k', ['n'], 'int64' as const)],
      output: [info('sum', ['n', 2]), info('rows', ['n', 2, 2])],
      initializer: [
        floats('w', [4, 4], randomFloats(16, 1, -1, 1)),
        floats('table', [5, 4], randomFloats(20, 2, -1, 1)),
        integers('shape', [3], [-1, 2, 2]),
        integers('axis', [1], [2]),
      ],
      node: [
        node('MatMul', ['a', 'w'], ['h']),
        node('Gather', ['table', 'k'], ['e']),
        node('Add', ['h', 'e'], ['s']),
        node('Reshape', ['s', 'shape'], ['rows']),
        node('ReduceSum', ['rows', 'axis'], ['sum'], { keepdims: 0 }),
      ],
    };
    const model = await open(modelBytes(graph));
    const a = { data: randomFloats(12, 3, -1, 1), shape: [3, 4] };
    const k = { data: Int32Array.of(4, 0, 4), shape: [3] };
    const [sum, rows] = model.predictAll([a, k]) as [n.Tensor, n.Tensor];
    const file = await openCase('m.onnx', toOnnx(model));
    const results = file.run({ a, k });
    expect([sum.shape, rows.shape]).toEqual([[3, 2], [3, 2, 2]]); // prettier-ignore
    expect([...sum.data]).toEqual([...results['sum']!.data]);
    expect([...rows.data]).toEqual([...results['rows']!.data]);
    const targets = [
      { data: new Float32Array(6), shape: [3, 2] },
      { data: new Float32Array(12), shape: [3, 2, 2] },
    ];
    const { history } = await model.fit({ inputs: [a, k], targets }, { loss: 'mse', epochs: 6, optimizer: n.sgd({ learningRate: 0.1 }) }); // prettier-ignore
    expect(history['loss']!.at(-1)!).toBeLessThan(history['loss']![0]!);
  });

  test('what cannot be a model, or cannot be trained, is refused with its name', async () => {
    const one = (graph: object) => open(modelBytes({ input: [info('x', ['n', 2, 2])], output: [info('y', ['n'])], ...graph }));
    const unknown = one({ input: [info('x', ['n', 'm'])], node: [node('Relu', ['x'], ['y'])] });
    await expect(unknown).rejects.toThrow('m.onnx: the input "x" is [n, m]; give the shape of one sample in the option shapes');
    const turned = one({ output: [info('y', [2, 'n'])], node: [node('Transpose', ['x'], ['y'], { perm: [1, 0, 2] })] });
    await expect(turned).rejects.toThrow('m.onnx: the output "y" is [2, 1, 2] for 1 samples');
    const missing = one({ node: [node('StringSplit', ['x'], ['y'])] });
    await expect(missing).rejects.toThrow('m.onnx: an operator is missing:\n  StringSplit');
    await expect(missing).rejects.toThrow(MissingOperatorsError);
    const determinant = await one({
      initializer: [floats('w', [2, 2], [1, 2, 3, 5])],
      node: [node('MatMul', ['x', 'w'], ['h']), node('Det', ['h'], ['y'])],
    });
    const data = { inputs: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] }, targets: { data: Float32Array.of(1), shape: [1] } };
    const before = determinant.getWeights()['onnx.w']!.data;
    await expect(determinant.fit(data, { loss: 'mse', epochs: 1 })).rejects.toThrow('the operation "determinant" has no gradient');
    expect(determinant.getWeights()['onnx.w']!.data).toEqual(before);
  }); // prettier-ignore
});
