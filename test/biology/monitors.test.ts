// Monitors: rates and weights, and the ways to keep records: a ring, decimated, around triggers, written on.
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, describe, test } from 'vitest';
import {
  allToAll,
  connect,
  Hz,
  lif,
  monitor,
  motorUnits,
  ms,
  mV,
  neuronGroup,
  oneToOne,
  pA,
  pairStdp,
  pF,
  poissonGroup,
  rateUnits,
  simulation,
  spikeTimes,
  uniform,
  type Connection,
} from '../../src/biology/index.ts';

const silent = lif({ capacitance: pF(100), tauMembrane: ms(10), vRest: mV(-60), vThreshold: mV(1000) });

describe('of rates', () => {
  test('count the spikes of a slice in bins, over a full buffer', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 3 });
    const source = poissonGroup(sim, 40, Hz(100));
    const spikes = monitor(source.slice(10, 30), 'spikes');
    const fine = monitor(source.slice(10, 30), 'rate');
    const bins = monitor(source.slice(10, 30), 'rate', { every: ms(5) });
    await sim.run(ms(600));
    expect(fine.rates.length).toBe(6000);
    expect(bins.rates.length).toBe(120);
    expect(bins.times[1]).toBeCloseTo(7.5, 12);
    for (const [k, rate] of bins.rates.entries()) {
      const count = spikes.times.filter((t) => t > 5 * k + 1e-6 && t < 5 * k + 5.05).length;
      expect(rate).toBeCloseTo((count * 1000) / (20 * 5), 9);
    }
    const total = (rates: Float64Array) => rates.reduce((a, b) => a + b, 0);
    expect(total(fine.rates) * 20 * 1e-4).toBeCloseTo(spikes.count, 6);
    const smooth = bins.smooth(ms(10));
    expect(Math.max(...smooth)).toBeLessThan(Math.max(...bins.rates));
    expect(total(smooth) / 120).toBeCloseTo(total(bins.rates) / 120, -1);
  });

  test('begin their bins when they are made', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 3 });
    const source = poissonGroup(sim, 10, Hz(1000));
    await sim.run(ms(0.3));
    const bins = monitor(source, 'rate', { every: ms(1) });
    await sim.run(ms(3));
    expect([...bins.times].map((t) => Number(t.toFixed(9)))).toEqual([0.8, 1.8, 2.8]);
  });
});

/** A plastic connection whose weights move. */
async function learning(precision: 'float32' | 'float64' = 'float64') {
  const sim = await simulation({ dt: ms(0.1), seed: 5, precision });
  const source = poissonGroup(sim, 7, Hz(50));
  const target = neuronGroup(
    sim,
    3,
    lif({ capacitance: pF(100), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1) }),
  );
  connect(poissonGroup(sim, 3, Hz(50)), target, { pattern: oneToOne(), receptor: 'v', weight: mV(5) });
  const plasticity = pairStdp({ tauPlus: ms(20), tauMinus: ms(20), aPlus: pA(0.1), aMinus: pA(0.1), maximum: pA(2) });
  const connection = connect(source, target, { pattern: allToAll(), receptor: 'current', weight: pA(1), plasticity });
  return { sim, source, target, connection };
}

test('of spikes are refused where there never are any', async () => {
  const sim = await simulation({ dt: ms(1) });
  const rates = neuronGroup(sim, 2, rateUnits(), { name: 'units' });
  const muscle = neuronGroup(sim, 2, motorUnits({ twitchForce: 1, contractionTime: ms(90) }), { name: 'muscle' });
  for (const what of ['spikes', 'rate'] as const) {
    const got = `which never spikes, got "${what}"`;
    expect(() => monitor(rates, what)).toThrow(`monitor: expected ["rate"] of units, ${got}`);
    expect(() => monitor(muscle.slice(0, 1), what)).toThrow(`monitor: expected ["force"] of muscle, ${got}`);
  }
  const recorded = monitor(rates, ['rate']);
  await sim.run(ms(2));
  expect(recorded.times.length).toBe(2);
});

describe('of weights', () => {
  test('follow the synapses of a connection', async () => {
    const { sim, connection } = await learning();
    const all = monitor(connection, 'weights', { every: ms(100) });
    const some = monitor(connection, 'weights', { synapses: [20, 4] });
    await sim.run(ms(1000));
    const before = connection.weights;
    await sim.run(ms(0.1));
    expect(all.times.length).toBe(11);
    expect([...all.at(0)]).toEqual(Array(21).fill(1));
    expect([...all.at(-1)]).not.toEqual([...all.at(0)]);
    expect([...all.at(-1)]).toEqual([...connection.weights]);
    expect(all.values(4)[10]).toBe(some.values(4).at(-1));
    expect(some.values(20).length).toBe(10001);
    expect(before.length).toBe(21);
    expect(() => some.values(3)).toThrow('synapse 3 is not recorded');
    expect(() => all.at(11)).toThrow('expected a record from 0 to 10, got 11');
    expect(() => monitor(connection, 'weights', { synapses: [21] })).toThrow('expected synapses from 0 to 20, got 21');
    expect(() => monitor(connection as never, 'v')).toThrow('expected "weights" of a connection, got v');
  });

  test('find a matrix whose rows are padded, and one weight that all share', async () => {
    const sim = await simulation({ dt: ms(0.1), precision: 'float32' });
    const group = neuronGroup(sim, 5, silent);
    const to = { pattern: allToAll(), receptor: 'current' };
    const connections: Connection[] = [
      connect(poissonGroup(sim, 3, Hz(1)), group, { ...to, weight: uniform(pA(0), pA(1)) }),
      connect(poissonGroup(sim, 3, Hz(1)), group, { ...to, weight: pA(7) }),
    ];
    const monitors = connections.map((connection) => monitor(connection, 'weights'));
    await sim.run(ms(0.1));
    for (const [k, connection] of connections.entries())
      expect([...monitors[k]!.at(0)]).toEqual([...connection.weights]);
  });
});

describe('keep', () => {
  test('the last records alone, in a bounded memory', async () => {
    const { sim, target, source } = await learning();
    const all = monitor(target, 'v');
    const last = monitor(target, 'v', { last: ms(5), maximumBytes: 30_000 });
    const [spikes, lastSpikes] = [monitor(source, 'spikes'), monitor(source, 'spikes', { last: ms(50) })];
    expect(last.bytesFor(ms(2000))).toBe(50 * 4 * 8);
    await sim.run(ms(2000));
    expect(last.times.length).toBe(50);
    expect([...last.times]).toEqual([...all.times.subarray(-50)]);
    expect([...last.values('v', 2)]).toEqual([...all.values('v', 2).subarray(-50)]);
    const late = spikes.times.filter((t) => t > 1950 + 1e-6);
    expect(late.length).toBeGreaterThan(3);
    expect([...lastSpikes.times]).toEqual([...late]);
  });

  test('records around spikes: each once, also over a snapshot', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 1, silent);
    const trigger = spikeTimes(sim, 2, { neurons: [0, 1, 0, 0], times: ms.each([20, 30, 30.5, 80]) });
    connect(trigger, group, { pattern: allToAll(), receptor: 'v', weight: mV(1) });
    const all = monitor(group, 'v');
    const around = { spikes: trigger.slice(0, 1), before: ms(1), after: ms(2) };
    const some = monitor(group, 'v', { trigger: around });
    const run = async () => {
      await sim.run(ms(11));
      await sim.run(ms(89));
    };
    await sim.run(ms(20.5));
    const snapshot = sim.snapshot();
    await run();
    const times = [...some.times].map((t) => Number(t.toFixed(6)));
    const expected = [20, 30.5, 80].flatMap((t) =>
      Array.from({ length: 31 }, (_, k) => Number((t - 1 + k / 10).toFixed(6))),
    );
    expect(times).toEqual(expected);
    const values = [...some.values('v')];
    expect(values).toEqual([...some.times].map((t) => all.values('v')[Math.round(t * 10)]));
    sim.restore(snapshot);
    await run();
    expect([...some.values('v')]).toEqual(values);
  });

  test('around triggers: a row of two windows once, also where the first was full before', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 1, silent);
    const spikes = spikeTimes(sim, 1, { neurons: [0, 0], times: ms.each([5, 6.5]) });
    const some = monitor(group, 'v', { trigger: { spikes, before: ms(1), after: ms(1) } });
    for (let k = 0; k < 100; k++) await sim.run(ms(0.1));
    const steps = [...some.times].map((t) => Math.round(10 * t));
    expect(steps).toEqual(Array.from({ length: 36 }, (_, k) => 40 + k));
  });

  test('nothing, and write lines to a file, a stream or a function', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'monitor-'));
    const file = await open(join(folder, 'v.csv'), 'w');
    const pieces: string[] = [];
    const decoder = new TextDecoder();
    const stream = new WritableStream<Uint8Array>({ write: (bytes) => void pieces.push(decoder.decode(bytes)) });
    let text = '';
    const { sim, target, source, connection } = await learning();
    const [all, spikes, weights] = [monitor(target, 'v'), monitor(source, 'spikes'), monitor(connection, 'weights')];
    const written = monitor(target, 'v', { to: file });
    monitor(source, 'spikes', { to: stream });
    monitor(connection, 'weights', { to: (lines) => (text += lines), synapses: [0, 1] });
    await sim.run(ms(500));
    await file.close();
    expect(written.times.length).toBe(0);
    expect(written.bytesFor(ms(1e6))).toBe(0);
    const rows = (lines: string) =>
      lines
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',').map(Number));
    const inFile = rows(await readFile(join(folder, 'v.csv'), 'utf8'));
    expect(inFile.length).toBe(5000);
    const kept = [0, 1, 2].map((neuron) => all.values('v', neuron));
    inFile.forEach(([t, ...v], k) => {
      expect(t).toBeCloseTo(k / 10, 9);
      expect(v).toEqual(kept.map((values) => values[k]));
    });
    expect(rows(pieces.join('')).map(([, neuron]) => neuron)).toEqual([...spikes.neurons]);
    expect(rows(text).at(-1)!.slice(1)).toEqual([...weights.at(-1)].slice(0, 2));
    await rm(folder, { recursive: true });
  });

  test('a run waits for the writer, and a second one is refused while it does', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 1, silent);
    let writing = 0;
    const to = async () => {
      expect(++writing).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      writing--;
    };
    monitor(group, 'v', { to });
    const run = sim.run(ms(100));
    await expect(sim.run(ms(1))).rejects.toThrow('the simulation is running');
    await run;
    expect(sim.time.in(ms)).toBeCloseTo(100, 9);
  });

  test('in one way only, and to something that can be written to', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 1, silent);
    expect(() => monitor(group, 'v', { last: ms(1), to: () => 0 })).toThrow(
      'expected one of last, trigger and to, got last and to',
    );
    expect(() => monitor(group, 'spikes', { to: 'a.csv' as never })).toThrow(
      'expected a function, an open file or a WritableStream, got a.csv',
    );
    expect(() => monitor(group, [])).toThrow('monitor: expected at least one state of lif 0, got none');
    expect(() => monitor(group, 'v', { trigger: { spikes: group, before: ms(-1) } })).toThrow(
      'expected before not below 0',
    );
  });
});
