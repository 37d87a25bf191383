// What a network trained with ctc says: the best path, and a search over what paths spell (prefix beam search).
// On the host in float64. Shapes: N samples, T frames, C classes.
// Sources: Graves et al. 2006 (best path); Hannun, Maas, Jurafsky, Ng 2014 (prefix beam search).
import { exp, log } from '../core/deterministic.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape, type Shape } from '../graph/graph.ts';

interface Frames {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

export interface CtcDecodeOptions {
  /** The class that stands for no label; 0 by default. */
  readonly blank?: number;
  /** The frames of each sample; all of them by default. */
  readonly inputLengths?: ArrayLike<number>;
}

export interface CtcBeamOptions extends CtcDecodeOptions {
  /** How many prefixes are kept; 16 by default. */
  readonly beamWidth?: number;
  /** How many results a sample has at most; 1 by default. */
  readonly topPaths?: number;
}

export interface CtcPath {
  readonly labels: number[];
  /** ln of the probability of all paths found that spell them. */
  readonly logProbability: number;
}

function expectFrames(what: string, { data, shape }: Frames, { blank = 0, inputLengths }: CtcDecodeOptions) {
  if (shape?.length !== 3)
    throw new ShapeError(`${what}: expected [*, frames, classes], got ${formatShape(shape ?? [])}`);
  const [samples, time, classes] = shape as [number, number, number];
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes)
    throw new RangeError(`${what}: expected a blank from 0 to ${classes - 1}, got ${String(blank)}`);
  if (inputLengths && inputLengths.length !== samples)
    throw new ShapeError(`${what}: ${samples} samples and ${inputLengths.length} inputLengths`);
  return Array.from({ length: samples }, (_, sample) => {
    const frames = inputLengths?.[sample] ?? time;
    if (!Number.isInteger(frames) || frames < 1 || frames > time)
      throw new RangeError(`${what}: expected from 1 to ${time} frames, got ${frames} for sample ${sample}`);
    return Array.from({ length: frames }, (_unused, t) => {
      const start = (sample * time + t) * classes;
      return Float64Array.from({ length: classes }, (_c, k) => data[start + k]!);
    });
  });
}

/**
 * The labels of the likeliest class of each frame, equal neighbours once and without blanks.
 * @param output logits, log-probabilities or probabilities [N, frames, classes]
 * @throws ShapeError or RangeError for another shape, or a blank that is no class
 */
export function ctcGreedyDecode(output: Frames, options: CtcDecodeOptions = {}): number[][] {
  const { blank = 0 } = options;
  return expectFrames('ctcGreedyDecode', output, options).map((frames) => {
    const path = frames.map((frame) => frame.reduce((best, value, k) => (value > frame[best]! ? k : best), 0));
    return path.filter((label, t) => label !== blank && label !== path[t - 1]);
  });
}

/** ln(eᵃ + eᵇ), of −∞ too. */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + log(1 + exp(low - high));
}

function logSoftmax(frame: Float64Array): Float64Array {
  const top = frame.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = top + log(frame.reduce((sum, value) => sum + exp(value - top), 0));
  return frame.map((value) => value - total);
}

/** A prefix: ln of the probability of its paths that end in a blank, and of those that end in its last label. */
interface Beam {
  readonly labels: readonly number[];
  blank: number;
  label: number;
}

const totalOf = ({ blank, label }: Beam): number => logAdd(blank, label);

/** All prefixes that one more frame makes of those at hand. */
function extend(beams: readonly Beam[], frame: Float64Array, blank: number): Beam[] {
  const next = new Map<string, Beam>();
  const at = (labels: readonly number[]): Beam => {
    const key = labels.join();
    let beam = next.get(key);
    if (!beam) next.set(key, (beam = { labels, blank: -Infinity, label: -Infinity }));
    return beam;
  };
  for (const beam of beams) {
    const last = beam.labels.at(-1);
    frame.forEach((logProbability, k) => {
      if (k === blank) {
        const same = at(beam.labels);
        same.blank = logAdd(same.blank, totalOf(beam) + logProbability);
        return;
      }
      const longer = at([...beam.labels, k]);
      // A label twice in a row is one, unless a blank stands between.
      longer.label = logAdd(longer.label, (k === last ? beam.blank : totalOf(beam)) + logProbability);
      if (k !== last) return;
      const same = at(beam.labels);
      same.label = logAdd(same.label, beam.label + logProbability);
    });
  }
  return [...next.values()];
}

/**
 * The likeliest labels by prefix beam search: paths that spell the same are added up.
 * @param output logits or log-probabilities [N, frames, classes]
 * @returns for each sample its best results, the likeliest first
 * @throws ShapeError or RangeError for another shape, a blank that is no class, or a width below 1
 */
export function ctcBeamDecode(output: Frames, options: CtcBeamOptions = {}): CtcPath[][] {
  const { blank = 0, beamWidth = 16, topPaths = 1 } = options;
  for (const [name, value] of Object.entries({ beamWidth, topPaths }))
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`ctcBeamDecode: expected ${name} of at least 1, got ${String(value)}`);
  return expectFrames('ctcBeamDecode', output, options).map((frames) => {
    let beams: Beam[] = [{ labels: [], blank: 0, label: -Infinity }];
    for (const frame of frames)
      beams = extend(beams, logSoftmax(frame), blank)
        .toSorted((a, b) => totalOf(b) - totalOf(a))
        .slice(0, Math.max(beamWidth, topPaths));
    return beams.slice(0, topPaths).map((beam) => ({ labels: [...beam.labels], logProbability: totalOf(beam) }));
  });
}
