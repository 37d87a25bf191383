// The light ResNet-50 and SqueezeNet of ONNX's own tests (weights made by ConstantOfShape): one image through each, and how
// long a file takes to become a model that can run.
import { join } from 'node:path';
import { readTar } from '../../test/helpers/tar.ts';
import { peers, type Family } from './work.ts';

const { ort } = peers;

export const onnxModels = [
  { name: 'ResNet-50', file: 'light/resnet50/light_resnet50.onnx' },
  { name: 'SqueezeNet', file: 'light/squeezenet/light_squeezenet.onnx' },
] as const;
export type OnnxModelName = (typeof onnxModels)[number]['name'];

export const onnxRunName = (name: OnnxModelName): string => `run ONNX ${name}`;
export const onnxOpenName = (name: OnnxModelName): string => `open ONNX ${name}`;

/** The project's folder: a suite is bundled to elsewhere, and is told by whoever starts it. */
const root = () => process.env['NEURITE_ROOT'] ?? process.cwd();

export function onnxModelBytes(name: OnnxModelName): Uint8Array {
  const { file } = onnxModels.find((one) => one.name === name)!;
  return readTar(join(root(), 'test/golden/onnx/models.tar.gz')).get(file)!;
}

export const onnxImageShape = [1, 3, 224, 224] as const;

/** The image with which ONNX recorded the output. */
export function onnxImage(): Float32Array<ArrayBuffer> {
  const count = onnxImageShape.reduce<number>((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, i) => i / count);
}

export const onnxFamily: Family = {
  goals: onnxModels.flatMap(({ name }) => [
    { label: `${name} of ONNX, one image`, work: onnxRunName(name), atLeast: { [ort]: 1.5 } },
    { label: `${name} of ONNX, from the file to a model`, work: onnxOpenName(name), atLeast: { [ort]: 1 } },
  ]),
};
