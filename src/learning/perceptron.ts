// One artificial neuron: inputs times weights, their sum, a bias, an activation. Synchronous and in
// float64 on the host (docs/adr/0002): nothing here touches the WebAssembly core, and a network of
// neurons is not made of these. How it learns is in perceptron-rule.ts and widrow-hoff.ts.
import { neuronActivation, type NeuronActivationName } from './neuron-activations.ts';
import { dot, perceptronRule, type PerceptronLearning, type PerceptronRuleOptions } from './perceptron-rule.ts';
import { checkedCount, checkedInput, checkedNumber, readSamples, type Sample } from './samples.ts';
import { widrowHoffRule, type WidrowHoffLearning, type WidrowHoffOptions } from './widrow-hoff.ts';

export interface PerceptronOptions {
  /** How many inputs; the weights start at 0. Either this or `weights`. */
  readonly inputs?: number;
  /** One weight for each input. */
  readonly weights?: ArrayLike<number>;
  /** Added to the weighted sum; 0 if left out. */
  readonly bias?: number;
  /** Another way to give the bias: the weighted sum above which the neuron fires, −bias. */
  readonly threshold?: number;
  /** `step` (1 where the sum with the bias is above 0, else 0) if left out. */
  readonly activation?: NeuronActivationName;
}

/** How an output came about, in the order of the computation. */
export interface PerceptronExplanation {
  /** weights[i] · inputs[i] */
  readonly weightedProducts: readonly number[];
  /** The sum of the weighted products. */
  readonly weightedSum: number;
  readonly bias: number;
  /** weightedSum + bias */
  readonly sumWithBias: number;
  readonly activation: NeuronActivationName;
  /** activation(sumWithBias), what `activate` returns. */
  readonly output: number;
}

/**
 * Makes one neuron.
 *
 * @example
 * const neuron = perceptron({ weights: [0.4, 0.6, -0.7, 1.1], bias: 2, activation: 'linear' });
 * neuron.activate([1.2, 2.2, 3.3, 2.5]); // 4.24
 *
 * @throws TypeError without inputs and weights, on what is no number, and on bias and threshold at once;
 *   RangeError on NaN, infinity, a count below 1 and an unknown activation (the nearest one is named).
 */
export function perceptron(options: PerceptronOptions): Perceptron {
  return new Perceptron(options);
}

/** A single neuron, made by `perceptron(…)`. */
export class Perceptron {
  readonly activation: NeuronActivationName;
  readonly #activate: (sum: number) => number;
  #weights: readonly number[];
  #bias: number;

  constructor({ inputs, weights, bias, threshold, activation = 'step' }: PerceptronOptions) {
    this.#activate = neuronActivation(activation);
    this.activation = activation;
    this.#weights = startingWeights(inputs, weights);
    this.#bias = startingBias(bias, threshold);
  }

  /** How many inputs it takes. */
  get inputs(): number {
    return this.#weights.length;
  }

  /** One weight for each input, frozen; assign a whole array to change them. */
  get weights(): readonly number[] {
    return this.#weights;
  }

  set weights(weights: ArrayLike<number>) {
    this.#weights = startingWeights(this.inputs, weights);
  }

  get bias(): number {
    return this.#bias;
  }

  set bias(bias: number) {
    this.#bias = checkedNumber('perceptron: bias', bias);
  }

  /**
   * The output for one input: activation(Σ weights[i] · input[i] + bias), summed from the left.
   * @throws TypeError, RangeError where the input is not as many finite numbers as there are weights.
   */
  activate(input: ArrayLike<number>): number {
    checkedInput('perceptron', input, this.inputs);
    return this.#activate(dot(this.#weights, input) + this.#bias);
  }

  /**
   * The parts that `activate` computes and drops.
   * @throws as `activate` does.
   */
  explain(input: ArrayLike<number>): PerceptronExplanation {
    checkedInput('perceptron', input, this.inputs);
    const weightedProducts = this.#weights.map((weight, i) => weight * input[i]);
    const weightedSum = weightedProducts.reduce((sum, product) => sum + product, 0);
    const sumWithBias = weightedSum + this.#bias;
    const output = this.#activate(sumWithBias);
    return { weightedProducts, weightedSum, bias: this.#bias, sumWithBias, activation: this.activation, output };
  }

  /**
   * Learns from samples, from the present weights on; they change only when the learning has ended.
   *
   * The perceptron rule: wherever the weighted sum with the bias lies on the wrong side of 0, or on it,
   * the input is added to the weights (target yes) or taken from them (target no), and ±1 to the bias,
   * times `learningRate`; until an epoch has no mistake, no weights are proved to exist, or
   * `maximumEpochs` are over. Targets: 1 and true mean yes; 0, −1 and false no.
   *
   * With `rule: 'widrowHoff'` the sum itself is drawn to the target, any number (true is 1, false −1).
   *
   * Both look at the sum, not at the output, so they work whatever the activation.
   *
   * @example
   * const and = perceptron({ inputs: 2 });
   * and.learn([[[0, 0], 0], [[0, 1], 0], [[1, 0], 0], [[1, 1], 1]]); // { converged: true, epochs: 9, mistakes: 18, … }
   * and.weights; // [3, 2], and and.bias is -4
   *
   * @throws TypeError, RangeError on bad samples or options; DivergenceError where the numbers grow without
   *   bound. The weights are then as they were.
   */
  learn(samples: readonly Sample[], options: WidrowHoffOptions): WidrowHoffLearning;
  learn(samples: readonly Sample[], options?: PerceptronRuleOptions): PerceptronLearning;
  learn(
    samples: readonly Sample[],
    options: PerceptronRuleOptions | WidrowHoffOptions = {},
  ): PerceptronLearning | WidrowHoffLearning {
    const table = readSamples('perceptron.learn', samples, this.inputs);
    const start = Float64Array.of(...this.#weights, this.#bias);
    const { weights, learning } = learnBy(table, start, options);
    this.#weights = Object.freeze(Array.from(weights.subarray(0, -1)));
    this.#bias = weights.at(-1)!;
    return learning;
  }
}

function learnBy(
  table: Parameters<typeof perceptronRule>[0],
  start: Float64Array,
  options: PerceptronRuleOptions | WidrowHoffOptions,
): { weights: Float64Array; learning: PerceptronLearning | WidrowHoffLearning } {
  if (options.rule === 'widrowHoff') return widrowHoffRule(table, start, options);
  if ((options.rule ?? 'perceptron') === 'perceptron') return perceptronRule(table, start, options);
  throw new RangeError(`perceptron.learn: expected the rule 'perceptron' or 'widrowHoff', got '${options.rule}'`);
}

function startingWeights(inputs: number | undefined, weights: ArrayLike<number> | undefined): readonly number[] {
  if (inputs === undefined && weights === undefined) {
    throw new TypeError('perceptron: expected { inputs } or { weights }, got neither');
  }
  const count = inputs === undefined ? undefined : checkedCount('perceptron: inputs', inputs);
  if (weights === undefined) return Object.freeze(Array.from<number>({ length: count! }).fill(0));
  return Object.freeze(Array.from(checkedInput('perceptron: weights', weights, count)));
}

function startingBias(bias: number | undefined, threshold: number | undefined): number {
  if (threshold === undefined) return checkedNumber('perceptron: bias', bias ?? 0);
  if (bias !== undefined) throw new TypeError('perceptron: expected a bias or a threshold (−bias), got both');
  return 0 - checkedNumber('perceptron: threshold', threshold);
}
