import { test } from 'vitest';
import { awkwardLengths, kernelRunner } from '../helpers/kernel.ts';
import { checkProduct } from '../helpers/product.ts';

const kernels = await kernelRunner();

const wide = [...awkwardLengths, 32, 48, 63, 64, 65, 127, 129];
const depths = [0, 1, 3, 4, 5, 17, 300];
const few = [1, 2, 3, 4, 5];

test.each(few)('gemv_f32: M=%i against B as stored, at every width, matches the reference', (m) => {
  for (const n of wide)
    for (const k of depths) checkProduct(kernels, { m, n, k, gap: n % 2, offset: (n % 4) * 4, bias: true, seed: n });
});

test.each(few)('gemv_f32: M=%i against B transposed, at every width, matches the reference', (m) => {
  for (const n of wide)
    for (const k of depths)
      checkProduct(kernels, { m, n, k, transposeB: true, gap: n % 2, offset: (k % 4) * 4, accumulate: true, seed: n });
});

test.each(few)('gemv_f32: M=%i against packed panels, at every width, matches the reference', (m) => {
  for (const n of wide)
    for (const k of depths)
      checkProduct(kernels, { m, n, k, packed: true, transposeB: n % 2 === 0, offset: (n % 4) * 4, bias: true });
});

test.each([1, 2, 3, 4])('gemv_f32: N=%i, few columns under many rows, matches the reference', (n) => {
  for (const m of wide)
    for (const k of depths)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          checkProduct(kernels, { m, n, k, transposeA, transposeB, gap: m % 3, offset: (m % 4) * 4, bias: true });
});
