// Small ONNX models, made in tests.
import { OnnxModel, type OnnxModelOptions } from '../../src/formats/onnx/model.ts';
import { openModel } from '../../src/formats/onnx/open.ts';
import '../../src/formats/onnx/operators/index.ts';
import { readModel } from '../../src/formats/onnx/read.ts';
import type {
  AttributeProto,
  GraphProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from '../../src/formats/onnx/schema.ts';
import { dataTypeNumbers, type DataType } from '../../src/formats/onnx/types.ts';
import { writeModel } from '../../src/formats/onnx/write.ts';
import { variant } from './kernel.ts';

/** An input or output; a text is the name of a size that is free. */
export const info = (
  name: string,
  shape: readonly (number | string)[],
  type: DataType = 'float32',
): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: dataTypeNumbers[type],
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) },
    },
  },
});

export type AttributeValue = number | string | readonly number[] | { readonly float: number } | GraphProto;

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value as number[] };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 5, g: value as GraphProto };
}

export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto => ({
  opType,
  name: `${opType} ${output[0]}`,
  input: [...input],
  output: [...output],
  attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
});

export const floats = (name: string, dims: readonly number[], data: ArrayLike<number>): TensorProto => ({
  name,
  dims: [...dims],
  dataType: dataTypeNumbers.float32,
  floatData: Float32Array.from(data),
});
export const integers = (name: string, dims: readonly number[], data: readonly number[]): TensorProto => ({
  name,
  dims: [...dims],
  dataType: dataTypeNumbers.int64,
  int64Data: [...data],
});

/** The file of a graph. */
export const modelBytes = (graph: GraphProto, version = 17): Uint8Array =>
  writeModel({ irVersion: 8, opsetImport: [{ domain: '', version }], graph: { name: 'test', ...graph } });

export function openBytes(bytes: Uint8Array, options: OnnxModelOptions = {}): Promise<OnnxModel> {
  return OnnxModel.create(openModel(readModel(bytes, 'm.onnx'), 'm.onnx'), { variant, ...options });
}
