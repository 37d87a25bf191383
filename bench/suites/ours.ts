// neurite's side of the side-by-side runs. Products run on operands that are in place, as the peers' tensors are.
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import { compile } from '../../src/graph/compile.ts';
import { Executable } from '../../src/graph/executable.ts';
import { Graph } from '../../src/graph/graph.ts';
import { input, matmul } from '../../src/graph/operations/index.ts';
import { adam, dense, sequential, sgd, type Model } from '../../src/index.ts';
import { predictLoop, runLoop, runOnce } from '../../src/node/bench/models.ts';
import { networkModel, timedLearningRate } from '../../src/node/bench/networks.ts';
import { peakFlops, peakWork } from '../../src/node/bench/peak.ts';
import { serve } from '../lib/serve.ts';
import {
  checkedSteps,
  learningRates,
  networkNamed,
  ownProducts,
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
  xorError,
  xorInputs,
  xorName,
  xorTargets,
  xorWork,
  type PeerWork,
  type Works,
} from '../lib/works.ts';

const core = await loadCore();
const instance = new CoreInstance(core);

function product(m: number, n: number, k: number): PeerWork {
  const graph = new Graph();
  const out = matmul(graph, input(graph, 'a', [m, k]), input(graph, 'b', [k, n]));
  const compiled = compile({ nodes: graph.nodes, outputs: { out }, effects: [] });
  const executable = new Executable(instance, compiled, () => 0);
  const { a, b } = productData(m, n, k);
  (executable.input('a') as Float32Array).set(a);
  (executable.input('b') as Float32Array).set(b);
  return {
    flops: 2 * m * n * k,
    repeat(times) {
      for (let i = 0; i < times; i++) executable.run();
    },
    result() {
      executable.run();
      return executable.output('out');
    },
  };
}

async function prediction(name: string, batch: number): Promise<PeerWork> {
  const network = networkNamed(name);
  const inputs = predictionData(network, batch);
  const model = await networkModel(network);
  model.allocate({ batchSize: batch });
  return { repeat: runLoop(model, inputs), result: () => runOnce(model, inputs) };
}

async function checkedPrediction(name: string, batch: number): Promise<PeerWork> {
  const network = networkNamed(name);
  const tensor = { data: predictionData(network, batch), shape: [batch, network.sizes[0]!] };
  const model = await networkModel(network);
  return { repeat: predictLoop(model, tensor), result: () => model.predict(tensor).data };
}

async function training(name: string, kind: 'Adam' | 'SGD'): Promise<PeerWork> {
  const network = networkNamed(name);
  const model = await networkModel(network);
  const data = trainingData(network);
  const fit = (trained: Model, epochs: number, learningRate: number) =>
    trained.fit(data, {
      loss: 'crossEntropy',
      optimizer: { Adam: adam, SGD: sgd }[kind]({ learningRate }),
      metrics: [],
      batchSize: trainingBatch,
      shuffle: false,
      epochs,
    });
  return {
    async repeat(times) {
      await fit(model, times, timedLearningRate);
    },
    result: async () => (await fit(await networkModel(network), checkedSteps, learningRates[kind])).history['loss']!,
  };
}

let seed = 0;

async function trainXor() {
  const layers = [dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })];
  const model = await sequential(layers, { inputShape: [2], seed: seed++ });
  await model.fit(
    { inputs: xorInputs, targets: xorTargets.map((target) => [target]) },
    {
      loss: 'meanSquaredError',
      optimizer: adam({ learningRate: 0.2 }),
      metrics: [],
      batchSize: 4,
      shuffle: false,
      epochs: 10_000,
      callbacks: [{ onEpochEnd: (context, { loss }) => void (loss! <= xorError && context.stop('reached')) }],
    },
  );
  return (values: number[]) => model.predict([values]).data[0]!;
}

const peak = (): PeerWork => ({ ...peakWork(core.variant), flops: peakFlops, result: () => [] });

const works: Works = Object.fromEntries([
  ['peak', peak],
  ...[...ownProducts, ...sharedProducts].map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
  ...predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
  ...predictions.map(([name, batch]) => [
    `${predictionName(name, batch)}, by predict`,
    () => checkedPrediction(name, batch),
  ]),
  ...trainedNetworks.flatMap((name) =>
    (['Adam', 'SGD'] as const).map((kind) => [trainingName(name, kind), () => training(name, kind)]),
  ),
  [xorName, () => xorWork(trainXor)],
]);

await serve(works, core.variant);
