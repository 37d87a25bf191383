// Spikes as the input of an artificial network: counts and traces by hand, and a liquid whose readout is trained.
import { expect, test } from 'vitest';
import { adam, dense, sequential, type Tensor } from '../../src/index.ts';
import {
  connect,
  exponential,
  fixedProbability,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  pA,
  pF,
  simulation,
  spikeFeatures,
  spikeTimes,
  uniform,
} from '../../src/biology/index.ts';

const rounded = ({ data }: Tensor) => Array.from(data, (x) => Number(x.toFixed(5)));

async function recorded(size: number, neurons: number[], times: number[], duration = 100) {
  const sim = await simulation({ dt: ms(0.1) });
  const spikes = monitor(spikeTimes(sim, size, { neurons, times: ms.each(times) }), 'spikes');
  await sim.run(ms(duration));
  return spikes;
}

test('spikes are counted since the time before, in trials that begin when they are said to', async () => {
  const spikes = await recorded(3, [0, 2, 0, 1, 0, 0, 2], [5, 10, 12.3, 20, 50, 50.1, 70]);
  expect(spikeFeatures(spikes, { at: ms(20) })).toEqual({ data: Float32Array.of(2, 1, 1), shape: [1, 3] });
  const starts = ms.each([0, 50]);
  const { data, shape } = spikeFeatures(spikes, { at: ms.each([12.3, 20, 50]), starts });
  expect(shape).toEqual([2, 3, 3]);
  // the spike at 12.3 ms is seen then; that at 50 ms is the first trial's alone
  expect([...data]).toEqual([2, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test('a trace jumps by 1 and decays, over all times of a trial', async () => {
  const spikes = await recorded(2, [0, 0, 1], [10, 20, 25]);
  const traces = spikeFeatures(spikes, { at: ms.each([20, 30]), tau: ms(10) });
  const e = Math.exp;
  expect(rounded(traces)).toEqual([1 + e(-1), 0, e(-2) + e(-1), e(-0.5)].map((x) => Number(x.toFixed(5))));
});

test('a spike half a step beyond times beside the grid is of the last time', async () => {
  const spikes = await recorded(2, [1, 1], [1.1, 30]);
  const { data } = spikeFeatures(spikes, { at: ms.each([0.5, 1]), starts: ms.each([0.05, 20]) });
  expect([...data].reduce((a, b) => a + b)).toBe(1);
  expect(data[3]).toBe(1);
});

test('the trials of several simulations follow one another', async () => {
  const monitors = [await recorded(2, [0], [1]), await recorded(2, [1, 1], [1, 2])];
  expect(spikeFeatures(monitors, { at: ms(10) })).toEqual({ data: Float32Array.of(1, 0, 0, 2), shape: [2, 2] });
});

test('what does not fit is refused', async () => {
  const spikes = await recorded(2, [0], [1]);
  const other = await recorded(3, [0], [1]);
  expect(() => spikeFeatures({} as never, { at: ms(1) })).toThrow(
    'spikeFeatures: expected a monitor of spikes, got object',
  );
  expect(() => spikeFeatures([], { at: ms(1) })).toThrow('expected monitors of as many neurons each, got no monitor');
  expect(() => spikeFeatures([spikes, other], { at: ms(1) })).toThrow(
    'expected monitors of as many neurons each, got 2 and 3',
  );
  expect(() => spikeFeatures(spikes, { at: mV(1) as never })).toThrow('spikeFeatures: at: expected a time');
  expect(() => spikeFeatures(spikes, { at: ms.each([2, 2]) })).toThrow(
    'times that ascend from above 0, got 2 ms after 2 ms',
  );
  expect(() => spikeFeatures(spikes, { at: ms.each([]) })).toThrow('at: expected at least one time');
  expect(() => spikeFeatures(spikes, { at: ms(1), starts: ms.each([-1]) })).toThrow(
    'starts: expected times from 0 up, got -1 ms',
  );
  expect(() => spikeFeatures(spikes, { at: ms(1), tau: ms(0) })).toThrow('spikeFeatures: tau');
  expect(() => spikeFeatures(spikes, { at: ms(60), starts: ms.each([50]) })).toThrow(
    'the trial from 50 ms ends at 110 ms, and 100 ms were simulated',
  );
});

test('a readout of a random network tells two patterns of spikes apart, in trials that it has not seen', async () => {
  const trials = 80;
  const [length, inputs] = [150, 20];
  let state = 7;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  // two patterns of as many spikes of the same neurons, 50 to 100 ms into a trial; each trial jitters them by up to 3 ms
  const patterns = [0, 1].map(() => Array.from({ length: inputs * 2 }, () => 50 + 50 * random()));
  const classes = Int32Array.from({ length: trials }, (_, k) => (k * 7 + (k >> 2)) % 2);
  const neurons: number[] = [];
  const times: number[] = [];
  for (const [trial, k] of classes.entries())
    patterns[k]!.forEach((time, spike) => {
      neurons.push(spike % inputs);
      times.push(trial * length + time + 6 * (random() - 0.5));
    });
  const sim = await simulation({ dt: ms(0.5), seed: 5 });
  const source = spikeTimes(sim, inputs, { neurons, times: ms.each(times) });
  const cell = lif({
    capacitance: pF(100),
    tauMembrane: ms(20),
    vRest: mV(0),
    vThreshold: mV(10),
    vReset: mV(0),
    refractory: ms(2),
    receptors: { synapse: exponential({ tau: ms(5) }) },
  });
  const liquid = neuronGroup(sim, 80, cell);
  connect(source, liquid, { pattern: fixedProbability(0.3), weight: uniform(pA(-100), pA(300)) });
  connect(liquid, liquid, { pattern: fixedProbability(0.1), weight: uniform(pA(-60), pA(60)), delay: ms(2) });
  const spikes = monitor(liquid, 'spikes');
  await sim.run(ms(trials * length));
  const starts = ms.each(Array.from({ length: trials }, (_, k) => k * length));
  const { data } = spikeFeatures(spikes, { at: ms(110), starts, tau: ms(20) });
  const half = trials / 2;
  const part = (from: number, to: number) => ({
    inputs: { data: data.slice(from * 80, to * 80), shape: [to - from, 80] },
    targets: classes.slice(from, to),
  });
  const readout = await sequential([dense(2)], { inputShape: [80], seed: 1 });
  const held = part(half, trials);
  expect(Number(readout.evaluate(held, { loss: 'crossEntropy' })['accuracy'])).toBeLessThan(0.9);
  await readout.fit(part(0, half), { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 60 });
  expect(Number(readout.evaluate(held)['accuracy'])).toBeGreaterThanOrEqual(0.95);
});
