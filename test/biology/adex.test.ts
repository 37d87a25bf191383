// The adaptive exponential neuron against LSODAR's spike times (NEST) and the patterns of Naud et al. 2008.
import { describe, expect, test } from 'vitest';
import {
  adaptiveExponential,
  monitor,
  ms,
  mV,
  neuronGroup,
  nS,
  pA,
  pF,
  simulation,
  type AdaptiveExponentialOptions,
} from '../../src/biology/index.ts';

/** C, g_L, E_L, V_T, Δ; a, τ_w, b, V_r, I */
type Numbers = readonly [readonly number[], readonly number[]];

const options = ([
  [c, g, rest, threshold, slope],
  [a, tau, b, reset, current],
]: Numbers): AdaptiveExponentialOptions => ({
  capacitance: pF(c!),
  leakConductance: nS(g!),
  vRest: mV(rest!),
  vThreshold: mV(threshold!),
  slopeFactor: mV(slope!),
  adaptation: nS(a!),
  tauAdaptation: ms(tau!),
  spikeAdaptation: pA(b!),
  vReset: mV(reset!),
  current: pA(current!),
});

describe("LSODAR's reference", () => {
  const reference = options([
    [200, 11, -70, -50, 2],
    [3, 300, 0, -58, 420],
  ]);
  const exact = [18.715338, 30.560609, 42.49524, 54.517496, 66.626048, 78.819313, 91.095666];

  async function run(method: AdaptiveExponentialOptions['method'], dt: number) {
    const sim = await simulation({ dt: ms(dt) });
    const initial = { v: mV(-70), w: pA(5) };
    const neuron = neuronGroup(sim, 1, adaptiveExponential({ ...reference, method: method! }), { initial });
    const spikes = monitor(neuron, 'spikes');
    const trace = monitor(neuron, ['v', 'w'], { every: ms(1) });
    await sim.run(ms(95));
    return { times: spikes.times, trace };
  }

  test('rungeKutta4 at 0.0005 ms spikes within 0.01 ms of it', async () => {
    const { times } = await run('rungeKutta4', 0.0005);
    expect(times.length).toBe(7);
    exact.forEach((t, k) => expect(Math.abs(times[k]! - t)).toBeLessThan(0.01));
  });

  test("rungeKutta4 goes through LSODAR's states", async () => {
    const sim = await simulation({ dt: ms(0.0005) });
    const initial = { v: mV(-70), w: pA(5) };
    const neuron = neuronGroup(sim, 1, adaptiveExponential({ ...reference, method: 'rungeKutta4' }), { initial });
    const trace = monitor(neuron, ['v', 'w'], { every: ms(0.0005) });
    await sim.run(ms(30));
    for (const [t, v, w] of [
      [9.477423, -54.667451, 5.625016],
      [29.981513, -43.260485, 9.179356],
    ] as const) {
      const at = (state: string) => {
        const [k, part] = [Math.floor(t / 0.0005), (t / 0.0005) % 1];
        const values = trace.values(state);
        return values[k]! + part * (values[k + 1]! - values[k]!);
      };
      // NEST's tolerance, after a reset that is up to a step late
      expect(Math.abs(at('v') / v - 1)).toBeLessThan(5e-4);
      expect(Math.abs(at('w') / w - 1)).toBeLessThan(5e-4);
    }
  });

  test('euler at 0.001 ms is as late as it is known to be', async () => {
    const { times } = await run('euler', 0.001);
    [18.722, 30.574, 42.515, 54.544, 66.659].forEach((t, k) => expect(Math.abs(times[k]! - t)).toBeLessThan(0.0025));
  });

  test('exponentialEuler goes to the same times as the step falls', async () => {
    const errors = [];
    for (const dt of [0.01, 0.001]) errors.push(Math.abs((await run('exponentialEuler', dt)).times[6]! - exact[6]!));
    expect(errors[0]).toBeLessThan(0.5);
    expect(errors[1]!).toBeLessThan(errors[0]! / 5);
  });
});

/** Name, parameters, count and first spikes by Euler's method at 0.1 and 0.005 ms. */
const patterns: [string, Numbers, [number, number], [number[], number[]]][] = [
  [
    'tonic',
    [
      [200, 10, -70, -50, 2],
      [2, 30, 0, -58, 500],
    ],
    [60, 62],
    [
      [14.5, 23.8, 33.2],
      [14.24, 23.2, 32.31],
    ],
  ],
  [
    'adaptation',
    [
      [200, 12, -70, -50, 2],
      [2, 300, 60, -58, 500],
    ],
    [12, 12],
    [
      [15.2, 26.8, 41.5],
      [14.93, 26.22, 40.62],
    ],
  ],
  [
    'initial burst',
    [
      [130, 18, -58, -50, 2],
      [4, 150, 120, -50, 400],
    ],
    [12, 12],
    [
      [5.8, 9.6, 17.3, 72.3],
      [5.49, 8.93, 16.27, 71.04],
    ],
  ],
  [
    'regular bursting',
    [
      [200, 10, -58, -50, 2],
      [2, 120, 100, -46, 210],
    ],
    [11, 11],
    [
      [16.5, 19.8, 25.4, 157.3],
      [16.18, 19.13, 24.28, 156.05],
    ],
  ],
  [
    'delayed regular bursting',
    [
      [100, 10, -65, -50, 2],
      [-10, 90, 30, -47, 110],
    ],
    [32, 32],
    [
      [57.6, 61.2, 65.8],
      [57.21, 60.45, 64.78],
    ],
  ],
];

async function patternRun(numbers: Numbers, dt: number, method: AdaptiveExponentialOptions['method'] = 'euler') {
  const sim = await simulation({ dt: ms(dt) });
  const neuron = neuronGroup(sim, 1, adaptiveExponential({ ...options(numbers), method: method! }));
  const spikes = monitor(neuron, 'spikes');
  await sim.run(ms(600));
  return spikes.times;
}

describe('the patterns of Naud', () => {
  test.each(patterns)('%s: count and first spikes by Euler', async (_name, numbers, counts, firsts) => {
    for (const [k, dt] of [0.1, 0.005].entries()) {
      const times = await patternRun(numbers, dt);
      expect(Math.abs(times.length - counts[k]!)).toBeLessThanOrEqual(2);
      firsts[k]!.forEach((t, j) => expect(Math.abs(times[j]! - t)).toBeLessThanOrEqual(j === 0 ? 0.4 : 1));
    }
  });
});

/** The same without a table to go by: the kernel against Euler's method in plain doubles. */
const others: [string, Numbers][] = [
  [
    'delayed accelerating',
    [
      [200, 12, -70, -50, 2],
      [-10, 300, 0, -58, 300],
    ],
  ],
  [
    'transient',
    [
      [100, 10, -65, -50, 2],
      [10, 90, 100, -47, 180],
    ],
  ],
  [
    'irregular',
    [
      [100, 12, -60, -50, 2],
      [-11, 130, 30, -48, 160],
    ],
  ],
];

function plainEuler([[c, g, rest, threshold, slope], [a, tau, b, reset, current]]: Numbers, dt: number): number[] {
  const spikes = [];
  let [v, w] = [rest!, 0];
  for (let k = 1; k <= Math.round(600 / dt); k++) {
    const dv = -g! * (v - rest!) + g! * slope! * Math.exp((v - threshold!) / slope!) - w + current!;
    const dw = (a! * (v - rest!) - w) / tau!;
    v += (dt * dv) / c!;
    w += dt * dw;
    if (v <= 0) continue;
    spikes.push(k * dt);
    v = reset!;
    w += b!;
  }
  return spikes;
}

test.each(others)("%s by euler is Euler's method", async (_name, numbers) => {
  const times = await patternRun(numbers, 0.1);
  const expected = plainEuler(numbers, 0.1);
  // what rounds differently grows in an irregular train
  expect(Math.abs(times.length - expected.length)).toBeLessThanOrEqual(2);
  expected.slice(0, 5).forEach((t, k) => expect(times[k]!).toBeCloseTo(t, 6));
});

test.each(patterns.map(([name, numbers]) => [name, numbers] as const))(
  '%s: rungeKutta4 at 0.1 ms agrees with Euler at 0.005 ms',
  async (_name, numbers) => {
    const coarse = await patternRun(numbers, 0.1, 'rungeKutta4');
    const fine = await patternRun(numbers, 0.005);
    expect(Math.abs(coarse.length - fine.length)).toBeLessThanOrEqual(2);
    expect(Math.abs(coarse[0]! - fine[0]!)).toBeLessThan(0.3);
  },
);
