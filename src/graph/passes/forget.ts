// Forgetting: an operation that keeps values for its gradient (`saves`) keeps none where nothing reads them.
// Its results are views that come before what is kept, so they stay where they are.
import type { GraphFunction, Node } from '../graph.ts';
import { rewrite } from './transform.ts';

export function forget(source: GraphFunction): GraphFunction {
  const needed = new Set<Node>();
  for (const node of source.nodes)
    for (const input of node.inputs)
      if (input.attributes['saves'] === true && node.operation !== `${input.operation}Result`) needed.add(input);
  return rewrite(source, (node, inputs, graph) =>
    node.attributes['saves'] === true && !needed.has(node)
      ? graph.add(node.operation, inputs, { ...node.attributes, saves: false })
      : undefined,
  );
}
