// Models given as equations against the built-in ones, closed forms, and each other.
import { describe, expect, test } from 'vitest';
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
  mV,
  neuronGroup,
  nS,
  pA,
  pF,
  quantity,
  simulation,
  stimulate,
  traubMiles,
  uAPerCm2,
  um2,
  uniform,
  type EquationMethod,
  type NeuronModel,
  type Precision,
} from '../../src/biology/index.ts';

/** What a model does in some time: its spikes and the end of its states. */
async function run(model: NeuronModel, duration: number, dt = 0.1, n = 1, precision: Precision = 'float64') {
  const sim = await simulation({ dt: ms(dt), precision });
  const group = neuronGroup(sim, n, model);
  const spikes = monitor(group, 'spikes');
  const trace = monitor(group, group.states[0]!, { neurons: [0] });
  await sim.run(ms(duration));
  return { group, spikes, times: [...spikes.times], v: trace.values(group.states[0]!) };
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (x, k) => Math.abs(x - b[k]!)).reduce((most, x) => Math.max(most, x), 0);

const cubaText = `
  dv/dt = (ge + gi - (v - El)) / taum : volt (unless refractory)
  dge/dt = -ge / taue : volt
  dgi/dt = -gi / taui : volt
`;
const cubaOptions = {
  constants: { taum: ms(20), taue: ms(5), taui: ms(10), El: mV(-49), Vt: mV(-50), Vr: mV(-60) },
  threshold: 'v > Vt',
  reset: 'v = Vr',
  refractory: ms(5),
};

describe('CUBA', () => {
  test('has the spikes of the built-in neurons for the first 100 ms', async () => {
    const network = async (model: NeuronModel, e: string, i: string, weights: [ReturnType<typeof pA>, ReturnType<typeof pA>]) => {
      const sim = await simulation({ dt: ms(0.1), seed: 3 });
      const neurons = neuronGroup(sim, 1000, model, { initial: { v: uniform(mV(-60), mV(-50)) } });
      const pattern = fixedProbability(0.08);
      connect(neurons.slice(0, 800), neurons, { pattern, receptor: e, weight: weights[0] });
      connect(neurons.slice(800), neurons, { pattern, receptor: i, weight: weights[1] });
      const spikes = monitor(neurons, 'spikes');
      await sim.run(ms(100));
      return { times: [...spikes.times], neurons: [...spikes.neurons] };
    };
    const builtIn = await network(
      lif({
        capacitance: pF(200),
        tauMembrane: ms(20),
        vRest: mV(-49),
        vThreshold: mV(-50),
        vReset: mV(-60),
        refractory: ms(5),
        receptors: { e: exponential({ tau: ms(5) }), i: exponential({ tau: ms(10) }) },
      }),
      'e',
      'i',
      [pA(16.2), pA(-90)],
    );
    const text = await network(equations(cubaText, cubaOptions), 'ge', 'gi', [mV(1.62) as never, mV(-9) as never]);
    expect(builtIn.times.length).toBeGreaterThan(300);
    expect(text).toEqual(builtIn);
  });
});
