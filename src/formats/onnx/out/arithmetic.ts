// Sources, element by element, products, reductions, and what moves elements.
import type { Node } from '../../../graph/graph.ts';
import type { BinaryName, ReduceName, UnaryName } from '../../../graph/operations/index.ts';
import { dataTypeNumbers } from '../types.ts';
import { attribute, defineWriter, input } from './table.ts';
import type { GraphWriter, Size } from './writer.ts';

defineWriter('constant', (writer, node) => {
  const data = attribute<Float32Array | Int32Array>(node, 'data');
  return writer.weight('constant', data, node.shape);
});

defineWriter('fill', (writer, node) => {
  const value = {
    name: 'value',
    dims: [1],
    dataType: dataTypeNumbers.float32,
    floatData: [attribute<number>(node, 'value')],
  };
  return writer.add('ConstantOfShape', [writer.shapeValue(writer.sizes(node))], { value: { tensor: value } });
});

// ---- element by element

const toFloat = (writer: GraphWriter, name: string): string =>
  writer.add('Cast', [name], { to: dataTypeNumbers.float32 });
export const number = (writer: GraphWriter, value: number): string => writer.floats([value]);

const binaries: Partial<Record<BinaryName, string>> = {
  Add: 'Add',
  Subtract: 'Sub',
  Multiply: 'Mul',
  Divide: 'Div',
  Power: 'Pow',
  Minimum: 'Min',
  Maximum: 'Max',
};
const comparisons: Partial<Record<BinaryName, string>> = {
  Equal: 'Equal',
  Less: 'Less',
  LessOrEqual: 'LessOrEqual',
  Greater: 'Greater',
  GreaterOrEqual: 'GreaterOrEqual',
};

defineWriter('binary', (writer, node) => {
  const kind = attribute<BinaryName>(node, 'kind');
  const operands = [input(writer, node, 0), input(writer, node, 1)];
  if (binaries[kind]) return writer.add(binaries[kind], operands);
  if (kind === 'NotEqual') return toFloat(writer, writer.add('Not', [writer.add('Equal', operands)]));
  if (comparisons[kind]) return toFloat(writer, writer.add(comparisons[kind], operands));
  return expanded(writer, node);
});

/** Input 0 repeated to the node's shape: a size of the batch that it has already is written as 1. */
function expanded(writer: GraphWriter, node: Node): string {
  const own = writer.sizes(node.inputs[0]!);
  const lead = node.shape.length - own.length;
  const sizes = writer
    .sizes(node)
    .map((size, axis): Size => (typeof size !== 'number' && typeof own[axis - lead] === 'object' ? 1 : size));
  return writer.add('Expand', [input(writer, node, 0), writer.shapeValue(sizes)]);
}
defineWriter('broadcastTo', expanded);

defineWriter('axpy', (writer, node) => {
  const scaled = writer.add('Mul', [input(writer, node, 0), number(writer, attribute<number>(node, 'alpha'))]);
  return writer.add('Add', [scaled, input(writer, node, 1)]);
});

type UnaryWriter = (writer: GraphWriter, x: string, alpha: number, beta: number) => string;
const plain =
  (opType: string): UnaryWriter =>
  (writer, x) =>
    writer.add(opType, [x]);
const clip =
  (least?: number, greatest?: number): UnaryWriter =>
  (writer, x, alpha, beta) =>
    writer.add('Clip', [x, number(writer, least ?? alpha), number(writer, greatest ?? beta)]);
const times = (writer: GraphWriter, x: string, factor: number): string =>
  writer.add('Mul', [x, number(writer, factor)]);
const plus = (writer: GraphWriter, x: string, term: number): string => writer.add('Add', [x, number(writer, term)]);

/** ln(1 + eˣ) without overflow for every x: what ONNX's Softplus promises, too. */
const softplus: UnaryWriter = (writer, x, alpha, beta) => {
  const scaled = alpha === 1 ? x : times(writer, x, alpha);
  const smooth = writer.add('Softplus', [scaled]);
  const value = alpha === 1 ? smooth : writer.add('Div', [smooth, number(writer, alpha)]);
  if (!Number.isFinite(beta)) return value;
  return writer.add('Where', [writer.add('Greater', [scaled, number(writer, beta)]), x, value]);
};

const unaries: Record<UnaryName, UnaryWriter> = {
  Linear: plain('Identity'),
  Relu: plain('Relu'),
  Relu6: clip(0, 6),
  LeakyRelu: (writer, x, alpha) => writer.add('LeakyRelu', [x], { alpha: { float: alpha } }),
  Elu: (writer, x, alpha) => writer.add('Elu', [x], { alpha: { float: alpha } }),
  Selu: plain('Selu'),
  Celu: (writer, x, alpha) => writer.add('Celu', [x], { alpha: { float: alpha } }),
  GeluErf: (writer, x) => {
    const error = writer.add('Erf', [times(writer, x, Math.SQRT1_2)]);
    return writer.add('Mul', [times(writer, x, 0.5), plus(writer, error, 1)]);
  },
  GeluTanh: (writer, x) => {
    const cube = writer.add('Mul', [writer.add('Mul', [x, x]), x]);
    const inner = times(writer, writer.add('Add', [x, times(writer, cube, 0.044715)]), Math.sqrt(2 / Math.PI));
    return writer.add('Mul', [times(writer, x, 0.5), plus(writer, writer.add('Tanh', [inner]), 1)]);
  },
  Silu: (writer, x) => writer.add('Mul', [x, writer.add('Sigmoid', [x])]),
  Mish: (writer, x) => writer.add('Mul', [x, writer.add('Tanh', [writer.add('Softplus', [x])])]),
  Sigmoid: plain('Sigmoid'),
  Tanh: plain('Tanh'),
  Softplus: softplus,
  Softsign: plain('Softsign'),
  HardSigmoid: (writer, x) => writer.add('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  HardSwish: plain('HardSwish'),
  HardTanh: clip(),
  LogSigmoid: (writer, x) => writer.add('Neg', [writer.add('Softplus', [writer.add('Neg', [x])])]),
  Step: (writer, x) => toFloat(writer, writer.add('Greater', [x, number(writer, 0)])),
  NegativePart: (writer, x) => writer.add('Min', [x, number(writer, 0)]),
  Exp: plain('Exp'),
  Log: plain('Log'),
  Erf: plain('Erf'),
  Sin: plain('Sin'),
  Cos: plain('Cos'),
  Sqrt: plain('Sqrt'),
  Reciprocal: plain('Reciprocal'),
  Square: (writer, x) => writer.add('Mul', [x, x]),
  Abs: plain('Abs'),
  Negate: plain('Neg'),
  Sign: plain('Sign'),
  Floor: plain('Floor'),
  Ceil: plain('Ceil'),
  Round: plain('Round'),
  Affine: (writer, x, alpha, beta) => plus(writer, times(writer, x, alpha), beta),
  Clip: clip(),
};

defineWriter('unary', (writer, node) => {
  const { kind, alpha, beta } = node.attributes as unknown as { kind: UnaryName; alpha: number; beta: number };
  return unaries[kind](writer, input(writer, node, 0), alpha, beta);
});

defineWriter('softmax', (writer, node) =>
  writer.add(attribute<string>(node, 'kind'), [input(writer, node, 0)], { axis: -1 }),
);

// ---- products and reductions

/** The last two axes exchanged. */
const exchanged = (writer: GraphWriter, name: string, rank: number): string => {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  return writer.add('Transpose', [name], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
};

defineWriter('matmul', (writer, node) => {
  const [a, b] = [0, 1].map((i) => {
    const name = input(writer, node, i);
    return attribute<boolean>(node, i ? 'transposeB' : 'transposeA') ? exchanged(writer, name, 2) : name;
  });
  return writer.add('MatMul', [a!, b!]);
});

defineWriter('matmulBatch', (writer, node) => {
  const b = input(writer, node, 1);
  const right = attribute<boolean>(node, 'transposeB') ? exchanged(writer, b, node.inputs[1]!.shape.length) : b;
  return writer.add('MatMul', [input(writer, node, 0), right]);
});

const reductions: Record<ReduceName, string> = {
  Sum: 'ReduceSum',
  Mean: 'ReduceMean',
  Maximum: 'ReduceMax',
  Minimum: 'ReduceMin',
  Product: 'ReduceProd',
  SumOfSquares: 'ReduceSumSquare',
  SumOfAbsolutes: 'ReduceL1',
};

/** Over axes; a sum's are an input, those of the others an attribute (operator set 17). */
export function reduced(
  writer: GraphWriter,
  opType: string,
  x: string,
  axes: readonly number[],
  keep: boolean,
): string {
  const keepdims = Number(keep);
  return opType === 'ReduceSum'
    ? writer.add(opType, [x, writer.ints(axes)], { keepdims })
    : writer.add(opType, [x], { axes, keepdims });
}

defineWriter('reduce', (writer, node) => {
  const { kind, from, to } = node.attributes as unknown as { kind: ReduceName; from: number; to: number };
  const axes = Array.from({ length: to - from }, (_, i) => from + i);
  const x = input(writer, node, 0);
  if (axes.length) return reduced(writer, reductions[kind], x, axes, false);
  if (kind === 'SumOfSquares') return writer.add('Mul', [x, x]);
  return writer.add(kind === 'SumOfAbsolutes' ? 'Abs' : 'Identity', [x]);
});

defineWriter('argReduce', (writer, node) => {
  const opType = attribute<string>(node, 'kind') === 'Maximum' ? 'ArgMax' : 'ArgMin';
  const place = writer.add(opType, [input(writer, node, 0)], { axis: attribute<number>(node, 'axis'), keepdims: 0 });
  return writer.add('Cast', [place], { to: dataTypeNumbers.int32 });
});

// ---- moved

/** Another shape: at most one size of the batch is −1, others are computed. */
export function reshaped(writer: GraphWriter, x: string, sizes: readonly Size[]): string {
  const free = sizes.filter((size) => typeof size !== 'number').length;
  if (free > 1 || sizes.includes(0)) return writer.add('Reshape', [x, writer.shapeValue(sizes)], { allowzero: 1 });
  return writer.add('Reshape', [x, writer.ints(sizes.map((size) => (typeof size === 'number' ? size : -1)))]);
}

defineWriter('reshape', (writer, node) => reshaped(writer, input(writer, node, 0), writer.sizes(node)));
defineWriter('transpose', (writer, node) => exchanged(writer, input(writer, node, 0), node.shape.length));
defineWriter('permute', (writer, node) =>
  writer.add('Transpose', [input(writer, node, 0)], { perm: attribute<readonly number[]>(node, 'axes') }),
);
defineWriter('concatenate', (writer, node) =>
  writer.add(
    'Concat',
    node.inputs.map((each) => writer.nameOf(each)),
    { axis: attribute<number>(node, 'axis') },
  ),
);

export const sliced = (writer: GraphWriter, x: string, axis: number, start: number, length: number): string =>
  writer.add('Slice', [x, writer.ints([start]), writer.ints([start + length]), writer.ints([axis])]);

defineWriter('slice', (writer, node) => {
  const { axis, start, length } = node.attributes as unknown as { axis: number; start: number; length: number };
  return sliced(writer, input(writer, node, 0), axis, start, length);
});

// ---- indices

defineWriter('embed', (writer, node) => {
  const [table, indices] = [input(writer, node, 0), input(writer, node, 1)];
  const rows = writer.add('Gather', [table, indices], { axis: 0 });
  const padding = attribute<number>(node, 'padding');
  if (padding < 0) return rows;
  return writer.add('Mul', [rows, writer.add('Unsqueeze', [isNot(writer, indices, padding), writer.ints([-1])])]);
});

/** 1 where an index is another. */
function isNot(writer: GraphWriter, indices: string, value: number): string {
  const same = writer.add('Equal', [indices, writer.weight('index', Int32Array.of(value), [])]);
  return toFloat(writer, writer.add('Not', [same]));
}
defineWriter('indexMask', (writer, node) => isNot(writer, input(writer, node, 0), attribute<number>(node, 'padding')));

defineWriter('oneHot', (writer, node) => {
  const columns = Int32Array.from({ length: attribute<number>(node, 'columns') }, (_, i) => i);
  const spread = writer.add('Unsqueeze', [input(writer, node, 0), writer.ints([-1])]);
  return toFloat(writer, writer.add('Equal', [spread, writer.weight('columns', columns, [columns.length])]));
});
