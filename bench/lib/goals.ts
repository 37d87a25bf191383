// The comparisons that say whether a goal is reached: one list of lines for the run, the table and the README. The goals of
// works stand with them (bench/works); those of start-up and bytes here. A ratio is theirs over ours by time (the median
// of the rounds' ratios); a share is our rate over that of the machine's peak, or of another work.
import { pairedRatio } from '../../src/node/bench/statistics.ts';
import { peers, type Goal } from '../works/work.ts';
import type { Contest } from './contest.ts';

const { wasm, ort } = peers;

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

/** The share of a peak that a work reaches: both by their best round, since a peak is what is possible at all. */
export function compareWithPeak(
  label: string,
  product: { samples: readonly number[]; spread: number; flops: number },
  peak: { name: string; samples: readonly number[]; flops: number },
  toReach: number,
): Comparison {
  const rate = (samples: readonly number[], flops: number) => flops / Math.min(...samples) / 1e9;
  const [ours, theirs] = [rate(product.samples, product.flops), rate(peak.samples, peak.flops)];
  return {
    label,
    against: peak.name,
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
