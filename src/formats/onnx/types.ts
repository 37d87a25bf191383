// The element types of ONNX, and tensors that the host holds while a model is opened.
// In the graph there are two: floats of every width become f32, all integers and booleans become i32 words that are
// wrapped to their own width after arithmetic (a boolean is 0 or 1).
import type { DType, Shape } from '../../graph/graph.ts';

/** By their number in TensorProto.DataType. */
export const dataTypeNumbers = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} as const;

export type DataType = keyof typeof dataTypeNumbers;

const names = new Map(Object.entries(dataTypeNumbers).map(([name, number]) => [number as number, name as DataType]));
const otherNames = new Map([
  [8, 'string'],
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [23, 'float4e2m1'],
]);

/** undefined for a type that neurite has no tensors of. */
export const dataTypeOf = (number: number | undefined): DataType | undefined => names.get(number ?? 0);
export const dataTypeName = (number: number | undefined): string =>
  names.get(number ?? 0) ?? otherNames.get(number ?? 0) ?? `type ${number ?? 0}`;

export type HostData =
  Float32Array | Float64Array | Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** Values known before anything runs. int64 and uint64 are doubles: exact up to 2⁵³. */
export interface HostTensor {
  readonly type: DataType;
  readonly shape: Shape;
  readonly data: HostData;
}

const arrays = {
  float32: Float32Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  float64: Float64Array,
  int64: Float64Array,
  uint64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int4: Int8Array,
  uint4: Uint8Array,
} as const;

/** Zeros. */
export const hostData = (type: DataType, length: number): HostData => new arrays[type](length);

export const isFloat = (type: DataType): boolean =>
  type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64';
export const isUnsigned = (type: DataType): boolean => type.startsWith('uint') || type === 'bool';
/** The type of a value in the graph. */
export const graphType = (type: DataType): DType => (isFloat(type) ? 'f32' : 'i32');

/** The least and the greatest value of an integer type. */
export function integerRange(type: DataType): readonly [number, number] {
  if (type === 'bool') return [0, 1];
  const bits = Number(type.replace(/\D+/, ''));
  return type.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}
