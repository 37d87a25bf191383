// Adam on the infinity norm (PyTorch Adamax).
import { biasCorrection, momentsFields, type MomentsOptions } from './adam.ts';
import { readOptions } from '../core/options.ts';
import { decayScalars, defineOptimizer, zeros, type Optimizer } from './optimizer.ts';

export type AdamaxOptions = MomentsOptions;

/**
 * p ← p − learningRate · m̂ / u, u ← max(beta2 · u, |g| + epsilon). The learning rate is 2e-3 by default, as in
 * PyTorch. Source: Kingma, Ba 2014, section 7.1.
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  const values = readOptions('adamax', options, momentsFields(2e-3));
  const { beta1, beta2, epsilon, weightDecay } = values;
  return defineOptimizer({
    type: 'adamax',
    values,
    factory: adamax,
    kind: 'Adamax',
    slots: [zeros('m'), zeros('u')],
    scalars: (step, learningRate) => ({
      stepSize: learningRate / biasCorrection(beta1, step),
      ...decayScalars(weightDecay, learningRate),
      beta1,
      gradientShare: 1 - beta1,
      beta2,
      epsilon,
    }),
  });
}
