import { describe, expect, test } from 'vitest';
import { benchmarkData, relativeDifference } from '../../src/node/bench/case.ts';
import { bandwidthWork, peakWork } from '../../src/node/bench/peak.ts';
import { median, pairedRatio, quantile, statistics } from '../../src/node/bench/statistics.ts';
import { alignColumns, formatSeconds } from '../../src/node/bench/table.ts';
import { calibrate, measure, type Work } from '../../src/node/bench/timing.ts';
import { engineFeatures } from '../../src/core/features.ts';

describe('statistics', () => {
  test('median: the value in the middle, or the mean of the two there', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('quantile: between two neighbours by their distance', () => {
    expect(quantile([0, 10, 20, 30, 40], 0.25)).toBe(10);
    expect(quantile([0, 10], 0.75)).toBe(7.5);
  });

  test('statistics: median, minimum, and the middle half as a share of the median', () => {
    expect(statistics([10, 9, 11, 12, 8])).toEqual({ median: 10, minimum: 8, spread: 0.2, rounds: 5 });
    expect(() => statistics([])).toThrow('statistics: expected at least one value, got none');
  });

  test('pairedRatio: a machine that slows down for some rounds changes nothing', () => {
    expect(pairedRatio([2, 20, 2], [1, 10, 1])).toBe(2);
    expect(pairedRatio([2, 2], [1, 1, 100])).toBe(2);
  });

  test('relativeDifference: NaN and another length are no match', () => {
    expect(relativeDifference([1, 2], [1, 4])).toBe(0.5);
    expect(relativeDifference([NaN], [1])).toBeNaN();
    expect(relativeDifference([1], [1, 2])).toBe(Infinity);
  });

  test('benchmarkData: the same numbers for the same seed, in [-1, 1)', () => {
    expect(benchmarkData(100, 5)).toEqual(benchmarkData(100, 5));
    expect(benchmarkData(1000, 6).every((value) => value >= -1 && value < 1)).toBe(true);
  });
});

describe('timing', () => {
  const counted = (name: string, log: string[]): Work => ({
    name,
    repeat: (times) => void log.push(`${name}${times}`),
  });

  test('measure: all pieces take turns, a sample each a round', async () => {
    const log: string[] = [];
    const wait = (name: string): Work => ({
      name,
      repeat(times) {
        log.push(name);
        const until = performance.now() + 0.05 * times;
        while (performance.now() < until);
      },
    });
    const timings = await measure([wait('a'), wait('b')], { rounds: 3, sample: 0.2, warmUp: 0 });
    expect(log.slice(-6)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(timings.map(({ name, rounds }) => [name, rounds])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
    expect(timings[0]!.minimum).toBeGreaterThan(4e-5);
  });

  test('calibrate: a piece that is over at once is repeated more often', async () => {
    const log: string[] = [];
    expect(await calibrate(counted('a', log), 1, 0)).toBeGreaterThan(100);
  });
});

describe('the limits of the machine', () => {
  test('the loops run and read what they should', () => {
    const variants = ['simd', ...(engineFeatures().relaxedSimd ? ['relaxed'] : [])] as const;
    for (const variant of variants) expect(() => peakWork(variant as 'simd').repeat(2)).not.toThrow();
    for (const size of [1 << 14, 1 << 23]) expect(() => bandwidthWork(size).repeat(3)).not.toThrow();
  });
});

describe('tables', () => {
  test('formatSeconds: three digits in the unit that fits', () => {
    expect([2, 0.0153, 4.2e-6, 7e-8, 3e-10].map(formatSeconds)).toEqual([
      '2.00 s',
      '15.3 ms',
      '4.20 µs',
      '70.0 ns',
      '0.300 ns',
    ]);
    expect(formatSeconds(NaN)).toBe('–');
  });

  test('alignColumns: the first flush left, the others right', () => {
    expect(
      alignColumns([
        ['', 'time'],
        ['a', '1'],
      ]),
    ).toBe('   time\na     1');
  });
});
