// Class indices as rows of zeros with a one: i32 [...] → f32 [..., C].
import { defineOperation } from '../operation.ts';
import { sizeOf, type Graph, type Node } from '../graph.ts';

defineOperation('oneHot', {
  infer([index], { columns }) {
    if (index!.dtype !== 'i32') throw new TypeError('oneHot: expected indices of i32');
    return { shape: [...index!.shape, columns as number], dtype: 'f32' };
  },
  // Constant but for its steps.
  stopsGradient: true,
  lower(emitter, node) {
    const [index] = node.inputs as [Node];
    const operands = { rows: sizeOf(index.shape), columns: node.attributes['columns'] as number };
    emitter.emit('OneHot', { out: emitter.at(node), index: emitter.at(index), ...operands });
  },
});

/** 1 in the column that an index names, else 0; a row of zeros for an index outside the columns. */
export const oneHot = (graph: Graph, index: Node, columns: number): Node => graph.add('oneHot', [index], { columns });
