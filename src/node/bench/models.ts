// Predictions and training steps of whole networks as cases. A prediction is measured from the caller's array to the
// caller's number: by `input.set`, `run`, `output` (no copies but these), and by `predict`, which checks and allocates.
import type { CoreOptions } from '../../core/features.ts';
import type { Model } from '../../model/model.ts';
import { benchmarkData, relativeDifference, type Case } from './case.ts';
import {
  benchmarkOptimizer,
  classificationData,
  crossEntropyReference,
  networkFlops,
  networkModel,
  networkReference,
  networks,
  parameterCount,
  type Network,
} from './networks.ts';

const batches: readonly [name: string, batch: number][] = [
  ['2-8-1', 1],
  ['784-128-10', 1],
  ['784-128-10', 32],
  ['784-128-10', 256],
  ['784-512-256-10', 1],
  ['784-512-256-10', 32],
  ['784-512-256-10', 256],
];

/** Predictions on both paths. */
export async function predictionCases(options: CoreOptions = {}): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [name, batch] of batches) {
    const network = networks[name]!;
    const inputs = benchmarkData(batch * network.sizes[0]!, 3);
    const shared = {
      flops: batch * networkFlops(network),
      bytes: 4 * (parameterCount(network) + inputs.length + batch * network.sizes.at(-1)!),
      unit: 'GFLOP/s' as const,
    };
    const wanted = networkReference(network, inputs);
    const label = `${name}, ${batch} ${batch === 1 ? 'sample' : 'samples'}`;
    const live = await networkModel(network, options);
    live.allocate({ batchSize: batch });
    cases.push({
      group: 'predictions',
      work: { name: `run ${label}`, repeat: runLoop(live, inputs) },
      check: () => ({ difference: relativeDifference(runOnce(live, inputs), wanted), tolerance: 1e-5 }),
      ...shared,
    });
    const model = await networkModel(network, options);
    const tensor = { data: inputs, shape: [batch, network.sizes[0]!] };
    cases.push({
      group: 'predictions',
      work: { name: `predict ${label}`, repeat: predictLoop(model, tensor) },
      check: () => ({ difference: relativeDifference(model.predict(tensor).data, wanted), tolerance: 1e-5 }),
      ...shared,
    });
  }
  return cases;
}

/** One prediction on the copy-free path. */
export function runOnce(model: Model, inputs: Float32Array): Float32Array {
  model.input.set(inputs);
  model.run();
  return model.output.slice();
}

/** The copy-free path as a frame loop has it. */
export const runLoop = (model: Model, inputs: Float32Array) => (times: number) => {
  let sum = 0;
  for (let i = 0; i < times; i++) {
    model.input.set(inputs);
    model.run();
    sum += model.output[0]!;
  }
  expectNumber(sum);
};

export const predictLoop = (model: Model, tensor: { data: Float32Array; shape: number[] }) => (times: number) => {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += model.predict(tensor).data[0]!;
  expectNumber(sum);
};

/** Keeps the work alive. */
function expectNumber(sum: number): void {
  if (!Number.isFinite(sum)) throw new Error(`benchmark: the result is ${sum}`);
}

// ---- training

const trained: readonly [name: string, batch: number][] = [
  ['64-64-10', 32],
  ['784-128-10', 64],
  ['784-512-256-10', 64],
];

/** Steps of Adam by `fit`, which copies each batch from the caller's samples. */
export async function trainingCases(options: CoreOptions = {}): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [name, batch] of trained) {
    const network = networks[name]!;
    const model = await networkModel(network, options);
    cases.push({
      group: 'training',
      unit: 'GFLOP/s',
      flops: trainingFlops(network, batch),
      bytes: 28 * parameterCount(network),
      work: { name: `fit ${name}, a step of ${batch}, Adam`, repeat: fitLoop(model, network, batch) },
      check: () => checkFirstLoss(network, batch, options),
    });
  }
  return cases;
}

/** Forward, the gradient of the weights, and the gradient of every layer's input but the first's. */
const trainingFlops = (network: Network, batch: number): number =>
  batch * (3 * networkFlops(network) - 2 * network.sizes[0]! * network.sizes[1]!);

/** Epochs of one batch each: a call of `fit` for all of them, as training has it, so that its checks count once. */
export function fitLoop(model: Model, network: Network, batch: number): (times: number) => Promise<void> {
  const data = classificationData(network, batch);
  const optimizer = benchmarkOptimizer();
  return async (times) => {
    await model.fit(data, {
      loss: 'crossEntropy',
      optimizer,
      metrics: [],
      batchSize: batch,
      shuffle: false,
      epochs: times,
    });
  };
}

/** The loss of the first step is that of the weights it began with. */
async function checkFirstLoss(network: Network, batch: number, options: CoreOptions) {
  const model = await networkModel(network, options);
  const data = classificationData(network, batch);
  const { history } = await model.fit(data, {
    loss: 'crossEntropy',
    optimizer: benchmarkOptimizer(),
    metrics: [],
    batchSize: batch,
    shuffle: false,
  });
  const wanted = crossEntropyReference(networkReference(network, data.inputs.data), data.targets.data);
  return { difference: relativeDifference(history['loss']!, [wanted]), tolerance: 1e-5 };
}
