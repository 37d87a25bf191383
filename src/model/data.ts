// Samples with targets and weights, as training and evaluation take them: checked against the model's topology and its
// losses, before anything is touched. Inputs alone are read in inputs.ts.
import { ShapeError } from '../core/errors.ts';
import { checkFinite, placeOf, type Tensor } from '../data/tensor.ts';
import type { Shape } from '../graph/graph.ts';
import type { Loss, TargetForm } from '../losses/loss.ts';
import { resolveInputs, separate, shapeOfTensor, type ModelValues } from './inputs.ts';
import type { Topology } from './topology.ts';

export interface TrainingData {
  readonly inputs: ModelValues;
  /** Of the outputs whose loss takes any, in their order. */
  readonly targets?: ModelValues;
  /** One weight for each sample. */
  readonly sampleWeights?: ArrayLike<number> | undefined;
}

/** Samples with targets, as a training or evaluation reads them. */
export interface ResolvedData {
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
  readonly forms: readonly TargetForm[];
  readonly sampleWeights: Float32Array | null;
  readonly count: number;
}

/** @throws TypeError, ShapeError or RangeError naming what does not fit, before anything is used */
export function resolveTrainingData(
  topology: Topology,
  data: TrainingData,
  losses: readonly Loss[],
  what: string,
  { allowNonFinite = false } = {},
): ResolvedData {
  if (typeof data !== 'object' || data === null)
    throw new TypeError(`${what}: expected { inputs, targets }, got ${typeof data}`);
  const { inputs, count } = resolveInputs(topology, data.inputs, what);
  if (!allowNonFinite) inputs.forEach((values) => checkFinite(values, `${what}: inputs`));
  const outputShapes = topology.outputs.map((output) => [count, ...shapeOfTensor(topology, output)]);
  const targets = separateTargets(data.targets, losses);
  const resolved = targets.map((target, i) => resolveTarget(target, outputShapes[i]!, losses[i]!, count, what));
  return {
    inputs,
    targets: resolved.map(({ target }) => target),
    forms: resolved.map(({ form }) => form),
    sampleWeights: resolveSampleWeights(data.sampleWeights, count, what),
    count,
  };
}

/** The target of each output; null where its loss takes none. */
function separateTargets(values: ModelValues | undefined, losses: readonly Loss[]): (Tensor | null)[] {
  const taking = losses.filter(({ takesTarget }) => takesTarget).length;
  const given = taking ? separate(values, taking, 'targets') : [];
  let next = 0;
  return losses.map(({ takesTarget }) => (takesTarget ? given[next++]! : null));
}

function resolveTarget(target: Tensor | null, prediction: Shape, loss: Loss, count: number, what: string) {
  if (!target) {
    const shape = [count, 0];
    return { form: loss.targetForm(prediction, shape, 'f32'), target: { data: new Float32Array(0), shape } };
  }
  const samples = target.shape[0] ?? 0;
  if (samples !== count) throw new ShapeError(`${what}: ${count} inputs and ${samples} targets`);
  const dtype = target.data instanceof Int32Array ? 'i32' : 'f32';
  const form = loss.targetForm(prediction, target.shape, dtype);
  if (form === 'indices') return { form, target: asLabels(target, prediction.at(-1)!, loss, what) };
  const values = target.data instanceof Float32Array ? target : { ...target, data: Float32Array.from(target.data) };
  checkFinite(values, `${what}: targets`);
  checkRange(values, loss, what);
  loss.checkTarget?.(values, prediction, what);
  return { form, target: values };
}

function asLabels({ data, shape }: Tensor, classes: number, loss: Loss, what: string): Tensor {
  data.forEach((label: number, i: number) => {
    const known = Number.isInteger(label) && label >= 0 && label < classes;
    if (!known && label !== loss.ignoreIndex)
      throw new RangeError(
        `${what}: label ${label} at ${placeOf(i, shape)}: expected an integer from 0 to ${classes - 1}`,
      );
  });
  return { shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

function checkRange({ data, shape }: Tensor, { targetRange, targetValues, spec }: Loss, what: string): void {
  const other = targetValues ? data.findIndex((value: number) => !targetValues.includes(value)) : -1;
  if (other !== -1)
    throw new RangeError(
      `${what}: target ${data[other]} at ${placeOf(other, shape)}: ${spec.type} expects ${targetValues!.join(' or ')}`,
    );
  if (!targetRange) return;
  const [low, high] = targetRange;
  const bad = data.findIndex((value: number) => value < low || value > high);
  if (bad === -1) return;
  throw new RangeError(
    `${what}: target ${data[bad]} at ${placeOf(bad, shape)}: ${spec.type} expects values from ${low} to ${high}`,
  );
}

function resolveSampleWeights(
  weights: ArrayLike<number> | undefined,
  count: number,
  what: string,
): Float32Array | null {
  if (!weights) return null;
  if (weights.length !== count) throw new ShapeError(`${what}: ${count} samples and ${weights.length} sample weights`);
  const floats = Float32Array.from(weights);
  const bad = floats.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (bad !== -1)
    throw new RangeError(`${what}: sample weight ${floats[bad]} at ${bad}: expected a non-negative number`);
  return floats;
}

/** Copies the rows from `start` on of a tensor to the beginning of `out`. */
export function copyRows({ data, shape }: Tensor, start: number, count: number, out: Float32Array | Int32Array): void {
  const size = data.length / shape[0]!;
  const from = start * size;
  const length = count * size;
  // For a few values the call of `set` costs more than the copy.
  if (length > 24) out.set(length === data.length ? data : data.subarray(from, from + length));
  else for (let i = 0; i < length; i++) out[i] = data[from + i]!;
}

/** Copies the rows `indices[start…start+count)` of a tensor into consecutive memory. */
export function gatherRows(
  source: Tensor,
  indices: ArrayLike<number>,
  start: number,
  count: number,
  out: Float32Array | Int32Array,
): void {
  const { data, shape } = source;
  const size = data.length / shape[0]!;
  for (let row = 0; row < count; row++) {
    const from = indices[start + row]! * size;
    // For a few values the call of `set` costs more than the copy.
    if (size > 24) out.set(data.subarray(from, from + size), row * size);
    else for (let i = 0; i < size; i++) out[row * size + i] = data[from + i]!;
  }
}
