// Hodgkin and Huxley's axon: rest, f–I curve, thresholds and the shape of the spike.
import { describe, expect, test } from 'vitest';
import {
  celsius,
  hodgkinHuxley,
  monitor,
  ms,
  mV,
  neuronGroup,
  simulation,
  stimulate,
  uAPerCm2,
  type HodgkinHuxleyOptions,
} from '../../src/biology/index.ts';

const dt = 0.02;

/** The values of the membrane at rest, found by letting it be. */
async function atRest(options: HodgkinHuxleyOptions = {}) {
  const sim = await simulation({ dt: ms(dt) });
  const axon = neuronGroup(sim, 1, hodgkinHuxley({ ...options, method: 'rungeKutta4' }));
  await sim.run(ms(1000));
  return Object.fromEntries(axon.states.map((name) => [name, axon.get(name)[0]!]));
}

describe('the axon at rest', () => {
  test.each([
    [-54.387, -64.996379],
    [-54.4, -64.999722],
    [-54.402, -65.000237],
    [-54.3, -64.974052],
  ])('with E_L at %s mV is at %s mV', async (leakReversal, v) => {
    expect((await atRest({ leakReversal: mV(leakReversal) }))['v']).toBeCloseTo(v, 6);
  });

  test('has its gates where they belong', async () => {
    const { m, h, n } = await atRest();
    expect(m).toBeCloseTo(0.052955, 6);
    expect(h).toBeCloseTo(0.595994, 6);
    expect(n).toBeCloseTo(0.317732, 6);
  });
});

async function axons(current: number[], duration: number, options: HodgkinHuxleyOptions = {}, step = dt) {
  const sim = await simulation({ dt: ms(step) });
  const rest = await atRest(options);
  const model = hodgkinHuxley({ method: 'rungeKutta4', ...options, current: uAPerCm2.each(current) });
  const group = neuronGroup(sim, current.length, model, {
    initial: { v: mV(rest['v']!), m: rest['m']!, h: rest['h']!, n: rest['n']! },
  });
  const spikes = monitor(group, 'spikes');
  await sim.run(ms(duration));
  return current.map((_, i) => spikes.train(i));
}

const steadyRate = (train: Float64Array) => {
  const late = train.filter((t) => t > 300);
  return (1000 * (late.length - 1)) / (late.at(-1)! - late[0]!);
};

test('the f–I curve is the known one', async () => {
  const current = [2.2, 2.3, 4, 6.2, 6.3, 8, 10, 20, 40, 60];
  const trains = await axons(current, 1000);
  expect(trains.slice(0, 4).map(({ length }) => length)).toEqual([0, 1, 1, 3]);
  [52.37, 62.47, 68.32, 86.47, 108.61, 124.45].forEach((rate, k) =>
    expect(Math.abs(steadyRate(trains[4 + k]!) / rate - 1)).toBeLessThan(0.005),
  );
  [7.278, 3.544, 2.574, 2.547, 2.182, 1.901, 1.271, 0.861, 0.683].forEach((t, k) =>
    expect(Math.abs(trains[k + 1]![0]! - t)).toBeLessThan(0.021),
  );
});

/** The same equations, plainly, by the same method. */
function plainAxon(current: number, duration: number, step: number): number[] {
  const x = (u: number) => (Math.abs(u) < 1e-6 ? 1 + u / 2 : u / (1 - Math.exp(-u)));
  const slopes = ([v, m, h, n]: number[]): number[] => [
    current - 120 * m! ** 3 * h! * (v! - 50) - 36 * n! ** 4 * (v! + 77) - 0.3 * (v! + 54.387),
    x((v! + 40) / 10) * (1 - m!) - 4 * Math.exp(-(v! + 65) / 18) * m!,
    0.07 * Math.exp(-(v! + 65) / 20) * (1 - h!) - h! / (1 + Math.exp(-(v! + 35) / 10)),
    0.1 * x((v! + 55) / 10) * (1 - n!) - 0.125 * Math.exp(-(v! + 65) / 80) * n!,
  ];
  const moved = (y: number[], k: number[], by: number) => y.map((value, i) => value + by * k[i]!);
  let y = [-64.996379, 0.052955, 0.595994, 0.317732];
  const spikes: number[] = [];
  for (let k = 1; k * step <= duration; k++) {
    const [k1] = [slopes(y)];
    const k2 = slopes(moved(y, k1!, step / 2));
    const k3 = slopes(moved(y, k2, step / 2));
    const k4 = slopes(moved(y, k3, step));
    const next = y.map((value, i) => value + (step * (k1![i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)) / 6);
    if (y[0]! <= 0 && next[0]! > 0) spikes.push(k * step);
    y = next;
  }
  return spikes;
}

test('currents between those of the table spike as the plain equations do', async () => {
  const current = [7, 15, 30, 50];
  const trains = await axons(current, 400);
  current.forEach((size, k) => {
    const expected = plainAxon(size, 400, dt);
    expect(trains[k]!.length).toBe(expected.length);
    expected.forEach((t, j) => expect(Math.abs(trains[k]![j]! - t)).toBeLessThan(dt * 1.01));
  });
});

describe('temperature', () => {
  test('makes everything three times as fast for each 10 degrees: spikes are shorter', async () => {
    const width = async (temperature: number) => {
      const sim = await simulation({ dt: ms(0.005) });
      const axon = neuronGroup(sim, 1, hodgkinHuxley({ temperature: celsius(temperature) }));
      stimulate(axon, () => uAPerCm2(40), { duration: ms(0.5) });
      const trace = monitor(axon, 'v');
      await sim.run(ms(10));
      return trace.values('v').filter((v) => v > -20).length;
    };
    const [cold, warm] = [await width(6.3), await width(16.3)];
    expect(cold / warm).toBeGreaterThan(2.2);
    expect(cold / warm).toBeLessThan(3);
  });
});

test('the rheobase is 2.240 and repetitive firing begins at 6.260 µA/cm²', async () => {
  const grid = (from: number) => Array.from({ length: 9 }, (_, k) => from + 0.005 * (k - 4));
  const rheobase = (await axons(grid(2.24), 200)).findIndex(({ length }) => length > 0);
  expect(Math.abs(grid(2.24)[rheobase]! - 2.2403)).toBeLessThan(0.01);
  const onset = (await axons(grid(6.26), 2000)).findIndex((train) => train.at(-1)! > 1900);
  expect(Math.abs(grid(6.26)[onset]! - 6.26)).toBeLessThan(0.01);
});

describe.each([
  ['rungeKutta4', 0.01],
  ['exponentialEuler', 0.005],
] as const)('the spike after 20 µA/cm² for 0.5 ms by %s', (method, step) => {
  test('has the known shape', async () => {
    const rest = await atRest();
    const sim = await simulation({ dt: ms(step) });
    const initial = { v: mV(rest['v']!), m: rest['m']!, h: rest['h']!, n: rest['n']! };
    const axon = neuronGroup(sim, 1, hodgkinHuxley({ method }), { initial });
    stimulate(axon, () => uAPerCm2(20), { duration: ms(0.5) });
    const trace = monitor(axon, 'v');
    await sim.run(ms(10));
    const v = trace.values('v');
    const peak = Math.max(...v);
    expect(Math.abs(peak - 39.315)).toBeLessThan(0.1);
    expect(Math.abs(v.indexOf(peak) * step - 2.105)).toBeLessThan(0.03);
    const least = Math.min(...v);
    expect(Math.abs(least + 76.174)).toBeLessThan(0.1);
    expect(Math.abs(v.indexOf(least) * step - 4.945)).toBeLessThan(0.05);
    const half = (peak + rest['v']!) / 2;
    expect(Math.abs(v.filter((x) => x > half).length * step - 1.455)).toBeLessThan(0.03);
  });
});
