// The focal loss over classes: cross-entropy that looks away from what is predicted well already.
// C classes (columns), g = gamma the focus (the operand alpha), w[c] class weights (1 where there are none), y the class.
// s = softmax(p), l = log s; of one class f(l) = −(1 − eˡ)ᵍ · l, with 1 − eˡ = −expm1(l).
// source: Lin et al. 2017, Focal loss for dense object detection; rows count alike in the mean, as in Keras.
// Not here: the focal loss of a yes or no (lossTerms.ts).
import { LossBackward, LossRows } from '../instructions';
import { laneMask, loadUpTo, nmadd, storeUpTo, sumLanes } from '../lanes';
import { maximum_f32 } from '../linalg/reduce';
import { constant, exp_f32x4, expm1_f32x4, ONE, pow_f32x4 } from '../math';
import {
  exponentials,
  fillRow,
  isClass,
  logarithm,
  storeRow,
  subtractTargets,
  sumOfExponentials,
} from './crossEntropy';

/** formula: −(1 − eˡ)ᵍ · l; edge: 0 at l = 0 */
function focal(l: v128, gamma: v128): v128 {
  const wrong = f32x4.neg(expm1_f32x4(l));
  return f32x4.neg(f32x4.mul(pow_f32x4(wrong, gamma), l));
}

/** inverts `focal`: (1 − eˡ)ᵍ · (g · eˡ · l / (1 − eˡ) − 1); edge: l / (1 − eˡ) is −1 at l = 0 */
function focalSlope(l: v128, gamma: v128): v128 {
  const one = constant(ONE);
  const wrong = f32x4.neg(expm1_f32x4(l));
  const ratio = v128.bitselect(f32x4.neg(one), f32x4.div(l, wrong), f32x4.eq(wrong, f32x4.splat(0)));
  const turn = f32x4.mul(f32x4.mul(gamma, exp_f32x4(l)), ratio);
  return f32x4.mul(pow_f32x4(wrong, gamma), f32x4.sub(turn, one));
}

/** log s[label] of a row: p[label] − maximum − log Σ exp(p − maximum), at most 0. */
@inline
function logShare(p: usize, columns: u32, label: i32, maximum: f32): f32 {
  const log = <f64>logarithm(sumOfExponentials(p, columns, maximum));
  return min<f32>(<f32>(<f64>load<f32>(p + (label << 2)) - <f64>maximum - log), 0);
}

@inline
function weightOf(weights: usize, label: i32): f32 {
  return weights ? load<f32>(weights + (label << 2)) : 1;
}

/**
 * formula: loss = w[y] · f(log s[y]), rowWeight 1
 * shapes: prediction (logits) [rows, C], target [rows] of i32, weights [C] or 0, loss and rowWeights [rows]
 * alias: none
 * tail, error: as `crossEntropyIndices`; where s[y] is nearly 1 the error is 10⁻⁷ absolute
 * edge: y = ignoreIndex gives 0 with weight 0; a label that is no class gives NaN
 */
export function focalIndices(i: LossRows): void {
  const gamma = f32x4.splat(i.alpha);
  let p = i.prediction;
  for (let row: u32 = 0; row < i.rows; row++, p += i.columns << 2) {
    const label = load<i32>(i.target + (row << 2));
    const loss = i.loss + (row << 2);
    const rowWeight = i.rowWeights ? i.rowWeights + (row << 2) : 0;
    if (label == i.ignoreIndex) storeRow(loss, rowWeight, 0, 0);
    else if (!isClass(label, i.columns)) storeRow(loss, rowWeight, NaN, 1);
    else {
      const l = logShare(p, i.columns, label, maximum_f32(p, i.columns));
      const value = f32x4.extract_lane(focal(f32x4.splat(l), gamma), 0);
      storeRow(loss, rowWeight, weightOf(i.weights, label) * value, 1);
    }
  }
}

/**
 * inverts `focalIndices`: loss = w[y] · f(log s[y])
 * formula: dPrediction[c] = dRow · w[y] · f′(log s[y]) · ([c = y] − s[c])
 * shapes: as the forward kernel, dPrediction [rows, C], dRows [rows]
 * edge: 0 in an ignored row, NaN in a row whose label is no class
 */
export function focalIndicesBackward(i: LossBackward): void {
  const columns = i.columns;
  const gamma = f32x4.splat(i.alpha);
  let p = i.prediction;
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++, p += columns << 2, out += columns << 2) {
    const label = load<i32>(i.target + (row << 2));
    if (label == i.ignoreIndex) fillRow(out, columns, 0);
    else if (!isClass(label, columns)) fillRow(out, columns, NaN);
    else {
      const maximum = maximum_f32(p, columns);
      const slope = focalSlope(f32x4.splat(logShare(p, columns, label, maximum)), gamma);
      const dLog = load<f32>(i.dRows + (row << 2)) * weightOf(i.weights, label) * f32x4.extract_lane(slope, 0);
      const sum = exponentials(out, p, columns, maximum);
      subtractTargets(out, 0, 0, columns, <f32>(<f64>-dLog / sum), 0, 0);
      const own = out + (label << 2);
      store<f32>(own, load<f32>(own) + dLog);
    }
  }
}

/** log s of up to four columns; at most 0. */
@inline
function logShares(p: usize, rest: i32, shift: v128): v128 {
  return f32x4.min(f32x4.sub(loadUpTo(p, rest), shift), f32x4.splat(0));
}

/** t[c] · w[c], or t[c]. */
@inline
function wanted(t: usize, weights: usize, rest: i32): v128 {
  const target = loadUpTo(t, rest);
  return weights ? f32x4.mul(target, loadUpTo(weights, rest)) : target;
}

/**
 * formula: loss = Σ t[c] · w[c] · f(log s[c]), rowWeight 1
 * shapes: prediction (logits) and target (probabilities) [rows, C], weights [C] or 0
 * alias: none
 * tail: by lane loads; error: a few ulp of the loss beside those of log s
 */
export function focalProbabilities(i: LossRows): void {
  const columns = i.columns;
  const gamma = f32x4.splat(i.alpha);
  let p = i.prediction;
  let t = i.target;
  for (let row: u32 = 0; row < i.rows; row++) {
    const maximum = maximum_f32(p, columns);
    const shift = f32x4.splat(maximum + logarithm(sumOfExponentials(p, columns, maximum)));
    let sum = f32x4.splat(0);
    let weights = i.weights;
    for (let rest: i32 = columns; rest > 0; rest -= 4) {
      const count = min(rest, 4) << 2;
      const value = f32x4.mul(wanted(t, weights, rest), focal(logShares(p, rest, shift), gamma));
      sum = f32x4.add(sum, v128.and(value, laneMask(rest)));
      p += count;
      t += count;
      if (weights) weights += 16;
    }
    store<f32>(i.loss + (row << 2), sumLanes(sum));
  }
}

/**
 * inverts `focalProbabilities`: loss = Σ t[c] · w[c] · f(log s[c])
 * formula: dPrediction[c] = dRow · (h[c] − s[c] · Σ h), h[c] = t[c] · w[c] · f′(log s[c])
 * shapes, alias, tail: as the forward kernel
 */
export function focalProbabilitiesBackward(i: LossBackward): void {
  const columns = i.columns;
  const gamma = f32x4.splat(i.alpha);
  let p = i.prediction;
  let t = i.target;
  let out = i.dPrediction;
  for (let row: u32 = 0; row < i.rows; row++) {
    const maximum = maximum_f32(p, columns);
    const shift = f32x4.splat(maximum + logarithm(sumOfExponentials(p, columns, maximum)));
    const dRow = f32x4.splat(load<f32>(i.dRows + (row << 2)));
    let sum = f32x4.splat(0);
    let weights = i.weights;
    for (let rest: i32 = columns, at: usize = 0; rest > 0; rest -= 4, at += 16) {
      const slope = focalSlope(logShares(p + at, rest, shift), gamma);
      const h = f32x4.mul(f32x4.mul(dRow, wanted(t + at, weights, rest)), slope);
      storeUpTo(out + at, h, rest);
      sum = f32x4.add(sum, v128.and(h, laneMask(rest)));
      if (weights) weights += 16;
    }
    const total = f32x4.splat(sumLanes(sum));
    for (let rest: i32 = columns, at: usize = 0; rest > 0; rest -= 4, at += 16) {
      const share = exp_f32x4(logShares(p + at, rest, shift));
      storeUpTo(out + at, nmadd(share, total, loadUpTo(out + at, rest)), rest);
    }
    p += columns << 2;
    t += columns << 2;
    out += columns << 2;
  }
}
