import { describe, expect, test } from 'vitest';
import { Graph, sizeOf, type Shape } from '../../src/graph/graph.ts';
import { input, moments, normalizeColumns, normalizeRows } from '../../src/graph/operations/index.ts';
import * as reference from '../../reference/norm.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { checkOperation, expectClose, runFunction } from '../helpers/operation.ts';

const epsilon = 1e-5;
const runner = await kernelRunner();

describe('normalizeRows', () => {
  test.each([1, 2, 3, 4, 5, 7, 8, 13, 16, 33])('layer norm: rows of %i, forward and gradients', (n) => {
    checkOperation({
      inputs: [{ shape: [3, n], low: -2, high: 3 }, { shape: [n] }, { shape: [n] }],
      build: (graph, x, gamma, beta) =>
        normalizeRows(graph, x!, { axes: 1, centred: true, epsilon: 0.1, gamma: gamma!, beta: beta! }),
      reference: (x, gamma, beta) => reference.normalizeRows(x!, n, 0.1, { gamma, beta }),
    });
  });

  test.each([1, 4, 11, 17])('RMS norm: rows of %i, forward and gradients', (n) => {
    checkOperation({
      inputs: [{ shape: [2, 3, n], low: -2, high: 3 }, { shape: [n] }],
      build: (graph, x, gamma) => normalizeRows(graph, x!, { axes: 1, centred: false, epsilon: 0.01, gamma: gamma! }),
      reference: (x, gamma) => reference.normalizeRows(x!, n, 0.01, { gamma, centred: false }),
    });
  });

  test('over two axes, without gamma and beta', () => {
    checkOperation({
      inputs: [{ shape: [2, 3, 5] }],
      build: (graph, x) => normalizeRows(graph, x!, { axes: 2, centred: true, epsilon }),
      reference: (x) => reference.normalizeRows(x!, 15, epsilon),
    });
  });

  test('beta without gamma, and many rows: the gradients of beta are sums in float64', () => {
    checkOperation({
      inputs: [{ shape: [130, 5] }, { shape: [5] }],
      build: (graph, x, beta) => normalizeRows(graph, x!, { axes: 1, centred: true, epsilon, beta: beta! }),
      reference: (x, beta) => reference.normalizeRows(x!, 5, epsilon, { beta }),
    });
  });

  test('a large mean does not cancel: the deviations are taken from it first', () => {
    const x = randomFloats(64, 3).map((value) => value + 1000);
    const { outputs } = runner.run('NormRows', {
      out: output(64),
      x,
      gamma: null,
      beta: null,
      rows: 1,
      n: 64,
      centred: 1,
      epsilon,
    });
    expectClose(outputs['out']!, reference.normalizeRows(x, 64, epsilon), 1e-3, 'out');
  });

  test('NaN and infinities make their row NaN and no other', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const x = randomFloats(10, 4);
      x[3] = bad;
      const { outputs } = runner.run('NormRows', {
        out: output(10),
        x,
        gamma: null,
        beta: null,
        rows: 2,
        n: 5,
        centred: 1,
        epsilon,
      });
      expect([...outputs['out']!].map(Number.isNaN)).toEqual([
        true,
        true,
        true,
        true,
        true,
        false,
        false,
        false,
        false,
        false,
      ]);
    }
  });

  test.each(awkwardLengths.filter((n) => n > 0))('kernels at n = %i, unaligned', (n) => {
    for (const offset of [0, 4, 8, 12]) {
      const x = randomFloats(2 * n, n);
      const gamma = randomFloats(n, 7);
      const dOut = randomFloats(2 * n, 8);
      const { outputs } = runner.run(
        'NormRowsBackward',
        {
          dX: output(2 * n),
          dGamma: output(n),
          dBeta: output(n),
          dOut,
          x,
          gamma,
          rows: 2,
          n,
          centred: 1,
          epsilon,
          workspace: output(6 * n),
        },
        offset,
      );
      const sums = Float64Array.from({ length: n }, (_, j) => dOut[j]! + dOut[n + j]!);
      expectClose(outputs['dBeta']!, sums, 1e-6, 'dBeta');
    }
  });
});

interface ColumnCase {
  shape: Shape;
  groups: number;
  byBatch: boolean;
}

describe('normalizeColumns', () => {
  const cases: ColumnCase[] = [
    { shape: [3, 4, 5], groups: 5, byBatch: true },
    { shape: [7, 1, 3], groups: 3, byBatch: true },
    { shape: [2, 5, 6], groups: 2, byBatch: false },
    { shape: [2, 3, 17], groups: 17, byBatch: false },
    { shape: [2, 70, 20], groups: 4, byBatch: false },
    { shape: [1, 3, 33], groups: 1, byBatch: false },
    { shape: [2, 2, 16], groups: 4, byBatch: false },
  ];
  const formOf = ({ shape, groups, byBatch }: ColumnCase) => {
    const [b, s, columns] = shape as [number, number, number];
    return byBatch ? { batch: 1, rows: b * s, columns, groups } : { batch: b, rows: s, columns, groups };
  };

  test.each(cases)('$shape in $groups groups, by batch $byBatch: forward and gradients', (each) => {
    const form = formOf(each);
    const channels = [form.columns];
    checkOperation({
      inputs: [{ shape: each.shape, low: -1, high: 2 }, { shape: channels }, { shape: channels }],
      build: (graph, x, gamma, beta) =>
        normalizeColumns(graph, x!, moments(graph, x!, form), { ...form, epsilon: 0.05, gamma: gamma!, beta: beta! }),
      reference: (x, gamma, beta) => reference.normalizeColumns(x!, form, 0.05, { gamma, beta }),
    });
  });

  test('without gamma and beta', () => {
    const form = { batch: 2, rows: 3, columns: 4, groups: 2 };
    checkOperation({
      inputs: [{ shape: [2, 3, 4] }],
      build: (graph, x) => normalizeColumns(graph, x!, moments(graph, x!, form), { ...form, epsilon }),
      reference: (x) => reference.normalizeColumns(x!, form, epsilon),
    });
  });

  test('moments: means and variances of a long column with a large mean', () => {
    const form = { batch: 1, rows: 20000, columns: 18, groups: 18 };
    const x = randomFloats(sizeOf([20000, 18]), 5).map((value) => value + 100);
    const graph = new Graph();
    const node = moments(graph, input(graph, 'x', [20000, 18]), form);
    const { outputs } = runFunction({ nodes: graph.nodes, outputs: { node }, effects: [] }, { x });
    const { mean, variance } = reference.columnMoments(x, form);
    expectClose(outputs['node']!.subarray(0, 18), mean, 1e-7, 'mean');
    expectClose(outputs['node']!.subarray(18), variance, 1e-5, 'variance');
  });

  test('kernels do not write past their outputs, unaligned', () => {
    for (const columns of [1, 3, 4, 5, 15, 16, 17, 33])
      for (const offset of [0, 4, 12]) {
        const form = { batch: 2, rows: 3, columns, groups: 1 };
        const x = randomFloats(6 * columns, columns);
        const sizes = { mean: output(2), variance: output(2), workspace: output(3 * columns) };
        const { outputs } = runner.run('Moments', { ...sizes, x, ...form }, offset);
        const expected = reference.columnMoments(x, form);
        expectClose(outputs['mean']!, expected.mean, 1e-6, 'mean');
        const normal = runner.run(
          'NormColumns',
          {
            out: output(x.length),
            x,
            mean: outputs['mean']!,
            variance: outputs['variance']!,
            gamma: null,
            beta: null,
            ...form,
            epsilon,
            workspace: output(2 * columns),
          },
          offset,
        );
        expectClose(normal.outputs['out']!, reference.normalizeColumns(x, form, epsilon), 1e-5, 'out');
        runner.run(
          'NormColumnsBackward',
          {
            dX: output(x.length),
            dGamma: output(columns),
            dBeta: output(columns),
            dOut: x,
            x,
            mean: outputs['mean']!,
            variance: outputs['variance']!,
            gamma: null,
            ...form,
            epsilon,
            workspace: output(12 * columns),
          },
          offset,
        );
      }
  });
});
