import { expect, test } from 'vitest';
import { BinaryKind, ReduceKind } from '../../src/core/generated/instructions.ts';
import { ShapeError } from '../../src/core/errors.ts';
import { Graph, sizeOf, type Shape } from '../../src/graph/graph.ts';
import * as ops from '../../src/graph/operations/index.ts';
import type { BinaryName, ReduceName } from '../../src/graph/operations/index.ts';
import { broadcastShape } from '../../src/graph/operations/broadcast.ts';
import { checkOperation, expectClose, runFunction } from '../helpers/operation.ts';

// ---- matmul

function product(
  a: Float64Array,
  b: Float64Array,
  m: number,
  n: number,
  k: number,
  transposeA = false,
  transposeB = false,
) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < k; p++)
        out[i * n + j]! += a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!;
  return out;
}

const forms = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

test.each(
  forms.flatMap((form) =>
    [
      [1, 1, 1],
      [1, 10, 33],
      [5, 9, 3],
      [7, 17, 8],
      [13, 4, 16],
    ].map(([m, n, k]) => [form[0], form[1], m!, n!, k!] as const),
  ),
)('matmul: transposeA %s transposeB %s, M=%i N=%i K=%i: values and gradients', (transposeA, transposeB, m, n, k) => {
  checkOperation({
    inputs: [{ shape: transposeA ? [k, m] : [m, k] }, { shape: transposeB ? [n, k] : [k, n] }],
    build: (graph, a, b) => ops.matmul(graph, a, b, { transposeA, transposeB }),
    reference: (a, b) => product(a, b, m, n, k, transposeA, transposeB),
    shape: [m, n],
  });
});

test('matmul: leading axes of a are rows', () => {
  checkOperation({
    inputs: [{ shape: [2, 3, 4] }, { shape: [4, 5] }],
    build: (graph, a, b) => ops.matmul(graph, a, b),
    reference: (a, b) => product(a, b, 6, 5, 4),
    shape: [2, 3, 5],
  });
});

test('matmul: sizes that do not multiply are refused', () => {
  const graph = new Graph();
  const [a, b] = [ops.input(graph, 'a', [2, 3]), ops.input(graph, 'b', [4, 5])];
  expect(() => ops.matmul(graph, a, b)).toThrow(ShapeError);
  expect(() => ops.matmul(graph, a, b)).toThrow('[2, 3] and [4, 5] do not multiply');
});

// ---- binary with broadcasting

const functions: Partial<Record<BinaryName, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Subtract: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  Divide: (a, b) => a / b,
  Power: (a, b) => a ** b,
  Minimum: Math.min,
  Maximum: Math.max,
};
const comparisons: Partial<Record<BinaryName, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  NotEqual: (a, b) => a !== b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
};

/** The flat index into an operand for each element of the result, by NumPy's rule. */
function broadcastIndices(out: Shape, shape: Shape): number[] {
  return Array.from({ length: sizeOf(out) }, (_, flat) => {
    let rest = flat;
    let index = 0;
    let stride = 1;
    for (let axis = out.length - 1; axis >= 0; axis--) {
      const at = rest % out[axis]!;
      rest = Math.floor(rest / out[axis]!);
      const own = axis - out.length + shape.length;
      if (own < 0) continue;
      if (shape[own] !== 1) index += at * stride;
      stride *= shape[own]!;
    }
    return index;
  });
}

const shapes: [Shape, Shape][] = [
  [[7], [7]],
  [[5, 9], [9]],
  [[9], [5, 9]],
  [
    [5, 9],
    [5, 1],
  ],
  [[5, 9], []],
  [
    [3, 1, 4],
    [2, 1],
  ],
  [
    [2, 3, 5, 7],
    [3, 1, 7],
  ],
  [
    [1, 6],
    [4, 1],
  ],
];

test.each(Object.keys(functions).flatMap((kind) => shapes.map(([a, b]) => [kind as BinaryName, a, b] as const)))(
  'binary: %s of %j and %j: values and gradients',
  (kind, a, b) => {
    const out = broadcastShape(kind, a, b);
    const [left, right] = [broadcastIndices(out, a), broadcastIndices(out, b)];
    checkOperation({
      inputs: [
        { shape: a, low: 0.5, high: 2 },
        { shape: b, low: 0.5, high: 2 },
      ],
      build: (graph, x, y) => ops.binary(graph, kind, x, y),
      reference: (x, y) => left.map((i, at) => functions[kind]!(x[i]!, y[right[at]!]!)),
      shape: out,
    });
  },
);

test.each(Object.keys(comparisons) as BinaryName[])('binary: %s gives 0 or 1 and has no gradient', (kind) => {
  checkOperation({
    inputs: [
      { shape: [6], data: [1, 2, 3, 4, 0, -1] },
      { shape: [6], data: [1, 3, 2, 4, -0, 1] },
    ],
    build: (graph, x, y) => ops.binary(graph, kind, x, y),
    reference: (x, y) => x.map((value, i) => Number(comparisons[kind]!(value, y[i]!))),
    withoutGradient: [0, 1],
  });
});

test.each([1, 5, 33])('axpy: n=%i: values and gradients', (n) => {
  checkOperation({
    inputs: [{ shape: [n] }, { shape: [n] }],
    build: (graph, x, y) => ops.axpy(graph, -1.5, x, y),
    reference: (x, y) => x.map((value, i) => -1.5 * value + y[i]!),
    shape: [n],
  });
});

test('axpy: operands of different shapes are refused', () => {
  const graph = new Graph();
  expect(() => ops.axpy(graph, 2, ops.input(graph, 'x', [2]), ops.input(graph, 'y', [3]))).toThrow(
    'axpy: expected operands of one shape, got [2] and [3]',
  );
});

test('binary: every kind is tested here', () => {
  const tested = new Set([...Object.keys(functions), ...Object.keys(comparisons), 'First']);
  expect(Object.keys(BinaryKind).filter((kind) => !tested.has(kind))).toEqual([]);
});

test('binary: shapes that do not broadcast are refused', () => {
  const graph = new Graph();
  expect(() => ops.add(graph, ops.input(graph, 'a', [2, 3]), ops.input(graph, 'b', [2]))).toThrow(
    'add: shapes [2, 3] and [2] do not broadcast',
  );
});

test.each([
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 5],
  ],
  [[1], [4, 1, 2]],
] as [Shape, Shape][])('broadcastTo: %j to %j', (from, to) => {
  const index = broadcastIndices(to, from);
  checkOperation({
    inputs: [{ shape: from }],
    build: (graph, x) => ops.broadcastTo(graph, x, to),
    reference: (x) => index.map((i) => x[i]!),
    shape: to,
  });
});

// ---- reductions

const reducers: Record<ReduceName, (values: number[]) => number> = {
  Sum: (values) => values.reduce((sum, v) => sum + v, 0),
  Mean: (values) => values.reduce((sum, v) => sum + v, 0) / values.length,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Product: (values) => values.reduce((product_, v) => product_ * v, 1),
  SumOfSquares: (values) => values.reduce((sum, v) => sum + v * v, 0),
  SumOfAbsolutes: (values) => values.reduce((sum, v) => sum + Math.abs(v), 0),
};

test('reduce: every kind is tested here', () => {
  expect(Object.keys(reducers)).toEqual(Object.keys(ReduceKind));
});

const axesCases: [Shape, number[] | undefined][] = [
  [[9], undefined],
  [[4, 5], [0]],
  [[4, 5], [1]],
  [[4, 5], [-1]],
  [[2, 3, 5], [1]],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [
    [2, 3, 5],
    [0, 1],
  ],
  [
    [2, 3, 2, 5],
    [3, 1],
  ],
  [[3, 4], undefined],
];

test.each(
  (Object.keys(reducers) as ReduceName[]).flatMap((kind) =>
    axesCases.map(([shape, axes]) => [kind, shape, axes] as const),
  ),
)('reduce: %s of %j along %j: values and gradients', (kind, shape, axes) => {
  const resolved = ops.resolveAxes('reduce', shape.length, axes);
  const kept = shape.map((size, axis) => (resolved.includes(axis) ? 1 : size));
  const groups = broadcastIndices(shape, kept);
  checkOperation({
    inputs: [{ shape, low: 0.3, high: 1.7 }],
    build: (graph, x) => ops.reduce(graph, kind, x, { axes }),
    reference: (x) =>
      Array.from({ length: sizeOf(kept) }, (_, group) =>
        reducers[kind]([...x].filter((_value, i) => groups[i] === group)),
      ),
    shape: shape.filter((_, axis) => !resolved.includes(axis)),
  });
});

test('reduce: keepDimensions leaves the axes as 1', () => {
  const graph = new Graph();
  const x = ops.input(graph, 'x', [2, 3, 4]);
  expect(ops.reduce(graph, 'Sum', x, { axes: [1], keepDimensions: true }).shape).toEqual([2, 1, 4]);
  expect(() => ops.reduce(graph, 'Sum', x, { axes: [3] })).toThrow('axis 3 does not exist in 3 dimensions');
});

test('reduce: equal maxima share the gradient', () => {
  const graph = new Graph();
  const x = ops.input(graph, 'x', [4]);
  const out = ops.reduce(graph, 'Maximum', x);
  const { outputs } = runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, { x: [1, 3, 3, 2] });
  expect(outputs['out']).toEqual(Float32Array.of(3));
});

test('argReduce: the first of equal extremes, along any axis', () => {
  const graph = new Graph();
  const x = ops.input(graph, 'x', [2, 3]);
  const outputs = {
    rows: ops.argReduce(graph, 'Maximum', x, 1),
    columns: ops.argReduce(graph, 'Minimum', x, 0),
  };
  const result = runFunction({ nodes: graph.nodes, outputs, effects: [] }, { x: [1, 5, 5, 0, 7, 9] });
  expect([...result.outputs['rows']!]).toEqual([1, 2]);
  expect([...result.outputs['columns']!]).toEqual([1, 0, 0]);
});

// ---- shape

test.each([
  [[6], [2, 3]],
  [[2, 3], [-1]],
  [
    [2, 3, 4],
    [4, -1],
  ],
] as [Shape, Shape][])('reshape: %j to %j', (from, to) => {
  checkOperation({ inputs: [{ shape: from }], build: (graph, x) => ops.reshape(graph, x, to), reference: (x) => x });
});

test('reshape: another number of elements is refused', () => {
  const graph = new Graph();
  const x = ops.input(graph, 'x', [2, 3]);
  expect(() => ops.reshape(graph, x, [4])).toThrow('[2, 3] has 6 elements and does not fit [4]');
  expect(() => ops.reshape(graph, x, [-1, -1])).toThrow('at most one -1');
});

test.each([
  [1, 1],
  [3, 5],
  [4, 4],
  [9, 17],
])('transpose: %i × %i', (rows, columns) => {
  checkOperation({
    inputs: [{ shape: [rows, columns] }],
    build: (graph, x) => ops.transpose(graph, x),
    reference: (x) => Array.from({ length: rows * columns }, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!),
    shape: [columns, rows],
  });
});

test('concatenate: along the first, a middle and the last axis', () => {
  for (const axis of [0, 1, 2]) {
    const a: Shape = [2, 3, 4];
    const b = a.with(axis, 5);
    const inner = (shape: Shape) => sizeOf(shape.slice(axis));
    checkOperation({
      inputs: [{ shape: a }, { shape: b }],
      build: (graph, x, y) => ops.concatenate(graph, [x, y], axis),
      reference(x, y) {
        const outer = sizeOf(a.slice(0, axis));
        return Array.from({ length: outer }, (_, i) => [
          ...x.slice(i * inner(a), (i + 1) * inner(a)),
          ...y.slice(i * inner(b), (i + 1) * inner(b)),
        ]).flat();
      },
      shape: a.with(axis, a[axis]! + 5),
    });
  }
});

test('slice: the gradient is zero outside', () => {
  checkOperation({
    inputs: [{ shape: [3, 7] }],
    build: (graph, x) => ops.slice(graph, x, 1, 2, 3),
    reference: (x) => [0, 1, 2].flatMap((row) => Array.from(x.slice(row * 7 + 2, row * 7 + 5))),
    shape: [3, 3],
  });
});

// ---- softmax

test.each(['Softmax', 'LogSoftmax'] as const)('%s: values and gradients', (kind) => {
  for (const columns of [1, 2, 10, 33]) {
    checkOperation({
      inputs: [{ shape: [3, columns], low: -4, high: 4 }],
      build: (graph, x) => ops.softmax(graph, kind, x),
      reference(x) {
        return [0, 1, 2].flatMap((row) => {
          const values = Array.from(x.slice(row * columns, (row + 1) * columns));
          const total = values.reduce((sum, v) => sum + Math.exp(v), 0);
          return values.map((v) => (kind === 'Softmax' ? Math.exp(v) / total : v - Math.log(total)));
        });
      },
    });
  }
});

test('gradients: a value used twice gets both parts', () => {
  checkOperation({
    inputs: [{ shape: [5] }],
    build: (graph, x) => ops.add(graph, ops.multiply(graph, x, x), x),
    reference: (x) => x.map((v) => v * v + v),
  });
});

test('gradients: what the output does not depend on has none', () => {
  const graph = new Graph();
  const [x, y] = [ops.input(graph, 'x', [2]), ops.input(graph, 'y', [2])];
  const out = ops.add(graph, x, x);
  expectClose(
    runFunction({ nodes: graph.nodes, outputs: { out }, effects: [] }, { x: [1, 2] }).outputs['out']!,
    [2, 4],
    0,
    'out',
  );
  checkOperation({
    inputs: [{ shape: [2] }, { shape: [2] }],
    build: (_graph, a) => ops.add(_graph, a, a),
    reference: (a) => a.map((v) => 2 * v),
    withoutGradient: [1],
  });
  expect(y.shape).toEqual([2]);
});

test.each(['SumOfSquares', 'SumOfAbsolutes', 'Sum', 'Maximum'] as const)(
  'reduce: %s over no axis works on each element',
  (kind) => {
    const of = {
      SumOfSquares: (v: number) => v * v,
      SumOfAbsolutes: Math.abs,
      Sum: (v: number) => v,
      Maximum: (v: number) => v,
    };
    checkOperation({
      inputs: [{ shape: [2, 5] }],
      build: (graph, x) => ops.reduce(graph, kind, x, { axes: [] }),
      reference: (x) => x.map(of[kind]),
      shape: [2, 5],
    });
  },
);
