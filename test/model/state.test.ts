// States: values of a layer that no optimizer changes, written at the end of a run. And inputs of integers.
import { describe, expect, it } from 'vitest';
import { dense, flatten, input, loadModel, model, sequential, ShapeError } from '../../src/index.ts';
import { add, reduce, reshape, unary } from '../../src/graph/operations/index.ts';
import { createLayer, defineLayer, type Config, type StateOptions } from '../../src/layers/layer.ts';
import { encodeSafetensors, decodeSafetensors } from '../../src/formats/safetensors.ts';

interface CounterConfig extends Config {
  options: StateOptions;
  shape: number[];
}

// Adds its state to the input, and one (or the batch's mean) to the state.
defineLayer<CounterConfig>('testCounter', {
  build(context, [x], { options, shape }) {
    const { graph } = context;
    const total = context.state('total', shape, options);
    context.assign(total, unary(graph, 'Affine', total, 1, 1));
    return add(graph, x!, total);
  },
  restore: ({ options, shape }, common) => counter(options, shape, common),
});
const counter = (options: StateOptions = {}, shape = [1], common = {}) =>
  createLayer('testCounter', { options, shape }, common);

const data = { inputs: [[0], [0]], targets: [[0], [0]] };
const fitOnce = { loss: 'meanSquaredError', epochs: 1, batchSize: 2 } as const;

describe('state', () => {
  it('written in training: a step adds, a prediction reads', async () => {
    const net = await sequential([counter()], { inputShape: [1] });
    expect(net.predict([[5]]).data[0]).toBe(5);
    await net.fit(data, { ...fitOnce, epochs: 3 });
    expect(net.predict([[5]]).data[0]).toBe(8);
    expect(net.predict([[5]]).data[0]).toBe(8);
    expect(net.evaluate(data, { loss: 'meanSquaredError' }).loss).toBe(9);
    expect(net.states.map(({ name, shape }) => [name, shape])).toEqual([['layers.0.total', [1]]]);
    expect(net.parameters).toEqual([]);
  });

  it('written in predictions: each run of predict, run and evaluate adds, training does not', async () => {
    const net = await sequential([counter({ when: 'prediction', initial: 2 })], { inputShape: [1] });
    expect([1, 2, 3].map(() => net.predict([[0]]).data[0])).toEqual([2, 3, 4]);
    await net.fit(data, fitOnce);
    net.run();
    expect(net.output[0]).toBe(5);
    net.evaluate(data, { loss: 'meanSquaredError' });
    const gradients = net.gradients([[0]], { outputGradient: [[1]] });
    expect(gradients.inputs[0]!.data[0]).toBe(1);
    expect(net.getWeights()['layers.0.total']!.data[0]).toBe(7);
  });

  it('written always: training and prediction add', async () => {
    const net = await sequential([counter({ when: 'always' }), dense(1)], { inputShape: [1] });
    net.predict([[0]]);
    await net.fit(data, fitOnce);
    expect(net.getWeights()['layers.0.total']!.data[0]).toBe(2);
  });

  it('per sample: each size of batch carries its own, reset by resetStates, absent from files', async () => {
    const net = await sequential([counter({ when: 'always', perSample: true, initial: 1 })], { inputShape: [1] });
    expect([1, 2].map(() => [...net.predict([[10], [20]]).data])).toEqual([
      [11, 21],
      [12, 22],
    ]);
    expect(net.predict([[10]]).data[0]).toBe(11);
    net.resetStates();
    expect([...net.predict([[10], [20]]).data]).toEqual([11, 21]);
    expect(net.states).toEqual([]);
    expect(Object.keys(net.getWeights())).toEqual([]);
  });

  it('a layer in two places: the second sees what the first has assigned', async () => {
    const shared = counter();
    const x = input([1]);
    const net = await model({ inputs: x, outputs: shared(shared(x)) });
    await net.fit(data, fitOnce);
    expect(net.getWeights()['layers.0.total']!.data[0]).toBe(2);
  });

  it('a loss that is not finite leaves the state as it was', async () => {
    const net = await sequential([counter()], { inputShape: [1] });
    const bad = { inputs: [[3e38]], targets: [[-3e38]] };
    await expect(net.fit(bad, fitOnce)).rejects.toThrow('no longer finite');
    expect(net.getWeights()['layers.0.total']!.data[0]).toBe(0);
  });

  it('saved under its plain name, restored, set and listed apart from what is trained', async () => {
    const net = await sequential([dense(2), counter({}, [2])], { inputShape: [1] });
    net.setWeights({ 'layers.1.total': [3, 4] });
    const bytes = net.toBytes();
    expect([...decodeSafetensors(bytes).tensors.keys()].toSorted()).toEqual([
      'layers.0.bias',
      'layers.0.kernel',
      'layers.1.total',
    ]);
    const copy = await loadModel(bytes);
    expect([...copy.getWeights()['layers.1.total']!.data]).toEqual([3, 4]);
    const summary = net.summary();
    expect(summary).toMatchObject({ parameters: 4, trainableParameters: 4, states: 2 });
    expect(summary.layers[1]).toMatchObject({ parameters: 0, states: 2, bytes: 8 });
    expect(String(summary)).toContain('4 trainable, 2 states that are not trained');
    expect(() => net.setWeights({ 'layers.1.total': [[3, 4, 5]] })).toThrow(ShapeError);
  });

  it('a file without the state is refused', async () => {
    const net = await sequential([dense(2), counter({}, [2])], { inputShape: [1] });
    const { tensors, metadata } = decodeSafetensors(net.toBytes());
    const without = new Map([...tensors].filter(([name]) => name !== 'layers.1.total'));
    await expect(loadModel(encodeSafetensors(without as never, metadata))).rejects.toThrow(
      'no tensor "layers.1.total"',
    );
  });

  it('assigning a value of another shape is refused as the layer is applied', async () => {
    defineLayer('testWrongState', {
      build(context, [x]) {
        context.assign(context.state('total', [3]), reshape(context.graph, reduce(context.graph, 'Sum', x!), [1]));
        return x!;
      },
      restore: (_config, common) => createLayer('testWrongState', {}, common),
    });
    expect(() => createLayer('testWrongState', {}, {})(input([2]))).toThrow('assign: expected f32 [3], got f32 [1]');
  });
});

describe('inputs of integers', () => {
  const integers = () => sequential([flatten()], { inputShape: [2, 2], inputDtype: 'int32' });

  it('are read from nested arrays, typed arrays and tensors, exactly', async () => {
    const net = await integers();
    const large = 2 ** 24 + 1;
    expect(net.topology.inputs[0]!.dtype).toBe('i32');
    net.predict([
      [1, 2],
      [3, 4],
    ]); // one sample
    net.input.set(
      [
        [large, -1],
        [0, 7],
      ].flat(),
    );
    expect([...net.input]).toEqual([large, -1, 0, 7]);
    expect(net.input).toBeInstanceOf(Int32Array);
    expect([...net.predict(Int32Array.of(1, 2, 3, 4)).data]).toEqual([1, 2, 3, 4]);
    expect([...net.predict({ data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] }).data]).toEqual([1, 2, 3, 4]);
  });

  it('refuse fractions with their place', async () => {
    const net = await integers();
    expect(() =>
      net.predict([
        [1, 2],
        [3, 0.5],
      ]),
    ).toThrow('whole number of 32 bits at [1, 1], got 0.5');
    expect(() => net.predict({ data: Float32Array.of(1, 2, 2.5, 4), shape: [1, 2, 2] })).toThrow(
      'model.predict: 2.5 at row 0, [1, 0]; expected whole numbers of 32 bits',
    );
    expect(() =>
      net.predict([
        [1, 2],
        [3, NaN],
      ]),
    ).toThrow(RangeError);
    expect(() => input([2], { dtype: 'int64' as never })).toThrow("input: expected dtype 'float32' or 'int32'");
  });

  it('come back from a file, and stand beside inputs of numbers', async () => {
    const a = input([2], { dtype: 'int32', name: 'words' });
    const b = input([1]);
    const net = await model({ inputs: [a, b], outputs: [flatten()(a), dense(1)(b)] });
    const copy = await loadModel(net.toBytes());
    expect(copy.topology.inputs.map(({ dtype }) => dtype)).toEqual(['i32', 'f32']);
    const [words, value] = copy.predictAll([[[5, 6]], [[1]]]);
    expect([...words!.data]).toEqual([5, 6]);
    expect(value!.data[0]).toBe(net.predictAll([[[5, 6]], [[1]]])[1]!.data[0]);
    expect(() => net.predictAll([[[5, 6.5]], [[1]]])).toThrow('got 6.5');
  });

  it('are trained on', async () => {
    const words = input([2], { dtype: 'int32' });
    const x = input([1]);
    const net = await model({ inputs: [words, x], outputs: [flatten()(words), dense(1)(x)] });
    const targets = [{ data: new Float32Array(8), shape: [4, 2] }, [[0], [1], [0], [1]]] as const;
    const inputs = [Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [[0], [1], [0], [1]]] as const;
    const { history } = await net.fit(
      { inputs: inputs as never, targets: targets as never },
      { loss: 'meanSquaredError', lossWeights: [0, 1], epochs: 2, batchSize: 3 },
    );
    expect(history['loss']).toHaveLength(2);
    expect([...net.predictAll(inputs as never)[0]!.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
