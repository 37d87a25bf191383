import { expect, test } from 'vitest';
import { UnaryKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';

const kernels = await kernelRunner();

test.each(awkwardLengths)('relu: n=%i', (n) => {
  for (const offset of [0, 4, 8, 12]) {
    const x = randomFloats(n, n);
    const { outputs, finished } = kernels.run(
      'Unary',
      { kind: UnaryKind.Relu, out: output(n), x, n, alpha: 0, beta: 0 },
      offset,
    );
    expect(finished).toBe(true);
    expect(outputs['out']).toEqual(x.map((v) => Math.max(v, 0)));
  }
});
