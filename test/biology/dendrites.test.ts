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
const lambda = 408.24829046386305;

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
      expect(distance).toBeCloseTo(Math.abs(position - 0.50125) * 300, 6);
      expect(Math.abs(dv[k]! - theory(300 * position))).toBeLessThan(1e-5);
    });
    expect(dv.at(-1)! / dv[0]!).toBeCloseTo(0.7798, 3);
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
