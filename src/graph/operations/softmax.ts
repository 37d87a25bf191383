// Softmax and its logarithm along the last axis. f32 [..., C] → the same shape.
import { SoftmaxKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node } from '../graph.ts';

export type SoftmaxName = keyof typeof SoftmaxKind;

const rowsAndColumns = ({ shape }: Node) => ({ rows: sizeOf(shape.slice(0, -1)), columns: shape.at(-1)! });

defineOperation('softmax', {
  infer([x]) {
    if (x!.shape.length === 0) throw new ShapeError('softmax: expected at least 1 dimension, got a scalar');
    return { shape: x!.shape, dtype: 'f32' };
  },
  gradient: (graph, node, dOut) => [graph.add('softmaxBackward', [dOut, node], node.attributes)],
  lower(emitter, node) {
    const kind = SoftmaxKind[node.attributes['kind'] as SoftmaxName];
    emitter.emit('Softmax', { kind, out: emitter.at(node), x: emitter.at(node.inputs[0]!), ...rowsAndColumns(node) });
  },
  inPlace: [0],
});

defineOperation('softmaxBackward', {
  infer: ([dOut]) => ({ shape: dOut!.shape, dtype: 'f32' }),
  lower(emitter, node) {
    const [dOut, y] = node.inputs as [Node, Node];
    emitter.emit('SoftmaxBackward', {
      kind: SoftmaxKind[node.attributes['kind'] as SoftmaxName],
      dX: emitter.at(node),
      dOut: emitter.at(dOut),
      y: emitter.at(y),
      ...rowsAndColumns(node),
    });
  },
  inPlace: [0],
});

export const softmax = (graph: Graph, kind: SoftmaxName, x: Node): Node => graph.add('softmax', [x], { kind });
