// Irregular activity that keeps itself alive (Vogels, Abbott, J. Neurosci. 25, 2005; the CUBA network of Brette et al.,
// J. Comput. Neurosci. 23, 2007): 3,200 excitatory and 800 inhibitory neurons, each with 2 % of all as targets.
import { strict as assert } from 'node:assert';
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
  uniform,
} from 'neurite/biology';

const sim = await simulation({ dt: ms(0.1), seed: 1, precision: 'float32' });
const model = lif({
  capacitance: pF(200),
  tauMembrane: ms(20),
  vRest: mV(-49),
  vThreshold: mV(-50),
  vReset: mV(-60),
  refractory: ms(5),
  receptors: { excitatory: exponential({ tau: ms(5) }), inhibitory: exponential({ tau: ms(10) }) },
});
const neurons = neuronGroup(sim, 4000, model, { initial: { v: uniform(mV(-60), mV(-50)) } });
const pattern = fixedProbability(0.02);
const excitatory = neurons.slice(0, 3200);
connect(excitatory, neurons, { pattern, receptor: 'excitatory', weight: pA(16.2) });
connect(neurons.slice(3200), neurons, { pattern, receptor: 'inhibitory', weight: pA(-90) });
const spikes = monitor(neurons, 'spikes');
await sim.run(ms(1000));

// a raster of forty neurons over the first half second
for (let neuron = 0; neuron < 4000; neuron += 100) {
  const row = Array.from({ length: 100 }, () => ' ');
  for (const t of spikes.train(neuron)) if (t < 500) row[Math.floor(t / 5)] = '|';
  console.log(row.join(''));
}
const rate = spikes.count / 4000;
console.log(`${rate.toFixed(2)} spikes a second and neuron`);
assert.ok(rate > 4.8 && rate < 6.4);

/** The standard deviation of a neuron's intervals over their mean: 0 for a clock. */
function variation(train: Float64Array): number {
  const intervals = train.slice(1).map((t, k) => t - train[k]!);
  const mean = intervals.reduce((a, b) => a + b, 0) / intervals.length;
  return Math.sqrt(intervals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / intervals.length) / mean;
}

const busy = Array.from({ length: 4000 }, (_, i) => spikes.train(i)).filter(({ length }) => length > 4);
const cv = busy.map(variation).reduce((a, b) => a + b, 0) / busy.length;
console.log(`coefficient of variation ${cv.toFixed(2)}`);
assert.ok(cv > 0.4 && cv < 0.6);
