// neurite's side of the side-by-side runs.
import { loadCore } from '../../src/core/core.ts';
import { serve } from '../lib/serve.ts';
import { exportedModules } from './ours/exported.ts';
import { images } from './ours/images.ts';
import { onnx } from './ours/onnx-models.ts';
import { densePredictions } from './ours/predictions.ts';
import { products } from './ours/products.ts';
import { recurrent } from './ours/recurrent.ts';
import { denseTraining } from './ours/training.ts';
import { transformer } from './ours/transformer.ts';
import { xor } from './ours/xor.ts';

const { variant } = await loadCore();
const works = { ...products, ...densePredictions, ...images, ...denseTraining, ...recurrent, ...transformer, ...xor };
await serve({ ...works, ...exportedModules, ...onnx }, variant);
