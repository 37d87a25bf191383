import { describe, expect, test } from 'vitest';
import { add, dense, input, model as graphModel, sequential, ShapeError, tensor, type Model } from '../../src/index.ts';
import { affine, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const [features, units] = [9, 5];
const small = (): Promise<Model> =>
  sequential([dense(17, { activation: 'tanh' }), dense(units, { activation: 'softmax' })], {
    inputShape: [features],
    seed: 1,
  });
const rowOf = (data: ArrayLike<number>, row: number, width: number) =>
  Array.from({ length: width }, (_, i) => data[row * width + i]!);

describe('predict in batches', () => {
  // A product chooses its path by its shape, and a path its order of additions: what holds for every size is
  // agreement within rounding, and for one size the same bits.
  const inputs = randomTensor([33, features], 1);

  test.each([1, 2, 3, 4, 5, 7, 8, 16, 32, 33, 1000])(
    'of %i: every row is that of the whole within rounding',
    async (batchSize) => {
      const model = await small();
      const whole = model.predict(inputs);
      const parts = model.predict(inputs, { batchSize });
      expect(parts.shape).toEqual([33, units]);
      expectClose(parts.data, whole.data, 1e-6, 'rows');
    },
  );

  test('of one size: a row gives the same bits wherever it stands, whenever it is asked', async () => {
    const model = await small();
    const row = rowOf(inputs.data, 5, features);
    const many = model.predict(Array.from({ length: 8 }, () => row));
    for (let i = 1; i < 8; i++) expect(rowOf(many.data, i, units)).toEqual(rowOf(many.data, 0, units));
    expect(model.predict(Array.from({ length: 8 }, () => row)).data).toEqual(many.data);
  });

  test.each([0, -1, 1.5, Number.NaN])('of %s is refused', async (batchSize) => {
    const model = await small();
    expect(() => model.predict(inputs, { batchSize })).toThrow(
      'model.predict: batchSize: expected an integer of at least 1',
    );
    const data = { inputs, targets: randomTensor([33, units], 2, 0, 1) };
    expect(() => model.evaluate(data, { loss: 'mse', batchSize })).toThrow(
      'model.evaluate: batchSize: expected an integer',
    );
  });

  test('of many different sizes: the memory stays bounded', async () => {
    const model = await small();
    for (let size = 1; size <= 40; size++) model.predict(randomTensor([size, features], size));
    const { memory } = model;
    for (let round = 0; round < 3; round++)
      for (let size = 1; size <= 40; size++) model.predict(randomTensor([size, features], size));
    expect(model.memory).toBe(memory);
    expect(memory).toBeLessThan(4 * 1024 ** 2);
  });
});

describe('predict takes its inputs in every form', () => {
  const values = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const flat = values.flat();
  const forms: [string, () => Parameters<Model['predict']>[0]][] = [
    ['nested arrays', () => values],
    ['a tensor', () => tensor(values)],
    ['a tensor of integers', () => ({ data: Int32Array.from(flat), shape: [2, 3] })],
    ['a flat Float32Array', () => Float32Array.from(flat)],
    ['a flat Float64Array', () => Float64Array.from(flat)],
    ['a flat Uint8Array', () => Uint8Array.from(flat)],
    ['a flat array', () => flat],
    ['rows as typed arrays', () => values.map((row) => Float32Array.from(row))],
  ];
  test.each(forms)('%s', async (_, given) => {
    const model = await sequential([dense(2, { kernelInitializer: 'ones' })], { inputShape: [3] });
    const result = model.predict(given());
    expect(result.shape).toEqual([2, 2]);
    expect(Array.from(result.data)).toEqual([6, 6, 15, 15]);
  });

  test('a single sample comes back with a batch axis', async () => {
    const model = await sequential([dense(2, { kernelInitializer: 'ones' })], { inputShape: [3] });
    expect(model.predict([1, 2, 3])).toEqual({ data: Float32Array.of(6, 6), shape: [1, 2] });
  });

  test("a result is the caller's own: the next prediction leaves it", async () => {
    const model = await small();
    const first = model.predict(randomTensor([2, features], 1));
    const copy = first.data.slice();
    model.predict(randomTensor([2, features], 2));
    expect(first.data).toEqual(copy);
  });

  test('the inputs are left as they are', async () => {
    const inputs = randomTensor([4, features], 1);
    const copy = inputs.data.slice();
    (await small()).predict(inputs);
    expect(inputs.data).toEqual(copy);
  });

  test('several inputs are a list in their order, several outputs by predictAll', async () => {
    const [a, b] = [input([2]), input([3])];
    const model = await graphModel({ inputs: [a, b], outputs: [dense(1)(a), add()([dense(3)(b), b])] });
    const given = [randomTensor([4, 2], 1), randomTensor([4, 3], 2)];
    const results = model.predictAll(given);
    expect(results.map(({ shape }) => shape)).toEqual([
      [4, 1],
      [4, 3],
    ]);
    expect(model.predict(given)).toEqual(results[0]);
    const { 'layers.1.kernel': kernel } = model.getWeights();
    const product = affine(given[1]!.data, kernel!.data, null, 3, 3).map((value, i) => value + given[1]!.data[i]!);
    expectClose(results[1]!.data, product, 1e-5, 'second output');
  });
});

describe('predict refuses', () => {
  const wide = () => sequential([dense(1)], { inputShape: [64] });
  const shapes: [string, unknown, new (...args: never[]) => Error, string][] = [
    ['another width', randomTensor([32, 10], 1), ShapeError, 'model.predict: expected input [*, 64], got [32, 10]'],
    ['another rank', randomTensor([2, 8, 8], 1), ShapeError, 'expected input [*, 64], got [2, 8, 8]'],
    [
      'a flat array that is no whole number of samples',
      new Float32Array(100),
      ShapeError,
      'expected input [*, 64], got [100]',
    ],
    ['nothing', [], ShapeError, 'expected input [*, 64], got [0]'],
    ['no samples', { data: new Float32Array(0), shape: [0, 64] }, ShapeError, 'expected at least one sample, got none'],
    ['ragged rows', [[1, 2], [1]], ShapeError, 'ragged array'],
    ['text', [['a']], TypeError, 'expected a number'],
    ['undefined', undefined, TypeError, 'model: expected inputs, got undefined'],
    ['a number', 3, ShapeError, 'expected input [*, 64], got []'],
    [
      'a tensor whose shape does not hold its data',
      { data: new Float32Array(3), shape: [1, 64] },
      TypeError,
      'tensor: expected',
    ],
  ];
  test.each(shapes)('%s', async (_, given, kind, message) => {
    const model = await wide();
    expect(() => model.predict(given as never)).toThrow(kind);
    expect(() => model.predict(given as never)).toThrow(message);
  });

  test.each([Number.NaN, Infinity, -Infinity])('%s, with its row and column', async (value) => {
    const model = await small();
    const inputs = randomTensor([300, features], 1);
    inputs.data[270 * features + 4] = value;
    expect(() => model.predict(inputs)).toThrow(RangeError);
    expect(() => model.predict(inputs)).toThrow(`model.predict: inputs: ${value} at row 270, column 4`);
  });

  test('NaN in the second of two inputs', async () => {
    const [a, b] = [input([2]), input([2])];
    const model = await graphModel({ inputs: [a, b], outputs: add()([a, b]) });
    expect(() => model.predict([[[1, 2]], [[1, Number.NaN]]])).toThrow('NaN at row 0, column 1');
  });

  test('a list of another number of inputs, and inputs of different lengths', async () => {
    const [a, b] = [input([2], { name: 'left' }), input([2])];
    const model = await graphModel({ inputs: [a, b], outputs: add()([a, b]) });
    expect(() => model.predict([[[1, 2]]])).toThrow('model: expected a list of 2 inputs, got 1');
    expect(() =>
      model.predict([
        [[1, 2]],
        [
          [1, 2],
          [3, 4],
        ],
      ]),
    ).toThrow('model.predict: inputs have 1 and 2 samples');
    expect(() => model.predict([[[1, 2, 3]], [[1, 2]]])).toThrow(
      'model.predict: "left": expected input [*, 2], got [1, 3]',
    );
  });

  test('but lets NaN through when asked, to the rows that have it', async () => {
    const model = await small();
    const inputs = randomTensor([3, features], 1);
    const clean = model.predict(inputs).data;
    inputs.data[features] = Number.NaN;
    const { data } = model.predict(inputs, { allowNonFinite: true });
    expect(rowOf(data, 0, units)).toEqual(rowOf(clean, 0, units));
    expect(rowOf(data, 1, units).every(Number.isNaN)).toBe(true);
    expect(rowOf(data, 2, units)).toEqual(rowOf(clean, 2, units));
    expect(() => model.predict(inputs)).toThrow(RangeError);
  });
});

describe('the copy-free path', () => {
  test('write input, run, read output', async () => {
    const model = await small();
    const x = randomTensor([1, features], 1);
    model.input.set(x.data as Float32Array);
    model.run();
    expect([model.input.length, model.output.length]).toEqual([features, units]);
    expectClose(model.output, model.predict(x).data, 1e-6, 'output');
  });

  test("input and output are the model's memory, the same arrays from run to run", async () => {
    const model = await small();
    const { input: view, output } = model;
    for (let round = 0; round < 3; round++) {
      const x = randomTensor([1, features], round);
      view.set(x.data as Float32Array);
      model.run();
      expectClose(output, model.predict(x).data, 1e-6, 'output');
      expect(model.input).toBe(view);
    }
  });

  test('allocate makes room for more samples', async () => {
    const model = await small();
    model.allocate({ batchSize: 7 });
    const x = randomTensor([7, features], 1);
    expect([model.input.length, model.output.length]).toEqual([7 * features, 7 * units]);
    model.input.set(x.data as Float32Array);
    model.run();
    expectClose(model.output, model.predict(x).data, 1e-6, 'output');
    model.allocate({ batchSize: 1 });
    expect(model.input.length).toBe(features);
  });

  test('it uses the weights as they are now', async () => {
    const model = await sequential([dense(1, { useBias: false })], { inputShape: [1] });
    model.input[0] = 2;
    for (const weight of [3, 5]) {
      model.setWeights({ 'layers.0.kernel': [weight] });
      model.run();
      expect(model.output[0]).toBe(2 * weight);
    }
    await model.fit({ inputs: [[1]], targets: [[0]] }, { loss: 'mse' });
    model.input[0] = 1;
    model.run();
    expect(model.output[0]).toBe(model.getWeights()['layers.0.kernel']!.data[0]);
  });

  test('what was written stays through predictions of many sizes and a growing memory', async () => {
    const model = await small();
    const x = randomTensor([1, features], 1);
    model.input.set(x.data as Float32Array);
    const { memory } = model;
    for (let size = 1; size <= 30; size++)
      model.predict(randomTensor([size * 100, features], size), { batchSize: 4000 });
    expect(model.memory).toBeGreaterThan(memory);
    expect(Array.from(model.input)).toEqual(Array.from(x.data));
    model.run();
    expectClose(model.output, model.predict(x).data, 1e-6, 'output');
  });

  test('after fit it works on', async () => {
    const model = await small();
    const x = randomTensor([20, features], 1);
    model.allocate({ batchSize: 20 });
    await model.fit(
      { inputs: x, targets: randomTensor([20, units], 2, 0, 1) },
      { loss: 'mse', epochs: 2, batchSize: 6 },
    );
    model.input.set(x.data as Float32Array);
    model.run();
    expectClose(model.output, model.predict(x).data, 1e-6, 'output');
  });

  test('several inputs and outputs', async () => {
    const [a, b] = [input([2]), input([2])];
    const model = await graphModel({
      inputs: [a, b],
      outputs: [add()([a, b]), dense(1, { kernelInitializer: 'ones' })(a)],
    });
    model.inputs[0]!.set([1, 2]);
    model.inputs[1]!.set([10, 20]);
    model.run();
    expect(model.outputs.map((view) => Array.from(view))).toEqual([[11, 22], [3]]);
  });

  test('a model that gives its input back', async () => {
    const x = input([3]);
    const model = await graphModel({ inputs: x, outputs: x });
    model.input.set([1, 2, 3]);
    model.run();
    expect(Array.from(model.output)).toEqual([1, 2, 3]);
    expect(Array.from(model.predict([4, 5, 6]).data)).toEqual([4, 5, 6]);
  });

  test('NaN goes through unchecked', async () => {
    const model = await small();
    model.input.fill(Number.NaN);
    model.run();
    expect(model.output.every(Number.isNaN)).toBe(true);
  });

  test.each([0, -1, 1.5, '2'])('a batchSize of %s is refused', async (batchSize) => {
    const model = await small();
    expect(() => model.allocate({ batchSize: batchSize as number })).toThrow(
      'model.allocate: batchSize: expected an integer of at least 1',
    );
    expect(model.input.length).toBe(features);
  });
});

describe('weights by name', () => {
  test('what was read can be set, copies both', async () => {
    const model = await small();
    const weights = model.getWeights();
    const before = model.predict(randomTensor([2, features], 1)).data;
    model.setWeights({ 'layers.0.kernel': new Float32Array(features * 17) });
    expect(model.predict(randomTensor([2, features], 1)).data).not.toEqual(before);
    model.setWeights(weights);
    weights['layers.0.kernel']!.data.fill(0);
    expect(model.predict(randomTensor([2, features], 1)).data).toEqual(before);
  });

  test('nested arrays and flat ones are taken', async () => {
    const model = await sequential([dense(2)], { inputShape: [2] });
    model.setWeights({
      'layers.0.kernel': [
        [1, 2],
        [3, 4],
      ],
      'layers.0.bias': [5, 6],
    });
    expect(Array.from(model.predict([1, 1]).data)).toEqual([9, 12]);
  });

  test('an unknown name or another shape is refused, and nothing is changed', async () => {
    const model = await small();
    const before = model.getWeights();
    const zeros = new Float32Array(units);
    expect(() => model.setWeights({ 'layers.1.bias': zeros, 'layers.7.bias': zeros })).toThrow(
      'no parameter "layers.7.bias"; there are: layers.0.kernel',
    );
    expect(() =>
      model.setWeights({
        'layers.1.bias': new Float32Array(units).fill(1),
        'layers.0.kernel': { data: new Float32Array(17 * features), shape: [17, features] },
      }),
    ).toThrow('expected "layers.0.kernel" [9, 17], got [17, 9]');
    expect(model.getWeights()).toEqual(before);
  });
});
