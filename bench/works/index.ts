// The families of works that are raced, in the order of the table. A new one is a file here, its line below, and a file in
// each suite that can do it (bench/README.md).
import type { Family } from './work.ts';
import { convolutionFamily } from './convolutions.ts';
import { exportedFamily } from './exported.ts';
import { imageFamily } from './images.ts';
import { onnxFamily } from './onnx-models.ts';
import { predictionFamily } from './predictions.ts';
import { productFamily } from './products.ts';
import { recurrentFamily } from './recurrent.ts';
import { trainingFamily } from './training.ts';
import { transformerFamily } from './transformer.ts';
import { xorFamily } from './xor.ts';

export const families: readonly Family[] = [
  productFamily,
  predictionFamily,
  trainingFamily,
  imageFamily,
  convolutionFamily,
  recurrentFamily,
  transformerFamily,
  onnxFamily,
  xorFamily,
  exportedFamily,
];
