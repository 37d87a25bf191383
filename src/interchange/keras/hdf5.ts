// HDF5 files: read by jsfive, written by h5wasm, each loaded only when it is used. Two libraries, since h5wasm (the C
// library, compiled) may stop or never end on a damaged file, and jsfive, which is JavaScript, cannot write. Whatever jsfive
// throws at a damaged file becomes a clean error that names the place.
import { FormatError } from '../../core/errors.ts';
import { sizeOf, type Shape } from '../../graph/graph.ts';
import { isSizes, quote } from '../../formats/numeric.ts';
import type { StoredTensor } from './assemble.ts';
import { checkAttributes, type HeaderMessage } from './hdf5-attributes.ts';
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
  readonly value: ArrayLike<number> | undefined;
  readonly [header]: { readonly chunks: readonly number[] | null };
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
}

/** @throws FormatError for what is no HDF5 file */
export async function openHdf5(bytes: Uint8Array, what: string): Promise<Hdf5Group> {
  if (!isHdf5(bytes)) throw new FormatError(`${what} does not begin as an HDF5 file does`);
  // @ts-expect-error: it has no types
  const { Dataset, File } = (await import('jsfive')) as unknown as Five;
  const buffer = MeteredBuffer.of(bytes);
  const root = guarded(what, '/', () => new File(buffer));
  return new Group(root, Dataset, what, '', { file: buffer, found: new Map(), bytes: mostBytes(bytes) });
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
    const shape = guarded(this.what, place, () => Array.from(found.shape));
    if (!isSizes(shape) || shape.length > 16)
      throw new FormatError(`${this.what}: ${quote(place)} has the shape ${quote(shape)}`);
    return { name: place, shape, data: () => this.read(found, place, shape) };
  }

  private read(dataset: FiveDataset, place: string, shape: Shape): Float32Array {
    this.opened.bytes -= 4 * sizeOf(shape);
    if (!(this.opened.bytes >= 0))
      throw new FormatError(`${this.what}: ${quote(place)} of ${quote(shape)} takes more than the file can hold`);
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

// ---- writing

/** What is written into a group: attributes, tensors, groups within. */
export interface Hdf5Content {
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
  readonly tensors?: Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;
  readonly groups?: Readonly<Record<string, Hdf5Content>>;
}

interface Writable {
  create_attribute(name: string, data: unknown, shape?: number[] | null, dtype?: string): void;
  create_dataset(options: { name: string; data: Float32Array; shape: number[] }): unknown;
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
    fill(file as unknown as Writable, content);
  } finally {
    file.close();
  }
  const bytes = FS.readFile(path).slice() as Uint8Array<ArrayBuffer>;
  FS.unlink(path);
  return bytes;
}

function fill(group: Writable, { attributes = {}, tensors = {}, groups = {} }: Hdf5Content): void {
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === 'string') group.create_attribute(name, value);
    else group.create_attribute(name, [...value], [value.length], `S${Math.max(1, ...value.map(bytesOf))}`);
  for (const [name, { data, shape }] of Object.entries(tensors))
    group.create_dataset({ name, data, shape: [...shape] });
  for (const [name, inner] of Object.entries(groups)) fill(group.create_group(name), inner);
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
