// LossRows and LossBackward against float64 (reference/losses.ts) and its finite differences.
import { describe, expect, test } from 'vitest';
import { classLosses, differences, meanLoss, rowLoss, termLosses, type LossName } from '../../reference/losses.ts';
import { LossKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, output, randomFloats, testRandom, variant } from '../helpers/kernel.ts';
import { kernels, lossBackward, lossRows, meanLossAndGradient, type LossCase } from '../helpers/loss.ts';

const allKinds = Object.keys(LossKind) as LossName[];
const offsets = [0, 4, 8, 12];
const isClassLoss = (kind: LossName) => (classLosses as readonly LossName[]).includes(kind);
const alphas: Partial<Record<LossName, number[]>> = {
  Huber: [1, 0.3],
  SmoothL1: [1, 0.3, 0],
  Poisson: [0, 1],
  CrossEntropyIndices: [0, 0.1],
  CrossEntropyProbabilities: [0, 0.1],
  BinaryFocal: [2, 0, 0.5],
  FocalIndices: [2, 0, 0.5],
  FocalProbabilities: [2, 0, 0.5],
};

/** Rows of numbers that sum to 1. */
function probabilities(rows: number, columns: number, seed: number): Float32Array {
  const x = randomFloats(rows * columns, seed, 0.01, 1);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * columns, (r + 1) * columns);
    const total = row.reduce((sum, v) => sum + v, 0);
    row.forEach((v, c) => (row[c] = v / total));
  }
  return x;
}

function labels(rows: number, columns: number, seed: number): Int32Array {
  const next = testRandom(seed);
  return Int32Array.from({ length: rows }, () => Math.floor(next(0, columns)));
}

function predictionOf(kind: LossName, rows: number, columns: number, seed: number): Float32Array {
  const n = rows * columns;
  if (kind === 'BinaryCrossEntropy' || kind === 'Poisson') return randomFloats(n, seed, 0.05, 0.95);
  if (kind === 'KullbackLeibler' || kind === 'NegativeLogLikelihood')
    return probabilities(rows, columns, seed).map(Math.log);
  return randomFloats(n, seed, -3, 3);
}

function targetOf(kind: LossName, rows: number, columns: number, seed: number): Float32Array | Int32Array {
  const n = rows * columns;
  if (isClassLoss(kind)) return labels(rows, columns, seed);
  if (kind === 'KullbackLeibler' || kind.endsWith('Probabilities')) return probabilities(rows, columns, seed);
  if (kind.startsWith('Binary')) return randomFloats(n, seed, 0, 1).map((v, i) => (i % 2 ? v : Math.round(v)));
  if (kind.endsWith('Hinge')) return randomFloats(n, seed).map((v) => (v < 0 ? -1 : 1));
  if (kind === 'Poisson') return randomFloats(n, seed, 0, 6).map(Math.floor);
  return randomFloats(n, seed, -3, 3);
}

function makeCase(kind: LossName, rows: number, columns: number, more: Partial<LossCase> = {}): LossCase {
  const prediction = predictionOf(kind, rows, columns, columns + 1);
  const target = targetOf(kind, rows, columns, columns + 50);
  return { kind, prediction, target, rows, columns, ...more };
}

/** The prediction row and the target row (or its class alone). */
function rowOf(c: LossCase, row: number): [number[], number[]] {
  const cut = (x: LossCase['target']) => [...x.subarray(row * c.columns, (row + 1) * c.columns)];
  return [cut(c.prediction), isClassLoss(c.kind) ? [c.target[row]!] : cut(c.target)];
}

const reference = (c: LossCase, row: number, p?: readonly number[]) => {
  const [prediction, target] = rowOf(c, row);
  const { alpha = 0, weights, ignoreIndex = -100 } = c;
  return rowLoss(c.kind, p ?? prediction, target, { alpha, weights, ignoreIndex });
};

function expectNear(actual: number, exact: number, relative: number, absolute: number, label: string): void {
  expect(Math.abs(actual - exact), `${label}: ${actual} for ${exact}`).toBeLessThanOrEqual(
    absolute + relative * Math.abs(exact),
  );
}

/** Losses against the reference, gradients against its finite differences, where no kink is nearer than their step. */
function check(c: LossCase, offset = 0): void {
  const { loss, rowWeights } = lossRows(c, offset);
  const dRows = randomFloats(c.rows, 7, 0.5, 2);
  const gradient = lossBackward(c, dRows, offset);
  for (let row = 0; row < c.rows; row++) {
    const exact = reference(c, row);
    const label = `${c.kind} [${c.rows}, ${c.columns}] row ${row}`;
    expect(rowWeights[row], label).toBe(exact.weight);
    if (exact.weight === 0) {
      expect(loss[row], label).toBe(0);
      continue;
    }
    expectNear(loss[row]!, exact.weighted / exact.weight, 4e-6, 2e-6 / c.columns, label);
    const slopes = differences((p) => reference(c, row, p).weighted / exact.weight, rowOf(c, row)[0]);
    slopes.forEach((slope, column) => {
      const actual = gradient[row * c.columns + column]!;
      expectNear(actual, slope * dRows[row]!, 1e-5, 2e-6 / Math.sqrt(c.columns), `${label} column ${column}`);
    });
  }
}

describe.each(allKinds)('loss %s', (kind) => {
  const columnCounts = awkwardLengths.filter((n) => n > 0);

  test.each(columnCounts)('columns=%i: loss and gradient match the reference', (columns) => {
    for (const alpha of alphas[kind] ?? [0])
      for (const offset of offsets) check(makeCase(kind, 3, columns, { alpha }), offset);
  });

  test('many columns: loss and gradient match the reference', () => {
    for (const columns of [127, 128, 129, 300]) check(makeCase(kind, 1, columns, { alpha: alphas[kind]?.[0] ?? 0 }));
  });

  test('no rows write nothing', () => {
    expect(lossRows(makeCase(kind, 0, 5)).loss.length).toBe(0);
    expect(lossBackward(makeCase(kind, 0, 5), new Float32Array(0)).length).toBe(0);
  });

  test('the row weights may be left out', () => {
    const c = makeCase(kind, 3, 5, { alpha: alphas[kind]?.[0] ?? 0 });
    const { rows, columns, prediction, target, alpha = 0 } = c;
    const { outputs } = kernels.run('LossRows', {
      kind: LossKind[kind],
      loss: output(3),
      rowWeights: null,
      prediction,
      target,
      weights: null,
      rows,
      columns,
      alpha,
      ignoreIndex: -100,
    });
    expect(outputs['loss']).toEqual(lossRows(c).loss);
  });

  test('NaN in a prediction reaches its row and no other', () => {
    for (let column = 0; column < 6; column++) {
      const c = makeCase(kind, 3, 6, { alpha: alphas[kind]?.at(-1) ?? 0 });
      c.prediction[6 + column] = NaN;
      if (kind === 'NegativeLogLikelihood') c.target[1] = column;
      const { loss } = lossRows(c);
      expect([...loss].map(Number.isNaN)).toEqual([false, true, false]);
      const gradient = lossBackward(c, Float32Array.of(1, 1, 1));
      const constant = kind === 'NegativeLogLikelihood' || kind === 'KullbackLeibler';
      expect(Number.isNaN(gradient[6 + column]!)).toBe(!constant);
      expect([...gradient.subarray(0, 6), ...gradient.subarray(12)].some(Number.isNaN)).toBe(false);
    }
  });
});

describe('losses at the extremes', () => {
  const logits = Float32Array.of(1e4, -1e4, 1e4, -1e4, 0, 1e4, -1e4);
  const safe = allKinds.filter((kind) => !['BinaryCrossEntropy', 'Poisson'].includes(kind));

  test.each(safe)('%s: predictions of ±1e4 give finite losses and gradients', (kind) => {
    const target = targetOf(kind, 1, 7, 3);
    for (const alpha of alphas[kind] ?? [0]) {
      const c: LossCase = { kind, prediction: logits, target, rows: 1, columns: 7, alpha };
      const { loss } = lossRows(c);
      expectNear(loss[0]!, reference(c, 0).weighted, 1e-6, 0, kind);
      expect(lossBackward(c, Float32Array.of(1)).every(Number.isFinite)).toBe(true);
    }
  });

  test('cross-entropy: a sure and right prediction costs nothing, a sure and wrong one its margin', () => {
    const prediction = Float32Array.of(1e4, -1e4, 0, 1e4, -1e4, 0);
    const c: LossCase = { kind: 'CrossEntropyIndices', prediction, target: Int32Array.of(0, 1), rows: 2, columns: 3 };
    expect([...lossRows(c).loss]).toEqual([0, 2e4]);
    expect([...lossBackward(c, Float32Array.of(1, 1))]).toEqual([0, 0, 0, 1, -1, 0]);
  });

  test('cross-entropy on indices: a class that cannot be has a logit of −∞', () => {
    const prediction = Float32Array.of(1, -Infinity, 1, 1, -Infinity, 1);
    const c: LossCase = { kind: 'CrossEntropyIndices', prediction, target: Int32Array.of(0, 1), rows: 2, columns: 3 };
    const { loss } = lossRows(c);
    expectNear(loss[0]!, Math.LN2, 1e-6, 0, 'loss');
    expect(loss[1]).toBe(Infinity);
    expect([...lossBackward(c, Float32Array.of(1, 1))]).toEqual([-0.5, 0, 0.5, 0.5, -1, 0.5]);
  });

  test('binary cross-entropy: probabilities 0 and 1 cost at most 100, with the slope of PyTorch', () => {
    const c: LossCase = {
      kind: 'BinaryCrossEntropy',
      prediction: Float32Array.of(0, 1, 0, 1),
      target: Float32Array.of(1, 0, 0, 1),
      rows: 4,
      columns: 1,
    };
    expect([...lossRows(c).loss].map((v) => v + 0)).toEqual([100, 100, 0, 0]);
    const slopes = lossBackward(c, Float32Array.of(1, 1, 1, 1));
    expect([...slopes].map((v) => v + 0)).toEqual([-1, 1, 0, 0].map((v) => Math.fround(v / Math.fround(1e-12))));
  });

  test('binary cross-entropy with logits: a tiny gradient is not rounded away', () => {
    const c: LossCase = {
      kind: 'BinaryCrossEntropyLogits',
      prediction: Float32Array.of(-40, 40),
      target: Float32Array.of(0, 1),
      rows: 2,
      columns: 1,
    };
    const [low, high] = lossBackward(c, Float32Array.of(1, 1));
    expectNear(low!, Math.exp(-40), 1e-6, 0, 'low');
    expectNear(high!, -Math.exp(-40), 1e-6, 0, 'high');
  });

  test('log-cosh: a small loss keeps its relative accuracy', () => {
    const prediction = Float32Array.of(1e-6, -1e-4, 1e-2, 0.3, 0.999, 1, 1.5, 0);
    const c: LossCase = { kind: 'LogCosh', prediction, target: new Float32Array(8), rows: 8, columns: 1 };
    lossRows(c).loss.forEach((loss, row) => expectNear(loss, reference(c, row).weighted, 2e-6, 0, `row ${row}`));
  });

  test('Kullback–Leibler: a target of 0 contributes 0, even where the other probability is 0', () => {
    const prediction = Float32Array.of(-Infinity, Math.log(0.5), Math.log(0.5));
    const c: LossCase = { kind: 'KullbackLeibler', prediction, target: Float32Array.of(0, 1, 0), rows: 1, columns: 3 };
    expectNear(lossRows(c).loss[0]!, Math.LN2, 1e-6, 0, 'loss');
  });

  test('Poisson on the logarithm: exp(p) leaves the range of float32', () => {
    const c: LossCase = {
      kind: 'Poisson',
      prediction: Float32Array.of(89, -1e4),
      target: Float32Array.of(1, 1),
      rows: 2,
      columns: 1,
      alpha: 1,
    };
    expect([...lossRows(c).loss]).toEqual([Infinity, 1e4]);
  });

  test('cosine similarity: a row of zeros gives 0 and the gradient of the clamped norm', () => {
    const prediction = Float32Array.of(0, 0, 3e-9, 4e-9, 1, 2);
    const target = Float32Array.of(1, 2, 0.6, 0.8, 0, 0);
    const c: LossCase = { kind: 'CosineSimilarity', prediction, target, rows: 3, columns: 2 };
    const { loss } = lossRows(c);
    [0, -0.5, 0].forEach((exact, row) => expectNear(loss[row]!, exact, 1e-6, 0, `row ${row}`));
    const slopes = lossBackward(c, Float32Array.of(1, 1, 1));
    const own = -1e8 / Math.sqrt(5);
    [own, 2 * own, -0.6e8, -0.8e8].forEach((exact, i) => expectNear(slopes[i]!, exact, 1e-6, 0, `slope ${i}`));
  });
});

describe('gradients at kinks', () => {
  test.each([
    ['MeanAbsolute', 0, [1, 2], [1, 2]],
    ['SmoothL1', 0, [1, 2], [1, 2]],
    ['Huber', 1, [1, 2], [1, 2]],
    ['Hinge', 0, [1, -1], [1, -1]],
    ['SquaredHinge', 0, [1, -1], [1, -1]],
    ['LogCosh', 0, [0, 2], [0, 2]],
  ] as const)('%s (alpha=%f): the gradient is 0', (kind, alpha, p, t) => {
    const c: LossCase = {
      kind,
      prediction: Float32Array.from(p),
      target: Float32Array.from(t),
      rows: 1,
      columns: 2,
      alpha,
    };
    expect([...lossBackward(c, Float32Array.of(1))].map((v) => v + 0)).toEqual([0, 0]);
  });
});

describe('class weights, label smoothing and ignored rows', () => {
  const rows = 9;
  const columns = 5;
  const weights = Float32Array.of(0.5, 2, 1.25, 0.75, 3);
  const ignored = { target: Int32Array.of(0, 1, 2, -100, 4, 1, -100, 3, 0) };
  const label3 = { target: Int32Array.of(0, 1, 2, 3, 4, 1, 3, 3, 0), ignoreIndex: 3 };
  const indexCases = [undefined, weights, Float32Array.of(0, 2, 1, 0, 3)].flatMap((w) =>
    [0, 0.1, 1].flatMap((alpha) => [{}, ignored, label3].map((more) => ({ weights: w, alpha, ...more }))),
  );

  /** The kernels' mean and its gradient against PyTorch's formula and its finite differences. */
  function checkMean(c: LossCase): void {
    const { loss, gradient } = meanLossAndGradient(c);
    const mean = (flat: readonly number[]) =>
      meanLoss(
        Array.from({ length: c.rows }, (_, row) =>
          reference(c, row, flat.slice(row * c.columns, (row + 1) * c.columns)),
        ),
      );
    const flat = [...c.prediction];
    expectNear(loss, mean(flat), 2e-6, 0, 'mean');
    differences(mean, flat).forEach((slope, i) => expectNear(gradient[i]!, slope, 1e-5, 1e-7, `slope ${i}`));
  }

  test.each(indexCases)('cross-entropy on indices: case %# has the mean of PyTorch', (more) =>
    checkMean(makeCase('CrossEntropyIndices', rows, columns, more)),
  );

  test.each(indexCases.filter(({ alpha }) => alpha === 0))(
    'negative log-likelihood: case %# has the mean of PyTorch',
    (more) => checkMean(makeCase('NegativeLogLikelihood', rows, columns, more)),
  );

  test.each([undefined, weights].flatMap((w) => [0, 0.1, 1].map((alpha) => ({ weights: w, alpha }))))(
    'cross-entropy on probabilities: case %# has the mean of PyTorch',
    (more) => checkMean(makeCase('CrossEntropyProbabilities', rows, columns, more)),
  );

  test('binary cross-entropy with logits: positive weights', () => {
    for (const n of awkwardLengths.filter((n) => n > 0))
      check(makeCase('BinaryCrossEntropyLogits', 3, n, { weights: randomFloats(n, n, 0.2, 4) }), 4);
  });

  test('binary focal: the share of the positive side', () => {
    for (const n of awkwardLengths.filter((n) => n > 0))
      check(makeCase('BinaryFocal', 3, n, { weights: randomFloats(n, n, 0, 1), alpha: 2 }), 4);
  });

  test('class weights at awkward numbers of classes', () => {
    for (const n of awkwardLengths.filter((n) => n > 0)) {
      const more = { weights: randomFloats(n, n, 0.2, 4), alpha: 0.1 };
      for (const offset of offsets) {
        check(makeCase('CrossEntropyIndices', 3, n, more), offset);
        check(makeCase('CrossEntropyProbabilities', 3, n, more), offset);
        check(makeCase('FocalProbabilities', 3, n, { ...more, alpha: 2 }), offset);
        // Its rows count alike, whatever their class weighs.
        check(makeCase('FocalIndices', 3, n, { ...more, alpha: 2 }), offset);
      }
    }
  });

  test('an ignored row is 0 whatever it holds', () => {
    const c = makeCase('CrossEntropyIndices', 2, 3, { target: Int32Array.of(-100, 1) });
    c.prediction.fill(NaN, 0, 3);
    const { loss, rowWeights } = lossRows(c);
    expect([loss[0], rowWeights[0], rowWeights[1]]).toEqual([0, 0, 1]);
    expect([...lossBackward(c, Float32Array.of(1, 1)).subarray(0, 3)]).toEqual([0, 0, 0]);
  });

  test.each(classLosses)('%s: a label that is no class', (kind) => {
    for (const label of [5, -1, 0x7fffffff, -0x80000000]) {
      const c = makeCase(kind, 3, 5, { target: Int32Array.of(1, label, 2), weights });
      if (variant === 'debug') {
        expect(() => lossRows(c)).toThrow();
        expect(() => lossBackward(c, Float32Array.of(1, 1, 1))).toThrow();
        continue;
      }
      expect([...lossRows(c).loss].map(Number.isNaN)).toEqual([false, true, false]);
      const gradient = lossBackward(c, Float32Array.of(1, 1, 1));
      expect([...gradient].map(Number.isNaN)).toEqual(Array.from({ length: 15 }, (_, i) => i >= 5 && i < 10));
    }
  });
});

test('the mean of no columns is NaN', () => {
  for (const kind of termLosses) expect(lossRows(makeCase(kind, 2, 0)).loss).toEqual(Float32Array.of(NaN, NaN));
});
