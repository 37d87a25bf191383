// By whichever of its two ways was faster here: fused operations on tensors rather than the Layers API.
import { networks, networkWeights } from '../../../src/node/bench/networks.ts';
import { predictionData, predictionName, predictions } from '../../works/predictions.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { tf } from './backend.ts';

function prediction(name: string, batch: number): PeerWork {
  const network = networks[name]!;
  const inputs = predictionData(network, batch);
  const layers = networkWeights(network).map(({ kernel, bias }, i, all) => ({
    b: tf.tensor2d(kernel, [kernel.length / bias.length, bias.length]),
    bias: tf.tensor1d(bias),
    activation: i < all.length - 1 ? network.hidden : network.output,
  }));
  const predict = () =>
    tf.tidy(() => {
      let values = tf.tensor2d(inputs, [batch, network.sizes[0]]);
      for (const { b, bias, activation } of layers) values = tf.fused.matMul({ a: values, b, bias, activation });
      return values.dataSync() as Float32Array;
    });
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
