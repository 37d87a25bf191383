// Softmax and its logarithm against the float64 reference.
import { expect, test } from 'vitest';
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from '../../reference/softmax.ts';
import { SoftmaxKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const kinds = [
  ['Softmax', softmax, softmaxBackward],
  ['LogSoftmax', logSoftmax, logSoftmaxBackward],
] as const;
type Kind = keyof typeof SoftmaxKind;

function forward(kind: Kind, x: Float32Array, columns: number, offset = 0): Float32Array {
  const rows = columns ? x.length / columns : 3;
  const operands = { kind: SoftmaxKind[kind], out: output(x.length), x, rows, columns };
  const { outputs, finished } = kernels.run('Softmax', operands, offset);
  expect(finished).toBe(true);
  return outputs['out']!;
}

function backward(kind: Kind, dOut: Float32Array, y: Float32Array, columns: number, offset = 0): Float32Array {
  const rows = columns ? y.length / columns : 3;
  const operands = { kind: SoftmaxKind[kind], dX: output(y.length), dOut, y, rows, columns };
  return kernels.run('SoftmaxBackward', operands, offset).outputs['dX']!;
}

function expectClose(out: Float32Array, expected: number[], tolerance: (exact: number) => number): void {
  expected.forEach((exact, i) => {
    const close = Object.is(out[i], exact) || Math.abs(out[i]! - exact) <= tolerance(exact);
    if (!close) expect.fail(`[${i}] = ${out[i]}, expected ${exact}`);
  });
}

const forwardTolerance = (kind: Kind) => (exact: number) =>
  kind === 'Softmax' ? exact * (5e-7 - 6e-8 * Math.log(exact)) : 5e-7 * (1 + Math.abs(exact));

/** A row-wise reference over a whole matrix. */
const byRow = (x: Float32Array, columns: number, of: (row: Float32Array, at: number) => number[]) =>
  columns === 0
    ? []
    : Array.from({ length: x.length / columns }, (_, r) =>
        of(x.subarray(r * columns, (r + 1) * columns), r * columns),
      ).flat();

test.each(kinds)(
  '%s: forward and backward match the reference at every length and offset',
  (kind, exact, exactBackward) => {
    for (const columns of [...awkwardLengths, 10, 64, 1000])
      for (const offset of [0, 4, 8, 12]) {
        const x = randomFloats(3 * columns, columns, -5, 5);
        const dOut = randomFloats(3 * columns, columns + 1);
        const y = forward(kind, x, columns, offset);
        expectClose(y, byRow(x, columns, exact), forwardTolerance(kind));
        const dX = backward(kind, dOut, y, columns, offset);
        const expected = byRow(x, columns, (row, at) => exactBackward(dOut.subarray(at, at + columns), row));
        expectClose(dX, expected, () => 1e-6 * (1 + Math.sqrt(columns) / 4));
      }
  },
);

test.each(kinds)('%s: a row of 10,000 columns keeps its accuracy', (kind, exact) => {
  const x = randomFloats(10_000, 5, -5, 5);
  expectClose(forward(kind, x, 10_000), exact(x), forwardTolerance(kind));
});

test.each(kinds)('%s: the gradient matches finite differences', (_, exact, exactBackward) => {
  const x = Array.from(randomFloats(7, 3, -2, 2));
  const dOut = Array.from(randomFloats(7, 4));
  const loss = (row: number[]) => exact(row).reduce((sum, value, i) => sum + value * dOut[i]!, 0);
  const gradient = exactBackward(dOut, x);
  x.forEach((_value, i) => {
    const shifted = (by: number) => x.map((value, j) => (i === j ? value + by : value));
    expect(gradient[i]).toBeCloseTo((loss(shifted(1e-6)) - loss(shifted(-1e-6))) / 2e-6, 8);
  });
});

test.each(kinds)('%s: in place, forward and backward', (kind) => {
  const { memory } = kernels.instance;
  for (const columns of [1, 3, 4, 10, 17]) {
    const x = randomFloats(2 * columns, columns);
    const dOut = randomFloats(2 * columns, 8);
    const y = forward(kind, x, columns);
    const dX = backward(kind, dOut, y, columns);
    const at = memory.allocate(8 * columns);
    memory.floats(at, 2 * columns).set(x);
    kernels.run('Softmax', { kind: SoftmaxKind[kind], out: at, x: at, rows: 2, columns });
    expect(memory.floats(at, 2 * columns).slice()).toEqual(y);
    kernels.run('SoftmaxBackward', { kind: SoftmaxKind[kind], dX: at, dOut, y: at, rows: 2, columns });
    expect(memory.floats(at, 2 * columns).slice()).toEqual(dX);
    memory.floats(at, 2 * columns).set(dOut);
    kernels.run('SoftmaxBackward', { kind: SoftmaxKind[kind], dX: at, dOut: at, y, rows: 2, columns });
    expect(memory.floats(at, 2 * columns).slice()).toEqual(dX);
    memory.release(at);
  }
});

test('logits of ±10,000 are safe', () => {
  const x = Float32Array.of(1e4, -1e4, 1e4, 0, 9999);
  expectClose(forward('Softmax', x, 5), softmax(x), () => 1e-7);
  expectClose(forward('LogSoftmax', x, 5), logSoftmax(x), (exact) => 5e-7 * (1 + Math.abs(exact)));
});

test('−∞ has the probability 0, and a row of nothing else is NaN', () => {
  const x = Float32Array.of(-Infinity, 1, 1, -Infinity, 1);
  const third = Math.fround(1 / 3);
  expect([...forward('Softmax', x, 5)]).toEqual([0, third, third, 0, third]);
  expect(forward('LogSoftmax', x, 5)[0]).toBe(-Infinity);
  for (const kind of ['Softmax', 'LogSoftmax'] as const)
    expect(forward(kind, new Float32Array(5).fill(-Infinity), 5).every(Number.isNaN)).toBe(true);
});

test('NaN or +∞ anywhere makes its row NaN, and only its row', () => {
  for (const bad of [NaN, Infinity])
    for (let at = 0; at < 6; at++) {
      const x = randomFloats(12, 1);
      x[at] = bad;
      const y = forward('Softmax', x, 6);
      expect(y.subarray(0, 6).every(Number.isNaN)).toBe(true);
      expect(y.subarray(6).some(Number.isNaN)).toBe(false);
    }
});

test('the rows are independent: each gives the bits that it gives alone', () => {
  const x = randomFloats(30, 2);
  const whole = forward('Softmax', x, 10);
  for (let r = 0; r < 3; r++)
    expect(forward('Softmax', x.slice(10 * r, 10 * r + 10), 10)).toEqual(whole.slice(10 * r, 10 * r + 10));
});
