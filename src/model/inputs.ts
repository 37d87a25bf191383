// What users hand a model to predict from (nested arrays, typed arrays, tensors), checked against its topology and
// turned into tensors: everything is refused here, before anything is touched.
import { ShapeError } from '../core/errors.ts';
import { isTensor, placeOf, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../graph/graph.ts';
import { formatBatchShape } from '../layers/layer.ts';
import type { Topology, TopologyInput } from './topology.ts';

/** A tensor, a typed array, or nested arrays. */
export type TensorLike = Tensor | TensorValues;

/** One value for a model with one input (or output); a list in their order for one with several. */
export type ModelValues = TensorLike | readonly TensorLike[];

/** What a model's input holds; targets are numbers, or integers where they came as such. */
type Reader = (values: TensorLike, index: number) => Tensor;

const toTensor: Reader = (values) => (isTensor(values) ? values : tensor(values as TensorValues));

/** @throws RangeError for a number that is not whole, with its place */
export function toIntegers(values: TensorLike, what: string): Tensor {
  // Nested arrays are read as they are: a float32 on the way would round large indices.
  const isNested = !isTensor(values) && Array.isArray(values);
  const { data, shape } = isNested ? tensor(values as TensorValues, undefined, 'i32') : toTensor(values, 0);
  if (data instanceof Int32Array) return { data, shape };
  const bad = data.findIndex((value: number) => (value | 0) !== value);
  if (bad !== -1)
    throw new RangeError(`${what}: ${data[bad]} at ${placeOf(bad, shape)}; expected whole numbers of 32 bits`);
  return { data: Int32Array.from(data), shape };
}

/** One tensor for each of `count` inputs or outputs. */
export function separate(values: ModelValues | undefined, count: number, what: string, read = toTensor): Tensor[] {
  if (values === undefined || values === null) throw new TypeError(`model: expected ${what}, got ${String(values)}`);
  if (count === 1) return [read(values as TensorLike, 0)];
  if (!Array.isArray(values) || values.length !== count)
    throw new TypeError(
      `model: expected a list of ${count} ${what}, got ${Array.isArray(values) ? values.length : typeof values}`,
    );
  return (values as readonly TensorLike[]).map(read);
}

/** Samples of a shape: [N, ...sample]; a single sample, or a flat array of samples, becomes that. */
function asSamples(value: Tensor, { shape: sample, dtype }: TopologyInput, what: string): Tensor {
  const { shape, data } = value;
  const size = sizeOf(sample);
  const isRead = dtype === 'i32' || data instanceof Float32Array;
  const values = isRead ? data : Float32Array.from(data);
  if (shape.length === sample.length + 1 && sameShape(shape.slice(1), sample)) return { data: values, shape };
  if (sameShape(shape, sample)) return { data: values, shape: [1, ...sample] };
  if (shape.length === 1 && data.length > 0 && data.length % size === 0)
    return { data: values, shape: [data.length / size, ...sample] };
  throw new ShapeError(`${what}: expected input ${formatBatchShape(sample)}, got ${formatShape(shape)}`);
}

/** @throws ShapeError for another shape than the model's, or no sample at all */
export function resolveInputs(
  topology: Topology,
  values: ModelValues,
  what = 'model',
): { inputs: Tensor[]; count: number } {
  const nameOf = (i: number) => (topology.inputs.length > 1 ? `${what}: "${topology.inputs[i]!.name}"` : what);
  const read: Reader = (value, i) =>
    topology.inputs[i]!.dtype === 'i32' ? toIntegers(value, nameOf(i)) : toTensor(value, i);
  const inputs = separate(values, topology.inputs.length, 'inputs', read).map((value, i) =>
    asSamples(value, topology.inputs[i]!, nameOf(i)),
  );
  const count = inputs[0]!.shape[0]!;
  for (const { shape } of inputs)
    if (shape[0] !== count) throw new ShapeError(`${what}: inputs have ${count} and ${shape[0]} samples`);
  if (count === 0) throw new ShapeError(`${what}: expected at least one sample, got none`);
  return { inputs, count };
}

/** The shape of one sample of a tensor of the topology. */
export const shapeOfTensor = ({ inputs, calls }: Topology, number: number): Shape =>
  number < inputs.length ? inputs[number]!.shape : calls[number - inputs.length]!.shape;
