// Pinsky and Rinzel's cell: rest, bursts by a weak current, single spikes by a strong one.
import { describe, expect, test } from 'vitest';
import {
  connect,
  monitor,
  ms,
  mSPerCm2,
  mV,
  neuronGroup,
  oneToOne,
  pinskyRinzel,
  simulation,
  spikeTimes,
  stimulate,
  uAPerCm2,
  type PinskyRinzelOptions,
} from '../../src/biology/index.ts';

/** Two seconds with a steady current into the soma. */
async function run(current: number, options: PinskyRinzelOptions = {}) {
  const sim = await simulation({ dt: ms(0.02) });
  const cell = neuronGroup(sim, 1, pinskyRinzel({ ...options, current: uAPerCm2(current) }));
  const spikes = monitor(cell, 'spikes');
  const trace = monitor(cell, 'vDendrite', { every: ms(0.1) });
  await sim.run(ms(2000));
  const times = [...spikes.times].filter((t) => t > 500);
  return {
    intervals: times.slice(1).map((t, k) => t - times[k]!),
    v: cell.get('v')[0]!,
    dendrite: Math.max(...trace.values('vDendrite').slice(5000)),
  };
}

test('rests at −64.43 mV', async () => {
  const { intervals, v } = await run(-0.5);
  expect(intervals).toEqual([]);
  expect(v).toBeCloseTo(-64.43, 2);
});

describe('a weak current', () => {
  test('makes doublets on a calcium spike of the dendrite, two bursts a second', async () => {
    const { intervals, dendrite } = await run(0.75);
    const [within, between] = [intervals.filter((t) => t < 20), intervals.filter((t) => t >= 20)];
    expect(within.length).toBeGreaterThan(1);
    for (const t of within) expect(Math.abs(t - 3.9)).toBeLessThan(0.4);
    for (const t of between) expect(Math.abs(t - 495)).toBeLessThan(10);
    expect(dendrite).toBeGreaterThan(4);
    expect(dendrite).toBeLessThan(8);
  });

  test('makes the more of them the stronger it is', async () => {
    const { intervals, dendrite } = await run(1);
    const bursts = intervals.filter((t) => t > 100);
    expect(1000 / bursts[0]!).toBeGreaterThan(2.4);
    expect(1000 / bursts[0]!).toBeLessThan(3.1);
    expect(dendrite).toBeGreaterThan(-5);
  });
});

test('a strong current makes single spikes at about 50 Hz, without calcium spikes', async () => {
  const { intervals, dendrite } = await run(3);
  expect(intervals.length).toBeGreaterThan(60);
  for (const t of intervals) {
    expect(t).toBeGreaterThan(18);
    expect(t).toBeLessThan(20.5);
  }
  expect(dendrite).toBeLessThan(-10);
});

test('without coupling the soma spikes alone and the dendrite stays', async () => {
  const { intervals, dendrite } = await run(3, { coupling: mSPerCm2(0) });
  expect(intervals.length).toBeGreaterThan(10);
  expect(dendrite).toBeLessThan(-50);
});

test('takes currents at both ends, and synapses', async () => {
  const sim = await simulation({ dt: ms(0.05) });
  const cells = neuronGroup(sim, 3, pinskyRinzel());
  const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([5]) });
  connect(input, cells.slice(1, 2), { pattern: oneToOne(), receptor: 'dendrite', weight: uAPerCm2(300) });
  connect(input, cells.slice(2, 3), { pattern: oneToOne(), receptor: 'current', weight: uAPerCm2(300) });
  stimulate(cells, () => uAPerCm2(0.1), { duration: ms(20) });
  const trace = monitor(cells, ['v', 'vDendrite']);
  await sim.run(ms(5.5));
  const last = (state: string, cell: number) => trace.values(state, cell).at(-1)!;
  expect(last('vDendrite', 1)).toBeGreaterThan(last('v', 1));
  expect(last('v', 2)).toBeGreaterThan(last('vDendrite', 2));
  expect(last('v', 1)).toBeGreaterThan(last('v', 0));
});

test.each([
  [{ somaPart: 1 }, 'expected somaPart between 0 and 1, got 1'],
  [{ sodium: mSPerCm2(-1) }, 'pinskyRinzel: sodium: expected no density below 0, got -1 mS/cm²'],
  [{ calcium: mV(1) }, 'pinskyRinzel: calcium: expected a conductance density such as mSPerCm2(120), got 1 mV'],
])('%o is refused', (options, message) => {
  expect(() => pinskyRinzel(options as never)).toThrow(message);
});
