// Adam and AdamW, each with AMSGrad on request (PyTorch Adam, AdamW), and what their kin share with them.
import { powInteger } from '../core/deterministic.ts';
import { flag, fraction, positive, readOptions, type Values } from '../core/options.ts';
import { decayFields, defineOptimizer, zeros, type Optimizer, type OptimizerOptions } from './optimizer.ts';

/** The options of Adam and its kin. */
export interface MomentsOptions extends OptimizerOptions {
  /** How slowly the mean of the gradients forgets, in [0, 1); 0.9 by default. */
  beta1?: number;
  /** How slowly the mean of their squares forgets, in [0, 1); 0.999 by default. */
  beta2?: number;
  /** Added to the root of the squares; 1e-8 by default. */
  epsilon?: number;
  /** 0 by default. */
  weightDecay?: number;
}

export interface AdamOptions extends MomentsOptions {
  /** Divide by the largest mean of squares so far; false by default. */
  amsgrad?: boolean;
}

/** The fields behind `MomentsOptions`. */
export const momentsFields = (rate: number, weightDecay = 0) => ({
  ...decayFields(rate, weightDecay),
  beta1: fraction(0.9),
  beta2: fraction(0.999),
  epsilon: positive(1e-8),
});

/** The scalars that run the two means. */
export const momentsScalars = (beta1: number, beta2: number) => ({
  beta1,
  gradientShare: 1 - beta1,
  beta2,
  squareShare: 1 - beta2,
});

/** By what a mean that began with 0 is too small after `step` steps: 1 − beta^step. */
export const biasCorrection = (beta: number, step: number): number => 1 - powInteger(beta, step);

const fields = (weightDecay: number) => ({ ...momentsFields(1e-3, weightDecay), amsgrad: flag(false) });

/**
 * p ← p − learningRate · m̂ / (√v̂ + epsilon), m and v the running means of g and g². Weight decay is coupled:
 * added to the gradient. The learning rate is 1e-3 by default, as in PyTorch.
 * Source: Kingma, Ba 2014; AMSGrad: Reddi, Kale, Kumar 2018.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamOf('adam', readOptions('adam', options, fields(0)), false);
}

/**
 * Adam with decoupled weight decay, p ← (1 − learningRate · weightDecay) · p before the step; 1e-2 by default.
 * The learning rate is 1e-3 by default, as in PyTorch. Source: Loshchilov, Hutter 2017.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamOf('adamW', readOptions('adamW', options, fields(1e-2)), true);
}

function adamOf(type: string, values: Values<ReturnType<typeof fields>>, decoupled: boolean): Optimizer {
  const { beta1, beta2, epsilon, weightDecay, amsgrad } = values;
  const { gradientShare, squareShare } = momentsScalars(beta1, beta2);
  return defineOptimizer({
    type,
    values,
    factory: decoupled ? adamW : adam,
    kind: amsgrad ? 'AmsGrad' : 'Adam',
    slots: [zeros('m'), zeros('v'), ...(amsgrad ? [zeros('vMaximum')] : [])],
    // Written out: it is computed for every step, and spreading costs more than all of its arithmetic.
    scalars: (step, learningRate) => ({
      stepSize: learningRate / biasCorrection(beta1, step),
      weightDecay: decoupled ? 0 : weightDecay,
      decay: decoupled ? 1 - learningRate * weightDecay : 1,
      beta1,
      gradientShare,
      beta2,
      squareShare,
      rootScale: 1 / Math.sqrt(biasCorrection(beta2, step)),
      epsilon,
    }),
  });
}
