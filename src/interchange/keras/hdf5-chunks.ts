// Datasets that are stored in chunks, compressed or not, as h5py writes them: read here and not by jsfive, which goes over
// whatever number of chunks a damaged file claims. Nothing is done twice for a place, nothing unpacks to more than a chunk,
// and what all chunks take is charged before any is unpacked.
// Source: HDF5 File Format Specification 3.0, III.A.1 (version 1 B-trees), IV.A.2.i (layout) and l (filters).
import { FormatError } from '../../core/errors.ts';
import type { HeaderMessage } from './hdf5-attributes.ts';

const layoutType = 8;
const filtersType = 11;
const deflate = 1;
const shuffle = 2;
const checksum = 3;

interface Layout {
  readonly address: number;
  readonly chunk: readonly number[];
  readonly itemBytes: number;
}

/** fflate's `unzlibSync`, which is loaded with the first file. */
export type Unpack = (bytes: Uint8Array, options: { out: Uint8Array }) => Uint8Array;

export interface Chunking {
  /** Of one element, by the dataset's type. */
  readonly itemBytes: number;
  readonly unpack: Unpack;
  /** Told of the bytes of all chunks unpacked, throws where they are too many. */
  readonly charge: (bytes: number) => void;
}

/**
 * The bytes of a dataset in the order of its elements.
 * @throws FormatError, or RangeError of a DataView, for a damaged file
 */
export function chunkedBytes(
  file: ArrayBuffer,
  messages: readonly HeaderMessage[],
  shape: readonly number[],
  { itemBytes, unpack, charge }: Chunking,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(file);
  const layout = layoutOf(view, placeOf(messages, layoutType)!);
  const { chunk } = layout;
  if (layout.itemBytes !== itemBytes) throw new FormatError(`chunks of ${layout.itemBytes} bytes a number`);
  const chunkBytes = chunk.reduce((product, size) => product * size, itemBytes);
  if (chunk.length !== shape.length || !(chunkBytes > 0))
    throw new FormatError(`chunks of ${chunk.join(' × ')} do not fit`);
  const filters = filtersOf(view, placeOf(messages, filtersType));
  const chunks = chunksOf(view, layout, shape);
  charge(chunks.length * chunkBytes);
  const bytes = new Uint8Array(shape.reduce((product, size) => product * size, itemBytes));
  for (const { offsets, address, stored, mask } of chunks) {
    if (!(address + stored <= file.byteLength)) throw new FormatError('a chunk ends outside of the file');
    const raw = new Uint8Array(file, address, stored);
    copyChunk(
      bytes,
      unfiltered(
        raw,
        filters.filter((_, k) => !((mask >>> k) & 1)),
        { chunkBytes, itemBytes, unpack },
      ),
      { shape, chunk, itemBytes, offsets },
    );
  }
  return bytes;
}

const placeOf = (messages: readonly HeaderMessage[], type: number): number | undefined => {
  const message = messages.find((each) => Number(each.get('type')) === type);
  return message && Number(message.get('offset_to_message'));
};

function layoutOf(view: DataView, at: number): Layout {
  const [version, kind, dimensions] = [0, 1, 2].map((k) => view.getUint8(at + k)) as [number, number, number];
  if (version !== 3 || kind !== 2 || dimensions < 2 || dimensions > 17)
    throw new FormatError(`a layout of version ${version} is not known`);
  const sizes = Array.from({ length: dimensions }, (_, k) => view.getUint32(at + 11 + 4 * k, true));
  return { address: address(view, at + 3), chunk: sizes.slice(0, -1), itemBytes: sizes.at(-1)! };
}

const address = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** The numbers of the filters, in the order in which they were applied. */
function filtersOf(view: DataView, begin: number | undefined): number[] {
  if (begin === undefined) return [];
  const version = view.getUint8(begin);
  let at = begin + (version === 1 ? 8 : 2);
  return Array.from({ length: view.getUint8(begin + 1) }, () => {
    const id = view.getUint16(at, true);
    const isNamed = version === 1 || id >= 256;
    const nameBytes = isNamed ? view.getUint16(at + 2, true) : 0;
    const values = view.getUint16(at + (isNamed ? 6 : 4), true);
    const padded = version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes;
    at += (isNamed ? 8 : 6) + padded + 4 * values + (version === 1 && values % 2 === 1 ? 4 : 0);
    if (![deflate, shuffle, checksum].includes(id)) throw new FormatError(`the filter ${id} is not known`);
    return id;
  });
}

const isMultiple = (x: number, of: number): boolean => x % of === 0;

interface Chunk {
  readonly offsets: readonly number[];
  readonly address: number;
  readonly stored: number;
  readonly mask: number;
}

/** The leaves of the tree; each place of the data at most once. */
function chunksOf(view: DataView, { address: root, chunk }: Layout, shape: readonly number[]): Chunk[] {
  const keyBytes = 8 + 8 * (chunk.length + 1);
  const found = new Map<string, Chunk>();
  let left = view.byteLength / keyBytes;
  const visit = (at: number, level: number | undefined): void => {
    if (view.getUint32(at, true) !== 0x45455254 || view.getUint8(at + 4) !== 1)
      throw new FormatError('the tree of chunks is broken');
    const own = view.getUint8(at + 5);
    if (level !== undefined && own !== level) throw new FormatError('the tree of chunks has a wrong level');
    const entries = view.getUint16(at + 6, true);
    left -= entries + 1;
    if (left < 0) throw new FormatError('the tree of chunks is larger than the file');
    for (let entry = 0; entry < entries; entry++) {
      const key = at + 24 + entry * (keyBytes + 8);
      const child = address(view, key + keyBytes);
      if (own > 0) {
        visit(child, own - 1);
        continue;
      }
      const offsets = chunk.map((_, axis) => address(view, key + 8 + 8 * axis));
      if (!offsets.every((offset, axis) => offset < shape[axis]! && isMultiple(offset, chunk[axis]!)))
        throw new FormatError(`a chunk begins at ${offsets.join(', ')}`);
      const [stored, mask] = [view.getUint32(key, true), view.getUint32(key + 4, true)];
      found.set(offsets.join(), { offsets, address: child, stored, mask });
    }
  };
  if (root < 2 ** 53) visit(root, undefined);
  return [...found.values()];
}

interface Unfiltering {
  readonly chunkBytes: number;
  readonly itemBytes: number;
  readonly unpack: Unpack;
}

/** What was stored, with its filters undone, the last first. */
function unfiltered(
  raw: Uint8Array,
  filters: readonly number[],
  { chunkBytes, itemBytes, unpack }: Unfiltering,
): Uint8Array {
  let bytes = raw;
  for (const filter of filters.toReversed()) {
    if (filter === checksum) bytes = bytes.subarray(0, -4);
    // a checksum's four bytes are inside where it was applied first
    else if (filter === deflate) bytes = unpack(bytes, { out: new Uint8Array(chunkBytes + 4) });
    else bytes = unshuffled(bytes, itemBytes);
  }
  if (bytes.length < chunkBytes) throw new FormatError(`a chunk has ${bytes.length} bytes, not ${chunkBytes}`);
  return bytes;
}

function unshuffled(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const items = Math.floor(bytes.length / itemBytes);
  const out = new Uint8Array(bytes.length);
  for (let part = 0; part < itemBytes; part++)
    for (let item = 0; item < items; item++) out[item * itemBytes + part] = bytes[part * items + item]!;
  return out;
}

interface Place {
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
  readonly itemBytes: number;
  readonly offsets: readonly number[];
}

/** Row by row of the last axis, without what of a chunk is beyond the data. */
function copyChunk(to: Uint8Array, from: Uint8Array, { shape, chunk, itemBytes, offsets }: Place): void {
  const last = shape.length - 1;
  const rowBytes = itemBytes * Math.min(chunk[last]!, shape[last]! - offsets[last]!);
  const copy = (axis: number, target: number, source: number): void => {
    if (axis === last) {
      const start = (target * shape[last]! + offsets[last]!) * itemBytes;
      const begin = source * chunk[last]! * itemBytes;
      to.set(from.subarray(begin, begin + rowBytes), start);
      return;
    }
    const count = Math.min(chunk[axis]!, shape[axis]! - offsets[axis]!);
    for (let i = 0; i < count; i++)
      copy(axis + 1, target * shape[axis]! + offsets[axis]! + i, source * chunk[axis]! + i);
  };
  copy(0, 0, 0);
}
