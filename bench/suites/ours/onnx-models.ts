// ONNX models on the copy-free path of a session, and the opening of one: read, compiled, its weights packed.
import { loadOnnx, type OnnxModel } from '../../../src/node/onnx.ts';
import {
  onnxImage,
  onnxImageShape,
  onnxModelBytes,
  onnxModels,
  onnxOpenName,
  onnxRunName,
  type OnnxModelName,
} from '../../works/onnx-models.ts';
import type { PeerWork, Works } from '../../works/work.ts';

/** Its input of pixels, its output, and how it runs. */
function sessionOf(model: OnnxModel) {
  const image = model.inputs.find(({ shape }) => shape.length === onnxImageShape.length)!.name;
  const live = model.session({ [image]: onnxImageShape });
  return { input: () => live.input(image), run: live.run, output: () => live.output(model.outputs[0]!.name) };
}

function predict(model: OnnxModel, image: Float32Array): Float32Array {
  const { input, run, output } = sessionOf(model);
  input().set(image);
  run();
  return Float32Array.from(output());
}

async function running(name: OnnxModelName): Promise<PeerWork> {
  const model = await loadOnnx(onnxModelBytes(name));
  const image = onnxImage();
  const { input, run, output } = sessionOf(model);
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) {
        input().set(image);
        run();
        sum += output()[0]!;
      }
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: () => predict(model, image),
  };
}

function opening(name: OnnxModelName): PeerWork {
  const bytes = onnxModelBytes(name);
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) await loadOnnx(bytes);
    },
    result: async () => predict(await loadOnnx(bytes), onnxImage()),
  };
}

export const onnx: Works = Object.fromEntries(
  onnxModels.flatMap(({ name }) => [
    [onnxRunName(name), () => running(name)] as const,
    [onnxOpenName(name), () => opening(name)] as const,
  ]),
);
