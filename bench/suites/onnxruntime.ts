// ONNX Runtime Web's side of the side-by-side runs.
import { serve } from '../lib/serve.ts';
import { densePredictions } from './onnxruntime/predictions.ts';
import { products } from './onnxruntime/products.ts';

await serve({ ...products, ...densePredictions }, 'wasm, one thread');
