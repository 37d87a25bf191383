// ONNX Runtime Web: its WebAssembly backend, one thread, all graph optimizations. It copies inputs in and results out.
import { load } from '../../lib/serve.ts';
import type { PeerWork } from '../../works/work.ts';

export const ort = await load('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const create = (bytes: Uint8Array) =>
  ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });

interface Result {
  out: { data: Float32Array };
}

export async function sessionWork(bytes: Uint8Array, feeds: () => Record<string, unknown>): Promise<PeerWork> {
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
