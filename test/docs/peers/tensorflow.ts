// TensorFlow.js' wasm backend: each kernel called by the function of tfjs-core that ends in it, and differentiated.
import { lineOf, peerRequire, type Counterpart } from './peer.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;
/** The kernel, what it is called with (shapes of random numbers in 0.1 to 0.9), and the call. */
type Call = readonly [kernel: string, shapes: readonly (readonly number[])[], call: (...x: Any[]) => Any];

const m = [2, 3];
const image = [1, 4, 4, 2];

function calls(tf: Any): Record<string, readonly Call[]> {
  const unary = (kernel: string, name: string): Call => [kernel, [m], (x) => tf[name](x)];
  const binary = (kernel: string, name: string): Call => [kernel, [m, m], (a, b) => tf[name](a, b)];
  const indices = () => tf.tensor1d([1, 0], 'int32');
  return {
    argReduce: [unary('ArgMax', 'argMax'), unary('ArgMin', 'argMin')],
    binary: [
      binary('Add', 'add'),
      binary('Sub', 'sub'),
      binary('Multiply', 'mul'),
      binary('RealDiv', 'div'),
      binary('Pow', 'pow'),
      binary('Minimum', 'minimum'),
      binary('Maximum', 'maximum'),
      binary('Greater', 'greater'),
      binary('Equal', 'equal'),
    ],
    broadcastTo: [['Tile', [[1, 3]], (x) => tf.broadcastTo(x, [2, 3])]],
    concatenate: [['Concat', [m, m], (a, b) => tf.concat([a, b], 1)]],
    convert: [['Cast', [m], (x) => tf.cast(x, 'int32')]],
    convolution: [
      ['Conv2D', [image, [3, 3, 2, 2]], (x, k) => tf.conv2d(x, k, 1, 'same')],
      ['DepthwiseConv2dNative', [image, [3, 3, 2, 1]], (x, k) => tf.depthwiseConv2d(x, k, 1, 'same')],
      ['Conv2DBackpropInput', [image, [3, 3, 2, 2]], (x, k) => tf.conv2dTranspose(x, k, [1, 4, 4, 2], 1, 'same')],
      [
        'Conv3D',
        [
          [1, 3, 3, 3, 2],
          [2, 2, 2, 2, 2],
        ],
        (x, k) => tf.conv3d(x, k, 1, 'same'),
      ],
    ],
    cumulativeSum: [unary('Cumsum', 'cumsum')],
    embed: [['GatherV2', [[3, 2]], (table) => tf.gather(table, indices())]],
    // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a tensor, no array
    fill: [['Fill', [], () => tf.fill([2, 3], 1)]],
    gather: [['GatherV2', [[3, 2]], (x) => tf.gather(x, indices(), 1)]],
    gatherTuples: [['GatherNd', [m], (x) => tf.gatherND(x, tf.tensor2d([[1, 0]], [1, 2], 'int32'))]],
    interpolate: [['ResizeBilinear', [image], (x) => tf.image.resizeBilinear(x, [3, 5])]],
    matmul: [
      ['BatchMatMul', [m, [3, 2]], (a, b) => tf.matMul(a, b)],
      [
        '_FusedMatMul',
        [m, [3, 2]],
        (a, b) => tf.fused.matMul({ a, b, transposeA: false, transposeB: false, activation: 'relu' }),
      ],
    ],
    matmulBatch: [
      [
        'BatchMatMul',
        [
          [2, 2, 3],
          [2, 3, 2],
        ],
        (a, b) => tf.matMul(a, b),
      ],
    ],
    normColumns: [['FusedBatchNorm', [image, [2], [2], [2], [2]], (...x) => tf.batchNorm(...x)]],
    oneHot: [['OneHot', [], () => tf.oneHot(indices(), 3)]],
    permute: [['Transpose', [[2, 3, 2]], (x) => tf.transpose(x, [1, 0, 2])]],
    pool: [
      ['MaxPool', [image], (x) => tf.maxPool(x, 2, 2, 'valid')],
      ['AvgPool', [image], (x) => tf.avgPool(x, 2, 2, 'valid')],
      ['MaxPool3D', [[1, 4, 4, 4, 2]], (x) => tf.maxPool3d(x, 2, 2, 'valid')],
      ['AvgPool3D', [[1, 4, 4, 4, 2]], (x) => tf.avgPool3d(x, 2, 2, 'valid')],
    ],
    rearrange: [
      ['DepthToSpace', [[1, 2, 2, 4]], (x) => tf.depthToSpace(x, 2)],
      [
        'SpaceToBatchND',
        [image],
        (x) =>
          tf.spaceToBatchND(
            x,
            [2, 2],
            [
              [0, 0],
              [0, 0],
            ],
          ),
      ],
      [
        'MirrorPad',
        [image],
        (x) =>
          tf.mirrorPad(
            x,
            [
              [0, 0],
              [1, 1],
              [1, 1],
              [0, 0],
            ],
            'reflect',
          ),
      ],
      [
        'PadV2',
        [image],
        (x) =>
          tf.pad(x, [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ]),
      ],
      ['Reverse', [m], (x) => tf.reverse(x, 1)],
    ],
    reduce: [
      unary('Sum', 'sum'),
      unary('Mean', 'mean'),
      unary('Max', 'max'),
      unary('Min', 'min'),
      unary('Prod', 'prod'),
    ],
    resample: [
      ['ResizeNearestNeighbor', [image], (x) => tf.image.resizeNearestNeighbor(x, [8, 8])],
      ['ResizeBilinear', [image], (x) => tf.image.resizeBilinear(x, [8, 8])],
    ],
    reshape: [['Reshape', [m], (x) => tf.reshape(x, [3, 2])]],
    scatterTuples: [['ScatterNd', [[1]], (x) => tf.scatterND(tf.tensor2d([[1]], [1, 1], 'int32'), x, [3])]],
    select: [
      [
        'Select',
        [m, m],
        (a, b) =>
          tf.where(
            tf.tensor2d(
              [
                [1, 0, 1],
                [0, 1, 0],
              ],
              [2, 3],
              'bool',
            ),
            a,
            b,
          ),
      ],
    ],
    slice: [['Slice', [m], (x) => tf.slice(x, [0, 1], [2, 2])]],
    softmax: [unary('Softmax', 'softmax'), unary('LogSoftmax', 'logSoftmax')],
    topK: [['TopK', [m], (x) => tf.topk(x, 2).values]],
    transpose: [['Transpose', [m], (x) => tf.transpose(x)]],
    unary: [
      unary('Relu', 'relu'),
      unary('LeakyRelu', 'leakyRelu'),
      unary('Elu', 'elu'),
      unary('Selu', 'selu'),
      unary('Sigmoid', 'sigmoid'),
      unary('Softplus', 'softplus'),
      unary('Tanh', 'tanh'),
      unary('Exp', 'exp'),
      unary('Log', 'log'),
      unary('Sqrt', 'sqrt'),
      unary('Erf', 'erf'),
      unary('Sin', 'sin'),
      unary('Cos', 'cos'),
      unary('Abs', 'abs'),
      unary('Neg', 'neg'),
      unary('Square', 'square'),
      unary('Floor', 'floor'),
    ],
  };
}

/** What an error says is missing, in its own words where it is something else. */
function reason(error: unknown): string {
  const line = lineOf(error);
  return /Kernel '(\w+)' not registered/.exec(line)?.[1] ?? (/gradient/i.test(line) ? 'no rule' : line);
}

async function attempt(tf: Any, [name, shapes, call]: Call): Promise<Counterpart> {
  const values = shapes.map((shape) => tf.randomUniform(shape, 0.1, 0.9, 'float32', 1));
  try {
    await call(...values).data();
  } catch (error) {
    return { name, fails: reason(error) };
  }
  if (!shapes.length) return { name };
  try {
    for (const gradient of tf.grads((...x: Any[]) => tf.sum(tf.cast(call(...x), 'float32')))(values))
      await gradient.data();
    return { name, gradient: 'yes' };
  } catch (error) {
    return { name, gradient: reason(error) };
  }
}

export async function tensorflow(): Promise<Record<string, Counterpart[]>> {
  const tf = peerRequire('@tensorflow/tfjs');
  peerRequire('@tensorflow/tfjs-backend-wasm').setThreadsCount(1);
  await tf.setBackend('wasm');
  const found: Record<string, Counterpart[]> = {};
  for (const [operation, list] of Object.entries(calls(tf))) {
    found[operation] = [];
    for (const call of list) found[operation].push(await attempt(tf, call));
  }
  return found;
}
