// A file to a checked graph, before anything is built: what it takes and gives, its operators, its weights' places.
import { FormatError } from '../../core/errors.ts';
import {
  checkFunctions,
  functionKey,
  isStandard,
  liveNodes,
  missingOperators,
  sortedNodes,
  type MissingOperator,
} from './check.ts';
import { operatorOf } from './operator.ts';
import type { FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from './schema.ts';
import type { ExternalFiles } from './tensor.ts';
import { dataTypeName, dataTypeOf, type DataType } from './types.ts';

/** An input or output. A size is a number, or the name of a symbol ('' where it has none); null: of any shape. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

export interface Opened {
  readonly what: string;
  readonly opset: number;
  readonly producer: string;
  readonly graph: GraphProto;
  /** Sorted, and only those that the outputs need. */
  readonly nodes: readonly NodeProto[];
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly missing: readonly MissingOperator[];
  readonly external: ExternalFiles | undefined;
}

/** @throws FormatError for a file that is no sound model */
export function openModel(model: ModelProto, what: string, external?: ExternalFiles): Opened {
  const { graph } = model;
  if (!graph || !graph.node) throw new FormatError(`${what}: no ONNX model: it has no graph`);
  const opset = opsetOf(model, what);
  const functions = new Map((model.functions ?? []).map((body) => [functionKey(body.domain, body.name), body]));
  checkFunctions(functions, what);
  const sorted = sortedNodes(graph, new Set(), what);
  const weights = new Set((graph.initializer ?? []).map(({ name }) => name ?? ''));
  const outputNames = (graph.output ?? []).map(({ name = '' }) => name);
  return {
    what,
    opset,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    graph,
    nodes: liveNodes(sorted, outputNames),
    functions,
    inputs: (graph.input ?? []).filter(({ name = '' }) => !weights.has(name)).map((info) => valueInfo(info, what)),
    outputs: (graph.output ?? []).map((info) => valueInfo(info, what)),
    missing: missingOperators(model, functions, (name) => operatorOf(name) !== undefined),
    external,
  };
}

function opsetOf({ opsetImport = [] }: ModelProto, what: string): number {
  const version = opsetImport.find(({ domain }) => isStandard(domain))?.version ?? 1;
  if (version > 22)
    throw new FormatError(`${what}: it uses operator set ${version}; 22 is the latest that is known here`);
  return version;
}

function valueInfo({ name = '', type }: ValueInfoProto, what: string): OnnxValueInfo {
  const kind = (['sequenceType', 'mapType', 'sparseTensorType', 'optionalType'] as const).find((key) => type?.[key]);
  if (kind) throw new FormatError(`${what}: "${name}" is a ${kind.replace('Type', '')}; only tensors are taken`);
  const dtype = dataTypeOf(type?.tensorType?.elemType);
  if (!dtype)
    throw new FormatError(`${what}: "${name}" is of ${dataTypeName(type?.tensorType?.elemType)}, which is not read`);
  const dims = type?.tensorType?.shape?.dim ?? [];
  return { name, type: dtype, shape: dims.map(({ dimValue, dimParam = '' }) => dimValue ?? dimParam) };
}
