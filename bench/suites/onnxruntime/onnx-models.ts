// The same files; a session is created with all graph optimizations.
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
import { createSession, ort } from './session.ts';

type Session = Awaited<ReturnType<typeof createSession>>;

async function predict(session: Session, image: Float32Array): Promise<Float32Array> {
  const feeds = { [session.inputNames[0]!]: new ort.Tensor('float32', image, onnxImageShape) };
  return (await session.run(feeds))[session.outputNames[0]!]!.data;
}

async function running(name: OnnxModelName): Promise<PeerWork> {
  const session = await createSession(onnxModelBytes(name));
  const image = onnxImage();
  return {
    async repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += (await predict(session, image))[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: () => predict(session, image),
  };
}

function opening(name: OnnxModelName): PeerWork {
  const bytes = onnxModelBytes(name);
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) await (await createSession(bytes)).release();
    },
    async result() {
      const session = await createSession(bytes);
      const result = Float32Array.from(await predict(session, onnxImage()));
      await session.release();
      return result;
    },
  };
}

export const onnx: Works = Object.fromEntries(
  onnxModels.flatMap(({ name }) => [
    [onnxRunName(name), () => running(name)] as const,
    [onnxOpenName(name), () => opening(name)] as const,
  ]),
);
