// Networks by their statistics: rates and irregularity inside the gates that other simulators' results set.
import { describe, expect, test, vi } from 'vitest';
import { coba, cobahh, cuba, izhikevich2003, type Network } from '../../bench/biology/networks.ts';
import { texts } from '../../bench/biology/equation-models.ts';
import {
  connect,
  fixedInDegree,
  fixedProbability,
  normal,
  nS,
  uniform,
  type InitialValues,
  type NeuronModel,
  type Quantity,
  lif,
  monitor,
  ms,
  mV,
  Hz,
  neuronGroup,
  pF,
  poissonInput,
  simulation,
  type SpikeMonitor,
} from '../../src/biology/index.ts';

vi.setConfig({ testTimeout: 400_000 });

/** The mean coefficient of variation of the intervals of neurons with at least four. */
function irregularity(spikes: SpikeMonitor, size: number): number {
  const trains: number[][] = Array.from({ length: size }, () => []);
  const { times, neurons } = spikes;
  neurons.forEach((neuron, k) => trains[neuron]!.push(times[k]!));
  const values = trains.flatMap((train) => {
    if (train.length < 5) return [];
    const intervals = train.slice(1).map((t, k) => t - train[k]!);
    const mean = intervals.reduce((a, b) => a + b) / intervals.length;
    const variance = intervals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / intervals.length;
    return [Math.sqrt(variance) / mean];
  });
  return values.reduce((a, b) => a + b, 0) / values.length;
}

const rate = ({ spikes, size }: Network, from: number, to: number): number =>
  spikes.times.filter((t) => t >= from && t < to).length / size / ((to - from) / 1000);

describe.each(['float32', 'float64'] as const)('in %s', (precision) => {
  test('CUBA fires at 4.8 to 6.4 Hz, irregularly, in all seeds', async () => {
    for (const seed of [1, 2, 3]) {
      const network = await cuba({ seed, precision });
      await network.sim.run(ms(1000));
      expect(rate(network, 0, 1000)).toBeGreaterThan(4.8);
      expect(rate(network, 0, 1000)).toBeLessThan(6.4);
      const cv = irregularity(network.spikes, network.size);
      expect(cv).toBeGreaterThan(0.4);
      expect(cv).toBeLessThan(0.6);
    }
  });

  test('COBA fires at 15 to 23 Hz, in bursts, and is still active at the end, in two of three seeds', async () => {
    let good = 0;
    for (const seed of [1, 2, 3]) {
      const network = await coba({ seed, precision });
      await network.sim.run(ms(1000));
      const cv = irregularity(network.spikes, network.size);
      const hz = rate(network, 0, 1000);
      if (hz > 15 && hz < 23 && cv > 1.3 && cv < 1.9 && rate(network, 950, 1000) > 5) good++;
    }
    expect(good).toBeGreaterThanOrEqual(2);
  });
});

test.each([
  // 17.1 Hz, irregularity 1.55 of plain numbers
  ['4 and 51 nS, and 200 pA', { weights: [4, 51], bias: 200, quiet: true } as const],
  // 20.477 Hz of ANNarchy
  ['6 and 67 nS, and 200 pA', { bias: 200 } as const],
])('COBA with %s is within its gates', async (_name, variant) => {
  const network = await coba({ seed: 1, ...variant });
  await network.sim.run(ms(1000));
  const hz = rate(network, 0, 1000);
  expect(hz).toBeGreaterThan(15);
  expect(hz).toBeLessThan(23);
  const cv = irregularity(network.spikes, network.size);
  expect(cv).toBeGreaterThan(1.3);
  expect(cv).toBeLessThan(1.9);
  expect(rate(network, 950, 1000)).toBeGreaterThan(5);
});

test('COBAHH fires at 30 to 46 Hz', async () => {
  const network = await cobahh({ seed: 1 });
  await network.sim.run(ms(700));
  expect(rate(network, 200, 700)).toBeGreaterThan(30);
  expect(rate(network, 200, 700)).toBeLessThan(46);
});

describe('as equations', () => {
  const gates: [string, NeuronModel, InitialValues, [Quantity, Quantity], number, number][] = [
    ['CUBA', texts.cuba, { v: uniform(mV(-60), mV(-50)) }, [mV(1.62), mV(-9)], 4.8, 6.4],
    [
      'COBA',
      texts.coba,
      { v: normal(mV(-60), mV(5)), ge: normal(nS(40), nS(15)), gi: normal(nS(200), nS(120)) },
      [nS(6), nS(67)],
      15,
      23,
    ],
    [
      'COBAHH',
      texts.cobahh,
      { v: normal(mV(-60), mV(5)), h: 1, ge: normal(nS(40), nS(15)), gi: normal(nS(200), nS(120)) },
      [nS(6), nS(67)],
      30,
      46,
    ],
  ];

  test.each(gates)('%s fires at the rate of its gate', async (_name, model, initial, weights, least, most) => {
    const sim = await simulation({ dt: ms(0.1), seed: 1, precision: 'float32' });
    const neurons = neuronGroup(sim, 4000, model, { initial });
    const pattern = fixedProbability(0.02);
    connect(neurons.slice(0, 3200), neurons, { pattern, receptor: 'ge', weight: weights[0] });
    connect(neurons.slice(3200), neurons, { pattern, receptor: 'gi', weight: weights[1] });
    const spikes = monitor(neurons, 'spikes');
    await sim.run(ms(700));
    const hz = spikes.times.filter((t) => t > 200).length / 4000 / 0.5;
    expect(hz).toBeGreaterThan(least);
    expect(hz).toBeLessThan(most);
  });
});

test("Izhikevich's network of 2003 has 6,900 to 8,300 spikes in a second", async () => {
  for (const seed of [1, 2, 3]) {
    const { sim, spikes } = await izhikevich2003({ seed, precision: 'float64' });
    await sim.run(ms(1000));
    expect(spikes.count).toBeGreaterThan(6900);
    expect(spikes.count).toBeLessThan(8300);
  }
});

/** The power of a series of one value a millisecond at a frequency, seen through a window without edges. */
function power(series: ArrayLike<number>, hz: number): number {
  const n = series.length;
  const mean = Array.from(series).reduce((a, b) => a + b, 0) / n;
  let [re, im] = [0, 0];
  for (let k = 0; k < n; k++) {
    const x = (series[k]! - mean) * Math.sin((Math.PI * (k + 0.5)) / n) ** 2;
    re += x * Math.cos((2 * Math.PI * hz * k) / 1000);
    im += x * Math.sin((2 * Math.PI * hz * k) / 1000);
  }
  return re * re + im * im;
}

/** The frequency, of whole ones from `least` to `most` Hz, with the most power. */
function rhythm(series: ArrayLike<number>, least: number, most: number): number {
  const frequencies = Array.from({ length: most - least + 1 }, (_, k) => least + k);
  const powers = frequencies.map((hz) => power(series, hz));
  return frequencies[powers.indexOf(Math.max(...powers))]!;
}

test("Izhikevich's network of 2003 has an alpha and a gamma rhythm", async () => {
  const spectrum = new Float64Array(71);
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { sim, spikes } = await izhikevich2003({ seed, precision: 'float64' });
    await sim.run(ms(2000));
    const counts = new Float64Array(2001);
    for (const t of spikes.times) counts[Math.round(t)]!++;
    for (let hz = 2; hz <= 70; hz++) spectrum[hz]! += power(counts, hz);
  }
  const mean = (least: number, most: number) =>
    spectrum.slice(least, most + 1).reduce((a, b) => a + b) / (most - least + 1);
  const strongest = spectrum.indexOf(Math.max(...spectrum));
  expect(strongest).toBeGreaterThanOrEqual(7);
  expect(strongest).toBeLessThanOrEqual(13);
  expect(mean(7, 13)).toBeGreaterThan(5 * mean(2, 5));
  // a hump of its own: there is less on both sides of it
  expect(mean(28, 44)).toBeGreaterThan(1.25 * mean(20, 23));
  expect(mean(28, 44)).toBeGreaterThan(3 * mean(55, 70));
});

/** Brunel's network: 10,000 excitatory and 2,500 inhibitory neurons with fixed in-degrees. */
async function brunel(g: number, eta: number, duration: number, reset = 10) {
  const sim = await simulation({ dt: ms(0.1), seed: 5, precision: 'float32' });
  const model = lif({
    tauMembrane: ms(20),
    capacitance: pF(20),
    vRest: mV(0),
    vThreshold: mV(20),
    vReset: mV(reset),
    refractory: ms(2),
  });
  const neurons = neuronGroup(sim, 12500, model);
  const delay = ms(1.5);
  const common = { receptor: 'v', delay };
  connect(neurons.slice(0, 10000), neurons, { ...common, pattern: fixedInDegree(1000), weight: mV(0.1) });
  connect(neurons.slice(10000), neurons, { ...common, pattern: fixedInDegree(250), weight: mV(-0.1 * g) });
  poissonInput(neurons, { receptor: 'v', sources: 1000, rate: Hz(10 * eta), weight: mV(0.1) });
  const population = monitor(neurons, 'rate', { every: ms(1) });
  await sim.run(ms(duration));
  const late = population.rates.slice(Math.round(duration / 3));
  return { hz: late.reduce((a, b) => a + b, 0) / late.length, rates: late };
}

test.each([
  ['asynchronous irregular', 5, 2, 300, [35.5, 40], undefined],
  ['synchronous irregular, fast', 6, 4, 200, [52, 64], [150, 210]],
  ['synchronous irregular, slow', 4.5, 0.9, 600, [4.5, 7], [17, 30]],
  ['synchronous regular', 3, 2, 210, [310, 345], undefined],
] as const)(
  "Brunel's network is %s where g is %s and η is %s",
  async (_name, g, eta, duration, [least, most], frequencies) => {
    const { hz, rates } = await brunel(g, eta, duration);
    expect(hz).toBeGreaterThan(least);
    expect(hz).toBeLessThan(most);
    if (!frequencies) return;
    const own = rhythm(rates, 5, 300);
    expect(own).toBeGreaterThan(frequencies[0]);
    expect(own).toBeLessThan(frequencies[1]);
  },
);

test('with the reset at 0 mV it fires at 32 Hz in place of 38', async () => {
  const { hz } = await brunel(5, 2, 300, 0);
  expect(hz).toBeGreaterThan(30.5);
  expect(hz).toBeLessThan(33.5);
});
