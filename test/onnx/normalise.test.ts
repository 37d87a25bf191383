// Normalisations, behind a convolution (channels last inside) and by themselves, against ONNX Runtime.
import { expect, test } from 'vitest';
import { randomFloats } from '../helpers/kernel.ts';
import { floats, info, modelBytes, node, openBytes } from '../helpers/onnx-graph.ts';
import { openInRuntime } from '../helpers/onnxruntime.ts';

const weight = (name: string, shape: number[], seed: number) =>
  floats(name, shape, randomFloats(shape.reduce((a, b) => a * b, 1), seed, -1, 1)); // prettier-ignore
const initializer = [
  weight('w', [6, 4, 3, 3], 1),
  weight('scale6', [6], 2),
  weight('shift6', [6], 3),
  weight('scale4', [4], 4),
  weight('shift4', [4], 5),
  weight('scale2', [2], 6),
  weight('shift2', [2], 7),
  weight('rows', [5, 4], 8),
  weight('row', [4], 9),
];
const behind = (...rest: Parameters<typeof node>) => [node('Conv', ['x', 'w'], ['h']), node(...rest)];
const cases: [string, ReturnType<typeof node>[], number][] = [
  ['InstanceNormalization', [node('InstanceNormalization', ['x', 'scale4', 'shift4'], ['y'])], 17],
  ['InstanceNormalization behind Conv', behind('InstanceNormalization', ['h', 'scale6', 'shift6'], ['y']), 17],
  ['GroupNormalization', [node('GroupNormalization', ['x', 'scale4', 'shift4'], ['y'], { num_groups: 2 })], 21],
  ['GroupNormalization behind Conv', behind('GroupNormalization', ['h', 'scale6', 'shift6'], ['y'], { num_groups: 3 }), 21],
  ['GroupNormalization, a scale for each group', behind('GroupNormalization', ['h', 'scale2', 'shift2'], ['y'], { num_groups: 2 }), 18],
  ['LayerNormalization', [node('LayerNormalization', ['x', 'row', 'row'], ['y'])], 17],
  ['LayerNormalization over two axes, a shift for each column', [node('LayerNormalization', ['x', 'rows', 'row'], ['y'], { axis: 2, epsilon: { float: 0.1 } })], 17],
  ['LayerNormalization without a shift, with its statistics', [node('LayerNormalization', ['x', 'row'], ['y', 'mean', 'inverse'])], 17],
]; // prettier-ignore

test.each(cases)('%s', async (_name, nodes, version) => {
  const used = new Set(nodes.flatMap(({ input = [] }) => input));
  const statistics = nodes.at(-1)!.output!.slice(1);
  const graph = {
    input: [info('x', ['n', 4, 5, 4])],
    output: [info('y', ['n', 'c', 'h', 'v']), ...statistics.map((name) => info(name, ['n', 4, 5, 1]))],
    initializer: initializer.filter(({ name }) => used.has(name!)),
    node: nodes,
  };
  const bytes = modelBytes(graph, version);
  const x = { data: randomFloats(2 * 80, 11, -2, 2), shape: [2, 4, 5, 4] };
  const ours = (await openBytes(bytes)).run({ x });
  const theirs = await (await openInRuntime(bytes))({ x });
  for (const name of ['y', ...statistics]) {
    expect(ours[name]!.shape).toEqual([...theirs[name]!.dims]);
    (theirs[name]!.data as Float32Array).forEach((value, i) =>
      expect(Math.abs(ours[name]!.data[i]! - value), `${name}[${i}]`).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
    );
  }
});
