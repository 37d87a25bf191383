// The builders of elementwise arithmetic, apart from its definition (binary.ts) because the gradient rules of
// other families are made of it.
import { BinaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, type Graph, type Node, type Shape } from '../graph.ts';
import { broadcastShape } from './broadcast.ts';

export type BinaryName = keyof typeof BinaryKind;

/** kind(a, b). */
export const binary = (graph: Graph, kind: BinaryName, a: Node, b: Node): Node => graph.add('binary', [a, b], { kind });

export const add = (graph: Graph, a: Node, b: Node): Node => binary(graph, 'Add', a, b);
export const subtract = (graph: Graph, a: Node, b: Node): Node => binary(graph, 'Subtract', a, b);
export const multiply = (graph: Graph, a: Node, b: Node): Node => binary(graph, 'Multiply', a, b);
export const divide = (graph: Graph, a: Node, b: Node): Node => binary(graph, 'Divide', a, b);

/** x repeated along its axes of size 1 (and new leading ones) to `shape`. */
export function broadcastTo(graph: Graph, x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShape('broadcast', x.shape, shape), shape))
    throw new ShapeError(`broadcast: ${formatShape(x.shape)} does not fill ${formatShape(shape)}`);
  return graph.add('broadcastTo', [x], { shape });
}
