// What a list of measured times says: the median, the minimum, and how far the middle half of them spreads.

/** The value in the middle of the sorted list; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the list lies, between two neighbours by their distance. NaN for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export interface Statistics {
  readonly median: number;
  readonly minimum: number;
  /** The distance between the quartiles as a share of the median: 0.02 says that half of the rounds lie within 2 %. */
  readonly spread: number;
  readonly rounds: number;
}

/** @throws RangeError for an empty list */
export function statistics(values: readonly number[]): Statistics {
  if (values.length === 0) throw new RangeError('statistics: expected at least one value, got none');
  const middle = median(values);
  return {
    median: middle,
    minimum: values.reduce((least, value) => Math.min(least, value)),
    spread: (quantile(values, 0.75) - quantile(values, 0.25)) / middle,
    rounds: values.length,
  };
}

/**
 * How many times as long `theirs` takes as `ours`: the median over the rounds of the ratio within a round, whose two
 * samples were taken next to one another, so that a machine that slows down slows both.
 */
export function pairedRatio(theirs: readonly number[], ours: readonly number[]): number {
  const rounds = Math.min(theirs.length, ours.length);
  return median(Array.from({ length: rounds }, (_, round) => theirs[round]! / ours[round]!));
}
