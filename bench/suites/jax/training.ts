// Training is its plain SGD: it has no Adam in this package.
import { networks, timedLearningRate } from '../../../src/node/bench/networks.ts';
import {
  checkedSteps,
  learningRates,
  trainedNetworks,
  trainingBatch,
  trainingData,
  trainingName,
} from '../../works/training.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { jit, matrix, nn, valueAndGrad, type Value } from './backend.ts';
import { forward, layersOf, references, type Layer } from './dense.ts';

function trainer(name: string, learningRate: number) {
  const network = networks[name]!;
  const { inputs, oneHot, classes } = trainingData(network);
  const x = matrix(inputs.data, trainingBatch, network.sizes[0]!);
  const y = matrix(oneHot, trainingBatch, classes);
  const loss = (layers: Layer[], samples: Value, targets: Value): Value =>
    nn
      .logSoftmax(forward(layers, samples, name))
      .mul(targets)
      .sum()
      .mul(-1 / trainingBatch);
  const step = jit((layers: Layer[], samples: Value, targets: Value) => {
    const [value, gradients] = valueAndGrad(loss)(references(layers), samples, targets) as [Value, Layer[]];
    const updated = layers.map(({ kernel, bias }, i) => ({
      kernel: kernel.sub(gradients[i]!.kernel.mul(learningRate)),
      bias: bias.sub(gradients[i]!.bias.mul(learningRate)),
    }));
    return [value, updated];
  });
  let layers = layersOf(name);
  return (): number => {
    const [value, updated] = step(layers, x.ref, y.ref) as [Value, Layer[]];
    layers = updated;
    return value.dataSync()[0];
  };
}

function training(name: string): PeerWork {
  const step = trainer(name, timedLearningRate);
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) step();
    },
    result() {
      const fresh = trainer(name, learningRates.SGD);
      return Array.from({ length: checkedSteps }, fresh);
    },
  };
}

export const denseTraining: Works = Object.fromEntries(
  trainedNetworks.map((name) => [trainingName(name, 'SGD'), () => training(name)]),
);
