// A model of neurite as an ONNX file.
import { fromBase64 } from '../../core/base64.ts';
import type { InferenceModel } from '../../model/inference.ts';
import { forwardFunction } from '../../model/trace.ts';
import type { OnnxLayerConfig } from './layer.ts';
import { graphToOnnx, tracedBatches } from './out/index.ts';
import { readModel } from './read.ts';
import { withWeights } from './weights.ts';
import { writeModel } from './write.ts';

/**
 * The bytes of an ONNX file (operator set 17) that predicts what the model predicts. Inputs and outputs have the model's
 * names, its shapes (channels last) and a free batch. What came from an ONNX file goes back to that file's graph.
 * @example await writeFileAtomic('digits.onnx', toOnnx(model));
 * @throws NeuriteError for layers that ONNX has no form for, all in one list
 */
export function toOnnx(model: InferenceModel): Uint8Array {
  const file = fileOf(model);
  if (file) return file;
  const [first, second] = tracedBatches;
  const traces = [forwardFunction(model.topology, first), forwardFunction(model.topology, second)] as const;
  return graphToOnnx([traces[0], traces[1]], (name) =>
    model.storage.get(name).dtype === 'i32' ? model.storage.integers(name) : model.storage.floats(name),
  );
}

/** The file that a model was made of, with the weights that it has now; undefined for any other model. */
function fileOf({ topology, storage }: InferenceModel): Uint8Array | undefined {
  const [layer, ...others] = topology.layers;
  if (layer?.type !== 'onnx' || others.some(({ type }) => type !== 'unpack')) return undefined;
  const { graph, weights } = layer.config as OnnxLayerConfig;
  const values = weights.map(({ name, shape }) => ({
    name,
    shape,
    data: storage.floats(`${topology.names[0]}.${name}`),
  }));
  return writeModel(withWeights(readModel(fromBase64(graph), 'onnx'), values));
}
