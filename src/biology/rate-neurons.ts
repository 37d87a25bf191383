// Neurons without time whose dendrites compute: a two-layer network within one cell (Poirazi and Mel), and a cell whose
// dendritic calcium spikes are the smaller the stronger their input (Gidon et al.). Like `perceptron` they make a number
// of numbers, on the host.
import { exp } from '../core/deterministic.ts';

type Numbers = ArrayLike<number>;

function weightedSum(weights: Numbers, inputs: Numbers, what: string): number {
  if (weights.length !== inputs.length)
    throw new RangeError(`${what}: expected ${weights.length} inputs, got ${inputs.length}`);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * inputs[i]!;
  return sum;
}

/**
 * What a thin branch makes of its input: s(n) = 1 / (1 + e^((3.6 − n)/0.2)) + 0.30 n + 0.0114 n².
 * source: Poirazi, Brannon, Mel, Pyramidal neuron as two-layer neural network, Neuron 37, 2003
 */
export const branchResponse = (n: number): number => 1 / (1 + exp((3.6 - n) / 0.2)) + 0.3 * n + 0.0114 * n * n;

/** What the soma makes of its branches: g(x) = 0.96 x / (1 + 1509 e^(−0.26 x)), a rate. source: as `branchResponse` */
export const somaResponse = (x: number): number => (0.96 * x) / (1 + 1509 * exp(-0.26 * x));

/** The parameters of `twoLayerNeuron`. */
export interface TwoLayerOptions {
  /** The weights of each branch, [branches][inputs]; 0 where an input has no synapse there. */
  weights: readonly Numbers[];
  /** How much of each branch's response reaches the soma: 1 by default. */
  couplings?: Numbers;
  /** By default `branchResponse` and `somaResponse`. */
  branch?: (n: number) => number;
  soma?: (x: number) => number;
}

/** A neuron whose dendrites are its first layer. */
export interface TwoLayerNeuron {
  /** The response of each branch to an input for each column of the weights. */
  branches(inputs: Numbers): Float64Array<ArrayBuffer>;
  /** y = g(Σ αⱼ s(nⱼ)), nⱼ the weighted sum of branch j. */
  activate(inputs: Numbers): number;
}

/**
 * Poirazi and Mel's neuron: each branch responds to its own sum, the soma to the sum of the branches. By clustering
 * synapses on branches it answers what no sum alone can: (a and b) or (c and d).
 * @throws RangeError for no branch, branches of different lengths, or another number of couplings
 */
export function twoLayerNeuron(options: TwoLayerOptions): TwoLayerNeuron {
  const { weights, branch = branchResponse, soma = somaResponse } = options;
  if (!weights.length) throw new RangeError('twoLayerNeuron: expected at least one branch');
  const rows = weights.map((row) => Float64Array.from(row));
  for (const [j, row] of rows.entries())
    if (row.length !== rows[0]!.length)
      throw new RangeError(`twoLayerNeuron: expected ${rows[0]!.length} weights of branch ${j}, got ${row.length}`);
  const couplings = Float64Array.from(options.couplings ?? rows.map(() => 1));
  if (couplings.length !== rows.length)
    throw new RangeError(`twoLayerNeuron: expected ${rows.length} couplings, got ${couplings.length}`);
  const branches = (inputs: Numbers) =>
    Float64Array.from(rows, (row) => branch(weightedSum(row, inputs, 'twoLayerNeuron')));
  return { branches, activate: (inputs) => soma(weightedSum(couplings, branches(inputs), 'twoLayerNeuron')) };
}

/**
 * The size of a dendritic calcium spike: 0 below an input of 1, at 1 the largest, and e^(−(u − 1)/decay) beyond: the
 * stronger the input, the smaller the spike.
 * @throws RangeError for a decay that is not above 0
 * source: Gidon et al., Dendritic action potentials and computation in human layer 2/3 cortical neurons, Science 367, 2020
 */
export function calciumSpike(u: number, decay = 0.3): number {
  if (!(decay > 0)) throw new RangeError(`calciumSpike: expected a decay above 0, got ${decay}`);
  return u < 1 ? 0 : exp(-(u - 1) / decay);
}

/** The parameters of `calciumNeuron`. */
export interface CalciumNeuronOptions {
  weights: Numbers;
  /** Of `calciumSpike`: 0.3 by default. */
  decay?: number;
  /** The calcium spike from which on the soma answers: 0.5 by default. */
  threshold?: number;
}

/** A neuron with calcium spikes in its dendrite. */
export interface CalciumNeuron {
  /** The size of the dendrite's spike, from 0 to 1. */
  dendrite(inputs: Numbers): number;
  /** 1 where that is above the threshold of the soma, else 0. */
  activate(inputs: Numbers): number;
}

/**
 * Gidon's neuron: with two weights of 1.05 it is the exclusive or, which no single neuron with a rising activation is.
 * @throws RangeError for a decay that is not above 0
 */
export function calciumNeuron({ weights, decay = 0.3, threshold = 0.5 }: CalciumNeuronOptions): CalciumNeuron {
  calciumSpike(0, decay);
  const own = Float64Array.from(weights);
  const dendrite = (inputs: Numbers) => calciumSpike(weightedSum(own, inputs, 'calciumNeuron'), decay);
  return { dendrite, activate: (inputs) => (dendrite(inputs) > threshold ? 1 : 0) };
}
