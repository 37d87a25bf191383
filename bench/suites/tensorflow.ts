// TensorFlow.js on one of its backends (BACKEND=wasm or cpu), one thread. Predictions go by whichever of its two ways was
// faster here, fused operations on tensors rather than the Layers API; training by its own Adam and `minimize`.
import { networkWeights, timedLearningRate } from '../../src/node/bench/networks.ts';
import { load, serve } from '../lib/serve.ts';
import {
  checkedSteps,
  learningRates,
  networkNamed,
  predictionData,
  predictionName,
  predictions,
  productData,
  productName,
  sharedProducts,
  trainedNetworks,
  trainingBatch,
  trainingData,
  trainingName,
  type PeerWork,
} from '../lib/works.ts';

const backend = process.env['BACKEND'] ?? 'wasm';
const { default: tf } = await load('@tensorflow/tfjs');
if (backend === 'wasm') {
  const { default: wasm } = await load('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(1);
}
await tf.setBackend(backend);
await tf.ready();
if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js runs on ${tf.getBackend()}, not on ${backend}`);

function product(m: number, n: number, k: number): PeerWork {
  const data = productData(m, n, k);
  const [a, b] = [tf.tensor2d(data.a, [m, k]), tf.tensor2d(data.b, [k, n])];
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) tf.matMul(a, b).dispose();
    },
    result: () => tf.matMul(a, b).dataSync(),
  };
}

function prediction(name: string, batch: number): PeerWork {
  const network = networkNamed(name);
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

function trainer(name: string, learningRate: number) {
  const network = networkNamed(name);
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

await serve(
  Object.fromEntries([
    ...sharedProducts.map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
    ...predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
    ...trainedNetworks.map((name) => [trainingName(name, 'Adam'), () => training(name)]),
  ]),
  `${backend}, one thread`,
);
