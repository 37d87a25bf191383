// ONNX Runtime Web's side of the side-by-side runs.
import { serve } from '../lib/serve.ts';
import { images } from './onnxruntime/images.ts';
import { densePredictions } from './onnxruntime/predictions.ts';
import { onnx } from './onnxruntime/onnx-models.ts';
import { products } from './onnxruntime/products.ts';
import { transformer } from './onnxruntime/transformer.ts';

await serve({ ...products, ...densePredictions, ...images, ...onnx, ...transformer }, 'wasm, one thread');
