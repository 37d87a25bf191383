// Packing: a product or a convolution with weights that stay as they are reads them from the panels that its kernel
// wants, packed once (the packing is staged, stage.ts). Training packs nothing here: its weights change with every step.
// It costs a second copy of those weights; what it gains stands in docs/adr/0003-gemm-tile-and-blocking.md.
import type { GraphFunction, Node } from '../graph.ts';
import { operationOf } from '../operation.ts';
import { isFixed, stagedNodes } from './stage.ts';
import { rewrite } from './transform.ts';

export function pack(source: GraphFunction): GraphFunction {
  const isSource = isFixed(source);
  const staged = stagedNodes(source);
  const fixed = (node: Node) => isSource(node) || staged.has(node);
  return rewrite(source, (node, inputs, graph) => {
    if (!node.inputs[1] || !fixed(node.inputs[1])) return undefined;
    return operationOf(node.operation).packed?.(graph, node, inputs);
  });
}
