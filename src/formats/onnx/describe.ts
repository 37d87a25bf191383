// What a file holds, found without running it: operators, weights, what is missing, and the memory that it takes.
import type { CoreOptions } from '../../core/features.ts';
import { sizeOf } from '../../graph/graph.ts';
import { allNodes, isStandard, type MissingOperator } from './check.ts';
import { openOnnx, type ReadExternal } from './load.ts';
import { OnnxModel } from './model.ts';
import type { OnnxValueInfo } from './open.ts';

export interface OnnxSummary {
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** How often each operator is used, the most frequent first. */
  readonly operators: readonly { readonly operator: string; readonly count: number }[];
  readonly weights: { readonly tensors: number; readonly values: number };
  /** Operators that neurite does not have, with the nodes that use them: empty for a model that can run. */
  readonly missing: readonly MissingOperator[];
  /** Bytes of WebAssembly memory once it is open (free sizes taken as 1 where only the batch is free); absent where operators are missing. */
  readonly memory?: number;
}

export async function describeOnnx(
  bytes: Uint8Array,
  what: string,
  readExternal: ReadExternal,
  options: CoreOptions,
): Promise<OnnxSummary> {
  const opened = await openOnnx(bytes, what, readExternal);
  const counts = new Map<string, number>();
  for (const { domain, opType = '' } of allNodes(opened.graph.node)) {
    const operator = isStandard(domain) ? opType : `${domain}.${opType}`;
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
  }
  const { initializer = [] } = opened.graph;
  const { opset, producer, inputs, outputs, missing } = opened;
  return {
    opset,
    producer,
    inputs,
    outputs,
    operators: [...counts].map(([operator, count]) => ({ operator, count })).toSorted((a, b) => b.count - a.count),
    weights: {
      tensors: initializer.length,
      values: initializer.reduce((sum, { dims }) => sum + sizeOf(Array.from(dims ?? [])), 0),
    },
    missing,
    ...(missing.length ? {} : { memory: (await OnnxModel.create(opened, options)).memory }),
  };
}
