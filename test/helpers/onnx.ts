// The conformance cases of test/golden/onnx, and how one is run: a folder of model.onnx with input_K.pb and output_K.pb.
import { join } from 'node:path';
import { MissingOperatorsError } from '../../src/formats/onnx/check.ts';
import { OnnxModel } from '../../src/formats/onnx/model.ts';
import { openModel } from '../../src/formats/onnx/open.ts';
import '../../src/formats/onnx/operators/index.ts';
import { readModel, readTensor } from '../../src/formats/onnx/read.ts';
import { tensorFromProto } from '../../src/formats/onnx/tensor.ts';
import { dataTypeNumbers, type DataType, type HostTensor } from '../../src/formats/onnx/types.ts';
import { variant } from './kernel.ts';
import { readTar } from './tar.ts';

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

/** All cases of an archive of test/golden/onnx, by their folders. */
export function casesOf(archive: string): OnnxCase[] {
  const files = readTar(join(import.meta.dirname, '../golden/onnx', archive));
  const folders = [...files.keys()]
    .filter((path) => path.endsWith('/model.onnx'))
    .map((path) => path.slice(0, -'/model.onnx'.length));
  return folders.toSorted().map((folder) => {
    const numbered = (kind: string) => {
      const values: Uint8Array[] = [];
      for (let i = 0; files.has(`${folder}/test_data_set_0/${kind}_${i}.pb`); i++)
        values.push(files.get(`${folder}/test_data_set_0/${kind}_${i}.pb`)!);
      return values;
    };
    return {
      name: folder,
      model: files.get(`${folder}/model.onnx`)!,
      inputs: numbered('input'),
      outputs: numbered('output'),
    };
  });
}

/** Opens a model of the test data. */
export async function openCase(name: string, model: Uint8Array): Promise<OnnxModel> {
  const opened = openModel(readModel(model, name), name);
  if (opened.missing.length) throw new MissingOperatorsError(name, opened.missing);
  return OnnxModel.create(opened, { variant });
}

/** A recorded tensor; the recorder wrote bfloat16 as the uint16 of its bits. */
export function recorded(bytes: Uint8Array, name: string, type?: DataType): HostTensor {
  const proto = readTensor(bytes, name);
  const isBits = type === 'bfloat16' && proto.dataType === dataTypeNumbers.uint16;
  return tensorFromProto(isBits ? { ...proto, dataType: dataTypeNumbers.bfloat16 } : proto, name);
}

/** Opens and runs the case; throws with the first difference. */
export async function runCase({ name, model, inputs, outputs }: OnnxCase, tolerance: Tolerance): Promise<void> {
  const runnable = await openCase(name, model);
  const feeds = Object.fromEntries(
    inputs.map((bytes, i) => [runnable.inputs[i]!.name, recorded(bytes, name, runnable.inputs[i]!.type)]),
  );
  const results = runnable.run(feeds);
  outputs.forEach((bytes, i) => {
    const { name: output, type } = runnable.outputs[i]!;
    const difference = differenceOf(results[output]!, recorded(bytes, name, type), tolerance);
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
