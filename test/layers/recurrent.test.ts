// The recurrent layers as users meet them: weights, options, masks, states, files, errors. The cells themselves are
// checked in test/graph/recurrent.test.ts, PyTorch's cases in test/golden/recurrent.test.ts.
import { describe, expect, test } from 'vitest';
import {
  bidirectional,
  dense,
  gru,
  input,
  loadModel,
  lstm,
  meanSquaredError,
  model as graphModel,
  sequential,
  sgd,
  simpleRnn,
  type Layer,
  type Model,
  type SymbolicTensor,
  type Tensor,
} from '../../src/index.ts';
import { compile } from '../../src/graph/compile.ts';
import { forwardFunction, trainFunction } from '../../src/model/functions.ts';
import { gateCount, recurrent, type RecurrentKind } from '../../reference/recurrent.ts';
import { affine, checkModel, modelOf, randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

type Values = Record<string, Float64Array>;

/** One layer of a model in float64. */
function layerReference(kind: RecurrentKind, values: Values, prefix: string, x: Float64Array, sizes: Sizes, more = {}) {
  const { batch, time, features, units } = sizes;
  const width = gateCount[kind] * units;
  const projected = affine(x, values[`${prefix}kernel`]!, values[`${prefix}bias`] ?? null, features, width);
  const bias = values[`${prefix}recurrentBias`];
  return recurrent({
    kind,
    batch,
    time,
    units,
    x: projected,
    kernel: values[`${prefix}recurrentKernel`]!,
    bias,
    ...more,
  });
}

interface Sizes {
  batch: number;
  time: number;
  features: number;
  units: number;
}

const sizes: Sizes = { batch: 3, time: 4, features: 2, units: 5 };
const plain: [string, RecurrentKind, (units: number, options?: object) => Layer][] = [
  ['simpleRnn', 'Tanh', (units, options) => simpleRnn(units, options)],
  ['simpleRnn relu', 'Relu', (units, options) => simpleRnn(units, { activation: 'relu', ...options })],
  ['lstm', 'Lstm', (units, options) => lstm(units, options)],
  ['gru', 'GruResetAfter', (units, options) => gru(units, options)],
  ['gru resetAfter: false', 'GruResetBefore', (units, options) => gru(units, { resetAfter: false, ...options })],
];

describe.each(plain)('%s', (_, kind, make) => {
  test('the last state, and all of them', async () => {
    checkModel(
      await modelOf(make(5), [4, 2]),
      3,
      (values, x) => layerReference(kind, values, 'layers.0.', x, sizes).hidden,
    );
    const all = await modelOf(make(5, { returnSequences: true }), [4, 2]);
    checkModel(all, 3, (values, x) => layerReference(kind, values, 'layers.0.', x, sizes).output);
  });

  test('without biases', async () => {
    const net = await modelOf(make(5, { useBias: false }), [4, 2]);
    expect(net.parameters.map(({ name }) => name)).toEqual(['layers.0.kernel', 'layers.0.recurrentKernel']);
    checkModel(net, 3, (values, x) => layerReference(kind, values, 'layers.0.', x, sizes).hidden);
  });

  test('two on one another', async () => {
    const net = await modelOf(make(5, { layers: 2 }), [4, 2]);
    checkModel(net, 3, (values, x) => {
      const below = layerReference(kind, values, 'layers.0.layer0.', x, sizes).output;
      return layerReference(kind, values, 'layers.0.layer1.', below, { ...sizes, features: 5 }).hidden;
    });
  });

  test('padding on either side changes nothing but the place', async () => {
    const [x, mask] = [input([6, 2]), input([6])];
    const padded = await graphModel({ inputs: [x, mask], outputs: make(5)([x, mask]), seed: 3 });
    const bare = await modelOf(make(5), [4, 2], 3);
    bare.setWeights(padded.getWeights());
    const steps = randomTensor([1, 4, 2], 5).data;
    const expected = bare.predict({ data: steps, shape: [1, 4, 2] }).data;
    for (const before of [0, 1, 2]) {
      // What stands at padding must not matter.
      const data = new Float32Array(12).fill(7);
      data.set(steps, 2 * before);
      const keep = Float32Array.from({ length: 6 }, (_unused, t) => Number(t >= before && t < before + 4));
      const out = padded.predict([
        { data, shape: [1, 6, 2] },
        { data: keep, shape: [1, 6] },
      ]);
      expect(out.data).toEqual(expected);
    }
  });

  test('stateful: a sequence in two calls is the sequence in one', async () => {
    const net = await modelOf(make(5, { stateful: true, returnSequences: true }), [2, 3], 2);
    const whole = await modelOf(make(5, { returnSequences: true }), [4, 3], 2);
    whole.setWeights(net.getWeights());
    const steps = randomTensor([2, 4, 3], 8);
    const part = (from: number): Tensor => ({
      data: Float32Array.from({ length: 12 }, (_unused, i) => steps.data[Math.floor(i / 6) * 12 + from * 3 + (i % 6)]!),
      shape: [2, 2, 3],
    });
    const expected = whole.predict(steps).data;
    const rowsOf = (from: number) => Array.from(expected).filter((_v, i) => Math.floor((i % 20) / 10) === from / 2);
    for (let run = 0; run < 2; run++) {
      expectClose(net.predict(part(0)).data, rowsOf(0), 1e-6, 'first half');
      expectClose(net.predict(part(2)).data, rowsOf(2), 1e-6, 'second half');
      net.resetStates();
    }
    expect(net.parameters.map(({ name }) => name)).toEqual(whole.parameters.map(({ name }) => name));
  });

  test('given first states, and the last states given back', async () => {
    const states = kind === 'Lstm' ? 2 : 1;
    const x = input([4, 2]);
    const first = Array.from({ length: states }, () => input([5]));
    const layer = make(5, { initialState: true, returnState: true }) as unknown as (inputs: unknown) => never[];
    const outputs = layer([x, ...first]);
    expect(outputs).toHaveLength(1 + states);
    const net = await graphModel({ inputs: [x, ...first], outputs, seed: 4 });
    const given = [randomTensor([3, 4, 2], 1), ...first.map((_unused, i) => randomTensor([3, 5], 2 + i))];
    const values = Object.fromEntries(
      Object.entries(net.getWeights()).map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    const [hidden0, cell0] = given.slice(1).map(({ data }) => data);
    const exact = layerReference(kind, values, 'layers.0.', Float64Array.from(given[0]!.data), sizes, {
      hidden0,
      cell0,
    });
    const [output, hidden, cell] = net.predictAll(given);
    expectClose(output!.data, exact.hidden, 1e-5, 'output');
    expectClose(hidden!.data, exact.hidden, 1e-5, 'hidden');
    if (cell) expectClose(cell.data, exact.cell, 1e-5, 'cell');
    const again = await loadModel(net.toBytes());
    expect(again.predictAll(given)).toEqual(net.predictAll(given));
  });

  test('beside its states the output is the same, with the same gradients', async () => {
    const x = input([4, 2]);
    const layer = make(5, { returnState: true }) as unknown as (inputs: unknown) => SymbolicTensor[];
    const net = await graphModel({ inputs: x, outputs: layer(x)[0]!, seed: 4 });
    checkModel(net, 3, (p, values) => layerReference(kind, p, 'layers.0.', values!, sizes, {}).hidden);
  });

  test('goBackwards: the sequence reversed', async () => {
    const net = await modelOf(make(5, { goBackwards: true, returnSequences: true }), [4, 2]);
    const forward = await modelOf(make(5, { returnSequences: true }), [4, 2]);
    forward.setWeights(net.getWeights());
    const x = randomTensor([1, 4, 2], 3);
    const turned = Float32Array.from(x.data, (_unused, i) => x.data[(3 - Math.floor(i / 2)) * 2 + (i % 2)]!);
    expect(net.predict(x).data).toEqual(forward.predict({ data: turned, shape: [1, 4, 2] }).data);
  });

  test('a file gives it back, with every option', async () => {
    const options = { returnSequences: true, layers: 2, dropout: 0.1, recurrentDropout: 0.2, goBackwards: true };
    const net = await sequential([make(5, { ...options, kernelPenalty: { l2: 0.1 } }), dense(1)], {
      inputShape: [4, 2],
    });
    const again = await loadModel(net.toBytes());
    expect(again.topology.layers[0]!.config).toEqual(net.topology.layers[0]!.config);
    const x = randomTensor([2, 4, 2], 3);
    expect(again.predict(x)).toEqual(net.predict(x));
  });
});

test.each(['concat', 'sum', 'mul', 'ave'] as const)('bidirectional: merged by %s', async (merge) => {
  for (const returnSequences of [true, false]) {
    const net = await modelOf(bidirectional(gru(5, { returnSequences }), { merge }), [4, 2]);
    checkModel(net, 3, (values, x) => {
      const [a, b] = ['forward', 'backward'].map((direction) => {
        const reverse = direction === 'backward';
        const states = layerReference('GruResetAfter', values, `layers.0.${direction}.`, x, sizes, { reverse });
        return returnSequences ? states.output : states.hidden;
      }) as [Float64Array, Float64Array];
      if (merge === 'sum') return a.map((v, i) => v + b[i]!);
      if (merge === 'mul') return a.map((v, i) => v * b[i]!);
      if (merge === 'ave') return a.map((v, i) => (v + b[i]!) / 2);
      const rows = Array.from({ length: a.length / 5 }, (_, r) =>
        [a, b].flatMap((v) => Array.from(v.subarray(5 * r, 5 * r + 5))),
      );
      return Float64Array.from(rows.flat());
    });
  }
});

test('bidirectional: masks, stacks and files', async () => {
  const [x, mask] = [input([4, 2]), input([4])];
  const layer = bidirectional(lstm(3, { layers: 2, returnSequences: true }));
  const net = await graphModel({ inputs: [x, mask], outputs: layer([x, mask]), seed: 1 });
  const given = [randomTensor([2, 4, 2], 1), { data: Float32Array.of(1, 1, 0, 0, 1, 1, 1, 1), shape: [2, 4] }];
  const out = net.predict(given);
  expect(out.shape).toEqual([2, 4, 6]);
  // The direction from behind has seen nothing at the padding of the first sample: its state is still zero there.
  expect(Array.from(out.data.slice(2 * 6 + 3, 3 * 6))).toEqual([0, 0, 0]);
  const again = await loadModel(net.toBytes());
  expect(again.predict(given)).toEqual(out);
});

/** The kernel gradient's rows that a dropped input leaves at 0, from one step of plain descent. */
async function changed(net: Model, name: string, x: Tensor): Promise<boolean[]> {
  const before = net.getWeights()[name]!;
  await net.fit(
    { inputs: x, targets: Array.from({ length: x.shape[0]! }, () => [1]) },
    { loss: 'mse', optimizer: sgd({ learningRate: 1 }), batchSize: x.shape[0]!, epochs: 1 },
  );
  const after = net.getWeights()[name]!.data;
  const columns = before.shape[1]!;
  return Array.from({ length: before.shape[0]! }, (_, row) =>
    after.slice(row * columns, (row + 1) * columns).some((value, i) => value !== before.data[row * columns + i]),
  );
}

test.each(plain)(
  '%s: dropout of inputs and of states is the same at every step, and only in training',
  async (_, _kind, make) => {
    // One sample: a feature that is dropped is dropped at all steps, so that its row of the kernel gets no gradient.
    const x = randomTensor([1, 6, 40], 2);
    const inputs = await sequential([make(8, { dropout: 0.5 }), dense(1)], { inputShape: [6, 40], seed: 5 });
    const kept = await changed(inputs, 'layers.0.kernel', x);
    expect(kept.filter(Boolean).length).toBeGreaterThan(8);
    expect(kept.filter(Boolean).length).toBeLessThan(32);
    const states = await sequential([make(40, { recurrentDropout: 0.5 }), dense(1)], { inputShape: [6, 40], seed: 5 });
    const keptStates = await changed(states, 'layers.0.recurrentKernel', x);
    expect(keptStates.filter(Boolean).length).toBeGreaterThan(5);
    expect(keptStates.filter(Boolean).length).toBeLessThan(35);
    const plainNet = await sequential([make(40), dense(1)], { inputShape: [6, 40], seed: 5 });
    plainNet.setWeights(states.getWeights());
    expect(plainNet.predict(x)).toEqual(states.predict(x));
  },
);

test('lstm: the forget gate begins with a bias of 1 unless unitForgetBias is false; the recurrent kernel is orthogonal', async () => {
  const net = await modelOf(lstm(3), [4, 2]);
  expect(Array.from(net.getWeights()['layers.0.bias']!.data)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  const recurrentKernel = net.getWeights()['layers.0.recurrentKernel']!.data;
  for (let a = 0; a < 3; a++)
    for (let b = 0; b < 3; b++) {
      let dot = 0;
      for (let i = 0; i < 12; i++) dot += recurrentKernel[12 * a + i]! * recurrentKernel[12 * b + i]!;
      expect(dot).toBeCloseTo(a === b ? 1 : 0, 5);
    }
  const zeros = await modelOf(lstm(3, { unitForgetBias: false }), [4, 2]);
  expect(zeros.getWeights()['layers.0.bias']!.data.every((value) => value === 0)).toBe(true);
});

test.each(plain)('%s: the whole time loop is one instruction, forward and backward', async (_name, _kind, make) => {
  const opcodesAt = async (time: number) => {
    const { topology } = await modelOf(make(5, { returnSequences: true }), [time, 2]);
    const objective = {
      losses: [meanSquaredError()],
      lossWeights: [1],
      forms: ['values' as const],
      targetShapes: [[3, time, 5]],
      sampleWeights: false,
    };
    const functions = [forwardFunction(topology, 3), trainFunction(topology, 3, objective, sgd())];
    return functions.map((each) => compile(each).body.map(({ opcode }) => opcode));
  };
  const [prediction, step] = await opcodesAt(40);
  expect(prediction!.filter((opcode) => opcode === 'Recurrent')).toHaveLength(1);
  for (const name of ['Recurrent', 'RecurrentBackward'])
    expect(step!.filter((opcode) => opcode === name)).toHaveLength(1);
  // Nothing else is done step by step either.
  expect(await opcodesAt(2)).toEqual([prediction, step]);
});

test('training by hand and by one program agree: a step of descent follows the gradients', async () => {
  const net = await sequential([lstm(4), dense(1)], { inputShape: [5, 2], seed: 2 });
  const data = { inputs: randomTensor([7, 5, 2], 1), targets: randomTensor([7, 1], 2) };
  const { parameters } = net.gradients(data.inputs, { loss: 'mse', targets: data.targets });
  const before = net.getWeights();
  await net.fit(data, { loss: 'mse', optimizer: sgd({ learningRate: 0.5 }), batchSize: 7, epochs: 1 });
  for (const [name, { data: after }] of Object.entries(net.getWeights())) {
    const expected = Float64Array.from(after, (_, i) => before[name]!.data[i]! - 0.5 * parameters[name]!.data[i]!);
    expectClose(after, expected, 1e-5, name);
  }
});

test('a sequence of length zero is refused with its row, and nothing has changed', async () => {
  const [x, mask] = [input([3, 2]), input([3])];
  for (const layer of [lstm(4, { stateful: true }), bidirectional(gru(4)), simpleRnn(4)]) {
    const net = await graphModel({ inputs: [x, mask], outputs: dense(1)(layer([x, mask])), seed: 1 });
    const inputs = [
      [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      [
        [0, 0, 1],
        [0, 0, 0],
      ],
    ];
    const expected = 'the mask at row 1 keeps none of its 3 steps: layer "layers.0" expects at least 1';
    const before = net.toBytes();
    expect(() => net.predict(inputs)).toThrow(`model.predict: ${expected}`);
    expect(() => net.predict(inputs, { batchSize: 1 })).toThrow(`model.predict: ${expected}`);
    await expect(net.fit({ inputs, targets: [[1], [2]] }, { loss: 'mse', shuffle: false })).rejects.toThrow(
      `model.fit: ${expected}`,
    );
    expect(() => net.gradients(inputs, { outputGradient: [[1], [1]] })).toThrow(expected);
    expect(() => net.evaluate({ inputs, targets: [[1], [2]] }, { loss: 'mse' })).toThrow(`model.evaluate: ${expected}`);
    expect(net.getWeights()).toEqual((await loadModel(before)).getWeights());
  }
});

test('errors name what was expected and what came', () => {
  const x = input([4, 2]);
  expect(() => lstm(0)).toThrow('lstm: units: expected an integer of at least 1, got 0');
  expect(() => gru(3, { resetafter: true } as never)).toThrow('resetAfter');
  expect(() => simpleRnn(3, { activation: 'gelu' } as never)).toThrow(
    'expected activation "tanh" or "relu", got "gelu"',
  );
  expect(() => lstm(3, { dropout: 1 })).toThrow('lstm: dropout: expected a rate in [0, 1), got 1');
  expect(() => lstm(3, { layers: 1.5 })).toThrow('lstm: layers: expected an integer of at least 1, got 1.5');
  expect(() => lstm(3, { stateful: true, initialState: true })).toThrow('exclude each other');
  expect(() => lstm(3)(input([4]))).toThrow('lstm: expected input [*, time, features], got [*, 4]');
  expect(() => lstm(3)([x, input([5])])).toThrow(
    'lstm: expected a mask [*, 4] for a sequence of that length, got [*, 5]',
  );
  expect(() => lstm(3)([x, x])).toThrow('lstm: expected a mask [*, 4]');
  expect(() => lstm(3)([x, input([4]), x])).toThrow('lstm: expected a sequence, a mask or none, got 3 inputs');
  expect(() => lstm(3, { initialState: true })([x, input([3]), input([2])])).toThrow(
    'expected an initial state [*, 3], got [*, 2]',
  );
  expect(() => bidirectional(dense(2))).toThrow('bidirectional: expected simpleRnn, lstm or gru, got dense');
  expect(() => bidirectional(lstm(2, { goBackwards: true }))).toThrow('goBackwards');
  expect(() => bidirectional(lstm(2), { merge: 'add' } as never)).toThrow('merge');
  expect(() => bidirectional(null as never)).toThrow('bidirectional: expected a layer, got null');
});
