// What a caller gives and gets: tensors of any typed array, checked and turned into the model's types.
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sizeOf, type Shape } from '../../graph/graph.ts';
import type { Value } from './builder.ts';
import { hostData, integerRange, isFloat, type DataType, type HostTensor } from './types.ts';

type Numbers = ArrayLike<number> | ArrayLike<bigint> | readonly boolean[];

/** Values in row-major order and their shape; without a shape that of the model, where only one fits. */
export type OnnxFeed = { readonly data: Numbers; readonly shape: readonly number[] } | Numbers | number;

/** Floats, and integers and booleans as Int32Array. Float64Array only where float32 does not hold a float64 result. */
export interface OnnxTensor {
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly shape: readonly number[];
}

/** @throws ShapeError where the values do not fill the shape, RangeError for what the type does not hold */
export function feedData(
  feed: OnnxFeed,
  type: DataType,
  declared: readonly (number | string)[] | null,
  what: string,
): HostTensor {
  const { data, shape } = withShape(feed, declared, what);
  if (data.length !== sizeOf(shape))
    throw new ShapeError(`${what}: ${data.length} values do not fill ${formatShape(shape)}`);
  const numbers = hostData(isFloat(type) ? 'float32' : 'int32', data.length);
  const [least, greatest] = isFloat(type) ? [-Infinity, Infinity] : feedRange(type);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (value < least || value > greatest || (!isFloat(type) && !Number.isInteger(value)))
      throw new RangeError(`${what}: element ${i} is ${value}, which ${type} does not hold here`);
    numbers[i] = value;
  }
  if (type === 'float64' && exceedsFloat32(data))
    return { type, shape, data: Float64Array.from(data as ArrayLike<number>, Number) };
  return { type, shape, data: numbers };
}

const greatestFloat32 = 3.4028234663852886e38;

function exceedsFloat32(data: Numbers): boolean {
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(Number(data[i]));
    if (magnitude > greatestFloat32 && magnitude !== Infinity) return true;
  }
  return false;
}

/** Integers of 64 bits are computed in 32. */
function feedRange(type: DataType): readonly [number, number] {
  if (type === 'int64') return [-(2 ** 31), 2 ** 31 - 1];
  return type === 'uint64' ? [0, 2 ** 31 - 1] : integerRange(type);
}

function withShape(
  feed: OnnxFeed,
  declared: readonly (number | string)[] | null,
  what: string,
): { data: Numbers; shape: Shape } {
  if (typeof feed === 'object' && 'shape' in feed) return feed as { data: Numbers; shape: Shape };
  const data = typeof feed === 'number' ? [feed] : (feed as Numbers);
  if (!data || typeof data.length !== 'number')
    throw new TypeError(`${what}: expected { data, shape } or an array of numbers`);
  const free = declared?.filter((size) => typeof size === 'string').length ?? 2;
  if (free > 1) throw new ShapeError(`${what}: give { data, shape }, its shape is not known from the model`);
  const known = sizeOf(declared!.filter((size) => typeof size === 'number') as number[]);
  return { data, shape: declared!.map((size) => (typeof size === 'number' ? size : data.length / known)) };
}

/** A result copied out of the memory. */
export function outputData({ shape, host }: Value, view: Float32Array | Int32Array): OnnxTensor {
  const isWide = host?.data instanceof Float64Array && host.type === 'float64' && exceedsFloat32(host.data);
  return { data: isWide ? Float64Array.from(host.data) : view.slice(), shape: [...shape] };
}
