// Every operation of the graph that a prediction may have is written as ONNX; the others are in the list below with their
// reason. Layers made of such operations here, checked in ONNX Runtime and by being read again.
import { describe, expect, test } from 'vitest';
import * as n from '../../src/index.ts';
import { operationNames } from '../../src/graph/operation.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import * as ops from '../../src/graph/operations/index.ts';
import '../../src/formats/onnx/index.ts';
import { writerOf } from '../../src/formats/onnx/out/table.ts';
import { toOnnx } from '../../src/formats/onnx/to-onnx.ts';
import { createLayer, defineLayer } from '../../src/layers/layer.ts';
import { checkWritten } from '../helpers/onnx-out.ts';
import { variant } from '../helpers/kernel.ts';

/** What no prediction has. */
const without: Readonly<Record<string, string>> = {
  input: 'a source, written by itself',
  storage: 'a source, written by itself',
  packB: 'made by the compiler',
  packKernel: 'made by the compiler',
  packRecurrent: 'made by the compiler',
  update: 'training',
  updateByProduct: 'training',
  dropout: 'training',
  randomValues: 'training',
  convolutionKernel: 'training',
  scatterPixels: 'training',
  lossRows: 'training',
  rowLosses: 'training',
  ctc: 'training',
  ctcResult: 'training',
  checkFinite: 'a guard; results are the same without',
  assign: 'a state that predictions change: refused by name',
  appendRows: 'the cache of a decoder: refused by name',
  attentionWeights: 'only attentionMaps reads them',
};

test('every operation of a prediction has its form', () => {
  const missing = operationNames().filter(
    (name) => !writerOf(name) && !name.endsWith('Backward') && !(name in without),
  );
  expect(missing, 'define how it is written (src/formats/onnx/out), or say why it need not be').toEqual([]);
  for (const name of Object.keys(without)) expect([name, writerOf(name)]).toEqual([name, undefined]);
});

let count = 0;
/** A layer of one formula. */
function formula(build: (graph: Graph, x: Node) => Node): n.Layer {
  const type = `formula${count++}`;
  defineLayer(type, { build: ({ graph }, [x]) => build(graph, x!), restore: () => createLayer(type, {}) });
  return createLayer(type, {});
}
const integers = (graph: Graph, data: readonly number[], shape: readonly number[]) =>
  ops.constant(graph, Int32Array.from(data), shape);
const toFloat = (graph: Graph, x: Node) => ops.convert(graph, 'IntegerToFloat', x);
const toInteger = (graph: Graph, x: Node) => ops.convert(graph, 'FloatToInteger', ops.unary(graph, 'Affine', x, 5, 0));

const cases: [string, readonly number[], (graph: Graph, x: Node) => Node][] = [
  ['gather', [4, 3], (graph, x) => ops.gather(graph, x, integers(graph, [3, 0, 0, 1], [2, 2]), 1)],
  ['gatherElements', [4], (graph, x) => ops.gatherElements(graph, x, ops.argReduce(graph, 'Maximum', ops.reshape(graph, x, [x.shape[0]!, 2, 2]), 2), 1)],
  ['topK', [5], (graph, x) => { const { values, indices } = ops.topK(graph, x, 1, 3); return ops.add(graph, values, toFloat(graph, indices)); }],
  ['cumulativeSum', [3, 4], (graph, x) => ops.cumulativeSum(graph, x, 2, { exclusive: true, reverse: true })],
  ['select', [6], (graph, x) => ops.select(graph, ops.integer(graph, 'Less', toInteger(graph, x), integers(graph, [1], [1])), x, ops.unary(graph, 'Negate', x))],
  ['rearrange', [3, 4], (graph, x) => ops.rearrange(graph, x, [{ size: x.shape[0]!, stride: 12 }, { size: 4, stride: 1 }, { size: 3, offsets: [8, -1, 0] }], { fill: 7 })],
  ['resample', [3, 2], (graph, x) => ops.resample(graph, x, 1, integers(graph, [0, 1, 1, 2], [2, 2]), ops.constant(graph, Float32Array.of(0.25, 0.75, 0.5, 0.5), [2, 2]))],
  ['gridSample', [2, 3, 4], (graph, x) => ops.gridSample(graph, x, ops.unary(graph, 'Affine', ops.reshape(graph, x, [x.shape[0]!, 3, 4, 2]), 0.9, 0), { kind: 'Linear', outside: 'Border', alignCorners: false })],
  ['determinant', [3, 3], (graph, x) => ops.determinant(graph, x)],
  ['batches of products', [2, 3, 4], (graph, x) => ops.matmulBatch(graph, x, x, { transposeB: true })],
  ['integers', [6], (graph, x) => {
    const whole = toInteger(graph, x);
    const two = integers(graph, [2], [1]);
    const all = (['Add', 'Subtract', 'Multiply', 'Divide', 'Modulo', 'Remainder', 'Minimum', 'Maximum', 'Equal', 'NotEqual', 'LessOrEqual'] as const).map((kind) => ops.integer(graph, kind, whole, two));
    const others = (['Absolute', 'Negate', 'Sign', 'Not', 'Complement', 'Wrap8', 'NotZero'] as const).map((kind) => ops.convert(graph, kind, whole));
    return ops.concatenate(graph, [...all, ...others].map((node) => toFloat(graph, node)), 1);
  }],
  ['sums of integers', [2, 3], (graph, x) => {
    const whole = toInteger(graph, x);
    return ops.concatenate(graph, (['Sum', 'Product', 'Maximum'] as const).map((kind) => toFloat(graph, ops.integerReduce(graph, kind, whole, 2))), 1);
  }],
  ['the rarer functions', [5], (graph, x) => ops.concatenate(graph, (['Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Atanh', 'IsNaN', 'IsInfinite'] as const).map((kind) => ops.rare(graph, kind, x)), 1)],
]; // prettier-ignore

describe('operations', () => {
  test.each(cases)('%s', async (_name, inputShape, build) => {
    await checkWritten(await n.sequential([formula(build)], { inputShape: [...inputShape], variant }));
  });

  test('scattering, at indices that are data', async () => {
    const scattered = formula((graph, x) => {
      const places = ops.argReduce(graph, 'Maximum', ops.reshape(graph, x, [x.shape[0]!, 3, 2]), 2);
      const zeros = ops.unary(graph, 'Affine', x, 0, 0);
      return ops.scatterElements(graph, 'Add', zeros, places, ops.slice(graph, x, 1, 0, 3), 1);
    });
    await checkWritten(await n.sequential([scattered], { inputShape: [6], variant }));
  });

  test('what operator set 17 does not have is refused by its name', async () => {
    const extremes = formula((graph, x) => {
      const places = ops.argReduce(graph, 'Maximum', ops.reshape(graph, x, [x.shape[0]!, 1, 2]), 2);
      return ops.scatterElements(graph, 'Maximum', x, places, ops.slice(graph, x, 1, 0, 1), 1);
    });
    const model = await n.sequential([extremes], { inputShape: [2], variant });
    expect(() => toOnnx(model)).toThrow(
      'toOnnx: scatterElements of "layers.0": scattering by maximum is not in operator set 17',
    );
  });
});
