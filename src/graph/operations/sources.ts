// Where values come from: inputs of a call, storage of the model (parameters, optimizer slots, counters),
// and constants. None has instructions; the executable gives them their addresses.
import { defineOperation } from '../operation.ts';
import type { DType, Graph, Node, Shape } from '../graph.ts';

const asDeclared = (_inputs: readonly Node[], attributes: Readonly<Record<string, unknown>>) => ({
  shape: attributes['shape'] as Shape,
  dtype: attributes['dtype'] as DType,
});

defineOperation('input', { infer: asDeclared, source: true });
defineOperation('storage', { infer: asDeclared, source: true });
defineOperation('constant', { infer: asDeclared, source: true });

/** A value that the caller writes before each run. */
export const input = (graph: Graph, name: string, shape: Shape, dtype: DType = 'f32'): Node =>
  graph.add('input', [], { name, shape, dtype });

/** A value that outlives a run, known to the model by its name. */
export const storage = (graph: Graph, name: string, shape: Shape, dtype: DType = 'f32'): Node =>
  graph.add('storage', [], { name, shape, dtype });

/** A value fixed when the graph is built. */
export const constant = (graph: Graph, data: Float32Array | Int32Array, shape: Shape): Node =>
  graph.add('constant', [], { data, shape, dtype: data instanceof Int32Array ? 'i32' : 'f32' });

/** One float, of shape []. */
export const scalar = (graph: Graph, value: number): Node => constant(graph, Float32Array.of(value), []);
