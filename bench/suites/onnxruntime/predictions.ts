import { networks, networkWeights } from '../../../src/node/bench/networks.ts';
import { denseModel } from '../../lib/onnx.ts';
import { predictionData, predictionName, predictions } from '../../works/predictions.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { ort, sessionWork } from './session.ts';

function prediction(name: string, batch: number): Promise<PeerWork> {
  const network = networks[name]!;
  const layers = networkWeights(network).map((weights, i, all) => ({
    ...weights,
    activation: i < all.length - 1 ? network.hidden : network.output,
  }));
  const inputs = predictionData(network, batch);
  const shape = [batch, network.sizes[0]];
  return sessionWork(denseModel(layers, batch), () => ({ x: new ort.Tensor('float32', inputs, shape) }));
}

export const densePredictions: Works = Object.fromEntries(
  predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
);
