// ONNX Runtime Web: its WebAssembly backend, one thread, all graph optimizations. It copies inputs in and results out.
import { networkWeights } from '../../src/node/bench/networks.ts';
import { denseModel, productModel } from '../lib/onnx.ts';
import { load, serve } from '../lib/serve.ts';
import {
  networkNamed,
  predictionData,
  predictionName,
  predictions,
  productData,
  productName,
  sharedProducts,
  type PeerWork,
} from '../lib/works.ts';

const ort = await load('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const create = (bytes: Uint8Array) =>
  ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });

interface Result {
  out: { data: Float32Array };
}

async function sessionWork(bytes: Uint8Array, feeds: () => Record<string, unknown>): Promise<PeerWork> {
  const session = await create(bytes);
  return {
    async repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += ((await session.run(feeds())) as Result).out.data[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: async () => ((await session.run(feeds())) as Result).out.data,
  };
}

function product(m: number, n: number, k: number): Promise<PeerWork> {
  const { a, b } = productData(m, n, k);
  const feeds = { a: new ort.Tensor('float32', a, [m, k]), b: new ort.Tensor('float32', b, [k, n]) };
  return sessionWork(productModel(m, n, k), () => feeds);
}

function prediction(name: string, batch: number): Promise<PeerWork> {
  const network = networkNamed(name);
  const layers = networkWeights(network).map((weights, i, all) => ({
    ...weights,
    activation: i < all.length - 1 ? network.hidden : network.output,
  }));
  const inputs = predictionData(network, batch);
  const shape = [batch, network.sizes[0]];
  return sessionWork(denseModel(layers, batch), () => ({ x: new ort.Tensor('float32', inputs, shape) }));
}

await serve(
  Object.fromEntries([
    ...sharedProducts.map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
    ...predictions.map(([name, batch]) => [predictionName(name, batch), () => prediction(name, batch)]),
  ]),
  'wasm, one thread',
);
