// Closed forms: rates, the magnesium block, receptors; and simulations that must agree with them.
import { describe, expect, test } from 'vitest';
import {
  alpha,
  ampa,
  gabaA,
  gabaB,
  connect,
  doubleExponential,
  exponential,
  GOhm,
  Hz,
  lif,
  lifRate,
  magnesiumBlock,
  monitor,
  ms,
  mV,
  neuronGroup,
  nmda,
  noise,
  nS,
  oneToOne,
  pF,
  siegertRate,
  simulation,
  spikeTimes,
  mM,
  type Receptor,
} from '../../src/biology/index.ts';

test.each([
  [10, 0],
  [10.5, 28.2125],
  [12, 43.6346],
  [15, 62.5543],
  [20, 83.812],
])('lifRate at %s mV is %s Hz', (v, rate) => {
  const options = { tauMembrane: ms(10), vThreshold: mV(10), vReset: mV(0), refractory: ms(5) };
  expect(lifRate(mV(v), options).in(Hz)).toBeCloseTo(rate, 4);
});

describe("the rates of Brunel's network, where each neuron's is that of the noise that all others make", () => {
  test.each([
    ['synchronous regular', 3, 2, 10, 327.0],
    ['synchronous irregular, fast', 6, 4, 10, 55.84],
    ['asynchronous irregular', 5, 2, 10, 37.95],
    ['synchronous irregular, slow', 4.5, 0.9, 10, 6.52],
    ['asynchronous irregular, reset to 0', 5, 2, 0, 32.03],
  ])('%s (g %s, η %s, reset %s mV): %s Hz', (_name, g, eta, reset, expected) => {
    const [tau, strength, excitatory, inhibitory] = [20, 0.1, 1000, 250];
    const membrane = { tauMembrane: ms(tau), vThreshold: mV(20), vReset: mV(reset), refractory: ms(2) };
    const external = eta * 10;
    // per second and per millisecond: the rate that a rate brings about
    const answer = (rate: number) => {
      const sum = external + rate;
      const mean = (tau / 1000) * strength * (excitatory * sum - g * inhibitory * rate);
      const variance = (tau / 1000) * strength ** 2 * (excitatory * sum + g * g * inhibitory * rate);
      return siegertRate(mV(mean), mV(Math.sqrt(variance)), membrane).in(Hz);
    };
    let [low, high] = [0.01, 480];
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (answer(middle) > middle) low = middle;
      else high = middle;
    }
    expect(Math.abs(low / expected - 1)).toBeLessThan(0.001);
  });
});

describe('siegertRate', () => {
  const options = { tauMembrane: ms(10), vThreshold: mV(15), vReset: mV(0), refractory: ms(2) };

  test('is that of NEST, to its eighth digit', () => {
    expect(Math.abs(siegertRate(mV(15), mV(Math.sqrt(1.5)), options).in(Hz) / 27.1095934379 - 1)).toBeLessThan(1e-8);
  });

  test('goes to the rate without noise', () => {
    expect(siegertRate(mV(22.5), mV(0.015), options).in(Hz)).toBeCloseTo(77.0053, 2);
    expect(siegertRate(mV(0), mV(0.3), options).in(Hz)).toBe(0);
  });

  test('is the rate of simulated neurons with that noise, within a tenth', async () => {
    const sim = await simulation({ dt: ms(0.01), seed: 1, precision: 'float32' });
    const model = lif({
      tauMembrane: ms(10),
      resistance: GOhm(1),
      vRest: mV(15),
      vThreshold: mV(15),
      vReset: mV(0),
      refractory: ms(2),
    });
    const neurons = neuronGroup(sim, 200, model, { initial: { v: mV(0) } });
    noise(neurons, mV(Math.sqrt(1.5) / Math.sqrt(10)));
    await sim.run(ms(200));
    const spikes = monitor(neurons, 'spikes');
    await sim.run(ms(1000));
    expect(Math.abs(spikes.count / 200 / 27.1 - 1)).toBeLessThan(0.1);
  });
});

test.each([
  [-80, 0.024425],
  [-70, 0.044471],
  [-65, 0.059668],
  [-40, 0.230155],
  [-20, 0.508141],
  [0, 0.781182],
  [20, 0.925018],
])('the magnesium block at %s mV leaves %s', (v, open) => {
  expect(magnesiumBlock(mV(v))).toBeCloseTo(open, 6);
  expect(magnesiumBlock(mV(v), mM(0))).toBe(1);
});

async function opening(receptor: Receptor, weight = 1) {
  const sim = await simulation({ dt: ms(0.1) });
  const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
  const model = lif({
    capacitance: pF(200),
    leakConductance: nS(10),
    vRest: mV(-70),
    vThreshold: mV(1000),
    receptors: { input: receptor },
  });
  const neuron = neuronGroup(sim, 1, model);
  connect(source, neuron, { pattern: oneToOne(), weight: nS(weight) });
  const trace = monitor(neuron, ['v', 'input']);
  await sim.run(ms(400));
  return { g: trace.values('input').slice(10), v: trace.values('v').slice(10) };
}

describe('conductances after one spike', () => {
  test('a double exponential peaks with the weight at its time', async () => {
    const { g } = await opening(doubleExponential({ tauRise: ms(2), tauDecay: ms(100), reversal: mV(0) }));
    expect(Math.max(...g)).toBeCloseTo(1, 4);
    expect(g.indexOf(Math.max(...g)) / 10).toBeCloseTo(7.98372, 0);
    g.forEach((x, k) => expect(x).toBeCloseTo(1.105215 * (Math.exp(-k / 1000) - Math.exp(-k / 20)), 5));
  });

  test('an alpha function has the area w τ e', async () => {
    const { g } = await opening(alpha({ tau: ms(5), reversal: mV(0) }));
    expect(g.reduce((a, b) => a + b) * 0.1).toBeCloseTo(5 * Math.E, 2);
  });

  test('AMPA, GABA-A and GABA-B have their constants, or those that are given', async () => {
    const decays = async (receptor: Receptor, tau: number, reversal: number) => {
      const { g, v } = await opening(receptor);
      expect(g[3500]! / g[3400]!).toBeCloseTo(Math.exp(-10 / tau), 5);
      expect(Math.max(...g)).toBeCloseTo(1, 4);
      expect(Math.sign(v[200]! + 70)).toBe(Math.sign(reversal + 70));
      expect(receptor.reversal).toBe(reversal);
    };
    await decays(ampa(), 2, 0);
    await decays(gabaA(), 6, -75);
    await decays(gabaA({ tauDecay: ms(10), reversal: mV(-80) }), 10, -80);
    expect(ampa({ tauRise: ms(0.5) })).toEqual(
      doubleExponential({ tauRise: ms(0.5), tauDecay: ms(2), reversal: mV(0) }),
    );
    expect(gabaB()).toEqual(doubleExponential({ tauRise: ms(50), tauDecay: ms(150), reversal: mV(-95) }));
  });

  test('NMDA opens further where the membrane is depolarised: twice the weight does more than twice as much', async () => {
    const peakOf = async (receptor: Receptor, weight: number) => Math.max(...(await opening(receptor, weight)).v) + 70;
    const [one, two] = [await peakOf(nmda(), 10), await peakOf(nmda(), 20)];
    expect(two / one).toBeGreaterThan(2.1);
    const free = { magnesium: mM(0) };
    expect((await peakOf(nmda(free), 20)) / (await peakOf(nmda(free), 10))).toBeLessThan(2);
  });

  test('steady conductances bring v to Σ g E / Σ g: the depolarisation of the table, with the block and without', async () => {
    const steady = async (factor: number, magnesium: number) => {
      const sim = await simulation({ dt: ms(0.1) });
      // so slow that it is constant
      const receptor = { ...nmda({ magnesium: mM(magnesium) }), kind: 'exponential', rise: 0, decay: 1e9 } as const;
      const model = lif({
        capacitance: pF(200),
        leakConductance: nS(10),
        vRest: mV(-70),
        vThreshold: mV(1000),
        receptors: { input: receptor },
      });
      const neuron = neuronGroup(sim, 1, model, { initial: { input: nS(10 * factor) } });
      await sim.run(ms(2000));
      return neuron.get('v')[0]! + 70;
    };
    for (const [factor, depolarisation] of [
      [0.5, 1.6775],
      [1, 3.6603],
      [2, 9.2799],
      [3, 22.598],
      [4, 43.301],
      [8, 58.509],
    ] as const)
      expect(await steady(factor, 1)).toBeCloseTo(depolarisation, 2);
    for (const [factor, depolarisation] of [
      [0.5, 23.333],
      [1, 35],
      [3, 52.5],
    ] as const)
      expect(await steady(factor, 0)).toBeCloseTo(depolarisation, 2);
  });

  test('three receptors, of which one is not within the membrane, are as three within', async () => {
    const voltages = async (split: boolean) => {
      const sim = await simulation({ dt: ms(0.1) });
      const e = exponential({ tau: ms(5), reversal: mV(0) });
      const receptors = { a: e, b: e, ...(split ? { c: e } : {}) };
      const model = lif({
        capacitance: pF(200),
        leakConductance: nS(10),
        vRest: mV(-70),
        vThreshold: mV(1000),
        receptors,
      });
      const neuron = neuronGroup(sim, 3, model);
      neuron.set('b', nS(split ? 1 : 3));
      if (split) neuron.set('c', nS(2));
      const trace = monitor(neuron, 'v');
      await sim.run(ms(30));
      return trace.values('v', 2);
    };
    const [whole, parts] = [await voltages(false), await voltages(true)];
    parts.forEach((v, k) => expect(v).toBeCloseTo(whole[k]!, 10));
  });
});
