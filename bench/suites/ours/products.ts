// Products on operands that are in place, as the peers' tensors are; and the machine's own peak beside them.
import { CoreInstance, loadCore } from '../../../src/core/core.ts';
import { compile } from '../../../src/graph/compile.ts';
import { Executable } from '../../../src/graph/executable.ts';
import { Graph } from '../../../src/graph/graph.ts';
import { input, matmul } from '../../../src/graph/operations/index.ts';
import { peakWork } from '../../../src/node/bench/peak.ts';
import { ownProducts, peakName, productData, productName, sharedProducts } from '../../works/products.ts';
import type { PeerWork, Works } from '../../works/work.ts';

const core = await loadCore();
const instance = new CoreInstance(core);

function product(m: number, n: number, k: number): PeerWork {
  const graph = new Graph();
  const out = matmul(graph, input(graph, 'a', [m, k]), input(graph, 'b', [k, n]));
  const compiled = compile({ nodes: graph.nodes, outputs: { out }, effects: [] });
  const executable = new Executable(instance, compiled, () => 0);
  const { a, b } = productData(m, n, k);
  (executable.input('a') as Float32Array).set(a);
  (executable.input('b') as Float32Array).set(b);
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) executable.run();
    },
    result() {
      executable.run();
      return executable.output('out');
    },
  };
}

const peak = (): PeerWork => ({ ...peakWork(core.variant), result: () => [] });

export const products: Works = Object.fromEntries([
  [peakName, peak],
  ...[...ownProducts, ...sharedProducts].map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
]);
