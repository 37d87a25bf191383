// What one tensor of a PyTorch module is in neurite, and back: transposed, split, added. An entry is a few tensors on one
// side that are a few values on the other. PyTorch stores kernels [out, in / groups, ...k] (of a transposed convolution
// [in, out / groups, ...k]) and neurite the reverse, [...k, in / groups, out]; gates and their order are the same.
import { sizeOf, type Shape } from '../../graph/graph.ts';
import { permuteAxes } from '../../formats/permute.ts';
import type { FeatureOrder } from './order.ts';

export interface Place {
  readonly name: string;
  readonly shape: Shape;
}

export interface Entry {
  /** In the file; names relative to the module. */
  readonly torch: readonly Place[];
  /** In the model; whole names. */
  readonly model: readonly Place[];
  load(tensors: readonly Float32Array[]): Float32Array[];
  save(values: readonly Float32Array[]): Float32Array[];
}

/** Values of one layer, or of one part of it, by their names within it. */
export type Values = ReadonlyMap<string, Place>;

/** The same values in both, perhaps with features in another order. */
export function plain(name: string, value: Place, order: FeatureOrder = null): Entry {
  return {
    torch: [{ name, shape: value.shape }],
    model: [value],
    load: ([x]) => [order ? gathered(x!, order) : x!],
    save: ([x]) => [order ? scattered(x!, order) : x!],
  };
}

const gathered = (x: Float32Array, order: Int32Array) => Float32Array.from(order, (from) => x[from]!);

function scattered(x: Float32Array, order: Int32Array): Float32Array {
  const result = new Float32Array(x.length);
  order.forEach((to, from) => (result[to] = x[from]!));
  return result;
}

/** A kernel: all axes of a convolution's reversed but those of its window, which stay in their order. */
export function kernel(name: string, value: Place, order: FeatureOrder = null): Entry {
  const { shape } = value;
  const window = shape.slice(0, -2).map((_, axis) => axis);
  const [a, b] = [shape.length - 2, shape.length - 1];
  const toTorch = [b, a, ...window];
  const fromTorch = [...window.map((axis) => axis + 2), 1, 0];
  const torchShape = toTorch.map((axis) => shape[axis]!);
  return {
    torch: [{ name, shape: torchShape }],
    model: [value],
    load: ([x]) => [rows(permuteAxes(x!, torchShape, fromTorch), shape, order, 'load')],
    save: ([x]) => [permuteAxes(rows(x!, shape, order, 'save'), shape, toTorch)],
  };
}

/** The rows of a kernel [in, out] in the other order. */
function rows(x: Float32Array, [, columns]: Shape, order: FeatureOrder, way: 'load' | 'save'): Float32Array {
  if (!order) return x;
  const result = new Float32Array(x.length);
  order.forEach((theirs, ours) => {
    const [to, from] = way === 'load' ? [ours, theirs] : [theirs, ours];
    result.set(x.subarray(from * columns!, (from + 1) * columns!), to * columns!);
  });
  return result;
}

/** Gains and offsets over more than one axis, [...pixels, channels] here and [channels, ...pixels] there. */
export function channelsLast(name: string, value: Place): Entry {
  const { shape } = value;
  const last = shape.length - 1;
  const toTorch = [last, ...shape.slice(0, -1).map((_, axis) => axis)];
  const torchShape = toTorch.map((axis) => shape[axis]!);
  const fromTorch = [...shape.slice(0, -1).map((_, axis) => axis + 1), 0];
  return {
    torch: [{ name, shape: torchShape }],
    model: [value],
    load: ([x]) => [permuteAxes(x!, torchShape, fromTorch)],
    save: ([x]) => [permuteAxes(x!, shape, toTorch)],
  };
}

/** PyTorch adds two biases, of inputs and of states, where neurite has one: their sum; back, the second one is 0. */
export function twoBiases(names: readonly [string, string], value: Place): Entry {
  return {
    torch: names.map((name) => ({ name, shape: value.shape })),
    model: [value],
    load: ([a, b]) => [a!.map((x, i) => x + b![i]!)],
    save: ([sum]) => [sum!, new Float32Array(sum!.length)],
  };
}

/** Kernels or biases of queries, keys and values, which PyTorch stores as one, [3 · out, in]. */
export function stacked(name: string, values: readonly Place[]): Entry {
  const parts = values.map((value) => (value.shape.length === 2 ? kernel('', value) : plain('', value)));
  const [shape] = parts.map(({ torch }) => torch[0]!.shape);
  const length = sizeOf(shape!);
  return {
    torch: [{ name, shape: [values.length * shape![0]!, ...shape!.slice(1)] }],
    model: values,
    load: ([x]) => parts.map((part, i) => part.load([x!.subarray(i * length, (i + 1) * length)])[0]!),
    save(all) {
      const result = new Float32Array(values.length * length);
      parts.forEach((part, i) => result.set(part.save([all[i]!])[0]!, i * length));
      return [result];
    },
  };
}
