import { expect, test } from 'vitest';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();

/** alpha · x + y in float64; the kernel rounds once or twice. */
const expected = (alpha: number, x: Float32Array, y: Float32Array) => x.map((value, i) => alpha * value + y[i]!);

test.each(awkwardLengths)('axpy_f32: n=%i at every offset, and in place of either operand', (n) => {
  const [x, y] = [randomFloats(n, 1), randomFloats(n, 2)];
  const wanted = expected(0.75, x, y);
  for (const offset of [0, 4, 8, 12]) {
    const { outputs, finished } = kernels.run('Axpy', { out: output(n), x, y, n, alpha: 0.75 }, offset);
    expect(finished).toBe(true);
    outputs['out']!.forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(3e-7));
  }
  const { memory } = kernels.instance;
  const [atX, atY] = [memory.allocate(4 * n + 4), memory.allocate(4 * n + 4)];
  for (const out of [atX, atY]) {
    memory.floats(atX, n).set(x);
    memory.floats(atY, n).set(y);
    kernels.run('Axpy', { out, x: atX, y: atY, n, alpha: 0.75 });
    memory.floats(out, n).forEach((value, i) => expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(3e-7));
  }
  memory.release(atX);
  memory.release(atY);
});

test('axpy_f32: NaN and infinity go through', () => {
  const x = Float32Array.of(NaN, 1, Infinity, 0, -1);
  const y = Float32Array.of(1, NaN, 1, 2, Infinity);
  const { outputs } = kernels.run('Axpy', { out: output(5), x, y, n: 5, alpha: 2 });
  expect(outputs['out']).toEqual(Float32Array.of(NaN, NaN, Infinity, 2, Infinity));
});
