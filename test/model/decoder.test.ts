import { describe, expect, it, test } from 'vitest';
import {
  attentionMaps,
  decoder,
  dense,
  embedding,
  flatten,
  input,
  learnedPositions,
  model,
  multiHeadAttention,
  paddingMask,
  sequential,
  sinusoidalPositions,
  transformerDecoder,
  transformerEncoder,
  type Tensor,
} from '../../src/index.ts';
import { attentionWeights } from '../../reference/attention.ts';
import { affine, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const options = { normFirst: true, causal: true, feedForward: 9, activation: 'gelu' } as const;
const words = (length: number, rows = 1) => Int32Array.from({ length: length * rows }, (_, i) => (i * 7 + 3) % 11);

/** The steps from `from` to `to` of [B, T, C]. */
function steps({ data, shape }: Tensor, from: number, to: number): number[] {
  const [batch, length, width] = shape as [number, number, number];
  return Array.from({ length: batch }, (_, b) => [
    ...data.subarray((b * length + from) * width, (b * length + to) * width),
  ]).flat();
}

describe('decoder', () => {
  it.each([
    ['sinusoidal', sinusoidalPositions(), {}],
    ['learned', learnedPositions(12), { norm: 'rms' }],
    ['rotary', sinusoidalPositions(), { rotary: true }],
  ] as const)('step by step equals the full pass: %s positions', async (_name, positions, extra) => {
    const table = embedding(11, 8);
    const net = await sequential([table, positions, transformerEncoder(2, 2, { ...options, ...extra }), table], {
      inputShape: [10],
      inputDtype: 'int32',
      seed: 2,
    });
    const full = net.predict(words(10));
    const decode = decoder(net, { length: 10 });
    // a prompt of three steps, two at once, then one by one
    const parts = [
      [0, 3],
      [3, 5],
      [5, 6],
      [6, 7],
      [7, 8],
      [8, 9],
      [9, 10],
    ] as const;
    for (const [from, to] of parts) {
      const out = decode.next([[...words(10).subarray(from, to)]]);
      expect(out.shape).toEqual([1, to - from, 11]);
      expectClose(out.data, steps(full, from, to), 1e-5, `steps ${from} to ${to}`);
    }
    expect(decode.position).toBe(10);
    expect(() => decode.next([[1]])).toThrow('decoder.next: 10 of 10 steps are done, and 1 more were given');
    decode.start();
    expectClose(decode.next([3]).data, steps(full, 0, 1), 1e-5, 'anew');
  });

  it('several sequences at once, and two decoders of one model beside each other', async () => {
    const net = await sequential([embedding(11, 8), transformerEncoder(1, 2, options), dense(3)], {
      inputShape: [4],
      inputDtype: 'int32',
    });
    const tokens = { data: words(4, 2), shape: [2, 4] };
    const full = net.predict(tokens);
    const [a, b] = [decoder(net, { length: 4, batchSize: 2 }), decoder(net, { length: 6, batchSize: 2 })];
    b.next({ data: Int32Array.of(9, 9, 9, 9), shape: [2, 2] });
    for (let t = 0; t < 4; t++)
      expectClose(
        a.next({ data: Int32Array.of(tokens.data[t]!, tokens.data[4 + t]!), shape: [2, 1] }).data,
        steps(full, t, t + 1),
        1e-5,
        `step ${t}`,
      );
    expect(b.position).toBe(2);
  });

  it('with a memory: the encoder is computed once, its mask hides padding', async () => {
    const [source, target] = [
      input([5], { dtype: 'int32', name: 'source' }),
      input([6], { dtype: 'int32', name: 'target' }),
    ];
    const table = embedding(11, 8);
    const mask = paddingMask()(source);
    const memory = transformerEncoder(1, 2, { normFirst: true })([table(source), mask]);
    const out = table(transformerDecoder(2, 2, { normFirst: true })([table(target), memory, mask]));
    const net = await model({ inputs: [source, target], outputs: out, seed: 5 });
    const given = Int32Array.of(4, 5, 6, 0, 0);
    const full = net.predict([given, words(6)]);
    const decode = decoder(net, { length: 6 });
    expect(() => decode.next([[1]])).toThrow('start has to be given the other inputs first');
    decode.start(given);
    for (let t = 0; t < 6; t++) expectClose(decode.next([words(6)[t]!]).data, steps(full, t, t + 1), 1e-5, `step ${t}`);
    expect(() => decode.start()).toThrow('decoder.start: expected 1 inputs, got 0');
    expect(() => decode.start([[1, 2]])).toThrow('expected [1, 5], got [1, 2]');
  });

  it('steps of vectors, and changed weights', async () => {
    const net = await sequential([dense(4), multiHeadAttention(2, { causal: true }), dense(2)], { inputShape: [5, 3] });
    const decode = decoder(net, { length: 5 });
    const x = randomTensor([1, 5, 3], 3);
    for (const scale of [1, 2]) {
      const kernel = net.getWeights()['layers.0.kernel']!;
      net.setWeights({ 'layers.0.kernel': { ...kernel, data: kernel.data.map((value) => value * scale) } });
      decode.start();
      const full = net.predict(x);
      for (let t = 0; t < 5; t++)
        expectClose(
          decode.next({ data: x.data.slice(3 * t, 3 * t + 3), shape: [1, 1, 3] }).data,
          steps(full, t, t + 1),
          1e-5,
          `step ${t}`,
        );
    }
  });

  it('refuses what cannot be computed step by step, and bad steps, which change nothing', async () => {
    const make = (layers: Parameters<typeof sequential>[0]) =>
      sequential([embedding(11, 8), ...layers], { inputShape: [4], inputDtype: 'int32' });
    const mixing = await make([flatten()]);
    expect(() => decoder(mixing, { length: 4 })).toThrow(
      'decoder: layer "layers.1" (flatten) cannot be computed step by step',
    );
    const open = await make([multiHeadAttention(2)]);
    expect(() => decoder(open, { length: 4 })).toThrow('only causal attention can be computed step by step');
    const short = await make([learnedPositions(5)]);
    expect(() => decoder(short, { length: 6 })).toThrow('expected at most 5 steps, got 6');
    const net = await make([transformerEncoder(1, 2, options)]);
    expect(() => decoder(net, { length: 0 })).toThrow('decoder: length');
    expect(() => decoder(net, { length: 4, input: 'other' })).toThrow('decoder: no input "other"; there are: input');
    const decode = decoder(net, { length: 4 });
    expect(() => decode.next([[11]])).toThrow('decoder.next: index 11 at row 0');
    expect(() => decode.next([[1.5]])).toThrow(RangeError);
    expect(() => decode.next({ data: Int32Array.of(1, 2), shape: [2, 1] })).toThrow('expected [1, steps], got [2, 1]');
    expect(() => decode.next(new Int32Array(0))).toThrow('expected [1, steps]');
    expect(decode.position).toBe(0);
    const x = input([3, 4]);
    const crossed = await model({
      inputs: x,
      outputs: multiHeadAttention(2, { causal: true })([dense(4)(x), dense(4)(x)]),
    });
    expect(() => decoder(crossed, { length: 3 })).toThrow(
      'attention from steps to other steps cannot be computed step by step',
    );
  });
});

test('attentionMaps: the weights of each attention layer, named, each query summing to 1', async () => {
  const net = await sequential([multiHeadAttention(2, { name: 'first' }), transformerEncoder(2, 2, { causal: true })], {
    inputShape: [4, 6],
  });
  const x = randomTensor([2, 4, 6], 8);
  const maps = attentionMaps(net, x);
  expect(maps.map(({ layer, weights }) => [layer, weights.shape])).toEqual([
    ['first', [2, 2, 4, 4]],
    ['layers.1', [2, 2, 4, 4]],
    ['layers.1', [2, 2, 4, 4]],
  ]);
  const weights = net.getWeights();
  const project = (name: string) =>
    affine(x.data, weights[`first.${name}Kernel`]!.data, weights[`first.${name}Bias`]!.data, 6, 6);
  const expected = attentionWeights(project('query'), project('key'), {
    batch: 2,
    heads: 2,
    size: 3,
    queries: 4,
    keys: 4,
  });
  expectClose(maps[0]!.weights.data, expected, 1e-5, 'weights');
  const causal = maps[2]!.weights.data;
  expect([...causal.subarray(0, 4)]).toEqual([1, 0, 0, 0]);
});
