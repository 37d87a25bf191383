// The losses of whole samples and batches: values against float64, gradients against finite differences, weights,
// what is refused. And that a model learns by them.
import { describe, expect, test } from 'vitest';
import {
  batchTripletRows,
  gaussianRow,
  infoNCERows,
  logMeanSquaredErrorRow,
  ntXentRows,
  tripletRow,
  tverskyRow,
  type WeightedRow,
} from '../../reference/sample-losses.ts';
import {
  activation,
  concatenate,
  dense,
  input,
  losses,
  model as graphModel,
  reshape,
  sequential,
  ShapeError,
  type Loss,
  type Tensor,
} from '../../src/index.ts';
import { sizeOf, type Shape } from '../../src/graph/graph.ts';
import { finiteDifferences, randomTensor } from '../helpers/model.ts';
import { testRandom } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

interface Case {
  loss: Loss;
  /** Of one sample. */
  shape: Shape;
  range?: [low: number, high: number];
  target?: (batch: number) => Tensor;
  /** The losses of all rows. */
  rows(prediction: Float64Array, target: Tensor | undefined): (number | WeightedRow)[];
}

const chunks = <T>(values: ArrayLike<T>, size: number): T[][] =>
  Array.from({ length: values.length / size }, (_, i) => Array.from(values).slice(i * size, (i + 1) * size));

const samples = (values: ArrayLike<number>, [rows, columns]: [number, number]) =>
  chunks(values, rows * columns).map((sample) => chunks(sample, columns));

const integers = (batch: number, shape: Shape, classes: number): Tensor => {
  const random = testRandom(11);
  const whole = [batch, ...shape];
  return { data: Int32Array.from({ length: sizeOf(whole) }, () => Math.floor(random(0, classes))), shape: whole };
};

/** Values [places, classes] of a sample's target: as they are, or a one for each class index. */
const wanted = (target: Tensor, sample: number, places: number, classes: number): number[][] => {
  if (target.data instanceof Float32Array) return samples(target.data, [places, classes])[sample]!;
  return chunks(target.data, places)[sample]!.map((label) => Array.from({ length: classes }, (_, c) => +(c === label)));
};

const overlap = (loss: Loss, terms: { alpha: number; beta: number; smooth: number }, target: Case['target']): Case => ({
  loss,
  shape: [2, 3, 4],
  range: [0.05, 0.9],
  target: target!,
  rows: (p, t) => samples(p, [6, 4]).map((sample, i) => tverskyRow(sample, wanted(t!, i, 6, 4), terms)),
});

const classesOf = (batch: number) => integers(batch, [2, 3], 4);
const sharesOf = (batch: number) => randomTensor([batch, 2, 3, 4], 3, 0, 1);

const cases: Record<string, Case> = {
  'dice on class indices': overlap(losses.dice(), { alpha: 0.5, beta: 0.5, smooth: 0.5 }, classesOf),
  'dice on values': overlap(losses.dice({ smooth: 0 }), { alpha: 0.5, beta: 0.5, smooth: 0 }, sharesOf),
  'dice of one class': {
    loss: losses.dice(),
    shape: [6, 1],
    range: [0.1, 0.9],
    target: (batch) => ({ ...randomTensor([batch, 6], 4, 0, 1), shape: [batch, 6] }),
    rows: (p, t) =>
      samples(p, [6, 1]).map((sample, i) =>
        tverskyRow(sample, samples(t!.data, [6, 1])[i]!, { alpha: 0.5, beta: 0.5, smooth: 0.5 }),
      ),
  },
  tversky: overlap(
    losses.tversky({ alpha: 0.3, beta: 0.7, smooth: 0.1 }),
    { alpha: 0.3, beta: 0.7, smooth: 0.1 },
    classesOf,
  ),
  triplet: {
    loss: losses.triplet(),
    shape: [3, 5],
    rows: (p) => samples(p, [3, 5]).map((sample) => tripletRow(sample, { margin: 1, epsilon: 1e-6, swap: false })),
  },
  'triplet with swap': {
    loss: losses.triplet({ margin: 0.3, swap: true }),
    shape: [3, 5],
    rows: (p) => samples(p, [3, 5]).map((sample) => tripletRow(sample, { margin: 0.3, epsilon: 1e-6, swap: true })),
  },
  batchTriplet: {
    loss: losses.batchTriplet({ margin: 0.5 }),
    shape: [6],
    target: (batch) => integers(batch, [], 3),
    rows: (p, t) => batchTripletRows(chunks(p, 6), Array.from(t!.data), 0.5),
  },
  'batchTriplet with a sample alone of its label': {
    loss: losses.batchTriplet(),
    shape: [4],
    target: (batch) => ({
      data: Int32Array.from({ length: batch }, (_, i) => (i === 1 ? 7 : i % 2)),
      shape: [batch, 1],
    }),
    rows: (p, t) => batchTripletRows(chunks(p, 4), Array.from(t!.data), 0.2),
  },
  infoNCE: {
    loss: losses.infoNCE(),
    shape: [2, 7],
    rows: (p) => infoNCERows(samples(p, [2, 7]), 0.07, true),
  },
  'infoNCE one way': {
    loss: losses.infoNCE({ symmetric: false, temperature: 0.5 }),
    shape: [2, 7],
    rows: (p) => infoNCERows(samples(p, [2, 7]), 0.5, false),
  },
  ntXent: { loss: losses.ntXent(), shape: [2, 7], rows: (p) => ntXentRows(samples(p, [2, 7]), 0.5) },
  logMeanSquaredError: {
    loss: losses.logMeanSquaredError({ epsilon: 0.01 }),
    shape: [2, 3],
    target: (batch) => randomTensor([batch, 2, 3], 5),
    rows: (p, t) => chunks(p, 6).map((row, i) => logMeanSquaredErrorRow(row, chunks(t!.data, 6)[i]!, 0.01)),
  },
  'gaussianNegativeLogLikelihood on logarithms': {
    loss: losses.gaussianNegativeLogLikelihood(),
    shape: [6],
    target: (batch) => randomTensor([batch, 3], 5),
    rows: (p, t) =>
      samples(p, [2, 3]).map(([means, logs], i) =>
        gaussianRow(means!, logs!.map(Math.exp), chunks(t!.data, 3)[i]!, false),
      ),
  },
  'gaussianNegativeLogLikelihood on variances': {
    loss: losses.gaussianNegativeLogLikelihood({ variance: 'value', full: true }),
    shape: [6],
    range: [0.3, 2],
    target: (batch) => randomTensor([batch, 3], 5),
    rows: (p, t) =>
      samples(p, [2, 3]).map(([means, variances], i) => gaussianRow(means!, variances!, chunks(t!.data, 3)[i]!, true)),
  },
};

/** Σ s·w·l / Σ w, or Σ s·w·l. */
function total(rows: readonly (number | WeightedRow)[], batch: number, weights: ArrayLike<number> | null, sum = false) {
  const weighted = rows.map((row) => (typeof row === 'number' ? { loss: row, weight: 1 } : row));
  const perSample = rows.length / batch;
  const above = weighted.reduce(
    (all, { loss, weight }, i) => all + loss * weight * (weights?.[Math.floor(i / perSample)] ?? 1),
    0,
  );
  return sum ? above : above / weighted.reduce((all, { weight }) => all + weight, 0);
}

const identity = (shape: Shape) => sequential([activation('linear')], { inputShape: shape });

describe.each(Object.entries(cases))('%s', (_, { loss, shape, range = [-1, 1], target, rows }) => {
  test.each([3, 5])('a batch of %i: value and gradient match the reference', async (batch) => {
    const model = await identity(shape);
    const prediction = randomTensor([batch, ...shape], 21, ...range);
    const targets = target?.(batch);
    const sampleWeights = Float32Array.from({ length: batch }, (__, i) => 0.5 + i);
    for (const reduction of ['mean', 'sum'] as const)
      for (const weights of [null, sampleWeights]) {
        const request = {
          ...(targets && { targets }),
          loss: { ...loss.spec, reduction },
          ...(weights && { sampleWeights: weights }),
        };
        const gradients = model.gradients(prediction, request);
        const exact = Float64Array.from(prediction.data);
        const value = () => total(rows(exact, targets), batch, weights, reduction === 'sum');
        expectClose([gradients.loss!], [value()], 1e-5, 'loss');
        expectClose(gradients.inputs[0]!.data, finiteDifferences(value, exact), 1e-4, 'gradient');
      }
  });

  test('fit and evaluate take it', async () => {
    const features = sizeOf(shape);
    const layers = [dense(features, { activation: range[0] > 0 ? 'sigmoid' : 'linear' }), reshape(shape)];
    const model = await sequential(layers, { inputShape: [3], seed: 4 });
    const targets = target?.(12);
    const data = { inputs: randomTensor([12, 3], 8), ...(targets && { targets }) };
    const { history } = await model.fit(data, {
      loss,
      epochs: 30,
      batchSize: 4,
      validationSplit: 1 / 3,
      shuffle: false,
    });
    expect(history['loss']!.at(-1)).toBeLessThan(history['loss']![0]!);
    expect(Number.isFinite(model.evaluate(data).loss)).toBe(true);
  });
});

describe('what does not fit is refused', () => {
  const refused: [string, Loss, Shape, unknown, string][] = [
    ['dice without places', losses.dice(), [4], [1], 'dice: expected a prediction [*, ..., C] with at least one axis'],
    [
      'dice of another mask',
      losses.dice(),
      [3, 2],
      [[0, 1]],
      'dice: expected targets class indices [*, 3] or values [*, 3, 2]',
    ],
    ['triplet of two', losses.triplet(), [2, 4], undefined, 'triplet: expected a prediction [*, 3, D]'],
    ['infoNCE of three', losses.infoNCE(), [3, 4], undefined, 'infoNCE: expected a prediction [*, 2, D]'],
    ['an odd number of means and variances', losses.gaussianNegativeLogLikelihood(), [3], [[1]], '[*, 2·D]'],
    ['targets of another width', losses.gaussianNegativeLogLikelihood(), [4], [[1]], 'expected targets [*, 2]'],
    ['labels of several columns', losses.batchTriplet(), [4], [[1, 2]], 'expected targets labels [*]'],
  ];
  test.each(refused)('%s', async (_, loss, shape, targets, message) => {
    const model = await identity(shape);
    const data = { inputs: randomTensor([1, ...shape], 1), targets } as never;
    expect(() => model.evaluate(data, { loss })).toThrow(ShapeError);
    expect(() => model.evaluate(data, { loss })).toThrow(message);
  });

  test('a metric of what it cannot read', async () => {
    const model = await identity([2, 4]);
    const data = { inputs: randomTensor([3, 2, 4], 1) };
    const message = 'metrics: "accuracy" cannot be told of what ntXent is a loss of';
    await expect(model.fit(data, { loss: losses.ntXent(), metrics: ['accuracy'] })).rejects.toThrow(message);
  });

  test('no targets where the loss needs some', async () => {
    const model = await identity([3, 2]);
    expect(() => model.evaluate({ inputs: randomTensor([1, 3, 2], 1) }, { loss: 'dice' })).toThrow('expected targets');
  });

  test('options out of range or unknown', () => {
    expect(() => losses.infoNCE({ temperature: 0 })).toThrow('infoNCE: expected temperature > 0');
    expect(() => losses.triplet({ margin: -1 })).toThrow('triplet: expected margin ≥ 0');
    expect(() => losses.dice({ smoth: 1 } as never)).toThrow('did you mean "smooth"?');
    expect(() => losses.binaryFocal({ alpha: 2 })).toThrow('binaryFocal: expected alpha in [0, 1], got 2');
    expect(() => losses.focal({ alpha: -1 })).toThrow('focal: expected non-negative alpha, got -1');
    expect(() => losses.focal({ gamma: -1 })).toThrow('focal: gamma is out of range: -1');
  });
});

test('a triplet of three outputs of one encoder: positives come nearer than negatives', async () => {
  const [a, p, n] = [0, 1, 2].map((i) => input([4], { name: `x${i}` }));
  const encoder = dense(3);
  const together = reshape([3, 3])(concatenate()([encoder(a!), encoder(p!), encoder(n!)]));
  const net = await graphModel({ inputs: [a!, p!, n!], outputs: together, seed: 3 });
  const anchors = randomTensor([40, 4], 1);
  // The first feature is what belongs together; the others are noise.
  const like = (seed: number, sign: number): Tensor => ({
    shape: [40, 4],
    data: randomTensor([40, 4], seed).data.map((noise: number, i: number) =>
      i % 4 ? noise : sign * anchors.data[i]!,
    ) as Float32Array,
  });
  const inputs = [anchors, like(2, 1), like(3, -1)];
  const { history } = await net.fit({ inputs }, { loss: 'triplet', epochs: 60, batchSize: 8, optimizer: 'adam' });
  expect(history['loss']!.at(-1)).toBeLessThan(0.6 * history['loss']![0]!);
});
