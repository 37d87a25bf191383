// Reading and writing the primitive encodings of WebAssembly's binary format: bytes and LEB128 integers.
// source: WebAssembly core specification 2.0, 5.2
import { FormatError } from '../../core/errors.ts';

export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** @throws FormatError past the end */
  byte(): number {
    if (this.position >= this.end) throw new FormatError(`wasm: the module ends at byte ${this.end}, inside an item`);
    return this.bytes[this.position++]!;
  }

  take(count: number): Uint8Array {
    if (count > this.end - this.position)
      throw new FormatError(`wasm: ${count} bytes at ${this.position} reach beyond the end of their section`);
    const taken = this.bytes.subarray(this.position, this.position + count);
    this.position += count;
    return taken;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new FormatError(`wasm: an integer longer than 32 bits at byte ${this.position}`);
  }

  /** A signed LEB128 of at most 33 bits. */
  signed(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) return byte & 64 ? value - 2 ** shift : value;
      if (shift >= 35) throw new FormatError(`wasm: an integer longer than 32 bits at byte ${this.position}`);
    }
  }

  skipLeb(): void {
    while (this.byte() >= 128);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  list<T>(read: (reader: this, index: number) => T): T[] {
    const count = this.unsigned();
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this, i));
    return items;
  }
}

/** Grows as it is written to. */
export class ByteWriter {
  private bytes = new Uint8Array(256);
  length = 0;

  /** What was written so far; a copy. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  /** Forgets everything from `length` on. */
  truncate(length: number): void {
    this.length = length;
  }

  byte(value: number): this {
    this.reserve(1);
    this.bytes[this.length++] = value;
    return this;
  }

  raw(bytes: ArrayLike<number>): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  unsigned(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    return this.byte(rest);
  }

  signed(value: number): this {
    let rest = value;
    for (;;) {
      const low = ((rest % 128) + 128) % 128;
      rest = Math.floor(rest / 128);
      if ((rest === 0 && low < 64) || (rest === -1 && low >= 64)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  name(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.unsigned(bytes.length).raw(bytes);
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.unsigned(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** What `write` writes, preceded by its number of bytes. */
  sized(write: (inner: ByteWriter) => void): this {
    const inner = new ByteWriter();
    write(inner);
    return this.unsigned(inner.length).raw(inner.bytes.subarray(0, inner.length));
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.length + count, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
