// Writes ONNX models for ONNX Runtime: protocol-buffer bytes of the few messages that a product, a dense
// network and a convolutional one need.
// Source: onnx.proto3 of ONNX, whose field numbers stand at each message below.

export type Bytes = number[] | Uint8Array;

/** A field that is a number. */
const integer = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];
/** A field that is bytes, a text or a message. */
const bytes = (field: number, value: Bytes | string): Bytes => {
  const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return join([varint((field << 3) | 2), varint(content.length), content]);
};

function varint(value: number): number[] {
  return value > 0x7f ? [(value & 0x7f) | 0x80, ...varint(value >>> 7)] : [value];
}

function join(parts: readonly Bytes[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const float = 1;

/** TensorProto: dims = 1, data_type = 2, name = 8, raw_data = 9. */
export const tensorProto = (name: string, shape: readonly number[], data: Float32Array): Bytes =>
  join([
    ...shape.map((size) => integer(1, size)),
    integer(2, float),
    bytes(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);

/** The same of integers of 64 bits, small ones: a shape. */
export const integersProto = (name: string, values: readonly number[]): Bytes =>
  join([
    integer(1, values.length),
    integer(2, 7),
    bytes(8, name),
    bytes(9, new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
  ]);

/** ValueInfoProto: name = 1, type = 2; TypeProto.tensor_type = 1: elem_type = 1, shape = 2; dim = 1: dim_value = 1. */
function valueInfo(name: string, shape: readonly number[]): Bytes {
  const dimensions = join(shape.map((size) => bytes(1, integer(1, size))));
  return join([bytes(1, name), bytes(2, bytes(1, join([integer(1, float), bytes(2, dimensions)])))]);
}

/** AttributeProto: name = 1, i = 3, ints = 8, type = 20 (2 an integer, 7 integers). */
const attribute = (name: string, value: number | readonly number[]): Bytes =>
  typeof value === 'number'
    ? join([bytes(1, name), integer(3, value), integer(20, 2)])
    : join([bytes(1, name), ...value.map((one) => integer(8, one)), integer(20, 7)]);

type NodeAttributes = Readonly<Record<string, number | readonly number[]>>;

/** NodeProto: input = 1, output = 2, op_type = 4, attribute = 5. */
export const node = (type: string, inputs: readonly string[], output: string, attributes: NodeAttributes = {}): Bytes =>
  join([
    ...inputs.map((name) => bytes(1, name)),
    bytes(2, output),
    bytes(4, type),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  ]);

interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** ModelProto: ir_version = 1, graph = 7, opset_import = 8. GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
export function model(nodes: Bytes[], initializers: Bytes[], inputs: Value[], output: Value): Uint8Array {
  const graph = join([
    ...nodes.map((one) => bytes(1, one)),
    bytes(2, 'benchmark'),
    ...initializers.map((one) => bytes(5, one)),
    ...inputs.map(({ name, shape }) => bytes(11, valueInfo(name, shape))),
    bytes(12, valueInfo(output.name, output.shape)),
  ]);
  return join([integer(1, 8), bytes(7, graph), bytes(8, integer(2, 17))]);
}

/** out[m, n] = a[m, k] · b[k, n], both given at each run. */
export function productModel(m: number, n: number, k: number): Uint8Array {
  const inputs = [
    { name: 'a', shape: [m, k] },
    { name: 'b', shape: [k, n] },
  ];
  return model([node('MatMul', ['a', 'b'], 'out')], [], inputs, { name: 'out', shape: [m, n] });
}

export interface DenseLayer {
  /** [in, out] */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly activation: 'relu' | 'sigmoid' | 'linear';
}

/** Adds a chain of dense layers as Gemm and its activation; the last gives `out`. */
function addDense(nodes: Bytes[], initializers: Bytes[], layers: readonly DenseLayer[], input: string): void {
  let current = input;
  layers.forEach(({ kernel, bias, activation }, i) => {
    const next = i === layers.length - 1 ? 'out' : `layer${i}`;
    const sum = activation === 'linear' ? next : `sum${i}`;
    initializers.push(tensorProto(`kernel${i}`, [kernel.length / bias.length, bias.length], kernel));
    initializers.push(tensorProto(`bias${i}`, [bias.length], bias));
    nodes.push(node('Gemm', [current, `kernel${i}`, `bias${i}`], sum));
    if (activation !== 'linear') nodes.push(node(activation === 'relu' ? 'Relu' : 'Sigmoid', [sum], next));
    current = next;
  });
}

/** A chain of dense layers. */
export function denseModel(layers: readonly DenseLayer[], batch: number): Uint8Array {
  const [nodes, initializers]: [Bytes[], Bytes[]] = [[], []];
  addDense(nodes, initializers, layers, 'x');
  const columns = layers.at(-1)!.bias.length;
  const depth = layers[0]!.kernel.length / layers[0]!.bias.length;
  return model(nodes, initializers, [{ name: 'x', shape: [batch, depth] }], { name: 'out', shape: [batch, columns] });
}

/** A convolution over an image; weights as the library has them, [kh, kw, in / groups, out]. */
export interface ImageConvolution {
  readonly kernelShape: readonly [number, number, number, number];
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly stride: number;
  /** Zeros at every side. */
  readonly padding: number;
  readonly groups: number;
  readonly relu: boolean;
}

/** [kh, kw, in, out] as ONNX has a kernel, [out, in, kh, kw]. */
function outermost({ kernel, kernelShape: [height, width, channels, filters] }: ImageConvolution): Float32Array {
  const out = new Float32Array(kernel.length);
  kernel.forEach((value, at) => {
    const [n, c] = [at % filters, Math.floor(at / filters) % channels];
    const tap = Math.floor(at / (filters * channels));
    out[(n * channels + c) * height * width + tap] = value;
  });
  return out;
}

/** Adds a convolution under the name `next`, with its weights. */
function addConvolution(
  nodes: Bytes[],
  initializers: Bytes[],
  layer: ImageConvolution,
  current: string,
  next: string,
): void {
  const { kernelShape, bias, stride, padding, groups, relu } = layer;
  const [height, width, channels, filters] = kernelShape;
  initializers.push(tensorProto(`${next}.kernel`, [filters, channels, height, width], outermost(layer)));
  initializers.push(tensorProto(`${next}.bias`, [filters], bias));
  const attributes = { strides: [stride, stride], pads: Array.from({ length: 4 }, () => padding), group: groups };
  const sum = relu ? `${next}.sum` : next;
  nodes.push(node('Conv', [current, `${next}.kernel`, `${next}.bias`], sum, attributes));
  if (relu) nodes.push(node('Relu', [sum], next));
}

/** One convolution of an image [1, in, height, width]. */
export function convolutionModel(layer: ImageConvolution, size: number): Uint8Array {
  const [nodes, initializers]: [Bytes[], Bytes[]] = [[], []];
  const [kernel, , channels, filters] = layer.kernelShape;
  addConvolution(nodes, initializers, layer, 'x', 'out');
  const outSize = Math.floor((size + 2 * layer.padding - kernel) / layer.stride) + 1;
  const input = { name: 'x', shape: [1, channels * layer.groups, size, size] };
  return model(nodes, initializers, [input], { name: 'out', shape: [1, filters, outSize, outSize] });
}

/** Convolutions with a maximum over 2×2 pixels behind each, then dense layers behind the flattened image. */
export function imageModel(
  convolutions: readonly ImageConvolution[],
  dense: readonly DenseLayer[],
  batch: number,
  size: number,
): Uint8Array {
  const [nodes, initializers]: [Bytes[], Bytes[]] = [[], []];
  let current = 'x';
  convolutions.forEach((layer, i) => {
    addConvolution(nodes, initializers, layer, current, `image${i}`);
    nodes.push(node('MaxPool', [`image${i}`], `pooled${i}`, { kernel_shape: [2, 2], strides: [2, 2] }));
    current = `pooled${i}`;
  });
  nodes.push(node('Flatten', [current], 'flat'));
  addDense(nodes, initializers, dense, 'flat');
  const output = { name: 'out', shape: [batch, dense.at(-1)!.bias.length] };
  return model(nodes, initializers, [{ name: 'x', shape: [batch, 1, size, size] }], output);
}
