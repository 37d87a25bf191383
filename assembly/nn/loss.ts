// The losses, forward and backward: one number for each row of a batch, and its gradient.
// Here: the rows of the losses that add up terms of single numbers, cosine similarity, and the choice by kind.
// Not here: the terms' formulas (lossTerms.ts), the losses over classes (crossEntropy.ts), the mean over rows
// (Σ rowWeights · loss / Σ rowWeights, which the graph computes). B rows, C columns.
import { LossBackward, LossKind, LossRows } from '../instructions';
import { loadUpTo, madd, storeUpTo } from '../lanes';
import {
  crossEntropyIndices,
  crossEntropyIndicesBackward,
  crossEntropyProbabilities,
  crossEntropyProbabilitiesBackward,
  negativeLogLikelihood,
  negativeLogLikelihoodBackward,
} from './crossEntropy';
import { focalIndices, focalIndicesBackward, focalProbabilities, focalProbabilitiesBackward } from './focal';
import { loadWeights, POISSON_LOG, PRODUCT, rowTotal, slope } from './lossTerms';

/** The norms of cosine similarity are at least this. */
const NORM_EPSILON: f64 = 1e-8;

/** loss[row] = Σ term / divisor. */
@inline
function sumTerms(kind: u32, i: LossRows, divisor: f64): void {
  const stride = i.columns << 2;
  let p = i.prediction;
  let t = i.target;
  for (let row: u32 = 0; row < i.rows; row++) {
    store<f32>(i.loss + (row << 2), <f32>(rowTotal(kind, p, t, i.weights, i.columns, i.alpha) / divisor));
    p += stride;
    t += stride;
  }
}

/** inverts `sumTerms`: dPrediction = dRow / divisor · slope. */
@inline
function scaleSlopes(kind: u32, i: LossBackward, divisor: f32): void {
  const alpha = f32x4.splat(i.alpha);
  let p = i.prediction;
  let t = i.target;
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++) {
    const dRow = f32x4.splat(load<f32>(i.dRows + (row << 2)) / divisor);
    let weights = i.weights;
    for (let rest: i32 = i.columns; rest > 0; rest -= 4) {
      const count = min(rest, 4) << 2;
      const w = loadWeights(kind, weights, rest);
      storeUpTo(out, f32x4.mul(dRow, slope(kind, loadUpTo(p, rest), loadUpTo(t, rest), w, alpha)), rest);
      p += count;
      t += count;
      out += count;
      if (weights) weights += 16;
    }
  }
}

function dot(a: usize, b: usize, n: u32): f64 {
  return rowTotal(PRODUCT, a, b, 0, n, 0);
}

function norm(x: usize, n: u32): f64 {
  return sqrt<f64>(dot(x, x, n));
}

/** loss[row] = −p · t / (max(|p|, 10⁻⁸) · max(|t|, 10⁻⁸)) */
function cosineSimilarity(i: LossRows): void {
  const n = i.columns;
  for (let row: u32 = 0; row < i.rows; row++) {
    const p = i.prediction + ((row * n) << 2);
    const t = i.target + ((row * n) << 2);
    const norms = max<f64>(norm(p, n), NORM_EPSILON) * max<f64>(norm(t, n), NORM_EPSILON);
    store<f32>(i.loss + (row << 2), <f32>(-dot(p, t, n) / norms));
  }
}

/** out[n] = a · p[n] + b · t[n] */
function blend(out: usize, p: usize, t: usize, n: u32, a: f32, b: f32): void {
  const x = f32x4.splat(a);
  const y = f32x4.splat(b);
  for (let rest: i32 = n; rest > 0; rest -= 4, p += 16, t += 16, out += 16) {
    storeUpTo(out, madd(x, loadUpTo(p, rest), f32x4.mul(y, loadUpTo(t, rest))), rest);
  }
}

/** inverts `cosineSimilarity`: dRow · ((p · t) p / (|p|³ |t|) − t / (|p| |t|)), the first term 0 where |p| ≤ 10⁻⁸ */
function cosineSimilarityBackward(i: LossBackward): void {
  const n = i.columns;
  for (let row: u32 = 0; row < i.rows; row++) {
    const p = i.prediction + ((row * n) << 2);
    const t = i.target + ((row * n) << 2);
    const length = norm(p, n);
    const clamped = max<f64>(length, NORM_EPSILON);
    const b = -(<f64>load<f32>(i.dRows + (row << 2))) / (clamped * max<f64>(norm(t, n), NORM_EPSILON));
    const a = length > NORM_EPSILON ? (-b * dot(p, t, n)) / (length * length) : 0;
    blend(i.dPrediction + ((row * n) << 2), p, t, n, <f32>a, <f32>b);
  }
}

/** The kind of the terms: SmoothL1 of alpha 0 is MeanAbsolute, Poisson has two forms. */
function termKind(kind: u32, alpha: f32): u32 {
  if (kind == LossKind.SmoothL1 && alpha == 0) return LossKind.MeanAbsolute;
  if (kind == LossKind.Poisson && alpha != 0) return POISSON_LOG;
  return kind;
}

/** Every row counts alike in the mean. */
function equalWeights(rowWeights: usize, rows: u32): void {
  if (rowWeights == 0) return;
  for (let row: u32 = 0; row < rows; row++) store<f32>(rowWeights + (row << 2), 1);
}

/**
 * formula: loss[row] = mean over the columns of (d = p − t)
 *   MeanSquared d² · MeanAbsolute |d| · LogCosh log cosh d
 *   Huber d² / 2 where |d| ≤ alpha, else alpha (|d| − alpha / 2) · SmoothL1 the same / alpha (alpha = 0: |d|)
 *   Hinge max(0, 1 − p t) · SquaredHinge its square
 *   BinaryCrossEntropy −t log p − (1 − t) log(1 − p), logarithms at least −100
 *   BinaryCrossEntropyLogits (1 − t) softplus(p) + weights t softplus(−p)
 *   BinaryFocal (weights t + (1 − weights) (1 − t)) · qᵃ · BinaryCrossEntropyLogits, q the share that is wrong, a = alpha
 *   Poisson p − t log(p + 10⁻⁸), with alpha ≠ 0 exp(p) − t p
 *   and of the row as a whole
 *   KullbackLeibler Σ t (log t − p), p a logarithm (its mean over rows is PyTorch's 'batchmean')
 *   CosineSimilarity −p · t / (max(|p|, 10⁻⁸) max(|t|, 10⁻⁸))
 *   CrossEntropyIndices, CrossEntropyProbabilities, NegativeLogLikelihood: see crossEntropy.ts
 *   FocalIndices, FocalProbabilities: see focal.ts
 *   rowWeights[row] is 1 but for the class weights there: the mean is Σ rowWeights · loss / Σ rowWeights
 * shapes: prediction and target [B, C] (target [B] of i32 for class indices), loss and rowWeights [B], weights [C]
 * alias: none
 * tail, error: as `rowTotal`; the mean is rounded once, from float64
 * edge: NaN propagates; logits of ±1e4 give finite losses and gradients, but exp(p) of Poisson is ∞ from 88.73 on;
 *   C = 0 gives NaN where there is a mean, else 0; weights are not read by kinds that do not name them;
 *   cosine similarity squares in float32: |p| up to 10¹⁹
 */
export function execLossRows(pc: usize): u32 {
  const i = changetype<LossRows>(pc);
  assert(i.kind <= u32(LossKind.FocalProbabilities), 'LossRows: unknown kind');
  const columns = <f64>i.columns;
  switch (termKind(i.kind, i.alpha)) {
    case LossKind.CrossEntropyIndices:
      crossEntropyIndices(i);
      return 0;
    case LossKind.NegativeLogLikelihood:
      negativeLogLikelihood(i);
      return 0;
    case LossKind.FocalIndices:
      focalIndices(i);
      return 0;
    case LossKind.CrossEntropyProbabilities:
      crossEntropyProbabilities(i);
      break;
    case LossKind.FocalProbabilities:
      focalProbabilities(i);
      break;
    case LossKind.BinaryFocal:
      sumTerms(LossKind.BinaryFocal, i, columns);
      break;
    case LossKind.CosineSimilarity:
      cosineSimilarity(i);
      break;
    case LossKind.KullbackLeibler:
      sumTerms(LossKind.KullbackLeibler, i, 1);
      break;
    case LossKind.MeanSquared:
      sumTerms(LossKind.MeanSquared, i, columns);
      break;
    case LossKind.MeanAbsolute:
      sumTerms(LossKind.MeanAbsolute, i, columns);
      break;
    case LossKind.Huber:
      sumTerms(LossKind.Huber, i, columns);
      break;
    case LossKind.SmoothL1:
      sumTerms(LossKind.SmoothL1, i, columns);
      break;
    case LossKind.BinaryCrossEntropy:
      sumTerms(LossKind.BinaryCrossEntropy, i, columns);
      break;
    case LossKind.BinaryCrossEntropyLogits:
      sumTerms(LossKind.BinaryCrossEntropyLogits, i, columns);
      break;
    case LossKind.Hinge:
      sumTerms(LossKind.Hinge, i, columns);
      break;
    case LossKind.SquaredHinge:
      sumTerms(LossKind.SquaredHinge, i, columns);
      break;
    case LossKind.Poisson:
      sumTerms(LossKind.Poisson, i, columns);
      break;
    case POISSON_LOG:
      sumTerms(POISSON_LOG, i, columns);
      break;
    case LossKind.LogCosh:
      sumTerms(LossKind.LogCosh, i, columns);
      break;
  }
  equalWeights(i.rowWeights, i.rows);
  return 0;
}

/**
 * inverts `execLossRows`: loss[row] = mean or sum over the columns of term(p, t)
 * formula: dPrediction[row, c] = dRows[row] · d loss[row] / d prediction[row, c]; what weight the row has in a mean
 *   is in dRows already
 * shapes: dPrediction [B, C], dRows [B], the others as in the forward kernel
 * alias: none
 * tail: by lane loads
 * edge: 0 at a kink (MeanAbsolute, SmoothL1 with alpha = 0, Hinge); NaN propagates. As in PyTorch,
 *   BinaryCrossEntropy's slope is (p − t) / max(p (1 − p), 10⁻¹²) even where the logarithm is cut off at −100
 */
export function execLossBackward(pc: usize): u32 {
  const i = changetype<LossBackward>(pc);
  assert(i.kind <= u32(LossKind.FocalProbabilities), 'LossBackward: unknown kind');
  const columns = <f32>i.columns;
  switch (termKind(i.kind, i.alpha)) {
    case LossKind.CrossEntropyIndices:
      crossEntropyIndicesBackward(i);
      break;
    case LossKind.NegativeLogLikelihood:
      negativeLogLikelihoodBackward(i);
      break;
    case LossKind.CrossEntropyProbabilities:
      crossEntropyProbabilitiesBackward(i);
      break;
    case LossKind.FocalIndices:
      focalIndicesBackward(i);
      break;
    case LossKind.FocalProbabilities:
      focalProbabilitiesBackward(i);
      break;
    case LossKind.BinaryFocal:
      scaleSlopes(LossKind.BinaryFocal, i, columns);
      break;
    case LossKind.CosineSimilarity:
      cosineSimilarityBackward(i);
      break;
    case LossKind.KullbackLeibler:
      scaleSlopes(LossKind.KullbackLeibler, i, 1);
      break;
    case LossKind.MeanSquared:
      scaleSlopes(LossKind.MeanSquared, i, columns);
      break;
    case LossKind.MeanAbsolute:
      scaleSlopes(LossKind.MeanAbsolute, i, columns);
      break;
    case LossKind.Huber:
      scaleSlopes(LossKind.Huber, i, columns);
      break;
    case LossKind.SmoothL1:
      scaleSlopes(LossKind.SmoothL1, i, columns);
      break;
    case LossKind.BinaryCrossEntropy:
      scaleSlopes(LossKind.BinaryCrossEntropy, i, columns);
      break;
    case LossKind.BinaryCrossEntropyLogits:
      scaleSlopes(LossKind.BinaryCrossEntropyLogits, i, columns);
      break;
    case LossKind.Hinge:
      scaleSlopes(LossKind.Hinge, i, columns);
      break;
    case LossKind.SquaredHinge:
      scaleSlopes(LossKind.SquaredHinge, i, columns);
      break;
    case LossKind.Poisson:
      scaleSlopes(LossKind.Poisson, i, columns);
      break;
    case POISSON_LOG:
      scaleSlopes(POISSON_LOG, i, columns);
      break;
    case LossKind.LogCosh:
      scaleSlopes(LossKind.LogCosh, i, columns);
      break;
  }
  return 0;
}
