// By the core's operations, a step of the time loop after another, and its own Adam and `minimize`: on the wasm backend
// that takes as long as tf.layers.lstm to predict and less to train. The cpu backend, at more than a second a step, is left
// out.
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
import { backend, tf } from './backend.ts';

const { features, steps, units, classes } = recurrentNetwork;

function classifier(batch: number) {
  const { kernel, recurrentKernel, bias, denseKernel, denseBias } = recurrentWeights();
  const variable = (values: Float32Array, shape: readonly number[]) => tf.variable(tf.tensor(values, shape));
  // One kernel for the inputs and the state side by side: one product a step.
  const both = variable(Float32Array.from([...kernel, ...recurrentKernel]), [features + units, 4 * units]);
  const gatesBias = variable(bias, [4 * units]);
  const last = { kernel: variable(denseKernel, [units, classes]), bias: variable(denseBias, [classes]) };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return (sequences: any) => {
    let [c, h] = [tf.zeros([batch, units]), tf.zeros([batch, units])];
    for (const x of tf.unstack(sequences, 1)) {
      const sums = tf.matMul(tf.concat([x, h], 1), both).add(gatesBias);
      const [i, f, g, o] = tf.split(sums, 4, 1);
      c = tf
        .sigmoid(f)
        .mul(c)
        .add(tf.sigmoid(i).mul(tf.tanh(g)));
      h = tf.sigmoid(o).mul(tf.tanh(c));
    }
    return tf.matMul(h, last.kernel).add(last.bias);
  };
}

function prediction(batch: number): PeerWork {
  const { sequences } = recurrentData(batch);
  const classify = classifier(batch);
  const predict = (): Float32Array =>
    tf.tidy(() => classify(tf.tensor3d(sequences, [batch, steps, features])).dataSync());
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += predict()[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: predict,
  };
}

function trainer(learningRate: number) {
  const { sequences, targets } = recurrentData(recurrentBatch);
  const x = tf.tensor3d(sequences, [recurrentBatch, steps, features]);
  const y = tf.oneHot(tf.tensor1d(targets, 'int32'), classes).toFloat();
  const classify = classifier(recurrentBatch);
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const loss = () => tf.losses.softmaxCrossEntropy(y, classify(x));
  return (): number => tf.tidy(() => optimizer.minimize(loss, true).dataSync()[0]);
}

function training(): PeerWork {
  const step = trainer(timedLearningRate);
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) step();
    },
    result() {
      const fresh = trainer(recurrentLearningRate);
      return Array.from({ length: checkedRecurrentSteps }, fresh);
    },
  };
}

const works: Works = Object.fromEntries([
  ...recurrentPredictions.map((batch) => [recurrentPredictionName(batch), () => prediction(batch)] as const),
  [recurrentTrainingName, training],
]);
export const recurrent: Works = backend === 'wasm' ? works : {};
