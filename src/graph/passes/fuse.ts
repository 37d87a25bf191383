// Fusion: a bias and an activation that follow a product or a convolution are applied while its result is in registers
// or in cache. Only where nothing else reads the value in between (a gradient may: it then keeps its own node).
import type { GraphFunction, Node } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import type { UnaryName } from '../operations/unary.ts';
import { countUses, rewrite } from './transform.ts';

/** What the operations that end in a bias and an activation have in common. */
interface Ending {
  bias?: boolean;
  activation?: UnaryName;
}

const endingOf = (node: Node) => node.attributes as unknown as Ending;

/** Operations whose last input may be a bias along their last axis, and that may end in an activation. */
const withEnding = new Set(['matmul', 'convolution', 'convolutionInput']);

export function fuse(source: GraphFunction): GraphFunction {
  const uses = countUses(source);
  const readOnce = (node: Node) => uses.get(node) === 1;
  return rewrite(source, (node, inputs, graph) => {
    const [original] = node.inputs;
    const [product] = inputs;
    if (!product || !withEnding.has(product.operation) || !readOnce(original!)) return undefined;
    if (endingOf(product).activation) return undefined;
    if (isBias(node, inputs))
      return graph.add(product.operation, [...product.inputs, inputs[1]!], { ...product.attributes, bias: true });
    if (node.operation === 'unary') {
      const { kind, alpha, beta } = node.attributes as unknown as { kind: UnaryName; alpha: number; beta: number };
      return graph.add(product.operation, product.inputs, { ...product.attributes, activation: kind, alpha, beta });
    }
    return undefined;
  });
}

/** product + b, with b a vector along the product's columns. */
function isBias(node: Node, [product, b]: readonly Node[]): boolean {
  if (node.operation !== 'binary' || node.attributes['kind'] !== 'Add' || endingOf(product!).bias) return false;
  return (
    b!.shape.length === 1 && sizeOf(b!.shape) === product!.shape.at(-1) && node.shape.length === product!.shape.length
  );
}
