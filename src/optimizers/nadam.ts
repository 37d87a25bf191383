// Adam with Nesterov's momentum (PyTorch NAdam).
import { pow } from '../core/deterministic.ts';
import { biasCorrection, momentsFields, momentsScalars, type MomentsOptions } from './adam.ts';
import { flag, nonNegative, readOptions } from '../core/options.ts';
import { decayScalars, defineOptimizer, zeros, type Optimizer, type OptimizerState } from './optimizer.ts';

export interface NadamOptions extends MomentsOptions {
  /** How fast the momentum warms up; 4e-3 by default. */
  momentumDecay?: number;
  /** Decay the parameter itself instead of adding to the gradient; false by default. */
  decoupledWeightDecay?: boolean;
  /**
   * Count μ_t twice in the correction of the momentum, as PyTorch did before 2.0 (pytorch#92699);
   * true by default, as the reference cases of test/golden (PyTorch 1.13) have it.
   */
  legacyBiasCorrection?: boolean;
}

/**
 * Adam whose step adds a part of the present gradient to the momentum, with a momentum that grows towards beta1:
 * μ_t = beta1 · (1 − 0.5 · 0.96^(t · momentumDecay)). The learning rate is 2e-3 by default, as in PyTorch.
 * The product of the μ so far is kept in the state; it is derived from the step alone.
 * Source: Dozat 2016.
 */
export function nadam(options: NadamOptions = {}): Optimizer {
  const values = readOptions('nadam', options, {
    ...momentsFields(2e-3),
    momentumDecay: nonNegative(4e-3),
    decoupledWeightDecay: flag(false),
    legacyBiasCorrection: flag(true),
  });
  const { beta1, beta2, epsilon, weightDecay, momentumDecay, decoupledWeightDecay, legacyBiasCorrection } = values;
  const momentumAt = (step: number) => beta1 * (1 - 0.5 * pow(0.96, step * momentumDecay));
  return defineOptimizer({
    type: 'nadam',
    values,
    factory: nadam,
    kind: 'Nadam',
    slots: [zeros('m'), zeros('v')],
    initialState: () => ({ step: 0, momentumProduct: 1 }),
    scalars(step, learningRate, state) {
      const now = momentumAt(step);
      const next = momentumAt(step + 1);
      const product = momentumProduct(state, step, momentumAt);
      const nextProduct = legacyBiasCorrection ? product * now * next : product * next;
      return {
        stepSize: (learningRate * next) / (1 - nextProduct),
        ...decayScalars(weightDecay, learningRate, decoupledWeightDecay),
        ...momentsScalars(beta1, beta2),
        rootScale: 1 / Math.sqrt(biasCorrection(beta2, step)),
        epsilon,
        gradientStep: (learningRate * (1 - now)) / (1 - product),
      };
    },
  });
}

/** The product of the momenta of steps 1 to `step`; the state remembers the last one, and begins anew for an earlier step. */
function momentumProduct(state: OptimizerState, step: number, momentumAt: (step: number) => number): number {
  if (!(state['step']! <= step)) Object.assign(state, { step: 0, momentumProduct: 1 });
  while (state['step']! < step) {
    state['step']! += 1;
    state['momentumProduct']! *= momentumAt(state['step']!);
  }
  return state['momentumProduct']!;
}
