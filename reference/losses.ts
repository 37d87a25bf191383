// The losses of one row in float64, written as PyTorch's documentation has them: the oracle of the loss kernels.
// The names are those of `LossKind`. A row gives its share of the mean's numerator and of its denominator:
// 'mean' is Σ weighted / Σ weight over the rows.

export interface LossOptions {
  /** delta of Huber, beta of smooth L1, label smoothing of cross-entropy, gamma of focal, 1 for Poisson on the logarithm */
  readonly alpha?: number;
  /** class weights or positive weights, one for each column */
  readonly weights?: ArrayLike<number> | undefined;
  readonly ignoreIndex?: number;
}

export interface RowLoss {
  readonly weighted: number;
  readonly weight: number;
}

type Term = (p: number, t: number, alpha: number, weight: number) => number;

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clampedLog = (x: number) => Math.max(Math.log(x), -100);

/** Losses that are the mean of a term over the columns. */
const terms = {
  MeanSquared: (p, t) => (p - t) ** 2,
  MeanAbsolute: (p, t) => Math.abs(p - t),
  Huber: (p, t, delta) => {
    const d = Math.abs(p - t);
    return d <= delta ? d ** 2 / 2 : delta * (d - delta / 2);
  },
  SmoothL1: (p, t, beta) => {
    const d = Math.abs(p - t);
    return d < beta ? d ** 2 / (2 * beta) : d - beta / 2;
  },
  BinaryCrossEntropy: (p, t) => -(t * clampedLog(p) + (1 - t) * clampedLog(1 - p)),
  BinaryCrossEntropyLogits: (p, t, _, w) => (1 - t) * softplus(p) + w * t * softplus(-p),
  BinaryFocal: (p, t, gamma, w) => {
    const yes = 1 / (1 + Math.exp(-p));
    const wrong = yes * (1 - t) + (1 - yes) * t;
    const entropy = (1 - t) * softplus(p) + t * softplus(-p);
    return (w * t + (1 - w) * (1 - t)) * wrong ** gamma * entropy;
  },
  Hinge: (p, t) => Math.max(0, 1 - p * t),
  SquaredHinge: (p, t) => Math.max(0, 1 - p * t) ** 2,
  Poisson: (p, t, onLogarithm) => (onLogarithm ? Math.exp(p) - t * p : p - t * Math.log(p + 1e-8)),
  LogCosh: (p, t) => {
    const d = Math.abs(p - t);
    // log cosh d = log(1 + 2 sinh²(d / 2)) where d is small
    return d < 1 ? Math.log1p(2 * Math.sinh(d / 2) ** 2) : d + Math.log1p(Math.exp(-2 * d)) - Math.LN2;
  },
} satisfies Record<string, Term>;

/** Losses of a row as a whole, on a target row. */
const rows = { KullbackLeibler, CosineSimilarity, CrossEntropyProbabilities, FocalProbabilities };
/** Losses of a row as a whole, on a class index. */
const classes = { CrossEntropyIndices, NegativeLogLikelihood, FocalIndices };

export type TermLossName = keyof typeof terms;
export type RowLossName = keyof typeof rows;
export type ClassLossName = keyof typeof classes;
export type LossName = TermLossName | RowLossName | ClassLossName;

export const termLosses = Object.keys(terms) as TermLossName[];
export const classLosses = Object.keys(classes) as ClassLossName[];

export function logSoftmax(x: readonly number[]): number[] {
  const greatest = Math.max(...x);
  const log = Math.log(x.reduce((sum, v) => sum + Math.exp(v - greatest), 0));
  return x.map((v) => v - greatest - log);
}

function KullbackLeibler(p: readonly number[], t: readonly number[]): RowLoss {
  const weighted = p.reduce((sum, v, c) => sum + (t[c] === 0 ? 0 : t[c]! * (Math.log(t[c]!) - v)), 0);
  return { weighted, weight: 1 };
}

function CosineSimilarity(p: readonly number[], t: readonly number[]): RowLoss {
  const dot = p.reduce((sum, v, c) => sum + v * t[c]!, 0);
  return { weighted: -dot / (Math.max(Math.hypot(...p), 1e-8) * Math.max(Math.hypot(...t), 1e-8)), weight: 1 };
}

function CrossEntropyProbabilities(p: readonly number[], t: readonly number[], options: LossOptions): RowLoss {
  const { alpha = 0, weights } = options;
  const logs = logSoftmax(p);
  const smooth = t.map((v) => v * (1 - alpha) + alpha / p.length);
  return { weighted: -logs.reduce((sum, log, c) => sum + (weights?.[c] ?? 1) * smooth[c]! * log, 0), weight: 1 };
}

function CrossEntropyIndices(p: readonly number[], label: number, options: LossOptions): RowLoss {
  const { alpha = 0, weights, ignoreIndex = -100 } = options;
  if (label === ignoreIndex) return { weighted: 0, weight: 0 };
  const logs = logSoftmax(p);
  const weight = weights?.[label] ?? 1;
  const own = -weight * logs[label]!;
  const smooth = alpha && -logs.reduce((sum, log, c) => sum + (weights?.[c] ?? 1) * log, 0);
  return { weighted: (1 - alpha) * own + (alpha / p.length) * smooth, weight };
}

function FocalProbabilities(p: readonly number[], t: readonly number[], options: LossOptions): RowLoss {
  const { alpha: gamma = 0, weights } = options;
  const focal = logSoftmax(p).map((log) => -((1 - Math.exp(log)) ** gamma) * log);
  return { weighted: focal.reduce((sum, v, c) => sum + t[c]! * (weights?.[c] ?? 1) * v, 0), weight: 1 };
}

function FocalIndices(p: readonly number[], label: number, options: LossOptions): RowLoss {
  if (label === (options.ignoreIndex ?? -100)) return { weighted: 0, weight: 0 };
  return FocalProbabilities(
    p,
    p.map((_, c) => Number(c === label)),
    options,
  );
}

function NegativeLogLikelihood(p: readonly number[], label: number, options: LossOptions): RowLoss {
  const { weights, ignoreIndex = -100 } = options;
  if (label === ignoreIndex) return { weighted: 0, weight: 0 };
  const weight = weights?.[label] ?? 1;
  return { weighted: -weight * p[label]!, weight };
}

/** @param target the target row, or for a class loss the class index alone */
export function rowLoss(
  kind: LossName,
  p: readonly number[],
  target: readonly number[],
  options: LossOptions = {},
): RowLoss {
  if (kind in classes) return classes[kind as ClassLossName](p, target[0]!, options);
  if (kind in rows) return rows[kind as RowLossName](p, target, options);
  const term: Term = terms[kind as TermLossName];
  const { alpha = 0, weights } = options;
  const total = p.reduce((sum, v, c) => sum + term(v, target[c]!, alpha, weights?.[c] ?? 1), 0);
  return { weighted: total / p.length, weight: 1 };
}

/** PyTorch's 'mean' (for KullbackLeibler 'batchmean'). */
export function meanLoss(losses: readonly RowLoss[]): number {
  const weight = losses.reduce((sum, row) => sum + row.weight, 0);
  return losses.reduce((sum, row) => sum + row.weighted, 0) / weight;
}

/** d f / d x by central differences. */
export function differences(f: (x: readonly number[]) => number, x: readonly number[], step = 1e-5): number[] {
  return x.map((v, i) => {
    const at = (value: number) => f(x.map((other, j) => (j === i ? value : other)));
    return (at(v + step) - at(v - step)) / (2 * step);
  });
}
