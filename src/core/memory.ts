// The linear memory of one instance: who owns which bytes, and the typed-array views of them.
// Views die when the memory grows; `f32`, `i32` and `u32` are derived anew here and nowhere else.
import { NeuriteError } from './errors.ts';

export const pageSize = 65536;
/** WebAssembly's limit for 32-bit addresses. */
export const maximumBytes = 4 * 1024 ** 3;
const alignment = 64;

interface Block {
  address: number;
  bytes: number;
}

/** @throws NeuriteError when so many bytes cannot exist in one WebAssembly memory; nothing is allocated */
export function checkFits(bytes: number, what: string): void {
  if (bytes > maximumBytes)
    throw new NeuriteError(
      `${what}: needs ${(bytes / 1024 ** 3).toFixed(2)} GiB of memory, more than the 4 GiB that WebAssembly can address`,
    );
}

/** Asks the engine for memory. @throws NeuriteError when it refuses */
export function fromEngine<T>(bytes: number, what: string, ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    throw new NeuriteError(`${what}: the engine refused ${Math.ceil(bytes / 1024 ** 2)} MiB of WebAssembly memory`, {
      cause,
    });
  }
}

export class Memory {
  /** Counts how often the memory grew: a view taken at another count is dead. */
  generation = 0;
  private readonly memory: WebAssembly.Memory;
  private end: number;
  /** The end of all that was ever given out: beyond it the memory is zero. */
  private highest = 0;
  private free: Block[] = [];
  private readonly owned = new Map<number, number>();
  private views: {
    buffer: ArrayBuffer;
    f32: Float32Array<ArrayBuffer>;
    i32: Int32Array<ArrayBuffer>;
    u32: Uint32Array<ArrayBuffer>;
  };

  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    this.end = alignUp(base);
    this.views = this.derive();
  }

  /** The bytes of the instance's memory. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Reserves bytes at a 64-byte boundary, zeroed, growing the memory where it must. Existing views may die. */
  allocate(bytes: number, what = 'allocation'): number {
    const size = alignUp(Math.max(1, bytes));
    const address = this.reuse(size) ?? this.extend(size, what);
    this.owned.set(address, size);
    // What lies beyond all that was ever given out is as the engine made it.
    const dirty = Math.min(address + size, this.highest) - address;
    if (dirty > 0) new Uint8Array(this.memory.buffer, address, dirty).fill(0);
    this.highest = Math.max(this.highest, address + size);
    return address;
  }

  /** Gives an allocation back. */
  release(address: number): void {
    const bytes = this.owned.get(address);
    if (bytes === undefined) throw new NeuriteError(`memory: ${address} is not an allocation`);
    this.owned.delete(address);
    this.free.push({ address, bytes });
    this.free.sort((a, b) => a.address - b.address);
    this.coalesce();
  }

  /** `length` floats at an address; valid until the memory grows. */
  floats(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  /** `length` 32-bit integers at an address; valid until the memory grows. */
  integers(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  /** `length` doubles at an address; valid until the memory grows. */
  doubles(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  /** `length` bytes at an address; valid until the memory grows. */
  bytesAt(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, address, length);
  }

  /** The whole memory as floats: index = address / 4. */
  get f32(): Float32Array<ArrayBuffer> {
    return this.current().f32;
  }

  /** The whole memory as signed integers. */
  get i32(): Int32Array<ArrayBuffer> {
    return this.current().i32;
  }

  /** The whole memory as words. */
  get u32(): Uint32Array<ArrayBuffer> {
    return this.current().u32;
  }

  private current() {
    if (this.views.buffer !== this.memory.buffer) this.views = this.derive();
    return this.views;
  }

  private derive() {
    const buffer = this.memory.buffer as ArrayBuffer;
    return { buffer, f32: new Float32Array(buffer), i32: new Int32Array(buffer), u32: new Uint32Array(buffer) };
  }

  /** The smallest free block that holds `size`, cut to it. */
  private reuse(size: number): number | undefined {
    let best: Block | undefined;
    for (const block of this.free) if (block.bytes >= size && (!best || block.bytes < best.bytes)) best = block;
    if (!best) return undefined;
    const { address } = best;
    best.address += size;
    best.bytes -= size;
    if (best.bytes === 0) this.free = this.free.filter((block) => block !== best);
    return address;
  }

  private extend(size: number, what: string): number {
    const address = this.end;
    const needed = address + size;
    checkFits(needed, what);
    const missing = Math.ceil((needed - this.bytes) / pageSize);
    if (missing > 0) {
      fromEngine(needed, what, () => this.memory.grow(missing));
      this.generation++;
    }
    this.end = needed;
    return address;
  }

  private coalesce(): void {
    const merged: Block[] = [];
    for (const block of this.free) {
      const last = merged.at(-1);
      if (last && last.address + last.bytes === block.address) last.bytes += block.bytes;
      else merged.push(block);
    }
    const top = merged.at(-1);
    if (top && top.address + top.bytes === this.end) {
      this.end = top.address;
      merged.pop();
    }
    this.free = merged;
  }
}

const alignUp = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
