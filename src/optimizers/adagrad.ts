// Adagrad (PyTorch Adagrad).
import { nonNegative, positive, readOptions } from '../core/options.ts';
import { decayFields, decayScalars, defineOptimizer, type Optimizer, type OptimizerOptions } from './optimizer.ts';

export interface AdagradOptions extends OptimizerOptions {
  /** The rate of step t is learningRate / (1 + (t − 1) · learningRateDecay); 0 by default. */
  learningRateDecay?: number;
  /** What the sum of squares begins with; 0 by default. */
  initialAccumulator?: number;
  /** Added to the root; 1e-10 by default. */
  epsilon?: number;
  /** Added to the gradient as weightDecay · parameter; 0 by default. */
  weightDecay?: number;
}

/**
 * p ← p − learningRate · g / (√Σg² + epsilon). The learning rate is 1e-2 by default, as in PyTorch.
 * Source: Duchi, Hazan, Singer 2011.
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const values = readOptions('adagrad', options, {
    ...decayFields(1e-2),
    learningRateDecay: nonNegative(0),
    initialAccumulator: nonNegative(0),
    epsilon: positive(1e-10),
  });
  const { learningRateDecay, initialAccumulator, epsilon, weightDecay } = values;
  return defineOptimizer({
    type: 'adagrad',
    values,
    factory: adagrad,
    kind: 'Adagrad',
    slots: [{ name: 'sum', initial: initialAccumulator }],
    scalars: (step, learningRate) => ({
      stepSize: learningRate / (1 + (step - 1) * learningRateDecay),
      ...decayScalars(weightDecay, learningRate),
      epsilon,
    }),
  });
}
