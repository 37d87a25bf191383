// Gap junctions: the closed form of two coupled cells, the order of a step, and what is refused.
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  cableNeuron,
  connect,
  connectGaps,
  fixedProbability,
  GOhm,
  hodgkinHuxley,
  izhikevich,
  lif,
  monitor,
  morphology,
  ms,
  mSPerCm2,
  mV,
  neuronGroup,
  nS,
  oneToOne,
  pA,
  pairs,
  pF,
  simulation,
  spikeTimes,
  stimulate,
  um,
  type Precision,
} from '../../src/biology/index.ts';

const passive = lif({ capacitance: pF(100), leakConductance: nS(10), vRest: mV(-70), vThreshold: mV(100) });

/** Two cells, a current into the first: their depolarisations over time. */
async function two(conductance: number, dt: number, duration: number, precision: Precision = 'float64') {
  const sim = await simulation({ dt: ms(dt), precision });
  const [a, b] = [neuronGroup(sim, 1, passive), neuronGroup(sim, 1, passive)];
  connectGaps(a, b, { pattern: oneToOne(), conductance: nS(conductance) });
  stimulate(a, () => pA(100), { duration: ms(duration) });
  await sim.run(ms(duration));
  return [a.get('v')[0]! + 70, b.get('v')[0]! + 70] as const;
}

describe('two coupled cells', () => {
  test.each([1, 5, 20])('share a steady current by the closed form, g = %i nS', async (g) => {
    const [a, b] = await two(g, 0.1, 400);
    // sum and difference relax with g_L and g_L + 2 g
    const [sum, difference] = [100 / 10, 100 / (10 + 2 * g)];
    expect(a).toBeCloseTo((sum + difference) / 2, 9);
    expect(b).toBeCloseTo((sum - difference) / 2, 9);
    // the coupling coefficient
    expect(b / a).toBeCloseTo(g / (g + 10), 9);
  });

  test('approach it with two time constants, with an error of first order in the step', async () => {
    const [g, t] = [5, 8];
    const part = (rate: number) => ((100 / rate) * (1 - Math.exp((-rate * t) / 100))) / 2;
    const expected = [part(10) + part(20), part(10) - part(20)];
    const errors: number[] = [];
    for (const dt of [0.2, 0.1, 0.05]) {
      const found = await two(g, dt, t);
      errors.push(Math.abs(found[1] - expected[1]!));
      expect(Math.abs(found[0] - expected[0]!)).toBeLessThan(0.1 * dt);
    }
    for (const k of [0, 1]) expect(Math.log2(errors[k]! / errors[k + 1]!)).toBeCloseTo(1, 1);
  });

  test('do so in float32 too', async () => {
    const [a, b] = await two(5, 0.1, 400, 'float32');
    expect(a).toBeCloseTo(7.5, 3);
    expect(b).toBeCloseTo(2.5, 3);
  });
});

test('junctions see potentials before the jumps of their step, and every junction the same ones', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const cells = neuronGroup(sim, 3, passive);
  const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
  connect(input, cells.slice(0, 1), { pattern: oneToOne(), receptor: 'v', weight: mV(10) });
  connectGaps(cells, cells, {
    pattern: pairs([
      [0, 1],
      [1, 2],
    ]),
    conductance: nS(5),
  });
  const trace = monitor(cells, 'v');
  await sim.run(ms(1.5));
  const [v0, v1, v2] = [0, 1, 2].map((k) => trace.values('v', k));
  // the jump is in the state at 1.1, the second cell follows at 1.2, the third at 1.3
  expect(v0![11]).toBeGreaterThan(-61);
  expect([v1![11], v2![12]]).toEqual([-70, -70]);
  expect(v1![12]).toBeGreaterThan(-70);
  expect(v2![13]).toBeGreaterThan(-70);
});

test('a row of cells coupled to their neighbours is a cable', async () => {
  const n = 200;
  const sim = await simulation({ dt: ms(0.1) });
  const cells = neuronGroup(sim, n, passive);
  const neighbours = Array.from({ length: n - 1 }, (_, k) => [k, k + 1] as const);
  const made = connectGaps(cells, cells, {
    pattern: pairs(neighbours),
    conductance: nS(90),
  });
  expect(made.size).toBe(n - 1);
  const input = neuronGroup(
    sim,
    1,
    lif({ tauMembrane: ms(10), resistance: GOhm(1), vRest: mV(0), vThreshold: mV(-1) }),
  );
  connect(input, cells.slice(0, 1), { pattern: oneToOne(), receptor: 'current', weight: pA(100) });
  await sim.run(ms(3000));
  const v = cells.get('v').map((x) => x + 70);
  // g (v₋ − 2 v + v₊) = g_L v: each is e^(−1/λ) of the one before, 2 cosh(1/λ) = 2 + g_L/g
  const ratio = Math.exp(-Math.acosh(1 + 10 / 90 / 2));
  for (const k of [20, 40, 60]) expect(v[k + 1]! / v[k]!).toBeCloseTo(ratio, 4);
});

test('neurons of one group are joined once, whichever comes first, and none with itself', async () => {
  const sim = await simulation({ dt: ms(0.1), seed: 1 });
  const cells = neuronGroup(sim, 20, passive);
  expect(connectGaps(cells, cells, { pattern: allToAll(), conductance: nS(1) }).size).toBe(190);
  const some = connectGaps(cells, cells, { pattern: fixedProbability(0.3), conductance: nS(1) });
  const { first, second } = some.pairs();
  const names = [...first].map((a, k) => [a, second[k]!].toSorted((x, y) => x - y).join());
  expect(new Set(names).size).toBe(some.size);
  expect(first.every((a, k) => a !== second[k])).toBe(true);
  const parts = connectGaps(cells.slice(0, 5), cells.slice(5, 10), {
    pattern: oneToOne(),
    conductance: nS.each([1, 2, 3, 4, 5]),
  });
  expect([...parts.pairs().second]).toEqual([5, 6, 7, 8, 9]);
  expect([...parts.conductances]).toEqual([1, 2, 3, 4, 5]);
  parts.setConductances(nS(2));
  expect([...parts.conductances]).toEqual([2, 2, 2, 2, 2]);
});

test('coupled axons spike together', async () => {
  const sim = await simulation({ dt: ms(0.02) });
  const axons = neuronGroup(sim, 2, hodgkinHuxley(), { initial: { v: mV.each([-65, -45]) } });
  connectGaps(axons, axons, { pattern: allToAll(), conductance: mSPerCm2(1) });
  const spikes = monitor(axons, 'spikes');
  await sim.run(ms(20));
  expect([spikes.train(0).length, spikes.train(1).length]).toEqual([1, 1]);
});

test('dendrites may be joined where they touch', async () => {
  const tree = morphology([
    { name: 'soma', length: um(20), diameter: um(20) },
    { name: 'dendrite', parent: 'soma', length: um(300), diameter: um(1) },
  ]);
  const sim = await simulation({ dt: ms(0.1) });
  const cells = neuronGroup(sim, 2, cableNeuron(tree));
  const at = ['dendrite(0.9)', 'dendrite(0.9)'] as const;
  connectGaps(cells.slice(0, 1), cells.slice(1, 2), { pattern: oneToOne(), conductance: nS(2), at });
  const input = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
  connect(input, cells.slice(0, 1), { pattern: oneToOne(), receptor: 'v@dendrite(0.9)', weight: mV(30) });
  const trace = monitor(cells, ['v', 'v@dendrite(0.9)']);
  await sim.run(ms(20));
  const peak = (state: string, k: number) => Math.max(...trace.values(state, k)) + 70;
  expect(peak('v@dendrite(0.9)', 1)).toBeGreaterThan(peak('v', 1));
  expect(peak('v', 1)).toBeGreaterThan(0.01);
});

describe('refused are', () => {
  test.each([
    [{ conductance: mV(1) }, 'connectGaps: conductance: expected a conductance such as nS(10), got 1 mV'],
    [{ conductance: nS(-1) }, 'connectGaps: expected no conductance below 0, got -1 nS'],
    [{ conductance: nS.each([1]) }, 'expected 2 values, got 1'],
  ])('%o', async (wrong, message) => {
    const sim = await simulation({ dt: ms(0.1) });
    const cells = neuronGroup(sim, 2, passive);
    const others = neuronGroup(sim, 2, passive);
    expect(() => connectGaps(cells, others, { pattern: oneToOne(), ...wrong } as never)).toThrow(message);
  });

  test('neurons outside their group', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const cells = neuronGroup(sim, 2, passive, { name: 'two' });
    const beyond = { group: cells, first: 1, size: 2 };
    const options = { pattern: allToAll(), conductance: nS(1) };
    expect(() => connectGaps(cells, beyond, options)).toThrow(
      'connectGaps: expected a second within neurons 0 to 1 of two, got 1 to 2',
    );
    expect(() => connectGaps(undefined as never, cells, options)).toThrow(
      'connectGaps: expected a group of neurons or a slice of one as first, got undefined',
    );
  });

  test('groups whose currents are of different kinds', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const cells = neuronGroup(sim, 2, passive);
    const others = neuronGroup(sim, 2, izhikevich('regularSpiking'));
    expect(() => connectGaps(cells, others, { pattern: oneToOne(), conductance: nS(1) })).toThrow(
      'the currents of lif 0 are of kind current, of izhikevich 1 number',
    );
  });
});
