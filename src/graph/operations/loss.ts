// Losses by rows: R rows of C columns of a prediction against a target give R losses and R weights.
// The mean over the rows, weighted, is plain graph arithmetic (losses/).
import { LossKind } from '../../core/generated/instructions.ts';
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node } from '../graph.ts';
import { part } from './shape.ts';

export type LossName = keyof typeof LossKind;

export interface LossAttributes {
  kind: LossName;
  alpha: number;
  ignoreIndex: number;
  /** Whether a third input holds class weights or positive weights [C]. */
  weighted: boolean;
}

const rowsAndColumns = ({ shape }: Node) => ({ rows: sizeOf(shape.slice(0, -1)), columns: shape.at(-1) ?? 1 });

const operandsOf = (node: Node) => {
  const { kind, alpha, ignoreIndex } = node.attributes as unknown as LossAttributes;
  return { kind: LossKind[kind], alpha, ignoreIndex };
};

// Result: [2, R], the losses and then the weights.
defineOperation('lossRows', {
  infer: ([prediction]) => ({ shape: [2, rowsAndColumns(prediction!).rows], dtype: 'f32' }),
  lower(emitter, node) {
    const [prediction, target, weights] = node.inputs as [Node, Node, Node?];
    const { rows, columns } = rowsAndColumns(prediction);
    emitter.emit('LossRows', {
      ...operandsOf(node),
      loss: emitter.at(node),
      rowWeights: emitter.at(node, rows),
      prediction: emitter.at(prediction),
      target: emitter.at(target),
      weights: weights ? emitter.at(weights) : 0,
      rows,
      columns,
    });
  },
});

// The losses alone. They take the prediction as a second input, to which they carry the gradient.
defineOperation('rowLosses', {
  infer: ([both]) => ({ shape: [both!.shape[1]!], dtype: 'f32' }),
  view: () => 0,
  gradient(graph, node, dRows) {
    const [both] = node.inputs as [Node, Node];
    return [null, graph.add('lossBackward', [dRows, ...both.inputs], both.attributes)];
  },
});

defineOperation('lossBackward', {
  infer: ([, prediction]) => ({ shape: prediction!.shape, dtype: 'f32' }),
  lower(emitter, node) {
    const [dRows, prediction, target, weights] = node.inputs as [Node, Node, Node, Node?];
    emitter.emit('LossBackward', {
      ...operandsOf(node),
      dPrediction: emitter.at(node),
      dRows: emitter.at(dRows),
      prediction: emitter.at(prediction),
      target: emitter.at(target),
      weights: weights ? emitter.at(weights) : 0,
      ...rowsAndColumns(prediction),
    });
  },
});

/** Losses [R] and weights [R] of the rows of a prediction. */
export function lossRows(
  graph: Graph,
  prediction: Node,
  target: Node,
  attributes: LossAttributes,
  weights?: Node,
): { losses: Node; weights: Node } {
  const inputs = weights ? [prediction, target, weights] : [prediction, target];
  const both = graph.add('lossRows', inputs, attributes as unknown as Record<string, unknown>);
  const { rows } = rowsAndColumns(prediction);
  return { losses: graph.add('rowLosses', [both, prediction]), weights: part(graph, both, rows, [rows]) };
}
