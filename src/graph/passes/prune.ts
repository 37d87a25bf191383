// Removes what no result and no effect depends on.
import type { GraphFunction, Node } from '../graph.ts';

export function prune({ nodes, outputs, effects }: GraphFunction): GraphFunction {
  const live = new Set<Node>([...Object.values(outputs), ...effects]);
  for (const node of nodes.toReversed()) if (live.has(node)) node.inputs.forEach((input) => live.add(input));
  return { nodes: nodes.filter((node) => live.has(node)), outputs, effects };
}
