// Reverse-mode differentiation as a transformation of the graph: it adds the nodes of the gradients.
// Not here: the rules themselves, which stand with their operations.
import { NeuriteError } from '../core/errors.ts';
import { operationOf } from './operation.ts';
import { type Graph, type Node } from './graph.ts';
import { add } from './operations/arithmetic.ts';

/**
 * Adds the gradient of `output` (weighted by `dOutput`, of its shape) with respect to each of `targets`.
 * @returns one node for each target; null where the output does not depend on it
 */
export function addGradients(graph: Graph, output: Node, dOutput: Node, targets: readonly Node[]): (Node | null)[] {
  const needed = dependents(graph.nodes, targets);
  const gradients = new Map<Node, Node>([[output, dOutput]]);
  for (const node of graph.nodes.slice().toReversed()) {
    const dOut = gradients.get(node);
    const { gradient: rule, stopsGradient } = operationOf(node.operation);
    if (!dOut || !needed.has(node)) continue;
    if (!rule && (stopsGradient || targets.includes(node))) continue;
    if (!rule) throw withoutGradient(node);
    // The gradient's nodes belong to the layer of the node that they differentiate.
    const label = graph.label;
    graph.label = node.label;
    const inputGradients = rule(graph, node, dOut);
    node.inputs.forEach((input, i) => {
      const gradient = inputGradients[i];
      if (!gradient || !needed.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum ? add(graph, sum, gradient) : gradient);
    });
    graph.label = label;
  }
  return targets.map((target) => gradients.get(target) ?? null);
}

const withoutGradient = ({ operation, label }: Node): NeuriteError =>
  new NeuriteError(
    `${label ? `"${label}": ` : ''}the operation "${operation}" has no gradient; training cannot go through it`,
  );

/** The nodes whose value depends on one of `sources`, those included. */
function dependents(nodes: readonly Node[], sources: readonly Node[]): Set<Node> {
  const found = new Set(sources);
  for (const node of nodes) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}
