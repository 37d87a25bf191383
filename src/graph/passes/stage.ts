// Staging: what depends only on constants and on the model's storage is computed once, not at every run.
// Constant folding is the case without storage. A function with updates changes its storage, so there only
// constants count.
import type { GraphFunction, Node } from '../graph.ts';
import { operationOf } from '../operation.ts';

/** The nodes that a run need not compute again while the model's weights stay as they are. */
export function stagedNodes({ nodes, effects }: GraphFunction): Set<Node> {
  const writesStorage = effects.some(({ operation }) => operation === 'update');
  const staged = new Set<Node>();
  const isFixed = (node: Node) =>
    node.operation === 'constant' ||
    staged.has(node) ||
    (node.operation === 'storage' && isWeights(node) && !writesStorage);
  for (const node of nodes) {
    if (operationOf(node.operation).source || effects.includes(node)) continue;
    if (node.inputs.every(isFixed)) staged.add(node);
  }
  return staged;
}

/** Counters and hyperparameters are storage too, but the host writes them between runs. */
const isWeights = (node: Node): boolean => node.attributes['volatile'] !== true;
