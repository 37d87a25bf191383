// Models given as equations against the built-in ones: the same spikes.
import { describe, expect, test } from 'vitest';
import {
  adaptiveExponentialText,
  cobaOptions,
  cobahhOptions,
  cobahhText,
  cobaText,
  cubaOptions,
  cubaText,
  hodgkinHuxleyText,
  izhikevichText,
} from '../../bench/biology/equation-models.ts';
import {
  adaptiveExponential,
  celsius,
  connect,
  equations,
  exponential,
  fixedProbability,
  hodgkinHuxley,
  izhikevich,
  lif,
  monitor,
  ms,
  mSPerCm2,
  mV,
  neuronGroup,
  nS,
  pA,
  pF,
  simulation,
  stimulate,
  traubMiles,
  uAPerCm2,
  uFPerCm2,
  um2,
  uniform,
  type EquationMethod,
  type InitialValues,
  type NeuronModel,
  type Precision,
  type Quantity,
} from '../../src/biology/index.ts';

interface Recipe {
  readonly model: NeuronModel;
  readonly receptors: readonly [excitatory: string, inhibitory: string];
  readonly weights: readonly [excitatory: Quantity, inhibitory: Quantity];
}

/** The spikes of a network of Vogels and Abbott's kind of 1,000 neurons. */
async function network(
  { model, receptors, weights }: Recipe,
  duration: number,
  initial: InitialValues,
  precision: Precision = 'float64',
) {
  const sim = await simulation({ dt: ms(0.1), seed: 3, precision });
  const neurons = neuronGroup(sim, 1000, model, { initial });
  const pattern = fixedProbability(0.08);
  connect(neurons.slice(0, 800), neurons, { pattern, receptor: receptors[0], weight: weights[0] });
  connect(neurons.slice(800), neurons, { pattern, receptor: receptors[1], weight: weights[1] });
  const spikes = monitor(neurons, 'spikes');
  await sim.run(ms(duration));
  return { times: [...spikes.times], neurons: [...spikes.neurons] };
}

const membrane = { capacitance: pF(200), tauMembrane: ms(20), vThreshold: mV(-50), vReset: mV(-60), refractory: ms(5) };
const conductances = {
  ge: exponential({ tau: ms(5), reversal: mV(0) }),
  gi: exponential({ tau: ms(10), reversal: mV(-80) }),
};
const receptors = ['ge', 'gi'] as const;
const nanosiemens = [nS(6), nS(67)] as const;

describe('networks as equations have the very spikes of the built-in ones', () => {
  test.each(['float64', 'float32'] as const)('CUBA, exact, in %s', async (precision) => {
    const initial = { v: uniform(mV(-60), mV(-50)) };
    const currents = { ge: exponential({ tau: ms(5) }), gi: exponential({ tau: ms(10) }) };
    const builtIn = {
      model: lif({ ...membrane, vRest: mV(-49), receptors: currents }),
      receptors,
      weights: [pA(16.2), pA(-90)] as const,
    };
    const text = { model: equations(cubaText, cubaOptions), receptors, weights: [mV(1.62), mV(-9)] as const };
    const expected = await network(builtIn, 100, initial, precision);
    expect(expected.times.length).toBeGreaterThan(300);
    const found = await network(text, 100, initial, precision);
    // in float32 what rounds differently makes another network of it, later
    const same = precision === 'float64' ? expected.times.length : 100;
    expect(found.times.slice(0, same)).toEqual(expected.times.slice(0, same));
    expect(found.neurons.slice(0, same)).toEqual(expected.neurons.slice(0, same));
  });

  test('COBA, exponential Euler', async () => {
    const initial = { v: uniform(mV(-60), mV(-50)), ge: uniform(nS(20), nS(60)), gi: uniform(nS(0), nS(200)) };
    const builtIn = lif({ ...membrane, vRest: mV(-60), receptors: conductances });
    const expected = await network({ model: builtIn, receptors, weights: nanosiemens }, 60, initial);
    expect(expected.times.length).toBeGreaterThan(200);
    const text = equations(cobaText, cobaOptions);
    expect(await network({ model: text, receptors, weights: nanosiemens }, 60, initial)).toEqual(expected);
  });
});

interface Neuron {
  readonly model: NeuronModel;
  readonly initial?: InitialValues;
}

/** The spikes of one neuron and the course of its potential; `current` from 2 ms on for 30 ms. */
async function neuron(
  { model, initial = {} }: Neuron,
  duration: number,
  dt: number,
  current?: Quantity<'current density'> | number,
) {
  const sim = await simulation({ dt: ms(dt) });
  const group = neuronGroup(sim, 1, model, { initial });
  if (current !== undefined)
    stimulate(group, () => current as Quantity<'current density'>, { start: ms(2), duration: ms(30) });
  const spikes = monitor(group, 'spikes');
  const trace = monitor(group, 'v');
  await sim.run(ms(duration));
  return { times: [...spikes.times], v: trace.values('v') };
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (x, k) => Math.abs(x - b[k]!)).reduce((most, x) => Math.max(most, x), 0);

const axonOptions = (temperature: number, method: EquationMethod) => ({
  constants: {
    C: uFPerCm2(1),
    gNa: mSPerCm2(120),
    gK: mSPerCm2(36),
    gL: mSPerCm2(0.3),
    ENa: mV(50),
    EK: mV(-77),
    EL: mV(-54.387),
    T: celsius(temperature),
  },
  threshold: 'v > 0*mV',
  refractory: 'v > 0*mV',
  method,
});
const axonStart = { v: mV(-65), m: 0.0529325, h: 0.5961208, n: 0.3176769 };

describe("Hodgkin and Huxley's axon", () => {
  const current = uAPerCm2(10);

  test('by rk4 goes the way of the built-in one', async () => {
    const expected = await neuron(
      { model: hodgkinHuxley({ method: 'rungeKutta4' }), initial: axonStart },
      40,
      0.01,
      current,
    );
    const text = equations(hodgkinHuxleyText, axonOptions(6.3, 'rk4'));
    const found = await neuron({ model: text, initial: axonStart }, 40, 0.01, current);
    expect(expected.times.length).toBe(2);
    expect(found.times).toEqual(expected.times);
    expect(largestDifference(found.v, expected.v)).toBeLessThan(1e-8);
  });

  test.each([6.3, 18.5])('by exponential Euler at %s °C goes to it as the step falls', async (temperature) => {
    const errors = [];
    for (const dt of [0.01, 0.001]) {
      // the built-in one steps its gates before its potential, equations all at once
      const model = hodgkinHuxley({ temperature: celsius(temperature) });
      const expected = await neuron({ model, initial: axonStart }, 32, dt, current);
      const text = equations(hodgkinHuxleyText, axonOptions(temperature, 'exponentialEuler'));
      const found = await neuron({ model: text, initial: axonStart }, 32, dt, current);
      expect(found.times.length).toBe(expected.times.length);
      expect(expected.times.length).toBeGreaterThan(1);
      errors.push(largestDifference(found.times, expected.times));
    }
    expect(errors[0]).toBeLessThan(0.5);
    expect(errors[1]).toBeLessThan(0.051);
  });

  test('differs from its current by what stimulus and constant current say: both are the same', async () => {
    const model = () => equations(hodgkinHuxleyText, axonOptions(6.3, 'rk4'));
    const stimulated = await neuron({ model: model(), initial: axonStart }, 30, 0.01, uAPerCm2(0));
    const constant = await neuron({ model: model(), initial: { ...axonStart, I0: uAPerCm2(10) } }, 30, 0.01);
    expect(stimulated.times.length).toBe(0);
    expect(constant.times.length).toBe(2);
  });
});

describe("Traub and Miles's cell", () => {
  const text = `${cobahhText.replace('(gl*(El', '(I + gl*(El')}  I : amp (constant)`;
  const initial = { v: mV(-60), m: 0.02, h: 0.99, n: 0.02 };
  const builtIn = { area: um2(20000), refractory: ms(3) };

  test('by rk4 goes the way of the built-in one', async () => {
    const model = traubMiles({ ...builtIn, method: 'rungeKutta4', current: uAPerCm2(3) });
    const expected = await neuron({ model, initial }, 60, 0.01);
    const own = equations(text, { ...cobahhOptions, method: 'rk4' });
    const found = await neuron({ model: own, initial: { ...initial, I: pA(600) } }, 60, 0.01);
    expect(expected.times.length).toBeGreaterThan(3);
    expect(found.times).toEqual(expected.times);
    expect(largestDifference(found.v, expected.v)).toBeLessThan(1e-6);
  });

  test('with conductances, by exponential Euler, goes to the built-in one as the step falls', async () => {
    const open = { ge: nS(60), gi: nS(10) };
    const errors = [];
    for (const dt of [0.01, 0.001]) {
      const expected = await neuron(
        { model: traubMiles({ ...builtIn, receptors: conductances }), initial: { ...initial, ...open } },
        12,
        dt,
      );
      const model = equations(cobahhText, cobahhOptions);
      const found = await neuron({ model, initial: { ...initial, ...open } }, 12, dt);
      expect(expected.times.length).toBeGreaterThan(1);
      expect(found.times.length).toBe(expected.times.length);
      errors.push(largestDifference(found.times, expected.times));
    }
    expect(errors[0]).toBeLessThan(0.3);
    expect(errors[1]).toBeLessThan(0.031);
  });
});

const adexConstants = {
  C: pF(200),
  gL: nS(11),
  EL: mV(-70),
  VT: mV(-50),
  DT: mV(2),
  a: nS(3),
  tauw: ms(300),
  b: pA(60),
  Vr: mV(-58),
  I: pA(420),
};

describe('the adaptive exponential neuron', () => {
  const builtIn = {
    capacitance: pF(200),
    leakConductance: nS(11),
    vRest: mV(-70),
    vThreshold: mV(-50),
    slopeFactor: mV(2),
    adaptation: nS(3),
    tauAdaptation: ms(300),
    spikeAdaptation: pA(60),
    vReset: mV(-58),
    current: pA(420),
  };
  test.each([
    ['euler', 'euler'],
    ['rk4', 'rungeKutta4'],
  ] as const)('by %s spikes at the times of the built-in one', async (method, name) => {
    const options = { constants: adexConstants, threshold: 'v > 0*mV', reset: 'v = Vr; w += b', method };
    const initial = { v: mV(-70), w: pA(5) };
    const expected = await neuron({ model: adaptiveExponential({ ...builtIn, method: name }), initial }, 300, 0.01);
    const found = await neuron({ model: equations(adaptiveExponentialText, options), initial }, 300, 0.01);
    expect(expected.times.length).toBeGreaterThan(5);
    expect(found.times.length).toBe(expected.times.length);
    // rungeKutta4 goes through the upswing with the slope cut off at v = vPeak there, and freely here
    expect(largestDifference(found.times, expected.times)).toBeLessThan(method === 'euler' ? 1e-9 : 0.1);
  });

  test("has LSODAR's spike times within 0.01 ms", async () => {
    const constants = { ...adexConstants, b: pA(0) };
    const options = { constants, threshold: 'v > 0*mV', reset: 'v = Vr; w += b', method: 'rk4' as const };
    const initial = { v: mV(-70), w: pA(5) };
    const { times } = await neuron({ model: equations(adaptiveExponentialText, options), initial }, 95, 0.0005);
    const exact = [18.715338, 30.560609, 42.49524, 54.517496, 66.626048, 78.819313, 91.095666];
    expect(times.length).toBe(exact.length);
    exact.forEach((t, k) => expect(Math.abs(times[k]! - t)).toBeLessThan(0.01));
  });
});

test("Izhikevich's neuron goes to the built-in one's spikes as the step falls (it steps u with the new v)", async () => {
  const parameters = { a: 0.02, b: 0.2 };
  const options = { constants: { ...parameters, c: -65, d: 6 }, threshold: 'v > 30', reset: 'v = c; u += d' };
  const initial = { v: -70, u: -14 };
  const errors = [];
  for (const dt of [0.01, 0.001]) {
    const model = izhikevich({ ...parameters, c: -65, d: 6, v: -70 });
    const expected = await neuron({ model, initial }, 40, dt, 14);
    const found = await neuron({ model: equations(izhikevichText, options), initial }, 40, dt, 14);
    expect(found.times.length).toBe(expected.times.length);
    expect(expected.times.length).toBeGreaterThan(1);
    errors.push(largestDifference(found.times, expected.times));
  }
  expect(errors[0]).toBeLessThan(0.1);
  expect(errors[1]).toBeLessThan(0.011);
});

test("Euler's method takes a leaky neuron from 0 to half its target in the time that it is known to", async () => {
  // τ 10, target 20, threshold 10: exactly 6.93147 ms
  for (const [dt, expected] of [
    [1, 7],
    [0.5, 7],
    [0.1, 6.9],
    [0.01, 6.93],
  ] as const) {
    const options = { threshold: 'v > 10', reset: 'v = 0', method: 'euler' as const };
    const { times } = await neuron({ model: equations('dv/dt = (20 - v)/(10*ms) : 1', options) }, 10, dt);
    expect(times[0]).toBeCloseTo(expected, 9);
  }
});
