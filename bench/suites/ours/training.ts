// Training steps by `fit`: every step copies its batch, runs, and reads the loss.
import { adam, sgd, type Model } from '../../../src/index.ts';
import { networkModel, networks, timedLearningRate } from '../../../src/node/bench/networks.ts';
import {
  checkedSteps,
  learningRates,
  trainedNetworks,
  trainingBatch,
  trainingData,
  trainingName,
} from '../../works/training.ts';
import type { PeerWork, Works } from '../../works/work.ts';

async function training(name: string, kind: 'Adam' | 'SGD'): Promise<PeerWork> {
  const network = networks[name]!;
  const model = await networkModel(network);
  const data = trainingData(network);
  const fit = (trained: Model, epochs: number, learningRate: number) =>
    trained.fit(data, {
      loss: 'crossEntropy',
      optimizer: { Adam: adam, SGD: sgd }[kind]({ learningRate }),
      metrics: [],
      batchSize: trainingBatch,
      shuffle: false,
      epochs,
    });
  return {
    async repeat(times) {
      await fit(model, times, timedLearningRate);
    },
    result: async () => (await fit(await networkModel(network), checkedSteps, learningRates[kind])).history['loss']!,
  };
}

export const denseTraining: Works = Object.fromEntries(
  trainedNetworks.flatMap((name) =>
    (['Adam', 'SGD'] as const).map((kind) => [trainingName(name, kind), () => training(name, kind)]),
  ),
);
