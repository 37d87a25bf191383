// Connectionist temporal classification: the negative logarithm of the probability that the frames of a sample spell its
// labels, over all ways to stretch them and to put blanks between, and its gradient by the logits.
// Logarithms throughout, so that no path is lost to underflow; each step is shifted by its greatest state, whose sum is
// kept in float64, and the posteriors of a frame are normalised by their own sum: a long sequence loses no digits.
// Shapes: B batch, T frames, C classes, L labels, S = 2L + 1 states: blank, label, blank, …, label, blank.
// Not here: whether there are more labels than frames (src/losses/ctc.ts refuses that), decoding (src/losses/ctc-decode.ts).
// Source: Graves, Fernández, Gomez, Schmidhuber, Connectionist temporal classification (2006).
import { Ctc } from '../instructions';
import { laneMask, loadUpTo, storeUpTo, sumLanes } from '../lanes';
import { bytes } from '../linalg/block';
import { exp_f32x4, log_f32x4 } from '../math';

/** The logarithm of nothing: −∞ would give NaN in differences. */
const NOTHING: f32 = -1e30;
/** Below this a probability is 0. */
const IMPOSSIBLE: f32 = -1e29;
/** Floats before and behind a row of states that hold NOTHING, so that neighbours can be read. */
const MARGIN: u32 = 4;

/** One sample. Rows of states begin behind their margin; `padded` floats are computed. */
@unmanaged
class Sample {
  frames: u32;
  states: u32;
  padded: u32;
  /** Bytes of a row with its margins. */
  row: usize;
  /** [S] class of each state. */
  classes: usize;
  /** [S] 0 where a state may be reached from two before it, else NOTHING. */
  skip: usize;
  /** [S] log-probability of each state's class in one frame. */
  emission: usize;
  /** States of the backward pass: with the emission of their frame, and without. */
  ahead: usize;
  beta: usize;
  /** [T, S] or two rows: states of the forward pass. */
  alpha: usize;
  /** [T] log of the sum of the exponentials of a frame. */
  total: usize;
}

function fill(row: usize, count: u32, value: f32): void {
  for (let s: u32 = 0; s < count; s++) store<f32>(row + bytes(s), value);
}

/** The greatest of the lanes; NaN where there is one. */
@inline
function greatestLane(x: v128): f32 {
  const pairs = f32x4.max(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** log Σ exp of n floats; the tail by lanes of NOTHING. */
function logSum(x: usize, n: u32): f32 {
  const nothing = f32x4.splat(NOTHING);
  let greatest = nothing;
  for (let i: u32 = 0; i < n; i += 4) greatest = f32x4.max(greatest, tail(x + bytes(i), n - i, nothing));
  const top = greatestLane(greatest);
  let sum = f32x4.splat(0);
  for (let i: u32 = 0; i < n; i += 4) {
    const part = exp_f32x4(f32x4.sub(tail(x + bytes(i), n - i, nothing), f32x4.splat(top)));
    sum = f32x4.add(sum, part);
  }
  return top + f32x4.extract_lane(log_f32x4(f32x4.splat(sumLanes(sum))), 0);
}

/** Four floats, of which those behind the end are `missing`. */
@inline
function tail(x: usize, count: u32, missing: v128): v128 {
  if (count >= 4) return v128.load(x);
  return v128.bitselect(loadUpTo(x, count), missing, laneMask(count));
}

/** log(eᵃ + eᵇ + eᶜ) */
@inline
function logAdd(a: v128, b: v128, c: v128): v128 {
  const top = f32x4.max(f32x4.max(a, b), c);
  const sum = f32x4.add(
    f32x4.add(exp_f32x4(f32x4.sub(a, top)), exp_f32x4(f32x4.sub(b, top))),
    exp_f32x4(f32x4.sub(c, top)),
  );
  return f32x4.add(top, log_f32x4(sum));
}

/** Shifts a row so that its greatest state is 0; returns by how much. */
function shift(row: usize, padded: u32): f32 {
  let greatest = f32x4.splat(NOTHING);
  for (let s: u32 = 0; s < padded; s += 4) greatest = f32x4.max(greatest, v128.load(row + bytes(s)));
  const top = greatestLane(greatest);
  if (top <= IMPOSSIBLE) return 0;
  for (let s: u32 = 0; s < padded; s += 4) {
    const at = row + bytes(s);
    v128.store(at, f32x4.max(f32x4.sub(v128.load(at), f32x4.splat(top)), f32x4.splat(NOTHING)));
  }
  return top;
}

/** The emissions of a frame. */
function emit(sample: Sample, logits: usize, t: u32): void {
  const total = load<f32>(sample.total + bytes(t));
  for (let s: u32 = 0; s < sample.states; s++) {
    const column = load<u32>(sample.classes + bytes(s));
    store<f32>(sample.emission + bytes(s), load<f32>(logits + bytes(column)) - total);
  }
}

/** formula: α'(s) = e(s) + log(e^α(s) + e^α(s−1) + e^(α(s−2) + skip(s))) */
function forwardStep(sample: Sample, next: usize, row: usize): f32 {
  const nothing = f32x4.splat(NOTHING);
  for (let s: u32 = 0; s < sample.padded; s += 4) {
    const from = row + bytes(s);
    const jump = f32x4.add(v128.load(from - 8), v128.load(sample.skip + bytes(s)));
    const sum = logAdd(v128.load(from), v128.load(from - 4), jump);
    v128.store(next + bytes(s), f32x4.max(f32x4.add(sum, v128.load(sample.emission + bytes(s))), nothing));
  }
  return shift(next, sample.padded);
}

/** formula: β'(s) = log(e^b(s) + e^b(s+1) + e^(b(s+2) + skip(s+2))), b = β + e of the frame behind */
function backwardStep(sample: Sample): void {
  const nothing = f32x4.splat(NOTHING);
  for (let s: u32 = 0; s < sample.padded; s += 4) {
    const sum = f32x4.add(v128.load(sample.beta + bytes(s)), v128.load(sample.emission + bytes(s)));
    v128.store(sample.ahead + bytes(s), f32x4.max(sum, nothing));
  }
  for (let s: u32 = 0; s < sample.padded; s += 4) {
    const from = sample.ahead + bytes(s);
    const jump = f32x4.add(v128.load(from, 8), v128.load(sample.skip + bytes(s), 8));
    v128.store(sample.beta + bytes(s), f32x4.max(logAdd(v128.load(from), v128.load(from, 4), jump), nothing));
  }
  shift(sample.beta, sample.padded);
}

/** The log-probability of the labels, from the last row of α and what the rows were shifted by. */
function likelihood(sample: Sample, last: usize, shifted: f64): f64 {
  const end = load<f32>(last + bytes(sample.states - 1));
  const before = sample.states > 1 ? load<f32>(last + bytes(sample.states - 2)) : NOTHING;
  const both = logAdd(f32x4.splat(end), f32x4.splat(before), f32x4.splat(NOTHING));
  return shifted + <f64>f32x4.extract_lane(both, 0);
}

/** All frames forward. Returns the log-probability; `keeps`: every row of α stays. */
function forward(sample: Sample, logits: usize, classes: u32, keeps: bool): f64 {
  let row = sample.alpha;
  let shifted: f64 = 0;
  for (let t: u32 = 0; t < sample.frames; t++, logits += bytes(classes)) {
    store<f32>(sample.total + bytes(t), logSum(logits, classes));
    emit(sample, logits, t);
    if (t == 0) {
      store<f32>(row, load<f32>(sample.emission));
      if (sample.states > 1) store<f32>(row, load<f32>(sample.emission, 4), 4);
      shifted += <f64>shift(row, sample.padded);
      continue;
    }
    const next = keeps ? row + sample.row : sample.alpha + (row == sample.alpha ? sample.row : 0);
    shifted += <f64>forwardStep(sample, next, row);
    row = next;
  }
  return likelihood(sample, row, shifted);
}

/** dLogits of a frame: scale · (softmax − the posterior of each class). */
function frameGradient(sample: Sample, dLogits: usize, logits: usize, classes: u32, t: u32, scale: f32): void {
  const total = f32x4.splat(load<f32>(sample.total + bytes(t)));
  for (let k: u32 = 0; k < classes; k += 4) {
    const softmax = exp_f32x4(f32x4.sub(loadUpTo(logits + bytes(k), classes - k), total));
    storeUpTo(dLogits + bytes(k), f32x4.mul(softmax, f32x4.splat(scale)), classes - k);
  }
  const alpha = sample.alpha + sample.row * t;
  let sum = f32x4.splat(0);
  for (let s: u32 = 0; s < sample.padded; s += 4) {
    const at = sample.ahead + bytes(s);
    v128.store(at, f32x4.add(v128.load(alpha + bytes(s)), v128.load(sample.beta + bytes(s))));
  }
  shift(sample.ahead, sample.padded);
  for (let s: u32 = 0; s < sample.padded; s += 4) {
    const at = sample.ahead + bytes(s);
    const posterior = exp_f32x4(v128.load(at));
    v128.store(at, posterior);
    sum = f32x4.add(sum, posterior);
  }
  const share = scale / sumLanes(sum);
  for (let s: u32 = 0; s < sample.states; s++) {
    const at = dLogits + bytes(load<u32>(sample.classes + bytes(s)));
    store<f32>(at, load<f32>(at) - share * load<f32>(sample.ahead + bytes(s)));
  }
}

/** All frames backward. */
function backward(sample: Sample, dLogits: usize, logits: usize, classes: u32, scale: f32): void {
  fill(sample.beta, sample.padded, NOTHING);
  store<f32>(sample.beta + bytes(sample.states - 1), 0);
  if (sample.states > 1) store<f32>(sample.beta + bytes(sample.states - 2), 0);
  for (let t = sample.frames; t > 0; t--) {
    const offset = bytes(classes * (t - 1));
    frameGradient(sample, dLogits + offset, logits + offset, classes, t - 1, scale);
    if (t == 1) return;
    emit(sample, logits + offset, t - 1);
    // frameGradient has used `ahead`, whose margin it left alone.
    backwardStep(sample);
  }
}

/** The states of a sample's labels. Returns false where a label is no class, or the blank. */
function readLabels(sample: Sample, i: Ctc, target: usize): bool {
  let labels: u32 = 0;
  while (labels < i.labels && load<f32>(target + bytes(labels)) >= 0) labels++;
  sample.states = 2 * labels + 1;
  sample.padded = (sample.states + 3) & ~3;
  for (let s: u32 = 0; s < sample.states; s++) {
    let column = i.blank;
    if (s & 1) {
      const label = load<f32>(target + bytes(s >> 1));
      if (!(label < <f32>i.classes) || <u32>label == i.blank) return false;
      column = <u32>label;
    }
    store<u32>(sample.classes + bytes(s), column);
  }
  fill(sample.skip, sample.padded + MARGIN, NOTHING);
  fill(sample.emission, sample.padded, NOTHING);
  for (let s: u32 = 3; s < sample.states; s += 2) {
    const column = load<u32>(sample.classes + bytes(s));
    if (column != load<u32>(sample.classes + bytes(s - 2))) store<f32>(sample.skip + bytes(s), 0);
  }
  return true;
}

/** Lays out the workspace, the same for all samples; every row of states begins as NOTHING with its margins. */
function layOut(sample: Sample, i: Ctc): void {
  const longest = ((2 * i.labels + 4) & ~3) + 2 * MARGIN;
  sample.row = bytes(longest);
  sample.classes = changetype<usize>(sample) + 64;
  sample.skip = sample.classes + sample.row;
  sample.emission = sample.skip + sample.row;
  sample.ahead = sample.emission + sample.row + bytes(MARGIN);
  sample.beta = sample.ahead + sample.row;
  sample.alpha = sample.beta + sample.row;
  const rows: u32 = i.dLogits ? i.time : 2;
  sample.total = sample.alpha + sample.row * rows;
}

/** Clears the rows of states, which a sample of more labels may have left behind. */
function clear(sample: Sample, rows: u32): void {
  fill(sample.ahead - bytes(MARGIN), <u32>(sample.row >> 2) * (2 + rows), NOTHING);
}

/** The loss of one sample and its gradient. Returns false where its labels are none. */
function ctcSample(sample: Sample, i: Ctc, b: u32): bool {
  const target = i.target + bytes(b * (1 + i.labels));
  const length = load<f32>(target);
  const logits = i.logits + bytes(b * i.time * i.classes);
  const dLogits = i.dLogits ? i.dLogits + bytes(b * i.time * i.classes) : 0;
  sample.frames = length > 0 ? min(<u32>length, i.time) : i.time;
  if (!readLabels(sample, i, target + 4)) return false;
  clear(sample, i.dLogits ? i.time : 2);
  const scale: f32 = i.perLabel ? 1 / <f32>max(<u32>1, sample.states >> 1) : 1;
  const logLikelihood = forward(sample, logits, i.classes, dLogits != 0);
  const impossible = logLikelihood <= <f64>IMPOSSIBLE;
  let loss = <f32>-logLikelihood * scale;
  if (impossible) loss = i.zeroInfinity ? 0 : Infinity;
  store<f32>(i.loss + bytes(b), loss);
  if (!dLogits) return true;
  const done = bytes(sample.frames * i.classes);
  if (impossible) fill(dLogits, sample.frames * i.classes, i.zeroInfinity ? 0 : NaN);
  else backward(sample, dLogits, logits, i.classes, scale);
  memory.fill(dLogits + done, 0, bytes(i.time * i.classes) - done);
  return true;
}

/**
 * formula: loss = −log Σ over the paths π that spell the labels of Π_t softmax(logits[t])[π_t]
 * error:   the loss relative 1e-6, the gradient absolute 1e-5 (test/graph/ctc.test.ts)
 * edge:    labels that need more frames than there are: ∞ with gradient NaN, or 0 and 0 where zeroInfinity; NaN → NaN;
 *   no labels: the probability of blanks alone
 */
export function execCtc(pc: usize): u32 {
  const i = changetype<Ctc>(pc);
  const sample = changetype<Sample>(i.workspace);
  layOut(sample, i);
  for (let b: u32 = 0; b < i.batch; b++) if (!ctcSample(sample, i, b)) return 1;
  return 0;
}
