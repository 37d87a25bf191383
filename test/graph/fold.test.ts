// Folding of a scale and a shift for each channel into the product or convolution before them.
import { expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { Graph, type Node, type Shape } from '../../src/graph/graph.ts';
import { add, constant, convolution, input, matmul, multiply, unary } from '../../src/graph/operations/index.ts';
import { convolutionWindow } from '../../src/graph/operations/window.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { expectClose, runFunction } from '../helpers/operation.ts';

const random = (graph: Graph, shape: Shape, seed: number) => constant(graph, randomFloats(sizeOf(shape), seed), shape);

const convolved = (graph: Graph, x: Node, filters: number, groups = 1) => {
  const window = convolutionWindow('test', [5, 4], {
    kernelSize: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    padding: 'same',
  });
  return convolution(graph, x, random(graph, [3, 3, 4 / groups, filters], 1), window, groups);
};

const normalised = (graph: Graph, value: Node, shape: Shape) =>
  add(graph, multiply(graph, value, random(graph, shape, 2)), random(graph, shape, 3));

const sources: Record<string, (graph: Graph, x: Node) => Node> = {
  'a convolution, scale and shift': (graph, x) => normalised(graph, convolved(graph, x, 6), [6]),
  'the same with a bias before': (graph, x) =>
    normalised(graph, add(graph, convolved(graph, x, 6), random(graph, [6], 4)), [6]),
  'a grouped convolution': (graph, x) => normalised(graph, convolved(graph, x, 6, 2), [1, 1, 1, 6]),
  'a depthwise convolution': (graph, x) => normalised(graph, convolved(graph, x, 4, 4), [4]),
  'a product with its bias': (graph, x) =>
    normalised(graph, add(graph, matmul(graph, x, random(graph, [4, 7], 1)), random(graph, [7], 4)), [7]),
  'two scales and shifts': (graph, x) => normalised(graph, normalised(graph, convolved(graph, x, 5), [5]), [5]),
};

test.each(Object.entries(sources))('%s, with an activation, becomes one instruction of the same values', (_, build) => {
  const make = (observed: boolean) => {
    const graph = new Graph();
    const value = build(graph, input(graph, 'x', [2, 5, 4, 4]));
    const out = unary(graph, 'Relu', value);
    // What every step gives is asked for as well, which nothing can be folded into.
    const steps = observed
      ? graph.nodes.filter(({ operation }) => operation !== 'input' && operation !== 'constant')
      : [];
    return {
      nodes: graph.nodes,
      outputs: { out, ...Object.fromEntries(steps.map((node, i) => [`step${i}`, node])) },
      effects: [],
    };
  };
  const x = randomFloats(160, 9);
  const { body, prologue } = compile(make(false));
  expect(body).toHaveLength(1);
  expect(prologue.length).toBeGreaterThan(0);
  expectClose(
    runFunction(make(false), { x }).outputs['out']!,
    runFunction(make(true), { x }).outputs['out']!,
    1e-6,
    'folded',
  );
  expect(compile(make(true)).body.length).toBeGreaterThan(2);
});

test.each<[string, (graph: Graph, x: Node) => Node]>([
  ['a vector that an input gives', (graph, x) => multiply(graph, convolved(graph, x, 6), input(graph, 's', [6]))],
  ['a scale for each row', (graph, x) => multiply(graph, convolved(graph, x, 4), random(graph, [4, 1], 2))],
  [
    'a scale behind an activation',
    (graph, x) => multiply(graph, unary(graph, 'Relu', convolved(graph, x, 6)), random(graph, [6], 2)),
  ],
])('%s is not folded', (_, build) => {
  const graph = new Graph();
  const out = build(graph, input(graph, 'x', [2, 5, 4, 4]));
  expect(compile({ nodes: graph.nodes, outputs: { out }, effects: [] }).body).toHaveLength(2);
});
