// What is to be reached (issue 3), and the comparisons that say whether it is: one list for the run, the table and the
// README. A ratio is theirs over ours by time (the median of the rounds' ratios); a share is the machine's peak over ours.
import { pairedRatio } from '../../src/node/bench/statistics.ts';
import type { Contest } from './contest.ts';
import { predictionName, trainingName, xorName } from './works.ts';

export interface Goal {
  /** As the table says it. */
  readonly label: string;
  readonly work: string;
  /** How many times as fast as each of these, or as the best of them. */
  readonly atLeast: Readonly<Record<string, number>> | { readonly best: number };
}

export const peers = {
  wasm: 'TensorFlow.js wasm',
  cpu: 'TensorFlow.js cpu',
  ort: 'ORT Web',
  jax: 'jax-js',
  brain: 'brain.js',
  synaptic: 'synaptic',
} as const;

const { wasm, ort, jax, brain, synaptic } = peers;
export const tuned = (name: string): string => `${name}, tuned`;
const tunedBrain = tuned(brain);

export const goals: readonly Goal[] = [
  { label: 'sgemm 512³', work: 'sgemm 512³', atLeast: { [wasm]: 1.5, [ort]: 1.5, [jax]: 1.5 } },
  { label: 'sgemm 64³', work: 'sgemm 64³', atLeast: { best: 1.7 } },
  { label: 'sgemm 33×65×17', work: 'sgemm 33×65×17', atLeast: { best: 1.7 } },
  { label: 'predict 2-8-1, one sample', work: predictionName('2-8-1', 1), atLeast: { [ort]: 100, [synaptic]: 1.2 } },
  {
    label: 'predict 784-128-10, one sample',
    work: predictionName('784-128-10', 1),
    atLeast: { [ort]: 2.3, [wasm]: 10, [jax]: 10 },
  },
  {
    label: 'predict 784-512-256-10, one sample',
    work: predictionName('784-512-256-10', 1),
    atLeast: { [ort]: 2 },
  },
  {
    label: 'predict 784-512-256-10, 32 samples',
    work: predictionName('784-512-256-10', 32),
    atLeast: { [ort]: 1.5 },
  },
  {
    label: 'predict 784-512-256-10, 256 samples',
    work: predictionName('784-512-256-10', 256),
    atLeast: { [ort]: 1.5 },
  },
  {
    label: 'train step 784-128-10, batch 64, Adam',
    work: trainingName('784-128-10', 'Adam'),
    atLeast: { [wasm]: 16, [jax]: 2 },
  },
  {
    label: 'train step 784-512-256-10, batch 64, Adam',
    work: trainingName('784-512-256-10', 'Adam'),
    atLeast: { [wasm]: 16, [jax]: 1.8 },
  },
  {
    label: 'XOR (2-8-1, to a mean squared error of 0.005) from nothing',
    work: xorName,
    atLeast: { [brain]: 5, [tunedBrain]: 5, [synaptic]: 5 },
  },
];

/** The least shares of the machine's own peak, by the build of the core. */
export const peakGoals = { relaxed: 0.93, simd: 0.9 } as const;
export const startUpGoals: Readonly<Record<string, number>> = { [ort]: 3.5, [wasm]: 2 };
export const wireGoals: Readonly<Record<string, number>> = { [ort]: 50, [wasm]: 8 };
/** Bytes after gzip. */
export const wireLimit = 60_000;

/** A line of the table. */
export interface Comparison {
  readonly label: string;
  readonly against: string;
  /** Seconds, bytes or GFLOP/s: as `unit` says. */
  readonly ours: number;
  readonly theirs: number;
  readonly unit: 'seconds' | 'bytes' | 'GFLOP/s';
  /** How many times as fast or as small; a share for the machine's peak. */
  readonly ratio: number;
  /** The interquartile range of ours, as a share of its median. */
  readonly spread: number;
  readonly toReach?: number;
  readonly reached?: boolean;
}

const judged = (ratio: number, toReach: number | undefined) =>
  toReach === undefined ? {} : { toReach, reached: ratio >= toReach };

/** One line for each peer that took part; with a goal against the best, that one carries it. */
export function compareContest({ label, atLeast }: Goal, { measured: [ours, ...others] }: Contest): Comparison[] {
  const lines = others.map((peer) => ({
    label,
    against: peer.name,
    ours: ours!.median,
    theirs: peer.median,
    unit: 'seconds' as const,
    ratio: pairedRatio(peer.samples, ours!.samples),
    spread: ours!.spread,
  }));
  const best = lines.reduce((least, { ratio }) => Math.min(least, ratio), Infinity);
  return lines.map((line) => {
    const goal = 'best' in atLeast ? (line.ratio === best ? atLeast['best'] : undefined) : atLeast[line.against];
    return { ...line, ...judged(line.ratio, goal) };
  });
}

/** The share of the peak that a product reaches: both by their best round, since a peak is what is possible at all. */
export function compareWithPeak(
  label: string,
  product: { samples: readonly number[]; spread: number; flops: number },
  peak: { samples: readonly number[]; flops: number },
  toReach: number,
): Comparison {
  const rate = (samples: readonly number[], flops: number) => flops / Math.min(...samples) / 1e9;
  const [ours, theirs] = [rate(product.samples, product.flops), rate(peak.samples, peak.flops)];
  const against = "the machine's own peak";
  return {
    label,
    against,
    ours,
    theirs,
    unit: 'GFLOP/s',
    ratio: ours / theirs,
    spread: product.spread,
    ...judged(ours / theirs, toReach),
  };
}

/** Start-up times: [ours, an empty program, peers …]. */
export function compareStartUps(
  ours: { median: number; spread: number; samples: readonly number[] },
  others: readonly { name: string; median: number; samples: readonly number[] }[],
): Comparison[] {
  return others.map(({ name, median, samples }) => {
    const ratio = pairedRatio(samples, ours.samples);
    return {
      label: 'start Node, import, build 2-8-1, first prediction, exit',
      against: name,
      ours: ours.median,
      theirs: median,
      unit: 'seconds',
      ratio,
      spread: ours.spread,
      ...judged(ratio, startUpGoals[name]),
    };
  });
}

/** Bytes to load; the last line is the limit that holds whatever the peers need. */
export function compareWires(ours: number, others: Readonly<Record<string, number>>): Comparison[] {
  const label = 'gzip bytes a browser needs to predict with a dense network';
  const line = (against: string, theirs: number, goal: number | undefined): Comparison => ({
    label,
    against,
    ours,
    theirs,
    unit: 'bytes',
    ratio: theirs / ours,
    spread: 0,
    ...judged(theirs / ours, goal),
  });
  const lines = Object.entries(others).map(([name, bytes]) => line(name, bytes, wireGoals[name]));
  return [...lines, line('at most 60 kB', wireLimit, 1)];
}
