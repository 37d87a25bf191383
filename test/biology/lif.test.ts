// Leaky integrate and fire against its closed forms and NEST's recorded values.
import { describe, expect, test } from 'vitest';
import {
  connect,
  exponential,
  alpha,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  oneToOne,
  pA,
  pF,
  GOhm,
  simulation,
  spikeTimes,
  stimulate,
  nS,
} from '../../src/biology/index.ts';

/** tau 10, th 10, reset 0, t_ref 5: Brian 2's IF curve. */
const brian = { tauMembrane: ms(10), resistance: GOhm(1), vRest: mV(0), vThreshold: mV(10), refractory: ms(5) };
/** NEST's iaf_psc_*. */
const nest = {
  capacitance: pF(250),
  tauMembrane: ms(10),
  vRest: mV(-70),
  vThreshold: mV(-55),
  vReset: mV(-70),
  refractory: ms(2),
};

describe('the f–I curve', () => {
  const closedForm = [
    [brian, pA.each([10, 10.5, 12, 15, 20]), [0, 28.2125, 43.6346, 62.5543, 83.812]],
    [nest, pA.each([375, 400, 500, 750, 1000]), [0, 33.6407, 63.04, 111.9636, 149.2529]],
  ] as const;

  test.each(closedForm)(
    'intervals are those of the closed form, rounded up to steps',
    async (options, current, rates) => {
      const dt = 0.01;
      const sim = await simulation({ dt: ms(dt) });
      const neurons = neuronGroup(sim, rates.length, lif({ ...options, current }));
      const spikes = monitor(neurons, 'spikes');
      await sim.run(ms(1000));
      rates.forEach((rate, i) => {
        const train = spikes.train(i);
        if (rate === 0) return expect(train.length).toBe(0);
        const interval = train.at(-1)! - train.at(-2)!;
        expect(interval).toBeGreaterThanOrEqual(1000 / rate - 1e-3);
        expect(interval).toBeLessThanOrEqual(1000 / rate + dt + 1e-3);
      });
    },
  );
});

test("a current of 1000 pA from 0.2 ms on gives NEST's trace", async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const neuron = neuronGroup(sim, 1, lif(nest));
  stimulate(neuron, () => pA(1000), { start: ms(0.2), duration: ms(10) });
  const trace = monitor(neuron, 'v');
  const spikes = monitor(neuron, 'spikes');
  await sim.run(ms(8));
  const at = (t: number) => trace.values('v')[Math.round(t / 0.1)]!;
  const expected = {
    0.3: -69.602,
    0.5: -68.8178,
    1: -66.9247,
    4.5: -56.0204,
    4.9: -55.0001,
    5: -70,
    7: -70,
    7.1: -69.602,
  };
  for (const [t, v] of Object.entries(expected)) expect(Math.abs(at(Number(t)) / v - 1)).toBeLessThan(1e-6);
  expect(at(2)).toBeCloseTo(-70 + 40 * (1 - Math.exp(-0.18)), 12);
  expect([...spikes.times].map((t) => t.toFixed(1))).toEqual(['5.0']);
});

const silent = { capacitance: pF(200), tauMembrane: ms(20), vRest: mV(0), vThreshold: mV(1000) };

async function response(
  receptor: Parameters<typeof exponential>[0] extends never ? never : ReturnType<typeof exponential>,
  precision?: 'float32',
) {
  const sim = await simulation({ dt: ms(0.1), ...(precision ? { precision } : {}) });
  const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
  const neuron = neuronGroup(sim, 1, lif({ ...silent, receptors: { input: receptor } }));
  connect(source, neuron, { pattern: oneToOne(), weight: receptor.reversal === undefined ? pA(100) : nS(1) });
  const trace = monitor(neuron, ['v', 'input']);
  await sim.run(ms(60));
  return { v: trace.values('v'), g: trace.values('input'), times: trace.times };
}

describe('the potential after one spike', () => {
  /** C 200 pF, τ_m 20 ms, a current of 100 pA that decays with τ_s. */
  const closedForm = (t: number, tau: number) =>
    tau === 20
      ? (100 / 200) * t * Math.exp(-t / 20)
      : (100 * 20 * tau * (Math.exp(-t / 20) - Math.exp(-t / tau))) / (200 * (20 - tau));

  test.each([5, 19.999999, 20, 40])('is exact for an exponential current of τ = %s ms', async (tau) => {
    const { v, times } = await response(exponential({ tau: ms(tau) }));
    for (const [k, t] of times.entries())
      if (t >= 1) expect(Math.abs(v[k]! - closedForm(t - 1, tau))).toBeLessThan(tau === 19.999999 ? 1e-6 : 1e-11);
  });

  test('of τ = 5 ms peaks at 9.241962 ms with 1.574901 mV', async () => {
    const { v } = await response(exponential({ tau: ms(5) }));
    expect(Math.max(...v)).toBeCloseTo(1.574901, 4);
    expect(v.indexOf(Math.max(...v)) / 10 - 1).toBeCloseTo(9.241962, 0);
  });

  test('in float32 is the same within its precision', async () => {
    const { v, times } = await response(exponential({ tau: ms(5) }), 'float32');
    for (const [k, t] of times.entries()) if (t >= 1) expect(v[k]!).toBeCloseTo(closedForm(t - 1, 5), 5);
  });

  test('an alpha current has its peak, the weight, at τ', async () => {
    const { g, times } = await response(alpha({ tau: ms(5) }));
    for (const [k, t] of times.entries())
      if (t >= 1) expect(g[k]!).toBeCloseTo(100 * ((t - 1) / 5) * Math.exp(1 - (t - 1) / 5), 9);
  });
});
