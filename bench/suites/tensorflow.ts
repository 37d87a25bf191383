// TensorFlow.js' side of the side-by-side runs.
import { serve } from '../lib/serve.ts';
import { backend } from './tensorflow/backend.ts';
import { images } from './tensorflow/images.ts';
import { densePredictions } from './tensorflow/predictions.ts';
import { products } from './tensorflow/products.ts';
import { recurrent } from './tensorflow/recurrent.ts';
import { denseTraining } from './tensorflow/training.ts';

await serve({ ...products, ...densePredictions, ...images, ...denseTraining, ...recurrent }, `${backend}, one thread`);
