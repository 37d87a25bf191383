// Packing: a product or a convolution with weights that stay as they are reads them from the panels that its kernel
// wants, packed once (the packing is staged, stage.ts). Training packs nothing here: its weights change with every step.
// It costs a second copy of those weights; what it gains stands in docs/adr/0003-gemm-tile-and-blocking.md.
import { FEW_COLUMNS } from '../../core/generated/instructions.ts';
import type { Graph, GraphFunction, Node } from '../graph.ts';
import { packedConvolution } from '../operations/convolution.ts';
import type { MatmulAttributes } from '../operations/matmul.ts';
import { isFixed, stagedNodes } from './stage.ts';
import { rewrite } from './transform.ts';

export function pack(source: GraphFunction): GraphFunction {
  const isSource = isFixed(source);
  const staged = stagedNodes(source);
  const fixed = (node: Node) => isSource(node) || staged.has(node);
  return rewrite(source, (node, inputs, graph) => {
    if (!node.inputs[1] || !fixed(node.inputs[1])) return undefined;
    if (node.operation === 'matmul') return packedProduct(graph, node, inputs);
    return packedConvolution(graph, node, inputs);
  });
}

/** The product with packed weights, where that is a gain. */
function packedProduct(graph: Graph, node: Node, inputs: readonly Node[]): Node | undefined {
  const attributes = node.attributes as unknown as MatmulAttributes;
  const columns = node.shape.at(-1)!;
  if (attributes.packed || attributes.transposeA || columns <= FEW_COLUMNS) return undefined;
  const [a, b, ...rest] = inputs as [Node, Node, ...Node[]];
  const packed = graph.add('packB', [b], { transposeB: attributes.transposeB });
  return graph.add('matmul', [a, packed, ...rest], { ...attributes, transposeB: false, packed: true, columns });
}
