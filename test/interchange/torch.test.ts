// state_dicts that PyTorch made (files/torch.json): loaded by one call they predict what PyTorch predicts; written back they
// are the same tensors. And what does not match: told whole, on both sides, before anything is changed.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { decodeSafetensors } from '../../src/formats/safetensors.ts';
import { loadStateDict, toStateDict, type StateTensor } from '../../src/interchange/torch/state-dict.ts';
import { goldenTensor, type GoldenArray } from '../helpers/golden.ts';
import { variant } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

interface Recorded {
  cases: { name: string; weights: string; input: GoldenArray; output: GoldenArray }[];
  pickles: Record<string, string>;
}

const recorded = JSON.parse(readFileSync(new URL('./files/torch.json', import.meta.url), 'utf8')) as Recorded;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const caseOf = (name: string) => recorded.cases.find((each) => each.name === name)!;
const options = { seed: 4, variant };
const sequences = { returnSequences: true };

const chain = (layers: n.Layer[], inputShape: number[], rest: object = {}) =>
  n.sequential(layers, { ...options, inputShape, ...rest });

const models: Record<string, () => Promise<n.Model>> = {
  dense: () => chain([n.dense(7, { activation: 'relu' }), n.dense(3)], [5]),
  convolutions: () =>
    chain(
      [
        n.conv2d(4, { kernelSize: 3 }),
        n.batchNorm(),
        n.activation('relu'),
        n.maxPool2d(),
        n.flatten(),
        n.dense(6),
        n.activation('relu'),
        n.batchNorm(),
        n.dense(2),
      ],
      [8, 6, 3],
    ),
  'groups, transposed, group norm, prelu': () =>
    chain(
      [
        n.conv2d(6, { kernelSize: [3, 2], groups: 2, useBias: false }),
        n.groupNorm(3),
        n.prelu(),
        n.convTranspose2d(4, { kernelSize: [2, 3], stride: 2, groups: 2 }),
      ],
      [5, 6, 4],
    ),
  'lstm of two layers': () => chain([n.lstm(4, { ...sequences, layers: 2 })], [5, 3]),
  gru: () => chain([n.gru(4, sequences)], [5, 3]),
  'both ways': () => chain([n.bidirectional(n.lstm(4, sequences))], [5, 3]),
  'simple rnn': () => chain([n.simpleRnn(4, sequences)], [5, 3]),
  attention: () => chain([n.multiHeadAttention(2), n.layerNorm()], [5, 8]),
  transformer: () =>
    chain([n.embedding(9, 8), n.transformerEncoder(2, 2, { feedForward: 12 }), n.layerNorm(), n.dense(9)], [6], {
      inputDtype: 'int32',
    }),
};

/** PyTorch's encoder has its last normalisation inside; here it is a layer behind. */
const maps: Record<string, (name: string) => string> = {
  transformer: (name) => name.replace(/^encoder\.norm\./, 'after.'),
};

const integers = (array: GoldenArray, dtype: string) =>
  dtype === 'i32' ? { ...goldenTensor(array), data: Int32Array.from(array.data, Number) } : goldenTensor(array);

test('there is a model for each case of PyTorch', () => {
  expect(Object.keys(models)).toEqual(recorded.cases.map(({ name }) => name));
});

test.each(recorded.cases)('PyTorch predicts the same: $name', async ({ name, weights, input, output }) => {
  const model = await models[name]!();
  const { missing, unexpected } = loadStateDict(model, bytesOf(weights), maps[name] && { map: maps[name] });
  expect([missing, unexpected]).toEqual([[], []]);
  const { data } = model.predict(integers(input, model.topology.inputs[0]!.dtype));
  expectClose(data, goldenTensor(output).data, 1e-5, name);
});

test.each(recorded.cases)('written back: $name', async ({ name, weights }) => {
  const model = await models[name]!();
  const { modules } = loadStateDict(model, bytesOf(weights), maps[name] && { map: maps[name] });
  const back = toStateDict(model, { map: modules });
  const { tensors } = decodeSafetensors(bytesOf(weights));
  const rename = maps[name] ?? ((tensor: string) => tensor);
  expect([...back.keys()].toSorted()).toEqual([...tensors.keys()].map(rename).toSorted());
  const values = (all: ReadonlyMap<string, StateTensor>, tensor: string) =>
    Float32Array.from(all.get(tensor)!.data as Float32Array, Number);
  // Of two biases that PyTorch only ever adds, neurite keeps the sum.
  const known = (all: ReadonlyMap<string, StateTensor>, tensor: string) => {
    if (!tensor.includes('bias_') || name === 'gru') return values(all, tensor);
    const hidden = values(all, tensor.replace('_ih', '_hh'));
    return values(all, tensor.replace('_hh', '_ih')).map((x, i) => x + hidden[i]!);
  };
  for (const [tensor, { shape }] of tensors) {
    expect(back.get(rename(tensor))!.shape).toEqual(shape);
    expectClose(known(back, rename(tensor)), known(tensors, tensor), 1e-6, tensor);
  }
});

describe('names that do not match', () => {
  const dense = () => chain([n.dense(7, { activation: 'relu' }), n.dense(3)], [5]);
  const weights = () => new Map<string, StateTensor>(decodeSafetensors(bytesOf(caseOf('dense').weights)).tensors);
  const refusal = async (model: n.Model, act: () => unknown) => {
    const before = model.toBytes();
    expect(act).toThrow();
    expect(model.toBytes()).toEqual(before);
    try {
      act();
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test('both sides are told with their shapes, and nothing is changed', async () => {
    const model = await dense();
    const file = weights();
    file.delete('2.bias');
    file.set('head.weight', { data: new Float32Array(4), shape: [2, 2] });
    const message = await refusal(model, () => loadStateDict(model, file));
    expect(message).toContain('layers.1.kernel [7, 3], layers.1.bias [3]');
    expect(message).toContain("the file's without a place in the model: 2.weight [3, 7], head.weight [2, 2]");
  });

  test('strict: false loads what fits and reports the rest', async () => {
    const model = await dense();
    const file = weights();
    file.set('2.weight', { data: new Float32Array(4), shape: [2, 2] });
    const report = loadStateDict(model, file, { strict: false });
    expect(report).toEqual({
      modules: { '0': 'layers.0' },
      missing: ['layers.1.kernel', 'layers.1.bias'],
      unexpected: ['2.bias', '2.weight'],
    });
  });

  test('a map says which module is which layer; a shape that differs is refused', async () => {
    const model = await dense();
    const file = new Map(
      [...weights()].map(([name, tensor]) => [name.replace('0.', 'in.').replace('2.', 'out.'), tensor]),
    );
    expect(loadStateDict(model, file, { map: { in: 'layers.0' } }).modules).toEqual({
      in: 'layers.0',
      out: 'layers.1',
    });
    expect(await refusal(model, () => loadStateDict(model, file, { map: { in: 'layers.1' } }))).toBe(
      'loadStateDict: tensor "in.weight" is [7, 5] in the file, and layer "layers.1" needs [3, 7]',
    );
    expect(await refusal(model, () => loadStateDict(model, file, { map: { in: 'layer' } }))).toContain(
      'layers.0, layers.1',
    );
    expect(await refusal(model, () => loadStateDict(model, file, { map: { no: 'layers.1' } }))).toContain(
      'module "no"',
    );
  });

  test('equal shapes are told apart by their numbers, by the names of layers, or not at all', async () => {
    const four = (name: string, value: number) =>
      [`${name}.weight`, { data: new Float32Array(4).fill(value), shape: [2, 2] }] as const;
    const unnamed = await chain(
      [2, 2, 2].map(() => n.dense(2, { useBias: false })),
      [2],
    );
    loadStateDict(unnamed, new Map([four('fc10', 3), four('fc9', 2), four('fc1', 1)]));
    expect(Object.values(unnamed.getWeights()).map(({ data }) => data[0])).toEqual([1, 2, 3]);
    const file = new Map([four('encoder', 1), four('decoder', 2)]);
    const two = await chain(
      [1, 2].map(() => n.dense(2, { useBias: false })),
      [2],
    );
    expect(await refusal(two, () => loadStateDict(two, file))).toMatch(
      /"decoder", "encoder" have the same shapes.*map/,
    );
    const named = await chain(
      ['encoder', 'decoder'].map((name) => n.dense(2, { useBias: false, name })),
      [2],
    );
    loadStateDict(named, file);
    expect(Object.values(named.getWeights()).map(({ data }) => data[0])).toEqual([1, 2]);
  });

  test('tensors of whole numbers, and shapes that their values do not fill', async () => {
    const model = await dense();
    const file = weights();
    file.set('2.bias', { data: Int32Array.of(1, 2, 3), shape: [3] });
    expect(await refusal(model, () => loadStateDict(model, file))).toContain('"2.bias" holds whole numbers');
    file.set('2.bias', { data: Float32Array.of(1, 2), shape: [3] });
    expect(await refusal(model, () => loadStateDict(model, file))).toContain('"2.bias" has 2 values');
  });

  test('a GRU that resets before the product has no counterpart', async () => {
    const model = await chain([n.gru(4, { resetAfter: false })], [5, 3]);
    expect(() => toStateDict(model)).toThrow('resetAfter: false');
  });
});

test.each(Object.entries(recorded.pickles))(
  'a pickle (%s) is refused with two lines of Python',
  async (_name, pickle) => {
    const model = await models['dense']!();
    expect(() => loadStateDict(model, bytesOf(pickle))).toThrow(
      /pickle[\s\S]*import torch, safetensors\.torch\n[\s\S]*save_file/,
    );
  },
);
