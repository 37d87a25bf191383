// What the passes share: walking a function of the graph, rebuilding it, counting uses.
import { Graph, type GraphFunction, type Node } from '../graph.ts';

/** How often each node is read by another, or stands as a result. */
export function countUses({ nodes, outputs, effects }: GraphFunction): Map<Node, number> {
  const uses = new Map<Node, number>();
  const count = (node: Node) => uses.set(node, (uses.get(node) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  Object.values(outputs).forEach(count);
  effects.forEach(count);
  return uses;
}

/** Whether a node is an optimizer's step: it changes a parameter and its slots. */
export const isUpdate = ({ operation }: Node): boolean => operation === 'update' || operation === 'updateByProduct';

/**
 * Rebuilds a function node by node. `visit` gets a node with its inputs in the new graph, and returns what
 * stands for it there (any node of the new graph); undefined leaves it as it is.
 */
export function rewrite(
  source: GraphFunction,
  visit: (node: Node, inputs: readonly Node[], graph: Graph) => Node | undefined,
): GraphFunction {
  const graph = new Graph();
  const replaced = new Map<Node, Node>();
  const lookUp = (node: Node): Node => replaced.get(node)!;
  for (const node of source.nodes) {
    graph.label = node.label;
    const inputs = node.inputs.map(lookUp);
    const replacement = visit(node, inputs, graph) ?? graph.add(node.operation, inputs, node.attributes);
    replaced.set(node, replacement);
  }
  const outputs = Object.fromEntries(Object.entries(source.outputs).map(([name, node]) => [name, lookUp(node)]));
  return { nodes: graph.nodes, outputs, effects: source.effects.map(lookUp) };
}
