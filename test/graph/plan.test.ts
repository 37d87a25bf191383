import { expect, test } from 'vitest';
import { planMemory, type Buffer } from '../../src/graph/plan.ts';
import { Graph } from '../../src/graph/graph.ts';
import { lower } from '../../src/graph/lower.ts';
import { stagedNodes } from '../../src/graph/passes/stage.ts';
import * as ops from '../../src/graph/operations/index.ts';
import { runFunction } from '../helpers/operation.ts';
import { testRandom } from '../helpers/kernel.ts';

const alignUp = (bytes: number) => Math.ceil(bytes / 64) * 64;
const aliveTogether = (a: Buffer, b: Buffer) => a.first <= b.last && b.first <= a.last;

/** The most bytes that are alive at one instruction. */
const peakOf = (buffers: readonly Buffer[]): number =>
  Math.max(
    0,
    ...buffers.map(({ first }) =>
      buffers
        .filter((other) => other.first <= first && first <= other.last)
        .reduce((sum, { bytes }) => sum + alignUp(bytes), 0),
    ),
  );

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'planMemory: random lifetimes %i: no two buffers alive together overlap',
  (seed) => {
    const random = testRandom(seed);
    const count = Math.floor(random(0, 60));
    const buffers = Array.from({ length: count }, (): Buffer => {
      const first = Math.floor(random(0, 40));
      return { bytes: Math.floor(random(0, 5000)), first, last: first + Math.floor(random(0, 12)) };
    });
    const { offsets, bytes } = planMemory(buffers);
    for (const [i, a] of buffers.entries()) {
      const start = offsets.get(a)!;
      expect(start % 64).toBe(0);
      expect(start + a.bytes).toBeLessThanOrEqual(bytes);
      for (const b of buffers.slice(i + 1)) {
        if (!aliveTogether(a, b)) continue;
        const other = offsets.get(b)!;
        expect(start + a.bytes <= other || other + b.bytes <= start, `${start} ${other}`).toBe(true);
      }
    }
    expect(bytes).toBeGreaterThanOrEqual(peakOf(buffers));
    expect(bytes).toBeLessThanOrEqual(buffers.reduce((sum, buffer) => sum + alignUp(buffer.bytes), 0));
  },
);

test('planMemory: a chain needs the memory of two neighbours, however long it is', () => {
  const chain = Array.from({ length: 50 }, (_, i): Buffer => ({ bytes: 1000, first: i, last: i + 1 }));
  expect(planMemory(chain).bytes).toBe(2 * alignUp(1000));
});

test('planMemory: a chain of unequal buffers stays at its peak', () => {
  const sizes = [4096, 64, 2048, 512, 4096, 128];
  const chain = sizes.map((bytes, i): Buffer => ({ bytes, first: i, last: i + 1 }));
  expect(planMemory(chain).bytes).toBe(peakOf(chain));
});

test('planMemory: nothing needs nothing', () => {
  expect(planMemory([]).bytes).toBe(0);
});

test('lower: a chain of elementwise functions works in one buffer', () => {
  const graph = new Graph();
  let x = ops.binary(graph, 'Add', ops.input(graph, 'a', [100]), ops.input(graph, 'b', [100]));
  for (const kind of ['Exp', 'Tanh', 'Sigmoid'] as const) x = ops.unary(graph, kind, x);
  const out = ops.reduce(graph, 'Sum', x);
  const { buffers } = lower({ nodes: graph.nodes, outputs: { out }, effects: [] }, { staged: new Set() });
  expect(buffers.filter(({ kind }) => kind === 'temporary')).toHaveLength(1);
});

test('lower: a value that is read again later is not overwritten', () => {
  const graph = new Graph();
  const x = ops.unary(graph, 'Square', ops.input(graph, 'x', [4]));
  const y = ops.unary(graph, 'Negate', x);
  const out = ops.add(graph, ops.unary(graph, 'Exp', y), x);
  const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, { x: [0, 1, 1, 0] });
  [1, Math.exp(-1) + 1, Math.exp(-1) + 1, 1].forEach((value, i) => expect(outputs['out']![i]).toBeCloseTo(value, 6));
});

test('lower: a value whose view is read again later is not overwritten', () => {
  const graph = new Graph();
  const x = ops.unary(graph, 'Square', ops.input(graph, 'x', [4]));
  const view = ops.reshape(graph, x, [2, 2]);
  const y = ops.reshape(graph, ops.unary(graph, 'Negate', x), [2, 2]);
  const out = ops.add(graph, y, view);
  const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, { x: [1, 2, 3, 4] });
  expect(Array.from(outputs['out']!)).toEqual([0, 0, 0, 0]);
});

test('lower: a result does not take over the memory of an operand that it reads again and again', () => {
  const graph = new Graph();
  const x = ops.unary(graph, 'Square', ops.input(graph, 'x', [2, 3]));
  const row = ops.part(graph, x, 0, [3]);
  const out = ops.add(graph, ops.unary(graph, 'Linear', ops.add(graph, x, row)), ops.scalar(graph, 0));
  const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, { x: [1, 2, 3, 4, 5, 6] });
  expect(Array.from(outputs['out']!)).toEqual([2, 8, 18, 17, 29, 45]);
});

test('lower: what the caller reads keeps its memory to the end', () => {
  const graph = new Graph();
  const early = ops.unary(graph, 'Square', ops.input(graph, 'x', [4]));
  let late = ops.unary(graph, 'Exp', early);
  for (let i = 0; i < 5; i++) late = ops.unary(graph, 'Tanh', ops.add(graph, late, early));
  const { outputs } = runFunction({ nodes: graph.nodes, outputs: { early, late }, effects: [] }, { x: [1, 2, 3, 4] });
  expect(Array.from(outputs['early']!)).toEqual([1, 4, 9, 16]);
});

test('lower: of what is computed once only what the body reads keeps its memory', () => {
  const graph = new Graph();
  const x = ops.input(graph, 'x', [100]);
  let weights = ops.constant(
    graph,
    Float32Array.from({ length: 100 }, (_, i) => i / 100),
    [100],
  );
  // No two lives of these overlap by more than one step, so that they share the memory of two.
  for (const kind of ['Square', 'Tanh', 'Exp', 'Sin'] as const) weights = ops.unary(graph, kind, weights);
  const early = ops.unary(graph, 'Negate', x);
  const out = ops.add(graph, ops.multiply(graph, early, weights), weights);
  const source = { nodes: graph.nodes, outputs: { out }, effects: [] };
  const { buffers } = lower(source, { staged: stagedNodes(source) });
  expect(buffers.filter(({ kind }) => kind === 'staged')).toHaveLength(1);
  const { executable, outputs } = runFunction(source, { x: Array.from({ length: 100 }, () => 0.5) });
  const expected = Float32Array.from({ length: 100 }, (_, i) => 0.5 * Math.sin(Math.exp(Math.tanh((i / 100) ** 2))));
  // The second run finds the memory as the first left it, and so does a preparation between runs.
  for (const prepares of [false, false, true]) {
    if (prepares) executable.prepare();
    executable.run();
    expected.forEach((value, i) => expect(executable.output('out')[i]).toBeCloseTo(value, 5));
  }
  expected.forEach((value, i) => expect(outputs['out']![i]).toBeCloseTo(value, 5));
  expect(executable.compiled.activationBytes).toBeLessThanOrEqual(3 * 448);
});
