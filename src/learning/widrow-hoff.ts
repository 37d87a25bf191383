// The rule of Widrow and Hoff (1960), also called LMS, delta rule or ADALINE: the weighted sum s = w·x
// itself is drawn to the target t, so the weights go to the least-squares solution, which is not the
// perceptron's and need not separate. An input x ends in a constant 1 and the weights w in the bias.
import { DivergenceError } from '../core/errors.ts';
import { epochOrder, type SampleOrder } from './order.ts';
import { dot } from './perceptron-rule.ts';
import { checkedCount, checkedPositive, numbersOf, readSamples } from './samples.ts';
import type { Sample, SampleTable } from './samples.ts';

export interface WidrowHoffOptions {
  readonly rule: 'widrowHoff';
  /**
   * η. If left out: 1/λmax with `fullBatch`, 0.5 with `normalized`, else 0.1/R², R the length of the
   * longest input; all three are stable for any samples.
   */
  readonly learningRate?: number;
  /** Passes over the samples; 100 if left out. */
  readonly epochs?: number;
  /** Divide each update by |x|² (normalised LMS), stable for η < 2 whatever the scale of the inputs. */
  readonly normalized?: boolean;
  /** One update for each epoch, by the mean over all samples, rather than one for each sample. */
  readonly fullBatch?: boolean;
  /** The order of the samples in epoch 1, 2, …; the given one if left out. */
  readonly order?: SampleOrder;
}

/** How the learning went. */
export interface WidrowHoffLearning {
  readonly rule: 'widrowHoff';
  readonly epochs: number;
  readonly learningRate: number;
  /** The mean of (t − w·x)² over the samples with the final weights. */
  readonly meanSquaredError: number;
  /** The mean of (t − w·x)² in each epoch, each error taken before its update. */
  readonly history: readonly number[];
}

/**
 * Runs the rule from the weights `start`, which it leaves alone: w += η (t − w·x) x for each sample.
 * @throws DivergenceError where the error grows without bound; RangeError on a wrong option.
 */
export function widrowHoffRule(
  samples: SampleTable,
  start: Float64Array,
  options: WidrowHoffOptions,
): { weights: Float64Array; learning: WidrowHoffLearning } {
  const caller = 'perceptron.learn';
  const { normalized = false, fullBatch = false } = options;
  if (normalized && fullBatch) throw new RangeError(`${caller}: normalized and fullBatch exclude each other`);
  const epochs = checkedCount(`${caller}: epochs`, options.epochs ?? 100);
  const learningRate = checkedPositive(`${caller}: learningRate`, options.learningRate ?? stableRate(samples, options));
  const targets = numbersOf(samples.targets);
  const weights = start.slice();
  const history: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = epochOrder(caller, options.order, epoch, targets.length);
    history.push(
      fullBatch
        ? batchEpoch(samples.rows, targets, weights, learningRate)
        : onlineEpoch(samples.rows, targets, weights, learningRate, normalized, order),
    );
    checkStable(samples, targets, history, learningRate, fullBatch);
  }
  const meanSquaredError = errorOf(samples.rows, targets, weights);
  checkStable(samples, targets, [...history, meanSquaredError], learningRate, fullBatch);
  return { weights, learning: { rule: 'widrowHoff', epochs, learningRate, meanSquaredError, history } };
}

/**
 * 2/λmax(E[x xᵀ]), x with its constant 1: with `fullBatch` the rule converges if and only if the learning
 * rate is above 0 and below this; sample by sample it converges in the mean (Widrow and Stearns 1985).
 *
 * @example maximumStableLearningRate([[[0], 0], [[0], 1]]) // 2
 * @throws TypeError, RangeError on bad samples.
 */
export function maximumStableLearningRate(samples: readonly Sample[]): number {
  return 2 / largestEigenvalue(correlation(readSamples('maximumStableLearningRate', samples).rows));
}

/** One pass, an update for each sample. Returns the mean squared error on the way. */
function onlineEpoch(
  rows: readonly Float64Array[],
  targets: Float64Array,
  weights: Float64Array,
  learningRate: number,
  normalized: boolean,
  order: ArrayLike<number> | undefined,
): number {
  let squares = 0;
  for (let step = 0; step < rows.length; step++) {
    const i = order ? order[step] : step;
    const row = rows[i];
    const error = targets[i] - dot(weights, row);
    const rate = normalized ? learningRate / dot(row, row) : learningRate;
    for (let j = 0; j < weights.length; j++) weights[j] += rate * error * row[j];
    squares += error * error;
  }
  return squares / rows.length;
}

/** One update by the mean over the samples. Returns the mean squared error before it. */
function batchEpoch(
  rows: readonly Float64Array[],
  targets: Float64Array,
  weights: Float64Array,
  learningRate: number,
): number {
  const step = new Float64Array(weights.length);
  let squares = 0;
  rows.forEach((row, i) => {
    const error = targets[i] - dot(weights, row);
    for (let j = 0; j < step.length; j++) step[j] += error * row[j];
    squares += error * error;
  });
  for (let j = 0; j < step.length; j++) weights[j] += (learningRate * step[j]) / rows.length;
  return squares / rows.length;
}

function errorOf(rows: readonly Float64Array[], targets: Float64Array, weights: Float64Array): number {
  return batchEpoch(rows, targets, weights.slice(), 0);
}

/**
 * Full batch: the error of a stable run never rises, so a rise beyond rounding is divergence. Sample by
 * sample it may rise for a while: a million times what the targets and the first pass allow is too much.
 */
function checkStable(
  samples: SampleTable,
  targets: Float64Array,
  history: readonly number[],
  learningRate: number,
  fullBatch: boolean,
): void {
  const error = history.at(-1)!;
  const scale = Math.max(dot(targets, targets) / targets.length, history[0]);
  const before = history.at(-2) ?? error;
  const stable = fullBatch ? error <= before * (1 + 1e-9) + 1e-12 * scale : error <= 1e6 * scale;
  if (stable && Number.isFinite(error)) return;
  const limit = 2 / largestEigenvalue(correlation(samples.rows));
  throw new DivergenceError(
    `perceptron.learn: the error of the Widrow–Hoff rule grew to ${error} in epoch ${history.length}: ` +
      `learningRate ${learningRate} is too large (2/λmax of these samples is ${limit}); the weights are as they were`,
  );
}

function stableRate({ rows }: SampleTable, { normalized, fullBatch }: WidrowHoffOptions): number {
  if (normalized) return 0.5;
  if (fullBatch) return 1 / largestEigenvalue(correlation(rows));
  return 0.1 / rows.map((row) => dot(row, row)).reduce((a, b) => Math.max(a, b));
}

/** E[x xᵀ], a square matrix as rows. */
function correlation(rows: readonly Float64Array[]): Float64Array[] {
  const size = rows[0].length;
  const matrix = Array.from({ length: size }, () => new Float64Array(size));
  for (const row of rows) {
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) matrix[i][j] += (row[i] * row[j]) / rows.length;
  }
  return matrix;
}

/**
 * λmax of a symmetric matrix without negative eigenvalues, by power iteration from every axis at once:
 * M ← M²/tr(M²) tends to the projection on the largest eigenvectors, so no start can be orthogonal to
 * them; 40 squarings are 2⁴⁰ steps. λmax = tr(A M).
 */
function largestEigenvalue(matrix: readonly Float64Array[]): number {
  let power = scaledToTrace(matrix);
  for (let squaring = 0; squaring < 40; squaring++) {
    const current = power;
    power = scaledToTrace(current.map((row) => Float64Array.from(current, (other) => dot(row, other))));
  }
  return matrix.reduce((sum, row, i) => sum + dot(row, power[i]), 0);
}

function scaledToTrace(matrix: readonly Float64Array[]): Float64Array[] {
  const trace = matrix.reduce((sum, row, i) => sum + row[i], 0);
  return matrix.map((row) => row.map((value) => value / trace));
}
