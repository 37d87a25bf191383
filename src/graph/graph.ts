// The graph: small, typed, immutable nodes. An operation, its inputs, its attributes, its shape.
// Shapes are concrete (a program is made for one batch size); inference happens as a node is added,
// so a wrong shape is an error at the place that made it. What an operation means stands in operations/.
import type { Shape } from '../core/shape.ts';
import { operationOf } from './operation.ts';

export { formatShape, sameShape, sizeOf, type Shape } from '../core/shape.ts';

export type DType = 'f32' | 'i32';
export type Attributes = Readonly<Record<string, unknown>>;

export interface Node {
  readonly operation: string;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The layer that it came from: `layers.0`, or '' . */
  readonly label: string;
}

/** Nodes in an order in which every input stands before its users. */
export class Graph {
  readonly nodes: Node[] = [];
  /** The label of the nodes added from now on. */
  label = '';

  /** @throws ShapeError when the operation cannot take these inputs */
  add(operation: string, inputs: readonly Node[], attributes: Attributes = {}, label = this.label): Node {
    const { shape, dtype } = operationOf(operation).infer(inputs, attributes);
    const node: Node = { operation, inputs, attributes, shape, dtype, label };
    this.nodes.push(node);
    return node;
  }
}

/** A graph with a purpose: named results, and nodes that are kept for what they do (updates, guards). */
export interface GraphFunction {
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly effects: readonly Node[];
}
