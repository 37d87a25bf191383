// Izhikevich's twenty patterns and eight cell types: the author's scheme in doubles gives the author's spike times.
import { describe, expect, test } from 'vitest';
import { izhikevichSpikes } from '../../reference/izhikevich.ts';
import { izhikevich, monitor, ms, neuronGroup, simulation, stimulate } from '../../src/biology/index.ts';
import {
  cellTypes,
  patterns,
  type CellTypeName,
  type PatternName,
} from '../../src/biology/models/izhikevich-patterns.ts';
import type { Precision } from '../../src/biology/arrays.ts';

/** The spikes of a named experiment, with the author's label: the beginning of the step that found the spike. */
async function experiment(name: PatternName | CellTypeName, precision: Precision = 'float64'): Promise<number[]> {
  const { dt, duration, current } = { ...patterns, ...cellTypes }[name];
  const sim = await simulation({ dt: ms(dt), precision });
  const neuron = neuronGroup(sim, 1, izhikevich(name));
  const steps = ms(Math.round(duration / dt + 1) * dt);
  stimulate(neuron, current, { duration: steps });
  const spikes = monitor(neuron, 'spikes');
  await sim.run(steps);
  return [...spikes.times].map((t) => Math.round((t - dt) * 1e6) / 1e6);
}

const whole: [PatternName, number[]][] = [
  ['tonicSpiking', [13, 17, 31.5, 59.25, 86.75]],
  ['phasicSpiking', [43.75]],
  ['phasicBursting', [39, 42.8, 47, 51.8, 57.6, 67.2]],
  ['mixedMode', [20, 22.75, 27.25, 67, 99.25, 131.5]],
  ['spikeFrequencyAdaptation', [10.25, 12.25, 15, 19.75, 42.5, 71.5]],
  ['spikeLatency', [26.6]],
  ['subthresholdOscillations', [26.5]],
  ['resonator', [338]],
  ['integrator', [20]],
];
const partly: [PatternName, number, number[], number[]][] = [
  ['tonicBursting', 28, [25, 26.5, 28.25, 30], [197, 204.5]],
  ['class1', 10, [84.5, 125, 155.75, 181], [290.5]],
  ['class2', 14, [105.75, 126.5, 145.25], [293]],
];

describe('the patterns of 2004', () => {
  test.each(whole)('%s spikes at exactly the times of its table', async (name, times) => {
    expect(await experiment(name)).toEqual(times);
  });

  test.each(partly)('%s has %i spikes, the first and last at their times', async (name, count, first, last) => {
    const times = await experiment(name);
    expect(times.length).toBe(count);
    expect(times.slice(0, first.length)).toEqual(first);
    expect(times.slice(-last.length)).toEqual(last);
  });
});

/** The author's loop, in plain numbers. */
function plain(name: PatternName): number[] {
  const { dt, duration, current, options } = patterns[name];
  const {
    a,
    b,
    c,
    d,
    linear = 5,
    constant = 140,
  } = options as Record<'a' | 'b' | 'c' | 'd' | 'linear' | 'constant', number>;
  let v = Number(options.v ?? -65);
  let u = Number(options.u ?? b * v);
  const times: number[] = [];
  for (let step = 0; step < Math.round(duration / dt + 1); step++) {
    v += dt * (0.04 * v * v + linear * v + constant - u + Number(current(step * dt)));
    u += dt * a * (options.accommodation ? b * (v + 65) : b * v - u);
    if (v <= 30) continue;
    times.push(Math.round(step * dt * 1e6) / 1e6);
    v = c;
    u += d;
  }
  return times;
}

test.each(Object.keys(patterns) as PatternName[])("%s spikes at the times of the author's loop", async (name) => {
  const times = plain(name);
  expect(times.length).toBeGreaterThan(0);
  expect(await experiment(name)).toEqual(times);
});

const published: [CellTypeName, number, number[]][] = [
  ['regularSpiking', 5, [18.25, 24, 54.25, 87.5, 120.75]],
  ['intrinsicallyBursting', 7, [18.5, 21, 24.75, 58.25, 87.5, 117.25, 146.75]],
  ['chattering', 15, []],
  ['fastSpiking', 15, [18.75]],
  ['thalamoCortical', 4, [39.25, 53.25, 82.75, 120.25]],
  ['thalamoCorticalBurst', 5, [51, 55.75, 61.75, 68.75, 79.5]],
  ['resonating', 2, [62.75, 67.25]],
  ['lowThresholdSpiking', 18, []],
];

describe('the cell types of 2003', () => {
  test.each(published)('%s has the published spikes within 0.25 ms', async (name, count, times) => {
    const found = await experiment(name);
    expect(found.length).toBe(count);
    times.forEach((t, k) => expect(Math.abs(found[k]! - t)).toBeLessThanOrEqual(0.25));
  });
});

test('in float32 every pattern has as many spikes as in float64', async () => {
  for (const name of Object.keys(patterns) as PatternName[])
    expect([name, (await experiment(name, 'float32')).length]).toEqual([name, (await experiment(name)).length]);
});

test.each(Object.keys({ ...patterns, ...cellTypes }) as (PatternName | CellTypeName)[])(
  "%s is the author's scheme, spike by spike",
  async (name) => {
    const { options, ...rest } = { ...patterns, ...cellTypes }[name];
    expect(await experiment(name)).toEqual(
      izhikevichSpikes({ ...(options as Record<'a' | 'b' | 'c' | 'd' | 'v', number>), ...rest }),
    );
  },
);

test('an unknown name is refused with the nearest known one', () => {
  expect(() => izhikevich('tonicSpikng' as PatternName)).toThrow('did you mean "tonicSpiking"?');
});
