// What the readers of files share: typed arrays over bytes, shapes that may lie, words of errors.
import { FormatError } from '../core/errors.ts';

export type NumericArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface NumericArrayConstructor<T extends NumericArray = NumericArray> {
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** A typed array of `length` elements over a part of a buffer: a view where the place is aligned, else a copy. */
export function viewOrCopy<T extends NumericArray>(
  array: NumericArrayConstructor<T>,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): T {
  const width = array.BYTES_PER_ELEMENT;
  if (offset % width === 0) return new array(buffer, offset, length);
  return new array(buffer.slice(offset, offset + length * width), 0, length);
}

/** The product of sizes times a width in bytes. @throws FormatError where it is no safe integer */
export function checkedBytes(shape: readonly number[], width: number, what: string): number {
  let bytes = width;
  for (const size of shape) bytes *= size;
  // Sizes of which one is 0 hold nothing, whatever the others say.
  if (shape.includes(0)) return 0;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new FormatError(`${what}: the shape ${quote(shape)} overflows`);
}

export function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((length) => Number.isSafeInteger(length) && length >= 0 && !Object.is(length, -0))
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for a message, cut where it is long; nothing nested, as that may be deeper than the stack. */
export function quote(value: unknown): string {
  if (Array.isArray(value))
    return cut(`[${value.slice(0, 20).map(quoteFlat).join(', ')}${value.length > 20 ? ', …' : ''}]`);
  return cut(quoteFlat(value));
}

function quoteFlat(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
