// The losses as functions with named options. Shapes: predictions [*, ..., C]; targets as said.
import { resolveLoss, type Loss } from './loss.ts';

export { lossNames, resolveLoss } from './loss.ts';
export type { Loss, LossLike, LossSpec, LossType } from './loss.ts';

interface Reduction {
  /** 'mean' by default. */
  readonly reduction?: 'mean' | 'sum';
}

/** (p − t)², the mean over all elements. Targets of the prediction's shape. */
export const meanSquaredError = (options: Reduction = {}): Loss =>
  resolveLoss({ type: 'meanSquaredError', ...options });

/** |p − t|, the mean over all elements. */
export const meanAbsoluteError = (options: Reduction = {}): Loss =>
  resolveLoss({ type: 'meanAbsoluteError', ...options });

/** Quadratic within delta, linear beyond (Huber 1964). */
export const huber = (options: Reduction & { delta?: number } = {}): Loss => resolveLoss({ type: 'huber', ...options });

/** Huber's loss divided by beta, as PyTorch's SmoothL1Loss. */
export const smoothL1 = (options: Reduction & { beta?: number } = {}): Loss =>
  resolveLoss({ type: 'smoothL1', ...options });

/** log cosh(p − t). */
export const logCosh = (options: Reduction = {}): Loss => resolveLoss({ type: 'logCosh', ...options });

/** exp(p) − t·p; with `logInput: false` the prediction is the rate itself: p − t·log p. */
export const poisson = (options: Reduction & { logInput?: boolean } = {}): Loss =>
  resolveLoss({ type: 'poisson', ...options });

/** −cos of the angle between prediction and target along the last axis. */
export const cosineSimilarity = (options: Reduction = {}): Loss =>
  resolveLoss({ type: 'cosineSimilarity', ...options });

/** On probabilities in [0, 1]; targets 0 to 1. A final sigmoid is taken together with it, safely. */
export const binaryCrossEntropy = (options: Reduction & { positiveWeights?: readonly number[] } = {}): Loss =>
  resolveLoss({ type: 'binaryCrossEntropy', ...options });

/** On logits, with a weight for the positive class of each column. */
export const binaryCrossEntropyWithLogits = (options: Reduction & { positiveWeights?: readonly number[] } = {}): Loss =>
  resolveLoss({ type: 'binaryCrossEntropyWithLogits', ...options });

/** max(0, 1 − p·t) with targets −1 or +1. */
export const hinge = (options: Reduction = {}): Loss => resolveLoss({ type: 'hinge', ...options });

/** max(0, 1 − p·t)² with targets −1 or +1. */
export const squaredHinge = (options: Reduction = {}): Loss => resolveLoss({ type: 'squaredHinge', ...options });

/**
 * On logits [*, C]; targets are class indices [*] or probabilities [*, C]. A final softmax is taken together with it.
 * Rows whose index is `ignoreIndex` (−100) do not count.
 */
export const crossEntropy = (
  options: Reduction & { labelSmoothing?: number; classWeights?: readonly number[]; ignoreIndex?: number } = {},
): Loss => resolveLoss({ type: 'crossEntropy', ...options });

/** On log-probabilities [*, C] with class indices [*]. */
export const negativeLogLikelihood = (
  options: Reduction & { classWeights?: readonly number[]; ignoreIndex?: number } = {},
): Loss => resolveLoss({ type: 'negativeLogLikelihood', ...options });

/** Σ t·(log t − p) of each row, p log-probabilities (PyTorch's `batchmean`). */
export const kullbackLeibler = (options: Reduction = {}): Loss => resolveLoss({ type: 'kullbackLeibler', ...options });
