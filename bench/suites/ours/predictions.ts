// Predictions on the copy-free path, and (not raced, for comparison) by `predict`, which checks and allocates.
import { predictLoop, runLoop, runOnce } from '../../../src/node/bench/models.ts';
import { networkModel, networks } from '../../../src/node/bench/networks.ts';
import { predictionData, predictionName, predictions } from '../../works/predictions.ts';
import type { PeerWork, Works } from '../../works/work.ts';

async function prediction(name: string, batch: number): Promise<PeerWork> {
  const network = networks[name]!;
  const inputs = predictionData(network, batch);
  const model = await networkModel(network);
  model.allocate({ batchSize: batch });
  return { repeat: runLoop(model, inputs), result: () => runOnce(model, inputs) };
}

async function checkedPrediction(name: string, batch: number): Promise<PeerWork> {
  const network = networks[name]!;
  const tensor = { data: predictionData(network, batch), shape: [batch, network.sizes[0]!] };
  const model = await networkModel(network);
  return { repeat: predictLoop(model, tensor), result: () => model.predict(tensor).data };
}

export const densePredictions: Works = Object.fromEntries(
  predictions.flatMap(([name, batch]) => [
    [predictionName(name, batch), () => prediction(name, batch)],
    [`${predictionName(name, batch)}, by predict`, () => checkedPrediction(name, batch)],
  ]),
);
