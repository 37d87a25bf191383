// Trees of cable with channels and receptors: the travelling action potential, the NMDA spike, spikes in and out.
import { describe, expect, test } from 'vitest';
import {
  cableNeuron,
  celsius,
  connect,
  exponential,
  hodgkinHuxley,
  hodgkinHuxleyChannels,
  magnesiumBlock,
  mM,
  monitor,
  morphology,
  ms,
  mSPerCm2,
  mV,
  nA,
  neuronGroup,
  nmda,
  nS,
  ohmCm,
  oneToOne,
  pA,
  simulation,
  spikeTimes,
  stimulate,
  tonic,
  traubMiles,
  traubMilesChannels,
  uAPerCm2,
  um,
  um2,
  type CableMethod,
  type Precision,
} from '../../src/biology/index.ts';

interface Axon {
  compartments: number;
  dt: number;
  temperature?: number;
  diameter?: number;
  method?: CableMethod;
  precision?: Precision;
}

/** The speed in m/s of a spike on the squid's axon, and its height in mV. */
async function travelling({ compartments, dt, temperature = 18.5, diameter = 476, ...rest }: Axon) {
  const model = cableNeuron(morphology([{ name: 'axon', length: um(100_000), diameter: um(diameter), compartments }]), {
    axialResistivity: ohmCm(35.4),
    leak: mSPerCm2(0.3),
    leakReversal: mV(-54.387),
    vInitial: mV(-64.996379),
    channels: hodgkinHuxleyChannels({ temperature: celsius(temperature) }),
    method: rest.method ?? 'crankNicolson',
  });
  const sim = await simulation({ dt: ms(dt), precision: rest.precision ?? 'float64' });
  const axon = neuronGroup(sim, 1, model);
  stimulate(axon, () => nA(10_000 * (diameter / 476) ** 1.5), { duration: ms(0.5), at: 'axon(0)' });
  const stops = [0.35, 0.75].map((x) => model.compartments[Math.floor(x * compartments)]!);
  const trace = monitor(
    axon,
    stops.map(({ name }) => `v@${name}`),
  );
  await sim.run(ms(temperature > 10 && diameter > 400 ? 8 : 15));
  const [first, second] = stops.map(({ name }) => {
    const v = trace.values(`v@${name}`);
    const k = v.findIndex((x) => x > -20);
    return dt * (k - 1 + (-20 - v[k - 1]!) / (v[k]! - v[k - 1]!));
  });
  const v = trace.values(`v@${stops[0]!.name}`);
  const distance = (stops[1]!.position - stops[0]!.position) * 100;
  return { speed: distance / (second! - first!), height: Math.max(...v) - v[0]! };
}

describe("a spike on the squid's axon", () => {
  test.each([
    ['crankNicolson', 'float64', 400, 0.005],
    ['crankNicolson', 'float32', 400, 0.005],
    ['implicitEuler', 'float64', 400, 0.0025],
  ] as const)('travels at 18.7 ± 0.2 m/s (%s, %s)', async (method, precision, compartments, dt) => {
    const { speed, height } = await travelling({ method, precision, compartments, dt });
    expect(Math.abs(speed - 18.7)).toBeLessThan(0.2);
    expect(Math.abs(height - 90.56)).toBeLessThan(0.2);
  });

  test('is half as fast on an axon of a quarter of the diameter, and slower in the cold', async () => {
    const wide = await travelling({ compartments: 400, dt: 0.005 });
    const thin = await travelling({ compartments: 800, dt: 0.005, diameter: 119 });
    expect(Math.abs(thin.speed / wide.speed - 0.5)).toBeLessThan(0.01);
    const cold = await travelling({ compartments: 400, dt: 0.005, temperature: 6.3 });
    expect(Math.abs(cold.speed - 12.29)).toBeLessThan(0.1);
  });
});

describe('one compartment', () => {
  test.each(['hodgkinHuxley', 'traubMiles'] as const)('with channels is a neuron of %s', async (kind) => {
    const dt = 0.01;
    const tree = morphology([{ name: 'soma', length: um(100), diameter: um(20000 / Math.PI / 100), compartments: 1 }]);
    const isAxon = kind === 'hodgkinHuxley';
    const model = cableNeuron(tree, {
      leak: mSPerCm2(isAxon ? 0.3 : 0.05),
      leakReversal: mV(isAxon ? -54.387 : -60),
      vInitial: mV(isAxon ? -65 : -60),
      channels: isAxon ? hodgkinHuxleyChannels() : traubMilesChannels(),
      vThreshold: mV(isAxon ? 0 : -20),
    });
    const sim = await simulation({ dt: ms(dt) });
    const current = uAPerCm2(isAxon ? 20 : 2);
    const point = (isAxon ? hodgkinHuxley : traubMiles)({ area: um2(20000), current });
    const [cell, same] = [neuronGroup(sim, 1, model), neuronGroup(sim, 1, point)];
    stimulate(cell, () => pA(current.value * 20000), { duration: ms(200) });
    const [spikes, expected] = [monitor(cell, 'spikes'), monitor(same, 'spikes')];
    const traces = [monitor(cell, ['v', 'h@soma']), monitor(same, ['v', 'h'])] as const;
    await sim.run(ms(200));
    expect(spikes.count).toBeGreaterThan(3);
    expect(spikes.count).toBe(expected.count);
    spikes.times.forEach((t, k) => expect(Math.abs(t - expected.times[k]!)).toBeLessThan(0.005 * t + 2 * dt));
    for (const k of [1, 50]) {
      expect(Math.abs(traces[0].values('v')[k]! - traces[1].values('v')[k]!)).toBeLessThan(0.05);
      expect(Math.abs(traces[0].values('h@soma')[k]! - traces[1].values('h')[k]!)).toBeLessThan(0.001);
    }
  });
});

/** A branch that is one compartment, with a steady NMDA conductance of several sizes, in units of the leak. */
async function branches(ratios: number[], eLeak: number, magnesium: number, start: number): Promise<number[]> {
  const tree = morphology([{ name: 'branch', length: um(100), diameter: um(1), compartments: 1 }]);
  const leak = 1e-3 * 100 * Math.PI;
  const model = cableNeuron(tree, {
    leak: mSPerCm2(0.1),
    leakReversal: mV(eLeak),
    vInitial: mV(start),
    receptors: { nmda: { receptor: tonic({ reversal: mV(0), magnesium: mM(magnesium) }), at: 'branch' } },
  });
  const sim = await simulation({ dt: ms(0.1) });
  const group = neuronGroup(sim, ratios.length, model);
  group.set('nmda', nS.each(ratios.map((ratio) => ratio * leak)));
  await sim.run(ms(2000));
  return [...group.get('v')].map((v) => v - eLeak);
}

describe('the NMDA spike', () => {
  test('grows faster than its conductance, with the known values; without magnesium slower', async () => {
    const blocked = await branches([0.5, 1, 2, 3, 4, 5, 8], -70, 1, -70);
    [1.6775, 3.6603, 9.2799, 22.598, 43.301, 50.403, 58.509].forEach((dv, k) =>
      expect(blocked[k]! / dv).toBeCloseTo(1, 4),
    );
    const free = await branches([0.5, 1, 2, 3, 4], -70, 0, -70);
    [23.333, 35, 46.667, 52.5, 56].forEach((dv, k) => expect(free[k]! / dv).toBeCloseTo(1, 4));
  });

  test.each([
    [1, 4.3248, 4.3308],
    [2, 7.592, 8.162],
    [3, 10.659, 12.026],
  ])(
    'with %d mM of magnesium and rest at −80 mV depends on its past between %d and %d alone',
    async (mg, low, high) => {
      const inside = (low + high) / 2;
      const ratios = [low - 0.05, inside, high + 0.05];
      const [up, down] = [await branches(ratios, -80, mg, -80), await branches(ratios, -80, mg, 0)];
      expect(Math.abs(up[0]! - down[0]!)).toBeLessThan(0.01);
      expect(down[1]! - up[1]!).toBeGreaterThan(1);
      expect(Math.abs(up[2]! - down[2]!)).toBeLessThan(0.01);
    },
  );

  test('is what a burst of synapses makes on a thin branch: twice the input is more than twice the response', async () => {
    const tree = morphology([
      { name: 'soma', length: um(20), diameter: um(20) },
      { name: 'branch', parent: 'soma', length: um(150), diameter: um(0.8) },
    ]);
    const model = cableNeuron(tree, { receptors: { glutamate: { receptor: nmda(), at: 'branch(0.9)' } } });
    const sim = await simulation({ dt: ms(0.05) });
    const cell = neuronGroup(sim, 2, model);
    const input = spikeTimes(sim, 2, { neurons: [0, 1], times: ms.each([5, 5]) });
    connect(input, cell, { pattern: oneToOne(), receptor: 'glutamate', weight: nS.each([1, 2]) });
    const trace = monitor(cell, 'v@branch(0.9)');
    await sim.run(ms(80));
    const [one, two] = [0, 1].map((k) => Math.max(...trace.values('v@branch(0.9)', k)) + 70);
    expect(two! / one!).toBeGreaterThan(2.2);
    expect(magnesiumBlock(mV(-70))).toBeLessThan(0.05);
  });
});

/** A soma that spikes with a passive dendrite. */
const tree = morphology([
  { name: 'soma', length: um(30), diameter: um(30), compartments: 1 },
  { name: 'dendrite', parent: 'soma', length: um(400), diameter: um(2) },
]);
const excitable = cableNeuron(tree, {
  leakReversal: mV(-65),
  vThreshold: mV(-20),
  sections: { soma: { channels: traubMilesChannels() } },
  receptors: {
    excitatory: { receptor: exponential({ tau: ms(5), reversal: mV(0) }), at: 'dendrite(0.8)' },
    inhibitory: { receptor: exponential({ tau: ms(10), reversal: mV(-75) }), at: ['soma', 'dendrite(0.4)'] },
  },
});

describe('synapses on a tree', () => {
  test('make the soma spike, later than the dendrite rises, and a spike goes on to other groups', async () => {
    const sim = await simulation({ dt: ms(0.025) });
    const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([10]) });
    const [first, second] = [neuronGroup(sim, 1, excitable), neuronGroup(sim, 3, excitable)];
    connect(input, first, { pattern: oneToOne(), receptor: 'excitatory', weight: nS(60) });
    connect(first, second.slice(1, 2), { pattern: oneToOne(), receptor: 'excitatory', weight: nS(60), delay: ms(5) });
    const trace = monitor(first, ['v', 'v@dendrite(0.8)']);
    const [spikes, later] = [monitor(first, 'spikes'), monitor(second, 'spikes')];
    await sim.run(ms(60));
    expect(spikes.count).toBeGreaterThan(0);
    expect([...new Set(later.neurons)]).toEqual([1]);
    // input to spike, and spike and delay to spike, take the same time
    expect(later.times[0]! - spikes.times[0]! - 5).toBeCloseTo(spikes.times[0]! - 10, 6);
    const [soma, dendrite] = [trace.values('v'), trace.values('v@dendrite(0.8)')];
    const rises = (v: Float64Array) => v.findIndex((x) => x > -60);
    expect(rises(dendrite)).toBeLessThan(rises(soma));
  });

  test('inhibit where they are', async () => {
    const counts = [];
    for (const receptor of [undefined, 'inhibitory[0]', 'inhibitory[1]']) {
      const sim = await simulation({ dt: ms(0.025) });
      const cell = neuronGroup(sim, 1, excitable);
      const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([10]) });
      connect(input, cell, { pattern: oneToOne(), receptor: 'excitatory', weight: nS(60) });
      if (receptor) connect(input, cell, { pattern: oneToOne(), receptor, weight: nS(100) });
      const spikes = monitor(cell, 'spikes');
      await sim.run(ms(60));
      counts.push(spikes.count);
    }
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts.slice(1)).toEqual([0, 0]);
  });

  test('may be jumps and currents at any place', async () => {
    const sim = await simulation({ dt: ms(0.025) });
    const cell = neuronGroup(sim, 2, excitable);
    const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
    connect(input, cell.slice(1, 2), { pattern: oneToOne(), receptor: 'v@dendrite(0.8)', weight: mV(30) });
    const trace = monitor(cell, 'v@dendrite(0.8)');
    await sim.run(ms(1.05));
    const [without, jumped] = [0, 1].map((k) => trace.values('v@dendrite(0.8)', k));
    expect(jumped![40]! - without![40]!).toBeCloseTo(30, 9);
    expect(jumped![39]).toBe(without![39]);
  });

  test.each([
    ['v@axon', 'unknown section of cableNeuron "axon"; known: soma, dendrite'],
    ['m@dendrite(0.5)', 'there are no channels at dendrite(0.5)'],
    ['w@soma', 'unknown state of'],
  ])('a monitor of %s is refused', async (state, message) => {
    const sim = await simulation({ dt: ms(0.025) });
    const cell = neuronGroup(sim, 1, excitable);
    expect(() => monitor(cell, state)).toThrow(message);
  });

  test('a receptor that is not there is refused', async () => {
    const sim = await simulation({ dt: ms(0.025) });
    const cell = neuronGroup(sim, 1, excitable);
    expect(() => connect(cell, cell, { pattern: oneToOne(), receptor: 'inhibitory', weight: nS(1) })).toThrow(
      'unknown receptor of cableNeuron 0 "inhibitory"',
    );
  });
});

test('a passive tree with a reset fires at intervals', async () => {
  const passive = cableNeuron(tree, { vThreshold: mV(-50), vReset: mV(-70), refractory: ms(3) });
  const sim = await simulation({ dt: ms(0.1) });
  const cell = neuronGroup(sim, 5, passive);
  stimulate(cell, () => nA(0.5), { duration: ms(300), at: 'dendrite(0.5)' });
  const spikes = monitor(cell, 'spikes');
  await sim.run(ms(300));
  const train = spikes.train(4);
  expect(train.length).toBeGreaterThan(5);
  expect([...spikes.train(0)]).toEqual([...train]);
  for (let k = 1; k < train.length; k++) expect(train[k]! - train[k - 1]!).toBeGreaterThan(3);
});

test.each([1, 3])('a snapshot of %i trees goes on to the same bits', async (size) => {
  const sim = await simulation({ dt: ms(0.025) });
  const cell = neuronGroup(sim, size, excitable);
  stimulate(cell, () => nA(1), { duration: ms(40), at: 'dendrite(0.5)' });
  const [spikes, trace] = [monitor(cell, 'spikes'), monitor(cell, ['v', 'v@dendrite(1)', 'n@soma'])];
  await sim.run(ms(13));
  const snapshot = sim.snapshot();
  const go = async () => {
    await sim.run(ms(20));
    return [[...spikes.times], ...['v', 'v@dendrite(1)', 'n@soma'].map((state) => [...trace.values(state, size - 1)])];
  };
  const first = await go();
  sim.restore(snapshot);
  expect(await go()).toEqual(first);
  expect(spikes.count).toBeGreaterThan(0);
});

test('a state that is no longer finite stops the run', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const cell = neuronGroup(sim, 1, excitable, { name: 'tree' });
  stimulate(cell, () => pA(1e308), { duration: ms(10), at: 'dendrite(1)' });
  await expect(sim.run(ms(10))).rejects.toThrow(/^tree: v of neuron 0 is (NaN|-?Infinity)/);
});
