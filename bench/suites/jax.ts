// jax-js' side of the side-by-side runs.
import { serve } from '../lib/serve.ts';
import { densePredictions } from './jax/predictions.ts';
import { products } from './jax/products.ts';
import { denseTraining } from './jax/training.ts';

const threads = typeof Worker === 'undefined' ? 'one thread' : 'with workers';
await serve({ ...products, ...densePredictions, ...denseTraining }, `wasm, ${threads}`);
