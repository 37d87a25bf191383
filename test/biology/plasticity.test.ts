// Plasticity against its closed forms, and against the same rule applied event by event to recorded spikes.
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  connect,
  homeostaticScaling,
  Hz,
  inhibitoryStdp,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  oneToOne,
  pF,
  pairStdp,
  poissonGroup,
  rewardModulated,
  s,
  shortTermPlasticity,
  simulation,
  spikeTimes,
  tripletStdp,
  type PlasticityRule,
  exponential,
  pA,
} from '../../src/biology/index.ts';

const silent = lif({ capacitance: pF(1), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1e6) });
/** A neuron that spikes whenever its scripted source says so, one step later. */
const relay = lif({ capacitance: pF(1), tauMembrane: ms(10), vRest: mV(0), vThreshold: mV(1) });

/** What one synapse's weight comes to, of spikes of its source and its target at given times. */
async function weightAfter(rule: PlasticityRule, pre: number[], post: number[], start = 0, duration = 200, dt = 0.1) {
  const sim = await simulation({ dt: ms(dt) });
  const source = spikeTimes(sim, 1, { neurons: pre.map(() => 0), times: ms.each(pre) });
  const driver = spikeTimes(sim, 1, { neurons: post.map(() => 0), times: ms.each(post.map((t) => t - dt)) });
  const target = neuronGroup(sim, 1, relay);
  connect(driver, target, { pattern: oneToOne(), receptor: 'v', weight: mV(100) });
  const plastic = { pattern: oneToOne(), receptor: 'current', weight: pA(start), plasticity: rule };
  const connection = connect(source, target, plastic);
  await sim.run(ms(duration));
  return connection.weights[0]!;
}

const bounds = { maximum: pA(1e6), minimum: pA(-1e6) };
const song = pairStdp({ tauPlus: ms(20), tauMinus: ms(20), aPlus: pA(0.005), aMinus: pA(0.00525), ...bounds });

describe('pairs', () => {
  test.each([
    [10, 0.00303265],
    [-10, -0.00318429],
  ])('a pair %s ms apart changes the weight by %s', async (dt, change) => {
    expect(await weightAfter(song, [50], [50 + dt])).toBeCloseTo(change, 8);
  });

  test('a multiplicative rule depends on the weight, a power in between', async () => {
    const rule = (dependence: 'multiplicative' | { muPlus: number; muMinus: number }) =>
      pairStdp({ tauPlus: ms(20), tauMinus: ms(20), aPlus: pA(0.1), aMinus: pA(0.1), maximum: pA(2), dependence });
    const up = 0.1 * Math.exp(-0.5);
    expect(await weightAfter(rule('multiplicative'), [50], [60], 0.5)).toBeCloseTo(0.5 + up * 0.75, 12);
    expect(await weightAfter(rule('multiplicative'), [60], [50], 0.5)).toBeCloseTo(0.5 - up * 0.25, 12);
    expect(await weightAfter(rule({ muPlus: 0.4, muMinus: 0.3 }), [50], [60], 0.5)).toBeCloseTo(
      0.5 + up * 0.75 ** 0.4,
      12,
    );
    expect(await weightAfter(rule({ muPlus: 0.4, muMinus: 0.3 }), [60], [50], 0.5)).toBeCloseTo(
      0.5 - up * 0.25 ** 0.3,
      12,
    );
  });
});

const visual = tripletStdp({
  tauPlus: ms(16.8),
  tauMinus: ms(33.7),
  tauX: ms(101),
  tauY: ms(125),
  a2Plus: pA(5e-10),
  a3Plus: pA(6.2e-3),
  a2Minus: pA(7e-3),
  a3Minus: pA(2.3e-4),
  ...bounds,
});

describe('triplets', () => {
  test.each([
    ['pre0-post10', [20], [30], 2.757e-10],
    ['post0-pre10', [30], [20], -5.202682e-3],
    ['pre0-post10-pre20', [20, 40], [30], -5.342917e-3],
    ['post0-pre10-post20', [30], [20, 40], -2.28931e-3],
  ])('%s gives its known change', async (_name, pre, post, change) => {
    expect(Math.abs((await weightAfter(visual, pre, post)) - change)).toBeLessThan(1e-9);
  });

  test.each([
    [0.1, 0, -0.3122],
    [10, 0.1321, -0.3336],
    [20, 0.247, -0.3516],
    [40, 0.5337, 0.1548],
    [50, 0.7409, 0.7272],
  ])('60 pairings at %s Hz give the curves of the protocol', async (hz, up, down) => {
    const dt = hz < 1 ? 1 : 0.5;
    const pre = Array.from({ length: 60 }, (_, k) => 20 + (k * 1000) / hz);
    const end = Math.ceil(pre.at(-1)! + 20);
    const later = (by: number) => pre.map((t) => t + by);
    expect(await weightAfter(visual, pre, later(10), 0, end, dt)).toBeCloseTo(up, 3);
    expect(await weightAfter(visual, pre, later(-10), 0, end, dt)).toBeCloseTo(down, 3);
  });
});

/** The rule of all pairs, event by event: traces are sums over past spikes. */
function offline(
  pre: Float64Array,
  post: Float64Array,
  w: number,
  onPre: (w: number, y: number) => number,
  onPost: (w: number, x: number) => number,
) {
  const events = [...Array.from(pre, (t) => [t, 0] as const), ...Array.from(post, (t) => [t, 1] as const)];
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const trace = (times: Float64Array, t: number, inclusive: boolean) =>
    times.reduce((sum, past) => sum + (past < t || (inclusive && past === t) ? Math.exp((past - t) / 20) : 0), 0);
  for (const [t, side] of events) w = side ? onPost(w, trace(pre, t, true)) : onPre(w, trace(post, t, false));
  return w;
}

async function poissonRun(rule: PlasticityRule, weight: number, delay = 0) {
  const sim = await simulation({ dt: ms(0.1), seed: 3 });
  const source = poissonGroup(sim, 6, Hz(60));
  const driver = poissonGroup(sim, 5, Hz(60));
  const target = neuronGroup(sim, 5, relay);
  connect(driver, target, { pattern: oneToOne(), receptor: 'v', weight: mV(100) });
  const options = { pattern: allToAll(), receptor: 'current', weight: pA(weight), plasticity: rule, delay: ms(delay) };
  const connection = connect(source, target, options);
  const [pre, post] = [monitor(source, 'spikes'), monitor(target, 'spikes')];
  await sim.run(ms(2000));
  return { connection, pre, post };
}

describe('random trains, event by event', () => {
  test('inhibitory plasticity', async () => {
    const rule = inhibitoryStdp({ tau: ms(20), learningRate: pA(0.01), targetRate: Hz(3), ...bounds });
    const { connection, pre, post } = await poissonRun(rule, 0);
    const { sources, targets } = connection.pairs();
    connection.weights.forEach((w, k) => {
      const [x, y] = [pre.train(sources[k]!), post.train(targets[k]!)];
      const expected = offline(
        x,
        y,
        0,
        (w0, o) => w0 + 0.01 * (o - 0.12),
        (w0, r) => w0 + 0.01 * r,
      );
      expect(w).toBeCloseTo(expected, 11);
    });
  });

  test('multiplicative pairs within their bounds, after a delay', async () => {
    const rule = pairStdp({
      tauPlus: ms(20),
      tauMinus: ms(20),
      aPlus: pA(0.05),
      aMinus: pA(0.06),
      maximum: pA(1),
      dependence: 'multiplicative',
    });
    const { connection, pre, post } = await poissonRun(rule, 0.5, 2);
    const { sources, targets } = connection.pairs();
    connection.weights.forEach((w, k) => {
      const x = pre
        .train(sources[k]!)
        .map((t) => Math.round((t + 2) * 10) / 10)
        .filter((t) => t < 2000);
      const y = post
        .train(targets[k]!)
        .map((t) => Math.round(t * 10) / 10)
        .filter((t) => t < 2000);
      const expected = offline(
        x,
        y,
        0.5,
        (w0, o) => w0 - 0.06 * w0 * o,
        (w0, r) => w0 + 0.05 * (1 - w0) * r,
      );
      expect(w).toBeCloseTo(expected, 11);
    });
  });
});

test('a reward turns what was tagged into a change: A D e^(−T/τ_c) / (1/τ_c + 1/τ_d), and nothing comes without one', async () => {
  const rule = rewardModulated(song, { tauEligibility: s(1), tauReward: ms(200) });
  const sim = await simulation({ dt: ms(1) });
  const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([10]) });
  const driver = spikeTimes(sim, 1, { neurons: [0], times: ms.each([19]) });
  const target = neuronGroup(sim, 1, relay);
  connect(driver, target, { pattern: oneToOne(), receptor: 'v', weight: mV(100) });
  const connection = connect(source, target, {
    pattern: oneToOne(),
    receptor: 'current',
    weight: pA(0),
    plasticity: rule,
  });
  await sim.run(ms(520));
  expect(connection.weights[0]).toBe(0);
  connection.reward(2);
  await sim.run(ms(20000));
  const tag = 0.005 * Math.exp(-0.5);
  expect(connection.weights[0]! / ((tag * 2 * Math.exp(-0.5)) / (1 / 1000 + 1 / 200))).toBeCloseTo(1, 6);
});

test('homeostatic scaling keeps the ratios of weights and brings the rate to its goal', async () => {
  const sim = await simulation({ dt: ms(0.5), seed: 2 });
  const source = poissonGroup(sim, 40, Hz(20));
  const model = lif({
    capacitance: pF(100),
    tauMembrane: ms(20),
    vRest: mV(0),
    vThreshold: mV(10),
    receptors: { input: exponential({ tau: ms(5) }) },
  });
  const target = neuronGroup(sim, 1, model);
  const weight = pA.each(Array.from({ length: 40 }, (_, i) => 20 + i));
  const homeostasis = homeostaticScaling({ targetRate: Hz(10), tau: s(2), tauRate: s(1) });
  const connection = connect(source, target, { pattern: allToAll(), weight, homeostasis });
  await sim.run(s(30));
  const spikes = monitor(target, 'spikes');
  await sim.run(s(20));
  expect(spikes.count / 20).toBeGreaterThan(8);
  expect(spikes.count / 20).toBeLessThan(12);
  const { weights } = connection;
  for (let i = 0; i < 40; i++) expect(weights[i]! / weights[0]!).toBeCloseTo((20 + i) / 20, 9);
});

describe('short-term plasticity', () => {
  /** What the k-th of spikes `interval` ms apart releases, for a weight of 1. */
  async function releases(options: Parameters<typeof shortTermPlasticity>[0], interval: number, count: number) {
    const dt = interval / 50;
    const sim = await simulation({ dt: ms(dt) });
    const times = Array.from({ length: count }, (_, k) => (k + 1) * interval);
    const source = spikeTimes(sim, 1, { neurons: times.map(() => 0), times: ms.each(times) });
    const target = neuronGroup(sim, 1, silent);
    connect(source, target, {
      pattern: oneToOne(),
      receptor: 'v',
      weight: mV(1),
      shortTerm: shortTermPlasticity(options),
    });
    const trace = monitor(target, 'v');
    await sim.run(ms(times.at(-1)! + 2 * dt));
    const v = trace.values('v');
    const decay = Math.exp(-dt / 10);
    return times.map((_, k) => (v[50 * (k + 1) + 1]! - v[50 * (k + 1)]! * decay) / decay);
  }

  test('a depressing synapse at 20 Hz', async () => {
    const found = await releases({ use: 0.5, tauRecovery: ms(800) }, 50, 60);
    [1, 0.5303, 0.3097, 0.206, 0.1574, 0.1345].forEach((x, k) => expect(found[k]! / 0.5).toBeCloseTo(x, 4));
    expect(found.at(-1)!).toBeCloseTo(0.057126, 6);
  });

  test('a facilitating synapse at 20 Hz', async () => {
    const options = { use: 0.03, tauRecovery: ms(130), tauFacilitation: ms(530) };
    const found = await releases(options, 50, 80);
    [0.03, 0.05533, 0.07574, 0.09178, 0.10428, 0.11406].forEach((x, k) => expect(found[k]!).toBeCloseTo(x, 5));
    expect(found.at(-1)!).toBeCloseTo(0.16549, 4);
  });

  test('a facilitating synapse at 70 Hz goes up, and down again', async () => {
    const options = { use: 0.03, tauRecovery: ms(130), tauFacilitation: ms(530) };
    const found = await releases(options, 1000 / 70, 120);
    [0.03, 0.05676, 0.0787, 0.09514, 0.10619, 0.1125].forEach((x, k) => expect(found[k]!).toBeCloseTo(x, 5));
    expect(found.at(-1)!).toBeCloseTo(0.09552, 4);
  });

  test("with an inactive state has the potentials of NEST's reference", async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const times = Array.from({ length: 20 }, (_, k) => 99.1 + 50 * k);
    const source = spikeTimes(sim, 1, { neurons: times.map(() => 0), times: ms.each(times) });
    const model = lif({
      tauMembrane: ms(40),
      capacitance: pF(40),
      vRest: mV(0),
      vThreshold: mV(1000),
      receptors: { input: exponential({ tau: ms(3) }) },
    });
    const target = neuronGroup(sim, 1, model);
    const shortTerm = shortTermPlasticity({ use: 0.5, tauRecovery: ms(800), tauInactivation: ms(3) });
    connect(source, target, { pattern: oneToOne(), weight: pA(250), shortTerm });
    const trace = monitor(target, 'v');
    await sim.run(ms(900));
    const v = trace.values('v');
    for (const [t, expected] of [
      [100, 2.40135],
      [125, 5.30244],
      [175, 4.32217],
      [300, 1.39696],
      [500, 0.762688],
      [875, 0.846476],
    ] as const)
      expect(Math.abs(v[t * 10]! - expected)).toBeLessThan(1e-5);
  });
});
