import { describe, expect, it, test } from 'vitest';
import {
  dense,
  embedding,
  input,
  loadModel,
  model,
  multiHeadAttention,
  paddingMask,
  ShapeError,
  transformerDecoder,
  transformerDecoderLayer,
  transformerEncoder,
  transformerEncoderLayer,
} from '../../src/index.ts';
import * as reference from '../../reference/attention.ts';
import { normalizeRows } from '../../reference/norm.ts';
import { affine, checkModel, modelOf, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

type Values = Record<string, Float64Array>;

interface Shape {
  batch: number;
  heads: number;
  size: number;
  width: number;
  causal?: boolean;
  mask?: ArrayLike<number>;
  rotary?: number;
}

/** Multi-head attention in float64, from the layer's parameters. */
function attend(
  p: Values,
  prefix: string,
  query: ArrayLike<number>,
  memory: ArrayLike<number>,
  shape: Shape,
  memoryWidth = shape.width,
) {
  const { batch, heads, size, width, rotary } = shape;
  const inner = heads * size;
  const queries = query.length / batch / width;
  const keys = memory.length / batch / memoryWidth;
  const project = (x: ArrayLike<number>, name: string, from: number) =>
    affine(x, p[`${prefix}.${name}Kernel`]!, p[`${prefix}.${name}Bias`] ?? null, from, inner);
  const turn = (x: Float64Array, steps: number) =>
    rotary ? reference.rotary(x, { steps, heads, size, base: rotary }) : x;
  const out = reference.attention(
    turn(project(query, 'query', width), queries),
    turn(project(memory, 'key', memoryWidth), keys),
    project(memory, 'value', memoryWidth),
    { ...shape, queries, keys },
  );
  return affine(out, p[`${prefix}.outputKernel`]!, p[`${prefix}.outputBias`] ?? null, inner, width);
}

const plus = (a: ArrayLike<number>, b: ArrayLike<number>) => Float64Array.from(a, (value, i) => value + b[i]!);

function feedForward(p: Values, prefix: string, x: ArrayLike<number>, width: number, inside: number) {
  const inner = affine(x, p[`${prefix}.feedForward1.kernel`]!, p[`${prefix}.feedForward1.bias`]!, width, inside);
  const active = inner.map((value) => Math.tanh(value));
  return affine(active, p[`${prefix}.feedForward2.kernel`]!, p[`${prefix}.feedForward2.bias`]!, inside, width);
}

const norm = (p: Values, prefix: string, x: ArrayLike<number>, width: number) =>
  normalizeRows(x, width, 1e-5, { gamma: p[`${prefix}.gamma`], beta: p[`${prefix}.beta`] });

// What is added to all keys alike changes no weight.
const tolerance = { tolerance: 2e-5, vanishing: /keyBias$/ };

describe('multiHeadAttention against the reference, with finite differences', () => {
  const shape = { batch: 2, heads: 2, size: 3, width: 6 };

  it.each([{}, { causal: true }, { rotary: { base: 100 } }, { rotary: true, causal: true }])(
    'to itself, %o',
    async (options) => {
      const { rotary, ...rest } = options as { causal?: boolean; rotary?: true | { base: number } };
      const base = rotary === true ? 10000 : rotary?.base;
      const size = rotary ? 4 : 3;
      checkModel(
        await modelOf(multiHeadAttention(2, { headSize: size, ...options }), [5, 6]),
        2,
        (p, x) => attend(p, 'layers.0', x!, x!, { ...shape, size, ...rest, ...(base && { rotary: base }) }),
        base ? { tolerance: 2e-5 } : tolerance,
      );
    },
  );

  it('to a memory of another length and width, without bias', async () => {
    const [x, memory] = [input([3, 6]), input([5, 4])];
    const layer = multiHeadAttention(2, { useBias: false });
    const net = await model({ inputs: [x, memory], outputs: layer([x, memory]) });
    checkModel(net, 2, (p, a, b) => attend(p, 'layers.0', a!, b!, shape, 4), tolerance);
  });

  it('with keys and values of their own', async () => {
    const [q, k, v] = [input([3, 6]), input([4, 6]), input([4, 6])];
    const net = await model({ inputs: [q, k, v], outputs: multiHeadAttention(3)([q, k, v]) });
    const values = [randomTensor([2, 3, 6], 1), randomTensor([2, 4, 6], 2), randomTensor([2, 4, 6], 3)];
    const swapped = [values[0]!, values[1]!, { ...values[2]!, data: values[2]!.data.map((x) => 2 * x) }];
    expect(net.predict(values).data).not.toEqual(net.predict(swapped as never).data);
    const equal = net.predict([values[0]!, values[1]!, values[1]!]);
    const p = Object.fromEntries(
      Object.entries(net.getWeights()).map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const expected = attend(p, 'layers.0', values[0]!.data, values[1]!.data, { batch: 2, heads: 3, size: 2, width: 6 });
    expectClose(equal.data, expected, 1e-5, 'out');
  });

  it('with a mask of the keys: what is hidden changes nothing', async () => {
    const words = input([4], { dtype: 'int32' });
    const x = embedding(9, 6)(words);
    const net = await model({ inputs: words, outputs: multiHeadAttention(2)([x, paddingMask()(words)]) });
    const table = net.getWeights()['layers.0.table']!;
    const before = net.predict([[1, 2, 0, 0]]).data.slice(0, 12);
    table.data.set([5, 5, 5, 5, 5, 5]);
    net.setWeights({ 'layers.0.table': table });
    expect(net.predict([[1, 2, 0, 0]]).data.slice(0, 12)).toEqual(before);
    const copy = await loadModel(net.toBytes());
    expect(copy.predict([[1, 2, 0, 0]]).data.slice(0, 12)).toEqual(before);
  });

  it('drops weights in training alone', async () => {
    const net = await modelOf(multiHeadAttention(2, { dropout: 0.5 }), [5, 6]);
    const x = randomTensor([2, 5, 6], 4);
    expect(net.predict(x).data).toEqual(net.predict(x).data);
    const request = { outputGradient: randomTensor([2, 5, 6], 5) };
    const [eager, trained] = [false, true].map((training) => net.gradients(x, { ...request, training }));
    expect(eager!.inputs[0]!.data).not.toEqual(trained!.inputs[0]!.data);
  });
});

describe('transformer layers against the reference, with finite differences', () => {
  const shape = { batch: 2, heads: 2, size: 2, width: 4 };
  const options = { feedForward: 5, activation: 'tanh' } as const;

  it('an encoder layer, normalised last', async () => {
    checkModel(
      await modelOf(transformerEncoderLayer(2, options), [3, 4]),
      2,
      (p, x) => {
        const attended = norm(p, 'layers.0.norm1', plus(x!, attend(p, 'layers.0.attention', x!, x!, shape)), 4);
        return norm(p, 'layers.0.norm2', plus(attended, feedForward(p, 'layers.0', attended, 4, 5)), 4);
      },
      tolerance,
    );
  });

  it('a stack of one layer is the layer, with finite differences', async () => {
    checkModel(
      await modelOf(transformerEncoder(1, 2, { ...options, normFirst: false }), [3, 4]),
      2,
      (p, x) => {
        const name = (part: string) => Object.keys(p).find((key) => key.endsWith(`norm1.${part}`))!;
        const prefix = name('gamma').slice(0, -'.norm1.gamma'.length);
        const attended = norm(p, `${prefix}.norm1`, plus(x!, attend(p, `${prefix}.attention`, x!, x!, shape)), 4);
        return norm(p, `${prefix}.norm2`, plus(attended, feedForward(p, prefix, attended, 4, 5)), 4);
      },
      tolerance,
    );
  });

  const decoder = (p: Values, prefix: string, x: ArrayLike<number>, memory: ArrayLike<number>) => {
    const h1 = norm(p, `${prefix}.norm1`, x, 4);
    const a = plus(x, attend(p, `${prefix}.attention`, h1, h1, { ...shape, causal: true }));
    const b = plus(a, attend(p, `${prefix}.crossAttention`, norm(p, `${prefix}.norm2`, a, 4), memory, shape));
    return plus(b, feedForward(p, prefix, norm(p, `${prefix}.norm3`, b, 4), 4, 5));
  };

  it('a decoder layer, normalised first', async () => {
    const [x, memory] = [input([3, 4]), input([5, 4])];
    const net = await model({
      inputs: [x, memory],
      outputs: transformerDecoderLayer(2, { ...options, normFirst: true })([x, memory]),
    });
    checkModel(net, 2, (p, a, b) => decoder(p, 'layers.0', a!, b!), tolerance);
  });

  it('stacks of layers, with a normalisation behind those that normalise first', async () => {
    const [x, memory] = [input([2, 4]), input([3, 4])];
    const stack = transformerDecoder(2, 2, { ...options, normFirst: true });
    const net = await model({ inputs: [x, memory], outputs: stack([x, memory]) });
    checkModel(
      net,
      2,
      (p, a, b) => {
        const first = decoder(p, 'layers.0.block0', a!, b!);
        return norm(p, 'layers.0.norm', decoder(p, 'layers.0.block1', first, b!), 4);
      },
      tolerance,
    );
  });

  it('come back from a file as they were', async () => {
    const [words, x] = [input([4], { dtype: 'int32' }), input([3, 4])];
    const mask = paddingMask()(words);
    const memory = transformerEncoder(2, 2, { ...options, norm: 'rms', causal: true, rotary: true, dropout: 0.1 })([
      embedding(7, 4)(words),
      mask,
    ]);
    const out = transformerDecoder(1, 2, { headSize: 3 })([x, memory, mask]);
    const net = await model({ inputs: [words, x], outputs: dense(2)(out), seed: 4 });
    const values = [Int32Array.of(1, 2, 3, 0), randomTensor([1, 3, 4], 3)];
    const copy = await loadModel(net.toBytes());
    expect(copy.predict(values as never).data).toEqual(net.predict(values as never).data);
    expect(copy.topology.layers.map(({ config }) => config)).toEqual(net.topology.layers.map(({ config }) => config));
  });

  it('with both masks: of the memory, then of x', async () => {
    const [x, memory, m1, m2] = [input([3, 4]), input([2, 4]), input([2]), input([3])];
    const net = await model({ inputs: [x, memory, m1, m2], outputs: transformerDecoderLayer(2)([x, memory, m1, m2]) });
    const values = [randomTensor([1, 3, 4], 1), randomTensor([1, 2, 4], 2)];
    const changed = [values[0]!, { ...values[1]!, data: values[1]!.data.map((v, i) => (i < 4 ? v : 9)) }];
    const at = (given: typeof values, a: number[]) => [...net.predict([...given, [a], [[1, 1, 1]]] as never).data];
    expect(at(values, [1, 0])).toEqual(at(changed as typeof values, [1, 0]));
    expect(at(values, [1, 1])).not.toEqual(at(changed as typeof values, [1, 1]));
  });
});

test('bad input is refused where it is given', async () => {
  expect(() => multiHeadAttention(0)).toThrow('multiHeadAttention: heads: expected an integer of at least 1, got 0');
  expect(() => multiHeadAttention(2, { dropout: 1 })).toThrow('expected a dropout in [0, 1), got 1');
  expect(() => multiHeadAttention(2, { head: 2 } as never)).toThrow('option of multiHeadAttention');
  await expect(modelOf(multiHeadAttention(4), [5, 6])).rejects.toThrow(
    'multiHeadAttention: 4 heads do not divide the width 6',
  );
  await expect(modelOf(transformerEncoderLayer(4), [5, 6])).rejects.toThrow(
    'transformerEncoderLayer: 4 heads do not divide the width 6',
  );
  await expect(modelOf(multiHeadAttention(2, { rotary: true }), [5, 6])).rejects.toThrow(
    'rotary positions need an even head size, got 3',
  );
  await expect(modelOf(multiHeadAttention(2), [6])).rejects.toThrow(ShapeError);
  const [x, mask] = [input([5, 6]), input([4])];
  expect(() => multiHeadAttention(2)([x, mask])).toThrow('expected a mask [*, 5] for keys [*, 5, 6], got [*, 4]');
  expect(() => transformerEncoderLayer(2)([x, mask])).toThrow('expected a mask [*, 5]');
  expect(() => transformerDecoderLayer(2)(x)).toThrow('expected two sequences, x and memory');
  expect(() => transformerEncoderLayer(2, { norm: 'batch' as never })).toThrow("expected norm 'layer' or 'rms'");
});
