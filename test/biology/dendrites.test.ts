// Trees of cable: the closed forms of passive cables, Rall's law, reciprocity, and what the solver promises.
import { describe, expect, test } from 'vitest';
import {
  cableNeuron,
  monitor,
  morphology,
  ms,
  mSPerCm2,
  mV,
  neuronGroup,
  ohmCm,
  pA,
  simulation,
  stimulate,
  um,
  type CableMethod,
  type CableNeuron,
  type CableOptions,
  type Precision,
  type Segment,
} from '../../src/biology/index.ts';

const passive = { axialResistivity: ohmCm(150), leak: mSPerCm2(0.1), leakReversal: mV(-70) };
const cylinder: Segment = { name: 'cable', length: um(300), diameter: um(1) };
const lambda = 408.248290463863;

/** The depolarisation of every compartment by a steady current at a place. */
async function depolarisation(model: CableNeuron, current: number, at: string, size = 1): Promise<number[]> {
  const sim = await simulation({ dt: ms(1000) });
  const cell = neuronGroup(sim, size, model);
  stimulate(cell, () => pA(current), { duration: ms(100_000), at });
  await sim.run(ms(100_000));
  return model.compartments.map(({ name }) => cell.get(`v@${name}`).at(-1)! + 70);
}

const uniformCable = (compartments: number, options: CableOptions = {}) =>
  cableNeuron(morphology([{ ...cylinder, compartments }]), { ...passive, ...options });

/** What a sealed cable of 300 µm is depolarised by 20 pA at its beginning. */
const theory = (x: number) => (20 * 0.7796968 * Math.cosh((300 - x) / lambda)) / Math.sinh(300 / lambda);

describe('a sealed cylinder', () => {
  test('has the depolarisation of the closed form at both ends and between', async () => {
    const model = uniformCable(400);
    const dv = await depolarisation(model, 20, 'cable(0)');
    model.compartments.forEach(({ distance, position }, k) => {
      expect(distance).toBeCloseTo(Math.abs(position - 0.5) * 300, 6);
      expect(Math.abs(dv[k]! - theory(300 * position))).toBeLessThan(1e-5);
    });
    expect(dv.at(-1)! / dv[0]!).toBeCloseTo(0.7798, 3);
  });

  test('attenuates a steady potential by 1 / cosh of its electrotonic length', async () => {
    for (const [length, expected] of [
      [1, 0.6480543],
      [2, 0.2658022],
    ] as const) {
      const cable = morphology([{ ...cylinder, length: um(length * lambda), compartments: 800 }]);
      const dv = await depolarisation(cableNeuron(cable, passive), 20, 'cable(0)');
      // to the ends from the middles of the last compartments, where the slope is that of the current, or 0
      const atStart = dv[0]! + ((20 * 1e-5 * 150 * 4) / Math.PI) * ((length * lambda) / 1600);
      expect(dv.at(-1)! / atStart).toBeCloseTo(expected, 5);
    }
  });

  test('has the input resistance of the closed form', async () => {
    const dv = await depolarisation(uniformCable(800), 20, 'cable(0)');
    const atStart = dv[0]! + ((20 * 1e-5 * 150 * 4) / Math.PI) * (300 / 1600);
    expect((1000 * atStart) / 20).toBeCloseTo(1245.4789, 2);
  });

  test.each([
    [10, 5.13e-3],
    [20, 1.28e-3],
    [50, 2.05e-4],
    [100, 5.13e-5],
    [200, 1.28e-5],
  ])('in %i compartments is wrong by %d mV', async (n, expected) => {
    const model = uniformCable(n);
    const dv = await depolarisation(model, 20, 'cable(0)');
    const errors = model.compartments.map(({ position }, k) => Math.abs(dv[k]! - theory(300 * position)));
    expect(Math.max(...errors) / expected).toBeCloseTo(1, 2);
  });
});

/** Parent and two children, the second as thick and as long as Rall's law asks. */
function branching(compartments: number): CableNeuron {
  const tree = morphology([
    { name: 'parent', length: um(300), diameter: um(1), compartments },
    { name: 'one', parent: 'parent', length: um(200), diameter: um(0.5), compartments },
    { name: 'other', parent: 'parent', length: um(244.562133), diameter: um(0.747633), compartments },
  ]);
  return cableNeuron(tree, passive);
}

describe("Rall's law", () => {
  test('makes a tree equal to one cylinder: both tips have the same potential, that of the formula', async () => {
    const model = branching(400);
    const dv = await depolarisation(model, 20, 'parent(0)');
    const at = (name: string) => dv[model.compartments.findIndex((each) => each.name === name)]!;
    const [one, other] = [at('one(0.99875)'), at('other(0.99875)')];
    expect(Math.abs(one / other - 1)).toBeLessThan(1e-6);
    expect(Math.abs(one - 7.937674)).toBeLessThan(1e-3);
    const root = at('parent(0.00125)') + ((20 * 1e-5 * 150 * 4) / Math.PI) * (300 / 800);
    expect(Math.abs(root - 17.497928)).toBeLessThan(1e-3);
    const around = (at('parent(0.99875)') + at('one(0.00125)') + at('other(0.00125)')) / 3;
    expect(Math.abs(around - 9.920147)).toBeLessThan(0.03);
  });

  test('is broken by any other diameter', async () => {
    const tree = morphology([
      { name: 'parent', length: um(300), diameter: um(1), compartments: 50 },
      { name: 'one', parent: 'parent', length: um(200), diameter: um(0.5), compartments: 50 },
      { name: 'other', parent: 'parent', length: um(200), diameter: um(0.747633), compartments: 50 },
    ]);
    const model = cableNeuron(tree, passive);
    const dv = await depolarisation(model, 20, 'parent(0)');
    expect(Math.abs(dv[99]! / dv[149]! - 1)).toBeGreaterThan(0.01);
  });
});

/** A tree with a soma in its middle, branchings, a taper, a branch from a side and one from the beginning of another. */
const bush = morphology([
  { name: 'soma', length: um(20), diameter: um(20) },
  { name: 'trunk', parent: 'soma', length: um(200), diameter: [um(4), um(2)] },
  { name: 'left', parent: 'trunk', length: um(150), diameter: um(1) },
  { name: 'right', parent: 'trunk', length: um(120), diameter: um(1.2) },
  { name: 'third', parent: 'trunk', length: um(90), diameter: um(0.8) },
  { name: 'oblique', parent: 'trunk', position: 0.4, length: um(100), diameter: um(0.7) },
  { name: 'basal', parent: 'soma', position: 0, length: um(110), diameter: um(1.5) },
  { name: 'axon', parent: 'basal', position: 0, length: um(300), diameter: um(0.5) },
]);

describe('a tree', () => {
  test('passes as much from a to b as from b to a', async () => {
    const model = cableNeuron(bush, passive);
    const places = ['left(1)', 'right(0.5)', 'oblique(1)', 'basal(1)', 'axon(0.9)', 'soma'];
    const resistance = async (from: string) => {
      const sim = await simulation({ dt: ms(1000) });
      const cell = neuronGroup(sim, 1, model);
      stimulate(cell, () => pA(10), { duration: ms(100_000), at: from });
      await sim.run(ms(100_000));
      return places.map((to) => cell.get(`v@${to}`)[0]! + 70);
    };
    const all = await Promise.all(places.map(resistance));
    places.forEach((_, a) =>
      places.forEach((__, b) => expect(Math.abs(all[a]![b]! / all[b]![a]! - 1)).toBeLessThan(1e-10)),
    );
  });

  test('keeps the charge that comes in, but for what leaks', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const model = cableNeuron(bush, { ...passive, leak: mSPerCm2(0) });
    const cell = neuronGroup(sim, 1, model);
    stimulate(cell, () => pA(10), { duration: ms(5), at: 'left(1)' });
    await sim.run(ms(20));
    const charge = model.compartments.reduce(
      (sum, { name, area }) => sum + (cell.get(`v@${name}`)[0]! + 70) * area * 0.01,
      0,
    );
    expect(charge).toBeCloseTo(50, 6);
  });

  test('is the same with any part as the place of its soma', async () => {
    const at = (soma: string) => depolarisation(cableNeuron(bush, { ...passive, soma }), 10, 'axon(1)');
    expect(await at('left(1)')).toEqual(await at('soma'));
  });

  test('has compartments no longer than a part of the length constant, and their areas are those of the cones', () => {
    const coarse = cableNeuron(bush, passive);
    const fine = cableNeuron(bush, { ...passive, dLambda: 0.03 });
    expect(fine.compartments.length).toBeGreaterThan(2 * coarse.compartments.length);
    for (const { compartments } of [coarse, fine]) {
      const area = compartments.reduce((sum, each) => sum + each.area, 0);
      expect(area / bush.area).toBeCloseTo(1, 12);
      const trunk = compartments.filter(({ section }) => section === 'trunk');
      expect(trunk.length % 2).toBe(1);
      expect(trunk[0]!.diameter).toBeGreaterThan(trunk.at(-1)!.diameter);
    }
    const cone = Math.PI * 3 * Math.hypot(200, 1);
    const trunk = coarse.compartments.filter(({ section }) => section === 'trunk');
    expect(trunk.reduce((sum, each) => sum + each.area, 0)).toBeCloseTo(cone, 8);
  });
});

describe('the step', () => {
  /** The potential of a cable's far end some time after a current has begun. */
  async function after(method: CableMethod, dt: number): Promise<number> {
    const sim = await simulation({ dt: ms(dt) });
    const cell = neuronGroup(sim, 1, uniformCable(21, { method }));
    stimulate(cell, () => pA(20), { duration: ms(4), at: 'cable(0)' });
    await sim.run(ms(4));
    return cell.get('v@cable(1)')[0]!;
  }

  test.each([
    ['implicitEuler', 1],
    ['crankNicolson', 2],
  ] as const)('of %s is of order %i', async (method, order) => {
    const exact = await after('crankNicolson', 0.001);
    const errors = [];
    for (const dt of [0.2, 0.1, 0.05]) errors.push(Math.abs((await after(method, dt)) - exact));
    for (const k of [0, 1]) expect(Math.abs(Math.log2(errors[k]! / errors[k + 1]!) - order)).toBeLessThan(0.1);
  });

  test('spreads an impulse with the peak times of the infinite cable', async () => {
    const tau = 10;
    const length = 12 * lambda;
    const tree = morphology([{ ...cylinder, length: um(length), compartments: 1200 }]);
    const model = cableNeuron(tree, { ...passive, method: 'crankNicolson' });
    const sim = await simulation({ dt: ms(0.005) });
    const cell = neuronGroup(sim, 1, model);
    stimulate(cell, () => pA(1000), { duration: ms(0.005), at: 'cable(0.5)' });
    const steps = [0.5, 1, 2].map((x) => `v@cable(${0.5 + (x + 0.005) / 12})`);
    const trace = monitor(cell, steps);
    await sim.run(ms(10));
    [0.1036, 0.309, 0.7808].forEach((expected, k) => {
      const v = trace.values(steps[k]!);
      const peak = v.indexOf(Math.max(...v)) * 0.005;
      expect(Math.abs(peak / tau - expected)).toBeLessThan(0.005);
    });
  });

  test.each(['float32', 'float64'] as const)(
    'of many equal trees side by side is that of one alone, whatever their number (%s)',
    async (precision: Precision) => {
      const model = cableNeuron(bush, { ...passive, method: 'crankNicolson' });
      const run = async (size: number) => {
        const sim = await simulation({ dt: ms(0.1), precision });
        const cell = neuronGroup(sim, size, model);
        stimulate(cell, (t) => pA(10 * t), { duration: ms(5), at: 'left(1)' });
        await sim.run(ms(10));
        return ['soma', 'left(1)', 'axon(0.5)'].map((place) => [...cell.get(`v@${place}`)]);
      };
      const one = await run(1);
      for (const size of [2, 3, 4, 5, 7, 8, 9, 17, 33]) {
        const many = await run(size);
        many.forEach((values, k) => {
          expect(new Set(values).size).toBe(1);
          expect(values[0]).toBeCloseTo(one[k]![0]!, precision === 'float32' ? 4 : 11);
        });
      }
    },
  );
});
