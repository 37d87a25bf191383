// The twenty firing patterns of cortical neurons (Izhikevich, Which model to use for cortical spiking neurons?, IEEE
// Trans. Neural Netw. 15, 2004, figure 1), each by the author's parameters, step and stimulus.
import { strict as assert } from 'node:assert';
import {
  izhikevich,
  izhikevichPatterns,
  monitor,
  ms,
  neuronGroup,
  simulation,
  stimulate,
  type PatternName,
} from 'neurite/biology';

const counts: Record<PatternName, number> = {
  tonicSpiking: 5,
  phasicSpiking: 1,
  tonicBursting: 28,
  phasicBursting: 6,
  mixedMode: 6,
  spikeFrequencyAdaptation: 6,
  class1: 10,
  class2: 14,
  spikeLatency: 1,
  subthresholdOscillations: 1,
  resonator: 1,
  integrator: 1,
  reboundSpike: 1,
  reboundBurst: 7,
  thresholdVariability: 1,
  bistability: 5,
  depolarizingAfterPotential: 1,
  accommodation: 1,
  inhibitionInducedSpiking: 3,
  inhibitionInducedBursting: 12,
};

/** A row of characters, each a part of the experiment: how many spikes fell into it. */
function raster(times: Float64Array, duration: number): string {
  const bins = Array.from({ length: 60 }, () => 0);
  for (const t of times) bins[Math.min(59, Math.floor((60 * t) / duration))]!++;
  return bins.map((n) => (n > 1 ? '#' : n ? '|' : '·')).join('');
}

for (const name of Object.keys(counts) as PatternName[]) {
  const { dt, duration, current } = izhikevichPatterns[name];
  const sim = await simulation({ dt: ms(dt) });
  const neuron = neuronGroup(sim, 1, izhikevich(name));
  stimulate(neuron, current, { duration: ms(duration) });
  const spikes = monitor(neuron, 'spikes');
  await sim.run(ms(duration));
  console.log(name.padEnd(27), raster(spikes.times, duration), spikes.count);
  assert.equal(spikes.count, counts[name]);
}
