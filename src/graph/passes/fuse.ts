// Fusion: a bias and an activation that follow a matrix product are applied while its tile is in registers.
// Only where nothing else reads the value in between (a gradient may: it then keeps its own node).
import type { GraphFunction, Node } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import type { MatmulAttributes } from '../operations/matmul.ts';
import type { UnaryName } from '../operations/unary.ts';
import { countUses, rewrite } from './transform.ts';

const attributesOf = (node: Node) => node.attributes as unknown as MatmulAttributes;

export function fuse(source: GraphFunction): GraphFunction {
  const uses = countUses(source);
  const readOnce = (node: Node) => uses.get(node) === 1;
  return rewrite(source, (node, inputs, graph) => {
    const [original] = node.inputs;
    const [product] = inputs;
    if (product?.operation !== 'matmul' || !readOnce(original!)) return undefined;
    if (attributesOf(product).activation) return undefined;
    if (isBias(node, inputs))
      return graph.add('matmul', [...product.inputs, inputs[1]!], { ...product.attributes, bias: true });
    if (node.operation === 'unary') {
      const { kind, alpha, beta } = node.attributes as unknown as { kind: UnaryName; alpha: number; beta: number };
      return graph.add('matmul', product.inputs, { ...product.attributes, activation: kind, alpha, beta });
    }
    return undefined;
  });
}

/** product + b, with b a vector along the product's columns. */
function isBias(node: Node, [product, b]: readonly Node[]): boolean {
  if (node.operation !== 'binary' || node.attributes['kind'] !== 'Add' || attributesOf(product!).bias) return false;
  return (
    b!.shape.length === 1 && sizeOf(b!.shape) === product!.shape.at(-1) && node.shape.length === product!.shape.length
  );
}
