// The memory plan: an offset for every buffer, so that those that are never alive together share memory.
// Lifetimes count instructions. Method: largest first, each at the lowest offset that is free during its life
// (Pisarchyk & Lee 2020, "greedy by size").

/** Memory that instructions read and write; `first` and `last` are the numbers of the instructions between which it lives. */
export interface Buffer {
  readonly bytes: number;
  first: number;
  last: number;
}

const alignment = 64;
const alignUp = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

export interface Plan<B extends Buffer> {
  readonly offsets: ReadonlyMap<B, number>;
  /** The memory that holds all of them. */
  readonly bytes: number;
}

export function planMemory<B extends Buffer>(buffers: readonly B[]): Plan<B> {
  const offsets = new Map<B, number>();
  const placed: { buffer: B; start: number; end: number }[] = [];
  let bytes = 0;
  for (const buffer of buffers.toSorted((a, b) => b.bytes - a.bytes)) {
    const size = alignUp(buffer.bytes);
    let start = 0;
    for (const other of placed) {
      if (other.buffer.last < buffer.first || other.buffer.first > buffer.last) continue;
      if (start + size <= other.start) break;
      start = Math.max(start, other.end);
    }
    offsets.set(buffer, start);
    insertByStart(placed, { buffer, start, end: start + size });
    bytes = Math.max(bytes, start + size);
  }
  return { offsets, bytes };
}

function insertByStart<T extends { start: number }>(sorted: T[], item: T): void {
  const at = sorted.findIndex(({ start }) => start > item.start);
  sorted.splice(at === -1 ? sorted.length : at, 0, item);
}
