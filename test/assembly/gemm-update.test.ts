import { expect, test } from 'vitest';
import { UpdateKind } from '../../src/core/generated/instructions.ts';
import { gemmUpdateWorkspace, gradientRows } from '../../src/graph/operations/matmul-workspace.ts';
import { scalarOrder } from '../../src/optimizers/scalars.ts';
import { kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { operandsOf, runProduct } from '../helpers/product.ts';

const kernels = await kernelRunner();
const forms = [{}, { transposeB: true }, { transposeA: true }, { transposeA: true, transposeB: true }];

/** Adam's scalars, in their order; the others' first ones are alike. */
const values = { stepSize: 0.1, weightDecay: 0.01, decay: 0.99, beta1: 0.9, gradientShare: 0.1, beta2: 0.99, squareShare: 0.01, rootScale: 2, epsilon: 1e-3 }; // prettier-ignore
const scalars = (kind: 'Adam' | 'Sgd') =>
  Float32Array.from(scalarOrder[kind], (name) => (values as Record<string, number>)[name]!);

function stepOf(kind: 'Adam' | 'Sgd', n: number) {
  const slots = kind === 'Adam' ? 2 : 0;
  const slot = (index: number) => (index < slots ? output(n, randomFloats(n, 20 + index).map(Math.abs)) : 0);
  return {
    kind: UpdateKind[kind],
    parameter: output(n, randomFloats(n, 10)),
    slot0: slot(0),
    slot1: slot(1),
    slot2: 0,
    scalars: scalars(kind),
    scale: [0.5],
  };
}

test.each(forms)('a step by a product has the bits of Gemm and Update, $transposeA $transposeB', (form) => {
  for (const kind of ['Adam', 'Sgd'] as const)
    for (const [m, n, k, rows] of [
      [1, 4, 1, 1],
      [7, 9, 5, 3],
      [13, 33, 9, 12],
      [70, 17, 40, 60],
      [70, 40, 300, 100],
    ] as const) {
      const offset = m % 2 ? 4 : 0;
      const product = { m, n, k, offset, ...form };
      const operands = operandsOf(product);
      const gradient = runProduct(kernels, product, operands);
      const wanted = kernels.run('Update', { ...stepOf(kind, m * n), gradient, n: m * n }, offset).outputs;
      const { transposeA = false, transposeB = false } = form as { transposeA?: boolean; transposeB?: boolean };
      const workspace = gemmUpdateWorkspace(n, k, Math.min(rows, m), transposeA) / 4;
      const got = kernels.run(
        'GemmUpdate',
        {
          ...stepOf(kind, m * n),
          a: operands.a,
          b: operands.b,
          m,
          n,
          k,
          strideA: operands.strideA,
          strideB: operands.strideB,
          transposeA: +transposeA,
          transposeB: +transposeB,
          rows: Math.min(rows, m),
          workspace: output(workspace, new Float32Array(workspace).fill(NaN)),
        },
        offset,
      ).outputs;
      for (const name of Object.keys(wanted)) expect(got[name], `${kind} ${name} ${m}×${n}×${k}`).toEqual(wanted[name]);
    }
});

test('gradientRows: whole tiles of both builds, or all there are', () => {
  expect(gradientRows(784, 512)).toBe(120);
  expect(gradientRows(784, 100_000)).toBe(60);
  expect(gradientRows(7, 4)).toBe(7);
});
