// A tensor: a typed array and a shape, row-major, and how one is made from what people have (numbers,
// nested arrays, typed arrays). No arithmetic here: that is `neurite/ops`.
import { ShapeError } from '../core/errors.ts';
import { formatShape } from '../core/shape.ts';

export { formatShape } from '../core/shape.ts';

/** `f32` is held in a Float32Array, `i32` in an Int32Array. */
export type DType = 'f32' | 'i32';

/** Values in row-major order: the last axis varies fastest. */
export interface Tensor {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** What `tensor` takes: a number, arrays nested to any depth, or a typed array (also as a row). */
export type TensorValues = number | NumberArray | readonly TensorValues[];

export type NestedNumbers = number | NestedNumbers[];

const maximumRank = 32;

/**
 * Makes a tensor. Without a shape it has that of the nested arrays; with one, the values are read in
 * order into it. Float32Array and Int32Array are wrapped, not copied, where the dtype is theirs.
 * Without a dtype, integer typed arrays become i32 and everything else f32.
 *
 * @example tensor([[1, 2], [3, 4]]).shape // [2, 2]
 * @throws TypeError for anything that is not a number, with its place
 * @throws ShapeError for ragged arrays and for a shape that does not hold so many values
 * @throws RangeError for a value that i32 cannot hold
 */
export function tensor(values: TensorValues, shape?: readonly number[], dtype?: DType): Tensor {
  if (dtype !== undefined && dtype !== 'f32' && dtype !== 'i32')
    throw new TypeError(`tensor: expected dtype 'f32' or 'i32', got ${describeValue(dtype)}`);
  const made = isNumberArray(values) ? fromTypedArray(values, dtype) : fromNested(values, dtype ?? 'f32');
  return shape === undefined ? made : { data: made.data, shape: checkedShape(shape, made.data.length) };
}

export function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null) return false;
  const { data, shape } = value as Partial<Tensor>;
  return (
    (data instanceof Float32Array || data instanceof Int32Array) &&
    Array.isArray(shape) &&
    shape.every((length) => Number.isSafeInteger(length) && length >= 0) &&
    shape.reduce((product, length) => product * length, 1) === data.length
  );
}

export function dtypeOf(value: Tensor): DType {
  return value.data instanceof Float32Array ? 'f32' : 'i32';
}

/**
 * The number of values that a shape holds; 1 for `[]`.
 * @throws ShapeError for a negative or fractional length, and for a product above 2⁵³ − 1
 */
export function size(shape: readonly number[]): number {
  let product = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0)
      throw new ShapeError(`shape: expected whole numbers, none negative, got ${formatShape(shape)}`);
    product *= length;
    if (!Number.isSafeInteger(product)) throw new ShapeError(`shape: ${formatShape(shape)} holds too many values`);
  }
  return product;
}

/** The number of values in one row (an element of the first axis). */
export function rowSize(value: Tensor): number {
  return size(value.shape.slice(1));
}

/** Nested arrays with the tensor's values; a plain number for the shape `[]`. */
export function toNested(value: Tensor): NestedNumbers {
  const nest = (depth: number, start: number, length: number): NestedNumbers => {
    if (depth === value.shape.length) return value.data[start];
    const step = length / value.shape[depth];
    return Array.from({ length: value.shape[depth] }, (_, index) => nest(depth + 1, start + index * step, step));
  };
  return nest(0, 0, value.data.length);
}

/**
 * Refuses NaN and infinity.
 * @param what how the message calls the tensor, as in `inputs`
 * @throws RangeError with the first place: `inputs: NaN at row 3, column 17; …`
 */
export function checkFinite(value: Tensor, what: string): void {
  const { data } = value;
  if (data instanceof Int32Array) return;
  let first = 0;
  while (first < data.length && Number.isFinite(data[first])) first++;
  if (first === data.length) return;
  const count = data.reduce((total, number) => total + (Number.isFinite(number) ? 0 : 1), 0);
  throw new RangeError(
    `${what}: ${data[first]} at ${placeOf(first, value.shape)}; expected finite values, ${count} of ${data.length} are not`,
  );
}

/** Where the flat index lies: `row 3, column 17`, or `row 3, [0, 5, 1]` above two axes. */
export function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  if (place.length === 0) return 'the only value';
  if (place.length === 1) return `row ${place[0]}`;
  return `row ${place[0]}, ${place.length === 2 ? `column ${place[1]}` : formatShape(place.slice(1))}`;
}

function isNumberArray(value: unknown): value is NumberArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView || value instanceof BigInt64Array || value instanceof BigUint64Array)
  );
}

function fromTypedArray(values: NumberArray, dtype?: DType): Tensor {
  const shape = [values.length];
  const isFloat = values instanceof Float32Array || values instanceof Float64Array;
  if ((dtype ?? (isFloat ? 'f32' : 'i32')) === 'f32')
    return { data: values instanceof Float32Array ? values : Float32Array.from(values), shape };
  if (values instanceof Int32Array) return { data: values, shape };
  const data = new Int32Array(values.length);
  for (let index = 0; index < data.length; index++) data[index] = asInt32(values[index], [index]);
  return { data, shape };
}

function fromNested(values: TensorValues, dtype: DType): Tensor {
  const shape = shapeOfFirst(values);
  const data = dtype === 'f32' ? new Float32Array(size(shape)) : new Int32Array(size(shape));
  const path: number[] = [];
  let next = 0;
  const copy = (node: TensorValues): void => {
    if (path.length === shape.length) {
      data[next++] = dtype === 'f32' ? asNumber(node, path) : asInt32(asNumber(node, path), path);
      return;
    }
    const length = asList(node, shape, path).length;
    for (let index = 0; index < length; index++) {
      path.push(index);
      copy((node as readonly TensorValues[])[index]);
      path.pop();
    }
  };
  // The lengths of all rows are checked before their values, for the message that helps more.
  checkNesting(values, shape, path);
  copy(values);
  return { data, shape };
}

/** The lengths on the way to the first value; every other place must agree with them. */
function shapeOfFirst(values: TensorValues): number[] {
  const shape: number[] = [];
  let node: unknown = values;
  while (Array.isArray(node) || isNumberArray(node)) {
    shape.push(node.length);
    if (shape.length > maximumRank) throw new ShapeError(`tensor: arrays are nested deeper than ${maximumRank} levels`);
    if (node.length === 0) break;
    node = node[0];
  }
  return shape;
}

function checkNesting(node: unknown, shape: readonly number[], path: number[]): void {
  if (path.length === shape.length) return;
  const list = asList(node, shape, path);
  if (path.length === shape.length - 1) return;
  for (let index = 0; index < list.length; index++) {
    path.push(index);
    checkNesting(list[index], shape, path);
    path.pop();
  }
}

function asList(node: unknown, shape: readonly number[], path: readonly number[]): ArrayLike<unknown> {
  const expected = shape[path.length];
  if (!Array.isArray(node) && !isNumberArray(node)) {
    throw new TypeError(`tensor: expected an array of ${expected}${at(path)}, got ${describeValue(node)}`);
  }
  if (node.length === expected) return node;
  const first = path.map(() => 0);
  throw new ShapeError(
    `tensor: ragged array: ${rowName(path)} has ${countOf(node.length)}, ${rowName(first)} has ${expected}`,
  );
}

function asNumber(node: unknown, path: readonly number[]): number {
  if (typeof node === 'number') return node;
  const wanted = path.length === 0 ? 'a number, arrays of numbers or a typed array' : 'a number';
  throw new TypeError(`tensor: expected ${wanted}${at(path)}, got ${describeValue(node)}`);
}

function asInt32(value: number, path: readonly number[]): number {
  if ((value | 0) === value) return value;
  throw new RangeError(`tensor: expected a whole number of 32 bits${at(path)}, got ${value}`);
}

function checkedShape(shape: readonly number[], length: number): readonly number[] {
  if (!Array.isArray(shape)) throw new TypeError(`tensor: expected the shape as an array, got ${describeValue(shape)}`);
  const expected = size(shape);
  if (expected !== length)
    throw new ShapeError(`tensor: shape ${formatShape(shape)} holds ${countOf(expected)}, got ${length}`);
  return [...shape];
}

function at(path: readonly number[]): string {
  return path.length === 0 ? '' : ` at ${formatShape(path)}`;
}

function rowName(path: readonly number[]): string {
  return path.length === 1 ? `row ${path[0]}` : formatShape(path);
}

function countOf(count: number): string {
  return count === 1 ? '1 value' : `${count} values`;
}

/** What a wrong value is, for an error's message. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  if (Array.isArray(value) || isNumberArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'Object'})` : `a ${typeof value}`;
}
