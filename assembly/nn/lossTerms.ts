// The terms of the losses: what one prediction adds to its row's loss (`term`), the derivative of that by the
// prediction (`slope`), and the sum of terms over a row (`rowTotal`). p is a prediction, t its target,
// w its column's weight, alpha the loss's own parameter; all on four lanes.
// Not here: which rows and which mean (loss.ts), classes and softmax (crossEntropy.ts).
import { LossKind } from '../instructions';
import { laneMask, loadUpTo, madd, nmadd, sumLanes } from '../lanes';
import {
  constant,
  exp_f32x4,
  expSmall_f32x4,
  HALF,
  log1p_f32x4,
  log_f32x4,
  ONE,
  pow_f32x4,
  tanh_f32x4,
  withSign,
} from '../math';

/** Kinds of term beside those of `LossKind`: Poisson on the logarithm, and the sums that whole rows need. */
export const POISSON_LOG: u32 = 32;
/** p · t */
export const PRODUCT: u32 = 33;
/** exp(p − alpha), for p ≤ alpha */
export const EXPONENTIAL: u32 = 34;
/** w */
export const WEIGHT: u32 = 35;
/** w · t */
export const WEIGHTED_TARGET: u32 = 36;
/** w · (alpha − p) */
export const WEIGHTED_DISTANCE: u32 = 37;
/** w · t · (alpha − p) */
export const WEIGHTED_TARGET_DISTANCE: u32 = 38;

const MINUS_HUNDRED: usize = memory.data<f32>([-100], 4);
const TINY: usize = memory.data<f32>([1e-12], 4);
const POISSON_EPSILON: usize = memory.data<f32>([1e-8], 4);
const SMALLEST: usize = memory.data<f32>([1.1754944e-38], 4);
const LN2: usize = memory.data<f32>([0.69314718], 4);

// The elementary functions out of line: here they stand in a dozen loops.
function exp(x: v128): v128 {
  return exp_f32x4(x);
}

function log(x: v128): v128 {
  return log_f32x4(x);
}

function log1p(x: v128): v128 {
  return log1p_f32x4(x);
}

function tanh(x: v128): v128 {
  return tanh_f32x4(x);
}

function pow(x: v128, y: v128): v128 {
  return pow_f32x4(x, y);
}

@inline
function usesWeights(kind: u32): bool {
  return (
    kind == LossKind.BinaryCrossEntropyLogits ||
    kind == LossKind.BinaryFocal ||
    kind == WEIGHT ||
    kind >= WEIGHTED_TARGET
  );
}

@inline
function usesTarget(kind: u32): bool {
  return kind != EXPONENTIAL && kind != WEIGHT && kind != WEIGHTED_DISTANCE;
}

/** max(log x, −100), as PyTorch has it in binary cross-entropy. */
@inline
function clampedLog(y: v128): v128 {
  return f32x4.max(y, constant(MINUS_HUNDRED));
}

/** formula: −(t · max(log p, −100) + (1 − t) · max(log(1 − p), −100)); edge: NaN for p outside [0, 1] */
@inline
function binaryCrossEntropy(p: v128, t: v128): v128 {
  const yes = f32x4.mul(t, clampedLog(log(p)));
  const no = f32x4.mul(f32x4.sub(constant(ONE), t), clampedLog(log1p(f32x4.neg(p))));
  return f32x4.neg(f32x4.add(yes, no));
}

/** formula: (1 − t) · softplus(p) + w · t · softplus(−p), softplus(x) = max(x, 0) + log(1 + exp(−|x|)) */
@inline
function binaryCrossEntropyLogits(p: v128, t: v128, w: v128): v128 {
  const zero = f32x4.splat(0);
  const rest = log1p(exp(f32x4.neg(f32x4.abs(p))));
  const no = f32x4.mul(f32x4.sub(constant(ONE), t), f32x4.add(f32x4.max(p, zero), rest));
  return madd(f32x4.mul(w, t), f32x4.add(f32x4.max(f32x4.neg(p), zero), rest), no);
}

/** 1 / (1 + exp(−x)) where `e` is exp(−|x|) and `negative` the lanes with x < 0: without cancellation on either side. */
@inline
function sigmoidOf(e: v128, negative: v128): v128 {
  const near = f32x4.div(constant(ONE), f32x4.add(constant(ONE), e));
  return v128.bitselect(f32x4.mul(e, near), near, negative);
}

/**
 * formula: a · qᵍ · ((1 − t) · softplus(p) + t · softplus(−p)), a = w · t + (1 − w) (1 − t),
 *   q = σ(p) (1 − t) + σ(−p) t the share that is wrong, g = gamma
 * source: Lin et al. 2017, Focal loss for dense object detection
 */
@inline
function binaryFocal(p: v128, t: v128, w: v128, gamma: v128): v128 {
  const one = constant(ONE);
  const zero = f32x4.splat(0);
  const e = exp(f32x4.neg(f32x4.abs(p)));
  const no = f32x4.sub(one, t);
  const wrong = madd(sigmoidOf(e, f32x4.lt(p, zero)), no, f32x4.mul(sigmoidOf(e, f32x4.gt(p, zero)), t));
  const balance = madd(w, t, f32x4.mul(f32x4.sub(one, w), no));
  return f32x4.mul(f32x4.mul(balance, pow(wrong, gamma)), binaryCrossEntropyLogits(p, t, one));
}

/** formula: t · (log t − p); edge: 0 where t = 0, whatever number p is */
@inline
function kullbackLeibler(p: v128, t: v128): v128 {
  const value = f32x4.mul(t, f32x4.sub(log(t), p));
  return v128.andnot(value, v128.and(f32x4.eq(t, f32x4.splat(0)), f32x4.eq(p, p)));
}

/**
 * formula: log cosh d = |d| + log(1 + exp(−2|d|)) − log 2 from |d| = 1 on, −½ log(1 − tanh² d) below
 * error: relative in both, so that a small loss is neither 0 nor negative
 */
@inline
function logCosh(d: v128): v128 {
  const a = f32x4.abs(d);
  const small = f32x4.lt(a, constant(ONE));
  const t = tanh(a);
  const large = exp(f32x4.neg(f32x4.add(a, a)));
  const rest = log1p(v128.bitselect(f32x4.neg(f32x4.mul(t, t)), large, small));
  const beyond = f32x4.add(f32x4.sub(a, constant(LN2)), rest);
  return v128.bitselect(f32x4.mul(f32x4.neg(rest), constant(HALF)), beyond, small);
}

/** max(0, 1 − p · t) */
@inline
function hinge(p: v128, t: v128): v128 {
  return f32x4.max(nmadd(p, t, constant(ONE)), f32x4.splat(0));
}

/** What p adds to its row's loss. */
@inline
export function term(kind: u32, p: v128, t: v128, w: v128, alpha: v128): v128 {
  const d = f32x4.sub(p, t);
  if (kind == LossKind.MeanSquared) return f32x4.mul(d, d);
  if (kind == LossKind.MeanAbsolute) return f32x4.abs(d);
  if (kind == LossKind.Huber || kind == LossKind.SmoothL1) {
    // m (|d| − m / 2) with m = min(|d|, alpha) is d² / 2 up to alpha and a line beyond
    const a = f32x4.abs(d);
    const m = f32x4.min(a, alpha);
    const slope = kind == LossKind.Huber ? m : f32x4.div(m, alpha);
    return f32x4.mul(slope, nmadd(m, constant(HALF), a));
  }
  if (kind == LossKind.BinaryCrossEntropy) return binaryCrossEntropy(p, t);
  if (kind == LossKind.BinaryCrossEntropyLogits) return binaryCrossEntropyLogits(p, t, w);
  if (kind == LossKind.BinaryFocal) return binaryFocal(p, t, w, alpha);
  if (kind == LossKind.KullbackLeibler) return kullbackLeibler(p, t);
  if (kind == LossKind.Hinge) return hinge(p, t);
  if (kind == LossKind.SquaredHinge) return f32x4.mul(hinge(p, t), hinge(p, t));
  if (kind == LossKind.Poisson) return nmadd(t, log(f32x4.add(p, constant(POISSON_EPSILON))), p);
  if (kind == POISSON_LOG) return nmadd(t, p, exp(p));
  if (kind == LossKind.LogCosh) return logCosh(d);
  if (kind == PRODUCT) return f32x4.mul(p, t);
  if (kind == EXPONENTIAL) return expSmall_f32x4(f32x4.sub(p, alpha));
  if (kind == WEIGHT) return w;
  if (kind == WEIGHTED_TARGET) return f32x4.mul(w, t);
  if (kind == WEIGHTED_DISTANCE) return f32x4.mul(w, f32x4.sub(alpha, p));
  return f32x4.mul(f32x4.mul(w, t), f32x4.sub(alpha, p));
}

/** −1, 0 or 1; NaN of NaN. */
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  return v128.bitselect(withSign(constant(ONE), x), x, v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero)));
}

/** 1 where x > 0, else 0; NaN of NaN. */
@inline
function positive(x: v128): v128 {
  return v128.bitselect(v128.and(f32x4.gt(x, f32x4.splat(0)), constant(ONE)), x, f32x4.eq(x, x));
}

/** x within [−bound, bound]; NaN of NaN. */
@inline
function clamp(x: v128, bound: v128): v128 {
  return f32x4.max(f32x4.min(x, bound), f32x4.neg(bound));
}

/** inverts `binaryCrossEntropyLogits`: (1 − t) · σ(p) − w · t · σ(−p), both sigmoids from e = exp(−|p|) without cancellation */
@inline
function binaryCrossEntropyLogitsSlope(p: v128, t: v128, w: v128): v128 {
  const zero = f32x4.splat(0);
  const e = exp(f32x4.neg(f32x4.abs(p)));
  const yes = sigmoidOf(e, f32x4.lt(p, zero));
  const no = sigmoidOf(e, f32x4.gt(p, zero));
  return nmadd(f32x4.mul(w, t), no, f32x4.mul(f32x4.sub(constant(ONE), t), yes));
}

/**
 * inverts `binaryFocal`: a · qᵍ · (g · dq / q · ce + σ(p) − t), ce the cross-entropy, dq = σ(p) σ(−p) (1 − 2t)
 * edge: where q underflows so does dq, and their quotient is 0
 */
@inline
function binaryFocalSlope(p: v128, t: v128, w: v128, gamma: v128): v128 {
  const one = constant(ONE);
  const zero = f32x4.splat(0);
  const e = exp(f32x4.neg(f32x4.abs(p)));
  const yes = sigmoidOf(e, f32x4.lt(p, zero));
  const no = sigmoidOf(e, f32x4.gt(p, zero));
  const rest = f32x4.sub(one, t);
  const wrong = madd(yes, rest, f32x4.mul(no, t));
  const dWrong = f32x4.mul(f32x4.mul(yes, no), f32x4.sub(rest, t));
  const turn = f32x4.mul(gamma, f32x4.div(dWrong, f32x4.max(wrong, constant(SMALLEST))));
  const inner = madd(turn, binaryCrossEntropyLogits(p, t, one), f32x4.sub(yes, t));
  const balance = madd(w, t, f32x4.mul(f32x4.sub(one, w), rest));
  return f32x4.mul(f32x4.mul(balance, pow(wrong, gamma)), inner);
}

/** inverts `binaryCrossEntropy` as PyTorch does: (p − t) / max(p (1 − p), 10⁻¹²), the logarithms' clamp left out */
@inline
function binaryCrossEntropySlope(p: v128, t: v128): v128 {
  const variance = f32x4.mul(p, f32x4.sub(constant(ONE), p));
  return f32x4.div(f32x4.sub(p, t), f32x4.max(variance, constant(TINY)));
}

/** d term / d p; 0 at a kink. */
@inline
export function slope(kind: u32, p: v128, t: v128, w: v128, alpha: v128): v128 {
  const d = f32x4.sub(p, t);
  if (kind == LossKind.MeanSquared) return f32x4.add(d, d);
  if (kind == LossKind.MeanAbsolute) return sign(d);
  if (kind == LossKind.Huber) return clamp(d, alpha);
  if (kind == LossKind.SmoothL1) return clamp(f32x4.div(d, alpha), constant(ONE));
  if (kind == LossKind.BinaryCrossEntropy) return binaryCrossEntropySlope(p, t);
  if (kind == LossKind.BinaryCrossEntropyLogits) return binaryCrossEntropyLogitsSlope(p, t, w);
  if (kind == LossKind.BinaryFocal) return binaryFocalSlope(p, t, w, alpha);
  if (kind == LossKind.KullbackLeibler) return f32x4.neg(t);
  if (kind == LossKind.Hinge) return f32x4.neg(f32x4.mul(t, positive(nmadd(p, t, constant(ONE)))));
  if (kind == LossKind.SquaredHinge) return f32x4.mul(f32x4.neg(f32x4.add(t, t)), hinge(p, t));
  if (kind == LossKind.Poisson) {
    return f32x4.sub(constant(ONE), f32x4.div(t, f32x4.add(p, constant(POISSON_EPSILON))));
  }
  if (kind == POISSON_LOG) return f32x4.sub(exp(p), t);
  return tanh(d);
}

/** The weights of up to four columns; 1 where there are none, or where the kind has no use for them. */
@inline
export function loadWeights(kind: u32, weights: usize, rest: i32): v128 {
  return usesWeights(kind) && weights ? loadUpTo(weights, rest) : constant(ONE);
}

/**
 * formula: Σ term over the columns of one row
 * order: runs of 128 columns, one float32 sum for every fourth column; the sums of runs in float64, first to last
 * tail: the last 1 to 3 columns by lane loads, what the other lanes give masked out
 * error: 35 · 2⁻²⁴ · Σ |term| beside the terms' own errors, whatever the number of columns
 */
@inline
export function rowTotal(kind: u32, p: usize, t: usize, weights: usize, columns: u32, alpha: f32): f64 {
  const parameter = f32x4.splat(alpha);
  let total: f64 = 0;
  while (columns) {
    const run = min(columns, 128);
    let sum = f32x4.splat(0);
    for (let rest: i32 = run; rest > 0; rest -= 4) {
      const w = loadWeights(kind, weights, rest);
      const x = kind == WEIGHT ? w : loadUpTo(p, rest);
      const y = usesTarget(kind) ? loadUpTo(t, rest) : x;
      sum = f32x4.add(sum, v128.and(term(kind, x, y, w, parameter), laneMask(rest)));
      p += 16;
      t += 16;
      if (usesWeights(kind) && weights) weights += 16;
    }
    total += <f64>sumLanes(sum);
    columns -= run;
  }
  return total;
}
