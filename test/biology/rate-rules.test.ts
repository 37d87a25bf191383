// Rate units, and the rules of Oja and of Bienenstock, Cooper and Munro: their fixed points, and step by step against
// the formulas.
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  bcm,
  connect,
  Hz,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  oja,
  pA,
  pairStdp,
  pF,
  poissonGroup,
  rateUnits,
  simulation,
  spikeTimes,
  stimulate,
  type RateRule,
} from '../../src/biology/index.ts';

/** Uniform numbers in [0, 1). */
function randomNumbers(seed: number) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function normals(seed: number) {
  const next = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Two rate units that show patterns, each for three steps, to one that sums them. */
async function shown(rule: RateRule, patterns: (k: number) => [number, number], count: number, start: number[]) {
  const sim = await simulation({ dt: ms(1) });
  const [inputs, output] = [neuronGroup(sim, 2, rateUnits()), neuronGroup(sim, 1, rateUnits())];
  const connection = connect(inputs, output, { pattern: allToAll(), weight: start, plasticity: rule });
  const list = Array.from({ length: count }, (_, k) => patterns(k));
  stimulate(inputs, (t) => list[Math.floor(t / 3)]!, { duration: ms(3 * count) });
  return { sim, connection, inputs, output, list };
}

test('rate units follow their input, at once or with their time constant, rectified or not', async () => {
  const sim = await simulation({ dt: ms(0.5) });
  const slow = neuronGroup(sim, 3, rateUnits({ tau: ms(10), gain: 2, bias: 1 }));
  const sharp = neuronGroup(sim, 3, rateUnits({ activation: 'rectified' }));
  for (const group of [slow, sharp]) stimulate(group, () => [1, -2, 0.5], { duration: ms(20) });
  await sim.run(ms(20));
  expect([...sharp.get('rate')]).toEqual([1, 0, 0.5]);
  [3, -3, 2].forEach((goal, i) => expect(slow.get('rate')[i]).toBeCloseTo(goal * (1 - Math.exp(-2)), 12));
  await sim.run(ms(0.5));
  expect([...sharp.get('rate')]).toEqual([0, 0, 0]);
});

test('rates are delivered as weight times rate in each step, from a slice to a slice', async () => {
  const sim = await simulation({ dt: ms(1) });
  const [inputs, outputs] = [neuronGroup(sim, 3, rateUnits()), neuronGroup(sim, 4, rateUnits())];
  connect(inputs.slice(1), outputs.slice(2), { pattern: allToAll(), weight: [2, 3, 5, 7] });
  stimulate(inputs, () => [100, 1, 10], { duration: ms(2) });
  await sim.run(ms(2));
  expect([...outputs.get('rate')]).toEqual([0, 0, 2 + 50, 3 + 70]);
});

describe("Oja's rule", () => {
  const gaussian = (seed: number) => {
    const next = normals(seed);
    // covariance [[3, 1], [1, 2]] by its Cholesky factor
    return (): [number, number] => {
      const [a, b] = [next(), next()];
      return [Math.sqrt(3) * a, a / Math.sqrt(3) + Math.sqrt(5 / 3) * b];
    };
  };
  const angle = ([a, b]: Float64Array) =>
    (Math.acos((a! * 0.850651 + b! * 0.525731) / Math.hypot(a!, b!)) * 180) / Math.PI;

  test('is its formula, change by change', async () => {
    const next = gaussian(3);
    const rule = oja({ learningRate: 0.01, interval: ms(3) });
    const { sim, connection, list } = await shown(rule, next, 50, [0.3, -0.2]);
    await sim.run(ms(150));
    let [a, b] = [0.3, -0.2];
    for (const [x0, x1] of list) {
      const y = a * x0 + b * x1;
      [a, b] = [a + 0.01 * y * (x0 - y * a), b + 0.01 * y * (x1 - y * b)];
    }
    expect(connection.weights[0]).toBeCloseTo(a, 12);
    expect(connection.weights[1]).toBeCloseTo(b, 12);
  });

  test('finds the principal component at length 1: within 6° at η 1e-3, within 1° when it ends at 2e-5', async () => {
    const next = gaussian(7);
    const fast = await shown(oja({ learningRate: 1e-3, interval: ms(3) }), next, 40_000, [0.1, -0.1]);
    await fast.sim.run(ms(120_000));
    const { weights } = fast.connection;
    expect(angle(weights)).toBeLessThan(6);
    expect(Math.hypot(...weights)).toBeCloseTo(1, 1);
    const fine = await shown(oja({ learningRate: 2e-5, interval: ms(3) }), next, 100_000, [...weights]);
    await fine.sim.run(ms(300_000));
    expect(angle(fine.connection.weights)).toBeLessThan(1);
    expect(Math.hypot(...fine.connection.weights)).toBeCloseTo(1, 2);
  });
});

describe('the rule of Bienenstock, Cooper and Munro', () => {
  test('makes a neuron answer one of two patterns with 2 and the other with 0, its threshold at 2', async () => {
    const next = randomNumbers(1);
    const patterns = (): [number, number] => (next() < 0.5 ? [1, 0.2] : [0.2, 1]);
    const rule = bcm({ learningRate: 1e-3, tauThreshold: ms(300), interval: ms(3) });
    const { sim, connection } = await shown(rule, patterns, 60_000, [0.6, 0.5]);
    await sim.run(ms(180_000));
    const [a, b] = connection.weights;
    const responses = [a! + 0.2 * b!, 0.2 * a! + b!].toSorted((x, y) => x - y);
    expect(Math.abs(responses[0]!)).toBeLessThan(0.1);
    expect(responses[1]).toBeGreaterThan(1.6);
    expect(responses[1]).toBeLessThan(2.4);
    expect(connection.thresholds[0]).toBeGreaterThan(1.4);
    expect(connection.thresholds[0]).toBeLessThan(2.8);
  });

  test('is its formula on measured rates of spikes', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const source = spikeTimes(sim, 2, { neurons: [0, 0, 1], times: ms.each([5, 9, 12]) });
    const driver = spikeTimes(sim, 1, { neurons: [0, 0], times: ms.each([4, 10]) });
    const model = lif({ capacitance: pF(1), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1) });
    const target = neuronGroup(sim, 1, model);
    connect(driver, target, { pattern: allToAll(), receptor: 'v', weight: mV(100) });
    const rule = bcm({
      learningRate: pA(0.02),
      tauThreshold: ms(50),
      tauRate: ms(20),
      referenceRate: Hz(40),
      interval: ms(1),
      maximum: pA(3),
    });
    const synapse = connect(source, target, {
      pattern: allToAll(),
      receptor: 'current',
      weight: pA(1),
      plasticity: rule,
    });
    const spikes = monitor(target, 'spikes');
    await sim.run(ms(40));
    const post = [...spikes.times];
    expect(post.length).toBe(2);
    const trace = (times: number[], t: number) =>
      times.reduce((sum, s) => sum + (s <= t + 1e-9 ? Math.exp(-(t - s) / 20) / (20 * 0.04) : 0), 0);
    let [w, theta] = [[1, 1], 0];
    for (let step = 9; step < 400; step += 10) {
      const t = step / 10;
      const y = trace(post, t);
      const x = [trace([5, 9], t), trace([12], t)];
      w = w.map((each, i) => Math.min(3, each + 0.02 * x[i]! * y * (y - theta)));
      theta += (y * y - theta) * (1 - Math.exp(-1 / 50));
    }
    expect(synapse.weights[0]).toBeCloseTo(w[0]!, 10);
    expect(synapse.weights[1]).toBeCloseTo(w[1]!, 10);
    expect(synapse.thresholds[0]).toBeCloseTo(theta, 10);
  });
});

test('what does not fit is refused', async () => {
  const sim = await simulation({ dt: ms(1) });
  const [units, spiking] = [neuronGroup(sim, 2, rateUnits()), poissonGroup(sim, 2, Hz(1))];
  const pattern = allToAll();
  const stdp = pairStdp({ tauPlus: ms(20), tauMinus: ms(20), aPlus: 1, aMinus: 1, maximum: 2 });
  expect(() => rateUnits({ activation: 'relu' as never })).toThrow('expected activation linear or rectified');
  expect(() => oja({ learningRate: 0 })).toThrow('expected a learningRate above 0, got 0');
  expect(() => connect(units, units, { pattern, weight: 1, delay: ms(2) })).toThrow('expected no delay');
  expect(() => connect(units, units, { pattern, weight: 1, receptor: 'v' })).toThrow('unknown receptor');
  expect(() => connect(units, units, { pattern, weight: 1, plasticity: stdp })).toThrow(
    'expected plasticity by rates, such as oja({ … }), got pairStdp',
  );
  expect(() => connect(spiking, units, { pattern, weight: 1, plasticity: oja({ learningRate: 1 }) })).toThrow(
    'oja: expected tauRate and referenceRate, since poissonGroup 1 spikes',
  );
  expect(() => connect(units, units, { pattern, weight: 1 }).thresholds).toThrow('no rule with thresholds');
  const none = oja({ learningRate: 1, minimum: 2, maximum: 1 });
  expect(() => connect(units, units, { pattern, weight: 1, plasticity: none })).toThrow('minimum below maximum');
});
