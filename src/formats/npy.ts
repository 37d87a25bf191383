// One array in NumPy's own format (.npy): the magic word, a version, the length of a header, the header (a Python
// dictionary of descr, fortran_order and shape, padded), the elements. Not here: archives of several arrays (npz.ts).
// A file may be hostile: nothing is allocated from its claims before they fit its bytes.
// Source: NEP 1 and numpy/lib/format.py, versions 1.0 to 3.0.
import { FormatError } from '../core/errors.ts';
import { expandBrainFloats, expandHalves, toHalf } from '../core/halves.ts';
import { npyMagic, readNpyHeader } from './npy-header.ts';
import {
  checkedBytes,
  isSizes,
  quote,
  viewOrCopy,
  type NumericArray,
  type NumericArrayConstructor,
} from './numeric.ts';
import { permuteAxes } from './permute.ts';

export interface NpyArray {
  /** As NumPy calls it: 'float32', 'int64', 'bool', 'bfloat16', … */
  readonly dtype: NpyDType;
  readonly shape: readonly number[];
  /** Row-major; bool as Uint8Array, float16 and bfloat16 expanded to Float32Array. */
  readonly data: NumericArray;
}

/** What `encodeNpy` takes; without a dtype it is that of the typed array. */
export type WritableNpy = Omit<NpyArray, 'dtype'> & { readonly dtype?: NpyDType };

interface DType {
  /** How a header says it, without the order of its bytes. */
  readonly code: string;
  readonly array: NumericArrayConstructor;
  /** Makes numbers of what is stored, where those are no numbers of JavaScript's. */
  readonly expand?: (stored: Uint16Array) => Float32Array;
}

const dtypes = {
  bool: { code: 'b1', array: Uint8Array },
  uint8: { code: 'u1', array: Uint8Array },
  int8: { code: 'i1', array: Int8Array },
  uint16: { code: 'u2', array: Uint16Array },
  int16: { code: 'i2', array: Int16Array },
  uint32: { code: 'u4', array: Uint32Array },
  int32: { code: 'i4', array: Int32Array },
  uint64: { code: 'u8', array: BigUint64Array },
  int64: { code: 'i8', array: BigInt64Array },
  float16: { code: 'f2', array: Uint16Array, expand: expandHalves },
  // NumPy has no bfloat16: it is saved as two bytes without a meaning (ml_dtypes does so).
  bfloat16: { code: 'V2', array: Uint16Array, expand: expandBrainFloats },
  float32: { code: 'f4', array: Float32Array },
  float64: { code: 'f8', array: Float64Array },
} as const satisfies Record<string, DType>;

export type NpyDType = keyof typeof dtypes;
const names = Object.keys(dtypes) as NpyDType[];

/**
 * Reads a file's bytes. Where the elements are aligned and in this machine's order, the data are a view of them.
 * @param what what errors call the file
 * @throws FormatError for everything that is not a valid file, and for arrays of objects, texts, dates, records
 */
export function decodeNpy(bytes: Uint8Array, what = 'npy'): NpyArray {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${what}: expected the bytes as a Uint8Array`);
  const header = readNpyHeader(bytes, what);
  const { dtype, swapped } = dtypeOf(header.descr, what);
  const { array, expand }: DType = dtypes[dtype];
  const { shape, begin } = header;
  const width = array.BYTES_PER_ELEMENT;
  const byteLength = checkedBytes(shape, width, what);
  const there = bytes.length - begin;
  if (there !== byteLength)
    throw new FormatError(`${what}: ${there} bytes after the header, but ${dtype} ${quote(shape)} needs ${byteLength}`);
  let data = viewOrCopy(array, bytes.buffer, bytes.byteOffset + begin, byteLength / width);
  if (swapped) data = swapBytes(data);
  if (expand) data = expand(data as Uint16Array);
  return { dtype, shape, data: header.fortranOrder ? fromColumns(data, shape) : data };
}

function dtypeOf(descr: string, what: string): { dtype: NpyDType; swapped: boolean } {
  const [, order, code] = /^([<>=|]?)(.*)$/s.exec(descr)!;
  if (code === 'O' || code!.startsWith('O'))
    throw new FormatError(`${what}: an array of objects is a pickle, which is not read; save numbers instead`);
  const dtype = names.find((name) => dtypes[name].code === (code === '?' ? 'b1' : code));
  if (dtype === undefined)
    throw new FormatError(`${what} has the dtype ${quote(descr)}, which is not read; known: ${names.join(', ')}`);
  return { dtype, swapped: order === '>' && dtypes[dtype].array.BYTES_PER_ELEMENT > 1 };
}

function swapBytes<T extends NumericArray>(data: T): T {
  const result = data.slice() as T;
  const width = data.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return result;
}

/** Elements whose first axis varies fastest, made row-major. */
function fromColumns<T extends NumericArray>(data: T, shape: readonly number[]): T {
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  return permuteAxes(data, shape.toReversed(), axes);
}

/**
 * Makes a file's bytes, row-major, little-endian, version 1.0: the same array gives the same bytes.
 * @example encodeNpy({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] })
 * @throws TypeError for data that are no typed array of the dtype (float16: a Float32Array, rounded to it)
 * @throws RangeError for a shape that does not fit the data
 */
export function encodeNpy({ data, shape, dtype }: WritableNpy, what = 'npy'): Uint8Array<ArrayBuffer> {
  const chosen = dtype ?? names.find((name) => isWrittenAs(name, data) && name !== 'bool' && name !== 'float16');
  if (chosen === undefined || !names.includes(chosen) || !isWrittenAs(chosen, data))
    throw new TypeError(`${what}: cannot write ${kindOf(data)} as ${chosen ?? 'any dtype'}`);
  const expected = isSizes(shape) ? shape.reduce((product, length) => product * length, 1) : NaN;
  if (expected !== data.length)
    throw new RangeError(`${what}: the shape ${quote(shape)} does not hold ${data.length} values`);
  const stored = chosen === 'float16' ? Uint16Array.from(data as Float32Array, toHalf) : data;
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const header = headerBytes(chosen, shape);
  const file = new Uint8Array(header.length + bytes.length);
  file.set(header);
  file.set(bytes, header.length);
  return file;
}

function isWrittenAs(dtype: NpyDType, data: NumericArray): boolean {
  if (dtype === 'float16') return data instanceof Float32Array;
  return dtype !== 'bfloat16' && data instanceof dtypes[dtype].array;
}

const kindOf = (data: unknown): string =>
  ArrayBuffer.isView(data) ? data.constructor.name : 'a value that is no typed array';

/** Ends in a line break, at a multiple of 64 bytes. */
function headerBytes(dtype: NpyDType, shape: readonly number[]): Uint8Array {
  const { code, array } = dtypes[dtype];
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const order = array.BYTES_PER_ELEMENT === 1 ? '|' : '<';
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  if (length > 0xffff) throw new RangeError(`npy: a shape of ${shape.length} axes does not fit a header`);
  const header = new Uint8Array(10 + length).fill(0x20);
  header.set([...npyMagic, 1, 0]);
  header.set(new TextEncoder().encode(text), 10);
  header[header.length - 1] = 0x0a;
  new DataView(header.buffer).setUint16(8, length, true);
  return header;
}
