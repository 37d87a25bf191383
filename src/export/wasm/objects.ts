// What lies in a module's static data, as the AssemblyScript compiler lays it out: plain constants, and objects with a
// header of twenty bytes. Two kinds of object matter here: functions as values (whose first word is their place in the
// table) and arrays of them (dispatch arrays). Both are recognised by their form.
import type { Data, WasmModule } from './module.ts';

const headerBytes = 20;

export interface StaticData {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  /** Of a function as a value: its place in the table. */
  readonly element: number | null;
  /** Of an array of functions: the address of its first entry. Of any object: of its content. */
  readonly content: number;
  /** Whether it is an array of functions and nothing else. */
  isDispatch: boolean;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;

/** The 32-bit words of a segment, from its first on, zeros beyond its end. */
export function* wordsOf({ start, bytes }: StaticData): Generator<{ address: number; word: number }> {
  for (let at = (4 - (start & 3)) & 3; at < bytes.length; at += 4)
    yield { address: start + at, word: wordAt(bytes, at) };
}

export class StaticMemory {
  readonly segments: readonly StaticData[];
  private readonly tables: readonly StaticData[];
  private readonly places: ReadonlySet<number>;
  private readonly byContent = new Map<number, StaticData>();

  constructor({ data, table }: WasmModule) {
    const tableSize = table?.initial ?? 0;
    this.segments = data.map((segment) => describe(segment, tableSize)).toSorted((a, b) => a.start - b.start);
    this.places = new Set(this.segments.flatMap(({ element }) => (element === null ? [] : [element])));
    this.tables = this.segments.filter(({ content, start, end }) => !content && end - start > 4);
    for (const segment of this.segments) if (segment.content) this.byContent.set(segment.content, segment);
    for (const segment of this.segments) segment.isDispatch = this.isDispatch(segment);
  }

  /** The segment that holds an address. */
  at(address: number): StaticData | undefined {
    let low = 0;
    let high = this.segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = this.segments[middle]!;
      if (address < segment.start) high = middle - 1;
      else if (address >= segment.end) low = middle + 1;
      else return segment;
    }
    return undefined;
  }

  /** Whether an object is the function at a place of the table. */
  hasFunction(place: number): boolean {
    return this.places.has(place);
  }

  /** Plain constants of more than a word that begin up to `reach` bytes behind an address. */
  tablesBehind(address: number, reach: number): StaticData[] {
    return this.tables.filter(({ start }) => start > address && start <= address + reach);
  }

  /** The object whose content begins at an address. */
  object(address: number): StaticData | undefined {
    return this.byContent.get(address);
  }

  /** A word of a function as a value or of a dispatch array, which nothing writes to; undefined elsewhere. */
  constant(address: number): number | undefined {
    const segment = this.at(address);
    if (!segment || !(segment.isDispatch || segment.element !== null)) return undefined;
    return wordAt(segment.bytes, address - segment.start);
  }

  /** Entries of 0 are of functions that were dropped before. */
  private isDispatch({ start, content, end, bytes, element }: StaticData): boolean {
    if (!content || element !== null) return false;
    let functions = 0;
    for (let address = content; address < end; address += 4) {
      const word = wordAt(bytes, address - start);
      if (word === 0) continue;
      if ((this.byContent.get(word)?.element ?? null) === null) return false;
      functions++;
    }
    return functions > 0;
  }
}

/** A header is: the block's size, two words of 0, the class, the content's size. */
function describe({ offset, bytes }: Data, tableSize: number): StaticData {
  const size = wordAt(bytes, 16);
  const isObject =
    bytes.length > headerBytes - 4 &&
    wordAt(bytes, 0) >= size + 16 &&
    wordAt(bytes, 4) === 0 &&
    wordAt(bytes, 8) === 0 &&
    size + headerBytes <= bytes.length + 8;
  const element = wordAt(bytes, headerBytes);
  const isFunction = isObject && size === 8 && element > 0 && element < tableSize && wordAt(bytes, 24) === 0;
  return {
    start: offset,
    end: offset + (isObject ? headerBytes + size : bytes.length),
    bytes,
    element: isFunction ? element : null,
    content: isObject ? offset + headerBytes : 0,
    isDispatch: false,
  };
}
