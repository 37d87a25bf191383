// ONNX Runtime Web's side of the side-by-side runs.
import { serve } from '../lib/serve.ts';
import { images } from './onnxruntime/images.ts';
import { densePredictions } from './onnxruntime/predictions.ts';
import { products } from './onnxruntime/products.ts';

await serve({ ...products, ...densePredictions, ...images }, 'wasm, one thread');
