// A model of a topology that was read, and of weights by layer, which are checked before memory is taken for the model.
import { FormatError, ShapeError } from '../../core/errors.ts';
import type { CoreOptions } from '../../core/features.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../../graph/graph.ts';
import { quote } from '../../formats/numeric.ts';
import { Model } from '../../model/model.ts';
import { valuesOf } from '../../model/trace.ts';
import type { ReadModel } from './model-read.ts';
import type { KerasLayer } from './nodes.ts';
import { kerasWeights, placesOf, type KerasWeight } from './weights.ts';

export interface StoredTensor {
  /** For messages. */
  readonly name: string;
  readonly shape: Shape;
  /** Read when it is needed. */
  data(): Float32Array;
}

/** The stored tensors of a layer, in the order of its weights. */
export type WeightSource = (layer: KerasLayer, weights: readonly KerasWeight[]) => readonly StoredTensor[];

export async function assembleModel(
  { topology, sources }: ReadModel,
  source: WeightSource,
  what: string,
  options: CoreOptions,
): Promise<Model> {
  const weights = kerasWeights(
    topology,
    inFile(what, () => placesOf(valuesOf(topology))),
  );
  const found = weights.map((own, number) => {
    if (own.length === 0) return [];
    const layer = sources[number]!;
    const tensors = source(layer, own);
    if (tensors.length !== own.length)
      throw new FormatError(
        `${what}: ${quote(layer.name)} (${layer.className}) has ${tensors.length} weights in the file and ${own.length} in the model`,
      );
    own.forEach(({ name, shape }, i) => checkShape(what, layer, name, shape, tensors[i]!));
    return tensors;
  });
  const values: Record<string, { data: Float32Array; shape: Shape }> = {};
  weights.forEach((own, number) =>
    own.forEach(({ load, model: places }, i) => {
      const parts = load(found[number]![i]!.data());
      places.forEach(({ name, shape }, j) => (values[name] = { data: parts[j]!, shape }));
    }),
  );
  const model = await Model.create(topology, options);
  model.setWeights(values);
  return model;
}

function inFile<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new FormatError(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** A slope for all features may be stored under any shape of one element. */
function checkShape(what: string, layer: KerasLayer, name: string, shape: Shape, stored: StoredTensor): void {
  const isSame =
    sameShape(stored.shape, shape) || (layer.className === 'PReLU' && sizeOf(stored.shape) === sizeOf(shape));
  if (!isSame)
    throw new ShapeError(
      `${what}: ${name} of ${quote(layer.name)} (${layer.className}), stored as ${quote(stored.name)}, is ${formatShape(stored.shape)} in the file and ${formatShape(shape)} in the model`,
    );
}
