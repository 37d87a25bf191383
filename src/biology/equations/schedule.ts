// From a graph to elementary steps: which node is computed when, and where its value goes. What is the same for all
// neurons is computed once a step; a temporary block is used again when nobody reads it any more; and a variable's new
// value goes straight to its array where the old one is not read later.
import { Elementary, Place } from '../../core/generated/neuron-instructions.ts';
import type { Graph, NeuronArray, Node, Operation } from './graph.ts';

/** A node whose value an array gets. */
export interface Root {
  readonly array: NeuronArray;
  readonly node: Node;
}

export type Operand =
  | { readonly place: 'temporary'; readonly index: number }
  | { readonly place: 'array'; readonly address: number }
  /** A node that is the same for all neurons, or the number that stands in its place: a stream. */
  | { readonly place: 'scalar'; readonly node: Node }
  | { readonly place: 'number'; readonly value: number };

export interface PlannedStep {
  readonly operation: Operation;
  readonly out: Operand;
  readonly inputs: readonly Operand[];
}

/** Steps in their order. */
export interface Schedule {
  readonly steps: readonly PlannedStep[];
  readonly temporaries: number;
  /** Where the node that was to be kept is. */
  readonly kept: Operand | undefined;
  /** Nodes that are the same for all neurons and that these steps need, in an order in which they can be computed. */
  readonly scalars: readonly Node[];
}

interface Draft {
  readonly operation: Operation;
  /** Undefined for a copy into an array. */
  readonly node: Node | undefined;
  readonly inputs: readonly Node[];
  into: NeuronArray | undefined;
}

const isOperation = (node: Node): boolean => node.operation in Elementary;

/** The nodes below, each after what it is made of. */
function inOrder(nodes: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const walk = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    node.inputs.forEach(walk);
    order.push(node);
  };
  nodes.forEach(walk);
  return order;
}

/** Variables that others read come after those: then fewer old values must be kept. */
export function byReaders(roots: readonly Root[]): Root[] {
  const reads = new Map(
    roots.map((root) => [
      root,
      new Set(
        inOrder([root.node])
          .map((node) => node.array)
          .filter((x) => x !== undefined),
      ),
    ]),
  );
  const left = [...roots];
  const sorted: Root[] = [];
  while (left.length) {
    const free = left.findIndex((root) => left.every((other) => other === root || !reads.get(other)!.has(root.array)));
    sorted.push(...left.splice(Math.max(free, 0), 1));
  }
  return sorted;
}

/** How a node is computed: products go into sums, and the test for refractoriness into the choice. */
function drafted(node: Node, uses: ReadonlyMap<Node, number>): Draft {
  const [a, b, c] = node.inputs;
  const isOwn = (x: Node | undefined, operation: Operation) =>
    x !== undefined && !x.uniform && x.operation === operation && uses.get(x) === 1;
  const draft = (operation: Operation, inputs: readonly Node[]): Draft => ({
    operation,
    node,
    inputs,
    into: undefined,
  });
  if (node.operation === 'Add' && isOwn(a, 'Multiply')) return draft('MultiplyAdd', [...a!.inputs, b!]);
  if (node.operation === 'Add' && isOwn(b, 'Multiply')) return draft('MultiplyAdd', [...b!.inputs, a!]);
  if (node.operation === 'Subtract' && isOwn(b, 'Multiply')) return draft('SubtractProduct', [...b!.inputs, a!]);
  if (node.operation === 'Choose' && isOwn(a, 'Resting')) return draft('ChooseResting', [a!.inputs[0]!, b!, c!]);
  return draft(node.operation as Operation, node.inputs);
}

/** The steps that give every array its node's value, all of the values that arrays have before. */
export function schedule(graph: Graph, given: readonly Root[], keep?: Node): Schedule {
  // what is no operation of its own must be copied
  const owned = (node: Node) => (isOperation(node) && !node.uniform ? node : graph.unary('Copy', node));
  const roots = given
    .filter(({ node, array }) => node.array !== array || node.operation !== 'Array')
    .map(({ node, array }) => ({ array, node: node.uniform ? node : owned(node) }));
  const kept = keep && owned(keep);
  const order = inOrder([...roots.map(({ node }) => node), ...(kept ? [kept] : [])]);
  const uses = countUses(order, [...roots.map(({ node }) => node), ...(kept ? [kept] : [])]);
  const vector = order.filter((node) => isOperation(node) && !node.uniform);
  const drafts = vector.map((node) => drafted(node, uses));
  const needed = new Set([...drafts.flatMap(({ inputs }) => inputs), ...roots.map(({ node }) => node), kept]);
  const list = drafts.filter(({ node }) => needed.has(node!));
  placeRoots(list, roots);
  return allocated(
    list,
    kept,
    order.filter((node) => node.uniform),
  );
}

function countUses(order: readonly Node[], ends: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  for (const node of [...order.flatMap(({ inputs }) => inputs), ...ends]) uses.set(node, (uses.get(node) ?? 0) + 1);
  return uses;
}

/** Which steps write to arrays; copies at the end where that must wait. */
function placeRoots(list: Draft[], roots: readonly Root[]): void {
  const copies: Draft[] = [];
  for (const { array, node } of roots) {
    const at = list.findIndex((draft) => draft.node === node);
    const readLater = list.slice(at + 1).some(({ inputs }) => inputs.some((input) => input.array === array));
    if (at >= 0 && !list[at]!.into && !readLater) list[at]!.into = array;
    else copies.push({ operation: 'Copy', node: undefined, inputs: [node], into: array });
  }
  list.push(...copies);
}

/** Temporaries by a linear scan. */
function allocated(list: readonly Draft[], kept: Node | undefined, scalars: readonly Node[]): Schedule {
  const lastUse = new Map<Node, number>();
  list.forEach(({ inputs }, k) => inputs.forEach((input) => lastUse.set(input, k)));
  if (kept) lastUse.set(kept, Infinity);
  const places = new Map<Node, Operand>();
  const free: number[] = [];
  let temporaries = 0;
  const steps = list.map(({ operation, node, inputs, into }, k): PlannedStep => {
    const operands = inputs.map((input) => operandOf(input, places));
    for (const input of new Set(inputs)) {
      const place = places.get(input);
      if (place?.place === 'temporary' && lastUse.get(input) === k) free.push(place.index);
    }
    const out: Operand = into
      ? { place: 'array', address: into.address }
      : { place: 'temporary', index: free.pop() ?? temporaries++ };
    if (node) places.set(node, out);
    return { operation, out, inputs: isRandomStep(operation) ? randomInputs(node!) : operands };
  });
  return { steps, temporaries, kept: kept && places.get(kept), scalars };
}

const isRandomStep = (operation: Operation) => operation === 'Uniform' || operation === 'Normal';

const randomInputs = ({ value }: Node): Operand[] => [
  { place: 'number', value: 0 },
  { place: 'number', value },
];

function operandOf(node: Node, places: ReadonlyMap<Node, Operand>): Operand {
  if (node.uniform) return { place: 'scalar', node };
  if (node.operation === 'Array') return { place: 'array', address: node.array!.address };
  return places.get(node)!;
}

/** The two bits of an operand's place. */
export const placeNumber: Record<Operand['place'], number> = {
  temporary: Place.Temporary,
  array: Place.Neurons,
  scalar: Place.Scalar,
  number: Place.Scalar,
};
