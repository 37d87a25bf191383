// What the losses of embeddings share: lengths of rows.
import type { Graph, Node } from '../graph/graph.ts';
import { divide, reduce, unary } from '../graph/operations/index.ts';

/** Σ x² along the last axis. */
export const squaredLength = (graph: Graph, x: Node): Node => reduce(graph, 'SumOfSquares', x, { axes: [-1] });

/** x / √(‖x‖² + 10⁻¹⁶) along the last axis: of unit length, and 0 with a gradient of 0 where x is 0. */
export function unitLength(graph: Graph, x: Node): Node {
  const squares = reduce(graph, 'SumOfSquares', x, { axes: [-1], keepDimensions: true });
  return divide(graph, x, unary(graph, 'Sqrt', unary(graph, 'Affine', squares, 1, 1e-16)));
}
