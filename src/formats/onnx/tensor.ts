// TensorProto to a tensor on the host: every way that the format stores numbers, all float widths, and weights in files
// beside the model.
import { FormatError } from '../../core/errors.ts';
import { formatShape, sizeOf, type Shape } from '../../graph/graph.ts';
import type { SparseTensorProto, TensorProto } from './schema.ts';
import { dataTypeName, dataTypeOf, hostData, type DataType, type HostData, type HostTensor } from './types.ts';

/** The bytes of a file of weights, by the name that the model gives it. */
export type ExternalFiles = (location: string, what: string) => Uint8Array;

/** Bits of an element where it is stored raw. */
const rawBits: Record<DataType, number> = {
  float32: 32,
  float16: 16,
  bfloat16: 16,
  float64: 64,
  int64: 64,
  uint64: 64,
  int32: 32,
  uint32: 32,
  int16: 16,
  uint16: 16,
  int8: 8,
  uint8: 8,
  bool: 8,
  int4: 4,
  uint4: 4,
};

/** @throws FormatError for sizes that are negative or hold more than 2³¹ values */
export function checkedSizes(dims: ArrayLike<number> | undefined, what: string): number[] {
  const shape = Array.from(dims ?? []);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0) || !(sizeOf(shape) <= 2 ** 31))
    throw new FormatError(`${what}: ${formatShape(shape)} is no shape of a tensor`);
  return shape;
}

/**
 * @param what how errors call the tensor, the file's name first
 * @throws FormatError for a type that neurite has no tensors of, and where bytes and shape do not match
 */
export function tensorFromProto(proto: TensorProto, what: string, external?: ExternalFiles): HostTensor {
  const type = dataTypeOf(proto.dataType);
  if (!type) throw new FormatError(`${what}: tensors of ${dataTypeName(proto.dataType)} are not read`);
  const shape = checkedSizes(proto.dims, what);
  const length = sizeOf(shape);
  if (proto.dataLocation === 1)
    return { type, shape, data: fromRaw(type, length, externalBytes(proto, what, external), what) };
  if (proto.rawData) return { type, shape, data: fromRaw(type, length, proto.rawData, what) };
  return { type, shape, data: fromLists(proto, type, shape, what) };
}

/** The bytes of a tensor that are in a file beside the model. @throws FormatError where they are not in it */
export function externalBytes(proto: TensorProto, what: string, external?: ExternalFiles): Uint8Array {
  const entries = new Map((proto.externalData ?? []).map(({ key = '', value = '' }) => [key, value]));
  const location = entries.get('location');
  if (!location) throw new FormatError(`${what}: its external data has no location`);
  if (!external) throw new FormatError(`${what}: weights in a file ("${location}") are not allowed here`);
  const bytes = external(location, what);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? bytes.length - offset);
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > bytes.length
  )
    throw new FormatError(
      `${what}: bytes ${offset} to ${offset + length} are outside "${location}" of ${bytes.length} bytes`,
    );
  return bytes.subarray(offset, offset + length);
}

function fromRaw(type: DataType, length: number, raw: Uint8Array, what: string): HostData {
  const expected = Math.ceil((length * rawBits[type]) / 8);
  if (raw.length !== expected)
    throw new FormatError(`${what}: ${raw.length} bytes do not hold ${length} values of ${type}; expected ${expected}`);
  if (type === 'int64' || type === 'uint64') return fromInt64(type, raw, length);
  if (type === 'int4' || type === 'uint4') return fromNibbles(type, raw, length);
  const bytes = raw.slice();
  if (type === 'float16') return Float32Array.from(new Uint16Array(bytes.buffer), floatOfHalf);
  if (type === 'bfloat16') return floatsOfBfloats(new Uint16Array(bytes.buffer));
  const result = hostData(type, 0).constructor as new (buffer: ArrayBufferLike) => HostData;
  return new result(bytes.buffer);
}

function fromInt64(type: DataType, raw: Uint8Array, length: number): HostData {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const result = hostData(type, length);
  for (let i = 0; i < length; i++) {
    const high = type === 'int64' ? view.getInt32(8 * i + 4, true) : view.getUint32(8 * i + 4, true);
    result[i] = high * 2 ** 32 + view.getUint32(8 * i, true);
  }
  return result;
}

/** Two to a byte, the low one first. */
function fromNibbles(type: DataType, raw: Uint8Array, length: number): HostData {
  const result = hostData(type, length);
  for (let i = 0; i < length; i++) {
    const nibble = (raw[i >> 1]! >> (4 * (i & 1))) & 15;
    result[i] = type === 'int4' && nibble > 7 ? nibble - 16 : nibble;
  }
  return result;
}

function fromLists(proto: TensorProto, type: DataType, shape: Shape, what: string): HostData {
  const list = listOf(proto, type);
  const length = sizeOf(shape);
  const stored = list?.length ?? 0;
  const expected = type === 'int4' || type === 'uint4' ? Math.ceil(length / 2) : length;
  if (stored !== expected) throw new FormatError(`${what}: ${stored} values do not fill ${formatShape(shape)}`);
  if (type === 'int4' || type === 'uint4') return fromNibbles(type, Uint8Array.from(list ?? []), length);
  if (type === 'float16') return Float32Array.from(list ?? [], floatOfHalf);
  if (type === 'bfloat16') return floatsOfBfloats(Uint16Array.from(list ?? []));
  const data = hostData(type, length);
  if (list) data.set(list);
  return data;
}

function listOf(proto: TensorProto, type: DataType): (ArrayLike<number> & Iterable<number>) | undefined {
  if (type === 'float32') return proto.floatData;
  if (type === 'float64') return proto.doubleData;
  if (type === 'int64') return proto.int64Data;
  if (type === 'uint64' || type === 'uint32') return proto.uint64Data;
  return proto.int32Data;
}

/** IEEE binary16. */
export function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 25) * (1024 + fraction) : sign * 2 ** -24 * fraction;
}

function floatsOfBfloats(bits: Uint16Array): Float32Array {
  const words = Uint32Array.from(bits, (value) => value << 16);
  return new Float32Array(words.buffer);
}

/** A tensor of which only the elements at given places are not 0. */
export function tensorFromSparse(proto: SparseTensorProto, what: string, external?: ExternalFiles): HostTensor {
  if (!proto.values || !proto.indices) throw new FormatError(`${what}: a sparse tensor has no values or no indices`);
  const values = tensorFromProto(proto.values, what, external);
  const indices = tensorFromProto(proto.indices, what, external);
  const shape = checkedSizes(proto.dims, what);
  const count = sizeOf(values.shape);
  const rank = indices.shape.length === 2 ? indices.shape[1]! : 1;
  if (sizeOf(indices.shape) !== count * rank || (rank !== 1 && rank !== shape.length))
    throw new FormatError(
      `${what}: ${formatShape(indices.shape)} does not place ${count} values in ${formatShape(shape)}`,
    );
  const data = hostData(values.type, sizeOf(shape));
  for (let i = 0; i < count; i++) {
    let at = rank === 1 && indices.shape.length < 2 ? indices.data[i]! : 0;
    if (indices.shape.length === 2)
      for (let axis = 0; axis < rank; axis++)
        at = at * (rank === 1 ? 1 : shape[axis]!) + indices.data[i * rank + axis]!;
    if (!(at >= 0 && at < data.length)) throw new FormatError(`${what}: place ${at} is outside ${formatShape(shape)}`);
    data[at] = values.data[i]!;
  }
  return { type: values.type, shape, data };
}
