// ONNX Runtime Web's wasm backend: the operators of ONNX that it opens and runs, tried on ONNX's own cases of one node
// (test/golden/onnx), and on a model made here where there is none. It has no gradients: its training build was removed.
import { casesOf, recorded } from '../../helpers/onnx.ts';
import { readModel } from '../../../src/formats/onnx/read.ts';
import { dataTypeNumbers, hostData, type DataType, type HostTensor } from '../../../src/formats/onnx/types.ts';
import { writeModel } from '../../../src/formats/onnx/write.ts';
import { sizeOf } from '../../../src/graph/graph.ts';
import { lineOf, peerRequire, type Counterpart } from './peer.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

/** The operators that stand for each operation of the graph. */
const operators: Readonly<Record<string, readonly string[]>> = {
  argReduce: ['ArgMax', 'ArgMin'],
  attention: ['Attention'],
  binary: ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Mod', 'Equal', 'Less', 'Greater'],
  broadcastTo: ['Expand', 'Tile'],
  concatenate: ['Concat'],
  convert: ['Cast'],
  convolution: ['Conv', 'ConvTranspose'],
  cumulativeSum: ['CumSum'],
  determinant: ['Det'],
  dropout: ['Dropout'],
  embed: ['Gather'],
  fill: ['ConstantOfShape'],
  gather: ['Gather'],
  gatherElements: ['GatherElements'],
  gatherTuples: ['GatherND'],
  gridSample: ['GridSample'],
  integerMatmul: ['MatMulInteger'],
  interpolate: ['Resize'],
  lossRows: ['SoftmaxCrossEntropyLoss', 'NegativeLogLikelihoodLoss'],
  matmul: ['MatMul', 'Gemm'],
  matmulBatch: ['MatMul'],
  normRows: ['LayerNormalization', 'RMSNormalization', 'MeanVarianceNormalization'],
  normColumns: ['BatchNormalization', 'GroupNormalization', 'InstanceNormalization'],
  oneHot: ['OneHot'],
  permute: ['Transpose'],
  pool: ['MaxPool', 'AveragePool', 'GlobalMaxPool', 'GlobalAveragePool'],
  rearrange: ['DepthToSpace', 'SpaceToDepth', 'Pad', 'ReverseSequence'],
  recurrent: ['RNN', 'LSTM', 'GRU'],
  reduce: [
    'ReduceSum',
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceProd',
    'ReduceL1',
    'ReduceL2',
    'ReduceSumSquare',
  ],
  resample: ['Resize'],
  reshape: ['Reshape'],
  scatterElements: ['ScatterElements'],
  scatterTuples: ['ScatterND'],
  select: ['Where'],
  slice: ['Slice'],
  softmax: ['Softmax', 'LogSoftmax'],
  topK: ['TopK'],
  transpose: ['Transpose'],
  unary: [
    'Relu',
    'LeakyRelu',
    'Elu',
    'Selu',
    'Gelu',
    'Mish',
    'Sigmoid',
    'Softplus',
    'Tanh',
    'Exp',
    'Log',
    'Sqrt',
    'Erf',
    'Sin',
    'Cos',
    'Abs',
    'Neg',
    'Floor',
  ],
  update: ['Adam', 'Adagrad', 'Momentum'],
};

type Given = readonly [type: DataType, shape: readonly number[], values?: readonly number[]];

/** Operators of which test/golden/onnx has no case of one node: inputs, attributes, the type of the result. */
const further: Readonly<
  Record<string, { inputs: readonly Given[]; attributes?: Record<string, number>; out?: DataType }>
> = {
  ...Object.fromEntries(
    ['Abs', 'Exp', 'Gelu', 'Mish', 'Tanh'].map((name) => [name, { inputs: [['float32', [2, 3]]] as const }]),
  ),
  Attention: {
    inputs: [
      ['float32', [1, 2, 4, 4]],
      ['float32', [1, 2, 4, 4]],
      ['float32', [1, 2, 4, 4]],
    ],
  },
  Expand: {
    inputs: [
      ['float32', [1, 3]],
      ['int64', [2], [2, 3]],
    ],
  },
  GatherND: {
    inputs: [
      ['float32', [2, 2]],
      ['int64', [1, 2], [0, 1]],
    ],
  },
  GlobalMaxPool: { inputs: [['float32', [1, 2, 4, 4]]] },
  GroupNormalization: {
    inputs: [
      ['float32', [1, 4, 3]],
      ['float32', [4]],
      ['float32', [4]],
    ],
    attributes: { num_groups: 2 },
  },
  MatMulInteger: {
    inputs: [
      ['uint8', [2, 3]],
      ['uint8', [3, 2]],
    ],
    out: 'int32',
  },
  Pad: {
    inputs: [
      ['float32', [2, 3]],
      ['int64', [4], [0, 1, 0, 1]],
    ],
  },
  ReverseSequence: {
    inputs: [
      ['float32', [3, 2]],
      ['int64', [2], [3, 2]],
    ],
  },
  RMSNormalization: {
    inputs: [
      ['float32', [2, 4]],
      ['float32', [4]],
    ],
  },
};

/** A model of one node of operator set 23, and what it is fed with. */
function oneNode(operator: string, { inputs, attributes = {}, out = 'float32' }: (typeof further)[string]) {
  const value = (name: string, type: DataType, shape?: readonly number[]) => ({
    name,
    type: {
      tensorType: {
        elemType: dataTypeNumbers[type],
        ...(shape && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }),
      },
    },
  });
  const model = writeModel({
    irVersion: 10,
    opsetImport: [{ domain: '', version: 23 }],
    graph: {
      name: operator,
      node: [
        {
          opType: operator,
          input: inputs.map((_, i) => `x${i}`),
          output: ['out'],
          attribute: Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2 })),
        },
      ],
      input: inputs.map(([type, shape], i) => value(`x${i}`, type, shape)),
      output: [value('out', out)],
    },
  });
  const feeds = inputs.map(([type, shape, values]): HostTensor => {
    const data = hostData(type, sizeOf(shape));
    return { type, shape, data: data.map((_: number, i: number) => values?.[i] ?? 1 + (i % 3)) as HostTensor['data'] };
  });
  return { model, feeds };
}

/** Values as ONNX Runtime wants them. */
function typed({ type, data, shape }: HostTensor, ort: Any): Any {
  const from = Array.from(data as ArrayLike<number>);
  if (type === 'int64' || type === 'uint64') {
    const Big = type === 'int64' ? BigInt64Array : BigUint64Array;
    return new ort.Tensor(type, Big.from(from.map(BigInt)), shape);
  }
  return new ort.Tensor(type, type === 'bool' ? from.map(Boolean) : data, shape);
}

/** Of each operator that was tried, why it did not run, or undefined where it did. */
async function tried(): Promise<Map<string, string | undefined>> {
  const ort: Any = peerRequire('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const results = new Map<string, string | undefined>();
  const attempt = async (operator: string, model: Uint8Array, feeds: () => readonly HostTensor[]) => {
    if (results.has(operator) && results.get(operator) === undefined) return;
    try {
      const options = { executionProviders: ['wasm'], logSeverityLevel: 4 };
      const session = await ort.InferenceSession.create(model, options);
      const given = feeds().map((tensor, i) => [session.inputNames[i], typed(tensor, ort)]);
      await session.run(Object.fromEntries(given));
      await session.release();
      results.set(operator, undefined);
    } catch (error) {
      results.set(operator, lineOf(error));
    }
  };
  for (const { name, model, inputs } of casesOf('node.tar.gz')) {
    const nodes = readModel(model, name).graph?.node ?? [];
    if (nodes.length === 1 && nodes[0]!.opType)
      await attempt(nodes[0]!.opType, model, () => inputs.map((bytes) => recorded(bytes, name)));
  }
  for (const [operator, description] of Object.entries(further)) {
    const { model, feeds } = oneNode(operator, description);
    await attempt(operator, model, () => feeds);
  }
  return results;
}

export async function onnxruntime(): Promise<Record<string, Counterpart[]>> {
  const results = await tried();
  const counterpart = (name: string): Counterpart => {
    if (!results.has(name)) return { name, fails: 'not tried' };
    const fails = results.get(name);
    return fails === undefined ? { name } : { name, fails };
  };
  return Object.fromEntries(Object.entries(operators).map(([operation, names]) => [operation, names.map(counterpart)]));
}
