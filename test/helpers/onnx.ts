// Runs a conformance case: a folder of model.onnx and test_data_set_0 with input_K.pb and output_K.pb.
import { readModel, readTensor } from '../../src/formats/onnx/read.ts';
import { openModel } from '../../src/formats/onnx/open.ts';
import { MissingOperatorsError } from '../../src/formats/onnx/check.ts';
import { OnnxModel } from '../../src/formats/onnx/model.ts';
import { tensorFromProto } from '../../src/formats/onnx/tensor.ts';
import type { HostTensor } from '../../src/formats/onnx/types.ts';
import '../../src/formats/onnx/operators/index.ts';
import { variant } from './kernel.ts';

export interface OnnxCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Opens and runs the case; throws with the first difference. */
export async function runCase({ name, model, inputs, outputs }: OnnxCase, tolerance: Tolerance): Promise<void> {
  const opened = openModel(readModel(model, name), name);
  if (opened.missing.length) throw new MissingOperatorsError(name, opened.missing);
  const runnable = await OnnxModel.create(opened, { variant });
  const tensor = (bytes: Uint8Array) => tensorFromProto(readTensor(bytes, name), name);
  const feeds = Object.fromEntries(inputs.map((bytes, i) => [runnable.inputs[i]!.name, tensor(bytes)]));
  const results = runnable.run(feeds);
  outputs.forEach((bytes, i) => {
    const { name: output } = runnable.outputs[i]!;
    const difference = differenceOf(results[output]!, tensor(bytes), tolerance);
    if (difference) throw new Error(`${name}: output "${output}" ${difference}`);
  });
}

function differenceOf(
  actual: { data: ArrayLike<number>; shape: readonly number[] },
  expected: HostTensor,
  { relative, absolute }: Tolerance,
): string | undefined {
  if (actual.shape.join() !== expected.shape.join())
    return `is of shape [${actual.shape.join(', ')}] for [${expected.shape.join(', ')}]`;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i]!, expected.data[i]!];
    if (Object.is(a, e) || a === e) continue;
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e))) return `[${i}] is ${a} for ${e}`;
  }
  return undefined;
}
