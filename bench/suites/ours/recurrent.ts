// The recurrent classifier on the copy-free path; training steps by `fit`.
import { adam, dense, lstm, sequential, type Model } from '../../../src/index.ts';
import { runLoop, runOnce } from '../../../src/node/bench/models.ts';
import { timedLearningRate } from '../../../src/node/bench/networks.ts';
import {
  checkedRecurrentSteps,
  recurrentBatch,
  recurrentData,
  recurrentLearningRate,
  recurrentNetwork,
  recurrentPredictionName,
  recurrentPredictions,
  recurrentTrainingName,
  recurrentWeights,
} from '../../works/recurrent.ts';
import type { PeerWork, Works } from '../../works/work.ts';

const { features, steps, units, classes } = recurrentNetwork;

async function recurrentModel(): Promise<Model> {
  const model = await sequential([lstm(units), dense(classes)], { inputShape: [steps, features], seed: 1 });
  const { kernel, recurrentKernel, bias, denseKernel, denseBias } = recurrentWeights();
  model.setWeights({
    'layers.0.kernel': kernel,
    'layers.0.recurrentKernel': recurrentKernel,
    'layers.0.bias': bias,
    'layers.1.kernel': denseKernel,
    'layers.1.bias': denseBias,
  });
  return model;
}

async function prediction(batch: number): Promise<PeerWork> {
  const model = await recurrentModel();
  const { sequences } = recurrentData(batch);
  model.allocate({ batchSize: batch });
  return { repeat: runLoop(model, sequences), result: () => runOnce(model, sequences) };
}

async function training(): Promise<PeerWork> {
  const model = await recurrentModel();
  const { sequences, targets } = recurrentData(recurrentBatch);
  const data = {
    inputs: { data: sequences, shape: [recurrentBatch, steps, features] },
    targets: { data: targets, shape: [recurrentBatch] },
  };
  const fit = (trained: Model, epochs: number, learningRate: number) =>
    trained.fit(data, {
      loss: 'crossEntropy',
      optimizer: adam({ learningRate }),
      metrics: [],
      batchSize: recurrentBatch,
      shuffle: false,
      epochs,
    });
  return {
    async repeat(times) {
      await fit(model, times, timedLearningRate);
    },
    result: async () =>
      (await fit(await recurrentModel(), checkedRecurrentSteps, recurrentLearningRate)).history['loss']!,
  };
}

export const recurrent: Works = Object.fromEntries([
  ...recurrentPredictions.map((batch) => [recurrentPredictionName(batch), () => prediction(batch)] as const),
  [recurrentTrainingName, training],
]);
