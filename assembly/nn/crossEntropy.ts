// Losses over classes: cross-entropy on class indices or on probabilities, and negative log-likelihood.
// C classes (columns), ε label smoothing, w[c] class weights (1 where there are none), y the row's class.
// s = softmax(p); −log s[c] = log S + max(p) − p[c] with S = Σ exp(p[c] − max(p)), which never overflows.
// source: PyTorch's cross_entropy and nll_loss, whose 'mean' is Σ rowWeights · loss / Σ rowWeights of these rows.
// Not here: the losses of single numbers (lossTerms.ts, loss.ts).
import { LossBackward, LossRows } from '../instructions';
import { laneMask, loadUpTo, storeUpTo, sumLanes } from '../lanes';
import { maximum_f32 } from '../linalg/reduce';
import { expSmall_f32x4, log_f32x4 } from '../math';
import {
  EXPONENTIAL,
  rowTotal,
  WEIGHT,
  WEIGHTED_DISTANCE,
  WEIGHTED_TARGET,
  WEIGHTED_TARGET_DISTANCE,
} from './lossTerms';

/** Stands for a class weight of 0 where labels are smoothed: so small that it does not show beside any other. */
const LEAST_WEIGHT: f32 = 8.673617379884035e-19; // 2⁻⁶⁰

/** Σ exp(p − maximum) over a row; at least 1. */
export function sumOfExponentials(p: usize, columns: u32, maximum: f32): f64 {
  return rowTotal(EXPONENTIAL, p, p, 0, columns, maximum);
}

/** Σ w, or the number of columns. */
function sumOfWeights(weights: usize, columns: u32): f64 {
  return weights ? rowTotal(WEIGHT, 0, 0, weights, columns, 0) : <f64>columns;
}

/** Σ w · (maximum − p) over a row. */
function sumOfDistances(p: usize, weights: usize, columns: u32, maximum: f32): f64 {
  return rowTotal(WEIGHTED_DISTANCE, p, p, weights, columns, maximum);
}

/** log x for one number. */
export function logarithm(x: f64): f32 {
  return f32x4.extract_lane(log_f32x4(f32x4.splat(<f32>x)), 0);
}

/** The weight that a row of class `label` has in the mean. */
function classWeight(weights: usize, label: i32, smoothing: f32): f32 {
  const weight = weights ? load<f32>(weights + (label << 2)) : 1;
  return smoothing != 0 && abs(weight) < LEAST_WEIGHT ? LEAST_WEIGHT : weight;
}

@inline
export function storeRow(loss: usize, rowWeight: usize, value: f32, weight: f32): void {
  store<f32>(loss, value);
  if (rowWeight) store<f32>(rowWeight, weight);
}

/** The host has checked the labels; should one slip through, its row is NaN and nothing is read out of bounds. */
@inline
export function isClass(label: i32, columns: u32): bool {
  assert(u32(label) < columns, 'loss: class index out of range');
  return u32(label) < columns;
}

/**
 * formula: loss = (1 − ε) · (−log s[y]) + ε / (C · ω) · Σ w[c] · (−log s[c]), rowWeight ω = w[y]
 *   (where ε > 0 and w[y] = 0, ω is 2⁻⁶⁰: PyTorch keeps the smoothing term of such a row, and ω · loss has it)
 * shapes: prediction (logits) [rows, C], target [rows] of i32, weights [C] or 0, loss and rowWeights [rows]
 * alias: none
 * tail: as `rowTotal`
 * error: log S within a few ulp of 1 beside 35 · 2⁻²⁴ of S; the differences are exact to one rounding
 * edge: y = ignoreIndex gives 0 with weight 0; logits of ±1e4 and further are safe, a logit of −∞ is a class that
 *   cannot be; NaN or +∞ in a row gives NaN; so does a label that is no class
 */
export function crossEntropyIndices(i: LossRows): void {
  const columns = i.columns;
  const smoothing = i.alpha;
  const weightSum = smoothing != 0 ? sumOfWeights(i.weights, columns) : 0;
  let p = i.prediction;
  for (let row: u32 = 0; row < i.rows; row++, p += columns << 2) {
    const label = load<i32>(i.target + (row << 2));
    const loss = i.loss + (row << 2);
    const rowWeight = i.rowWeights ? i.rowWeights + (row << 2) : 0;
    if (label == i.ignoreIndex) storeRow(loss, rowWeight, 0, 0);
    else if (!isClass(label, columns)) storeRow(loss, rowWeight, NaN, 1);
    else {
      const weight = classWeight(i.weights, label, smoothing);
      const maximum = maximum_f32(p, columns);
      const log = logarithm(sumOfExponentials(p, columns, maximum));
      let value: f64 = <f64>log + (<f64>maximum - <f64>load<f32>(p + (label << 2)));
      if (smoothing != 0) {
        const spread = weightSum * log + sumOfDistances(p, i.weights, columns, maximum);
        value = (1 - <f64>smoothing) * value + (<f64>smoothing * spread) / (<f64>columns * weight);
      }
      storeRow(loss, rowWeight, <f32>value, weight);
    }
  }
}

/** out[c] = exp(p[c] − maximum) over a row; returns their sum, in the order of `rowTotal`. */
export function exponentials(out: usize, p: usize, columns: u32, maximum: f32): f64 {
  const shift = f32x4.splat(maximum);
  let total: f64 = 0;
  while (columns) {
    const run = min(columns, 128);
    let sum = f32x4.splat(0);
    for (let rest: i32 = run; rest > 0; rest -= 4) {
      const e = expSmall_f32x4(f32x4.sub(loadUpTo(p, rest), shift));
      storeUpTo(out, e, rest);
      sum = f32x4.add(sum, v128.and(e, laneMask(rest)));
      p += 16;
      out += 16;
    }
    total += <f64>sumLanes(sum);
    columns -= run;
  }
  return total;
}

/** out[c] = scale · out[c] − w[c] · (share · t[c] + even); without targets (t = 0) share · t[c] is 0. */
export function subtractTargets(
  out: usize,
  t: usize,
  weights: usize,
  columns: u32,
  scale: f32,
  share: f32,
  even: f32,
): void {
  const k = f32x4.splat(scale);
  for (let rest: i32 = columns; rest > 0; rest -= 4, out += 16) {
    let wanted = f32x4.splat(even);
    if (t) {
      wanted = f32x4.add(wanted, f32x4.mul(f32x4.splat(share), loadUpTo(t, rest)));
      t += 16;
    }
    if (weights) {
      wanted = f32x4.mul(wanted, loadUpTo(weights, rest));
      weights += 16;
    }
    storeUpTo(out, f32x4.sub(f32x4.mul(k, loadUpTo(out, rest)), wanted), rest);
  }
}

/** out[n] = value. */
export function fillRow(out: usize, columns: u32, value: f32): void {
  const lanes = f32x4.splat(value);
  for (let rest: i32 = columns; rest > 0; rest -= 4, out += 16) storeUpTo(out, lanes, rest);
}

/**
 * inverts `crossEntropyIndices`: loss = (1 − ε) · (−log s[y]) + ε / (C · ω) · Σ w[c] · (−log s[c])
 * formula: dPrediction[c] = dRow · (s[c] · (1 − ε + ε Σ w / (C ω)) − w[c] · ε / (C ω) − (1 − ε) [c = y])
 * shapes: dPrediction [rows, C], dRows [rows], the others as in the forward kernel
 * alias: none
 * tail: by lane loads
 * error: within a few ulp of dRow
 * edge: 0 in an ignored row, NaN in a row whose label is no class
 */
export function crossEntropyIndicesBackward(i: LossBackward): void {
  const columns = i.columns;
  const smoothing = <f64>i.alpha;
  const weightSum = smoothing != 0 ? sumOfWeights(i.weights, columns) : 0;
  let p = i.prediction;
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++, p += columns << 2, out += columns << 2) {
    const label = load<i32>(i.target + (row << 2));
    if (label == i.ignoreIndex) fillRow(out, columns, 0);
    else if (!isClass(label, columns)) fillRow(out, columns, NaN);
    else {
      const dRow = <f64>load<f32>(i.dRows + (row << 2));
      const even = smoothing != 0 ? smoothing / (<f64>columns * classWeight(i.weights, label, i.alpha)) : 0;
      const sum = exponentials(out, p, columns, maximum_f32(p, columns));
      const scale = <f32>((dRow * (1 - smoothing + even * weightSum)) / sum);
      subtractTargets(out, 0, smoothing != 0 ? i.weights : 0, columns, scale, 0, <f32>(dRow * even));
      const own = out + (label << 2);
      store<f32>(own, load<f32>(own) - <f32>(dRow * (1 - smoothing)));
    }
  }
}

/**
 * formula: loss = Σ q[c] · (−log s[c]), q[c] = w[c] · ((1 − ε) · t[c] + ε / C), rowWeight 1
 * shapes: prediction (logits) and target (probabilities) [rows, C], weights [C] or 0
 * alias: none
 * tail, error: as `crossEntropyIndices`
 * edge: logits of ±1e4 and further are safe; NaN in a row gives NaN, and so does a logit of −∞ (0 · ∞), as in PyTorch
 */
export function crossEntropyProbabilities(i: LossRows): void {
  const columns = i.columns;
  const share = 1 - <f64>i.alpha;
  const even = <f64>i.alpha / <f64>columns;
  const weightSum = even != 0 ? sumOfWeights(i.weights, columns) : 0;
  let p = i.prediction;
  let t = i.target;
  for (let row: u32 = 0; row < i.rows; row++, p += columns << 2, t += columns << 2) {
    const maximum = maximum_f32(p, columns);
    const log = <f64>logarithm(sumOfExponentials(p, columns, maximum));
    let mass = share * rowTotal(WEIGHTED_TARGET, p, t, i.weights, columns, 0);
    let distance = share * rowTotal(WEIGHTED_TARGET_DISTANCE, p, t, i.weights, columns, maximum);
    if (even != 0) {
      mass += even * weightSum;
      distance += even * sumOfDistances(p, i.weights, columns, maximum);
    }
    store<f32>(i.loss + (row << 2), <f32>(mass * log + distance));
  }
}

/**
 * inverts `crossEntropyProbabilities`: loss = Σ q[c] · (−log s[c])
 * formula: dPrediction[c] = dRow · (s[c] · Σ q − q[c])
 * shapes, alias, tail, error: as `crossEntropyIndicesBackward`
 */
export function crossEntropyProbabilitiesBackward(i: LossBackward): void {
  const columns = i.columns;
  const share = 1 - <f64>i.alpha;
  const even = <f64>i.alpha / <f64>columns;
  const weightSum = even != 0 ? sumOfWeights(i.weights, columns) : 0;
  let p = i.prediction;
  let t = i.target;
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++) {
    const dRow = <f64>load<f32>(i.dRows + (row << 2));
    const mass = share * rowTotal(WEIGHTED_TARGET, p, t, i.weights, columns, 0) + even * weightSum;
    const sum = exponentials(out, p, columns, maximum_f32(p, columns));
    const scale = <f32>((dRow * mass) / sum);
    subtractTargets(out, t, i.weights, columns, scale, <f32>(dRow * share), <f32>(dRow * even));
    p += columns << 2;
    t += columns << 2;
    out += columns << 2;
  }
}

/**
 * formula: loss = −p[y], rowWeight w[y]
 * shapes: prediction (logarithms of probabilities) [rows, C], target [rows] of i32, weights [C] or 0
 * edge: y = ignoreIndex gives 0 with weight 0; a label that is no class gives NaN
 */
export function negativeLogLikelihood(i: LossRows): void {
  for (let row: u32 = 0; row < i.rows; row++) {
    const label = load<i32>(i.target + (row << 2));
    const loss = i.loss + (row << 2);
    const rowWeight = i.rowWeights ? i.rowWeights + (row << 2) : 0;
    if (label == i.ignoreIndex) storeRow(loss, rowWeight, 0, 0);
    else if (!isClass(label, i.columns)) storeRow(loss, rowWeight, NaN, 1);
    else {
      const own = i.prediction + ((row * i.columns + label) << 2);
      storeRow(loss, rowWeight, -load<f32>(own), classWeight(i.weights, label, 0));
    }
  }
}

/** inverts `negativeLogLikelihood`: dPrediction[c] = −dRow · [c = y] */
export function negativeLogLikelihoodBackward(i: LossBackward): void {
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++, out += i.columns << 2) {
    const label = load<i32>(i.target + (row << 2));
    const known = label == i.ignoreIndex || isClass(label, i.columns);
    fillRow(out, i.columns, known ? 0 : NaN);
    if (known && label != i.ignoreIndex) store<f32>(out + (label << 2), -load<f32>(i.dRows + (row << 2)));
  }
}
