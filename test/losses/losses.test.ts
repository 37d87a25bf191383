import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  activation,
  lossNames,
  losses,
  sequential,
  ShapeError,
  type Loss,
  type LossLike,
  type Model,
  type Tensor,
} from '../../src/index.ts';
import { rowLoss, type LossName, type LossOptions } from '../../reference/losses.ts';
import { expectClose } from '../helpers/operation.ts';
import { finiteDifferences, randomTensor } from '../helpers/model.ts';
import { testRandom } from '../helpers/kernel.ts';

/** A model whose prediction is its input. */
const identity = (columns: number | readonly number[]): Promise<Model> =>
  sequential([activation('linear')], { inputShape: typeof columns === 'number' ? [columns] : columns });

interface Case {
  loss: Loss;
  kernel: LossName;
  options?: LossOptions;
  prediction?: [low: number, high: number];
  /** Class indices up to the columns, a distribution over them, or values between. */
  target: 'classes' | 'distribution' | 'signs' | [low: number, high: number];
}

const weights = [0.5, 2, 1, 0, 3];
const cases: Record<string, Case> = {
  meanSquaredError: { loss: losses.meanSquaredError(), kernel: 'MeanSquared', target: [-1, 1] },
  meanAbsoluteError: { loss: losses.meanAbsoluteError(), kernel: 'MeanAbsolute', target: [-1, 1] },
  huber: { loss: losses.huber({ delta: 0.7 }), kernel: 'Huber', options: { alpha: 0.7 }, target: [-1, 1] },
  smoothL1: { loss: losses.smoothL1({ beta: 0.5 }), kernel: 'SmoothL1', options: { alpha: 0.5 }, target: [-1, 1] },
  logCosh: { loss: losses.logCosh(), kernel: 'LogCosh', target: [-3, 3] },
  poisson: { loss: losses.poisson(), kernel: 'Poisson', options: { alpha: 1 }, target: [0, 5] },
  'poisson on rates': {
    loss: losses.poisson({ logInput: false }),
    kernel: 'Poisson',
    options: { alpha: 0 },
    prediction: [0.2, 4],
    target: [0, 5],
  },
  cosineSimilarity: { loss: losses.cosineSimilarity(), kernel: 'CosineSimilarity', target: [-1, 1] },
  binaryCrossEntropy: {
    loss: losses.binaryCrossEntropy(),
    kernel: 'BinaryCrossEntropy',
    prediction: [0.05, 0.95],
    target: [0, 1],
  },
  binaryCrossEntropyWithLogits: {
    loss: losses.binaryCrossEntropyWithLogits({ positiveWeights: weights }),
    kernel: 'BinaryCrossEntropyLogits',
    options: { weights },
    prediction: [-3, 3],
    target: [0, 1],
  },
  hinge: { loss: losses.hinge(), kernel: 'Hinge', prediction: [-2, 2], target: 'signs' },
  squaredHinge: { loss: losses.squaredHinge(), kernel: 'SquaredHinge', prediction: [-2, 2], target: 'signs' },
  crossEntropy: { loss: losses.crossEntropy(), kernel: 'CrossEntropyIndices', prediction: [-3, 3], target: 'classes' },
  'crossEntropy with class weights and smoothing': {
    loss: losses.crossEntropy({ classWeights: weights, labelSmoothing: 0.2 }),
    kernel: 'CrossEntropyIndices',
    options: { weights, alpha: 0.2 },
    prediction: [-3, 3],
    target: 'classes',
  },
  'crossEntropy with an ignored label': {
    loss: losses.crossEntropy({ ignoreIndex: 2 }),
    kernel: 'CrossEntropyIndices',
    options: { ignoreIndex: 2 },
    target: 'classes',
  },
  'crossEntropy on probabilities': {
    loss: losses.crossEntropy({ classWeights: weights, labelSmoothing: 0.1 }),
    kernel: 'CrossEntropyProbabilities',
    options: { weights, alpha: 0.1 },
    target: 'distribution',
  },
  negativeLogLikelihood: {
    loss: losses.negativeLogLikelihood({ classWeights: weights }),
    kernel: 'NegativeLogLikelihood',
    options: { weights },
    prediction: [-5, -0.1],
    target: 'classes',
  },
  'binaryFocalWithLogits without a balance': {
    loss: losses.binaryFocalWithLogits({ alpha: null, gamma: 0 }),
    kernel: 'BinaryCrossEntropyLogits',
    prediction: [-3, 3],
    target: [0, 1],
  },
  binaryFocalWithLogits: {
    loss: losses.binaryFocalWithLogits(),
    kernel: 'BinaryFocal',
    options: { weights: [0.25, 0.25, 0.25, 0.25, 0.25], alpha: 2 },
    prediction: [-3, 3],
    target: [0, 1],
  },
  focal: {
    loss: losses.focal({ alpha: 0.5, ignoreIndex: 2 }),
    kernel: 'FocalIndices',
    options: { weights: [0.5, 0.5, 0.5, 0.5, 0.5], alpha: 2, ignoreIndex: 2 },
    prediction: [-3, 3],
    target: 'classes',
  },
  'focal on probabilities': {
    loss: losses.focal({ alpha: weights, gamma: 1.5 }),
    kernel: 'FocalProbabilities',
    options: { weights, alpha: 1.5 },
    target: 'distribution',
  },
  kullbackLeibler: {
    loss: losses.kullbackLeibler(),
    kernel: 'KullbackLeibler',
    prediction: [-5, -0.1],
    target: 'distribution',
  },
};

const [rows, columns] = [7, 5];

function makeTarget({ target }: Case): Tensor {
  const random = testRandom(5);
  if (target === 'classes')
    return { data: Int32Array.from({ length: rows }, () => Math.floor(random(0, columns))), shape: [rows] };
  const values = randomTensor([rows, columns], 6, ...(Array.isArray(target) ? target : ([0.1, 1] as const)));
  const { data } = values;
  if (target === 'signs') return { ...values, data: Float32Array.from(data, () => (random(-1, 1) > 0 ? 1 : -1)) };
  if (target !== 'distribution') return values;
  const sums = Array.from({ length: rows }, (_, row) =>
    Array.from(data.slice(row * columns, (row + 1) * columns)).reduce((a, b) => a + b, 0),
  );
  return { ...values, data: Float32Array.from(data, (value, i) => value / sums[Math.floor(i / columns)]!) };
}

/** Σ s·w·l / Σ w over the rows, in float64. */
function reference(
  { kernel, options }: Case,
  p: Float64Array,
  target: Tensor,
  samples: ArrayLike<number> | null,
  reduction = 'mean',
) {
  const perRow = target.data.length / rows;
  const parts = Array.from({ length: rows }, (_, row) =>
    rowLoss(
      kernel,
      Array.from(p.subarray(row * columns, (row + 1) * columns)),
      Array.from(target.data.subarray(row * perRow, (row + 1) * perRow)),
      options,
    ),
  );
  const total = parts.reduce((sum, { weighted }, row) => sum + weighted * (samples?.[row] ?? 1), 0);
  return reduction === 'sum' ? total : total / parts.reduce((sum, { weight }) => sum + weight, 0);
}

describe('losses', () => {
  test('every loss is tested', () => {
    // Those that are formulas of the graph have a file of their own, and so has ctc; binaryFocal needs a sigmoid and is
    // tested below.
    const text = readFileSync(join(import.meta.dirname, 'formulas.test.ts'), 'utf8');
    const formulas = lossNames.filter((name) => text.includes(`losses.${name}(`) || name === 'binaryFocal');
    const types = Object.values(cases).map(({ loss }) => loss.spec.type);
    expect(new Set([...types, ...formulas, 'ctc'])).toEqual(new Set(lossNames));
  });

  const sampleWeights = Float32Array.of(1, 0, 2, 0.5, 3, 1, 0.25);

  test.each(
    Object.keys(cases).flatMap((name) => [
      [name, null, 'mean'] as const,
      [name, sampleWeights, 'mean'] as const,
      [name, null, 'sum'] as const,
    ]),
  )('%s: sample weights %j, %s: value and gradient match the reference', async (name, samples, reduction) => {
    const testCase = cases[name]!;
    const model = await identity(columns);
    const prediction = randomTensor([rows, columns], 4, ...(testCase.prediction ?? [-1, 1]));
    const targets = makeTarget(testCase);
    const loss = { ...testCase.loss.spec, reduction };
    const given = samples ? { sampleWeights: samples } : {};
    const exact = Float64Array.from(prediction.data);
    const value = () => reference(testCase, exact, targets, samples, reduction);
    const expected = value();
    const evaluation = model.evaluate({ inputs: prediction, targets, ...given }, { loss, metrics: [] });
    expectClose([evaluation.loss], [expected], 1e-5, 'evaluate');
    const gradients = model.gradients(prediction, { targets, loss, ...given });
    expectClose([gradients.loss!], [expected], 1e-5, 'gradients');
    expectClose(gradients.inputs[0]!.data, finiteDifferences(value, exact), 1e-4, 'gradient');
  });

  test.each(Object.keys(cases))('%s: evaluated in batches it is the same number', async (name) => {
    const model = await identity(columns);
    const testCase = cases[name]!;
    const data = {
      inputs: randomTensor([rows, columns], 4, ...(testCase.prediction ?? [-1, 1])),
      targets: makeTarget(testCase),
      sampleWeights,
    };
    for (const reduction of ['mean', 'sum']) {
      const loss = { ...testCase.loss.spec, reduction };
      const whole = model.evaluate(data, { loss, metrics: [] }).loss;
      for (const batchSize of [1, 2, 3, 6])
        expectClose(
          [model.evaluate(data, { loss, metrics: [], batchSize }).loss],
          [whole],
          1e-5,
          `${reduction} by ${batchSize}`,
        );
    }
  });

  test('rows of samples with several axes all count', async () => {
    const model = await identity([3, 4]);
    const inputs = randomTensor([2, 3, 4], 1);
    const labels = { data: Int32Array.of(0, 3, 1, 2, 2, 0), shape: [2, 3] };
    const flat = await identity(4);
    const expected = flat.evaluate(
      { inputs: { ...inputs, shape: [6, 4] }, targets: labels.data },
      { loss: 'crossEntropy' },
    );
    expect(model.evaluate({ inputs, targets: labels }, { loss: 'crossEntropy' }).loss).toBeCloseTo(expected.loss, 6);
    const weighted = model.evaluate({ inputs, targets: labels, sampleWeights: [2, 0] }, { loss: 'crossEntropy' });
    const byRow = flat.evaluate(
      { inputs: { ...inputs, shape: [6, 4] }, targets: labels.data, sampleWeights: [2, 2, 2, 0, 0, 0] },
      { loss: 'crossEntropy' },
    );
    expect(weighted.loss).toBeCloseTo(byRow.loss, 6);
  });

  test('labels that are all ignored give 0, not NaN, and no gradient', async () => {
    const model = await identity(3);
    const inputs = randomTensor([2, 3], 1);
    const targets = Int32Array.of(-100, -100);
    expect(model.evaluate({ inputs, targets }, { loss: 'crossEntropy' })).toEqual({ loss: 0, accuracy: Number.NaN });
    const { loss, inputs: gradient } = model.gradients(inputs, { targets, loss: 'crossEntropy' });
    expect([loss, ...gradient[0]!.data]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('short names mean the same', async () => {
    for (const [short, long] of Object.entries({
      mse: 'meanSquaredError',
      mae: 'meanAbsoluteError',
      bce: 'binaryCrossEntropy',
      nll: 'negativeLogLikelihood',
    }))
      expect(losses.resolveLoss(short).spec.type).toBe(long);
  });

  test('what a file says of a loss gives the same loss', () => {
    for (const { loss } of Object.values(cases)) {
      const again = losses.resolveLoss(JSON.parse(JSON.stringify(loss.spec)) as LossLike);
      expect(again.spec).toEqual(loss.spec);
    }
    const typed = losses.crossEntropy({ classWeights: Float32Array.of(1, 2) as never });
    expect(JSON.parse(JSON.stringify(typed.spec))).toEqual({ type: 'crossEntropy', classWeights: [1, 2] });
  });
});

describe('a final softmax or sigmoid is taken together with its loss', () => {
  const withActivation = (name: 'softmax' | 'sigmoid', size: number) =>
    sequential([activation(name)], { inputShape: [size] });
  const pairs = [
    ['softmax', 'crossEntropy', 'crossEntropy'],
    ['sigmoid', 'binaryCrossEntropy', 'binaryCrossEntropyWithLogits'],
    ['softmax', 'focal', 'focal'],
    ['sigmoid', 'binaryFocal', 'binaryFocalWithLogits'],
  ] as const;

  test.each(pairs)('%s and %s equal %s on logits', async (name, loss, onLogits) => {
    const [probabilities, logits] = [await withActivation(name, 4), await identity(4)];
    const inputs = randomTensor([5, 4], 1, -4, 4);
    const targets = name === 'softmax' ? Int32Array.of(0, 1, 2, 3, 0) : randomTensor([5, 4], 2, 0, 1);
    const a = probabilities.gradients(inputs, { targets, loss });
    const b = logits.gradients(inputs, { targets, loss: onLogits });
    expect(a.loss).toBe(b.loss);
    expect(a.inputs[0]!.data).toEqual(b.inputs[0]!.data);
  });

  test.each(pairs)('%s and %s are finite at logits of ±1e4', async (name, loss) => {
    const model = await withActivation(name, 2);
    const inputs = { data: Float32Array.of(1e4, -1e4, -1e4, 1e4), shape: [2, 2] };
    const targets =
      name === 'softmax'
        ? Int32Array.of(1, 1)
        : [
            [0, 1],
            [0, 1],
          ];
    const { loss: value, inputs: gradient } = model.gradients(inputs, { targets, loss });
    // The balance of binaryFocal is 0.25 for the positive side and 0.75 for the other: 0.5 on the whole.
    expect(value).toBeCloseTo(name === 'softmax' ? 1e4 : loss === 'binaryFocal' ? 2.5e3 : 5e3, 0);
    expect(gradient[0]!.data.every(Number.isFinite)).toBe(true);
    expect(gradient[0]!.data[0]).toBeGreaterThan(0);
    expect(gradient[0]!.data[3]).toBeCloseTo(0, 6);
  });

  test('logits of ±1e4 are finite with every loss on logits', async () => {
    const model = await identity(2);
    const inputs = { data: Float32Array.of(1e4, -1e4, -1e4, 1e4), shape: [2, 2] };
    const targets = [
      [-1, 1],
      [1, -1],
    ];
    for (const loss of ['hinge', 'squaredHinge', 'logCosh', 'huber', 'cosineSimilarity', 'meanAbsoluteError']) {
      const { loss: value, inputs: gradient } = model.gradients(inputs, { targets, loss });
      expect(Number.isFinite(value), loss).toBe(true);
      expect(gradient[0]!.data.every(Number.isFinite), loss).toBe(true);
    }
  });

  test('positive weights reach a peeled sigmoid', async () => {
    const [model, logits] = [await withActivation('sigmoid', 3), await identity(3)];
    const inputs = randomTensor([4, 3], 1);
    const targets = randomTensor([4, 3], 2, 0, 1);
    const positiveWeights = [1, 2, 5];
    const a = model.gradients(inputs, { targets, loss: losses.binaryCrossEntropy({ positiveWeights }) });
    const b = logits.gradients(inputs, { targets, loss: losses.binaryCrossEntropyWithLogits({ positiveWeights }) });
    expect(a.loss).toBe(b.loss);
  });

  const mismatched: [string, 'softmax' | 'sigmoid' | null, LossLike, string][] = [
    ['logits of a sigmoid', 'sigmoid', 'binaryCrossEntropyWithLogits', 'the prediction is already a sigmoid'],
    ['logits of a sigmoid for focal', 'sigmoid', 'binaryFocalWithLogits', 'the prediction is already a sigmoid'],
    ['focal without a sigmoid', null, 'binaryFocal', 'binaryFocal: needs a final sigmoid'],
    ['log-probabilities of a softmax', 'softmax', 'negativeLogLikelihood', 'must be log-probabilities'],
    [
      'positive weights without a sigmoid',
      null,
      losses.binaryCrossEntropy({ positiveWeights: [1, 1] }),
      'positiveWeights need a final sigmoid',
    ],
    [
      'too many class weights',
      null,
      losses.crossEntropy({ classWeights: [1, 2, 3] }),
      'expected 2 classWeights, got 3',
    ],
  ];
  test.each(mismatched)('%s are refused before anything changes', async (_, name, loss, message) => {
    const model = name ? await withActivation(name, 2) : await identity(2);
    const isOnClasses = losses.resolveLoss(loss).task === 'classification';
    const data = { inputs: [[0.5, 0.5]], targets: isOnClasses ? [1] : [[0, 1]] };
    await expect(model.fit(data, { loss })).rejects.toThrow(ShapeError);
    await expect(model.fit(data, { loss })).rejects.toThrow(message);
    expect(() => model.evaluate(data, { loss })).toThrow(message);
    expect(model.trainer.optimizer).toBeNull();
  });
});

describe('bad targets are refused', () => {
  const inputs = randomTensor([2, 3], 1);
  const refused: [string, LossLike, unknown, new (...args: never[]) => Error, string][] = [
    ['another number of samples', 'mse', [[1, 2, 3]], ShapeError, '2 inputs and 1 targets'],
    [
      'another width',
      'mse',
      [
        [1, 2],
        [3, 4],
      ],
      ShapeError,
      'meanSquaredError: expected targets [*, 3] for a prediction [*, 3], got [*, 2]',
    ],
    ['labels for a regression', 'mse', [0, 1], ShapeError, 'expected targets [*, 3]'],
    [
      'another width for classes',
      'crossEntropy',
      [
        [1, 0],
        [0, 1],
      ],
      ShapeError,
      'crossEntropy: expected targets class indices [*] or probabilities [*, 3]',
    ],
    [
      'probabilities for the likelihood',
      'nll',
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      ShapeError,
      'expected targets class indices [*] for',
    ],
    ['a label too large', 'crossEntropy', [0, 3], RangeError, 'label 3 at row 1: expected an integer from 0 to 2'],
    ['a negative label', 'crossEntropy', [-1, 0], RangeError, 'label -1 at row 0'],
    ['half a label', 'crossEntropy', [0, 1.5], RangeError, 'label 1.5 at row 1'],
    ['a label that is not a number', 'crossEntropy', [0, Number.NaN], RangeError, 'label NaN at row 1'],
    [
      'a probability above 1',
      'crossEntropy',
      [
        [0, 2, 0],
        [0, 1, 0],
      ],
      RangeError,
      'target 2 at row 0, column 1: crossEntropy expects values from 0 to 1',
    ],
    [
      'a truth above 1',
      'bce',
      [
        [0, 1, 1],
        [0, 1.5, 0],
      ],
      RangeError,
      'target 1.5 at row 1, column 1: binaryCrossEntropy expects values from 0 to 1',
    ],
    [
      '0 and 1 for a hinge',
      'hinge',
      [
        [0, 1, 1],
        [1, 1, 1],
      ],
      RangeError,
      'target 0 at row 0, column 0: hinge expects -1 or 1',
    ],
    [
      'a negative count',
      'poisson',
      [
        [0, -1, 1],
        [1, 1, 1],
      ],
      RangeError,
      'poisson expects values from 0 to Infinity',
    ],
    [
      'a negative probability',
      'kullbackLeibler',
      [
        [0, -1, 1],
        [1, 1, 1],
      ],
      RangeError,
      'kullbackLeibler expects values from 0 to 1',
    ],
    [
      'NaN',
      'mse',
      [
        [0, Number.NaN, 1],
        [1, 1, 1],
      ],
      RangeError,
      'targets: NaN at row 0, column 1',
    ],
    [
      'ragged rows',
      'mse',
      [
        [0, 1, 1],
        [1, 1],
      ],
      ShapeError,
      'ragged array',
    ],
    ['nothing', 'mse', undefined, TypeError, 'expected targets, got undefined'],
  ];
  test.each(refused)('%s', async (_, loss, targets, kind, message) => {
    const model = await identity(3);
    expect(() => model.evaluate({ inputs, targets: targets as never }, { loss })).toThrow(kind);
    expect(() => model.evaluate({ inputs, targets: targets as never }, { loss })).toThrow(message);
    await expect(model.fit({ inputs, targets: targets as never }, { loss })).rejects.toThrow(message);
    expect(() => model.gradients(inputs, { targets: targets as never, loss })).toThrow(message);
  });

  const weightsRefused: [string, unknown, new (...args: never[]) => Error, string][] = [
    ['another number of sample weights', [1], ShapeError, '2 samples and 1 sample weights'],
    ['a negative sample weight', [1, -1], RangeError, 'sample weight -1 at 1: expected a non-negative number'],
    ['a sample weight of NaN', [Number.NaN, 1], RangeError, 'sample weight NaN at 0'],
  ];
  test.each(weightsRefused)('%s', async (_, sampleWeights, kind, message) => {
    const model = await identity(3);
    const data = { inputs, targets: inputs, sampleWeights: sampleWeights as number[] };
    expect(() => model.evaluate(data, { loss: 'mse' })).toThrow(kind);
    expect(() => model.evaluate(data, { loss: 'mse' })).toThrow(message);
  });

  test('one column may come without its axis, labels as a column of integers', async () => {
    const model = await identity(1);
    expect(model.evaluate({ inputs: [[1], [2]], targets: [1, 4] }, { loss: 'mse' }).loss).toBe(2);
    const classes = await identity(3);
    const column = { data: Int32Array.of(0, 2), shape: [2, 1] };
    const row = classes.evaluate({ inputs, targets: Int32Array.of(0, 2) }, { loss: 'crossEntropy' });
    expect(classes.evaluate({ inputs, targets: column }, { loss: 'crossEntropy' })).toEqual(row);
  });
});

describe('bad losses are refused', () => {
  const refused: [string, unknown, new (...args: never[]) => Error, string][] = [
    [
      'an unknown name, naming the nearest',
      'crossEntrpy',
      RangeError,
      'unknown loss "crossEntrpy"; did you mean "crossEntropy"?',
    ],
    ['no name', 3, TypeError, 'loss: expected a name, got number'],
    ['null', null, TypeError, 'loss: expected a name'],
    ['an unknown option', { type: 'mse', delta: 1 }, RangeError, 'unknown option of meanSquaredError "delta"'],
    [
      'an unknown reduction',
      { type: 'mse', reduction: 'none' },
      RangeError,
      'expected reduction "mean" or "sum", got "none"',
    ],
    ['delta 0', { type: 'huber', delta: 0 }, RangeError, 'huber: delta is out of range: 0'],
    [
      'a delta that is no number',
      { type: 'huber', delta: '1' },
      TypeError,
      'huber: expected a number for delta, got string',
    ],
    ['full smoothing', { type: 'crossEntropy', labelSmoothing: 1 }, RangeError, 'labelSmoothing is out of range: 1'],
    [
      'logInput that is not yes or no',
      { type: 'poisson', logInput: 2 },
      TypeError,
      'expected logInput true or false, got 2',
    ],
    [
      'negative class weights',
      { type: 'crossEntropy', classWeights: [1, -1] },
      RangeError,
      'expected non-negative classWeights, got -1',
    ],
    [
      'class weights that are no list',
      { type: 'crossEntropy', classWeights: 2 },
      TypeError,
      'expected a list of classWeights, got number',
    ],
    [
      'half an index to ignore',
      { type: 'nll', ignoreIndex: 0.5 },
      RangeError,
      'expected an integer ignoreIndex, got 0.5',
    ],
    [
      'what only looks like a loss',
      { type: 'mse', build: 1 },
      RangeError,
      'unknown option of meanSquaredError "build"',
    ],
  ];
  test.each(refused)('%s', (_, given, kind, message) => {
    expect(() => losses.resolveLoss(given as never)).toThrow(kind);
    expect(() => losses.resolveLoss(given as never)).toThrow(message);
  });
});
