// `neurite/inference`: opens a saved model and predicts, without anything that trains, so that a page loads little.
import type { CoreOptions } from '../core/features.ts';
import '../layers/core.ts';
import { isLayerType } from '../layers/layer.ts';
import '../layers/shape.ts';
import { InferenceModel, layFoundation } from '../model/inference.ts';
import { fillModel, openModel, type ModelSource } from '../model/open.ts';

export type { CoreOptions, Variant } from '../core/features.ts';
export { FormatError, NeuriteError, ShapeError, UnsupportedEngineError } from '../core/errors.ts';
export type { Tensor } from '../data/tensor.ts';
export { InferenceModel, type PredictOptions } from '../model/inference.ts';
export type { ModelValues, TensorLike } from '../model/inputs.ts';
export type { ModelSource } from '../model/open.ts';

/**
 * Opens a model that `save` wrote, to predict with it: from a path (Node), a URL, a Blob, a Response or bytes.
 * @example const model = await loadModel('/models/digits.safetensors');
 * @throws FormatError for a file that is damaged, or holds no neurite model, or one of a later version
 */
export async function loadModel(source: ModelSource, options: CoreOptions = {}): Promise<InferenceModel> {
  const opened = await openModel(source, loadLayers);
  const model = new InferenceModel(await layFoundation(opened.topology, { ...options, seed: opened.seed }, false));
  fillModel(model, opened);
  return model;
}

/** Layers beyond those of dense networks are a chunk of their own, loaded with the first model that has one. */
async function loadLayers(types: readonly string[]): Promise<void> {
  if (!types.every(isLayerType)) await import('../layers/others.ts');
}
