// jax-js on its WebAssembly backend, one thread (it makes workers only where there is a global Worker), every function
// compiled by its jit.
import { load } from '../../lib/serve.ts';

const jax = await load('@jax-js/jax');
await jax.init('wasm');
jax.defaultDevice('wasm');
export const { numpy: np, nn, jit, valueAndGrad } = jax;

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Value = any;

export const matrix = (data: Float32Array, rows: number, columns: number): Value =>
  np.array(data).reshape([rows, columns]);
