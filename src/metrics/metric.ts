// What a metric is: it sees batches of predictions and targets and says one number (or a matrix) at the end.
// Rows are predictions; C columns. Sample weights do not enter: a metric counts.
import type { Loss, TargetForm } from '../losses/loss.ts';

/** What the numbers of a batch mean. */
export interface MetricContext {
  readonly columns: number;
  /** Class indices, or a value for each column. */
  readonly form: TargetForm;
  readonly task: Loss['task'];
  /** A binary prediction is positive above 0 (logits) or above 0.5 (probabilities). */
  readonly logits: boolean;
  readonly ignoreIndex: number | undefined;
  /** Whether the model ends in a softmax, so that predictions are probabilities and no logits. */
  readonly probabilities: boolean;
  /** Binary targets are −1 and +1 (hinge), not 0 and 1. */
  readonly signed: boolean;
}

export type MetricValue = number | number[][];

export interface MetricState {
  update(prediction: Float32Array, target: Float32Array | Int32Array, rows: number): void;
  result(): MetricValue;
}

export interface Metric {
  readonly name: string;
  /** Whether larger or smaller is better; null where neither is. */
  readonly better: 'larger' | 'smaller' | null;
  create(context: MetricContext): MetricState;
}

/** @throws RangeError where the targets are class indices */
export function expectValues(name: string, { form }: MetricContext): void {
  if (form === 'indices')
    throw new RangeError(`${name}: needs targets of the prediction's shape, and the targets are class indices`);
}

/** The column of the largest value of row `row`; the first of equals. */
export function argmaxRow(values: ArrayLike<number>, row: number, columns: number): number {
  let best = row * columns;
  for (let i = best + 1; i < (row + 1) * columns; i++) if (values[i]! > values[best]!) best = i;
  return best - row * columns;
}

/** The class that a row's target names; −1 where it is ignored. */
export function labelOfRow(target: ArrayLike<number>, row: number, context: MetricContext): number {
  if (context.form === 'values') return argmaxRow(target, row, context.columns);
  const label = target[row]!;
  return label === context.ignoreIndex ? -1 : label;
}
