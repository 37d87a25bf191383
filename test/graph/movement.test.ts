// Gradients of what moves elements, reads and writes at indices, samples between elements, and of the rarer functions:
// forward against float64, every gradient against finite differences.
import { describe, expect, test } from 'vitest';
import { RareKind } from '../../src/core/generated/instructions.ts';
import { NeuriteError } from '../../src/core/errors.ts';
import { addGradients } from '../../src/graph/gradients.ts';
import { Graph, sizeOf, type Node, type Shape } from '../../src/graph/graph.ts';
import * as ops from '../../src/graph/operations/index.ts';
import type { WalkedAxis } from '../../src/graph/operations/rearrange.ts';
import { checkOperation } from '../helpers/operation.ts';

const integers = (graph: Graph, data: readonly number[], shape: Shape) =>
  ops.constant(graph, Int32Array.from(data), shape);
const pick = (x: ArrayLike<number>, places: readonly number[]) => places.map((place) => (place < 0 ? 0 : x[place]!));

describe('rearrange', () => {
  const cases: [string, Shape, WalkedAxis[], number, number[]][] = [
    ['a transpose', [2, 3], [{ size: 3, stride: 1 }, { size: 2, stride: 3 }], 0, [0, 3, 1, 4, 2, 5]],
    ['three axes turned', [2, 1, 3], [{ size: 3, stride: 1 }, { size: 2, stride: 3 }, { size: 1, stride: 3 }], 0, [0, 3, 1, 4, 2, 5]],
    ['repeated in the middle', [2, 1, 2], [{ size: 2, stride: 2 }, { size: 3, stride: 0 }, { size: 2, stride: 1 }], 0, [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3]],
    ['every other, backwards', [6], [{ size: 3, stride: -2 }], 5, [5, 3, 1]],
    ['windows that overlap', [5], [{ size: 3, stride: 1 }, { size: 3, stride: 1 }], 0, [0, 1, 2, 1, 2, 3, 2, 3, 4]],
    ['a list with gaps', [3], [{ size: 5, offsets: [-1, 2, 2, 0, -1] }], 0, [-1, 2, 2, 0, -1]],
    ['a part', [2, 4], [{ size: 2, stride: 4 }, { size: 2, stride: 1 }], 1, [1, 2, 5, 6]],
  ]; // prettier-ignore
  test.each(cases)('%s', (_name, shape, axes, start, places) => {
    checkOperation({
      inputs: [{ shape }],
      build: (graph, x) => ops.rearrange(graph, x, axes, { start }),
      reference: (x) => pick(x, places),
    });
  });
});

test('select: each side gets what was chosen of it, summed where it is repeated', () => {
  checkOperation({
    inputs: [{ shape: [2, 3] }, { shape: [1, 3] }],
    build: (graph, a, b) => ops.select(graph, integers(graph, [1, 0, 1, 0, 0, 1], [2, 3]), a, b),
    reference: (a, b) => [a[0]!, b[1]!, a[2]!, b[0]!, b[1]!, a[5]!],
  });
});

describe('indices', () => {
  test.each([0, 1, 2])('gather along axis %i, an entry twice and one from the end', (axis) => {
    const shape = [3, 3, 3];
    const indices = [2, 0, 0, -1];
    const places: number[] = [];
    const stride = 3 ** (2 - axis);
    for (let outer = 0; outer < 3 ** axis; outer++)
      for (const index of indices)
        for (let inner = 0; inner < stride; inner++) places.push((outer * 3 + ((index + 3) % 3)) * stride + inner);
    checkOperation({
      inputs: [{ shape }],
      build: (graph, x) => ops.gather(graph, x, integers(graph, indices, [2, 2]), axis),
      reference: (x) => pick(x, places),
    });
  });
  test('gatherElements', () => {
    checkOperation({
      inputs: [{ shape: [2, 3] }],
      build: (graph, x) => ops.gatherElements(graph, x, integers(graph, [2, 2, 0, 1], [2, 2]), 1),
      reference: (x) => pick(x, [2, 2, 3, 4]),
    });
  });
  test('gatherTuples, and for each entry of a batch', () => {
    checkOperation({
      inputs: [{ shape: [2, 3, 2] }],
      build: (graph, x) => ops.gatherTuples(graph, x, integers(graph, [1, 2, 0, 0, 1, 2], [3, 2])),
      reference: (x) => pick(x, [10, 11, 0, 1, 10, 11]),
    });
    checkOperation({
      inputs: [{ shape: [2, 3, 2] }],
      build: (graph, x) => ops.gatherTuples(graph, x, integers(graph, [2, 0, 1, 1], [2, 2, 1]), 1),
      reference: (x) => pick(x, [4, 5, 0, 1, 8, 9, 8, 9]),
    });
  });
  test.each(['Assign', 'Add'] as const)('scattering by %s', (kind) => {
    const put = (x: Float64Array, u: Float64Array, places: readonly number[]) => {
      const out = x.slice();
      places.forEach((place, i) => (out[place] = kind === 'Add' ? out[place]! + u[i]! : u[i]!));
      return out;
    };
    checkOperation({
      inputs: [{ shape: [2, 3] }, { shape: [2, 2] }],
      build: (graph, x, u) => ops.scatterElements(graph, kind, x, integers(graph, [2, 0, 0, 1], [2, 2]), u, 1),
      reference: (x, u) => put(x, u, [2, 0, 3, 4]),
    });
    checkOperation({
      inputs: [{ shape: [3, 2] }, { shape: [2, 2] }],
      build: (graph, x, u) => ops.scatterTuples(graph, kind, x, integers(graph, [2, 0], [2, 1]), u),
      reference: (x, u) => put(x, u, [4, 5, 0, 1]),
    });
  });
  test('topK: the gradient goes to where the values were', () => {
    const data = [3, 1, 2, 5, 4, 6];
    checkOperation({
      inputs: [{ shape: [2, 3], data }],
      build: (graph, x) => ops.topK(graph, x, 1, 2).values,
      reference: (x) => pick(x, [0, 2, 5, 3]),
    });
  });
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('cumulativeSum, exclusive %s, reverse %s', (exclusive, reverse) => {
    checkOperation({
      inputs: [{ shape: [2, 4] }],
      build: (graph, x) => ops.cumulativeSum(graph, x, 1, { exclusive, reverse }),
      reference: (x) =>
        Array.from(x, (_, i) => {
          const own = Array.from(x.slice(4 * Math.floor(i / 4), 4 * Math.floor(i / 4) + 4));
          const at = i % 4;
          const part = reverse ? own.slice(at + Number(exclusive)) : own.slice(0, at + 1 - Number(exclusive));
          return part.reduce((sum, value) => sum + value, 0);
        }),
    });
  });
});

test('resample: the matrix of weights the other way', () => {
  checkOperation({
    inputs: [{ shape: [2, 3, 2] }],
    build: (graph, x) =>
      ops.resample(graph, x, 1, integers(graph, [0, 1, 1, 2, 2, 0], [3, 2]), ops.constant(graph, Float32Array.of(0.25, 0.75, 0.5, 0.5, 1, 0), [3, 2])), // prettier-ignore
    reference: (x) =>
      [0, 1].flatMap((outer) =>
        [[0.25, 0.75, 0], [0, 0.5, 0.5], [0, 0, 1]].flatMap((row) =>
          [0, 1].map((c) => row.reduce((sum, weight, k) => sum + weight * x[(outer * 3 + k) * 2 + c]!, 0)),
        ),
      ), // prettier-ignore
  });
});

test('resample: an axis may be longer than an argument list', () => {
  const graph = new Graph();
  const n = 200_000;
  const x = ops.input(graph, 'x', [n]);
  const weights = ops.constant(graph, new Float32Array(n).fill(1), [n, 1]);
  const places = ops.constant(
    graph,
    Int32Array.from({ length: n }, (_, i) => i),
    [n, 1],
  );
  const out = ops.reduce(graph, 'Sum', ops.resample(graph, x, 0, places, weights));
  expect(addGradients(graph, out, ops.scalar(graph, 1), [x])[0]!.shape).toEqual([n]);
});

describe('the rarer functions', () => {
  const cases: [keyof typeof RareKind, (x: number) => number, number, number][] = [
    ['Tan', Math.tan, -1, 1],
    ['Asin', Math.asin, -0.8, 0.8],
    ['Acos', Math.acos, -0.8, 0.8],
    ['Atan', Math.atan, -3, 3],
    ['Sinh', Math.sinh, -2, 2],
    ['Cosh', Math.cosh, -2, 2],
    ['Asinh', Math.asinh, -3, 3],
    ['Acosh', Math.acosh, 1.5, 4],
    ['Atanh', Math.atanh, -0.8, 0.8],
  ];
  test.each(cases)('%s', (kind, compute, low, high) => {
    checkOperation({
      inputs: [{ shape: [17], low, high }],
      build: (graph, x) => ops.rare(graph, kind, x),
      reference: (x) => x.map(compute),
    });
  });
});

describe('matmulBatch', () => {
  const shapes: [Shape, Shape, boolean][] = [
    [[3, 2, 4], [3, 4, 5], false],
    [[3, 2, 4], [3, 5, 4], true],
    [[2, 1, 2, 4], [3, 4, 5], false],
    [[2, 4], [3, 4, 5], false],
  ];
  test.each(shapes)('%j times %j, transposed: %s', (a, b, transposeB) => {
    const [m, k] = a.slice(-2) as [number, number];
    const n = transposeB ? b.at(-2)! : b.at(-1)!;
    const lead = a.length > 3 ? [2, 3] : [3];
    checkOperation({
      inputs: [{ shape: a }, { shape: b }],
      build: (graph, x, y) => ops.matmulBatch(graph, x, y, { transposeB }),
      reference: (x, y) => {
        const out: number[] = [];
        for (let batch = 0; batch < sizeOf(lead); batch++) {
          const left = (a.length > 3 ? Math.floor(batch / 3) : a.length > 2 ? batch : 0) * m * k;
          const right = (batch % 3) * n * k;
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let l = 0; l < k; l++)
                sum += x[left + i * k + l]! * y[right + (transposeB ? j * k + l : l * n + j)]!;
              out.push(sum);
            }
        }
        return out;
      },
      shape: [...lead, m, n],
    });
  });
});

describe('what has no gradient', () => {
  const gradientOf = (build: (graph: Graph, x: Node) => Node) => {
    const graph = new Graph();
    const x = ops.input(graph, 'x', [1, 1, 2, 2]);
    graph.label = 'somewhere';
    const out = ops.reduce(graph, 'Sum', build(graph, x));
    return addGradients(graph, out, ops.scalar(graph, 1), [x]);
  };
  test('is refused by its name and place', () => {
    expect(() => gradientOf((graph, x) => ops.determinant(graph, x))).toThrow(
      '"somewhere": the operation "determinant" has no gradient; training cannot go through it',
    );
    expect(() => gradientOf((graph, x) => ops.determinant(graph, x))).toThrow(NeuriteError);
    const highest = (graph: Graph, x: Node) =>
      ops.scatterElements(graph, 'Maximum', x, integers(graph, [0], [1, 1, 1, 1]), ops.constant(graph, Float32Array.of(1), [1, 1, 1, 1]), 3); // prettier-ignore
    expect(() => gradientOf(highest)).toThrow('somewhere: scattering by maximum has no gradient');
  });
  test('steps have a gradient of 0, which is none', () => {
    const steps = gradientOf((graph, x) =>
      ops.convert(graph, 'IntegerToFloat', ops.convert(graph, 'FloatToInteger', x)),
    );
    expect(steps).toEqual([null]);
  });
});
