import { expect, test } from 'vitest';
import { BLOCK_K, BLOCK_M, BLOCK_N, DEEPEST_K, UnaryKind } from '../../src/core/generated/instructions.ts';
import { kernelRunner, output, variant } from '../helpers/kernel.ts';
import { checkProduct, firstDifference, operandsOf, runProduct, withoutGaps } from '../helpers/product.ts';

const kernels = await kernelRunner();

const rows = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
const columns = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33];
const depths = [0, 1, 2, 7, 8, 9];
const forms = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
];

test.each(forms)('gemm_f32: every M × N × K around the tile matches the reference, $transposeA $transposeB', (form) => {
  let seed = 1;
  for (const m of rows)
    for (const n of columns)
      for (const k of depths) {
        seed++;
        const packed = seed % 3 === 0;
        const choice = { bias: seed % 2 === 0, accumulate: seed % 5 === 0, gap: seed % 4, offset: (seed % 4) * 4 };
        checkProduct(kernels, { m, n, k, seed, packed, ...choice, ...form });
      }
});

test.each(forms)('gemm_f32: K around its block matches the reference, $transposeA $transposeB', (form) => {
  for (const k of [BLOCK_K, DEEPEST_K - 1, DEEPEST_K, DEEPEST_K + 1, 2 * BLOCK_K + 3]) {
    for (const [m, n] of [
      [1, 9],
      [2, 33],
      [7, 5],
      [13, 17],
    ] as const) {
      for (const packed of [false, true])
        checkProduct(kernels, { m, n, k, packed, bias: m === 7, accumulate: m === 13, gap: 1, seed: k, ...form });
    }
  }
});

test.each(forms)('gemm_f32: M and N around their blocks match the reference, $transposeA $transposeB', (form) => {
  for (const packed of [false, true]) {
    checkProduct(kernels, { m: BLOCK_M + 1, n: 9, k: 9, packed, seed: 1, bias: true, ...form });
    checkProduct(kernels, { m: BLOCK_M - 1, n: 17, k: 5, packed, seed: 2, accumulate: true, ...form });
    checkProduct(kernels, { m: 7, n: BLOCK_N + 1, k: 9, packed, seed: 3, bias: true, ...form });
    checkProduct(kernels, { m: 1, n: BLOCK_N + 9, k: 5, packed, seed: 4, ...form });
    checkProduct(kernels, { m: 2 * BLOCK_M + 5, n: BLOCK_N + 3, k: 3, packed, seed: 5, ...form });
    checkProduct(kernels, { m: 13, n: 2 * BLOCK_N + 4, k: 9, packed, seed: 6, bias: true, ...form });
  }
});

test.each(forms)('gemm_f32: B packed panel by panel matches the reference, $transposeA $transposeB', (form) => {
  // One block of rows, enough of them and of B that it is packed; with and without a row that no tile takes.
  for (const m of [32, 35, 61, 64, BLOCK_M]) {
    checkProduct(kernels, { m, n: 37, k: 2 * DEEPEST_K + 1, seed: m, bias: true, ...form });
    checkProduct(kernels, { m, n: 264, k: 40, seed: m + 1, accumulate: true, gap: 3, offset: 4, ...form });
  }
});

test('gemm_f32: a row of a batch has the same bits as the row alone', () => {
  for (const form of forms.slice(0, 2)) {
    for (const [n, k] of [
      [1, 300],
      [2, 70],
      [3, 33],
      [10, 784],
      [33, 65],
    ] as const) {
      const batch = { m: 33, n, k, bias: true, ...form };
      const operands = operandsOf(batch);
      const whole = runProduct(kernels, batch, operands);
      for (let row = 0; row < 33; row += 4) {
        for (const m of [1, 2, 4, 5].filter((count) => row + count <= 33)) {
          const part = { ...batch, m, packed: m === 2 };
          const a = operands.a.slice(row * k, (row + m) * k);
          const some = runProduct(kernels, part, { ...operands, a, before: new Float32Array(m * n) });
          expect(firstDifference(some, whole.slice(row * n, (row + m) * n)), `m=${m} n=${n} k=${k}`).toBe(-1);
        }
      }
    }
  }
});

test('gemm_f32: the first rows of a batch stored transposed have the same bits as those rows alone', () => {
  for (const [n, k] of [
    [1, 300],
    [3, 33],
    [9, 65],
  ] as const) {
    const batch = { m: 33, n, k, bias: true, transposeA: true };
    const operands = operandsOf(batch);
    const whole = runProduct(kernels, batch, operands);
    for (const m of [1, 2, 3, 4, 6]) {
      const some = runProduct(kernels, { ...batch, m }, { ...operands, before: new Float32Array(m * n) });
      expect(firstDifference(some, whole.slice(0, m * n)), `m=${m} n=${n} k=${k}`).toBe(-1);
    }
  }
});

test('gemm_f32: without products the output is activation(bias), or stays when accumulating', () => {
  const shape = { m: 7, n: 9, k: 0 };
  const { bias, before } = operandsOf(shape);
  const relu = runProduct(kernels, { ...shape, bias: true, activation: UnaryKind.Relu });
  expect(relu).toEqual(Float32Array.from({ length: 63 }, (_, i) => Math.max(bias[i % 9]!, 0)));
  expect(runProduct(kernels, shape)).toEqual(new Float32Array(63));
  expect(runProduct(kernels, { ...shape, accumulate: true })).toEqual(before);
});

test('gemm_f32: relu is applied once, after the last product', () => {
  for (const [m, n] of [
    [1, 40],
    [3, 17],
    [12, 16],
    [13, 11],
    [20, 2],
  ] as const) {
    for (const k of [3, BLOCK_K + 5]) {
      const linear = { m, n, k, bias: true, gap: 2, seed: m };
      const x = runProduct(kernels, linear);
      const y = runProduct(kernels, { ...linear, activation: UnaryKind.Relu });
      const expected = withoutGaps(x, m, n, n + 2).map((value) => Math.max(value, 0));
      expect(firstDifference(withoutGaps(y, m, n, n + 2), expected)).toBe(-1);
    }
  }
});

test('gemm_f32: any activation at its end gives what Unary gives on the linear product', () => {
  for (const [m, n] of [
    [1, 17],
    [7, 9],
    [13, 3],
  ] as const) {
    for (const activation of [UnaryKind.LeakyRelu, UnaryKind.GeluErf, UnaryKind.Tanh, UnaryKind.Clip]) {
      const linear = { m, n, k: BLOCK_K + 1, bias: true, alpha: 0.1, beta: 0.5, gap: 1 };
      const x = withoutGaps(runProduct(kernels, linear), m, n, n + 1);
      const y = withoutGaps(runProduct(kernels, { ...linear, activation }), m, n, n + 1);
      const unary = { kind: activation, out: output(m * n), x, n: m * n, alpha: 0.1, beta: 0.5 };
      expect(firstDifference(y, kernels.run('Unary', unary).outputs['out']!)).toBe(-1);
    }
  }
});

test('gemm_f32: NaN and infinity reach exactly the outputs that they belong to', () => {
  for (const [m, n] of [
    [1, 33],
    [4, 3],
    [13, 17],
    [9, 1],
  ] as const) {
    for (const form of forms) {
      for (const poison of [NaN, Infinity]) {
        const shape = { m, n, k: 9, ...form };
        const operands = operandsOf(shape);
        operands.a.fill(0);
        operands.b.fill(0);
        operands.b[form.transposeB ? 5 : 5 * n] = poison; // B[5, 0]: 0 · ∞ and 0 · NaN are both NaN
        for (const activation of [UnaryKind.Linear, UnaryKind.Relu]) {
          const out = runProduct(kernels, { ...shape, activation }, operands);
          out.forEach((value, i) => expect(value).toBe(i % n === 0 ? NaN : 0));
        }
      }
    }
  }
});

test('gemm_f32: relu turns −0 into +0 and keeps infinities', () => {
  for (const m of [1, 6]) {
    const shape = { m, n: 8, k: 1, activation: UnaryKind.Relu, bias: true };
    const operands = operandsOf(shape);
    operands.a.fill(0);
    operands.b.fill(-1);
    operands.bias.set([-0, Infinity, -Infinity, -1, 1, NaN, 0, -0]);
    const out = runProduct(kernels, shape, operands).slice(0, 8);
    expect(Array.from(out)).toEqual([0, Infinity, 0, 0, 1, NaN, 0, 0]);
  }
});

test('gemm_f32: the plain build rounds product and sum, the relaxed one may fuse them', () => {
  const x = 1 + 2 ** -12;
  for (const [m, n] of [
    [1, 1],
    [1, 16],
    [4, 2],
    [6, 8],
    [13, 9],
  ] as const) {
    const shape = { m, n, k: 1, bias: true };
    const operands = operandsOf(shape);
    operands.a.fill(x);
    operands.b.fill(x);
    operands.bias.fill(-1);
    const separate = Math.fround(Math.fround(x * x) - 1);
    const fused = Math.fround(x * x - 1);
    expect(fused).not.toBe(separate);
    for (const value of runProduct(kernels, shape, operands))
      expect(variant === 'relaxed' ? [separate, fused] : [separate]).toContain(value);
  }
});

test('gemm_f32: a product of real size matches the reference', () => {
  checkProduct(kernels, { m: 64, n: 128, k: 300, bias: true, seed: 9 });
  checkProduct(kernels, { m: 128, n: 100, k: 64, transposeA: true, seed: 10 });
  checkProduct(kernels, { m: 64, n: 100, k: 128, transposeB: true, seed: 11 });
});
