// Staging: what depends only on constants and on the model's storage is computed once, not at every run.
// Constant folding is the case without storage. A function with updates changes its storage, so there only
// constants count.
import type { GraphFunction, Node } from '../graph.ts';
import { operationOf } from '../operation.ts';

/** Whether a source stays as it is from run to run. Counters and hyperparameters are storage that the host writes. */
export function isFixed({ effects }: GraphFunction): (node: Node) => boolean {
  const writesStorage = effects.some(({ operation }) => operation === 'update');
  return ({ operation, attributes }) =>
    operation === 'constant' || (operation === 'storage' && !writesStorage && attributes['volatile'] !== true);
}

/** The nodes that a run need not compute again while the model's weights stay as they are. */
export function stagedNodes(source: GraphFunction): Set<Node> {
  const { nodes, effects } = source;
  const fixed = isFixed(source);
  const staged = new Set<Node>();
  for (const node of nodes) {
    if (operationOf(node.operation).source || effects.includes(node)) continue;
    if (node.inputs.every((input) => staged.has(input) || fixed(input))) staged.add(node);
  }
  return staged;
}
