// Random numbers in the graph: standard normal or uniform ones, a function of a counter (seed and step) and of a stream.
import { RandomKind } from '../../core/generated/instructions.ts';
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph.ts';

type RandomName = 'Normal' | 'Uniform';

defineOperation('randomValues', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'f32' }),
  lower(emitter, node) {
    const [counter] = node.inputs as [Node];
    const { kind, stream } = node.attributes as unknown as { kind: RandomName; stream: number };
    emitter.emit('RandomValues', {
      kind: RandomKind[kind],
      out: emitter.at(node),
      n: sizeOf(node.shape),
      counter: emitter.at(counter),
      stream,
    });
  },
});

/** @param counter i32 [4]: seed low, seed high, step, 0 */
export const randomNormal = (graph: Graph, shape: Shape, counter: Node, stream: number): Node =>
  graph.add('randomValues', [counter], { shape, stream, kind: 'Normal' });

/** Numbers in [0, 1). @param counter i32 [4]: seed low, seed high, step, 0 */
export const randomUniform = (graph: Graph, shape: Shape, counter: Node, stream: number): Node =>
  graph.add('randomValues', [counter], { shape, stream, kind: 'Uniform' });
