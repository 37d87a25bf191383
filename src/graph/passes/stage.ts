// Staging: what depends only on constants and on the model's storage is computed once, not at every run.
// Constant folding is the case without storage. A function with updates changes its storage, so there only
// constants count; one that assigns changes the states that it assigns.
import type { GraphFunction, Node } from '../graph.ts';
import { operationOf } from '../operation.ts';
import { isUpdate } from './transform.ts';

/** Whether a source stays as it is from run to run. Counters, hyperparameters and carried states are volatile. */
export function isFixed({ effects }: GraphFunction): (node: Node) => boolean {
  const updates = effects.some(isUpdate);
  const assigned = new Set(
    effects.filter(({ operation }) => operation === 'assign').map(({ inputs }) => inputs[0]!.attributes['name']),
  );
  const isWritten = ({ name, volatile }: Node['attributes']) => updates || volatile === true || assigned.has(name);
  return ({ operation, attributes }) => operation === 'constant' || (operation === 'storage' && !isWritten(attributes));
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

/**
 * The same nodes, the staged ones first and each with what it is made of right before it: of the weights that are turned
 * round and packed, few are there twice at any moment.
 */
export function stagedFirst(source: GraphFunction): GraphFunction {
  const staged = stagedNodes(source);
  const order = new Set<Node>();
  const place = (node: Node) => {
    // Chains may be long: no recursion.
    for (const open = [node]; open.length;) {
      const top = open.at(-1)!;
      const missing = top.inputs.find((input) => !order.has(input));
      if (missing) open.push(missing);
      else order.add(open.pop()!);
    }
  };
  for (const node of source.nodes)
    if (!staged.has(node)) node.inputs.filter((input) => staged.has(input)).forEach(place);
  for (const node of staged) place(node);
  return { ...source, nodes: [...order, ...source.nodes.filter((node) => !order.has(node))] };
}
