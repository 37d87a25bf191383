import { describe, expect, test } from 'vitest';
import { awkwardLengths, kernelRunner, output } from '../helpers/kernel.ts';

const { run } = await kernelRunner();

describe('OneHot', () => {
  test.each(awkwardLengths)('columns=%i: a one where the index says, zeros elsewhere', (columns) => {
    const index = Int32Array.from([0, 1, columns - 1, columns, -1, 0x7fffffff, columns >> 1]);
    for (const offset of [0, 4, 8, 12]) {
      const { outputs } = run('OneHot', { out: output(7 * columns), index, rows: 7, columns }, offset);
      const expected = Array.from(index, (at) => Array.from({ length: columns }, (_, c) => Number(c === at))).flat();
      expect([...outputs['out']!]).toEqual(expected);
    }
  });

  test('no rows write nothing', () => {
    expect(
      run('OneHot', { out: output(0), index: new Int32Array(0), rows: 0, columns: 5 }).outputs['out'],
    ).toHaveLength(0);
  });
});
