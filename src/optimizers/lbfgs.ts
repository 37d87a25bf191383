// L-BFGS: a quasi-Newton method for whole batches, with a line search (PyTorch LBFGS with strong_wolfe).
// Here: its options, and its direction from the changes of the last steps. The steps themselves evaluate the loss several
// times, which the model does (src/model/lbfgs-step.ts). Vectors hold all parameters one after the other.
import { count, nonNegative, readOptions } from '../core/options.ts';
import { commonFields, type Optimizer, type OptimizerOptions } from './optimizer.ts';
import { savedSchedule, toSchedule } from './schedules.ts';

export interface LbfgsOptions extends Pick<OptimizerOptions, 'learningRate'> {
  /** Directions taken in one step of `fit`; 20 by default. */
  maxIterations?: number;
  /** Evaluations of the loss in one step of `fit`; 1.25 · maxIterations by default. */
  maxEvaluations?: number;
  /** The last steps that shape the direction; 10 by default. */
  historySize?: number;
  /** A largest element of the gradient at which the loss counts as least; 1e-7 by default. */
  toleranceGradient?: number;
  /** A change of loss or parameters that is none; 1e-9 by default. */
  toleranceChange?: number;
}

export interface LbfgsSettings {
  readonly maxIterations: number;
  readonly maxEvaluations: number;
  readonly historySize: number;
  readonly toleranceGradient: number;
  readonly toleranceChange: number;
}

/** What tells L-BFGS from optimizers that step by the gradient alone. */
export type LbfgsOptimizer = Optimizer & { readonly lineSearch: LbfgsSettings };

/**
 * p ← p + t·d, d the gradient times the inverse curvature that the last `historySize` steps show, t by a line search
 * from `learningRate` (1 by default) on. For data that is one batch; `fit` takes all samples as one.
 * Sources: Liu, Nocedal 1989; PyTorch LBFGS with line_search_fn 'strong_wolfe'.
 */
export function lbfgs(options: LbfgsOptions = {}): LbfgsOptimizer {
  const { learningRate } = commonFields(1);
  const values = readOptions('lbfgs', options, {
    learningRate,
    maxIterations: count(20),
    maxEvaluations: count(Math.floor((options?.maxIterations ?? 20) * 1.25)),
    historySize: count(10),
    toleranceGradient: nonNegative(1e-7),
    toleranceChange: nonNegative(1e-9),
  });
  const { learningRate: given, ...lineSearch } = values;
  const rate = typeof given === 'number' ? given : toSchedule(given);
  return {
    type: 'lbfgs',
    config: { ...values, learningRate: typeof rate === 'number' ? rate : savedSchedule(rate) },
    learningRate: rate,
    lineSearch,
    parts: [],
    slots: [],
    vectors: (size) => [
      { name: 'steps', initial: 0, shape: [values.historySize, size] },
      { name: 'changes', initial: 0, shape: [values.historySize, size] },
      { name: 'direction', initial: 0, shape: [size] },
      { name: 'gradient', initial: 0, shape: [size] },
    ],
    scalarCount: 1,
    scalars: (_step, learningRate_, _state, out) => void (out[0] = learningRate_),
    initialState: () => ({ iterations: 0, kept: 0, scale: 1, length: 0 }),
  };
}

export const isLbfgs = (optimizer: Optimizer): optimizer is LbfgsOptimizer => 'lineSearch' in optimizer;

/** Σ a·b in float64, first to last. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest |x|. */
export function largest(x: Float32Array, scale = 1): number {
  let result = 0;
  for (let i = 0; i < x.length; i++) result = Math.max(result, Math.abs(x[i]! * scale));
  return result;
}

const addScaled = (out: Float32Array, factor: number, x: Float32Array): void => {
  for (let i = 0; i < out.length; i++) out[i]! += factor * x[i]!;
};

/**
 * −H·gradient into `out`, H the inverse curvature: scale·I, changed by each remembered step, the oldest first (two-loop
 * recursion, Nocedal, Wright 2006, algorithm 7.4).
 * @param steps what the parameters changed by @param changes what the gradient changed by
 */
export function quasiNewtonDirection(
  out: Float32Array,
  gradient: Float32Array,
  steps: readonly Float32Array[],
  changes: readonly Float32Array[],
  scale: number,
): void {
  for (let i = 0; i < out.length; i++) out[i] = -gradient[i]!;
  const inverses = steps.map((step, i) => 1 / dot(step, changes[i]!));
  const factors: number[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    factors[i] = dot(steps[i]!, out) * inverses[i]!;
    addScaled(out, -factors[i]!, changes[i]!);
  }
  for (let i = 0; i < out.length; i++) out[i]! *= scale;
  for (let i = 0; i < steps.length; i++) addScaled(out, factors[i]! - dot(changes[i]!, out) * inverses[i]!, steps[i]!);
}
