// IDX, the format of the MNIST files: two zero bytes, a type, the number of axes, their lengths as
// big-endian u32, then the values, big-endian and row-major. Source: Y. LeCun, C. Cortes, C. J. C. Burges,
// "The MNIST database of handwritten digits", section "File formats".
import { FormatError } from '../core/errors.ts';
import { describeValue, formatShape } from './tensor.ts';
import type { Tensor } from './tensor.ts';

/** What the header says, checked against the length of the file. */
export interface IdxHeader {
  type: IdxType;
  shape: number[];
  /** Where the values begin. */
  offset: number;
}

interface IdxType {
  bytes: number;
  isFloat: boolean;
  read(view: DataView, at: number): number;
}

const types = new Map<number, IdxType>([
  [0x08, { bytes: 1, isFloat: false, read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, isFloat: false, read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, isFloat: false, read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, isFloat: false, read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, isFloat: true, read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, isFloat: true, read: (view, at) => view.getFloat64(at) }],
]);

/** No view of bytes is larger in every engine. */
const maximumInflated = 2 ** 31;

/**
 * Reads an IDX file, plain or gzipped (told by its first bytes).
 * @returns i32 for the integer types, f32 for the others
 * @throws FormatError for anything but a whole IDX file
 */
export async function readIdx(source: Uint8Array | ArrayBuffer | Blob | Response): Promise<Tensor> {
  return decodeIdx(await gunzipIfNeeded(await bytesOf(source)));
}

/**
 * The tensor of a plain (not gzipped) IDX file.
 * @throws FormatError for anything but a whole IDX file; nothing is allocated from what the header claims
 */
export function decodeIdx(bytes: Uint8Array): Tensor {
  const { type, shape, offset } = idxHeader(bytes);
  const length = (bytes.length - offset) / type.bytes;
  const data = type.isFloat ? new Float32Array(length) : new Int32Array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < length; index++) data[index] = type.read(view, offset + index * type.bytes);
  return { data, shape };
}

/** @throws FormatError where the header is no IDX header, or claims another length than the file has */
export function idxHeader(bytes: Uint8Array): IdxHeader {
  if (bytes.length < 4)
    throw new FormatError(`idx: a file of ${bytes.length} bytes is too short for the 4 of the magic`);
  const [zero, zeroToo, code, rank] = bytes;
  if (zero !== 0 || zeroToo !== 0)
    throw new FormatError(`idx: expected the magic 00 00, got ${hex(zero)} ${hex(zeroToo)}`);
  const type = types.get(code);
  if (!type) throw new FormatError(`idx: unknown type ${hex(code)}, known: ${[...types.keys()].map(hex).join(', ')}`);
  const offset = 4 + 4 * rank;
  if (bytes.length < offset)
    throw new FormatError(
      `idx: truncated: ${rank} axes need a header of ${offset} bytes, the file has ${bytes.length}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = offset + shape.reduce((product, length) => product * length, type.bytes);
  if (bytes.length !== expected)
    throw new FormatError(
      `idx: ${bytes.length < expected ? 'truncated' : 'too long'}: shape ${formatShape(shape)} needs ${expected} bytes, the file has ${bytes.length}`,
    );
  return { type, shape, offset };
}

/**
 * Inflates what begins as gzip does, and gives back anything else as it is.
 * @throws FormatError for corrupt or truncated gzip
 */
export async function gunzipIfNeeded(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const inflated = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return await collect(inflated);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError('gzip: the file is corrupt or truncated', { cause });
  }
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    chunks.push(part.value);
    length += part.value.length;
    if (length > maximumInflated) {
      await reader.cancel();
      throw new FormatError(`gzip: inflates to more than ${maximumInflated} bytes`);
    }
  }
  return concatenate(chunks, length);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function bytesOf(source: Uint8Array | ArrayBuffer | Blob | Response): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (!(source instanceof Response))
    throw new TypeError(`idx: expected bytes, a Blob or a Response, got ${describeValue(source)}`);
  if (!source.ok)
    throw new FormatError(`idx: the server answered ${source.status} ${source.statusText} for ${source.url}`);
  return new Uint8Array(await source.arrayBuffer());
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
