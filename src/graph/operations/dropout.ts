// Dropout: zeroes a random part of x and scales the rest by 1 / (1 − rate). The mask is a function of the
// model's counter (seed and step) and of the layer's stream, so the backward pass repeats it instead of storing it.
// Source: Srivastava et al. 2014.
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node } from '../graph.ts';

defineOperation('dropout', {
  infer: ([x]) => ({ shape: x!.shape, dtype: 'f32' }),
  gradient: (graph, node, dOut) => [graph.add('dropout', [dOut, node.inputs[1]!], node.attributes), null],
  lower(emitter, node) {
    const [x, counter] = node.inputs as [Node, Node];
    const { rate, stream } = node.attributes as unknown as { rate: number; stream: number };
    emitter.emit('Dropout', {
      out: emitter.at(node),
      x: emitter.at(x),
      n: sizeOf(node.shape),
      rate,
      counter: emitter.at(counter),
      stream,
    });
  },
  inPlace: [0],
});

/** @param counter i32 [4]: seed low, seed high, step, 0 */
export const dropout = (graph: Graph, x: Node, counter: Node, rate: number, stream: number): Node =>
  graph.add('dropout', [x, counter], { rate, stream });
