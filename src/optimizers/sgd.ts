// Stochastic gradient descent: plain, with momentum, with Nesterov's momentum (PyTorch SGD).
import { flag, fraction, readOptions, share } from '../core/options.ts';
import {
  decayFields,
  decayScalars,
  defineOptimizer,
  zeros,
  type Optimizer,
  type OptimizerOptions,
} from './optimizer.ts';

export interface SgdOptions extends OptimizerOptions {
  /** In [0, 1); 0 by default. */
  momentum?: number;
  /** Look ahead along the momentum; false by default. */
  nesterov?: boolean;
  /** How much less a new gradient counts in the momentum, in [0, 1]; 0 by default. */
  dampening?: number;
  /** Added to the gradient as weightDecay · parameter; 0 by default. */
  weightDecay?: number;
}

/**
 * p ← p − learningRate · b, b the gradient or its running sum b ← momentum · b + (1 − dampening) · g.
 * The learning rate is 1e-3 by default, as in PyTorch.
 * Source: Sutskever, Martens, Dahl, Hinton 2013 (Nesterov).
 * @throws RangeError for `nesterov` without momentum or with dampening, and for values out of range
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const values = readOptions('sgd', options, {
    ...decayFields(1e-3),
    momentum: fraction(0),
    nesterov: flag(false),
    dampening: share(0),
  });
  const { momentum, nesterov, dampening, weightDecay } = values;
  if (nesterov && (momentum === 0 || dampening !== 0))
    throw new RangeError(
      `sgd: expected momentum > 0 and dampening 0 with nesterov, got momentum ${momentum} and dampening ${dampening}`,
    );
  if (momentum === 0)
    return defineOptimizer({
      type: 'sgd',
      values,
      factory: sgd,
      kind: 'Sgd',
      slots: [],
      scalars: (_, learningRate) => ({ stepSize: learningRate, ...decayScalars(weightDecay, learningRate) }),
    });
  return defineOptimizer({
    type: 'sgd',
    values,
    factory: sgd,
    kind: nesterov ? 'Nesterov' : 'Momentum',
    slots: [zeros('momentum')],
    scalars: (step, learningRate) => ({
      stepSize: learningRate,
      ...decayScalars(weightDecay, learningRate),
      momentum,
      gradientShare: step === 1 ? 1 : 1 - dampening,
    }),
  });
}
