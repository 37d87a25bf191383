// Runs Gemm on seeded operands of a given shape and form, and checks it against reference/linalg.ts.
import { expect } from 'vitest';
import { FEW_COLUMNS, UnaryKind } from '../../src/core/generated/instructions.ts';
import { gemmWorkspace, packedBytes } from '../../src/graph/operations/matmul-workspace.ts';
import { product, productInOrder, type Matrix } from '../../reference/linalg.ts';
import { kernelRunner, output, randomFloats, variant } from './kernel.ts';

export type Kernels = Awaited<ReturnType<typeof kernelRunner>>;

export interface ProductCase {
  m: number;
  n: number;
  k: number;
  transposeA?: boolean;
  transposeB?: boolean;
  /** Elements between the end of a line and the start of the next, in every operand. */
  gap?: number;
  bias?: boolean;
  accumulate?: boolean;
  packed?: boolean;
  activation?: number;
  alpha?: number;
  beta?: number;
  /** Bytes by which all arrays are moved off their boundary. */
  offset?: number;
  seed?: number;
}

const elements = (lines: number, width: number, stride: number) => (lines && width ? (lines - 1) * stride + width : 0);

/** The operands of a case: A, B, bias, what the output holds before. */
export function operandsOf(test: ProductCase) {
  const { m, n, k, gap = 0, seed = 1 } = test;
  const strideA = (test.transposeA ? m : k) + gap;
  const strideB = (test.transposeB ? k : n) + gap;
  const strideOut = n + gap;
  return {
    a: randomFloats(test.transposeA ? elements(k, m, strideA) : elements(m, k, strideA), seed),
    b: randomFloats(test.transposeB ? elements(n, k, strideB) : elements(k, n, strideB), seed + 1),
    bias: randomFloats(n, seed + 2),
    before: randomFloats(elements(m, n, strideOut), seed + 3),
    strideA,
    strideB,
    strideOut,
  };
}

/** What PackB makes of B. */
export function packB(kernels: Kernels, test: ProductCase, { b, strideB } = operandsOf(test)): Float32Array {
  const { n, k, transposeB = false, offset = 0 } = test;
  const out = output(packedBytes(n, k) / 4);
  return kernels.run('PackB', { out, b, n, k, strideB, transposeB: +transposeB }, offset).outputs['out']!;
}

/** Runs Gemm; the whole output array, gaps included. */
export function runProduct(kernels: Kernels, test: ProductCase, operands = operandsOf(test)): Float32Array {
  const { m, n, k, transposeA = false, transposeB = false, packed = false, bias = false, accumulate = false } = test;
  const { strideOut, strideA, strideB } = operands;
  const workspace = gemmWorkspace(m, n, k, { packed, transposeA, transposeB }) / 4;
  const { outputs, finished } = kernels.run(
    'Gemm',
    {
      out: output(operands.before.length, operands.before),
      a: operands.a,
      b: packed ? packB(kernels, test, operands) : operands.b,
      bias: bias ? operands.bias : 0,
      m,
      n,
      k,
      strideOut,
      strideA,
      strideB,
      transposeA: +transposeA,
      transposeB: +transposeB,
      packed: +packed,
      accumulate: +accumulate,
      activation: test.activation ?? UnaryKind.Linear,
      alpha: test.alpha ?? 0,
      beta: test.beta ?? 0,
      workspace: output(workspace, new Float32Array(workspace).fill(NaN)),
    },
    test.offset ?? 0,
  );
  expect(finished).toBe(true);
  return outputs['out']!;
}

const start = (
  { bias, accumulate }: ProductCase,
  { before, strideOut, bias: values }: ReturnType<typeof operandsOf>,
) =>
  accumulate
    ? (row: number, column: number) => before[row * strideOut + column]!
    : bias
      ? (_row: number, column: number) => values[column]!
      : () => 0;

const matrices = (test: ProductCase, { a, b, strideA, strideB }: ReturnType<typeof operandsOf>): [Matrix, Matrix] => [
  { data: a, stride: strideA, transposed: test.transposeA ?? false },
  { data: b, stride: strideB, transposed: test.transposeB ?? false },
];

/** The rows of an output without its gaps. */
export const withoutGaps = (out: Float32Array, m: number, n: number, stride: number) =>
  Float32Array.from({ length: m * n }, (_, i) => out[Math.floor(i / n) * stride + (i % n)]!);

/**
 * Asserts a linear product: the gaps untouched; each element within (k + 2) roundings of Σ|a||b|; and in the plain
 * builds exactly the sum in the order of k, but for the dot products that few columns are made of.
 */
export function checkProduct(kernels: Kernels, test: ProductCase): Float32Array {
  const operands = operandsOf(test);
  const { m, n, k } = test;
  const { strideOut, before } = operands;
  const out = runProduct(kernels, test, operands);
  const what = JSON.stringify(test);
  const [a, b] = matrices(test, operands);
  if ((n > FEW_COLUMNS || test.transposeA) && variant !== 'relaxed') {
    const expected = productInOrder(a, b, [m, n, k], start(test, operands));
    const whole = before.slice();
    expected.forEach((value, i) => (whole[Math.floor(i / n) * strideOut + (i % n)] = value));
    expect(firstDifference(out, whole), what).toBe(-1);
    return out;
  }
  const { values, magnitudes } = product(a, b, [m, n, k], start(test, operands));
  let worst = 0;
  for (let i = 0; i < out.length; i++) {
    const [row, column] = [Math.floor(i / strideOut), i % strideOut];
    if (column >= n) worst = Math.max(worst, out[i] === before[i] ? 0 : Infinity);
    else worst = Math.max(worst, Math.abs(out[i]! - values[row * n + column]!) / (magnitudes[row * n + column]! || 1));
  }
  expect(worst, what).toBeLessThanOrEqual((k + 2) * 2 ** -24);
  return out;
}

/** The index of the first element that differs in value (0 and −0 are equal, NaN equals itself), −1 for none. */
export function firstDifference(x: Float32Array, y: Float32Array): number {
  if (x.length !== y.length) return Math.min(x.length, y.length);
  return x.findIndex((value, i) => value !== y[i] && !(Number.isNaN(value) && Number.isNaN(y[i])));
}
