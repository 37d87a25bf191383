// Schedules that rise, or rise and fall: cosine with and without restarts, one-cycle, linear warm-up.
// `i` is the index of the step or epoch, from 0. The cosine is the library's own, the same in every engine.
import { cos } from '../core/deterministic.ts';
import { count, flag, nonNegative, oneOf, positive, share } from '../core/options.ts';
import { schedule, type Schedule, type ScheduleOptions } from './schedule.ts';

/** From `from` (progress 0) to `to` (progress 1) along half a cosine wave. */
function anneal(from: number, to: number, progress: number): number {
  return to + ((from - to) / 2) * (1 + cos(Math.PI * progress));
}

export interface CosineDecayOptions extends ScheduleOptions {
  learningRate: number;
  /** How long the fall takes. */
  steps: number;
  /** Where it ends; 0 by default. */
  minimum?: number;
  /**
   * After `steps`: false (the default) stays at the minimum, as Keras does; true climbs the wave again and falls
   * again, as PyTorch's CosineAnnealingLR does.
   */
  rebound?: boolean;
}

/**
 * rate = minimum + (learningRate − minimum) · (1 + cos(π · i / steps)) / 2.
 * @example cosineDecay({ learningRate: 0.1, steps: 25, minimum: 1e-3, per: 'step' })
 * Source: Loshchilov, Hutter 2016 (SGDR), equation 5. PyTorch computes it recursively, and differs by rounding.
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const fields = { learningRate: positive(), steps: count(), minimum: nonNegative(0), rebound: flag(false) };
  return schedule('cosineDecay', options, fields, ({ learningRate, steps, minimum, rebound }, i) => {
    const at = rebound ? i % (2 * steps) : Math.min(i, steps);
    return anneal(learningRate, minimum, at / steps);
  });
}

export interface CosineRestartsOptions extends ScheduleOptions {
  learningRate: number;
  /** The length of the first fall. */
  steps: number;
  /** How many times longer each fall is than the one before, an integer; 1 by default. */
  multiplier?: number;
  /** Where a fall ends; 0 by default. */
  minimum?: number;
}

/**
 * A cosine decay that begins anew whenever it has ended (PyTorch CosineAnnealingWarmRestarts, Keras
 * CosineDecayRestarts). Source: Loshchilov, Hutter 2016 (SGDR).
 */
export function cosineRestarts(options: CosineRestartsOptions): Schedule {
  const fields = { learningRate: positive(), steps: count(), multiplier: count(1), minimum: nonNegative(0) };
  return schedule('cosineRestarts', options, fields, ({ learningRate, steps, multiplier, minimum }, i) => {
    let length = steps;
    let at = multiplier === 1 ? i % steps : i;
    for (; at >= length; length *= multiplier) at -= length;
    return anneal(learningRate, minimum, at / length);
  });
}

export interface OneCycleOptions extends ScheduleOptions {
  /** The highest rate, at the end of the rise. */
  maximum: number;
  /** The length of rise and fall together; the rate stays at its last value after them. */
  steps: number;
  /** The share of the steps in which the rate rises; 0.3 by default. */
  warmupFraction?: number;
  /** The first rate is maximum / divFactor; 25 by default. */
  divFactor?: number;
  /** The last rate is the first one / finalDivFactor; 1e4 by default. */
  finalDivFactor?: number;
  /** The shape of rise and fall; 'cosine' by default. */
  anneal?: 'cosine' | 'linear';
}

/** Up from maximum / divFactor, and down to far below it (PyTorch OneCycleLR). Source: Smith, Topin 2017. */
export function oneCycle(options: OneCycleOptions): Schedule {
  const fields = {
    maximum: positive(),
    steps: count(),
    warmupFraction: share(0.3),
    divFactor: positive(25),
    finalDivFactor: positive(1e4),
    anneal: oneOf(['cosine', 'linear'], 'cosine'),
  };
  return schedule('oneCycle', options, fields, (values, i) => {
    const { maximum, steps, warmupFraction, divFactor, finalDivFactor } = values;
    const first = maximum / divFactor;
    const last = first / finalDivFactor;
    const curve = values.anneal === 'cosine' ? anneal : line;
    const top = warmupFraction * steps - 1;
    if (top > 0 && i <= top) return curve(first, maximum, i / top);
    const fallFrom = Math.max(top, 0);
    const end = steps - 1;
    return i < end ? curve(maximum, last, (i - fallFrom) / (end - fallFrom)) : last;
  });
}

function line(from: number, to: number, progress: number): number {
  return from + (to - from) * progress;
}

export interface LinearWarmupOptions extends ScheduleOptions {
  /** The rate when warm. */
  learningRate: number;
  /** How long the rise takes; the rate stays at `learningRate` after it. */
  steps: number;
  /** The first rate as a share of `learningRate`; 1/3 by default. */
  startFactor?: number;
}

/**
 * A straight rise to the learning rate (PyTorch LinearLR). To go on with another schedule:
 * `chain({ schedules: [linearWarmup(…), cosineDecay(…)], milestones: [8] })`.
 */
export function linearWarmup(options: LinearWarmupOptions): Schedule {
  const fields = { learningRate: positive(), steps: count(), startFactor: share(1 / 3) };
  return schedule(
    'linearWarmup',
    options,
    fields,
    ({ learningRate, steps, startFactor }, i) =>
      learningRate * (startFactor + (1 - startFactor) * (Math.min(i, steps) / steps)),
  );
}
