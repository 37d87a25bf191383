import { describe, expect, test } from 'vitest';
import * as ops from '../../src/ops/index.ts';
import { ShapeError } from '../../src/index.ts';
import { activations, type ActivationName } from '../../reference/activations.ts';
import { logSoftmax, softmax } from '../../reference/softmax.ts';
import { unaryTable } from '../../src/graph/operations/unary-table.ts';
import { awkwardLengths, randomFloats, variant } from '../helpers/kernel.ts';
import { randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const matrix = ops.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

const binaries: Record<string, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  minimum: Math.min,
  maximum: Math.max,
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessOrEqual: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greaterOrEqual: (a, b) => Number(a >= b),
};

/** The functions of one operand, by the name of their reference. */
const unaries: Record<string, ActivationName> = {
  exp: 'Exp',
  log: 'Log',
  erf: 'Erf',
  sin: 'Sin',
  cos: 'Cos',
  sqrt: 'Sqrt',
  reciprocal: 'Reciprocal',
  square: 'Square',
  abs: 'Abs',
  negate: 'Negate',
  sign: 'Sign',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
  relu: 'Relu',
  relu6: 'Relu6',
  leakyRelu: 'LeakyRelu',
  elu: 'Elu',
  selu: 'Selu',
  celu: 'Celu',
  gelu: 'GeluErf',
  geluTanh: 'GeluTanh',
  silu: 'Silu',
  mish: 'Mish',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softsign: 'Softsign',
  hardSigmoid: 'HardSigmoid',
  hardSwish: 'HardSwish',
  hardTanh: 'HardTanh',
  logSigmoid: 'LogSigmoid',
  step: 'Step',
};

const reductions: Record<string, (x: number[]) => number> = {
  sum: (x) => x.reduce((a, b) => a + b, 0),
  mean: (x) => x.reduce((a, b) => a + b, 0) / x.length,
  max: (x) => Math.max(...x),
  min: (x) => Math.min(...x),
  product: (x) => x.reduce((a, b) => a * b, 1),
  norm: (x) => Math.hypot(...x),
};

type Binary = (a: ops.Operand, b: ops.Operand) => ops.Tensor;
type Unary = (x: ops.Operand) => ops.Tensor;
type Reduction = { (x: ops.Operand): number; (x: ops.Operand, options: ops.ReduceOptions): ops.Tensor };
const all = ops as unknown as Record<string, unknown>;

test('ops: every function that is exported is tested here', () => {
  const others = [
    'dot',
    'matmul',
    'axpy',
    'clip',
    'softmax',
    'logSoftmax',
    'argmax',
    'argmin',
    'transpose',
    'reshape',
    'concatenate',
    'isTensor',
    'tensor',
    'toNested',
  ];
  const known = [...Object.keys(binaries), ...Object.keys(unaries), ...Object.keys(reductions), ...others];
  const exported = Object.keys(all).filter((name) => typeof all[name] === 'function');
  expect(exported.toSorted()).toEqual(known.toSorted());
});

test('ops: they run on the build under test', () => {
  expect(ops.variant).toBe(variant);
});

describe('products', () => {
  test('dot of two vectors is a number', () => {
    expect(ops.dot([1.2, 2.2, 3.3, 2.5], [0.4, 0.6, -0.7, 1.1])).toBeCloseTo(2.24, 6);
    expect(ops.dot(Float32Array.of(1, 2), Float64Array.of(3, 4))).toBe(11);
  });

  test.each(awkwardLengths)('dot of length %i', (length) => {
    const [a, b] = [randomFloats(length, 1), randomFloats(length, 2)];
    expectClose([ops.dot(a, b)], [a.reduce((sum, value, i) => sum + value * b[i]!, 0)], 1e-5, 'dot');
  });

  test('matmul, and with stored transposes', () => {
    const b = ops.tensor([
      [1, 0],
      [2, 1],
      [0, 3],
    ]);
    const expected = { data: Float32Array.of(5, 11, 14, 23), shape: [2, 2] };
    expect(ops.matmul(matrix, b)).toEqual(expected);
    expect(ops.matmul(ops.transpose(matrix), b, { transposeA: true })).toEqual(expected);
    expect(ops.matmul(matrix, ops.transpose(b), { transposeB: true })).toEqual(expected);
    expect(ops.matmul([1, 2, 3], b)).toEqual({ data: Float32Array.of(5, 11), shape: [2] });
  });

  test('axpy', () => {
    expect(ops.axpy(2, Float32Array.of(1, 2), [10, 20])).toEqual(Float32Array.of(12, 24));
    expect(ops.axpy(-1, [1, 2], [10, 20]).data).toEqual(Float32Array.of(9, 18));
  });

  test('sizes that do not multiply are refused', () => {
    expect(() => ops.dot([1, 2], [1, 2, 3])).toThrow('dot: expected two vectors of one length, got [2] and [3]');
    expect(() => ops.dot(matrix, matrix)).toThrow(ShapeError);
    expect(() => ops.matmul(matrix, matrix)).toThrow('[2, 3] and [2, 3] do not multiply');
    expect(() => ops.matmul(matrix, [1, 2, 3])).toThrow(ShapeError);
  });
});

describe('two operands', () => {
  test.each(Object.keys(binaries))('%s, at every length', (name) => {
    for (const length of awkwardLengths) {
      const a = randomFloats(length, 1, 0.5, 2).map((value) => Math.round(4 * value) / 4);
      const b = randomFloats(length, 2, 0.5, 2).map((value) => Math.round(4 * value) / 4);
      const expected = Array.from(a, (value, i) => binaries[name]!(value, b[i]!));
      const result = (all[name] as Binary)(a, b) as unknown as Float32Array;
      expect(result).toBeInstanceOf(Float32Array);
      expectClose(result, expected, 1e-6, name);
    }
  });

  test('broadcasting follows NumPy', () => {
    expect(ops.add(matrix, [10, 20, 30])).toEqual({ data: Float32Array.of(11, 22, 33, 14, 25, 36), shape: [2, 3] });
    expect(ops.multiply(matrix, 2)).toEqual({ data: Float32Array.of(2, 4, 6, 8, 10, 12), shape: [2, 3] });
    expect(ops.subtract([[1], [2]], [10, 20])).toEqual({ data: Float32Array.of(-9, -19, -8, -18), shape: [2, 2] });
    expect(ops.add(1, 2)).toEqual({ data: Float32Array.of(3), shape: [] });
  });

  test('shapes that do not broadcast are refused', () => {
    expect(() => ops.add([1, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => ops.add([1, 2], [1, 2, 3])).toThrow('add: shapes [2] and [3] do not broadcast');
  });

  test('NaN and infinity go through', () => {
    expect(Array.from(ops.maximum(Float32Array.of(Number.NaN, 1), [1, Number.NaN]))).toEqual([Number.NaN, Number.NaN]);
    expect(Array.from(ops.divide(Float32Array.of(1, 0), [0, 0]))).toEqual([Infinity, Number.NaN]);
  });
});

describe('one operand', () => {
  test.each(Object.entries(unaries))('%s, at every length', (name, reference) => {
    const { alpha = 0, beta = 0 } = unaryTable[reference];
    const low = ['log', 'sqrt', 'reciprocal'].includes(name) ? 0.1 : -4;
    for (const length of awkwardLengths) {
      const x = randomFloats(length, 3, low, 4);
      const expected = Array.from(x, (value) => activations[reference].forward(value, alpha, beta));
      const result = (all[name] as Unary)(x) as unknown as Float32Array;
      expect(result).toBeInstanceOf(Float32Array);
      expectClose(result, expected, 1e-5, name);
    }
    expect((all[name] as Unary)([[1, 2]]).shape).toEqual([1, 2]);
  });

  test('parameters', () => {
    expect(ops.leakyRelu(Float32Array.of(-2, 2), 0.5)).toEqual(Float32Array.of(-1, 2));
    expect(ops.elu([-1], 2).data[0]).toBeCloseTo(2 * Math.expm1(-1), 5);
    expect(ops.celu([-1], 2).data[0]).toBeCloseTo(2 * Math.expm1(-0.5), 5);
    expect(() => ops.leakyRelu([1], -1)).toThrow(RangeError);
    expect(() => ops.celu([1], 0)).toThrow(RangeError);
  });

  test('clip', () => {
    expect(ops.clip(Float32Array.of(-5, 0.5, 5), -1, 1)).toEqual(Float32Array.of(-1, 0.5, 1));
    expect(() => ops.clip([1], 2, 1)).toThrow('clip: expected low at most high, got 2 and 1');
    expect(() => ops.clip([1], Number.NaN, 1)).toThrow(RangeError);
  });

  test('round takes halves to the even neighbour', () => {
    expect(Array.from(ops.round(Float32Array.of(0.5, 1.5, 2.5, -0.5)), Math.abs)).toEqual([0, 2, 2, 0]);
  });

  test('softmax and logSoftmax along the last axis', () => {
    const x = randomTensor([3, 5], 1, -3, 3);
    const rows = [0, 1, 2].map((row) => x.data.slice(5 * row, 5 * row + 5));
    expectClose(ops.softmax(x).data, rows.flatMap(softmax), 1e-6, 'softmax');
    expectClose(ops.logSoftmax(x).data, rows.flatMap(logSoftmax), 1e-6, 'logSoftmax');
    expect(ops.softmax(Float32Array.of(1, 1))).toEqual(Float32Array.of(0.5, 0.5));
    expect(() => ops.softmax(1)).toThrow(ShapeError);
  });
});

describe('reductions', () => {
  test.each(Object.keys(reductions))('%s of everything is a number', (name) => {
    const x = randomTensor([3, 4, 5], 1);
    expectClose([(all[name] as Reduction)(x)], [reductions[name]!([...x.data])], 1e-5, name);
  });

  const axes = [[0], [1], [2], [0, 1], [0, 2], [-1], [-3, -1], [2, 0], [0, 1, 2], []];
  test.each(Object.keys(reductions).flatMap((name) => axes.map((some) => [name, some] as const)))(
    '%s over %j',
    (name, some) => {
      const shape = [3, 4, 5];
      const x = randomTensor(shape, 1);
      const reduced = new Set(some.map((axis) => (axis + 3) % 3));
      const groups = new Map<string, number[]>();
      x.data.forEach((value: number, i: number) => {
        const place = [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5];
        const key = place.filter((_, axis) => !reduced.has(axis)).join();
        groups.set(key, [...(groups.get(key) ?? []), value]);
      });
      const result = (all[name] as Reduction)(x, { axes: some });
      expect(result.shape).toEqual(shape.filter((_, axis) => !reduced.has(axis)));
      expectClose(result.data, [...groups.values()].map(reductions[name]!), 1e-5, name);
      const kept = (all[name] as Reduction)(x, { axes: some, keepDimensions: true });
      expect(kept.shape).toEqual(shape.map((size, axis) => (reduced.has(axis) ? 1 : size)));
      expect(kept.data).toEqual(result.data);
    },
  );

  test('of nothing', () => {
    expect([ops.sum([]), ops.max([]), ops.min([]), ops.product([]), ops.norm([])]).toEqual([
      0,
      -Infinity,
      Infinity,
      1,
      0,
    ]);
    expect(ops.mean([])).toBeNaN();
  });

  test('an axis that is not there is refused', () => {
    expect(() => ops.sum(matrix, { axes: [2] })).toThrow('sum: axis 2 does not exist in 2 dimensions');
    expect(() => ops.sum(matrix, { axes: [0.5] })).toThrow(ShapeError);
    expect(() => ops.argmax(matrix, -3)).toThrow('axis -3 does not exist');
  });

  test('argmax and argmin: of everything, or along an axis, the first of equals', () => {
    const x = [
      [3, 9, 9],
      [-1, 0, -1],
    ];
    expect([ops.argmax(x), ops.argmin(x)]).toEqual([1, 3]);
    expect(ops.argmax(x, 1)).toEqual({ data: Int32Array.of(1, 1), shape: [2] });
    expect(ops.argmin(x, 0)).toEqual({ data: Int32Array.of(1, 1, 1), shape: [3] });
    expect(ops.argmin(x, -1)).toEqual({ data: Int32Array.of(0, 0), shape: [2] });
    expect(() => ops.argmax([])).toThrow(ShapeError);
  });
});

describe('shapes', () => {
  test('transpose exchanges the last two axes', () => {
    expect(ops.toNested(ops.transpose(matrix))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(ops.transpose(randomTensor([2, 3, 4], 1)).shape).toEqual([2, 4, 3]);
    expect(() => ops.transpose([1, 2])).toThrow('transpose: expected at least 2 dimensions, got [2]');
  });

  test('reshape shares the data', () => {
    const result = ops.reshape(matrix, [3, -1]);
    expect(result.shape).toEqual([3, 2]);
    expect(result.data).toBe(matrix.data);
    expect(() => ops.reshape(matrix, [4, -1])).toThrow('[2, 3] has 6 elements and does not fit [4, -1]');
    expect(() => ops.reshape(matrix, [-1, -1])).toThrow(ShapeError);
  });

  test('concatenate joins along an axis, however many there are', () => {
    expect(ops.toNested(ops.concatenate([matrix, [[7, 8, 9]]]))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    expect(ops.concatenate([matrix, matrix], -1).shape).toEqual([2, 6]);
    const many = Array.from({ length: 20 }, (_, i) => [i]);
    expect(Array.from(ops.concatenate(many).data)).toEqual(many.flat());
    expect(() => ops.concatenate([])).toThrow(TypeError);
    expect(() => ops.concatenate([matrix, [[1, 2]]])).toThrow('concatenate: [1, 2] does not join [2, 3] along axis 0');
    expect(() => ops.concatenate([matrix], 2)).toThrow('axis 2 does not exist');
  });
});

describe('operands and results', () => {
  test('a Float32Array gives a Float32Array, all else a tensor', () => {
    expect(ops.exp(Float32Array.of(0))).toEqual(Float32Array.of(1));
    for (const given of [[0], Float64Array.of(0), Int32Array.of(0), ops.tensor([0])])
      expect(ops.exp(given)).toEqual({ data: Float32Array.of(1), shape: [1] });
    expect(ops.exp(0)).toEqual({ data: Float32Array.of(1), shape: [] });
  });

  test("operands are left as they are, results are the caller's own", () => {
    const x = Float32Array.of(1, 2, 3);
    const first = ops.add(x, x);
    ops.add(Float32Array.of(9, 9, 9), x);
    expect([x, first]).toEqual([Float32Array.of(1, 2, 3), Float32Array.of(2, 4, 6)]);
  });

  test('empty arrays give empty arrays', () => {
    expect(ops.relu(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(ops.add([], []).shape).toEqual([0]);
    expect(ops.dot([], [])).toBe(0);
    expect(ops.concatenate([[], [1]]).data).toEqual(Float32Array.of(1));
    expect(ops.matmul({ data: new Float32Array(0), shape: [0, 3] }, [[1], [2], [3]]).shape).toEqual([0, 1]);
    expect(
      Array.from(
        ops.matmul({ data: new Float32Array(0), shape: [2, 0] }, { data: new Float32Array(0), shape: [0, 2] }).data,
      ),
    ).toEqual([0, 0, 0, 0]);
  });

  test('what is no operand is refused', () => {
    expect(() => ops.add('1' as never, 2)).toThrow(TypeError);
    expect(() => ops.exp([[1], [1, 2]])).toThrow('ragged array');
    expect(() => ops.exp(undefined as never)).toThrow(TypeError);
  });

  test('more shapes than are kept, again and again, stay right', () => {
    for (let round = 0; round < 2; round++)
      for (let length = 1; length <= 150; length++) {
        const x = new Float32Array(length).fill(round + 1);
        expect(ops.sum(ops.add(x, x))).toBe(2 * length * (round + 1));
      }
    expect(ops.dot([1.2, 2.2, 3.3, 2.5], [0.4, 0.6, -0.7, 1.1])).toBeCloseTo(2.24, 6);
  });
});
