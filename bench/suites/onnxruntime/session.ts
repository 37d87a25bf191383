// ONNX Runtime Web: its WebAssembly backend, one thread, all graph optimizations. It copies inputs in and results out.
import { load } from '../../lib/serve.ts';
import type { PeerWork } from '../../works/work.ts';

export const ort = await load('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>>;
  release(): Promise<void>;
}

export const createSession = (bytes: Uint8Array): Promise<Session> =>
  ort.InferenceSession.create(bytes, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });

export async function sessionWork(bytes: Uint8Array, feeds: () => Record<string, unknown>): Promise<PeerWork> {
  const session = await createSession(bytes);
  return {
    async repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += (await session.run(feeds()))['out']!.data[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: async () => (await session.run(feeds()))['out']!.data,
  };
}
