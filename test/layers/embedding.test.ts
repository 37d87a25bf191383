import { describe, expect, it, test } from 'vitest';
import {
  adam,
  dense,
  embedding,
  flatten,
  input,
  learnedPositions,
  loadModel,
  model,
  paddingMask,
  rotaryPositions,
  sequential,
  sinusoidalPositions,
} from '../../src/index.ts';
import { rotary } from '../../reference/attention.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { checkModel, modelOf } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const words = (length: number, layers: Parameters<typeof sequential>[0]) =>
  sequential(layers, { inputShape: [length], inputDtype: 'int32', seed: 3 });

describe('embedding', () => {
  it('matches the reference, with finite differences of its table', async () => {
    checkModel(
      await words(6, [embedding(5, 3)]),
      2,
      (p, x) => Array.from(x!, (word) => Array.from(p['layers.0.table']!.slice(3 * word, 3 * word + 3))).flat(),
      { low: 0, high: 5 },
    );
  });

  it('gives the rows of its table, and learns those that a batch has', async () => {
    const net = await words(3, [embedding(5, 2)]);
    const table = [0, 1, 10, 11, 20, 21, 30, 31, 40, 41];
    net.setWeights({ 'layers.0.table': table });
    expect([...net.predict([[4, 0, 2]]).data]).toEqual([40, 41, 0, 1, 20, 21]);
    const { parameters, inputs } = net.gradients([[4, 0, 4]], {
      outputGradient: [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
    });
    expect([...parameters['layers.0.table']!.data]).toEqual([3, 4, 0, 0, 0, 0, 0, 0, 6, 8]);
    expect([...inputs[0]!.data]).toEqual([0, 0, 0]);
  });

  it('with maskZero the index 0 gives zeros and learns nothing', async () => {
    const net = await words(2, [embedding(3, 2, { maskZero: true })]);
    net.setWeights({ 'layers.0.table': [1, 1, 2, 2, 3, 3] });
    expect([...net.predict([[0, 2]]).data]).toEqual([0, 0, 3, 3]);
    const { parameters } = net.gradients([[0, 2]], {
      outputGradient: [
        [
          [1, 1],
          [1, 1],
        ],
      ],
    });
    expect([...parameters['layers.0.table']!.data]).toEqual([0, 0, 0, 0, 1, 1]);
  });

  it('refuses an index out of range, with its position, in every call; nothing has changed then', async () => {
    const net = await words(3, [embedding(5, 2), flatten(), dense(1)]);
    const before = net.getWeights();
    const good = [
      [0, 1, 2],
      [3, 4, 0],
    ];
    expect(() => net.predict([...good, [1, 5, 2]])).toThrow(
      'model.predict: index 5 at row 2, position 1: embedding "layers.0" expects 0 to 4',
    );
    expect(() => net.predict([[1, 2, -1]], { allowNonFinite: true })).toThrow('index -1 at row 0, position 2');
    expect(() => net.predict([...good, ...good, [7, 0, 0]], { batchSize: 2 })).toThrow('index 7 at row 4, position 0');
    const bad = { inputs: [...good, [0, 0, 9]], targets: [[0], [0], [0]] };
    await expect(net.fit(bad, { loss: 'meanSquaredError', batchSize: 1 })).rejects.toThrow(
      'model.fit: index 9 at row 2, position 2',
    );
    expect(() => net.evaluate(bad, { loss: 'meanSquaredError' })).toThrow(
      'model.evaluate: index 9 at row 2, position 2',
    );
    expect(() => net.gradients([[0, 0, 9]], { outputGradient: [[1]] })).toThrow(
      'model.gradients: index 9 at row 0, position 2',
    );
    net.input.set([0, 0, 9]);
    expect(() => net.run()).toThrow('model.run: index 9 at row 0, position 2');
    const fresh = await words(3, [embedding(5, 2), flatten(), dense(1)]);
    await expect(fresh.fit({ inputs: [[0, 0, 9]], targets: [[0]] }, { loss: 'meanSquaredError' })).rejects.toThrow(
      RangeError,
    );
    expect(fresh.getWeights()).toEqual(before);
  });

  it('is its own way back: the same table, one gradient of both uses', async () => {
    const table = embedding(4, 3, { name: 'words' });
    const x = input([2], { dtype: 'int32' });
    const net = await model({ inputs: x, outputs: table(table(x)) });
    expect(net.parameters.map(({ name, shape }) => [name, shape])).toEqual([['words.table', [4, 3]]]);
    const w = randomFloats(12, 5);
    net.setWeights({ 'words.table': w });
    const scores = net.predict([[1, 3]]);
    expect(scores.shape).toEqual([1, 2, 4]);
    const dot = (a: number, b: number) => [0, 1, 2].reduce((sum, i) => sum + w[3 * a + i]! * w[3 * b + i]!, 0);
    expectClose(
      scores.data,
      [1, 3].flatMap((a) => [0, 1, 2, 3].map((b) => dot(a, b))),
      1e-6,
      'scores',
    );
    const { parameters } = net.gradients([[1, 3]], {
      outputGradient: [
        [
          [0, 1, 0, 0],
          [0, 0, 0, 0],
        ],
      ],
    });
    // d(w1·w1)/dw1 = 2 w1
    expectClose(
      parameters['words.table']!.data.subarray(3, 6),
      w.subarray(3, 6).map((value) => 2 * value),
      1e-6,
      'gradient',
    );
    const copy = await loadModel(net.toBytes());
    expect(copy.predict([[1, 3]]).data).toEqual(scores.data);
  });

  it('takes no numbers of another width, and refuses bad sizes', async () => {
    await expect(modelOf(embedding(4, 3), [5])).rejects.toThrow(
      "embedding: expected integers (input dtype 'int32'), or [*, 3]",
    );
    expect(() => embedding(0, 3)).toThrow('embedding: vocabulary: expected an integer of at least 1, got 0');
    expect(() => embedding(3, 1.5)).toThrow('embedding: width');
  });

  it('learns to tell words apart', async () => {
    const net = await words(1, [embedding(6, 4), flatten(), dense(6, { activation: 'softmax' })]);
    const inputs = Int32Array.from({ length: 60 }, (_, i) => i % 6);
    await net.fit(
      { inputs, targets: inputs },
      { loss: 'crossEntropy', epochs: 40, optimizer: adam({ learningRate: 0.05 }) },
    );
    expect(net.evaluate({ inputs, targets: inputs })['accuracy']).toBe(1);
  });
});

test('kernels: rows by index, their gradient and the mask of padding at awkward widths, unaligned', async () => {
  const { run } = await kernelRunner();
  const indices = Int32Array.of(2, 0, 2, 1);
  for (const columns of awkwardLengths)
    for (const offset of [0, 4, 12]) {
      const table = randomFloats(3 * columns, 2);
      const common = { indices, n: 4, rows: 3, columns };
      const { outputs } = run('Embed', { out: output(4 * columns), table, ...common, padding: 1 }, offset);
      const expected = [2, 0, 2].flatMap((row) => [...table.subarray(row * columns, (row + 1) * columns)]);
      expect([...outputs['out']!]).toEqual([...expected, ...new Float32Array(columns)]);
      const dOut = randomFloats(4 * columns, 3);
      const back = run('EmbedBackward', { dTable: output(3 * columns), dOut, ...common, padding: -1 }, offset);
      const at = (row: number) => dOut.subarray(row * columns, (row + 1) * columns);
      const sum = at(0).map((value, i) => value + at(2)[i]!);
      expect([...back.outputs['dTable']!]).toEqual([...at(1), ...at(3), ...sum]);
    }
  for (const n of awkwardLengths) {
    const given = Int32Array.from({ length: n }, (_, i) => i % 3);
    const { outputs } = run('IndexMask', { out: output(n), indices: given, n, padding: 0 }, 4);
    expect([...outputs['out']!]).toEqual([...given].map((index) => Number(index !== 0)));
  }
  const bad = run('Embed', {
    out: output(2, Float32Array.of(7, 7)),
    table: [1, 2],
    indices: Int32Array.of(0, 2),
    n: 2,
    rows: 2,
    columns: 1,
    padding: -1,
  });
  expect(bad.finished).toBe(false);
  expect([...bad.outputs['out']!]).toEqual([7, 7]);
});

test('paddingMask: 1 for words, 0 for padding', async () => {
  const net = await words(4, [paddingMask()]);
  expect([...net.predict([[3, 1, 0, 0]]).data]).toEqual([1, 1, 0, 0]);
  const other = await words(2, [paddingMask({ padding: -1 })]);
  expect([...other.predict([[-1, 0]]).data]).toEqual([0, 1]);
  await expect(modelOf(paddingMask(), [2])).rejects.toThrow('expected integers');
});

describe('positions', () => {
  it('learned: added to each step, trained', async () => {
    checkModel(await modelOf(learnedPositions(6), [4, 3]), 2, (p, x) =>
      x!.map((value, i) => value + p['layers.0.table']![i % 12]!),
    );
    await expect(modelOf(learnedPositions(3), [4, 3])).rejects.toThrow(
      'learnedPositions: expected at most 3 steps, got 4',
    );
  });

  it('sinusoidal: sine and cosine of the step at geometric frequencies', async () => {
    checkModel(await modelOf(sinusoidalPositions(), [5, 6]), 2, (_p, x) =>
      x!.map((value, i) => {
        const [step, column] = [Math.floor(i / 6) % 5, i % 6];
        const angle = step / 10000 ** ((2 * Math.floor(column / 2)) / 6);
        return value + (column % 2 ? Math.cos(angle) : Math.sin(angle));
      }),
    );
    await expect(modelOf(sinusoidalPositions(), [4, 3])).rejects.toThrow('expected an even width, got 3');
    await expect(modelOf(sinusoidalPositions(), [4])).rejects.toThrow('expected input [*, steps, width]');
    expect(() => sinusoidalPositions({ base: 0 })).toThrow('expected a positive base');
  });

  it('rotary: each head turned by the steps, products depend on distances alone', async () => {
    for (const [heads, width, base] of [
      [1, 6, 10000],
      [2, 8, 100],
    ] as const)
      checkModel(await modelOf(rotaryPositions({ heads, base }), [5, width]), 2, (_p, x) =>
        rotary(x!, { steps: 5, heads, size: width / heads, base }),
      );
    // The same vector at every step: its products with itself are those of the steps' distance.
    const net = await modelOf(rotaryPositions(), [6, 4]);
    const { data } = net.predict([Array.from({ length: 6 }, () => [0.3, -0.8, 0.5, 0.9])]);
    const product = (a: number, b: number) =>
      [0, 1, 2, 3].reduce((sum, i) => sum + data[4 * a + i]! * data[4 * b + i]!, 0);
    for (let step = 0; step < 4; step++) expect(product(step, step + 2)).toBeCloseTo(product(0, 2), 5);
    const again = await loadModel(net.toBytes());
    expect(again.topology.layers[0]!.config).toEqual({ heads: 1, base: 10000 });
    await expect(modelOf(rotaryPositions({ heads: 2 }), [4, 6])).rejects.toThrow(
      'rotaryPositions: 2 heads of an even size do not divide the width 6',
    );
    await expect(modelOf(rotaryPositions(), [4])).rejects.toThrow('expected input [*, steps, width]');
    expect(() => rotaryPositions({ heads: 0 })).toThrow(
      'rotaryPositions: heads: expected an integer of at least 1, got 0',
    );
    expect(() => rotaryPositions({ base: -1 })).toThrow('expected a positive base, got -1');
  });
});
