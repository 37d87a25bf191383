// Standard normal numbers, which are a function of the model's counter (seed and step) and of the layer's stream.
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph.ts';

defineOperation('randomNormal', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'f32' }),
  lower(emitter, node) {
    const [counter] = node.inputs as [Node];
    const operands = { n: sizeOf(node.shape), stream: node.attributes['stream'] as number };
    emitter.emit('RandomNormal', { out: emitter.at(node), counter: emitter.at(counter), ...operands });
  },
});

/** @param counter i32 [4]: seed low, seed high, step, 0 */
export const randomNormal = (graph: Graph, shape: Shape, counter: Node, stream: number): Node =>
  graph.add('randomNormal', [counter], { shape, stream });
