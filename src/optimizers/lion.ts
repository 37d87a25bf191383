// Lion: steps of one size, along the sign of a momentum.
import { fraction, readOptions } from '../core/options.ts';
import {
  decayFields,
  decayScalars,
  defineOptimizer,
  zeros,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.ts';

export interface LionOptions extends OptimizerOptions {
  /** How much the momentum counts against the gradient in a step, in [0, 1); 0.9 by default. */
  beta1?: number;
  /** How slowly the momentum forgets, in [0, 1); 0.99 by default. */
  beta2?: number;
  /** Decoupled: p ← (1 − learningRate · weightDecay) · p before the step; 0 by default. */
  weightDecay?: number;
}

/**
 * p ← p − learningRate · sign(beta1 · m + (1 − beta1) · g), m ← beta2 · m + (1 − beta2) · g.
 * The learning rate is 1e-4 by default (PyTorch has no Lion; this is the paper's code). Source: Chen et al. 2023.
 */
export function lion(options: LionOptions = {}): Optimizer {
  const values = readOptions('lion', options, { ...decayFields(1e-4), beta1: fraction(0.9), beta2: fraction(0.99) });
  const { beta1, beta2, weightDecay } = values;
  return defineOptimizer({
    type: 'lion',
    values,
    factory: lion,
    kind: 'Lion',
    slots: [zeros('m')],
    scalars: (_, learningRate) => ({
      stepSize: learningRate,
      ...decayScalars(weightDecay, learningRate, true),
      beta1,
      gradientShare: 1 - beta1,
      beta2,
      momentumShare: 1 - beta2,
    }),
  });
}
