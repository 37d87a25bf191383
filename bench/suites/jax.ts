// jax-js on its WebAssembly backend, one thread (it makes workers only where there is a global Worker), every function
// compiled by its jit. Training is its plain SGD: it has no Adam in this package.
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

const jax = await load('@jax-js/jax');
const { numpy: np, nn, jit, valueAndGrad } = jax;
await jax.init('wasm');
jax.defaultDevice('wasm');

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Value = any;

const matrix = (data: Float32Array, rows: number, columns: number): Value => np.array(data).reshape([rows, columns]);

function product(m: number, n: number, k: number): PeerWork {
  const data = productData(m, n, k);
  const [a, b] = [matrix(data.a, m, k), matrix(data.b, k, n)];
  const multiply = jit((x: Value, y: Value) => np.matmul(x, y));
  return {
    // A result that nobody waits for is never computed.
    async repeat(times) {
      for (let i = 0; i < times; i++) {
        const result = multiply(a.ref, b.ref);
        result.dataSync();
      }
    },
    result: () => multiply(a.ref, b.ref).data(),
  };
}

interface Layer {
  kernel: Value;
  bias: Value;
}

const layersOf = (name: string): Layer[] =>
  networkWeights(networkNamed(name)).map(({ kernel, bias }) => ({
    kernel: matrix(kernel, kernel.length / bias.length, bias.length),
    bias: np.array(bias),
  }));

const references = (layers: Layer[]): Layer[] =>
  layers.map(({ kernel, bias }) => ({ kernel: kernel.ref, bias: bias.ref }));

function forward(layers: Layer[], x: Value, name: string): Value {
  const { hidden, output } = networkNamed(name);
  const functions: Record<string, (values: Value) => Value> = {
    relu: nn.relu,
    sigmoid: nn.sigmoid,
    linear: (values) => values,
  };
  return layers.reduce((values, { kernel, bias }, i) => {
    const activation = functions[i < layers.length - 1 ? hidden : output]!;
    return activation(np.matmul(values, kernel).add(bias));
  }, x);
}

function prediction(name: string, batch: number): PeerWork {
  const inputs = predictionData(networkNamed(name), batch);
  const layers = layersOf(name);
  const compiled = jit((given: Layer[], x: Value) => forward(given, x, name));
  const width = networkNamed(name).sizes[0]!;
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

function trainer(name: string, learningRate: number) {
  const network = networkNamed(name);
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

await serve(
  Object.fromEntries([
    ...sharedProducts.map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
    ...predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
    ...trainedNetworks.map((name) => [trainingName(name, 'SGD'), () => training(name)]),
  ]),
  `wasm, ${typeof Worker === 'undefined' ? 'one thread' : 'with workers'}`,
);
