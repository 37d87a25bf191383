import { networks } from '../../../src/node/bench/networks.ts';
import { predictionData, predictionName, predictions } from '../../works/predictions.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { jit, matrix, type Value } from './backend.ts';
import { forward, layersOf, references, type Layer } from './dense.ts';

function prediction(name: string, batch: number): PeerWork {
  const inputs = predictionData(networks[name]!, batch);
  const layers = layersOf(name);
  const compiled = jit((given: Layer[], x: Value) => forward(given, x, name));
  const width = networks[name]!.sizes[0]!;
  const predict = (): Float32Array => compiled(references(layers), matrix(inputs, batch, width)).dataSync();
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += predict()[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: predict,
  };
}

export const densePredictions: Works = Object.fromEntries(
  predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
);
