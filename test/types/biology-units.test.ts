// A quantity of another kind than what is asked for does not compile, and is an error with both names at run time.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  alpha,
  celsius,
  cm,
  connect,
  exponential,
  GOhm,
  hodgkinHuxley,
  Hz,
  kelvin,
  kHz,
  lif,
  lifRate,
  magnesiumBlock,
  mM,
  ms,
  mV,
  nA,
  neuronGroup,
  nS,
  oneToOne,
  pA,
  pF,
  poissonGroup,
  simulation,
  stimulate,
  uF,
  uM,
  um,
  uniform,
  V,
} from '../../src/biology/index.ts';
import { typeErrors } from '../docs/types.ts';

const root = join(import.meta.dirname, '../..');

/** Programs that must not compile, by what they do; each line is wrong by itself. */
const wrong: Record<string, string> = {
  'a millivolt for a step': 'await b.simulation({ dt: b.mV(1) });',
  'a number for a step': 'await b.simulation({ dt: 0.1 });',
  'a millivolt for a duration': 'await sim.run(b.mV(100));',
  'a millisecond for a potential':
    'b.lif({ tauMembrane: b.ms(10), resistance: b.GOhm(1), vRest: b.ms(0), vThreshold: b.mV(10) });',
  'a current for a conductance':
    'b.lif({ capacitance: b.pF(1), leakConductance: b.pA(1), vRest: b.mV(0), vThreshold: b.mV(10) });',
  'a number for a potential':
    'b.lif({ tauMembrane: b.ms(10), resistance: b.GOhm(1), vRest: 0, vThreshold: b.mV(10) });',
  'a current for a density of current': 'b.hodgkinHuxley({ current: b.pA(10) });',
  'a conductance for its density': 'b.hodgkinHuxley({ sodium: b.nS(120) });',
  'a millivolt for a temperature': 'b.hodgkinHuxley({ temperature: b.mV(6) });',
  'a frequency for a time constant': 'b.exponential({ tau: b.Hz(5) });',
  'a conductance for a reversal potential': 'b.alpha({ tau: b.ms(5), reversal: b.nS(0) });',
  'a time for a rate': 'b.poissonGroup(sim, 1, b.ms(10));',
  'a time for a rate of a closed form':
    'b.lifRate(b.ms(10), { tauMembrane: b.ms(10), vThreshold: b.mV(10), vReset: b.mV(0) });',
  'two kinds for the bounds of a distribution': 'b.uniform(b.mV(1), b.ms(2));',
  'a unit of another kind to read in': 'b.ms(5).in(b.mV);',
  'times where potentials are asked for':
    'b.lif({ tauMembrane: b.ms(10), resistance: b.GOhm(1), vRest: b.ms.each([0]), vThreshold: b.mV(1) });',
  'a voltage for a concentration': 'b.magnesiumBlock(b.mV(-60), b.mV(1));',
  'a millivolt for the refractory time of equations': "b.equations('v : 1', { refractory: b.mV(5) });",
  'a length for an area': 'b.hodgkinHuxley({ area: b.um(20000) });',
};

/** The same calls with what is asked for. */
const right = [
  'await b.simulation({ dt: b.ms(1) });',
  'await sim.run(b.us(100));',
  'b.lif({ tauMembrane: b.s(0.01), resistance: b.GOhm(1), vRest: b.V(0), vThreshold: b.mV.each([10]) });',
  'b.hodgkinHuxley({ current: b.uAPerCm2(10), sodium: b.mSPerCm2(120), temperature: b.kelvin(280), area: b.cm2(1e-4) });',
  'b.exponential({ tau: b.ms(5), reversal: b.mV(0) });',
  'b.poissonGroup(sim, 1, b.kHz(1));',
  'b.uniform(b.mV(1), b.V(2));',
  'b.ms(5).in(b.s);',
  'b.magnesiumBlock(b.mV(-60), b.uM(1000));',
  "b.equations('v : 1', { refractory: b.ms(5) });",
];

test('a quantity of another kind does not compile, and the right kinds do', async () => {
  const begin = "import * as b from './src/biology/index.ts';\nconst sim = await b.simulation({ dt: b.ms(1) });\n";
  const program = (name: string, code: string) => ({ name, code: begin + code, folder: root });
  const programs = [
    ...Object.entries(wrong).map(([name, code]) => program(name, code)),
    program('right', right.join('\n')),
  ];
  const errors = await typeErrors(programs, 'type-units');
  for (const name of Object.keys(wrong))
    expect(errors.filter((error) => error.startsWith(`${name}(`)).length, name).toBe(1);
  expect(errors.filter((error) => error.startsWith('right('))).toEqual([]);
});

describe('where no compiler looks, it is an error that names what was expected and what came', () => {
  const any = <T>(value: unknown): T => value as T;
  const membrane = { tauMembrane: ms(10), resistance: GOhm(1), vThreshold: mV(10) };

  test('in options', async () => {
    await expect(simulation({ dt: any(mV(1)) })).rejects.toThrow(
      'simulation: dt: expected a time such as ms(10), got 1 mV',
    );
    const sim = await simulation({ dt: ms(1) });
    await expect(sim.run(any(mV(100)))).rejects.toThrow('run: expected a time such as ms(10), got 100 mV');
    const make = (model: Parameters<typeof neuronGroup>[2]) => () => neuronGroup(sim, 1, model);
    expect(make(lif({ ...membrane, vRest: any(ms(3)) }))).toThrow(
      'lif: vRest: expected a voltage such as mV(-65), got 3 ms',
    );
    expect(make(lif({ ...membrane, vRest: any(0) }))).toThrow('expected a voltage such as mV(-65), got 0');
    expect(make(hodgkinHuxley({ current: any(pA(10)) }))).toThrow(
      'expected a current density such as uAPerCm2(10), got 10 pA',
    );
    expect(() => hodgkinHuxley({ temperature: any(mV(6)) })).toThrow(
      'expected a temperature such as celsius(6.3), got 6 mV',
    );
    expect(() => exponential({ tau: any(Hz(5)) })).toThrow('expected a time such as ms(10), got 5 Hz');
    expect(() => alpha({ tau: ms(5), reversal: any(nS(1)) })).toThrow('expected a voltage such as mV(-65), got 1 nS');
    expect(() => poissonGroup(sim, 1, any(ms(10)))).toThrow('expected a frequency such as Hz(10), got 10 ms');
    expect(() => magnesiumBlock(mV(-60), any(mV(1)))).toThrow('expected a concentration such as mM(1), got 1 mV');
    expect(() => uniform(mV(1), any(ms(2)))).toThrow('two quantities of one dimension, got 1 mV and 2 ms');
    expect(() => ms(5).in(any(mV))).toThrow('in: expected a unit of time, got mV, a unit of voltage');
    expect(() => lifRate(any(ms(1)), { ...membrane, vReset: mV(0) })).toThrow(
      'expected a voltage such as mV(-65), got 1 ms',
    );
  });

  test('in states, weights and stimuli, whose kind only the model knows', async () => {
    const sim = await simulation({ dt: ms(1) });
    const receptors = { current: exponential({ tau: ms(5) }), open: exponential({ tau: ms(5), reversal: mV(0) }) };
    const group = neuronGroup(
      sim,
      1,
      lif({ capacitance: pF(200), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(10), receptors }),
    );
    expect(() => group.set('v', ms(1))).toThrow('v: expected a voltage such as mV(-65), got 1 ms');
    const pattern = oneToOne();
    expect(() => connect(group, group, { pattern, receptor: 'open', weight: pA(1) })).toThrow(
      'expected a conductance such as nS(10), got 1 pA',
    );
    expect(() => connect(group, group, { pattern, receptor: 'current', weight: nS(1) })).toThrow(
      'expected a current such as pA(200), got 1 nS',
    );
    expect(() => connect(group, group, { pattern, receptor: 'v', weight: 1 })).toThrow(
      'expected a voltage such as mV(-65), got 1',
    );
    const own = neuronGroup(sim, 1, hodgkinHuxley());
    expect(() => stimulate(own, () => pA(1), { duration: ms(1) })).toThrow(
      'expected a current density such as uAPerCm2(10), got 1 pA',
    );
  });
});

test('units are of the sizes that they are known to have', () => {
  expect(kelvin(279.45).in(celsius)).toBeCloseTo(6.3, 12);
  expect(celsius(6.3).in(kelvin)).toBeCloseTo(279.45, 12);
  expect(String(kelvin(300))).toBe('300 K');
  expect(nA(1).in(pA)).toBe(1000);
  expect(V(1).in(mV)).toBe(1000);
  expect(kHz(1).in(Hz)).toBe(1000);
  expect(cm(1).in(um)).toBe(10_000);
  expect(uM(1000).in(mM)).toBe(1);
  expect(uF(1).in(pF)).toBe(1e6);
  // ohm's law and the charge of a capacitor in the set of units that everything is in
  expect(GOhm(1).value * pA(1).value).toBe(mV(1).value);
  expect(nS(1).value * mV(1).value).toBe(pA(1).value);
  expect((pA(1).value * ms(1).value) / pF(1).value).toBe(mV(1).value);
});
