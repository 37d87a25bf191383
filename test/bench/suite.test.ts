import { describe, expect, test } from 'vitest';
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import { forwardFunction } from '../../src/model/functions.ts';
import type { Case } from '../../src/node/bench/case.ts';
import { kernelCases } from '../../src/node/bench/kernels/index.ts';
import { predictionCases, trainingCases } from '../../src/node/bench/models.ts';
import { networkModel, networks } from '../../src/node/bench/networks.ts';
import { plotRows } from '../../src/node/bench/plot.ts';
import { costOf } from '../../src/node/bench/costs.ts';
import { profileProgram } from '../../src/node/bench/profile.ts';
import { boundOf, runSuite, type Limits } from '../../src/node/bench/suite.ts';
import { formatFailures, formatRows } from '../../src/node/bench/table.ts';

const quick = { rounds: 2, sample: 0.1, warmUp: 0 };
const options = { variant: 'simd' } as const;
const limits: Limits = {
  gflops: 10,
  bandwidth: [
    { bytes: 100, gigabytes: 100 },
    { bytes: 1000, gigabytes: 10 },
  ],
};

describe('cases', () => {
  test('every kernel, prediction and training step gives the reference result', async () => {
    const cases = [
      ...kernelCases(new CoreInstance(await loadCore(options))).filter(({ flops = 0 }) => flops < 1e8),
      ...(await predictionCases(options)),
      ...(await trainingCases(options)),
    ];
    for (const one of cases) {
      const { difference, tolerance } = await one.check();
      expect(difference, one.work.name).toBeLessThanOrEqual(tolerance);
    }
  });
});

describe('runSuite', () => {
  const work = { name: 'wrong', repeat: () => expect.unreachable('it is not to be timed') };
  const wrong: Case = { group: 'g', work, check: () => ({ difference: 0.5, tolerance: 1e-5 }) };

  test('a case whose result is wrong is not timed and counts as failed, with its difference', async () => {
    const { rows, failures } = await runSuite([wrong], 'simd', quick);
    expect(rows).toEqual([]);
    expect(failures).toEqual([{ group: 'g', name: 'wrong', difference: 0.5, tolerance: 1e-5 }]);
    expect(formatFailures(failures)).toBe(
      'FAILED wrong: its result differs from the reference by 0.500, at most 0.00001 is allowed',
    );
  });

  test('a result of NaN counts as failed', async () => {
    const { failures } = await runSuite(
      [{ ...wrong, check: () => ({ difference: NaN, tolerance: 1 }) }],
      'simd',
      quick,
    );
    expect(failures).toHaveLength(1);
  });

  test('rows have rates, shares and groups in the table and in the plot', async () => {
    const cases = kernelCases(new CoreInstance(await loadCore(options))).filter(({ group }) => group === 'dot');
    const { rows } = await runSuite(cases, 'simd', quick);
    expect(rows.map(({ name, unit }) => [name, unit])).toEqual([
      ['dot 784', 'GB/s'],
      ['dot 16384', 'GB/s'],
    ]);
    expect(rows.every(({ rate, share }) => rate! > 0 && share! > 0)).toBe(true);
    expect(formatRows(rows).split('\n')[1]).toBe('dot');
    const svg = plotRows(rows, 'a <title>');
    expect(svg).toMatch(/^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain('a &lt;title');
  });

  test('the bound is the slower of arithmetic and memory, at the bandwidth of the memory that is worked on', () => {
    expect(boundOf({ flops: 1e10, bytes: 50 }, limits)).toEqual({ seconds: 1, bound: 'arithmetic' });
    expect(boundOf({ bytes: 50 }, limits)).toEqual({ seconds: 5e-10, bound: 'memory' });
    expect(boundOf({ bytes: 5000 }, limits)).toEqual({ seconds: 5e-7, bound: 'memory' });
    expect(boundOf({ bytes: 5000, resident: 100 }, limits)).toEqual({ seconds: 5e-8, bound: 'memory' });
  });
});

describe('profile', () => {
  test('every instruction of a prediction is a row, and the model answers as before', async () => {
    const network = networks['2-8-1']!;
    const model = await networkModel(network, options);
    const before = model.predict([[0.5, -1]]).data[0];
    const executable = model.programs.place(forwardFunction(model.topology, 1), { keepAll: true });
    const { whole, rows } = await profileProgram(executable, 'whole', 'simd', quick);
    executable.release();
    expect(whole.name).toBe('whole');
    expect(rows).toHaveLength(2);
    expect(rows.map(({ group }) => group)).toEqual(['layers.0', 'layers.1']);
    expect(model.predict([[0.5, -1]]).data[0]).toBe(before);
  });

  test('a product costs 2·m·n·k operations, an update its parameter, its gradient and its slots', () => {
    expect(costOf({ opcode: 'Gemm', operands: { m: 2, n: 3, k: 5 } })).toEqual({ flops: 60, bytes: 4 * (10 + 15 + 6) });
    const adam = { n: 10, slot0: 64, slot1: 128, slot2: 0 };
    expect(costOf({ opcode: 'Update', operands: adam })).toEqual({ flops: 0, bytes: 280 });
    expect(costOf({ opcode: 'Unary', operands: { n: 10 } })).toEqual({ flops: 0, bytes: 80 });
  });

  test('a convolution costs its windows, depthwise of one channel; a time loop its recurrent products', () => {
    const image = { batch: 2, depth: 1, height: 5, width: 5, channels: 4, outDepth: 1, outHeight: 3, outWidth: 3 };
    const window = { kernelDepth: 1, kernelHeight: 3, kernelWidth: 3 };
    const grouped = { ...image, ...window, outChannels: 6, groups: 2 };
    expect(costOf({ opcode: 'Convolve', operands: grouped })).toEqual({
      flops: 2 * (2 * 9 * 6) * (9 * 2),
      bytes: 4 * (2 * 25 * 4 + 2 * 9 * 6 + 9 * 2 * 6),
    });
    expect(costOf({ opcode: 'Depthwise', operands: { ...image, ...window } }).flops).toBe(2 * (2 * 9 * 4) * 9);
    const lstm = { kind: 2, batch: 3, time: 5, units: 7 };
    expect(costOf({ opcode: 'Recurrent', operands: lstm }).flops).toBe(2 * 15 * 7 * 28);
    const attention = { batch: 2, heads: 3, size: 4, queries: 5, keys: 6 };
    expect(costOf({ opcode: 'Attention', operands: attention }).flops).toBe(4 * 2 * 5 * 6 * 12);
  });
});
