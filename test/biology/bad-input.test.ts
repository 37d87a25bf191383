// What does not fit is refused before anything is touched: steps longer than time constants and delays, connections
// outside their groups, states that diverge. (Units: test/types; equations: equation-errors.test.ts.)
import { describe, expect, test } from 'vitest';
import {
  adaptiveExponential,
  allToAll,
  connect,
  equations,
  exponential,
  fixedInDegree,
  GOhm,
  hodgkinHuxley,
  homeostaticScaling,
  Hz,
  izhikevich,
  lif,
  ms,
  mV,
  neuronGroup,
  nS,
  oneToOne,
  pA,
  pairs,
  pairStdp,
  pF,
  rewardModulated,
  shortTermPlasticity,
  simulation,
  traubMiles,
  type ConnectOptions,
  type NeuronModel,
  type NeuronRange,
} from '../../src/biology/index.ts';

const membrane = { capacitance: pF(200), tauMembrane: ms(20), vRest: mV(-60), vThreshold: mV(-50) };
const adaptive = {
  ...membrane,
  slopeFactor: mV(2),
  tauAdaptation: ms(100),
  adaptation: nS(2),
  spikeAdaptation: pA(10),
  vReset: mV(-60),
};

describe('a step that is longer than a time constant is refused', () => {
  const models: [string, NeuronModel, number, string][] = [
    [
      'of a membrane',
      lif(membrane),
      25,
      'lif: tauMembrane: a time constant of 20 ms is shorter than the step of 25 ms',
    ],
    [
      'of any neuron',
      lif({ ...membrane, capacitance: undefined as never, resistance: GOhm(1), tauMembrane: ms.each([20, 1]) }),
      2,
      'a time constant of 1 ms',
    ],
    [
      'of a receptor',
      lif({ ...membrane, receptors: { e: exponential({ tau: ms(5) }) } }),
      10,
      'the time constant 5 ms of receptor "e"',
    ],
    [
      'of an adaptive membrane',
      adaptiveExponential(adaptive),
      30,
      'adaptiveExponential: tauMembrane: a time constant of 20 ms',
    ],
    [
      'of an adaptation',
      adaptiveExponential({ ...adaptive, tauAdaptation: ms(2) }),
      5,
      'adaptiveExponential: tauAdaptation: a time constant of 2 ms',
    ],
    ['of channels', hodgkinHuxley(), 5, 'hodgkinHuxley: capacitance / leak: a time constant of 3.33'],
    ['of a pyramidal cell', traubMiles(), 25, 'traubMiles: capacitance / leak: a time constant of 20 ms'],
    [
      "of Izhikevich's recovery",
      izhikevich({ a: 0.5, b: 0.2, c: -65, d: 8 }),
      5,
      'izhikevich: 1/a: a time constant of 2 ms',
    ],
    [
      'of equations',
      equations('dg/dt = -g/(5*ms) : 1'),
      6,
      'the time constant 5 ms of g is shorter than the step of 6 ms',
    ],
  ];

  test.each(models)('%s', async (_name, model, dt, message) => {
    const sim = await simulation({ dt: ms(dt) });
    const n = message.includes('of 1 ms') ? 2 : 1;
    if (n === 2) {
      const two = lif({ resistance: GOhm(1), tauMembrane: ms.each([20, 1]), vRest: mV(0), vThreshold: mV(10) });
      expect(() => neuronGroup(sim, 2, two)).toThrow(message);
    } else expect(() => neuronGroup(sim, n, model)).toThrow(message);
    const fine = await simulation({ dt: ms(0.1) });
    expect(() => neuronGroup(fine, 1, n === 2 ? lif(membrane) : model)).not.toThrow();
  });

  const stdp = { tauPlus: ms(20), tauMinus: ms(20), aPlus: pA(0.1), aMinus: pA(0.1), maximum: pA(2) };
  const rules: [string, Partial<ConnectOptions>, string][] = [
    ['of plasticity', { plasticity: pairStdp({ ...stdp, tauPlus: ms(1) }) }, 'pairStdp: a time constant of 1 ms'],
    [
      'of a tag',
      { plasticity: rewardModulated(pairStdp(stdp), { tauEligibility: ms(1), tauReward: ms(200) }) },
      'rewardModulated: a time constant of 1 ms',
    ],
    [
      'of a rate',
      { homeostasis: homeostaticScaling({ targetRate: Hz(10), tau: ms(1000), tauRate: ms(1) }) },
      'homeostaticScaling: a time constant of 1 ms',
    ],
    [
      'of recovery',
      { shortTerm: shortTermPlasticity({ use: 0.5, tauRecovery: ms(1) }) },
      'shortTermPlasticity: a time constant of 1 ms',
    ],
    ['a delay', { delay: ms(1) }, 'the delay of 1 ms is shorter than the step of 2 ms'],
    ['a delay of one synapse', { delay: ms.each([4, 1, 4]) }, 'the delay of 1 ms is shorter than the step of 2 ms'],
  ];

  test.each(rules)('%s', async (_name, options, message) => {
    const sim = await simulation({ dt: ms(2) });
    const receptors = { e: exponential({ tau: ms(5) }) };
    const group = neuronGroup(sim, 3, lif({ ...membrane, receptors }));
    const whole = { pattern: oneToOne(), receptor: 'e', weight: pA(1), ...options };
    expect(() => connect(group, group, whole)).toThrow(message);
  });
});

describe('a connection outside its groups is refused', () => {
  const groups = async () => {
    const sim = await simulation({ dt: ms(0.1) });
    return { sim, group: neuronGroup(sim, 4, lif(membrane), { name: 'four' }) };
  };
  const options = { receptor: 'v', weight: mV(1) };

  test('a slice', async () => {
    const { group } = await groups();
    expect(() => group.slice(2, 5)).toThrow('four: expected a slice within 0 to 4, got 2 to 5');
    expect(() => group.slice(3, 3)).toThrow('expected a slice within 0 to 4, got 3 to 3');
    expect(() => group.slice(-1)).toThrow('got -1 to 4');
  });

  test('a range that is made by hand', async () => {
    const { group } = await groups();
    const range = (first: number, size: number): NeuronRange => ({ group, first, size });
    const make = (source: NeuronRange, target: NeuronRange) => () =>
      connect(source, target, { ...options, pattern: allToAll() });
    expect(make(range(2, 3), group)).toThrow('connect: expected a source within neurons 0 to 3 of four, got 2 to 4');
    expect(make(group, range(-1, 2))).toThrow('connect: expected a target within neurons 0 to 3 of four, got -1 to 0');
    expect(make(group, range(0, 1.5))).toThrow('expected a target within');
    expect(make(group, undefined as never)).toThrow(
      'connect: expected a group of neurons or a slice of one as target, got undefined',
    );
    expect(make(range(1, 3), group)).not.toThrow();
  });

  test('pairs, sizes and degrees that do not fit', async () => {
    const { group } = await groups();
    expect(() => connect(group, group, { ...options, pattern: pairs([[0, 4]]) })).toThrow(
      'pairs: target of pair 0: expected a whole number from 0 to 3, got 4',
    );
    expect(() => connect(group, group.slice(0, 2), { ...options, pattern: oneToOne() })).toThrow(
      'as many targets as sources',
    );
    const pattern = fixedInDegree(5, { multiple: false });
    expect(() => connect(group, group, { ...options, pattern })).toThrow(/at most \d partners/);
  });

  test('groups of two simulations', async () => {
    const [one, other] = [await groups(), await groups()];
    expect(() => connect(one.group, other.group, { ...options, pattern: oneToOne() })).toThrow(
      'the groups are of different simulations',
    );
  });
});

test.each(['float32', 'float64'] as const)(
  'a state that diverges stops the run and names group, neuron and time (%s)',
  async (precision) => {
    const sim = await simulation({ dt: ms(0.5), precision });
    const current = [0, 0, 1e9];
    neuronGroup(sim, 3, izhikevich({ a: 0.02, b: 0.2, c: -65, d: 8, peak: 1e38, current }), { name: 'cells' });
    const error = await sim.run(ms(200)).catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: 'DivergenceError' });
    expect((error as Error).message).toMatch(
      /^cells: [vu] of neuron 2 is (NaN|-?Infinity) at \d+(\.\d+)? ms; a smaller step may help$/,
    );
    expect(sim.time.in(ms)).toBeLessThan(200);
  },
);
