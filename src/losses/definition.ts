// What a loss is, and what all of them share: the weighted mean over rows as graph arithmetic.
// A row is what has a loss of its own: R rows, a whole number of them for each of the B samples. The mean is
//   Σ s·w·l / Σ w   with l the row's loss, w its class weight (0 where it does not count) and s its sample's weight:
// PyTorch's mean where only class weights are given, Keras' where only sample weights are.
import { formatShape, sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import { binary, broadcastTo, divide, multiply, reduce, reshape, scalar } from '../graph/operations/index.ts';

export type LossSpec = { readonly type: string } & Readonly<Record<string, unknown>>;

/**
 * What a target holds: a class index for each row, a value for each element of the prediction, what only the loss
 * itself can read, or nothing at all.
 */
export type TargetForm = 'indices' | 'values' | 'own' | 'none';

export interface Loss {
  readonly spec: LossSpec;
  /** The task that its metrics and reports are of. */
  readonly task: 'classification' | 'binary' | 'regression';
  /** Whether predictions are logits: a binary decision is then at 0, not at 0.5. */
  readonly logits: boolean;
  /** false for a loss of the prediction alone: there are no targets then. */
  readonly takesTarget: boolean;
  /** The target's form for a prediction and a target of these shapes. @throws ShapeError where they do not fit */
  targetForm(prediction: Shape, target: Shape, dtype: 'f32' | 'i32'): TargetForm;
  /** What else targets must be that only the loss can read. @throws RangeError naming the row, before anything is used */
  checkTarget?(
    target: { readonly data: ArrayLike<number>; readonly shape: Shape },
    prediction: Shape,
    what: string,
  ): void;
  readonly reduction: 'mean' | 'sum';
  /** What a target's values must lie in, where they are no indices. */
  readonly targetRange: readonly [number, number] | undefined;
  /** The only values that a target may have. */
  readonly targetValues: readonly number[] | undefined;
  /** The index that stands for "no label". */
  readonly ignoreIndex: number | undefined;
  /** The weight that a row of a class has in a mean, where targets are class indices; 1 unless there is this. */
  rowWeight?(label: number): number;
  /**
   * Adds the loss to a graph. `target` is null where it takes none, `sampleWeights` [B] or null.
   * @throws ShapeError where it does not fit the prediction
   */
  build(graph: Graph, prediction: Node, target: Node | null, form: TargetForm, sampleWeights: Node | null): LossNodes;
}

export interface LossNodes {
  /** The scalar loss. */
  readonly loss: Node;
  /** The sum of the rows' weights that a mean was divided by; null where all samples count alike. */
  readonly divisor: Node | null;
}

/** The loss of rows [R], with their weights [R] where they do not all count alike. */
export function reduceRows(
  graph: Graph,
  rows: { readonly losses: Node; readonly weights?: Node | null | undefined },
  sampleWeights: Node | null,
  reduction: Loss['reduction'],
): LossNodes {
  const sampled = sampleWeights
    ? multiply(graph, rows.losses, repeatForRows(graph, sampleWeights, rows.losses.shape[0]!))
    : rows.losses;
  if (!rows.weights) return { loss: reduce(graph, reduction === 'sum' ? 'Sum' : 'Mean', sampled), divisor: null };
  const total = reduce(graph, 'Sum', multiply(graph, sampled, rows.weights));
  if (reduction === 'sum') return { loss: total, divisor: null };
  const divisor = reduce(graph, 'Sum', rows.weights);
  // A batch without a single label has the loss 0, not 0 / 0.
  return { loss: divide(graph, total, binary(graph, 'Maximum', divisor, scalar(graph, 1e-30))), divisor };
}

/** [..., C] as [rows, C]. */
export const asRows = (graph: Graph, x: Node): Node =>
  reshape(graph, x, x.shape.length < 2 ? [sizeOf(x.shape), 1] : [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);

/** [B] weights for the R rows of B samples. */
function repeatForRows(graph: Graph, weights: Node, rows: number): Node {
  const [batch] = weights.shape as [number];
  if (rows === batch) return weights;
  const repeated = broadcastTo(graph, reshape(graph, weights, [batch, 1]), [batch, rows / batch]);
  return reshape(graph, repeated, [rows]);
}

/** A shape with its batch axis open, for messages: `[*, 3]`. */
export const openShape = (shape: Shape): string => formatShape(['*' as unknown as number, ...shape.slice(1)]);
