// Rectified Adam (PyTorch RAdam).
import { powInteger } from '../core/deterministic.ts';
import { biasCorrection, momentsFields, momentsScalars, type MomentsOptions } from './adam.ts';
import { flag, readOptions } from '../core/options.ts';
import { decayScalars, defineOptimizer, zeros, type Optimizer } from './optimizer.ts';

export interface RadamOptions extends MomentsOptions {
  /** Decay the parameter itself instead of adding to the gradient; false by default. */
  decoupledWeightDecay?: boolean;
}

/**
 * Adam that leaves the division by √v out while too few squares have been seen, and damps it afterwards.
 * The learning rate is 1e-3 by default, as in PyTorch. Source: Liu et al. 2019, algorithm 2.
 */
export function radam(options: RadamOptions = {}): Optimizer {
  const values = readOptions('radam', options, { ...momentsFields(1e-3), decoupledWeightDecay: flag(false) });
  const { beta1, beta2, epsilon, weightDecay, decoupledWeightDecay } = values;
  return defineOptimizer({
    type: 'radam',
    values,
    factory: radam,
    kind: 'Radam',
    slots: [zeros('m'), zeros('v')],
    scalars(step, learningRate) {
      const rate = learningRate / biasCorrection(beta1, step);
      const rectification = rectificationAt(step, beta2);
      const rectified = rectification > 0;
      return {
        stepSize: rectified ? rate * rectification * Math.sqrt(biasCorrection(beta2, step)) : rate,
        ...decayScalars(weightDecay, learningRate, decoupledWeightDecay),
        ...momentsScalars(beta1, beta2),
        rootScale: rectified ? 1 : 0,
        epsilon: rectified ? epsilon : 1,
      };
    },
  });
}

/** The variance rectification r_t, or 0 where the variance cannot be had yet (ρ_t ≤ 5, PyTorch's bound). */
function rectificationAt(step: number, beta2: number): number {
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * step * powInteger(beta2, step)) / biasCorrection(beta2, step);
  if (!(length > 5)) return 0;
  return Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
}
