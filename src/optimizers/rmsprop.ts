// RMSprop, with momentum and centred on request (PyTorch RMSprop).
import { flag, fraction, positive, readOptions } from '../core/options.ts';
import {
  decayFields,
  decayScalars,
  defineOptimizer,
  zeros,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.ts';

export interface RmspropOptions extends OptimizerOptions {
  /** How slowly the mean of squares forgets, in [0, 1); 0.99 by default (PyTorch's alpha, Keras's rho). */
  rho?: number;
  /** In [0, 1); 0 by default. */
  momentum?: number;
  /** Divide by the deviation of the gradients instead of their root mean square; false by default. */
  centered?: boolean;
  /** Added to the root; 1e-8 by default. */
  epsilon?: number;
  /** Added to the gradient as weightDecay · parameter; 0 by default. */
  weightDecay?: number;
}

/**
 * p ← p − learningRate · g / (√v + epsilon), v ← rho · v + (1 − rho) · g². The learning rate is 1e-2 by default,
 * as in PyTorch. Source: Tieleman, Hinton 2012; centred: Graves 2013.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const values = readOptions('rmsprop', options, {
    ...decayFields(1e-2),
    rho: fraction(0.99),
    momentum: fraction(0),
    centered: flag(false),
    epsilon: positive(1e-8),
  });
  const { rho, momentum, centered, epsilon, weightDecay } = values;
  return defineOptimizer({
    type: 'rmsprop',
    values,
    factory: rmsprop,
    kind: 'RmsProp',
    slots: [zeros('v'), ...(centered ? [zeros('mean')] : []), ...(momentum > 0 ? [zeros('momentum')] : [])],
    scalars: (_, learningRate) => ({
      stepSize: learningRate,
      ...decayScalars(weightDecay, learningRate),
      rho,
      squareShare: 1 - rho,
      epsilon,
      momentum,
      centered: centered ? 1 : 0,
    }),
  });
}
