import { describe, expect, test } from 'vitest';
import {
  activation,
  metricNames,
  metrics,
  sequential,
  type LossLike,
  type MetricLike,
  type Model,
  type Tensor,
} from '../../src/index.ts';
import type { MetricContext } from '../../src/metrics/index.ts';
import { resolveMetric } from '../../src/metrics/index.ts';
import { testRandom } from '../helpers/kernel.ts';

/** A model whose prediction is its input. */
const identity = (columns: number): Promise<Model> => sequential([activation('linear')], { inputShape: [columns] });

async function score(
  metric: MetricLike,
  inputs: number[][],
  targets: Tensor | number[] | number[][],
  loss: LossLike,
  batchSize = 256,
) {
  const model = await identity(inputs[0]!.length);
  const { loss: _, ...rest } = model.evaluate({ inputs, targets }, { loss, metrics: [metric], batchSize });
  return Object.values(rest)[0]!;
}

const averaged = { precision: metrics.precision, recall: metrics.recall, f1: metrics.f1 };

const random = testRandom(8);
const [samples, classes] = [60, 4];
const logits = Array.from({ length: samples }, () => Array.from({ length: classes }, () => random(-2, 2)));
const labels = Array.from({ length: samples }, () => Math.floor(random(0, classes)));
const argmax = (row: number[]) => row.indexOf(Math.max(...row));
const scores = Array.from({ length: samples }, () => Math.round(random(0, 10)) / 10);
const truths = Array.from({ length: samples }, () => Number(random(0, 1) > 0.6));
const column = (values: number[]) => values.map((value) => [value]);

/** The share of pairs in which the positive scores higher, ties half. */
function naiveAuc(values: number[], positives: number[]): number {
  let [wins, pairs] = [0, 0];
  values.forEach((p, i) =>
    values.forEach((n, j) => {
      if (!positives[i] || positives[j]) return;
      pairs++;
      wins += p > n ? 1 : p === n ? 0.5 : 0;
    }),
  );
  return wins / pairs;
}

interface Counts {
  tp: number;
  fp: number;
  fn: number;
}
const naiveCounts = (predicted: number[], actual: number[], label: number): Counts => ({
  tp: predicted.filter((p, i) => p === label && actual[i] === label).length,
  fp: predicted.filter((p, i) => p === label && actual[i] !== label).length,
  fn: predicted.filter((p, i) => p !== label && actual[i] === label).length,
});
const formulas = {
  precision: ({ tp, fp }: Counts) => tp / (tp + fp),
  recall: ({ tp, fn }: Counts) => tp / (tp + fn),
  f1: ({ tp, fp, fn }: Counts) => (2 * tp) / (2 * tp + fp + fn),
};

describe('metrics of classes', () => {
  const predicted = logits.map(argmax);

  test('accuracy is the share of right classes, in batches too', async () => {
    const expected = predicted.filter((p, i) => p === labels[i]).length / samples;
    expect(await score('accuracy', logits, labels, 'crossEntropy')).toBeCloseTo(expected, 12);
    expect(await score('accuracy', logits, labels, 'crossEntropy', 7)).toBeCloseTo(expected, 12);
  });

  test('targets as probabilities name the class of the largest', async () => {
    const oneHot = labels.map((label) => Array.from({ length: classes }, (_, i) => Number(i === label)));
    expect(await score('accuracy', logits, oneHot, 'crossEntropy')).toBe(
      await score('accuracy', logits, labels, 'crossEntropy'),
    );
  });

  test.each([1, 2, 3, 4])('top-%i accuracy looks among the k largest', async (k) => {
    const hits = logits.filter((row, i) => row.toSorted((a, b) => b - a).indexOf(row[labels[i]!]!) < k).length;
    expect(await score(metrics.topKAccuracy({ k }), logits, labels, 'crossEntropy')).toBeCloseTo(hits / samples, 12);
  });

  test('the confusion matrix counts [actual][predicted]', async () => {
    const expected = Array.from({ length: classes }, (_, actual) =>
      Array.from(
        { length: classes },
        (_unused, p) => predicted.filter((value, i) => value === p && labels[i] === actual).length,
      ),
    );
    expect(await score('confusionMatrix', logits, labels, 'crossEntropy', 11)).toEqual(expected);
  });

  test.each(Object.keys(formulas) as (keyof typeof formulas)[])('%s: macro and micro averages', async (name) => {
    const perClass = Array.from({ length: classes }, (_, label) => naiveCounts(predicted, labels, label));
    const macro = perClass.reduce((sum, counts) => sum + formulas[name](counts), 0) / classes;
    const total = perClass.reduce((a, b) => ({ tp: a.tp + b.tp, fp: a.fp + b.fp, fn: a.fn + b.fn }));
    expect(await score(name, logits, labels, 'crossEntropy')).toBeCloseTo(macro, 12);
    expect(await score(averaged[name]({ average: 'macro' }), logits, labels, 'crossEntropy')).toBeCloseTo(macro, 12);
    expect(await score(averaged[name]({ average: 'micro' }), logits, labels, 'crossEntropy')).toBeCloseTo(
      formulas[name](total),
      12,
    );
  });

  test('auc: the mean of each class against the rest', async () => {
    const areas = Array.from({ length: classes }, (_, label) =>
      naiveAuc(
        logits.map((row) => Math.fround(row[label]!)),
        labels.map((actual) => Number(actual === label)),
      ),
    );
    expect(await score('auc', logits, labels, 'crossEntropy')).toBeCloseTo(areas.reduce((a, b) => a + b) / classes, 12);
  });

  test('ignored labels count nowhere', async () => {
    const ignored = labels.map((label, i) => (i % 3 === 0 ? -100 : label));
    const kept = (_: unknown, i: number) => i % 3 !== 0;
    for (const metric of ['accuracy', 'topKAccuracy', 'precision', 'recall', 'f1', 'auc', 'confusionMatrix']) {
      const expected = await score(metric, logits.filter(kept), labels.filter(kept), 'crossEntropy');
      expect(await score(metric, logits, ignored, 'crossEntropy'), metric).toEqual(expected);
    }
  });

  test('of equal predictions the first is the class', async () => {
    expect(await score('confusionMatrix', [[1, 1]], [1], 'crossEntropy')).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });
});

describe('metrics of yes and no', () => {
  const decided = scores.map((value) => Number(value > 0.5));

  test('accuracy, precision, recall and F1 of probabilities decide at 0.5', async () => {
    const counts = naiveCounts(decided, truths, 1);
    const right = decided.filter((value, i) => value === truths[i]).length;
    expect(await score('accuracy', column(scores), truths, 'bce')).toBeCloseTo(right / samples, 12);
    expect(await score('binaryAccuracy', column(scores), truths, 'bce')).toBeCloseTo(right / samples, 12);
    for (const name of ['precision', 'recall', 'f1'] as const)
      expect(await score(name, column(scores), truths, 'bce')).toBeCloseTo(formulas[name](counts), 12);
    expect(await score('confusionMatrix', column(scores), truths, 'bce')).toEqual([
      [samples - counts.tp - counts.fp - counts.fn, counts.fp],
      [counts.fn, counts.tp],
    ]);
  });

  test('logits decide at 0', async () => {
    const shifted = scores.map((value) => value - 0.5);
    for (const name of ['accuracy', 'precision', 'recall', 'f1', 'auc'])
      expect(await score(name, column(shifted), truths, 'binaryCrossEntropyWithLogits')).toBe(
        await score(name, column(scores), truths, 'bce'),
      );
  });

  test('a hinge has targets of −1 and 1 and decides at 0', async () => {
    const shifted = scores.map((value) => value - 0.5);
    const signed = truths.map((value) => 2 * value - 1);
    for (const name of ['accuracy', 'f1', 'auc'])
      expect(await score(name, column(shifted), signed, 'hinge')).toBe(
        await score(name, column(scores), truths, 'bce'),
      );
  });

  test("a threshold of one's own", async () => {
    const right = scores.filter((value, i) => Number(value > 0.75) === truths[i]).length;
    expect(await score(metrics.binaryAccuracy({ threshold: 0.75 }), column(scores), truths, 'bce')).toBeCloseTo(
      right / samples,
      12,
    );
  });

  test('auc counts ties half', async () => {
    expect(await score('auc', column(scores), truths, 'bce')).toBeCloseTo(naiveAuc(scores, truths), 12);
    expect(await score('auc', column([0.5, 0.5, 0.5]), [0, 1, 1], 'bce')).toBe(0.5);
    expect(await score('auc', column([0.1, 0.4, 0.35, 0.8]), [0, 0, 1, 1], 'bce')).toBe(0.75);
  });

  test('auc of one class alone is NaN', async () => {
    expect(await score('auc', column([0.1, 0.4]), [1, 1], 'bce')).toBeNaN();
  });

  test('several columns are decided one by one', async () => {
    const inputs = [
      [0.9, 0.2],
      [0.4, 0.6],
    ];
    const targets = [
      [1, 1],
      [0, 1],
    ];
    expect(await score('accuracy', inputs, targets, 'bce')).toBe(0.75);
    expect(await score('recall', inputs, targets, 'bce')).toBeCloseTo(2 / 3, 12);
    expect(await score('precision', inputs, targets, 'bce')).toBe(1);
  });

  test('where nothing is called positive precision is 0', async () => {
    expect(await score('precision', column([0.1, 0.2]), [1, 0], 'bce')).toBe(0);
    expect(await score('f1', column([0.1, 0.2]), [0, 0], 'bce')).toBe(0);
  });
});

describe('metrics of numbers', () => {
  const inputs = [
    [1, 5],
    [2, 5],
    [4, 5],
  ];
  const targets = [
    [1, 5],
    [3, 5],
    [2, 5],
  ];

  test('mean squared and mean absolute error', async () => {
    expect(await score('mse', inputs, targets, 'mse')).toBeCloseTo(5 / 6, 12);
    expect(await score('mae', inputs, targets, 'mse')).toBeCloseTo(3 / 6, 12);
    expect(await score('mae', inputs, targets, 'mse', 2)).toBeCloseTo(3 / 6, 12);
  });

  test('R² is the mean over the columns; a constant one counts 1 where it is exact', async () => {
    // Σ(p − t)² = 5 and Σ(t − 2)² = 2 in the first column.
    expect(await score('r2', inputs, targets, 'mse')).toBeCloseTo((1 - 5 / 2 + 1) / 2, 12);
    expect(await score('r2', inputs, targets, 'mse', 1)).toBeCloseTo((1 - 5 / 2 + 1) / 2, 12);
  });

  test('R²: a constant column that is missed counts 0', async () => {
    expect(await score('r2', column([1, 2, 4]), [5, 5, 5], 'mse')).toBe(0);
  });

  test('R² is accurate far from 0', async () => {
    const near = [1, 2, 3, 4, 5];
    const far = near.map((value) => value + 1e6);
    expect(await score('r2', column(far.map((v) => v + 1)), far, 'mse')).toBeCloseTo(1 - 5 / 10, 6);
  });
});

describe('metrics on nothing and on nonsense', () => {
  const context: MetricContext = {
    columns: 3,
    form: 'values',
    task: 'regression',
    logits: false,
    ignoreIndex: undefined,
    signed: false,
    probabilities: false,
  };

  test.each(metricNames.filter((name) => !['precision', 'recall', 'f1', 'confusionMatrix'].includes(name)))(
    '%s of no rows is NaN',
    (name) => {
      const task = name === 'perplexity' ? 'classification' : 'regression';
      expect(
        resolveMetric(name)
          .create({ ...context, task })
          .result(),
      ).toBeNaN();
    },
  );

  test.each(['precision', 'recall', 'f1'])('%s of no rows is 0', (name) => {
    expect(resolveMetric(name).create(context).result()).toBe(0);
  });

  test('a prediction of NaN is no hit, and has no area under a curve', async () => {
    const model = await identity(2);
    const nan = { data: Float32Array.of(Number.NaN, Number.NaN, 1, 0), shape: [2, 2] };
    const data = { inputs: nan, targets: Int32Array.of(0, 1) };
    const options = { loss: 'crossEntropy', metrics: [metrics.topKAccuracy({ k: 1 }), 'auc'], allowNonFinite: true };
    expect(model.evaluate(data, options)).toMatchObject({ top1Accuracy: 0, auc: Number.NaN });
  });

  test.each(['mse', 'mae', 'r2', 'binaryAccuracy'])('%s of class indices is refused before training', async (name) => {
    const model = await identity(2);
    const data = { inputs: [[1, 2]], targets: [1] };
    const options = { loss: 'crossEntropy', metrics: [name] };
    expect(() => model.evaluate(data, options)).toThrow(`${name}: needs targets of the prediction's shape`);
    await expect(model.fit(data, options)).rejects.toThrow(RangeError);
    expect(model.trainer.optimizer).toBeNull();
  });

  test('bad metrics are refused', async () => {
    const model = await identity(2);
    const data = { inputs: [[1, 2]], targets: [1] };
    const evaluate = (metric: unknown) => () =>
      model.evaluate(data, { loss: 'crossEntropy', metrics: [metric as MetricLike] });
    expect(evaluate('acuracy')).toThrow('unknown metric "acuracy"; did you mean "accuracy"?');
    expect(evaluate(3)).toThrow(TypeError);
    expect(evaluate(metrics.f1({ average: 'binary' }))).toThrow(
      'f1: average "binary" needs a binary task, not 2 classes',
    );
    expect(() => metrics.f1({ average: 'weighted' as never })).toThrow('unknown average of f1 "weighted"');
    for (const k of [0, 1.5, Number.NaN]) expect(() => metrics.topKAccuracy({ k })).toThrow('expected k of at least 1');
  });

  test("a metric of one's own is an object with a state", async () => {
    const largest: MetricLike = {
      name: 'largest',
      better: null,
      create() {
        let most = -Infinity;
        return { update: (prediction) => (most = Math.max(most, ...prediction)), result: () => most };
      },
    };
    expect(await score(largest, [[1], [7], [3]], [0, 0, 0], 'mse', 2)).toBe(7);
  });
});
