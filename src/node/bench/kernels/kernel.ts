// A kernel as a case: a program of one operation on resident data, built by the graph as a model's is, its result compared
// with a few lines of float64 JavaScript first.
import type { CoreInstance } from '../../../core/core.ts';
import { compile } from '../../../graph/compile.ts';
import { Executable } from '../../../graph/executable.ts';
import { Graph, type Node, type Shape } from '../../../graph/graph.ts';
import { input, storage } from '../../../graph/operations/index.ts';
import { Storage } from '../../../model/storage.ts';
import { benchmarkData, relativeDifference, type Case, type Check } from '../case.ts';

/** What a kernel's program is made of and how its result is known to be right. */
export interface Kernel {
  readonly group: string;
  readonly name: string;
  readonly unit: 'GFLOP/s' | 'GB/s';
  readonly flops?: number;
  readonly bytes?: number;
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Values that stay between runs, such as weights. */
  readonly stored?: Readonly<Record<string, Shape>>;
  readonly volatile?: boolean;
  readonly build: (graph: Graph, nodes: Record<string, Node>) => Node;
  /** The element of the result at this index. */
  readonly expected: (index: number, data: Record<string, Float32Array>) => number;
  readonly tolerance?: number;
}

/** Puts a kernel into an instance of the core. */
export function place(kernel: Kernel, instance: CoreInstance): Case {
  const { group, name, unit, flops, bytes, inputs, stored = {}, tolerance = 1e-5 } = kernel;
  const graph = new Graph();
  const memory = new Storage(instance);
  const nodes: Record<string, Node> = {};
  for (const [key, shape] of Object.entries(inputs)) nodes[key] = input(graph, key, shape);
  for (const [key, shape] of Object.entries(stored)) {
    nodes[key] = storage(graph, key, shape);
    memory.define(key, shape);
  }
  const out = kernel.build(graph, nodes);
  const executable = new Executable(
    instance,
    compile({ nodes: graph.nodes, outputs: { out }, effects: [] }),
    memory.address,
  );
  const view = (key: string) => (key in stored ? memory.floats(key) : (executable.input(key) as Float32Array));
  const keys = [...Object.keys(inputs), ...Object.keys(stored)];
  return {
    group,
    unit,
    ...(flops && { flops }),
    ...(bytes && { bytes }),
    work: repeated(name, () => executable.run()),
    check() {
      keys.forEach((key, i) => view(key).set(benchmarkData(view(key).length, i + 1)));
      executable.prepare();
      executable.run();
      const data = Object.fromEntries(keys.map((key) => [key, view(key)]));
      return compareSome(executable.output('out') as Float32Array, (index) => kernel.expected(index, data), tolerance);
    },
  };
}

export function repeated(name: string, run: () => unknown): Case['work'] {
  return {
    name,
    repeat(times) {
      for (let i = 0; i < times; i++) run();
    },
  };
}

/** Looks at up to 64 elements, spread over the whole result. */
export function compareSome(out: Float32Array, expected: (index: number) => number, tolerance: number): Check {
  const step = Math.max(1, Math.floor(out.length / 63) - 1);
  const places = Array.from({ length: Math.ceil(out.length / step) }, (_, i) => i * step);
  const difference = relativeDifference(
    places.map((index) => out[index]!),
    places.map(expected),
  );
  return { difference, tolerance };
}
