// Who is connected to whom, and when what arrives.
import { describe, expect, test } from 'vitest';
import {
  allToAll,
  connect,
  distanceDependent,
  fixedInDegree,
  fixedOutDegree,
  fixedProbability,
  fixedTotal,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  normal,
  nS,
  oneToOne,
  pA,
  pF,
  pairs,
  simulation,
  spikeTimes,
  uniform,
  type NeuronGroup,
  type Pattern,
} from '../../src/biology/index.ts';

const silent = lif({ capacitance: pF(200), tauMembrane: ms(20), vRest: mV(0), vThreshold: mV(1e6) });

async function between(sources: number, targets: number, pattern: Pattern, seed = 1) {
  const sim = await simulation({ dt: ms(0.1), seed });
  const [from, to] = [neuronGroup(sim, sources, silent), neuronGroup(sim, targets, silent)];
  return connect(from, to, { pattern, receptor: 'v', weight: mV(1) });
}

async function within(size: number, pattern: (selfConnections: boolean) => Pattern) {
  const sim = await simulation({ dt: ms(0.1), seed: 1 });
  const group = neuronGroup(sim, size, silent);
  const { sources, targets } = connect(group, group, { pattern: pattern(false), receptor: 'v', weight: mV(1) }).pairs();
  return { sources, targets, loops: sources.filter((source, k) => source === targets[k]).length };
}

const counts = (values: Uint32Array, size: number) => {
  const all = Array.from({ length: size }, () => 0);
  for (const value of values) all[value]!++;
  return all;
};

describe('patterns', () => {
  test('all to all is every pair once, in order', async () => {
    const { sources, targets } = (await between(3, 5, allToAll())).pairs();
    expect([...sources]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect([...targets]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  test('one to one is the diagonal, and refuses groups of different sizes', async () => {
    const { sources, targets } = (await between(4, 4, oneToOne())).pairs();
    expect([...sources]).toEqual([...targets]);
    await expect(between(4, 5, oneToOne())).rejects.toThrow(
      'oneToOne: expected as many targets as sources, got 5 and 4',
    );
  });

  test('pairs come sorted by source, and refuse what is outside', async () => {
    const connection = await between(
      3,
      3,
      pairs([
        [2, 0],
        [0, 1],
        [2, 2],
        [0, 1],
      ]),
    );
    expect([...connection.pairs().sources]).toEqual([0, 0, 2, 2]);
    expect([...connection.pairs().targets]).toEqual([1, 1, 0, 2]);
    await expect(between(3, 3, pairs([[0, 3]]))).rejects.toThrow(
      'pairs: target of pair 0: expected a whole number from 0 to 2, got 3',
    );
  });

  test.each([0, 0.001, 0.02, 0.5, 0.97, 1])(
    'a probability of %s gives a binomial number, each pair at most once, ascending',
    async (p) => {
      const connection = await between(400, 700, fixedProbability(p));
      const expected = 400 * 700 * p;
      expect(Math.abs(connection.size - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected * (1 - p)));
      const { sources, targets } = connection.pairs();
      for (let k = 1; k < sources.length; k++)
        if (sources[k] === sources[k - 1]) expect(targets[k]!).toBeGreaterThan(targets[k - 1]!);
      // no target is favoured: χ² of the counts
      if (p !== 0.02) return;
      const chi = counts(targets, 700).reduce((sum, n) => sum + (n - 400 * p) ** 2 / (400 * p * (1 - p)), 0);
      expect(Math.abs(chi - 700)).toBeLessThan(5 * Math.sqrt(1400));
    },
  );

  test('the rows of a neuron do not depend on how many others there are', async () => {
    const [few, many] = [await between(10, 500, fixedProbability(0.1)), await between(90, 500, fixedProbability(0.1))];
    expect([...many.pairs().targets.subarray(0, few.size)]).toEqual([...few.pairs().targets]);
    expect([...(await between(10, 500, fixedProbability(0.1), 2)).pairs().targets]).not.toEqual([
      ...few.pairs().targets,
    ]);
  });

  test('a fixed in-degree is that of every target, a fixed out-degree of every source', async () => {
    const into = (await between(50, 30, fixedInDegree(12))).pairs();
    expect(counts(into.targets, 30).every((n) => n === 12)).toBe(true);
    expect(new Set(into.sources).size).toBeGreaterThan(45);
    const out = (await between(50, 30, fixedOutDegree(12, { multiple: false }))).pairs();
    expect(counts(out.sources, 50).every((n) => n === 12)).toBe(true);
    expect(new Set(out.sources.map((source, k) => source * 30 + out.targets[k]!)).size).toBe(600);
    await expect(between(5, 30, fixedInDegree(6, { multiple: false }))).rejects.toThrow('expected at most 5 partners');
  });

  test('a fixed total is that of all, with binomial degrees on both sides', async () => {
    const sim = await simulation({ dt: ms(0.1), seed: 3 });
    const [from, to] = [neuronGroup(sim, 60, silent), neuronGroup(sim, 50, silent)];
    const { sources, targets } = connect(from.slice(10), to.slice(10), {
      pattern: fixedTotal(8000),
      receptor: 'v',
      weight: mV(1),
    }).pairs();
    expect(sources.length).toBe(8000);
    for (const [values, size] of [
      [sources, 50],
      [targets, 40],
    ] as const) {
      const each = counts(values, size);
      expect(each.length).toBe(size);
      const mean = 8000 / size;
      const variance = each.reduce((sum, n) => sum + (n - mean) ** 2, 0) / size;
      expect(variance / mean).toBeGreaterThan(0.5);
      expect(variance / mean).toBeLessThan(1.7);
    }
    expect((await between(3, 3, fixedTotal(0))).size).toBe(0);
    expect(() => fixedTotal(1.5)).toThrow('fixedTotal: expected a whole number from 0, got 1.5');
  });

  test('without connections to itself no neuron has one', async () => {
    for (const pattern of [
      (selfConnections: boolean) => allToAll({ selfConnections }),
      (selfConnections: boolean) => fixedProbability(0.5, { selfConnections }),
      (selfConnections: boolean) => fixedInDegree(9, { selfConnections, multiple: false }),
      (selfConnections: boolean) => fixedOutDegree(9, { selfConnections, multiple: false }),
    ]) {
      const { loops, sources } = await within(10, pattern);
      expect(loops).toBe(0);
      expect(sources.length).toBeGreaterThan(20);
    }
  });

  test.each(['gaussian', 'exponential', 'disc'] as const)(
    'the probability falls with distance: %s',
    async (profile) => {
      const line = Array.from({ length: 400 }, (_, k) => [k / 100] as const);
      const pattern = distanceDependent({
        sourcePositions: line,
        targetPositions: line,
        profile,
        scale: 0.5,
        maximum: 1.5,
        peak: 0.8,
      });
      const { sources, targets } = (await between(400, 400, pattern)).pairs();
      const law = {
        gaussian: (d: number) => Math.exp(-2 * d * d),
        exponential: (d: number) => Math.exp(-2 * d),
        disc: () => 1,
      };
      const found = new Float64Array(5);
      const all = new Float64Array(5);
      for (let k = 0; k < 400; k++)
        for (let j = 0; j < 400; j++) {
          const d = Math.abs(k - j) / 100;
          const bin = Math.min(4, Math.floor(d / 0.4));
          all[bin]! += d <= 1.5 ? 0.8 * law[profile](d) : 0;
        }
      sources.forEach((source, k) => found[Math.min(4, Math.floor(Math.abs(source - targets[k]!) / 40))]!++);
      found.forEach((n, bin) => expect(Math.abs(n - all[bin]!)).toBeLessThanOrEqual(5 * Math.sqrt(all[bin]!) + 1));
    },
  );

  test('two million synapses are made in less than half a second', async () => {
    await between(10, 10, fixedProbability(0.1));
    const started = performance.now();
    const connection = await between(10000, 10000, fixedProbability(0.02));
    expect(connection.size).toBeGreaterThan(1_980_000);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

/** When and how much arrives at v of neurons that a source at 1 ms is connected to. */
async function arrivals(
  connectAll: (source: NeuronGroup, target: NeuronGroup) => void,
  targets: number,
  precision?: 'float32',
) {
  const sim = await simulation({ dt: ms(0.1), ...(precision ? { precision } : {}) });
  const source = spikeTimes(sim, 1, { neurons: [0], times: ms.each([1]) });
  const model = lif({ capacitance: pF(200), tauMembrane: ms(1e9), vRest: mV(0), vThreshold: mV(1e6) });
  const target = neuronGroup(sim, targets, model);
  connectAll(source, target);
  const trace = monitor(target, 'v');
  await sim.run(ms(20));
  return Array.from({ length: targets }, (_, i) => {
    const v = trace.values('v', i);
    const first = v.findIndex((x) => x !== 0);
    // the state at t is before the step in which a jump at t is applied
    return { step: first - 1, sum: v.at(-1)! };
  });
}

describe.each([undefined, 'float32'] as const)('delays (precision %s)', (precision) => {
  test.each([0, 0.1, 1.5, 12.3])('one of %s ms is kept', async (delay) => {
    const found = await arrivals(
      (a, b) => void connect(a, b, { pattern: oneToOne(), receptor: 'v', weight: mV(3), delay: ms(delay) }),
      1,
      precision,
    );
    expect(found).toEqual([{ step: Math.round(10 + delay * 10), sum: expect.closeTo(3, 5) }]);
  });

  test('each synapse keeps its own', async () => {
    const delays = [0, 0.1, 0.7, 3, 3.1, 9.9, 15];
    const found = await arrivals(
      (a, b) =>
        void connect(a, b, {
          pattern: allToAll(),
          receptor: 'v',
          weight: mV.each([1, 2, 3, 4, 5, 6, 7]),
          delay: ms.each(delays),
        }),
      7,
      precision,
    );
    found.forEach(({ step, sum }, i) => {
      expect(step).toBe(Math.round(10 + delays[i]! * 10));
      expect(sum).toBeCloseTo(i + 1, 5);
    });
  });

  test('drawn ones lose nothing', async () => {
    const found = await arrivals(
      (a, b) =>
        void connect(a, b, { pattern: allToAll(), receptor: 'v', weight: mV(1), delay: uniform(ms(0), ms(10)) }),
      33,
      precision,
    );
    found.forEach(({ step, sum }) => {
      expect(sum).toBeCloseTo(1, 5);
      expect(step).toBeGreaterThanOrEqual(10);
      expect(step).toBeLessThanOrEqual(110);
    });
    expect(new Set(found.map(({ step }) => step)).size).toBeGreaterThan(20);
  });
});

describe('what does not fit is refused', () => {
  const attempt = async (options: Partial<Parameters<typeof connect>[2]>) => {
    const sim = await simulation({ dt: ms(0.1) });
    const group = neuronGroup(sim, 4, silent);
    return connect(group, group, { pattern: oneToOne(), receptor: 'v', weight: mV(1), ...options });
  };

  test.each([
    [{ delay: ms(0.05) }, 'connect: the delay of 0.05 ms is shorter than the step of 0.1 ms'],
    [{ delay: ms(-1) }, 'connect: expected a delay that is not below 0, got -1 ms'],
    [{ delay: ms(0.25) }, 'connect: delay: 0.25 ms is not a whole number of steps of 0.1 ms'],
    [{ weight: pA(1) }, 'connect: weight: expected a voltage such as mV(-65), got 1 pA'],
    [{ weight: mV.each([1, 2]) }, 'connect: weight: expected 4 values, got 2'],
    [{ receptor: 'vv' }, 'unknown receptor of lif 0 "vv"; did you mean "v"?'],
  ])('%o', async (options, message) => {
    await expect(attempt(options)).rejects.toThrow(message);
  });

  test('a conductance below 0', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const receptors = { e: { kind: 'exponential', rise: 0, decay: 5, reversal: 0, magnesium: undefined } as const };
    const group = neuronGroup(
      sim,
      4,
      lif({ capacitance: pF(1), tauMembrane: ms(20), vRest: mV(0), vThreshold: mV(1), receptors }),
    );
    expect(() => connect(group, group, { pattern: oneToOne(), weight: nS(-1) })).toThrow(
      'expected no conductance below 0, got -1 nS',
    );
    expect(() => connect(group, group, { pattern: allToAll(), weight: normal(nS(1), nS(5)) })).toThrow(
      'expected no conductance below 0',
    );
  });
});

test('weights can be read and set', async () => {
  const connection = await between(2, 3, fixedProbability(1));
  expect([...connection.weights]).toEqual([1, 1, 1, 1, 1, 1]);
  connection.setWeights(mV(2));
  expect([...connection.weights]).toEqual([2, 2, 2, 2, 2, 2]);
  expect(() => connection.setWeights(mV.each([1, 2, 3, 4, 5, 6]))).toThrow('one weight that they share');
});
