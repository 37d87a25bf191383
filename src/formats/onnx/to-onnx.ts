// A model of neurite as an ONNX file.
import type { InferenceModel } from '../../model/inference.ts';
import { forwardFunction } from '../../model/trace.ts';
import { graphToOnnx, tracedBatches } from './out/index.ts';

/**
 * The bytes of an ONNX file (operator set 17) that predicts what the model predicts. Inputs and outputs have the model's
 * names, its shapes (channels last) and a free batch.
 * @example await writeFileAtomic('digits.onnx', toOnnx(model));
 * @throws NeuriteError for layers that ONNX has no form for, all in one list
 */
export function toOnnx(model: InferenceModel): Uint8Array {
  const [first, second] = tracedBatches;
  const traces = [forwardFunction(model.topology, first), forwardFunction(model.topology, second)] as const;
  return graphToOnnx([traces[0], traces[1]], (name) =>
    model.storage.get(name).dtype === 'i32' ? model.storage.integers(name) : model.storage.floats(name),
  );
}
