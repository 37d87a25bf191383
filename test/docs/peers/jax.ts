// jax-js' wasm backend: each function called, and differentiated by grad. It counts references: what is read twice is
// taken again with `.ref`.
import { pathToFileURL } from 'node:url';
import { lineOf, peerRequire, type Counterpart } from './peer.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;
type Call = readonly [name: string, shapes: readonly (readonly number[])[], call: (...x: Any[]) => Any];

const m = [2, 3];

function calls({ numpy: np, lax, nn }: Any): Record<string, readonly Call[]> {
  const of = (space: string, on: Any, name: string): Call => [`${space}.${name}`, [m], (x) => on[name](x)];
  const two = (name: string): Call => [`numpy.${name}`, [m, m], (a, b) => np[name](a, b)];
  const indices = () => np.array([1, 0], { dtype: np.int32 });
  return {
    argReduce: [of('numpy', np, 'argmax'), of('numpy', np, 'argmin')],
    attention: [
      [
        'nn.dotProductAttention',
        [
          [1, 4, 2, 2],
          [1, 4, 2, 2],
          [1, 4, 2, 2],
        ],
        (q, k, v) => nn.dotProductAttention(q, k, v),
      ],
    ],
    binary: ['add', 'subtract', 'multiply', 'divide', 'pow', 'minimum', 'maximum', 'greater', 'equal'].map(two),
    broadcastTo: [['numpy.broadcastTo', [[1, 3]], (x) => np.broadcastTo(x, [2, 3])]],
    concatenate: [['numpy.concatenate', [m, m], (a, b) => np.concatenate([a, b], 1)]],
    convert: [['numpy.astype', [m], (x) => np.astype(x, np.int32)]],
    convolution: [
      [
        'lax.convGeneralDilated',
        [
          [1, 2, 4, 4],
          [2, 2, 3, 3],
        ],
        (x, k) => lax.convGeneralDilated(x, k, [1, 1], 'SAME'),
      ],
      [
        'lax.convTranspose',
        [
          [1, 2, 4, 4],
          [2, 2, 3, 3],
        ],
        (x, k) => lax.convTranspose(x, k, [1, 1], 'SAME'),
      ],
    ],
    cumulativeSum: [['numpy.cumsum', [m], (x) => np.cumsum(x, 1)]],
    determinant: [['numpy.linalg.det', [[2, 2]], (x) => np.linalg.det(x)]],
    embed: [['numpy.take', [[3, 2]], (table) => np.take(table, indices(), 0)]],
    fill: [['numpy.full', [], () => np.full(m, 1)]],
    gather: [['numpy.take', [[2, 3]], (x) => np.take(x, indices(), 1)]],
    gatherElements: [
      [
        'numpy.takeAlongAxis',
        [m],
        (x) =>
          np.takeAlongAxis(
            x,
            np.array(
              [
                [1, 0, 2],
                [0, 1, 1],
              ],
              { dtype: np.int32 },
            ),
            1,
          ),
      ],
    ],
    matmul: [['numpy.matmul', [m, [3, 2]], (a, b) => np.matmul(a, b)]],
    matmulBatch: [
      [
        'numpy.matmul',
        [
          [2, 2, 3],
          [2, 3, 2],
        ],
        (a, b) => np.matmul(a, b),
      ],
    ],
    normRows: [['nn.standardize', [m], (x) => nn.standardize(x)]],
    oneHot: [['nn.oneHot', [], () => nn.oneHot(indices(), 3)]],
    permute: [['numpy.permuteDims', [[2, 3, 2]], (x) => np.permuteDims(x, [1, 0, 2])]],
    pool: [['lax.reduceWindow', [[4, 4]], (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2])]],
    rearrange: [
      [
        'numpy.pad',
        [m],
        (x) =>
          np.pad(x, [
            [0, 0],
            [1, 1],
          ]),
      ],
      ['numpy.flip', [m], (x) => np.flip(x, 1)],
    ],
    reduce: ['sum', 'mean', 'max', 'min', 'prod'].map((name) => of('numpy', np, name)),
    reshape: [['numpy.reshape', [m], (x) => np.reshape(x, [3, 2])]],
    select: [['numpy.where', [m, m], (a, b) => np.where(np.greater(a.ref, 0.5), a, b)]],
    slice: [['Array.slice', [m], (x) => x.slice([], [1, 3])]],
    softmax: [of('nn', nn, 'softmax'), of('nn', nn, 'logSoftmax')],
    topK: [['lax.topK', [m], (x) => lax.topK(x, 2)[0]]],
    transpose: [of('numpy', np, 'matrixTranspose')],
    unary: [
      ...['relu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'sigmoid', 'softplus'].map((name) => of('nn', nn, name)),
      ...['tanh', 'exp', 'log', 'sqrt', 'sin', 'cos', 'abs', 'negative', 'square', 'floor'].map((name) =>
        of('numpy', np, name),
      ),
      of('lax', lax, 'erf'),
    ],
  };
}

async function attempt({ numpy: np, grad }: Any, [name, shapes, call]: Call): Promise<Counterpart> {
  const values = () =>
    shapes.map((shape) => {
      const size = shape.reduce((product, one) => product * one, 1);
      return np.array(Float32Array.from({ length: size }, (_, i) => 0.1 + 0.8 * ((i * 0.618) % 1))).reshape(shape);
    });
  try {
    await call(...values()).data();
  } catch (error) {
    return { name, fails: lineOf(error) };
  }
  if (!shapes.length) return { name };
  try {
    for (let i = 0; i < shapes.length; i++)
      await grad((...x: Any[]) => np.sum(np.astype(call(...x), np.float32)), { argnums: i })(...values()).data();
    return { name, gradient: 'yes' };
  } catch (error) {
    return { name, gradient: lineOf(error) };
  }
}

export async function jax(): Promise<Record<string, Counterpart[]>> {
  // It makes workers where there are any, and those of Node it cannot start.
  Reflect.deleteProperty(globalThis, 'Worker');
  const peer: Any = await import(/* @vite-ignore */ pathToFileURL(peerRequire.resolve('@jax-js/jax')).href);
  const api = peer.default?.numpy ? peer.default : peer;
  await api.init('wasm');
  api.defaultDevice('wasm');
  const found: Record<string, Counterpart[]> = {};
  for (const [operation, list] of Object.entries(calls(api))) {
    found[operation] = [];
    for (const call of list) found[operation].push(await attempt(api, call));
  }
  return found;
}
