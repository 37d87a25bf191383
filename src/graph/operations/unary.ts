// Elementwise functions of one argument: activations, exp, log and the like. f32 [any] → the same shape.
import { UnaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sameShape, type Graph, type Node } from '../graph.ts';
import { unaryParameters, unaryTable } from './unary-table.ts';

export type UnaryName = keyof typeof UnaryKind;

interface UnaryAttributes {
  kind: UnaryName;
  alpha: number;
  beta: number;
}

const attributesOf = (node: Node) => node.attributes as unknown as UnaryAttributes;

defineOperation('unary', {
  infer: ([x]) => ({ shape: x!.shape, dtype: 'f32' }),
  gradient(graph, node, dOut) {
    const [x] = node.inputs;
    const { reads } = unaryTable[attributesOf(node).kind];
    if (reads === 'none' && attributesOf(node).kind === 'Linear') return [dOut];
    const saved = reads === 'x' ? x! : node;
    return [graph.add('unaryBackward', reads === 'none' ? [dOut] : [dOut, saved], node.attributes)];
  },
  lower(emitter, node) {
    const { kind, alpha, beta } = attributesOf(node);
    emitter.emit('Unary', {
      kind: UnaryKind[kind],
      out: emitter.at(node),
      x: emitter.at(node.inputs[0]!),
      n: sizeOfNode(node),
      alpha,
      beta,
    });
  },
  inPlace: [0],
});

defineOperation('unaryBackward', {
  infer([dOut, saved]) {
    if (saved && !sameShape(dOut!.shape, saved.shape))
      throw new ShapeError(
        `unaryBackward: gradient ${formatShape(dOut!.shape)} for a value ${formatShape(saved.shape)}`,
      );
    return { shape: dOut!.shape, dtype: 'f32' };
  },
  lower(emitter, node) {
    const { kind, alpha, beta } = attributesOf(node);
    const [dOut, saved] = node.inputs;
    const readsX = unaryTable[kind].reads === 'x';
    emitter.emit('UnaryBackward', {
      kind: UnaryKind[kind],
      dX: emitter.at(node),
      dOut: emitter.at(dOut!),
      x: saved && readsX ? emitter.at(saved) : 0,
      y: saved && !readsX ? emitter.at(saved) : 0,
      n: sizeOfNode(node),
      alpha,
      beta,
    });
  },
  inPlace: [0],
});

const sizeOfNode = (node: Node) => node.shape.reduce((product, size) => product * size, 1);

/**
 * kind(x); alpha and beta default to the function's usual parameters.
 * @throws RangeError for parameters that the function is not defined for
 */
export const unary = (graph: Graph, kind: UnaryName, x: Node, alpha?: number, beta?: number): Node =>
  graph.add('unary', [x], { kind, ...unaryParameters(kind, { alpha, beta }) });
