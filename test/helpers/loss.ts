// Runs the two loss kernels on rows: losses, weights and gradients as the graph gets them.
import type { LossName } from '../../reference/losses.ts';
import { LossKind } from '../../src/core/generated/instructions.ts';
import { kernelRunner, output } from './kernel.ts';

export const kernels = await kernelRunner();

export interface LossCase {
  readonly kind: LossName;
  readonly prediction: Float32Array;
  /** as the kernel wants it: Float32Array, or Int32Array of class indices */
  readonly target: Float32Array | Int32Array;
  readonly rows: number;
  readonly columns: number;
  readonly alpha?: number | undefined;
  readonly weights?: Float32Array | undefined;
  readonly ignoreIndex?: number | undefined;
}

const operandsOf = ({ kind, prediction, target, rows, columns, alpha = 0, weights, ignoreIndex = -100 }: LossCase) => ({
  kind: LossKind[kind],
  prediction,
  target,
  weights: weights ?? null,
  rows,
  columns,
  alpha,
  ignoreIndex,
});

/** The loss and the weight of every row. */
export function lossRows(c: LossCase, offset = 0): { loss: Float32Array; rowWeights: Float32Array } {
  const operands = { ...operandsOf(c), loss: output(c.rows), rowWeights: output(c.rows) };
  const { outputs, finished } = kernels.run('LossRows', operands, offset);
  if (!finished) throw new Error('LossRows stopped the program');
  return { loss: outputs['loss']!, rowWeights: outputs['rowWeights']! };
}

/** d Σ dRows · loss / d prediction. */
export function lossBackward(c: LossCase, dRows: Float32Array, offset = 0): Float32Array {
  const operands = { ...operandsOf(c), dPrediction: output(c.rows * c.columns), dRows };
  const { outputs, finished } = kernels.run('LossBackward', operands, offset);
  if (!finished) throw new Error('LossBackward stopped the program');
  return outputs['dPrediction']!;
}

/** The mean over rows as the graph computes it, and its gradient by the predictions. */
export function meanLossAndGradient(c: LossCase): { loss: number; gradient: Float32Array } {
  const { loss, rowWeights } = lossRows(c);
  const total = rowWeights.reduce((sum, w) => sum + w, 0);
  const mean = loss.reduce((sum, l, row) => sum + l * rowWeights[row]!, 0) / total;
  return {
    loss: mean,
    gradient: lossBackward(
      c,
      rowWeights.map((w) => w / total),
    ),
  };
}
