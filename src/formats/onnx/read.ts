// Bytes to messages (schema.ts), strictly: every length must lie inside its message, every field must have the wire type
// of its kind, messages may nest only so deep. What fails says where. Numbers in packed lists are read into typed arrays
// counted beforehand, so that the memory stays within a few times the file's.
import { PbfReader } from 'pbf';
import { FormatError } from '../../core/errors.ts';
import { schema, type Field, type FieldKind, type MessageName, type ModelProto, type TensorProto } from './schema.ts';

/** Graphs within graphs (the branches of an If) count twice each; no sound model comes near. */
const deepest = 64;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

const wireTypes: Partial<Record<FieldKind, readonly number[]>> = {
  int: [varint],
  float: [fixed32],
  ints: [varint, delimited],
  floats: [fixed32, delimited],
  doubles: [fixed64, delimited],
};

type Message = Record<string, unknown>;

class StrictReader extends PbfReader {
  private readonly what: string;
  private readonly path: string[] = [];

  constructor(bytes: Uint8Array, what: string) {
    super(bytes);
    this.what = what;
  }

  fail(reason: string): never {
    const place = this.path.length ? ` (in ${this.path.slice(0, 8).join('.')}${this.path.length > 8 ? '…' : ''})` : '';
    throw new FormatError(`${this.what}: ${reason} at byte ${Math.min(this.pos, this.length)}${place}`);
  }

  message(name: MessageName, end: number): Message {
    if (this.path.length > deepest) this.fail(`messages are nested more than ${deepest} deep`);
    const fields = schema[name];
    const result: Message = {};
    while (this.pos < end) {
      const tag = this.readVarint();
      const [number, type] = [tag >>> 3, tag & 7];
      if (number === 0 || this.pos > end) this.fail('the protocol buffer is damaged');
      const field = fields.get(number);
      if (!field) this.pass(type, end);
      else {
        this.path.push(field.name);
        this.field(result, field, type, end);
        this.path.pop();
      }
      if (this.pos > end) this.fail('a field goes beyond the end of its message');
    }
    return result;
  }

  private field(result: Message, { name, kind, repeated }: Field, type: number, end: number): void {
    if (!(wireTypes[kind] ?? [delimited]).includes(type))
      this.fail(`a field of kind ${kind} is stored with wire type ${type}`);
    if (kind === 'ints' || kind === 'floats' || kind === 'doubles') {
      result[name] = joined(result[name] as Float64Array | undefined, this.numbers(kind, type, end));
      return;
    }
    const value = this.value(kind, end);
    if (repeated) ((result[name] ??= []) as unknown[]).push(value);
    else result[name] = value;
  }

  private value(kind: FieldKind, end: number): unknown {
    if (kind === 'int') return this.readVarint(true);
    if (kind === 'float') return this.readFixed(4, end, () => this.readFloat());
    const length = this.lengthWithin(end);
    const start = this.pos;
    if (kind === 'bytes' || kind === 'string') {
      this.pos += length;
      const bytes = this.buf.subarray(start, this.pos);
      return kind === 'bytes' ? bytes : text.decode(bytes);
    }
    return this.message(kind as MessageName, start + length);
  }

  private numbers(
    kind: 'ints' | 'floats' | 'doubles',
    type: number,
    end: number,
  ): Float64Array | Float32Array | number {
    if (type === varint) return this.readVarint(true);
    if (type === fixed32) return this.readFixed(4, end, () => this.readFloat());
    if (type === fixed64) return this.readFixed(8, end, () => this.readDouble());
    const length = this.lengthWithin(end);
    const last = this.pos + length;
    if (kind === 'ints') return this.packedInts(last);
    const bytes = kind === 'floats' ? 4 : 8;
    if (length % bytes !== 0) this.fail(`a packed list of ${length} bytes is not of ${bytes}-byte numbers`);
    const copy = this.buf.slice(this.pos, last).buffer;
    this.pos = last;
    return kind === 'floats' ? new Float32Array(copy) : new Float64Array(copy);
  }

  private packedInts(last: number): Float64Array {
    let count = 0;
    for (let at = this.pos; at < last; at++) if (this.buf[at]! < 0x80) count++;
    const result = new Float64Array(count);
    for (let i = 0; i < count; i++) result[i] = this.readVarint(true);
    if (this.pos !== last) this.fail('a packed list ends inside a number');
    return result;
  }

  private lengthWithin(end: number): number {
    const length = this.readVarint();
    if (!(length >= 0 && this.pos + length <= end))
      this.fail(`a length of ${length} bytes goes beyond the end of its message`);
    return length;
  }

  private readFixed(bytes: number, end: number, read: () => number): number {
    if (this.pos + bytes > end) this.fail('the file ends inside a number');
    return read();
  }

  /** A field that the schema does not have. */
  private pass(type: number, end: number): void {
    if (type === varint) this.readVarint();
    else if (type === fixed64) this.pos += 8;
    else if (type === fixed32) this.pos += 4;
    else if (type === delimited) {
      const length = this.lengthWithin(end);
      this.pos += length;
    } else this.fail(`unknown wire type ${type}`);
  }

  override readVarint(isSigned?: boolean): number {
    if (this.pos >= this.length) this.fail('the file ends inside a number');
    try {
      return super.readVarint(isSigned);
    } catch {
      return this.fail(this.pos >= this.length ? 'the file ends inside a number' : 'a number is longer than 10 bytes');
    }
  }
}

const text = new TextDecoder();

/** Packed lists may come in pieces, and unpacked ones number by number. */
function joined(known: Float64Array | Float32Array | number[] | undefined, more: Float64Array | Float32Array | number) {
  if (typeof more !== 'number' && !known) return more;
  const list = Array.isArray(known) ? known : Array.from(known ?? []);
  if (typeof more === 'number') list.push(more);
  else for (const number of more) list.push(number);
  return list;
}

/** @throws FormatError naming `what` and the byte where the bytes are no such message */
export function readMessage(name: MessageName, bytes: Uint8Array, what: string): object {
  // A Buffer of Node slices without copying.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new StrictReader(plain, what);
  return reader.message(name, bytes.length);
}

export const readModel = (bytes: Uint8Array, what: string): ModelProto => readMessage('ModelProto', bytes, what);
export const readTensor = (bytes: Uint8Array, what: string): TensorProto => readMessage('TensorProto', bytes, what);
