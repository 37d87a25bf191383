import { encoderOnnx } from '../../lib/onnx-encoder.ts';
import { encoder, encoderBatch, encoderData, encoderPredictionName } from '../../works/transformer.ts';
import type { Works } from '../../works/work.ts';
import { ort, sessionWork } from './session.ts';

export const transformer: Works = {
  [encoderPredictionName]: () => {
    const inputs = encoderData();
    const shape = [encoderBatch * encoder.steps, encoder.width];
    return sessionWork(encoderOnnx(), () => ({ x: new ort.Tensor('float32', inputs, shape) }));
  },
};
