// HDF5 files: read by jsfive, written by h5wasm, each loaded only when it is used. Two libraries, since h5wasm (the C
// library, compiled) may stop or never end on a damaged file, and jsfive, which is JavaScript, cannot write. Whatever jsfive
// throws at a damaged file becomes a clean error that names the place.
import { FormatError } from '../../core/errors.ts';
import { sizeOf, type Shape } from '../../graph/graph.ts';
import { isSizes, quote } from '../../formats/numeric.ts';
import type { StoredTensor } from './assemble.ts';
import { checkAttributes, checkTexts, type HeaderMessage } from './hdf5-attributes.ts';
import { chunkedBytes, type Unpack } from './hdf5-chunks.ts';
import { MeteredBuffer } from './hdf5-meter.ts';

/** Where jsfive keeps an object's header. */
const header = '_dataobjects';

/** What is used of jsfive, which has no types of its own. */
interface FiveGroup {
  readonly keys: string[];
  readonly attrs: Record<string, unknown>;
  readonly [header]: { readonly msgs: readonly HeaderMessage[] };
  get(path: string): FiveGroup | FiveDataset | null;
}

interface FiveDataset {
  readonly shape: number[];
  readonly dtype: unknown;
  readonly value: ArrayLike<number | string> | undefined;
  readonly [header]: { readonly chunks: readonly number[] | null; readonly msgs: readonly HeaderMessage[] };
}

interface Five {
  readonly File: new (buffer: ArrayBuffer) => FiveGroup;
  readonly Dataset: new (...args: never[]) => FiveDataset;
}

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

export const isHdf5 = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte);

/** The most that the tensors of a file may take: compressed ones are larger than the file. */
const mostBytes = (bytes: Uint8Array): number => Math.max(64 * 2 ** 20, 100 * bytes.length);

/** A group of a file, found by a path. */
export interface Hdf5Group {
  attribute(name: string): unknown;
  group(path: string): Hdf5Group | undefined;
  tensor(path: string): StoredTensor | undefined;
  /** The names of what is in it. */
  names(): string[];
  /** The numbers or texts of a dataset, which may be stored in chunks and compressed. */
  values(path: string): Hdf5Values | undefined;
}

/** A dataset: texts, float32 as it is, or all other numbers as float64. */
export interface Hdf5Values {
  readonly shape: Shape;
  readonly data: readonly string[] | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}

/** @throws FormatError for what is no HDF5 file */
export async function openHdf5(bytes: Uint8Array, what: string): Promise<Hdf5Group> {
  if (!isHdf5(bytes)) throw new FormatError(`${what} does not begin as an HDF5 file does`);
  // @ts-expect-error: it has no types
  const { Dataset, File } = (await import('jsfive')) as unknown as Five;
  const { unzlibSync } = await import('fflate');
  const buffer = MeteredBuffer.of(bytes);
  const root = guarded(what, '/', () => new File(buffer));
  return new Group(root, Dataset, what, '', {
    file: buffer,
    found: new Map(),
    bytes: mostBytes(bytes),
    unpack: unzlibSync,
  });
}

/** jsfive throws errors of the language and texts. */
function guarded<T>(what: string, place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${what}: the HDF5 file is damaged at ${quote(place)}: ${message.slice(0, 100)}`, {
      cause: error,
    });
  }
}

/** What the groups of a file share. */
interface Opened {
  readonly file: ArrayBuffer;
  /** What was found, by its path: jsfive reads an object's structures anew with every look. */
  readonly found: Map<string, FiveGroup | FiveDataset | null>;
  /** What the tensors may still take. */
  bytes: number;
  readonly unpack: Unpack;
}

class Group implements Hdf5Group {
  private attributes: Record<string, unknown> | undefined;

  constructor(
    private readonly inner: FiveGroup,
    private readonly dataset: Five['Dataset'],
    private readonly what: string,
    private readonly path: string,
    private readonly opened: Opened,
  ) {}

  attribute(name: string): unknown {
    this.attributes ??= guarded(this.what, this.path || '/', () => {
      checkAttributes(this.opened.file, this.inner[header].msgs);
      return this.inner.attrs;
    });
    return Object.hasOwn(this.attributes, name) ? this.attributes[name] : undefined;
  }

  group(path: string): Hdf5Group | undefined {
    const found = this.find(path);
    if (found === undefined || found instanceof this.dataset) return undefined;
    return new Group(found as FiveGroup, this.dataset, this.what, `${this.path}/${path}`, this.opened);
  }

  tensor(path: string): StoredTensor | undefined {
    const found = this.find(path);
    if (!(found instanceof this.dataset)) return undefined;
    const place = `${this.path}/${path}`;
    const shape = this.shapeOf(found, place);
    return { name: place, shape, data: () => this.read(found, place, shape) };
  }

  names(): string[] {
    return guarded(this.what, this.path || '/', () => [...this.inner.keys]);
  }

  values(path: string): Hdf5Values | undefined {
    const dataset = this.find(path);
    if (!(dataset instanceof this.dataset)) return undefined;
    const place = `${this.path}/${path}`;
    const shape = this.shapeOf(dataset, place);
    this.take(8 * sizeOf(shape), place, shape);
    const dtype = guarded(this.what, place, () => dataset.dtype);
    const isText = Array.isArray(dtype) ? dtype[0] === 'VLEN_STRING' : /^S\d+$/.test(String(dtype));
    const isNumber = typeof dtype === 'string' && /^[<>|]?([iu][1248]|f[48])$/.test(dtype);
    if (!isText && !isNumber)
      throw new FormatError(`${this.what}: ${quote(place)} holds ${quote(dtype)}, neither numbers nor texts`);
    const data = guarded(this.what, place, () => {
      const { chunks, msgs } = dataset[header];
      if (chunks !== null) return this.chunkedValues(msgs, shape, String(dtype), isText);
      if (Array.isArray(dtype)) checkTexts(this.opened.file, msgs, sizeOf(shape));
      return plainValues(dataset, isText, dtype);
    });
    if (data.length !== sizeOf(shape))
      throw new FormatError(`${this.what}: ${quote(place)} has ${data.length} values, not those of ${quote(shape)}`);
    return { shape, data };
  }

  private chunkedValues(
    messages: readonly HeaderMessage[],
    shape: Shape,
    dtype: string,
    isText: boolean,
  ): Hdf5Values['data'] {
    if (isText) throw new FormatError('texts in chunks');
    const { opened } = this;
    const charge = (bytes: number) => {
      opened.bytes -= bytes;
      if (!(opened.bytes >= 0)) throw new FormatError('its chunks take more than the file can hold');
    };
    const itemBytes = Number(dtype.at(-1));
    const bytes = chunkedBytes(opened.file, messages, shape, { itemBytes, unpack: opened.unpack, charge });
    return numbersOf(bytes, dtype);
  }

  private shapeOf(dataset: FiveDataset, place: string): number[] {
    const shape = guarded(this.what, place, () => Array.from(dataset.shape));
    if (!isSizes(shape) || shape.length > 16)
      throw new FormatError(`${this.what}: ${quote(place)} has the shape ${quote(shape)}`);
    return shape;
  }

  /** Of what the tensors of the file may still take. */
  private take(bytes: number, place: string, shape: Shape): void {
    this.opened.bytes -= bytes;
    if (!(this.opened.bytes >= 0))
      throw new FormatError(`${this.what}: ${quote(place)} of ${quote(shape)} takes more than the file can hold`);
  }

  private read(dataset: FiveDataset, place: string, shape: Shape): Float32Array {
    this.take(4 * sizeOf(shape), place, shape);
    const dtype = guarded(this.what, place, () => dataset.dtype);
    if (typeof dtype !== 'string' || !/^[<>|]?[fiu][1248]$/.test(dtype))
      throw new FormatError(`${this.what}: ${quote(place)} holds ${quote(dtype)}, not numbers`);
    // Of chunks a damaged file may claim any number, which jsfive goes over; Keras writes none.
    if (guarded(this.what, place, () => dataset[header].chunks) !== null)
      throw new FormatError(
        `${this.what}: ${quote(place)} is stored in chunks (compressed); save the model without compression`,
      );
    const value = guarded(this.what, place, () => dataset.value);
    if (value?.length !== sizeOf(shape))
      throw new FormatError(
        `${this.what}: ${quote(place)} has ${value?.length ?? 'no'} values, not those of ${quote(shape)}`,
      );
    return Float32Array.from(value, Number);
  }

  /** Step by step, so that a name is only ever one of the group's own. */
  private find(path: string): FiveGroup | FiveDataset | undefined {
    let at: FiveGroup | FiveDataset | null = this.inner;
    let done = this.path;
    for (const word of path.split('/').filter(Boolean)) {
      const group: FiveGroup | FiveDataset | null = at;
      if (group === null || group instanceof this.dataset) return undefined;
      const place = `${done}/${word}`;
      const { found } = this.opened;
      if (!found.has(place))
        found.set(
          place,
          guarded(this.what, place, () => (group.keys.includes(word) ? (group as FiveGroup).get(word) : null)),
        );
      at = found.get(place)!;
      done = place;
    }
    return at ?? undefined;
  }
}

/** What jsfive reads; it goes over as many elements as are claimed, and stops where the file ends. */
function plainValues(dataset: FiveDataset, isText: boolean, dtype: unknown): Hdf5Values['data'] {
  const read = Array.from(dataset.value ?? []);
  // a text of fixed length is filled with zeros
  if (isText) return read.map((text) => String(text).replace(/\0+$/, ''));
  return String(dtype).endsWith('f4') ? Float32Array.from(read, Number) : Float64Array.from(read, Number);
}

/** Numbers of a type as jsfive names it: `<f4`, `>i8`. */
function numbersOf(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: string,
): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  const isLittle = !dtype.startsWith('>');
  const width = Number(dtype.at(-1));
  const kind = { f: 'Float', i: 'Int', u: 'Uint' }[dtype.at(-2) as 'f' | 'i' | 'u'];
  const getter = `get${width === 8 && kind !== 'Float' ? 'Big' : ''}${kind}${8 * width}` as 'getFloat64';
  const made = dtype.endsWith('f4') ? Float32Array : Float64Array;
  const out = new made(bytes.length / width);
  for (let i = 0; i < out.length; i++) out[i] = Number(view[getter](i * width, isLittle));
  return out;
}

// ---- writing

/** What is written into a group: attributes, tensors, groups within. */
export interface Hdf5Content {
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  readonly tensors?: Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;
  readonly groups?: Readonly<Record<string, Hdf5Content>>;
  /** Datasets of texts and of numbers of other types. */
  readonly values?: Readonly<Record<string, WritableValues>>;
}

interface WritableValues {
  readonly data: readonly string[] | Float32Array | Float64Array | BigInt64Array;
  readonly shape: Shape;
}

interface Writable {
  create_attribute(name: string, data: unknown, shape?: number[] | null, dtype?: string): void;
  create_dataset(options: { name: string; data: unknown; shape: number[]; dtype?: string }): unknown;
  create_group(name: string): Writable;
}

let files = 0;

/** Makes a file's bytes. */
export async function writeHdf5(content: Hdf5Content): Promise<Uint8Array<ArrayBuffer>> {
  const { default: h5wasm } = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const path = `/neurite-${files++}.h5`;
  const file = new h5wasm.File(path, 'w');
  try {
    try {
      fill(file as unknown as Writable, content);
    } finally {
      file.close();
    }
    return FS.readFile(path).slice() as Uint8Array<ArrayBuffer>;
  } finally {
    FS.unlink(path);
  }
}

function fill(group: Writable, content: Hdf5Content): void {
  const { attributes = {}, tensors = {}, groups = {}, values = {} } = content;
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === 'string') group.create_attribute(name, value);
    else group.create_attribute(name, [...value], [value.length], `S${Math.max(1, ...value.map(bytesOf))}`);
  for (const [name, { data, shape }] of Object.entries(tensors))
    group.create_dataset({ name, data, shape: [...shape] });
  for (const [name, { data, shape }] of Object.entries(values))
    group.create_dataset({ name, data: Array.isArray(data) ? [...data] : data, shape: [...shape], ...textType(data) });
  for (const [name, inner] of Object.entries(groups)) fill(group.create_group(name), inner);
}

const textType = (data: WritableValues['data']): { dtype?: string } =>
  Array.isArray(data) ? { dtype: `S${Math.max(1, ...data.map(bytesOf))}` } : {};

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
