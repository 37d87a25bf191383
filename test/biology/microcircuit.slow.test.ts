// The microcircuit of Potjans and Diesmann at a tenth of its size.
import { expect, test, vi } from 'vitest';
import {
  fullSizes,
  microcircuit,
  populations,
  referenceRates,
  synapsesBetween,
} from '../../bench/biology/microcircuit.ts';
import { ms } from '../../src/biology/index.ts';

vi.setConfig({ testTimeout: 600_000 });

test('the full circuit has 298,880,969 synapses between 77,169 neurons', () => {
  const all = populations.flatMap((_, target) => populations.map((_, source) => synapsesBetween(target, source)));
  expect(Math.abs(all.reduce((a, b) => a + b) - 298_880_969)).toBeLessThan(2);
  expect(fullSizes.reduce((a, b) => a + b)).toBe(77_169);
});

test("a tenth has the full circuit's rates within a half, in their order", async () => {
  const { sim, groups, spikes, synapses } = await microcircuit({ scale: 0.1 });
  expect(Math.abs(synapses / 2_988_810 - 1)).toBeLessThan(0.001);
  await sim.run(ms(2000));
  const rates = spikes.map(({ times }, k) => times.filter((t) => t > 500).length / groups[k]!.size / 1.5);
  rates.forEach((rate, k) => {
    // so small, L2/3E is at a little less than half its rate; at three tenths it is at 0.64 Hz
    const off = populations[k] === 'L2/3E' ? 0.6 : 0.5;
    expect(Math.abs(rate / referenceRates[k]! - 1), populations[k]).toBeLessThan(off);
  });
  const order = ['L5I', 'L6I', 'L5E', 'L4I', 'L4E', 'L2/3I', 'L6E', 'L2/3E'] as const;
  const sorted = order.map((name) => rates[populations.indexOf(name)]!);
  expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
});
