// What a training report shows. Nothing here renders: see report.ts.

/** A finished epoch. What was not measured is left out; NaN and infinity leave a gap in the curve. */
export interface ReportEpoch {
  readonly epoch: number;
  readonly loss: number;
  /** 0 … 1 */
  readonly accuracy?: number;
  readonly valLoss?: number;
  /** 0 … 1 */
  readonly valAccuracy?: number;
}

export interface ReportConfusion {
  readonly classes: readonly string[];
  /** counts[actual][predicted] */
  readonly counts: readonly (readonly number[])[];
}

/** A sample that the model got wrong, as a grey picture. */
export interface ReportMistake {
  /** Row by row, of any range: the smallest value is shown darkest. */
  readonly pixels: ArrayLike<number>;
  /** [height, width] */
  readonly shape: readonly [number, number];
  readonly actual: string;
  readonly predicted: string;
  /** What the model gave the wrong class, 0 … 1. */
  readonly probability: number;
}

export interface ReportData {
  readonly title: string;
  /** Rows of the table at the top: a name and what it is. */
  readonly facts: readonly (readonly [string, string])[];
  readonly history: readonly ReportEpoch[];
  readonly confusion?: ReportConfusion;
  /** Worst first. */
  readonly mistakes?: readonly ReportMistake[];
}
