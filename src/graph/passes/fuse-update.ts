// A weight's gradient that is a product and that only its optimizer reads becomes a part of the optimizer's step: it is
// computed some rows at a time and never stored whole. What it gains stands in docs/adr/0008-training-step.md.
// Such a step is moved forward to where the weight is read for the last time, which frees the gradients that it reads.
import { FEW_COLUMNS } from '../../core/generated/instructions.ts';
import { sameShape, sizeOf, type GraphFunction, type Node } from '../graph.ts';
import { rootOf } from '../lower.ts';
import { operationOf } from '../operation.ts';
import type { MatmulAttributes } from '../operations/matmul.ts';
import { countUses, isUpdate, rewrite } from './transform.ts';

/** Elements of a gradient below which the setting up would cost more than memory does. */
const fewest = 8192;

export function fuseUpdates(source: GraphFunction): GraphFunction {
  const uses = countUses(source);
  let isFused = false;
  const fused = rewrite(source, (node, inputs, graph) => {
    if (node.operation !== 'update') return undefined;
    const [parameter, gradient, ...rest] = inputs as [Node, Node, ...Node[]];
    if (uses.get(node.inputs[1]!) !== 1 || !isPlainProduct(gradient) || !sameShape(parameter.shape, gradient.shape))
      return undefined;
    const { transposeA, transposeB } = gradient.attributes as unknown as MatmulAttributes;
    isFused = true;
    const operands = [parameter, ...gradient.inputs, ...rest];
    return graph.add('updateByProduct', operands, { kind: node.attributes['kind'], transposeA, transposeB });
  });
  return isFused ? moveForward(fused) : source;
}

/** A matrix product without bias and activation, of more than a few columns, and of no storage: that may change before. */
function isPlainProduct({ operation, attributes, shape, inputs }: Node): boolean {
  if (operation !== 'matmul' || shape.length !== 2) return false;
  if (inputs.some((input) => rootOf(input).operation === 'storage')) return false;
  const { bias, activation, packed } = attributes as unknown as MatmulAttributes;
  return !bias && !activation && !packed && shape[1]! > FEW_COLUMNS && sizeOf(shape) >= fewest;
}

/** Each fused step right behind the last node that reads its weight, or that it reads itself, or that is a guard. */
function moveForward({ nodes, outputs, effects }: GraphFunction): GraphFunction {
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const lastReader = new Map<unknown, number>();
  let lastGuard = 0;
  nodes.forEach((node, i) => {
    if (effects.includes(node) && !isUpdate(node) && node.operation !== 'assign') lastGuard = i;
    if (!isUpdate(node)) for (const input of node.inputs) lastReader.set(placeOf(input), i);
  });
  const places = nodes.map((node, i) => {
    // Sources have no instructions: they stand first, whoever reads them.
    if (isSource(node)) return -1;
    if (node.operation !== 'updateByProduct') return i;
    const ready = node.inputs.filter((input) => !isSource(input)).map((input) => numbers.get(input)!);
    return Math.max(lastGuard, lastReader.get(placeOf(node.inputs[0]!)) ?? 0, ...ready) + 0.5;
  });
  const order = nodes.map((_, i) => i).toSorted((a, b) => places[a]! - places[b]! || a - b);
  return { nodes: order.map((i) => nodes[i]!), outputs, effects };
}

const isSource = ({ operation }: Node): boolean => operationOf(operation).source === true;

/** What tells one memory from another: the name of a storage, or the node whose memory it is. */
function placeOf(node: Node): unknown {
  const root = rootOf(node);
  return root.operation === 'storage' ? root.attributes['name'] : root;
}
