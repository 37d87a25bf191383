// The safetensors container: 8 bytes with the length of a JSON header (little-endian u64), the header
// (name → dtype, shape, data_offsets), then the tensors' bytes without holes. Only the container: what
// the names mean is the model's business. A file may be hostile: nothing is allocated from its claims.
// Source: https://github.com/huggingface/safetensors, format and `tensor.rs`.
import { FormatError } from '../core/errors.ts';
import { expandBrainFloats, expandHalves } from '../core/halves.ts';
import {
  checkedBytes,
  isObject,
  isSizes,
  quote,
  viewOrCopy,
  type NumericArray,
  type NumericArrayConstructor,
} from './numeric.ts';

export type SafeTensorData = NumericArray;

export interface SafeTensor {
  /** As the file calls it: 'F32', 'BF16', … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A typed array of the dtype; BOOL as Uint8Array, F16 and BF16 expanded to Float32Array. */
  readonly data: SafeTensorData;
}

export interface SafeTensors {
  /** In the order of their bytes in the file. */
  tensors: Map<string, SafeTensor>;
  /** An object without prototype, so that any key is only a key. */
  metadata: Record<string, string>;
}

/** What `encodeSafetensors` takes; without a dtype it is that of the typed array. */
export type WritableTensor = Omit<SafeTensor, 'dtype'> & { readonly dtype?: string };

interface DType {
  bytes: number;
  read(buffer: ArrayBufferLike, offset: number, length: number): SafeTensorData;
  /** The typed array that is written as this dtype; none where it can only be read. */
  written?: abstract new (...args: never[]) => SafeTensorData;
}

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

const lengthBytes = 8;
const maximumHeader = 100_000_000;
const metadataKey = '__metadata__';

/** By rising alignment, as in the reference implementation, which writes the last ones first. */
const dtypes = new Map<string, DType>([
  ['BOOL', { bytes: 1, read: viewer(Uint8Array), written: Uint8Array }],
  ['U8', { bytes: 1, read: viewer(Uint8Array), written: Uint8Array }],
  ['I8', { bytes: 1, read: viewer(Int8Array), written: Int8Array }],
  ['I16', { bytes: 2, read: viewer(Int16Array), written: Int16Array }],
  ['U16', { bytes: 2, read: viewer(Uint16Array), written: Uint16Array }],
  ['F16', { bytes: 2, read: (...part) => expandHalves(viewer(Uint16Array)(...part)) }],
  ['BF16', { bytes: 2, read: (...part) => expandBrainFloats(viewer(Uint16Array)(...part)) }],
  ['I32', { bytes: 4, read: viewer(Int32Array), written: Int32Array }],
  ['U32', { bytes: 4, read: viewer(Uint32Array), written: Uint32Array }],
  ['F32', { bytes: 4, read: viewer(Float32Array), written: Float32Array }],
  ['F64', { bytes: 8, read: viewer(Float64Array), written: Float64Array }],
  ['I64', { bytes: 8, read: viewer(BigInt64Array), written: BigInt64Array }],
  ['U64', { bytes: 8, read: viewer(BigUint64Array), written: BigUint64Array }],
]);
const dtypeOrder = [...dtypes.keys()];

/**
 * Reads a file's bytes. Where a tensor's bytes are aligned its data are a view of them, otherwise a copy.
 * @throws FormatError for everything that is not a valid file, naming the tensor at fault
 */
export function decodeSafetensors(bytes: Uint8Array): SafeTensors {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('safetensors: expected the bytes as a Uint8Array');
  const headerEnd = lengthBytes + headerLength(bytes);
  const header = parseHeader(bytes.subarray(lengthBytes, headerEnd));
  const dataLength = bytes.length - headerEnd;
  const entries: Entry[] = [];
  let metadata = checkedMetadata({});
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) metadata = checkedMetadata(value);
    else entries.push(checkedEntry(name, value, dataLength));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(entries, dataLength);
  const base = bytes.byteOffset + headerEnd;
  const tensors = new Map<string, SafeTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const { bytes: width, read } = dtypes.get(dtype)!;
    tensors.set(name, { dtype, shape, data: read(bytes.buffer, base + begin, (end - begin) / width) });
  }
  return { tensors, metadata };
}

/**
 * Makes a file's bytes: the same tensors and metadata, in whatever order, give the same bytes. The
 * header is padded with spaces to 8 bytes and wide dtypes come first, so that every tensor is aligned.
 * @throws TypeError for data that are no typed array of the dtype
 * @throws RangeError for a shape that does not fit the data, and for a name that cannot be written
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].map(([name, tensor]) => writable(name, tensor)).toSorted(byAlignmentThenName);
  const parts = metadataJson(metadata);
  let end = 0;
  for (const { name, dtype, shape, bytes } of sorted) {
    const begin = end;
    end += bytes.length;
    parts.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const header = new TextEncoder().encode(`{${parts.join(',')}}`);
  const headerBytes = Math.ceil(header.length / lengthBytes) * lengthBytes;
  if (headerBytes > maximumHeader)
    throw new RangeError(
      `safetensors: the header would have ${headerBytes} bytes, more than the ${maximumHeader} allowed`,
    );
  return assemble(header, headerBytes, sorted, end);
}

// Reading.

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < lengthBytes)
    throw new FormatError(`safetensors: a file of ${bytes.length} bytes is too short for the 8 of the header's length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes).getBigUint64(0, true);
  if (length > BigInt(maximumHeader))
    throw new FormatError(`safetensors: the header claims ${length} bytes, more than the ${maximumHeader} allowed`);
  const left = bytes.length - lengthBytes;
  if (length > BigInt(left))
    throw new FormatError(`safetensors: the header claims ${length} bytes, the file has ${left} after its length`);
  return Number(length);
}

function parseHeader(bytes: Uint8Array): object {
  if (bytes[0] !== 0x7b) throw new FormatError(`safetensors: the header does not start with '{'`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError('safetensors: the header is not UTF-8', { cause });
  }
  let header: object;
  try {
    header = JSON.parse(text) as object; // an object, as it starts with '{'
  } catch (cause) {
    throw new FormatError(`safetensors: the header is not JSON: ${(cause as Error).message}`, { cause });
  }
  checkUniqueKeys(text);
  return header;
}

/** `JSON.parse` keeps the last of two equal keys, another reader the first: such a file is refused. */
function checkUniqueKeys(json: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(json, at);
      if (isKey(json, end)) addKey(open, JSON.parse(json.slice(at, end)) as string);
      at = end - 1;
    }
  }
}

/** Behind the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(json: string, end: number): boolean {
  let at = end;
  while (' \n\r\t'.includes(json[at])) at++;
  return json[at] === ':';
}

function addKey(open: (Set<string> | undefined)[], key: string): void {
  const keys = open.at(-1)!;
  if (!keys.has(key)) {
    keys.add(key);
    return;
  }
  if (open.length === 1) throw new FormatError(`safetensors: ${tensorName(key)} is in the header twice`);
  const owner = [...open[0]!].at(-1)!;
  throw new FormatError(`safetensors: ${tensorName(owner)}: the key ${quote(key)} is there twice`);
}

function checkedMetadata(value: unknown): Record<string, string> {
  if (!isObject(value)) throw new FormatError(`safetensors: ${metadataKey} is not an object`);
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw new FormatError(`safetensors: ${metadataKey}: the value of ${quote(key)} is not a text`);
    metadata[key] = text;
  }
  return metadata;
}

function checkedEntry(name: string, value: unknown, dataLength: number): Entry {
  const what = `safetensors: ${tensorName(name)}`;
  if (!isObject(value)) throw new FormatError(`${what} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const width = typeof dtype === 'string' ? dtypes.get(dtype)?.bytes : undefined;
  if (width === undefined)
    throw new FormatError(`${what} has the unknown dtype ${quote(dtype)}, known: ${dtypeOrder.join(', ')}`);
  if (!isSizes(shape)) throw new FormatError(`${what}: expected the shape as whole numbers, got ${quote(shape)}`);
  const byteLength = checkedBytes(shape, width, what);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw new FormatError(`${what}: expected data_offsets as two whole numbers, got ${quote(offsets)}`);
  const [begin, end] = offsets;
  if (begin > end) throw new FormatError(`${what} ends at ${end} before it begins at ${begin}`);
  if (end > dataLength)
    throw new FormatError(`${what} ends at ${end}, out of range: the file has ${dataLength} bytes of data`);
  if (end - begin !== byteLength)
    throw new FormatError(`${what} has ${end - begin} bytes, but ${String(dtype)} ${quote(shape)} needs ${byteLength}`);
  return { name, dtype: dtype as string, shape, begin, end };
}

/** The tensors, sorted by place, must cover the data from the first byte to the last, each byte once. */
function checkCover(entries: readonly Entry[], dataLength: number): void {
  let covered = 0;
  let before = '';
  for (const { name, begin, end } of entries) {
    if (begin < covered) throw new FormatError(`safetensors: ${tensorName(name)} overlaps ${tensorName(before)}`);
    if (begin > covered)
      throw new FormatError(
        `safetensors: a hole of ${begin - covered} bytes before ${tensorName(name)}, which begins at ${begin}`,
      );
    covered = end;
    before = name;
  }
  if (covered !== dataLength)
    throw new FormatError(`safetensors: ${dataLength - covered} bytes behind the last tensor belong to none`);
}

function tensorName(name: string): string {
  return name === metadataKey ? metadataKey : `tensor ${quote(name)}`;
}

function viewer<T extends NumericArray>(array: NumericArrayConstructor<T>) {
  return (buffer: ArrayBufferLike, offset: number, length: number): T => viewOrCopy(array, buffer, offset, length);
}

// Writing.

interface Writable {
  name: string;
  sortKey: Uint8Array;
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

function writable(name: string, tensor: WritableTensor): Writable {
  const what = `safetensors: ${tensorName(name)}`;
  if (name === metadataKey) throw new RangeError(`safetensors: a tensor cannot be called ${metadataKey}`);
  if (/\p{Surrogate}/u.test(name)) throw new RangeError(`${what}: the name is no valid Unicode`);
  const { shape, data } = tensor;
  const dtype = tensor.dtype ?? dtypeOrder.findLast((key) => isWrittenAs(key, data));
  if (dtype === undefined || !isWrittenAs(dtype, data))
    throw new TypeError(`${what}: cannot write ${kindOf(data)} as ${dtype ?? 'any dtype'}`);
  const expected = isSizes(shape) ? shape.reduce((product, length) => product * length, 1) : NaN;
  if (expected !== data.length)
    throw new RangeError(`${what}: the shape ${quote(shape)} does not hold ${data.length} values`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, sortKey: new TextEncoder().encode(name), dtype, shape, bytes };
}

function isWrittenAs(dtype: string, data: SafeTensorData): boolean {
  const written = dtypes.get(dtype)?.written;
  return written !== undefined && data instanceof written;
}

function kindOf(data: unknown): string {
  return ArrayBuffer.isView(data) ? data.constructor.name : `a value that is no typed array`;
}

function byAlignmentThenName(a: Writable, b: Writable): number {
  return dtypeOrder.indexOf(b.dtype) - dtypeOrder.indexOf(a.dtype) || compareBytes(a.sortKey, b.sortKey);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return a[index] - b[index];
  return a.length - b.length;
}

/** The metadata's part of the header, its keys sorted; none without keys. */
function metadataJson(metadata: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return [];
  for (const [key, value] of entries)
    if (typeof value !== 'string')
      throw new TypeError(`safetensors: metadata: the value of ${quote(key)} is not a text`);
  const pairs = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return [`${JSON.stringify(metadataKey)}:{${pairs.join(',')}}`];
}

function assemble(
  header: Uint8Array,
  headerBytes: number,
  sorted: readonly Writable[],
  dataBytes: number,
): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(lengthBytes + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, lengthBytes);
  file.fill(0x20, lengthBytes + header.length, lengthBytes + headerBytes);
  let at = lengthBytes + headerBytes;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
