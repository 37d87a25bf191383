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

/**
 * Cross-entropy that looks away from what is predicted well already: times (1 − s(p)[t])^gamma (Lin et al. 2017).
 * Predictions and targets as for `crossEntropy`; `alpha` is a factor, or one for each class.
 */
export const focal = (
  options: Reduction & { gamma?: number; alpha?: number | readonly number[]; ignoreIndex?: number } = {},
): Loss => resolveLoss({ type: 'focal', ...options });

/**
 * The focal loss of a yes or no, after a final sigmoid; targets 0 to 1. `alpha` weighs the positive side and 1 − alpha
 * the negative one; 0.25 by default, null for no weights at all.
 */
export const binaryFocal = (options: Reduction & { gamma?: number; alpha?: number | null } = {}): Loss =>
  resolveLoss({ type: 'binaryFocal', ...options });

/** The same on logits. */
export const binaryFocalWithLogits = (options: Reduction & { gamma?: number; alpha?: number | null } = {}): Loss =>
  resolveLoss({ type: 'binaryFocalWithLogits', ...options });

/** How little two regions overlap, 1 − (2·TP + smooth) / (Σ p + Σ t + smooth), of each sample and class. On probabilities [*, ..., C]. */
export const dice = (options: Reduction & { smooth?: number } = {}): Loss => resolveLoss({ type: 'dice', ...options });

/** Dice with a weight for false positives (alpha) and one for false negatives (beta). On probabilities [*, ..., C]. */
export const tversky = (options: Reduction & { alpha?: number; beta?: number; smooth?: number } = {}): Loss =>
  resolveLoss({ type: 'tversky', ...options });

/** max(0, ‖a − p‖ − ‖a − n‖ + margin) of predictions [*, 3, D]: anchor, positive, negative. No targets. */
export const triplet = (options: Reduction & { margin?: number; epsilon?: number; swap?: boolean } = {}): Loss =>
  resolveLoss({ type: 'triplet', ...options });

/** The hardest triplet of each sample of a batch: embeddings [*, D], targets labels [*]. */
export const batchTriplet = (options: Reduction & { margin?: number } = {}): Loss =>
  resolveLoss({ type: 'batchTriplet', ...options });

/** Which second view of the batch belongs to a first one: predictions [*, 2, D], no targets. */
export const infoNCE = (options: Reduction & { temperature?: number; symmetric?: boolean } = {}): Loss =>
  resolveLoss({ type: 'infoNCE', ...options });

/** Which of all other views of the batch belongs to a view (SimCLR): predictions [*, 2, D], no targets. */
export const ntXent = (options: Reduction & { temperature?: number } = {}): Loss =>
  resolveLoss({ type: 'ntXent', ...options });

/**
 * ½ (ln v + (m − t)² / v) of predictions [*, 2·D], the means m and then the logarithms of the variances v (or, with
 * `variance: 'value'`, the variances); targets [*, D].
 */
export const gaussianNegativeLogLikelihood = (
  options: Reduction & { variance?: 'logarithm' | 'value'; epsilon?: number; full?: boolean } = {},
): Loss => resolveLoss({ type: 'gaussianNegativeLogLikelihood', ...options });

/**
 * ½ ln(mean of (p − t)² + epsilon) of each sample, as a whole: what a normal distribution of the likeliest variance loses
 * for each element, whatever the scale of the data. Targets of the prediction's shape.
 */
export const logMeanSquaredError = (options: Reduction & { epsilon?: number } = {}): Loss =>
  resolveLoss({ type: 'logMeanSquaredError', ...options });

/**
 * −ln of the probability that the frames [*, frames, classes] spell the labels; targets by `ctcTargets`. On logits, or on
 * what a final softmax or logSoftmax gives. `blank` (0) is the class of no label.
 */
export const ctc = (options: Reduction & { blank?: number; zeroInfinity?: boolean; perLabel?: boolean } = {}): Loss =>
  resolveLoss({ type: 'ctc', ...options });
