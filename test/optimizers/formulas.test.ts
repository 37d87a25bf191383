// The optimizers that are formulas of the graph, and groups: stepped through a model, against float64.
import { describe, expect, test } from 'vitest';
import { ReferenceOptimizer } from '../../reference/optimizers.ts';
import { Adafactor, Lamb, Muon, type Matrix, type TensorOptimizer } from '../../reference/tensor-optimizers.ts';
import {
  adafactor,
  adam,
  cosineDecay,
  dense,
  exponentialDecay,
  lamb,
  loadModel,
  muon,
  nadam,
  onPlateau,
  sequential,
  sgd,
  type Model,
  type Optimizer,
} from '../../src/index.ts';
import { optimizerFor, optimizersOf } from '../../src/optimizers/optimizer.ts';
import { matches } from '../../src/optimizers/groups.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

const rowsOf = (values: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) => Array.from(values).slice(i * columns, (i + 1) * columns));

/** Steps a model of one layer with given gradients, and references of its kernel and bias beside it. */
async function compare(
  optimizer: Optimizer,
  [rows, columns]: [number, number],
  references: (initial: { kernel: Matrix; bias: Matrix }) => { kernel: TensorOptimizer; bias: TensorOptimizer },
  tolerance = 2e-5,
) {
  const model = await sequential([dense(columns)], { inputShape: [rows], seed: 3 });
  model.setWeights({ 'layers.0.bias': randomFloats(columns, 9) });
  const weights = model.getWeights();
  const [kernel, bias] = [weights['layers.0.kernel']!, weights['layers.0.bias']!];
  const expected = references({ kernel: rowsOf(kernel.data, columns), bias: rowsOf(bias.data, columns) });
  for (let step = 1; step <= 8; step++) {
    const gradients = {
      'layers.0.kernel': { data: randomFloats(rows * columns, 10 + step, -2, 2), shape: [rows, columns] },
      'layers.0.bias': { data: randomFloats(columns, 50 + step, -2, 2), shape: [columns] },
    };
    model.applyGradients(gradients, optimizer);
    expected.kernel.update(rowsOf(gradients['layers.0.kernel'].data, columns));
    expected.bias.update(rowsOf(gradients['layers.0.bias'].data, columns));
    const after = model.getWeights();
    expectClose(after['layers.0.kernel']!.data, expected.kernel.parameter.flat(), tolerance, `kernel, step ${step}`);
    expectClose(after['layers.0.bias']!.data, expected.bias.parameter.flat(), tolerance, `bias, step ${step}`);
  }
}

/** A reference of elementwise steps, in the form of a matrix. */
function elementwise(type: string, options: object, initial: Matrix): TensorOptimizer {
  const reference = new ReferenceOptimizer(type, options, initial.flat());
  const columns = initial[0]!.length;
  return {
    get parameter() {
      return rowsOf(reference.parameters, columns);
    },
    update: (gradient) => reference.update(gradient.flat()),
  };
}

const sizes: [number, number][] = [
  [1, 1],
  [5, 3],
  [3, 7],
  [17, 9],
  [8, 33],
];

describe.each(sizes)('a kernel [%i, %i]', (...size) => {
  test.each([{}, { weightDecay: 0, epsilon: 1e-3, beta1: 0.8, beta2: 0.9 }])(
    'lamb %#: matches the reference',
    (options) =>
      compare(lamb({ learningRate: 0.05, ...options }), size, ({ kernel, bias }) => {
        const whole = { learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01, ...options };
        return { kernel: new Lamb(whole, kernel), bias: new Lamb(whole, bias) };
      }),
  );

  test.each([{}, { weightDecay: 0.1, clipThreshold: 0.5, beta2Decay: -0.5, epsilon2: 0.1, epsilon1: 1e-4 }])(
    'adafactor %#: matches the reference',
    (options) =>
      compare(adafactor({ learningRate: 0.05, ...options }), size, ({ kernel, bias }) => {
        const whole = {
          learningRate: 0.05,
          beta2Decay: -0.8,
          epsilon1: 2 ** -23,
          epsilon2: 1e-3,
          clipThreshold: 1,
          weightDecay: 0,
          ...options,
        };
        return { kernel: new Adafactor(whole, kernel, false), bias: new Adafactor(whole, bias, true) };
      }),
  );

  test.each([
    {},
    { nesterov: false, weightDecay: 0, momentum: 0.8, steps: 3 },
    { adjust: 'matchAdamW', epsilon: 1e-3 } as const,
  ])('muon %#: matches the reference, biases that of AdamW', (options) =>
    compare(
      muon({ learningRate: 0.05, ...options, adam: { learningRate: 0.02, weightDecay: 0.1 } }),
      size,
      ({ kernel, bias }) => ({
        kernel: new Muon(
          {
            learningRate: 0.05,
            momentum: 0.95,
            nesterov: true,
            weightDecay: 0.1,
            steps: 5,
            epsilon: 1e-7,
            adjust: 'original',
            ...options,
          },
          kernel,
        ),
        bias: elementwise('adamW', { learningRate: 0.02, weightDecay: 0.1 }, bias),
      }),
      // Five quintic steps magnify a rounding some thirtyfold.
      2e-4,
    ),
  );
});

test('lamb: a parameter of zeros takes the step of Adam', async () => {
  const model = await sequential([dense(2)], { inputShape: [2], seed: 1 });
  model.applyGradients({ 'layers.0.bias': [1, -3] }, lamb({ learningRate: 0.1, weightDecay: 0 }));
  expectClose(model.getWeights()['layers.0.bias']!.data, [-0.1, 0.1], 1e-5, 'bias');
});

test('muon: what is named for AdamW goes there', () => {
  const optimizer = muon({ adamFor: 'layers.2' });
  const types = optimizersOf(optimizer).map(({ type }) => type);
  expect(types[optimizerFor(optimizer, 'layers.0.kernel', [3, 3])]).toBe('muon');
  expect(types[optimizerFor(optimizer, 'layers.2.kernel', [3, 3])]).toBe('adamW');
  expect(types[optimizerFor(optimizer, 'layers.0.bias', [3])]).toBe('adamW');
});

test('muon: a group takes its own options, and leaves vectors to AdamW too', () => {
  const optimizer = muon({ groups: [{ match: 'layers.0', momentum: 0.5 }] });
  const all = optimizersOf(optimizer);
  const of = (name: string, shape: number[]) => all[optimizerFor(optimizer, name, shape)]!;
  expect(of('layers.0.kernel', [2, 2]).config['momentum']).toBe(0.5);
  expect(of('layers.0.bias', [2]).type).toBe('adamW');
  expect(of('layers.1.kernel', [2, 2]).config['momentum']).toBe(0.95);
});

describe('groups', () => {
  test('names, layers and patterns', () => {
    expect(matches('layers.1', 'layers.1.kernel')).toBe(true);
    expect(matches('layers.1', 'layers.10.kernel')).toBe(false);
    expect(matches('layers.1.bias', 'layers.1.bias')).toBe(true);
    expect(matches('*.bias', 'layers.1.bias')).toBe(true);
    expect(matches('*.bias', 'layers.1.bias2')).toBe(false);
    expect(matches('block*.kernel', 'block.3.kernel')).toBe(true);
    expect(matches(['a', 'b'], 'b.kernel')).toBe(true);
  });

  test('each has its own rate and decay, the first that matches wins, the rest is as the whole', () =>
    compare(
      adam({
        learningRate: 0.01,
        groups: [
          { match: '*.bias', learningRate: 0.3, beta1: 0.5 },
          { match: 'layers.0.bias', learningRate: 1 },
          { match: 'layers.0', weightDecay: 0.5 },
        ],
      }),
      [4, 3],
      ({ kernel, bias }) => ({
        kernel: elementwise('adam', { learningRate: 0.01, weightDecay: 0.5 }, kernel),
        bias: elementwise('adam', { learningRate: 0.3, beta1: 0.5 }, bias),
      }),
    ));

  test('schedules of their own; a group without a rate follows the whole', async () => {
    const optimizer = sgd({
      learningRate: exponentialDecay({ learningRate: 1, gamma: 0.5, per: 'step' }),
      groups: [
        { match: '*.bias', learningRate: exponentialDecay({ learningRate: 4, gamma: 0.25, per: 'step' }) },
        { match: 'layers.1.kernel', weightDecay: 0 },
      ],
    });
    const model = await sequential([dense(1), dense(1)], { inputShape: [1], seed: 1 });
    const before = model.getWeights();
    const ones = { 'layers.0.kernel': [1], 'layers.0.bias': [1], 'layers.1.kernel': [1] };
    for (let step = 0; step < 3; step++) model.applyGradients(ones, optimizer);
    const after = model.getWeights();
    const moved = (name: string) => before[name]!.data[0]! - after[name]!.data[0]!;
    expect(moved('layers.0.kernel')).toBeCloseTo(1 + 0.5 + 0.25, 6);
    expect(moved('layers.1.kernel')).toBeCloseTo(1 + 0.5 + 0.25, 6);
    expect(moved('layers.0.bias')).toBeCloseTo(4 + 1 + 0.25, 6);
  });

  test('a rate that a callback sets is that of the whole and of the groups that follow it', async () => {
    const optimizer = sgd({ learningRate: 1, groups: [{ match: '*.bias', learningRate: 0.125 }] });
    const rates: Record<string, number> = {};
    const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
    const data = { inputs: [[1]], targets: [[0]] };
    const before = model.getWeights();
    const { parameters } = model.gradients(data.inputs, { targets: data.targets, loss: 'mse' });
    await model.fit(data, {
      loss: 'mse',
      optimizer,
      callbacks: [{ onEpochBegin: (context) => void (context.learningRate = 0.5) }],
    });
    for (const [name, { data: values }] of Object.entries(model.getWeights()))
      rates[name] = (before[name]!.data[0]! - values[0]!) / parameters[name]!.data[0]!;
    expect(rates['layers.0.kernel']).toBeCloseTo(0.5, 5);
    expect(rates['layers.0.bias']).toBeCloseTo(0.125, 5);
  });

  test('the norm is clipped over all of them', async () => {
    const optimizer = sgd({ learningRate: 1, clipNorm: 1, groups: [{ match: '*.bias', learningRate: 2 }] });
    const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
    const before = model.getWeights();
    model.applyGradients({ 'layers.0.kernel': [3], 'layers.0.bias': [4] }, optimizer);
    const after = model.getWeights();
    expect(before['layers.0.kernel']!.data[0]! - after['layers.0.kernel']!.data[0]!).toBeCloseTo(0.6, 5);
    expect(before['layers.0.bias']!.data[0]! - after['layers.0.bias']!.data[0]!).toBeCloseTo(1.6, 5);
  });

  test('are refused where they do not hold', () => {
    const group = (options: object) => () => adam({ groups: [{ match: 'a', ...options }] });
    expect(group({ clipNorm: 1 })).toThrow('adam: groups[0]: clipNorm is for all parameters together');
    expect(group({ beta1: 2 })).toThrow('adam: expected beta1 in [0, 1), got 2');
    expect(group({ momentum: 0.9 })).toThrow('adam: unknown option "momentum"');
    expect(() => adam({ groups: [{ learningRate: 1 }] as never })).toThrow('expected groups to be a list of groups');
  });
});

const resumed: Record<string, Optimizer> = {
  lamb: lamb({ clipNorm: 0.5 }),
  adafactor: adafactor({ weightDecay: 0.1 }),
  muon: muon({ learningRate: cosineDecay({ learningRate: 0.02, steps: 10 }), adamFor: 'layers.1' }),
  'adam in groups': adam({
    groups: [
      { match: '*.bias', learningRate: exponentialDecay({ learningRate: 0.1, gamma: 0.9 }), amsgrad: true },
      { match: 'layers.0', learningRate: onPlateau({ learningRate: 0.3, patience: 1, factor: 0.5, threshold: 0.5 }) },
    ],
  }),
  'nadam in groups': nadam({ groups: [{ match: 'layers.0', momentumDecay: 0.1 }] }),
};

test.each(Object.entries(resumed))('%s: ten epochs are five, a file, and five more', async (_, optimizer) => {
  const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 2], 2) };
  const make = (): Promise<Model> =>
    sequential([dense(5, { activation: 'tanh' }), dense(2)], { inputShape: [3], seed: 5 });
  const whole = await make();
  const { history } = await whole.fit(data, { loss: 'mse', optimizer, epochs: 10, batchSize: 4 });
  expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
  const half = await make();
  await half.fit(data, { loss: 'mse', optimizer, epochs: 5, batchSize: 4 });
  const again = await loadModel(half.toBytes({ optimizer: true }));
  await again.fit(data, { epochs: 5, batchSize: 4 });
  expect(bitsOf(again)).toEqual(bitsOf(whole));
  expect(again.toBytes({ optimizer: true })).toEqual(whole.toBytes({ optimizer: true }));
});
