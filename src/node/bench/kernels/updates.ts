// The optimizer's update on stored parameters.
import type { CoreInstance } from '../../../core/core.ts';
import { UpdateKind } from '../../../core/generated/instructions.ts';
import { compile } from '../../../graph/compile.ts';
import { Executable } from '../../../graph/executable.ts';
import { Graph, type Shape } from '../../../graph/graph.ts';
import { scalar, update } from '../../../graph/operations/index.ts';
import { Storage } from '../../../model/storage.ts';
import { adam } from '../../../optimizers/adam.ts';
import { benchmarkData, type Case } from '../case.ts';
import { compareSome, repeated } from './kernel.ts';

const learningRate = 1e-3;

/** Adam's step on the weights of 784-128 and of 784-512: reads and writes parameter, m and v, reads the gradient. */
export function updates(instance: CoreInstance): Case[] {
  return [784 * 128, 784 * 512].map((n): Case => {
    const graph = new Graph();
    const memory = new Storage(instance);
    const stored = (name: string, shape: Shape) => {
      memory.define(name, shape);
      return graph.add('storage', [], { name, shape, dtype: 'f32', volatile: true });
    };
    const [parameter, gradient, m, v] = ['p', 'g', 'm', 'v'].map((name) => stored(name, [n]));
    const scalars = stored('scalars', [16]);
    const one = scalar(graph, 1);
    const step = update(graph, UpdateKind.Adam, parameter!, gradient!, scalars, one, [m!, v!]);
    const compiled = compile({ nodes: graph.nodes, outputs: {}, effects: [step] });
    const executable = new Executable(instance, compiled, memory.address);
    return {
      group: 'updates',
      unit: 'GB/s',
      bytes: 28 * n,
      resident: 16 * n,
      work: repeated(`Adam ${n}`, () => executable.run()),
      check() {
        executable.prepare();
        adam().scalars(1, learningRate, {}, memory.floats('scalars'));
        const before = benchmarkData(n, 1);
        memory.floats('p').set(before);
        memory.floats('g').set(benchmarkData(n, 2));
        memory.floats('m').fill(0);
        memory.floats('v').fill(0);
        executable.run();
        const g = memory.floats('g');
        return compareSome(memory.floats('p'), (i) => before[i]! - learningRate * Math.sign(g[i]!), 1e-5);
      },
    };
  });
}
