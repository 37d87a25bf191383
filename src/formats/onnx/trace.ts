// Walks a model's nodes in order and builds each by its operator; functions are expanded as they are met.
import { FormatError, NeuriteError, ShapeError } from '../../core/errors.ts';
import { Attributes } from './attributes.ts';
import { UnknownValueError, type Builder, type Value } from './builder.ts';
import { functionKey, isStandard, liveNodes, nodeName, sortedNodes } from './check.ts';
import { Call, operatorOf } from './operator.ts';
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto } from './schema.ts';
import { tensorFromProto, tensorFromSparse, type ExternalFiles } from './tensor.ts';
import type { HostTensor } from './types.ts';

/** Names and values, those of the graphs around included. Weights are read when something asks for them. */
export class Scope {
  private readonly values = new Map<string, Value>();
  private readonly waiting = new Map<string, () => Value>();
  private readonly outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.outer = outer;
  }

  get(name: string): Value | undefined {
    const read = this.waiting.get(name);
    if (read) {
      this.waiting.delete(name);
      this.values.set(name, read());
    }
    return this.values.get(name) ?? this.outer?.get(name);
  }

  set(name: string, value: Value): void {
    this.values.set(name, value);
    this.waiting.delete(name);
  }

  define(name: string, read: () => Value): void {
    this.waiting.set(name, read);
  }

  names(): Set<string> {
    return new Set([...(this.outer?.names() ?? []), ...this.values.keys(), ...this.waiting.keys()]);
  }
}

export interface TraceContext {
  readonly build: Builder;
  readonly what: string;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly opset: number;
  readonly external: ExternalFiles | undefined;
  /** What the graph's nodes are called instead of the file's. */
  readonly label?: string;
}

/** The initialisers of a graph as values; `keep` names them for the model's storage. */
export function addInitializers(context: TraceContext, graph: GraphProto, scope: Scope, keep: boolean): void {
  const { build, what, external } = context;
  const define = (name: string, read: () => HostTensor) =>
    scope.define(name, () => build.fromHost(read(), keep ? name : undefined));
  for (const proto of graph.initializer ?? [])
    define(proto.name ?? '', () => tensorFromProto(proto, `${what}: initializer "${proto.name}"`, external));
  for (const proto of graph.sparseInitializer ?? []) {
    const name = (proto.values as TensorProto | undefined)?.name ?? '';
    define(name, () => tensorFromSparse(proto, `${what}: initializer "${name}"`, external));
  }
}

export function buildNodes(context: TraceContext, nodes: readonly NodeProto[], scope: Scope): void {
  for (const node of nodes) buildNode(context, node, scope);
}

function buildNode(context: TraceContext, node: NodeProto, scope: Scope): void {
  const what = `${context.what}: ${nodeName(node)}`;
  const inputs = (node.input ?? []).map((name) => (name ? scope.get(name) : undefined));
  context.build.graph.label = context.label ?? (node.name || (node.output?.[0] ?? ''));
  try {
    const outputs = callOperator(context, node, inputs, scope, what);
    (node.output ?? []).forEach((name, i) => {
      if (!name) return;
      const value = outputs[i];
      if (!value) throw new FormatError(`${what}: its output ${i} ("${name}") is not made here`);
      scope.set(name, value);
    });
  } catch (error) {
    throw withPlace(error, what);
  }
}

function callOperator(
  context: TraceContext,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
  scope: Scope,
  what: string,
): readonly (Value | undefined)[] {
  const body = context.functions.get(functionKey(node.domain, node.opType));
  const operator = isStandard(node.domain) ? operatorOf(node.opType ?? '') : undefined;
  if (!operator && body) return callFunction(context, body, node, inputs, what);
  const result = operator!(
    new Call({
      build: context.build,
      attributes: new Attributes(node.attribute ?? [], what, context.external),
      opset: context.opset,
      inputs,
      wanted: (node.output ?? []).map(Boolean),
      subgraph: (graph, values) => buildSubgraph(context, graph, values, scope),
    }),
  );
  return Array.isArray(result) ? (result as readonly (Value | undefined)[]) : [result as Value];
}

function buildSubgraph(context: TraceContext, graph: GraphProto, inputs: readonly Value[], outer: Scope): Value[] {
  const scope = new Scope(outer);
  const names = outer.names();
  addInitializers(context, graph, scope, false);
  (graph.input ?? []).forEach(({ name = '' }, i) => {
    if (inputs[i]) scope.set(name, inputs[i]);
  });
  const outputs = (graph.output ?? []).map(({ name = '' }) => name);
  buildNodes(context, liveNodes(sortedNodes(graph, names, context.what), outputs), scope);
  return outputs.map((name) => {
    const value = scope.get(name);
    if (!value) throw new FormatError(`${context.what}: nothing defines "${name}" in graph "${graph.name ?? ''}"`);
    return value;
  });
}

/** A function's nodes, in a scope of their own, with the attributes of the call in the places that name them. */
function callFunction(
  context: TraceContext,
  body: FunctionProto,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
  what: string,
): (Value | undefined)[] {
  const scope = new Scope();
  (body.input ?? []).forEach((name, i) => {
    if (inputs[i]) scope.set(name, inputs[i]);
  });
  const given = new Map([...(body.attributeProto ?? []), ...(node.attribute ?? [])].map((a) => [a.name ?? '', a]));
  const opset = body.opsetImport?.find(({ domain }) => isStandard(domain))?.version ?? context.opset;
  const nodes = (body.node ?? []).map((inner) => withAttributes(inner, given));
  buildNodes({ ...context, opset, what: `${what} (${body.name})` }, nodes, scope);
  return (body.output ?? []).map((name) => scope.get(name));
}

function withAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): NodeProto {
  const attribute = (node.attribute ?? []).flatMap((own) => {
    const inner = own.g
      ? { ...own, g: { ...own.g, node: (own.g.node ?? []).map((n) => withAttributes(n, given)) } }
      : own;
    if (!own.refAttrName) return [inner];
    const referred = given.get(own.refAttrName);
    return referred ? [{ ...referred, name: own.name! }] : [];
  });
  return { ...node, attribute };
}

/** The same failure, told with the file and the node where it arose. */
export function withPlace(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const message = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`;
  const options = { cause: error };
  if (error instanceof UnknownValueError) return new UnknownValueError(message, options);
  if (error instanceof FormatError) return new FormatError(message, options);
  if (error instanceof ShapeError) return new ShapeError(message, options);
  if (error instanceof NeuriteError || error instanceof RangeError || error instanceof TypeError)
    return new NeuriteError(message, options);
  return error;
}
