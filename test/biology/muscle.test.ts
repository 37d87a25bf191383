// Muscle: twitch, summation, tetanus, and recruitment by size.
import { describe, expect, test } from 'vitest';
import {
  connect,
  lif,
  GOhm,
  monitor,
  motorPool,
  motorUnits,
  ms,
  muscleForce,
  mV,
  neuronGroup,
  oneToOne,
  pA,
  simulation,
  spikeTimes,
  stimulate,
  type MotorUnitOptions,
  type Precision,
} from '../../src/biology/index.ts';

/** The force of one unit whose nerve spikes at the given times. */
async function force(options: MotorUnitOptions, times: number[], duration: number, precision: Precision = 'float64') {
  const sim = await simulation({ dt: ms(0.1), precision });
  const unit = neuronGroup(sim, 1, motorUnits(options));
  const nerve = spikeTimes(sim, 1, { neurons: times.map(() => 0), times: ms.each(times) });
  connect(nerve, unit, { pattern: oneToOne(), weight: 1 });
  const trace = monitor(unit, 'force');
  await sim.run(ms(duration));
  return trace.values('force');
}

const slow = { twitchForce: 2, contractionTime: ms(90) };

describe('a twitch', () => {
  test.each([
    ['float64', 12],
    ['float32', 5],
  ] as const)('has the form P (t/T) e^(1 − t/T) and its peak P at T (%s)', async (precision, digits) => {
    const f = await force(slow, [10], 400, precision);
    expect(Math.max(...f)).toBeCloseTo(2, digits);
    expect(f.indexOf(Math.max(...f)) * 0.1).toBeCloseTo(100, 0);
    for (const t of [10, 40, 200, 350]) {
      const x = (t - 10) / 90;
      expect(f[Math.round(t * 10)]!).toBeCloseTo(2 * x * Math.exp(1 - x), digits - 1);
    }
  });

  test('adds to another as if alone where they are far apart, and with a gain where they are near', async () => {
    const alone = await force(slow, [10], 900);
    for (const [second, summation, share] of [
      [260, 'saturating', 1],
      [55, 'saturating', 0.5],
      [55, 'linear', 1],
    ] as const) {
      const both = await force({ ...slow, summation }, [10, second], 900);
      const x = 90 / (second - 10);
      const gain =
        summation === 'linear' || x < 0.4 ? 1 : (1 - Math.exp(-2 * x ** 3)) / x / ((1 - Math.exp(-2 * 0.4 ** 3)) / 0.4);
      const later = 10 * (second - 10);
      for (const t of [3000, 5000]) expect(both[t]!).toBeCloseTo(alone[t]! + gain * alone[t - later]!, 10);
      if (share === 1) expect(gain).toBe(1);
      else expect(gain).not.toBe(1);
    }
  });
});

/** Mean and ripple of the force in the last part of a train. */
async function tetanus(rate: number, options: MotorUnitOptions = slow) {
  const times = Array.from(
    { length: Math.floor(1.5 * rate) },
    (_, k) => Math.round(10 * (10 + (1000 / rate) * k)) / 10,
  );
  const f = (await force(options, times, 1500)).slice(10_000);
  const mean = f.reduce((a, b) => a + b, 0) / f.length;
  return { mean, ripple: (Math.max(...f) - Math.min(...f)) / mean };
}

test('force grows with the rate up to a bound, and becomes smooth: a tetanus', async () => {
  const rates = [5, 8, 12, 20, 30, 50, 80];
  const results: Awaited<ReturnType<typeof tetanus>>[] = [];
  for (const rate of rates) results.push(await tetanus(rate));
  results.slice(1).forEach(({ mean, ripple }, k) => {
    expect(mean).toBeGreaterThan(results[k]!.mean);
    if (rates[k]! < 30) expect(ripple).toBeLessThan(results[k]!.ripple);
  });
  expect(results[0]!.ripple).toBeGreaterThan(0.5);
  expect(results.at(-1)!.ripple).toBeLessThan(0.05);
  // P e / 0.30037 is the bound
  const bound = (2 * Math.E) / 0.30037;
  expect(results.at(-1)!.mean / bound).toBeGreaterThan(0.98);
  expect(results.at(-1)!.mean / bound).toBeLessThan(1.01);
});

describe('a pool', () => {
  const pool = motorPool(120);

  test('has the ranges of a muscle: forces 1 to 100, contraction times 90 to 30 ms, thresholds 1 to 30', () => {
    const { twitchForces, contractionTimes, thresholds } = pool;
    const times = contractionTimes.values;
    expect([twitchForces[0], twitchForces[119]!]).toEqual([1, expect.closeTo(100, 9)]);
    expect([times[0], times[119]!]).toEqual([90, expect.closeTo(30, 9)]);
    expect([thresholds[0], thresholds[119]!]).toEqual([1, expect.closeTo(30, 9)]);
    for (let i = 1; i < 120; i++) {
      expect(twitchForces[i]! / twitchForces[i - 1]!).toBeCloseTo(100 ** (1 / 119), 10);
      expect(times[i]!).toBeLessThan(times[i - 1]!);
    }
  });

  test('is recruited in the order of size, and its force grows with the drive', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    // the larger a motor neuron the less a current moves it
    const resistance = GOhm.each(pool.thresholds.map((x) => 0.1 / x));
    const model = lif({
      tauMembrane: ms(20),
      resistance,
      vRest: mV(-70),
      vThreshold: mV(-55),
      vReset: mV(-70),
      refractory: ms(20),
    });
    const neurons = neuronGroup(sim, 120, model);
    const muscle = neuronGroup(
      sim,
      120,
      motorUnits({ twitchForce: pool.twitchForces, contractionTime: pool.contractionTimes }),
    );
    connect(neurons, muscle, { pattern: oneToOne(), weight: 1, delay: ms(5) });
    stimulate(neurons, (t) => pA(1.2 * t), { duration: ms(4000) });
    const spikes = monitor(neurons, 'spikes');
    const trace = monitor(muscle, 'force', { every: ms(10) });
    await sim.run(ms(4000));
    const firsts = Array.from({ length: 120 }, (_, i) => spikes.train(i)[0] ?? Infinity);
    for (let i = 1; i < 120; i++) expect(firsts[i]!).toBeGreaterThanOrEqual(firsts[i - 1]!);
    expect(firsts.filter((t) => t < 4000).length).toBeGreaterThan(110);
    const total = muscleForce(trace);
    const means = Array.from({ length: 16 }, (_, k) => total.slice(25 * k, 25 * k + 25).reduce((a, b) => a + b, 0));
    for (let k = 2; k < 16; k++) expect(means[k]!).toBeGreaterThan(means[k - 1]!);
  });

  test.each([
    [() => motorPool(1), 'expected a whole number of motor units from 2, got 1'],
    [() => motorPool(5, { forceRange: 1 }), 'expected a forceRange above 1, got 1'],
    [
      () => motorPool(5, { contractionTime: mV(3) as never }),
      'contractionTime: expected a time such as ms(10), got 3 mV',
    ],
    [() => motorUnits({ ...slow, summation: 'none' as never }), 'expected summation saturating or linear, got none'],
  ])('%s is refused', (make, message) => {
    expect(make).toThrow(message);
  });

  test('units without force, or faster than the step, are refused', async () => {
    const sim = await simulation({ dt: ms(0.1) });
    const make = (options: MotorUnitOptions) => () => neuronGroup(sim, 2, motorUnits(options));
    expect(make({ ...slow, twitchForce: [1, 0] })).toThrow('twitchForce: expected values above 0');
    expect(make({ ...slow, contractionTime: ms(0.01) })).toThrow('is shorter than the step of 0.1 ms');
  });
});
