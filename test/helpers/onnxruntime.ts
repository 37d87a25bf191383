// ONNX Runtime, as an oracle: what its WebAssembly build makes of a model.
import { createRequire } from 'node:module';

export interface RuntimeTensor {
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
  readonly dims: readonly number[];
}

export interface RuntimeFeed {
  readonly data: Float32Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, RuntimeTensor>>;
}

interface Runtime {
  env: { wasm: { numThreads: number }; logLevel: string };
  Tensor: new (type: string, data: RuntimeFeed['data'], dims: readonly number[]) => unknown;
  InferenceSession: { create(bytes: Uint8Array): Promise<Session> };
}

let loaded: Runtime | undefined;

function runtime(): Runtime {
  if (!loaded) {
    loaded = createRequire(import.meta.url)('onnxruntime-web') as Runtime;
    loaded.env.wasm.numThreads = 1;
    loaded.env.logLevel = 'error';
  }
  return loaded;
}

const typeOf = (data: RuntimeFeed['data']): string =>
  data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'int64';

/** A model opened by ONNX Runtime: its outputs by name for inputs by name. */
export async function openInRuntime(
  bytes: Uint8Array,
): Promise<(feeds: Readonly<Record<string, RuntimeFeed>>) => Promise<Record<string, RuntimeTensor>>> {
  const { Tensor, InferenceSession } = runtime();
  const session = await InferenceSession.create(bytes);
  return (feeds) =>
    session.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, { data, shape }]) => [name, new Tensor(typeOf(data), data, shape)]),
      ),
    );
}
