// What must hold of a graph before anything is built: every name is defined once and before it is used (nodes are sorted
// where they are not), no cycles, and every operator known. Subgraphs see the names around them.
import { FormatError, NeuriteError } from '../../core/errors.ts';
import { graphsOf } from './attributes.ts';
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from './schema.ts';

/** How errors and summaries call a node. */
export const nodeName = (node: NodeProto): string =>
  node.name ? `${node.opType} "${node.name}"` : `${node.opType} of "${node.output?.[0] ?? ''}"`;

export const isStandard = (domain: string | undefined): boolean => !domain || domain === 'ai.onnx';
export const functionKey = (domain: string | undefined, name: string | undefined): string =>
  `${isStandard(domain) ? '' : domain}.${name}`;

/** Operators that are missing, with the nodes that use them. */
export interface MissingOperator {
  readonly operator: string;
  readonly nodes: readonly string[];
}

/** The model uses operators that neurite does not have: all of them, with their nodes. */
export class MissingOperatorsError extends NeuriteError {
  override name = 'MissingOperatorsError';
  readonly missing: readonly MissingOperator[];
  constructor(what: string, missing: readonly MissingOperator[]) {
    const lines = missing.map(({ operator, nodes }) => `\n  ${operator}: ${listed(nodes)}`);
    super(
      `${what}: ${missing.length === 1 ? 'an operator is' : `${missing.length} operators are`} missing:${lines.join('')}`,
    );
    this.missing = missing;
  }
}

const listed = (nodes: readonly string[]) =>
  nodes.length > 8 ? `${nodes.slice(0, 8).join(', ')} and ${nodes.length - 8} more` : nodes.join(', ');

/** Every node of a graph, those of its subgraphs too. */
export function* allNodes(nodes: readonly NodeProto[] | undefined): Iterable<NodeProto> {
  for (const node of nodes ?? []) {
    yield node;
    for (const graph of graphsOf(node)) yield* allNodes(graph.node);
  }
}

/** @param known whether there is an operator of this name in the standard domain */
export function missingOperators(
  model: ModelProto,
  functions: ReadonlyMap<string, FunctionProto>,
  known: (operator: string) => boolean,
): MissingOperator[] {
  const missing = new Map<string, Set<string>>();
  const bodies = [...functions.values()].map(({ node }) => node);
  for (const nodes of [model.graph?.node, ...bodies])
    for (const node of allNodes(nodes)) {
      const { domain, opType = '' } = node;
      if (functions.has(functionKey(domain, opType)) || (isStandard(domain) && known(opType))) continue;
      const operator = isStandard(domain) ? opType : `${domain}.${opType}`;
      missing.set(operator, (missing.get(operator) ?? new Set()).add(nodeName(node)));
    }
  return [...missing].map(([operator, nodes]) => ({ operator, nodes: [...nodes] }));
}

/** @throws FormatError for a function that calls itself, directly or not */
export function checkFunctions(functions: ReadonlyMap<string, FunctionProto>, what: string): void {
  const states = new Map<string, 'open' | 'done'>();
  const visit = (key: string): void => {
    const called = functions.get(key);
    if (!called || states.get(key) === 'done') return;
    if (states.get(key) === 'open') throw new FormatError(`${what}: the function "${called.name}" calls itself`);
    states.set(key, 'open');
    for (const node of allNodes(called.node)) visit(functionKey(node.domain, node.opType));
    states.set(key, 'done');
  };
  for (const key of functions.keys()) visit(key);
}

/** The names that a graph takes from around it or before: inputs of its nodes and of its subgraphs' that it does not define. */
function namesRead(node: NodeProto): string[] {
  const names = (node.input ?? []).filter(Boolean);
  for (const graph of graphsOf(node)) names.push(...outerNames(graph));
  return names;
}

export function outerNames(graph: GraphProto): string[] {
  const own = definedNames(graph);
  const read = (graph.node ?? []).flatMap(namesRead);
  return [...read, ...(graph.output ?? []).map(({ name = '' }) => name)].filter((name) => !own.has(name));
}

function definedNames({ input = [], initializer = [], sparseInitializer = [], node = [] }: GraphProto): Set<string> {
  return new Set([
    ...input.map(({ name = '' }) => name),
    ...initializer.map(({ name = '' }) => name),
    ...sparseInitializer.map(({ values }) => values?.name ?? ''),
    ...node.flatMap(({ output = [] }) => output),
  ]);
}

/**
 * The nodes of a graph in an order in which every value is made before it is read.
 * @param outer the names that are defined around it
 * @throws FormatError for names that are defined twice or never, and for cycles
 */
export function sortedNodes(graph: GraphProto, outer: ReadonlySet<string>, what: string): NodeProto[] {
  const nodes = graph.node ?? [];
  const makers = new Map<string, NodeProto>();
  const given = givenNames(graph, what);
  for (const node of nodes)
    for (const name of node.output ?? []) {
      if (!name) continue;
      if (makers.has(name) || given.has(name))
        throw new FormatError(`${what}: the value "${name}" is defined twice, the second time by ${nodeName(node)}`);
      makers.set(name, node);
    }
  const order: NodeProto[] = [];
  const states = new Map<NodeProto, 'open' | 'done'>();
  for (const root of nodes) visit(root);
  for (const { name = '' } of graph.output ?? [])
    if (!makers.has(name) && !given.has(name) && !outer.has(name))
      throw new FormatError(`${what}: nothing defines the output "${name}"`);
  const names = new Set([...outer, ...given, ...makers.keys()]);
  for (const node of nodes) for (const inner of graphsOf(node)) sortedNodes(inner, names, what);
  return order;

  /** Depth first, without recursion: a chain of nodes may be long. */
  function visit(root: NodeProto): void {
    const stack: { node: NodeProto; reads: string[] }[] = [];
    const open = (node: NodeProto) => {
      states.set(node, 'open');
      stack.push({ node, reads: namesRead(node) });
    };
    if (!states.has(root)) open(root);
    while (stack.length) {
      const { node, reads } = stack.at(-1)!;
      const name = reads.pop();
      if (name === undefined) {
        states.set(node, 'done');
        order.push(node);
        stack.pop();
        continue;
      }
      const maker = makers.get(name);
      if (!maker) {
        if (!given.has(name) && !outer.has(name))
          throw new FormatError(`${what}: nothing defines "${name}", which ${nodeName(node)} reads`);
        continue;
      }
      if (states.get(maker) === 'open')
        throw new FormatError(`${what}: the graph has a cycle through ${nodeName(maker)} and ${nodeName(node)}`);
      if (!states.has(maker)) open(maker);
    }
  }
}

/** Inputs and initialisers, each once; an initialiser may give an input its default. */
function givenNames({ input = [], initializer = [], sparseInitializer = [] }: GraphProto, what: string): Set<string> {
  const inputs = new Set<string>();
  const weights = new Set<string>();
  const add = (set: Set<string>, kind: string, name = '') => {
    if (set.has(name)) throw new FormatError(`${what}: the ${kind} "${name}" is defined twice`);
    set.add(name);
  };
  for (const { name } of input) add(inputs, 'input', name);
  for (const { name } of initializer) add(weights, 'initializer', name);
  for (const { values } of sparseInitializer) add(weights, 'initializer', values?.name);
  return new Set([...inputs, ...weights]);
}

/** The nodes that outputs depend on. */
export function liveNodes(sorted: readonly NodeProto[], outputs: readonly string[]): NodeProto[] {
  const needed = new Set(outputs);
  const live: NodeProto[] = [];
  for (const node of sorted.toReversed()) {
    if (!(node.output ?? []).some((name) => name && needed.has(name))) continue;
    live.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return live.toReversed();
}
