// The dense networks of the benchmarks, as models of the library and as float64 references of a few lines.
// B a batch; a network is named by the sizes of its layers.
import { adam } from '../../optimizers/adam.ts';
import type { Optimizer } from '../../optimizers/optimizer.ts';
import type { CoreOptions } from '../../core/features.ts';
import { dense } from '../../layers/core.ts';
import type { Model } from '../../model/model.ts';
import { sequential } from '../../model/sequential.ts';
import { benchmarkData } from './case.ts';

export interface Network {
  readonly sizes: readonly number[];
  readonly hidden: 'relu' | 'sigmoid';
  readonly output: 'linear' | 'sigmoid';
}

export const networks: Readonly<Record<string, Network>> = {
  '2-8-1': { sizes: [2, 8, 1], hidden: 'sigmoid', output: 'sigmoid' },
  '64-64-10': { sizes: [64, 64, 10], hidden: 'relu', output: 'linear' },
  '784-128-10': { sizes: [784, 128, 10], hidden: 'relu', output: 'linear' },
  '784-512-256-10': { sizes: [784, 512, 256, 10], hidden: 'relu', output: 'linear' },
};

export type NetworkName = keyof typeof networks;

/** Its weights, the same for whoever computes with them: kernels [in, out] and biases [out], layer by layer. */
export function networkWeights({
  sizes,
}: Network): { kernel: Float32Array<ArrayBuffer>; bias: Float32Array<ArrayBuffer> }[] {
  return sizes.slice(1).map((size, i) => {
    const limit = Math.sqrt(6 / (sizes[i]! + size));
    return {
      kernel: benchmarkData(sizes[i]! * size, 100 + i).map((value) => value * limit),
      bias: benchmarkData(size, 200 + i).map((value) => value * 0.1),
    };
  });
}

/** The network as a model with `networkWeights`. */
export async function networkModel(network: Network, options: CoreOptions = {}): Promise<Model> {
  const { sizes, hidden, output } = network;
  const layers = sizes.slice(1).map((size, i) => dense(size, { activation: i < sizes.length - 2 ? hidden : output }));
  const model = await sequential(layers, { inputShape: [sizes[0]!], seed: 1, ...options });
  const values = networkWeights(network).flatMap(({ kernel, bias }) => [kernel, bias]);
  model.setWeights(Object.fromEntries(model.parameters.map(({ name }, i) => [name, values[i]!])));
  return model;
}

const functions = {
  relu: (x: number) => Math.max(0, x),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  linear: (x: number) => x,
};

/** What the network answers to samples [B, in], in float64. */
export function networkReference(network: Network, inputs: Float32Array): Float64Array {
  const { sizes, hidden, output } = network;
  const batch = inputs.length / sizes[0]!;
  return networkWeights(network).reduce((values, { kernel, bias }, i) => {
    const activation = functions[i < sizes.length - 2 ? hidden : output];
    return denseReference(values, kernel, bias, batch).map(activation);
  }, Float64Array.from(inputs));
}

function denseReference(x: Float64Array, kernel: Float32Array, bias: Float32Array, batch: number): Float64Array {
  const [columns, depth] = [bias.length, kernel.length / bias.length];
  const out = new Float64Array(batch * columns);
  for (let row = 0; row < batch; row++)
    for (let column = 0; column < columns; column++) {
      let sum = bias[column]!;
      for (let l = 0; l < depth; l++) sum += x[row * depth + l]! * kernel[l * columns + column]!;
      out[row * columns + column] = sum;
    }
  return out;
}

/** Multiply-adds of a prediction for one sample, as floating-point operations. */
export const networkFlops = ({ sizes }: Network): number =>
  sizes.slice(1).reduce((sum, size, i) => sum + 2 * size * sizes[i]!, 0);

export const parameterCount = ({ sizes }: Network): number =>
  sizes.slice(1).reduce((sum, size, i) => sum + size * (sizes[i]! + 1), 0);

/** Samples with a class each. */
export function classificationData({ sizes }: Network, samples: number) {
  const classes = sizes.at(-1)!;
  return {
    inputs: { data: benchmarkData(samples * sizes[0]!, 7), shape: [samples, sizes[0]!] },
    targets: { data: Int32Array.from({ length: samples }, (_, i) => (i * 7) % classes), shape: [samples] },
  };
}

/** The mean cross-entropy of logits [B, C] against classes, in float64. */
export function crossEntropyReference(logits: Float64Array, targets: Int32Array): number {
  const columns = logits.length / targets.length;
  let total = 0;
  targets.forEach((target, row) => {
    const values = logits.subarray(row * columns, (row + 1) * columns);
    const most = values.reduce((a, b) => Math.max(a, b));
    total += most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0)) - values[target]!;
  });
  return total / targets.length;
}

/**
 * The optimizer of every training step that is measured. Its rate is so small that thousands of steps leave the network
 * as untrained as it was: one that knows its samples by heart has gradients of other sizes, and other times.
 */
export const benchmarkOptimizer = (): Optimizer => adam({ learningRate: timedLearningRate });

export const timedLearningRate = 1e-7;
