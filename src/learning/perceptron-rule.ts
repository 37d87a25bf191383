// The perceptron learning rule (Rosenblatt 1958) with the proof of its failure (Gordan 1873, Minsky and
// Papert 1969) and the bound on its mistakes (Novikoff 1962). An input x ends in a constant 1 and the
// weights w in the bias; y is the target as −1 or +1. Holds no neuron: see perceptron.ts.
import { DivergenceError } from '../core/errors.ts';
import { sumsToZero } from './exact-sum.ts';
import { epochOrder, type SampleOrder } from './order.ts';
import { checkedCount, checkedInput, checkedNumber, checkedPositive, readSamples, signsOf } from './samples.ts';
import type { Sample, SampleTable } from './samples.ts';

export interface PerceptronRuleOptions {
  readonly rule?: 'perceptron';
  /** Stop after this many epochs even if there still are mistakes; 1000 if left out. */
  readonly maximumEpochs?: number;
  /** How much of an input a mistake adds to the weights; 1 if left out. From zero weights it only scales them. */
  readonly learningRate?: number;
  /** The order of the samples in epoch 1, 2, …; the given one if left out. */
  readonly order?: SampleOrder;
}

/** How the learning went. */
export interface PerceptronLearning {
  readonly rule: 'perceptron';
  /** The last epoch had no mistake: the neuron now answers every sample as asked. */
  readonly converged: boolean;
  /** True: these weights separate the samples. False: proved that none can. Undefined: not known within maximumEpochs. */
  readonly separable: boolean | undefined;
  /** The epochs run, the last, clean one included. */
  readonly epochs: number;
  /** Mistakes, each of which was one update of the weights. */
  readonly mistakes: number;
  /** Mistakes in each epoch. */
  readonly history: readonly number[];
  /**
   * The proof where `separable` is false: a whole number c for each sample, not all 0, such that the sum
   * of c·y·x is exactly 0. Weights that separate would make every term of c·y·(w·x) positive, but their
   * sum is 0.
   */
  readonly conflict?: readonly number[];
}

/** What Novikoff's theorem says of samples and a separating weight vector. */
export interface NovikoffBound {
  /** R, the length of the longest input, its constant 1 included. */
  readonly radius: number;
  /** γ, the distance from the separating plane to the nearest sample. */
  readonly margin: number;
  /** (R/γ)²: no run from zero weights makes more mistakes, whatever the order and the learning rate. */
  readonly bound: number;
}

/** Runs the rule from the weights `start`, which it leaves alone. */
export function perceptronRule(
  samples: SampleTable,
  start: Float64Array,
  options: PerceptronRuleOptions,
): { weights: Float64Array; learning: PerceptronLearning } {
  const caller = 'perceptron.learn';
  const learningRate = checkedPositive(`${caller}: learningRate`, options.learningRate ?? 1);
  const maximumEpochs = checkedCount(`${caller}: maximumEpochs`, options.maximumEpochs ?? 1000);
  const signs = signsOf(caller, samples.targets);
  const weights = start.slice();
  const cycle = new CycleWatch(samples.rows, signs, weights);
  const history: number[] = [];
  let conflict: readonly number[] | undefined;
  do {
    const order = epochOrder(caller, options.order, history.length + 1, signs.length);
    history.push(learnEpoch(samples.rows, signs, weights, learningRate, order, cycle.updates));
    checkFinite(weights, history.length, learningRate);
    if (history.at(-1) !== 0) conflict = cycle.closed(weights, history.length);
  } while (history.at(-1) !== 0 && !conflict && history.length < maximumEpochs);
  return { weights, learning: summary(history, conflict) };
}

/**
 * Novikoff's bound on the mistakes of the perceptron rule: (R/γ)².
 * `separator` is any neuron that separates the samples; one is learned where it is left out.
 *
 * @example novikoffBound([[[0], 0], [[1], 1]]) // { radius: 1.414…, margin: 0.447…, bound: 10 }
 * @throws RangeError where the separator leaves a sample on the wrong side, or none could be learned.
 */
export function novikoffBound(
  samples: readonly Sample[],
  separator?: { readonly weights: ArrayLike<number>; readonly bias: number },
): NovikoffBound {
  const caller = 'novikoffBound';
  const table = readSamples(caller, samples, separator?.weights.length);
  const signs = signsOf(caller, table.targets);
  const weights = separator ? separatorWeights(caller, separator) : learnedSeparator(caller, table);
  const length = norm(weights);
  const margins = table.rows.map((row, i) => (signs[i] * dot(weights, row)) / length);
  const wrong = margins.findIndex((margin) => !(margin > 0));
  if (wrong >= 0) throw new RangeError(`${caller}: the separator leaves sample ${wrong} on the wrong side`);
  const radius = table.rows.map(norm).reduce((a, b) => Math.max(a, b));
  const margin = margins.reduce((a, b) => Math.min(a, b));
  const ratio = radius / margin;
  return { radius, margin, bound: ratio * ratio };
}

/** Σ weights[i] · row[i], from the left, as the neuron computes it. */
export function dot(weights: ArrayLike<number>, row: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += weights[i] * row[i];
  return sum;
}

/** One pass: where y(w·x) ≤ 0, w += η y x. Returns the mistakes, and counts them by sample in `updates`. */
function learnEpoch(
  rows: readonly Float64Array[],
  signs: Float64Array,
  weights: Float64Array,
  learningRate: number,
  order: ArrayLike<number> | undefined,
  updates: Float64Array,
): number {
  let mistakes = 0;
  for (let step = 0; step < rows.length; step++) {
    const i = order ? order[step] : step;
    if (signs[i] * dot(weights, rows[i]) > 0) continue;
    for (let j = 0; j < weights.length; j++) weights[j] += learningRate * signs[i] * rows[i][j];
    updates[i]++;
    mistakes++;
  }
  return mistakes;
}

/**
 * Proves that samples cannot be separated. Weights that come back to where they were mean that the
 * updates between, Σ c y x, cancel; by Gordan's theorem such whole numbers c exist only where no weights
 * separate. Exactly one of the two holds, so this is a proof in any order and from any start.
 *
 * The weights to come back to are those of epochs 0, 1, 2, 4, 8 … (Brent's cycle detection: one state is
 * kept). That they are near is a hint only, as they may be rounded; the cancelling is checked exactly.
 * For whole inputs the weights stay bounded (Block and Levin 1970), so in a fixed order they do return.
 */
class CycleWatch {
  /** Updates by each sample since the kept weights. */
  readonly updates: Float64Array;
  readonly #rows: readonly Float64Array[];
  readonly #signs: Float64Array;
  #kept: Float64Array;
  #nextKept = 1;

  constructor(rows: readonly Float64Array[], signs: Float64Array, weights: Float64Array) {
    this.updates = new Float64Array(signs.length);
    this.#rows = rows;
    this.#signs = signs;
    this.#kept = weights.slice();
  }

  /** The proof, if after this epoch the updates since the kept weights cancel. */
  closed(weights: Float64Array, epoch: number): readonly number[] | undefined {
    if (near(weights, this.#kept) && this.#cancel()) return Array.from(this.updates);
    if (epoch === this.#nextKept) {
      this.#nextKept *= 2;
      this.#kept = weights.slice();
      this.updates.fill(0);
    }
    return undefined;
  }

  #cancel(): boolean {
    const signed = this.updates.map((count, i) => count * this.#signs[i]);
    return this.#kept.every((_, j) =>
      sumsToZero(
        signed,
        this.#rows.map((row) => row[j]),
      ),
    );
  }
}

function near(a: Float64Array, b: Float64Array): boolean {
  const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  return a.every((value, i) => Math.abs(value - b[i]) <= 1e-9 * scale);
}

function summary(history: readonly number[], conflict: readonly number[] | undefined): PerceptronLearning {
  const converged = history.at(-1) === 0;
  return {
    rule: 'perceptron',
    converged,
    separable: converged ? true : conflict ? false : undefined,
    epochs: history.length,
    mistakes: history.reduce((sum, mistakes) => sum + mistakes, 0),
    history,
    ...(conflict && { conflict }),
  };
}

function checkFinite(weights: Float64Array, epoch: number, learningRate: number): void {
  if (weights.every(Number.isFinite)) return;
  throw new DivergenceError(
    `perceptron.learn: the weights overflowed in epoch ${epoch} (learningRate ${learningRate})`,
  );
}

function separatorWeights(
  caller: string,
  { weights, bias }: { readonly weights: ArrayLike<number>; readonly bias: number },
): Float64Array {
  const checked = checkedInput(`${caller}: separator`, weights);
  return Float64Array.of(...Array.from(checked), checkedNumber(`${caller}: separator: bias`, bias));
}

function learnedSeparator(caller: string, table: SampleTable): Float64Array {
  const { weights, learning } = perceptronRule(table, new Float64Array(table.rows[0].length), {});
  if (learning.converged) return weights;
  throw new RangeError(
    learning.separable === false
      ? `${caller}: no weights separate these samples, so there is no bound`
      : `${caller}: found no separating weights in ${learning.epochs} epochs; give them as separator`,
  );
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}
