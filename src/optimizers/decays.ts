// Schedules that only fall: constant, step, multi-step, exponential, polynomial, inverse time.
// `i` is the index of the step or epoch, from 0.
import { pow, powInteger } from '../core/deterministic.ts';
import { count, flag, milestoneList, nonNegative, positive, shrinking } from '../core/options.ts';
import { schedule, type Schedule, type ScheduleOptions } from './schedule.ts';

export interface ConstantOptions extends ScheduleOptions {
  learningRate: number;
}

/** The same rate for ever. */
export function constant(options: ConstantOptions): Schedule {
  return schedule('constant', options, { learningRate: positive() }, ({ learningRate }) => learningRate);
}

export interface StepDecayOptions extends ScheduleOptions {
  learningRate: number;
  /** After how many steps or epochs the rate falls each time. */
  stepSize: number;
  /** What it is multiplied by; 0.1 by default. */
  gamma?: number;
}

/** rate = learningRate · gamma^⌊i / stepSize⌋ (PyTorch StepLR). */
export function stepDecay(options: StepDecayOptions): Schedule {
  const fields = { learningRate: positive(), stepSize: count(), gamma: shrinking(0.1) };
  return schedule(
    'stepDecay',
    options,
    fields,
    ({ learningRate, stepSize, gamma }, i) => learningRate * powInteger(gamma, Math.floor(i / stepSize)),
  );
}

export interface MultiStepOptions extends ScheduleOptions {
  learningRate: number;
  /** The indices from which the rate is lower, in rising order. */
  milestones: readonly number[];
  /** What it is multiplied by at each; 0.1 by default. */
  gamma?: number;
}

/** rate = learningRate · gamma^(milestones at or before i) (PyTorch MultiStepLR; Keras PiecewiseConstantDecay). */
export function multiStep(options: MultiStepOptions): Schedule {
  const fields = { learningRate: positive(), milestones: milestoneList(), gamma: shrinking(0.1) };
  return schedule(
    'multiStep',
    options,
    fields,
    ({ learningRate, milestones, gamma }, i) =>
      learningRate * powInteger(gamma, milestones.filter((milestone) => milestone <= i).length),
  );
}

export interface ExponentialDecayOptions extends ScheduleOptions {
  learningRate: number;
  /** What the rate is multiplied by every `steps`. */
  gamma: number;
  /** 1 by default. */
  steps?: number;
  /** Fall only at whole multiples of `steps`; false by default. */
  staircase?: boolean;
}

/** rate = learningRate · gamma^(i / steps) (PyTorch ExponentialLR; Keras ExponentialDecay). */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const fields = { learningRate: positive(), gamma: shrinking(), steps: count(1), staircase: flag(false) };
  return schedule('exponentialDecay', options, fields, ({ learningRate, gamma, steps, staircase }, i) => {
    const decays = staircase ? Math.floor(i / steps) : i / steps;
    return learningRate * pow(gamma, decays);
  });
}

export interface PolynomialDecayOptions extends ScheduleOptions {
  learningRate: number;
  /** How long the fall takes; the rate stays at `minimum` after it. */
  steps: number;
  /** 0 by default. */
  minimum?: number;
  /** 1 by default: a straight line. */
  power?: number;
}

/** rate = minimum + (learningRate − minimum) · (1 − min(i, steps) / steps)^power (PyTorch PolynomialLR; Keras). */
export function polynomialDecay(options: PolynomialDecayOptions): Schedule {
  const fields = { learningRate: positive(), steps: count(), minimum: nonNegative(0), power: positive(1) };
  return schedule(
    'polynomialDecay',
    options,
    fields,
    ({ learningRate, steps, minimum, power }, i) =>
      minimum + (learningRate - minimum) * pow(1 - Math.min(i, steps) / steps, power),
  );
}

export interface InverseTimeDecayOptions extends ScheduleOptions {
  learningRate: number;
  /** How fast: after `steps` / `decayRate` the rate is half of what it was. */
  decayRate: number;
  /** 1 by default. */
  steps?: number;
  /** Fall only at whole multiples of `steps`; false by default. */
  staircase?: boolean;
}

/** rate = learningRate / (1 + decayRate · i / steps) (Keras InverseTimeDecay). */
export function inverseTimeDecay(options: InverseTimeDecayOptions): Schedule {
  const fields = { learningRate: positive(), decayRate: nonNegative(), steps: count(1), staircase: flag(false) };
  return schedule('inverseTimeDecay', options, fields, ({ learningRate, decayRate, steps, staircase }, i) => {
    const time = staircase ? Math.floor(i / steps) : i / steps;
    return learningRate / (1 + decayRate * time);
  });
}
