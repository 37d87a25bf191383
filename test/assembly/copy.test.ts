import { expect, test } from 'vitest';
import { transpose } from '../../reference/linalg.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const offsets = [0, 4, 8, 12];

test('transpose_f32: every rows × columns is the transposed matrix', () => {
  for (const rows of awkwardLengths)
    for (const columns of awkwardLengths) {
      const x = randomFloats(rows * columns, rows + 100 * columns);
      const offset = offsets[(rows + columns) % 4];
      const { outputs } = kernels.run('Transpose', { out: output(rows * columns), x, batch: 1, rows, columns }, offset);
      expect(outputs['out']).toEqual(transpose(x, rows, columns));
    }
});

test('transpose_f32: each matrix of a batch is transposed by itself', () => {
  for (const [batch, rows, columns] of [
    [0, 3, 5],
    [2, 5, 3],
    [5, 7, 9],
    [3, 65, 70],
  ] as const) {
    const size = rows * columns;
    const x = randomFloats(batch * size, 3);
    const { outputs } = kernels.run('Transpose', { out: output(batch * size), x, batch, rows, columns });
    for (let b = 0; b < batch; b++)
      expect(outputs['out']!.slice(b * size, (b + 1) * size)).toEqual(
        transpose(x.slice(b * size, (b + 1) * size), rows, columns),
      );
  }
});

test('copy_f32: runs arrive at their strides and the gaps stay', () => {
  for (const rows of [0, 1, 2, 5])
    for (const columns of awkwardLengths)
      for (const [gapOut, gapX] of [
        [0, 0],
        [3, 0],
        [0, 2],
        [1, 4],
      ] as const) {
        const [strideOut, strideX] = [columns + gapOut, columns + gapX];
        const x = randomFloats(rows * strideX, 5);
        const before = randomFloats(rows * strideOut, 6);
        const expected = before.map((value, i) => {
          const [row, column] = [Math.floor(i / strideOut), i % strideOut];
          return column < columns ? x[row * strideX + column]! : value;
        });
        const operands = { out: output(before.length, before), x, rows, columns, strideOut, strideX };
        const { outputs } = kernels.run('Copy', operands, offsets[columns % 4]);
        expect(outputs['out']).toEqual(expected);
      }
});

test('copy_f32: a stride of 0 repeats one run', () => {
  const { outputs } = kernels.run('Copy', { out: output(6), x: [1, 2], rows: 3, columns: 2, strideOut: 2, strideX: 0 });
  expect(outputs['out']).toEqual(Float32Array.of(1, 2, 1, 2, 1, 2));
});

test('copy_f32 and transpose_f32: bits that are no number arrive as they are', () => {
  const x = Uint32Array.of(0x7fa00001, 0xffffffff, 0x80000000, 1);
  const bits = (out: Float32Array) => Array.from(new Uint32Array(out.buffer));
  const copied = kernels.run('Copy', { out: output(4), x, rows: 2, columns: 2, strideOut: 2, strideX: 2 });
  expect(bits(copied.outputs['out']!)).toEqual(Array.from(x));
  const turned = kernels.run('Transpose', { out: output(4), x, batch: 1, rows: 2, columns: 2 });
  expect(bits(turned.outputs['out']!)).toEqual([0x7fa00001, 0x80000000, 0xffffffff, 1]);
});

test.each(awkwardLengths)('fill_f32: n=%i', (n) => {
  for (const offset of offsets)
    for (const value of [0, -0, 1.5, NaN, -Infinity]) {
      const { outputs } = kernels.run('Fill', { out: output(n, new Float32Array(n).fill(7)), n, value }, offset);
      expect(outputs['out']).toEqual(new Float32Array(n).fill(value));
    }
});
