// What a monitor has kept. A record is a row of numbers, the first of them its step; rows come in pieces out of the
// core's buffers, and a monitor keeps all of them, the last ones (a ring), those around a trigger, or writes them on.
import { NeuriteError } from '../../core/errors.ts';

export const defaultMaximum = 256 * 1024 ** 2;

export type Numbers = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** What records are of. */
export interface RecordKind<A extends Numbers> {
  make(length: number): A;
  /** Numbers in a row. */
  readonly width: number;
  readonly maximumBytes: number;
  /** For errors. */
  readonly what: string;
}

/** How records are kept. */
export interface Records<A extends Numbers> {
  /** Rows in the order of their steps, all of those up to `step`. A promise where somebody has to be waited for. */
  add(rows: A, step: number): void | Promise<void>;
  /** All that is kept. */
  readonly all: A;
  /** For a snapshot, and from it. */
  readonly record: unknown;
  restore(record: unknown): void;
  /** The most bytes that it would keep with at most so many rows more, over so many steps. */
  bytesWith(rows: number, steps: number): number;
}

/** @throws NeuriteError, before a run, where what it will keep is more than it may */
export function mustHaveRoom(bytes: number, maximumBytes: number, what: string): void {
  if (bytes > maximumBytes)
    throw new NeuriteError(
      `${what}: the run would keep ${bytes} bytes, more than ${maximumBytes}; record less often, fewer neurons, only the last ones, or raise maximumBytes`,
    );
}

/** Pieces put together when somebody looks. */
class Pieces<A extends Numbers> {
  list: A[] = [];
  length = 0;
  private readonly kind: RecordKind<A>;

  constructor(kind: RecordKind<A>) {
    this.kind = kind;
  }

  /** @throws NeuriteError when it would be more than the bound; nothing is added then */
  push(piece: A): void {
    if (!piece.length) return;
    const { maximumBytes, what } = this.kind;
    if ((this.length + piece.length) * piece.BYTES_PER_ELEMENT > maximumBytes)
      throw new NeuriteError(
        `${what}: would keep more than ${maximumBytes} bytes; record less often, fewer neurons, only the last ones, or raise maximumBytes`,
      );
    this.list.push(piece);
    this.length += piece.length;
  }

  shift(): void {
    this.length -= this.list.shift()!.length;
  }

  replace(whole: A): void {
    this.list = whole.length ? [whole] : [];
    this.length = whole.length;
  }

  get all(): A {
    if (this.list.length === 1) return this.list[0]!;
    const whole = this.kind.make(this.length);
    let at = 0;
    for (const piece of this.list) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.replace(whole);
    return whole;
  }
}

const bytesOf = <A extends Numbers>({ width, make }: RecordKind<A>, rows: number): number =>
  rows * width * make(0).BYTES_PER_ELEMENT;

/** The first row from a step on. */
function firstFrom(rows: Numbers, width: number, step: number): number {
  let low = 0;
  let high = rows.length / width;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle * width]! < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of the steps from `first` up to and with `last`. */
function rowsBetween<A extends Numbers>(rows: A, width: number, first: number, last: number): A {
  return rows.slice(firstFrom(rows, width, first) * width, firstFrom(rows, width, last + 1) * width) as A;
}

/** Keeps all, up to the bound. */
export function keepAll<A extends Numbers>(kind: RecordKind<A>): Records<A> {
  const pieces = new Pieces(kind);
  return {
    add: (rows) => pieces.push(rows),
    get all() {
      return pieces.all;
    },
    get record() {
      return pieces.all;
    },
    restore: (all) => pieces.replace(all as A),
    bytesWith: (rows) => bytesOf(kind, pieces.length / kind.width + rows),
  };
}

/** Keeps the rows of the last so many steps, in whole pieces: what is older goes when the next piece comes. */
export function keepLast<A extends Numbers>(kind: RecordKind<A>, steps: number): Records<A> {
  const pieces = new Pieces(kind);
  const { width } = kind;
  let now = 0;
  return {
    add(rows, step) {
      now = step;
      while (pieces.list.length && pieces.list[0]!.at(-width)! <= step - steps) pieces.shift();
      pieces.push(rows);
    },
    get all() {
      return rowsBetween(pieces.all, width, now - steps + 1, now);
    },
    get record() {
      return { all: pieces.all, now };
    },
    restore(record) {
      const { all, now: then } = record as { all: A; now: number };
      pieces.replace(all);
      now = then;
    },
    bytesWith: (rows, ahead) => bytesOf(kind, Math.ceil(rows * Math.min(1, steps / Math.max(1, ahead)))),
  };
}

/** Tells the steps of the triggers so far; what is asked for once is not told again. */
export type Trigger = () => readonly number[];

/** Keeps rows from `before` steps before a trigger up to `after` steps after it; a row of two of them once. */
export function keepAround<A extends Numbers>(
  kind: RecordKind<A>,
  trigger: Trigger,
  before: number,
  after: number,
): Records<A> {
  const kept = new Pieces(kind);
  const { width } = kind;
  // rows that a later trigger may want, and windows that are not yet full
  const waiting = new Pieces({ ...kind, maximumBytes: Infinity });
  let windows: { first: number; last: number }[] = [];
  return {
    add(rows, step) {
      waiting.push(rows);
      // of a window that is full and gone the rows are kept already
      const next = (kept.list.at(-1)?.at(-width) ?? -Infinity) + 1;
      for (const at of trigger()) {
        const open = windows.at(-1);
        if (open && open.last >= at - before - 1) open.last = at + after;
        else windows.push({ first: Math.max(at - before, next), last: at + after });
      }
      const pending = waiting.all;
      for (const window of windows) {
        const last = Math.min(window.last, step);
        kept.push(rowsBetween(pending, width, window.first, last));
        window.first = last + 1;
      }
      windows = windows.filter(({ first, last }) => first <= last);
      waiting.replace(rowsBetween(pending, width, step - before + 1, step));
    },
    get all() {
      return kept.all;
    },
    get record() {
      return { all: kept.all, open: waiting.all, windows: structuredClone(windows) };
    },
    restore(record) {
      const then = record as { all: A; open: A; windows: typeof windows };
      kept.replace(then.all);
      waiting.replace(then.open);
      windows = structuredClone(then.windows);
    },
    bytesWith: (rows) => Math.min(kind.maximumBytes, bytesOf(kind, kept.length / width + rows)),
  };
}

/** Keeps nothing: each piece goes to somebody who writes it, and who is waited for. */
export function writeOn<A extends Numbers>(kind: RecordKind<A>, write: (rows: A) => unknown): Records<A> {
  return {
    add: (rows) => (rows.length ? (write(rows) as void | Promise<void>) : undefined),
    all: kind.make(0),
    record: undefined,
    restore: () => undefined,
    bytesWith: () => 0,
  };
}
