// The transformer's encoder on the copy-free path.
import { sequential, transformerEncoderLayer, type Model } from '../../../src/index.ts';
import { runLoop, runOnce } from '../../../src/node/bench/models.ts';
import { encoder, encoderBatch, encoderData, encoderPredictionName, encoderWeights } from '../../works/transformer.ts';
import type { PeerWork, Works } from '../../works/work.ts';

async function encoderModel(): Promise<Model> {
  const { layers, heads, inside, steps, width } = encoder;
  const list = Array.from({ length: layers }, () => transformerEncoderLayer(heads, { feedForward: inside }));
  const model = await sequential(list, { inputShape: [steps, width], seed: 1 });
  for (let i = 0; i < layers; i++)
    model.setWeights(
      Object.fromEntries(Object.entries(encoderWeights(i)).map(([name, data]) => [`layers.${i}.${name}`, data])),
    );
  return model;
}

async function prediction(): Promise<PeerWork> {
  const model = await encoderModel();
  const inputs = encoderData();
  model.allocate({ batchSize: encoderBatch });
  return { repeat: runLoop(model, inputs), result: () => runOnce(model, inputs) };
}

export const transformer: Works = { [encoderPredictionName]: prediction };
