// Dale's law as a constraint: the weights of each source keep one sign under every rule.
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  connect,
  exponential,
  homeostaticScaling,
  Hz,
  inhibitoryStdp,
  lif,
  ms,
  mV,
  neuronGroup,
  nS,
  oja,
  oneToOne,
  pA,
  pairStdp,
  pF,
  poissonGroup,
  rewardModulated,
  simulation,
  tripletStdp,
  type ConnectOptions,
  type NeuronSign,
} from '../../src/biology/index.ts';

const bounds = { maximum: pA(5), minimum: pA(-5) };
const pairsOf = { tauPlus: ms(20), tauMinus: ms(20), ...bounds };
const down = pairStdp({ ...pairsOf, aPlus: pA(0.1), aMinus: pA(0.4) });
const up = pairStdp({ ...pairsOf, aPlus: pA(0.4), aMinus: pA(0.1) });
const four = { tauPlus: ms(16.8), tauMinus: ms(33.7), tauX: ms(101), tauY: ms(125), ...bounds };
const rules: Record<string, Partial<ConnectOptions>> = {
  'pairs that depress': { plasticity: down },
  'pairs that potentiate': { plasticity: up },
  triplets: {
    plasticity: tripletStdp({ ...four, a2Plus: pA(0.1), a2Minus: pA(0.3), a3Plus: pA(0.1), a3Minus: pA(0.2) }),
  },
  inhibitory: {
    plasticity: inhibitoryStdp({ tau: ms(20), learningRate: pA(0.5), targetRate: Hz(30), ...bounds }),
  },
  reward: { plasticity: rewardModulated(down, { tauEligibility: ms(500), tauReward: ms(200) }) },
  oja: { plasticity: oja({ learningRate: 0.01, norm: pA(1), tauRate: ms(50), referenceRate: Hz(30) }) },
  scaling: { homeostasis: homeostaticScaling({ targetRate: Hz(1), tau: ms(20), tauRate: ms(10), interval: ms(15) }) },
};

const signs: NeuronSign[] = ['excitatory', 'inhibitory', 'excitatory', 'inhibitory', 'inhibitory'];
const initial = signs.flatMap((sign) => (sign === 'excitatory' ? [0.5, 1, 0.2] : [-0.5, -1, -0.2]));

async function learned(rule: Partial<ConnectOptions>, precision: 'float32' | 'float64', given?: NeuronSign[]) {
  const sim = await simulation({ dt: ms(0.1), seed: 2, precision });
  const source = poissonGroup(sim, 5, Hz(60));
  const model = lif({ capacitance: pF(100), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1) });
  const target = neuronGroup(sim, 3, model);
  connect(poissonGroup(sim, 3, Hz(60)), target, { pattern: oneToOne(), receptor: 'v', weight: mV(5) });
  const weight = pA.each(initial);
  const all = { pattern: allToAll(), receptor: 'current', weight, ...rule, ...(given && { signs: given }) };
  const connection = connect(source, target, all);
  for (let k = 0; k < 10; k++) {
    if (rule.plasticity && 'reward' in rule.plasticity) connection.reward(5);
    await sim.run(ms(200));
  }
  return [...connection.weights];
}

describe.each(Object.entries(rules))('%s', (name, rule) => {
  test.each(['float64', 'float32'] as const)('keep the sign of each source, %s', async (precision) => {
    const weights = await learned(rule, precision, signs);
    weights.forEach((w, s) => expect(w * Math.sign(initial[s]!)).toBeGreaterThanOrEqual(0));
    expect(weights.some((w, s) => Math.abs(w - initial[s]!) > 0.01)).toBe(true);
    const free = await learned(rule, precision);
    // the law is at work where the rule alone would have broken it
    if (name !== 'scaling') expect(free.some((w, s) => w * initial[s]! < 0)).toBe(true);
  });
});

test('what breaks the law is refused', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const [source, target] = [
    poissonGroup(sim, 2, Hz(1)),
    neuronGroup(
      sim,
      2,
      lif({
        capacitance: pF(100),
        tauMembrane: ms(10),
        vRest: mV(0),
        vThreshold: mV(1),
        receptors: { conductance: exponential({ tau: ms(5), reversal: mV(-80) }) },
      }),
    ),
  ];
  const to = { pattern: allToAll(), receptor: 'current' };
  expect(() => connect(source, target, { ...to, weight: pA(-1), signs: 'excitatory' })).toThrow(
    'connect: weight: source 0 is excitatory, got -1 at synapse 0',
  );
  // what was refused is not remembered
  connect(source, target, { ...to, weight: pA(-1), signs: 'inhibitory' });
  expect(() => connect(source, target, { ...to, weight: pA(1), signs: ['excitatory'] })).toThrow(
    'connect: signs: expected 2 signs, got 1',
  );
  expect(() => connect(source, target, { ...to, weight: pA(1), signs: 'both' as never })).toThrow(
    'expected excitatory or inhibitory, got both',
  );
  const other = poissonGroup(sim, 2, Hz(1));
  const mixed = connect(other, target, {
    ...to,
    weight: pA.each([1, 1, -1, -1]),
    signs: ['excitatory', 'inhibitory'],
  });
  expect(() => mixed.setWeights(pA(1))).toThrow('source 1 is inhibitory, got 1 at synapse 2');
  mixed.setWeights(pA.each([2, 2, 0, -3]));
  expect(() => connect(other, target, { ...to, weight: pA(1), signs: 'excitatory' })).toThrow(
    'neuron 1 of poissonGroup 2 is excitatory here, and was not in an earlier connection',
  );
  // a conductance is not signed: an inhibitory neuron's weights are above 0
  connect(other.slice(1), target, { ...to, receptor: 'conductance', weight: nS(2), signs: 'inhibitory' });
});
