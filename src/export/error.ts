// How far an exported module is from the model that it was made of: both predict the same samples.
import type { Tensor } from '../data/tensor.ts';
import { sizeOf } from '../graph/graph.ts';
import type { InferenceModel } from '../model/inference.ts';
import { resolveInputs, type ModelValues } from '../model/inputs.ts';

/** Of all outputs, in their own units. */
export interface WeightError {
  readonly maximum: number;
  readonly mean: number;
}

interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  readonly run: () => number;
  readonly [address: string]: unknown;
}

const suffix = (index: number) => (index === 0 ? '' : String(index));
const addressOf = (exports: ModuleExports, name: string, i: number) =>
  (exports[`${name}${suffix(i)}`] as WebAssembly.Global).value as number;

/** Predicts by an exported module. The last batch is filled up with zeros. */
export async function predictByModule(
  bytes: Uint8Array<ArrayBuffer>,
  inputs: readonly Tensor[],
  outputSizes: readonly number[],
  batchSize: number,
): Promise<Float32Array[]> {
  const { instance } = await WebAssembly.instantiate(bytes);
  const exports = instance.exports as unknown as ModuleExports;
  const count = inputs[0]!.shape[0]!;
  const results = outputSizes.map((size) => new Float32Array(count * size));
  for (let start = 0; start < count; start += batchSize) {
    const samples = Math.min(batchSize, count - start);
    inputs.forEach(({ data, shape }, i) => {
      const size = sizeOf(shape.slice(1));
      const Values = data instanceof Int32Array ? Int32Array : Float32Array;
      const view = new Values(exports.memory.buffer, addressOf(exports, 'input', i), batchSize * size);
      view.fill(0, samples * size);
      view.set(data.subarray(start * size, (start + samples) * size));
    });
    const stopped = exports.run();
    if (stopped) throw new RangeError(`exportWasm: a guard stopped the network at instruction ${stopped}`);
    outputSizes.forEach((size, i) => {
      const view = new Float32Array(exports.memory.buffer, addressOf(exports, 'output', i), samples * size);
      results[i]!.set(view, start * size);
    });
  }
  return results;
}

export async function measureError(
  model: InferenceModel,
  bytes: Uint8Array<ArrayBuffer>,
  data: ModelValues,
  batchSize: number,
): Promise<WeightError> {
  const { inputs } = resolveInputs(model.topology, data, 'exportWasm: data');
  const exact = model.predictAll(data);
  const sizes = model.outputShapes.map((shape) => sizeOf(shape));
  const found = await predictByModule(bytes, inputs, sizes, batchSize);
  let [maximum, sum, count] = [0, 0, 0];
  exact.forEach((output, i) =>
    output.data.forEach((value: number, k: number) => {
      const error = Math.abs(value - found[i]![k]!);
      // NaN is the largest of all errors, and stays.
      if (error > maximum || Number.isNaN(error)) maximum = error;
      sum += error;
      count++;
    }),
  );
  return { maximum, mean: sum / count };
}
