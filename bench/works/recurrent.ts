// A recurrent classifier: an LSTM of 64 units over 32 steps of 16 features, its last state to 10 classes. Weights are the
// same for whoever computes, gates in the order i f g o, which is that of TensorFlow.js too.
// No line for brain.js and synaptic: their networks of memory cells learn one sequence at a time, with plain descent.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { kernel } from './kernel.ts';
import { peers, type Family } from './work.ts';

const { wasm } = peers;

export const recurrentNetwork = { features: 16, steps: 32, units: 64, classes: 10 } as const;
export const recurrentBatch = 64;
const { features, steps, units, classes } = recurrentNetwork;

export const recurrentPredictions = [1, recurrentBatch] as const;
const network = `LSTM ${units}, ${steps} steps of ${features}`;
export const recurrentPredictionName = (batch: number): string => `predict ${network}, ${batch}`;
export const recurrentTrainingName = `train ${network}, ${recurrentBatch}, Adam`;

/** The steps whose losses are compared before anything is timed, and their rate. */
export const checkedRecurrentSteps = 3;
export const recurrentLearningRate = 1e-2;

/** The input's kernel, the state's, and the bias of the gates; the kernel and the bias behind them. */
export const recurrentWeights = () => ({
  kernel: kernel(features, 4 * units, 501),
  recurrentKernel: kernel(units, 4 * units, 502),
  bias: benchmarkData(4 * units, 503).map((value) => value * 0.1),
  denseKernel: kernel(units, classes, 504),
  denseBias: benchmarkData(classes, 505).map((value) => value * 0.1),
});

/** Sequences [B, T, C] and their classes [B]. */
export const recurrentData = (batch: number) => ({
  sequences: benchmarkData(batch * steps * features, 7),
  targets: Int32Array.from({ length: batch }, (_, i) => (3 * i) % classes),
});

export const recurrentFamily: Family = {
  goals: [
    { label: `predict ${network}, one sample`, work: recurrentPredictionName(1), atLeast: {} },
    {
      label: `predict ${network}, ${recurrentBatch} samples`,
      work: recurrentPredictionName(recurrentBatch),
      atLeast: {},
    },
    {
      label: `train step ${network}, batch ${recurrentBatch}, Adam`,
      work: recurrentTrainingName,
      atLeast: { [wasm]: 15 },
    },
  ],
};
