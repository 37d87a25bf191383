// By its own Adam and `minimize`, on tensors that are in place.
import { networks, networkWeights, timedLearningRate } from '../../../src/node/bench/networks.ts';
import {
  checkedSteps,
  learningRates,
  trainedNetworks,
  trainingBatch,
  trainingData,
  trainingName,
} from '../../works/training.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { tf } from './backend.ts';

function trainer(name: string, learningRate: number) {
  const network = networks[name]!;
  const { inputs, oneHot, classes } = trainingData(network);
  const x = tf.tensor2d(inputs.data, inputs.shape);
  const y = tf.tensor2d(oneHot, [trainingBatch, classes]);
  const layers = networkWeights(network).map(({ kernel, bias }) => ({
    kernel: tf.variable(tf.tensor2d(kernel, [kernel.length / bias.length, bias.length])),
    bias: tf.variable(tf.tensor1d(bias)),
  }));
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const loss = () => {
    let values = x;
    layers.forEach(({ kernel, bias }, i) => {
      values = tf.matMul(values, kernel).add(bias);
      if (i < layers.length - 1) values = values.relu();
    });
    return tf.losses.softmaxCrossEntropy(y, values);
  };
  return (): number =>
    tf.tidy(() => {
      const value = optimizer.minimize(loss, true);
      return value.dataSync()[0];
    });
}

function training(name: string): PeerWork {
  const step = trainer(name, timedLearningRate);
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) step();
    },
    result() {
      const fresh = trainer(name, learningRates.Adam);
      return Array.from({ length: checkedSteps }, fresh);
    },
  };
}

export const denseTraining: Works = Object.fromEntries(
  trainedNetworks.map((name) => [trainingName(name, 'Adam'), () => training(name)]),
);
