// TensorFlow.js on one of its backends (BACKEND=wasm or cpu), one thread.
import { load } from '../../lib/serve.ts';

export const backend = process.env['BACKEND'] ?? 'wasm';
export const { default: tf } = await load('@tensorflow/tfjs');
if (backend === 'wasm') {
  const { default: wasm } = await load('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(1);
}
await tf.setBackend(backend);
await tf.ready();
if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js runs on ${tf.getBackend()}, not on ${backend}`);
