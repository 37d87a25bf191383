// The simulation itself: time, order, monitors, snapshots, determinism, and what is refused.
import { describe, expect, test, vi } from 'vitest';
import { cuba } from '../../bench/biology/networks.ts';
import {
  connect,
  exponential,
  GOhm,
  Hz,
  izhikevich,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  noise,
  nS,
  oneToOne,
  pA,
  pF,
  poissonGroup,
  poissonInput,
  Quantity,
  s,
  setRate,
  simulation,
  spikeTimes,
  stimulate,
  uniform,
} from '../../src/biology/index.ts';
import { poissonLevels } from '../../src/biology/sources.ts';

const model = lif({ capacitance: pF(200), tauMembrane: ms(20), vRest: mV(-60), vThreshold: mV(-50), current: pA(300) });

describe('quantities', () => {
  test('know their unit and convert', () => {
    expect(String(ms(5))).toBe('5 ms');
    expect(s(0.005).in(ms)).toBe(5);
    expect(ms(5) instanceof Quantity).toBe(true);
    expect(() => ms(5).in(mV as never)).toThrow('expected a unit of time, got mV, a unit of voltage');
    // @ts-expect-error a millivolt for a millisecond does not compile
    expect(() => exponential({ tau: mV(5) })).toThrow('exponential: tau: expected a time such as ms(10), got 5 mV');
    // @ts-expect-error nor does a plain number
    expect(() => exponential({ tau: 5 })).toThrow('exponential: tau: expected a time such as ms(10), got 5');
  });

  test.each([
    [{ vRest: ms(1) }, 'lif: vRest: expected a voltage such as mV(-65), got 1 ms'],
    [{ tauMembrane: ms(0.05) }, 'a time constant of 0.05 ms is shorter than the step of 0.1 ms'],
    [{ tauMembrane: ms(0) }, 'lif: tauMembrane: expected values above 0, got 0 ms'],
    [{ resistance: GOhm(1) }, 'expected two of capacitance, leakConductance, tauMembrane, resistance'],
    [
      { receptors: { e: exponential({ tau: ms(0.01) }) } },
      'the time constant 0.01 ms of receptor "e" is shorter than the step of 0.1 ms',
    ],
    [{ vThreshold: mV.each([1, 2]) }, 'expected 3 values, got 2'],
  ])('a neuron with %o is refused', async (wrong, message) => {
    const sim = await simulation({ dt: ms(0.1) });
    const options = { capacitance: pF(200), tauMembrane: ms(20), vRest: mV(-60), vThreshold: mV(-50), ...wrong };
    expect(() => neuronGroup(sim, 3, lif(options as never))).toThrow(message);
  });
});

test('time goes on in whole steps', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  neuronGroup(sim, 1, model);
  await sim.run(ms(1));
  await sim.run(s(0.002));
  expect(sim.time.in(ms)).toBeCloseTo(3, 12);
  await expect(sim.run(ms(0.25))).rejects.toThrow('run: 0.25 ms is not a whole number of steps of 0.1 ms');
  await expect(sim.run(ms(0))).rejects.toThrow('run: expected a time above 0, got 0 ms');
  expect(() => neuronGroup(sim, 1, model)).toThrow('the simulation has run already');
});

test('parts of a run are the whole run, bit for bit, whatever monitors are there', async () => {
  const results = [];
  for (const parts of [[200], [1, 99, 100], [50, 50, 50, 50]]) {
    const { sim, spikes } = await cuba({ size: 500, seed: 4 });
    for (const part of parts) await sim.run(ms(part));
    results.push([...spikes.times, ...spikes.neurons]);
  }
  expect(results[0]!.length).toBeGreaterThan(100);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test('a snapshot goes on to the same bits, monitors included', async () => {
  const sim = await simulation({ dt: ms(0.1), seed: 9 });
  const group = neuronGroup(sim, 50, model, { initial: { v: uniform(mV(-60), mV(-50)) } });
  noise(group, mV(1));
  const source = poissonGroup(sim, 50, Hz(100));
  connect(source, group, { pattern: oneToOne(), receptor: 'v', weight: mV(2), delay: uniform(ms(0), ms(5)) });
  const [spikes, trace] = [monitor(group, 'spikes'), monitor(group, 'v', { neurons: [3], every: ms(1) })];
  await sim.run(ms(100));
  const snapshot = sim.snapshot();
  await sim.run(ms(100));
  const first = [[...spikes.times], [...trace.values('v', 3)], [...group.get('v')]];
  sim.restore(snapshot);
  expect(sim.time.in(ms)).toBeCloseTo(100, 9);
  await sim.run(ms(100));
  expect([[...spikes.times], [...trace.values('v', 3)], [...group.get('v')]]).toEqual(first);
  monitor(group, 'spikes');
  expect(() => sim.restore(snapshot)).toThrow('the simulation was changed after the snapshot was taken');
});

test('a run reports its progress and can be stopped between two reports', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  neuronGroup(sim, 1, model);
  const onProgress = vi.fn();
  await sim.run(ms(10), { onProgress, interval: ms(2.5) });
  expect(onProgress.mock.calls.map(([{ fraction }]) => fraction)).toEqual([0.25, 0.5, 0.75, 1]);
  const controller = new AbortController();
  const stopped = sim.run(ms(10), { signal: controller.signal, interval: ms(1), onProgress: () => controller.abort() });
  await expect(stopped).rejects.toThrow('aborted');
  expect(sim.time.in(ms)).toBeCloseTo(11, 9);
});

describe('monitors', () => {
  test('of states record every so often, from a full buffer on as before', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 3, izhikevich('regularSpiking'));
    const all = monitor(group, ['v', 'u']);
    const some = monitor(group.slice(1), 'v', { neurons: [1], every: ms(0.5) });
    await sim.run(ms(100));
    expect(all.times.length).toBe(1000);
    expect(some.times.length).toBe(200);
    expect(some.times[3]).toBeCloseTo(1.5, 12);
    some.values('v', 1).forEach((v, k) => expect(v).toBe(all.values('v', 2)[5 * k]));
    expect(() => all.values('w')).toThrow('w of neuron 0 is not recorded');
    expect(() => monitor(group, 'x')).toThrow('unknown state of izhikevich 0 "x"');
    expect(() => monitor(group, 'v', { neurons: [3] })).toThrow('expected neurons from 0 to 2, got 3');
  });

  test('of spikes survive a full buffer', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const busy = lif({
      capacitance: pF(1),
      tauMembrane: ms(20),
      vRest: mV(-60),
      vThreshold: mV(-60.5),
      vReset: mV(-60),
    });
    const group = neuronGroup(sim, 100, busy);
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(20));
    expect(spikes.count).toBe(20000);
    expect(spikes.train(7).length).toBe(200);
    expect([...spikes.train(7).subarray(0, 2)]).toEqual([0.1, 0.2]);
  });

  test('keep no more than they may', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 10, model);
    const states = monitor(group, 'v', { maximumBytes: 10000 });
    expect(states.bytesFor(ms(100))).toBe(88000);
    await expect(sim.run(ms(100))).rejects.toThrow(
      'the run would keep 88000 bytes, more than 10000; record less often',
    );
    expect(sim.time.in(ms)).toBe(0);
    await sim.run(ms(10));
    expect(states.times.length).toBe(100);
  });
});

test('a state that is no longer finite stops the run, naming group, neuron and time', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const group = neuronGroup(sim, 3, model, { name: 'cells' });
  stimulate(group, (t) => pA(t > 5 ? 1e300 * t : 0), { duration: ms(10) });
  group.set('v', mV.each([-60, -60, -60]));
  await sim.run(ms(1));
  const other = await simulation({ dt: ms(1) });
  const wild = neuronGroup(other, 2, izhikevich({ a: 0.02, b: 1e200, c: -65, d: 8 }), { name: 'wild' });
  expect(wild.size).toBe(2);
  await expect(other.run(ms(100))).rejects.toThrow(/^wild: [vu] of neuron 0 is (NaN|-?Infinity) at \d+ ms/);
});

describe('sources', () => {
  test('Poisson neurons have the rate and the irregularity of their name', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 2 });
    const group = poissonGroup(sim, 101, Hz(50));
    const spikes = monitor(group, 'spikes');
    await sim.run(ms(5000));
    const expected = 101 * 50 * 5;
    expect(Math.abs(spikes.count - expected)).toBeLessThan(4 * Math.sqrt(expected));
    const each = Array.from({ length: 101 }, (_, i) => spikes.train(i).length);
    const variance = each.reduce((sum, n) => sum + (n - 250) ** 2, 0) / 101;
    expect(variance / 250).toBeGreaterThan(0.6);
    expect(variance / 250).toBeLessThan(1.5);
  });

  test('Poisson neurons can be given other rates', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 3 });
    const each = poissonGroup(sim, 20, Hz.each(Array.from({ length: 20 }, () => 0)));
    const all = poissonGroup(sim, 20, Hz(0));
    const [eachSpikes, allSpikes] = [monitor(each, 'spikes'), monitor(all, 'spikes')];
    await sim.run(ms(100));
    expect(eachSpikes.count + allSpikes.count).toBe(0);
    setRate(each, Hz.each(Array.from({ length: 20 }, (_, i) => (i < 10 ? 0 : 100))));
    setRate(all, Hz(100));
    await sim.run(ms(1000));
    expect(Math.abs(eachSpikes.count - 1000)).toBeLessThan(150);
    expect(Math.min(...eachSpikes.neurons)).toBe(10);
    expect(Math.abs(allSpikes.count - 2000)).toBeLessThan(200);
    setRate(each, Hz(0));
    const before = eachSpikes.count;
    await sim.run(ms(10));
    expect(eachSpikes.count).toBe(before);
    expect(() => setRate(all, Hz.each(Array.from({ length: 20 }, () => 1)))).toThrow('was made with one rate for all');
    expect(() => setRate(all, Hz(-1))).toThrow('expected a rate from 0');
  });

  test('levels invert the Poisson distribution', () => {
    const levels = poissonLevels(2);
    expect(levels[0]! / 2 ** 32).toBeCloseTo(Math.exp(-2), 9);
    expect((levels[1]! - levels[0]!) / 2 ** 32).toBeCloseTo(2 * Math.exp(-2), 9);
    expect(poissonLevels(0)).toEqual([]);
    expect(poissonLevels(300).length).toBeLessThan(450);
  });

  test('the input of many sources has mean and variance n r dt', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 2 });
    const group = neuronGroup(
      sim,
      10000,
      lif({ capacitance: pF(1), tauMembrane: ms(1e9), vRest: mV(0), vThreshold: mV(1e6) }),
    );
    poissonInput(group, { receptor: 'v', sources: 100, rate: Hz(30), weight: mV(1) });
    await sim.run(ms(10));
    const v = group.get('v');
    const mean = v.reduce((a, b) => a + b) / 10000;
    const variance = v.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 10000;
    expect(Math.abs(mean - 30)).toBeLessThan(0.3);
    expect(Math.abs(variance - 30)).toBeLessThan(2);
  });

  test('noise has its deviation after a time, whatever the step', async () => {
    for (const dt of [0.1, 1]) {
      const sim = await simulation({ dt: ms(dt), seed: 2 });
      const group = neuronGroup(
        sim,
        5000,
        lif({ capacitance: pF(1), tauMembrane: ms(1e9), vRest: mV(0), vThreshold: mV(1e6) }),
      );
      noise(group, mV(2));
      await sim.run(ms(25));
      const variance = group.get('v').reduce((sum, x) => sum + x * x, 0) / 5000;
      expect(Math.abs(Math.sqrt(variance) - 10)).toBeLessThan(0.4);
    }
  });

  test('scripted spikes refuse what cannot be', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    expect(() => spikeTimes(sim, 2, { neurons: [2], times: ms.each([1]) })).toThrow(
      'expected neurons from 0 to 1, got 2',
    );
    expect(() => spikeTimes(sim, 2, { neurons: [0], times: ms.each([0]) })).toThrow('from the first step of 0.1 ms on');
    expect(() => spikeTimes(sim, 2, { neurons: [0], times: ms.each([1, 2]) })).toThrow(
      'as many neurons as times, got 1 and 2',
    );
    const source = spikeTimes(sim, 2, { neurons: [0], times: ms.each([1]) });
    expect(() => connect(source, source, { pattern: oneToOne(), receptor: 'v', weight: nS(1) })).toThrow('is a source');
  });
});
