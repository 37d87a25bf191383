// Adadelta (PyTorch Adadelta).
import { fraction, positive, readOptions } from '../core/options.ts';
import {
  decayFields,
  decayScalars,
  defineOptimizer,
  zeros,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.ts';

export interface AdadeltaOptions extends OptimizerOptions {
  /** How slowly both means of squares forget, in [0, 1); 0.9 by default. */
  rho?: number;
  /** Added under both roots; 1e-6 by default. */
  epsilon?: number;
  /** Added to the gradient as weightDecay · parameter; 0 by default. */
  weightDecay?: number;
}

/**
 * p ← p − learningRate · d, d = √(u + epsilon) / √(v + epsilon) · g, u and v the running means of d² and g².
 * The learning rate is 1 by default, as in PyTorch. Source: Zeiler 2012.
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const values = readOptions('adadelta', options, {
    ...decayFields(1),
    rho: fraction(0.9),
    epsilon: positive(1e-6),
  });
  const { rho, epsilon, weightDecay } = values;
  return defineOptimizer({
    type: 'adadelta',
    values,
    factory: adadelta,
    kind: 'Adadelta',
    slots: [zeros('v'), zeros('u')],
    scalars: (_, learningRate) => ({
      stepSize: learningRate,
      ...decayScalars(weightDecay, learningRate),
      rho,
      squareShare: 1 - rho,
      epsilon,
    }),
  });
}
