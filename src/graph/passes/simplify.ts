// Algebra that costs nothing at run time: operations that change nothing disappear, equal nodes become one.
import type { GraphFunction, Node } from '../graph.ts';
import { sameShape } from '../graph.ts';
import { rewrite } from './transform.ts';

/** Operations that act or draw, so that two of them are never the same. */
const unique = new Set(['update', 'updateByProduct', 'assign', 'appendRows', 'checkFinite']);

export function simplify(source: GraphFunction): GraphFunction {
  const known = new Map<string, Node>();
  const numbers = new Map<Node, number>();
  const numberOf = (node: Node) => {
    if (!numbers.has(node)) numbers.set(node, numbers.size);
    return numbers.get(node)!;
  };
  return rewrite(source, (node, inputs, graph) => {
    const identity = identityOf(node, inputs);
    if (identity) return identity;
    if (unique.has(node.operation) || node.operation === 'constant') return undefined;
    const key = `${node.operation}(${inputs.map(numberOf).join()})${JSON.stringify(node.attributes, exactly)}`;
    const equal = known.get(key) ?? graph.add(node.operation, inputs, node.attributes);
    known.set(key, equal);
    return equal;
  });
}

/** JSON writes NaN and both infinities as null, and −0 as 0: as text they stay apart. */
const exactly = (_name: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `number ${value} ${1 / value}`
    : value;

/** The input that a node passes on unchanged, if it does. */
function identityOf(node: Node, inputs: readonly Node[]): Node | undefined {
  const [x] = inputs;
  const { operation, attributes, shape } = node;
  if (operation === 'unary' && attributes['kind'] === 'Linear') return x;
  if (operation === 'dropout' && attributes['rate'] === 0) return x;
  if (operation === 'concatenate' && inputs.length === 1) return x;
  if (operation === 'unary' && attributes['kind'] === 'Affine' && attributes['alpha'] === 1 && attributes['beta'] === 0)
    return x;
  if ((operation === 'reshape' || operation === 'slice') && sameShape(shape, x!.shape)) return x;
  return undefined;
}
