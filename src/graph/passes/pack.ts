// Packing: a product with weights that stay as they are reads them from the panels that its kernel wants, packed once
// (the packing is staged, stage.ts). Training packs nothing here: its weights change with every step.
// It costs a second copy of those weights; what it gains stands in docs/adr/0003-gemm-tile-and-blocking.md.
import { FEW_COLUMNS } from '../../core/generated/instructions.ts';
import type { GraphFunction, Node } from '../graph.ts';
import type { MatmulAttributes } from '../operations/matmul.ts';
import { isFixed } from './stage.ts';
import { rewrite } from './transform.ts';

export function pack(source: GraphFunction): GraphFunction {
  const fixed = isFixed(source);
  return rewrite(source, (node, inputs, graph) => {
    const attributes = node.attributes as unknown as MatmulAttributes;
    if (node.operation !== 'matmul' || attributes.packed || attributes.transposeA) return undefined;
    const [a, b, ...rest] = inputs as [Node, Node, ...Node[]];
    const columns = node.shape.at(-1)!;
    if (!fixed(node.inputs[1]!) || columns <= FEW_COLUMNS) return undefined;
    const packed = graph.add('packB', [b], { transposeB: attributes.transposeB });
    return graph.add('matmul', [a, packed, ...rest], { ...attributes, transposeB: false, packed: true, columns });
  });
}
