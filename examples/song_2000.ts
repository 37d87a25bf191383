// Competition between synapses by the times of spikes (Song, Miller, Abbott, Nat. Neurosci. 3, 2000, figure 2): a
// thousand inputs at 15 Hz drive one neuron; pairs of spikes strengthen some and weaken the others until weights are
// either small or large, and the neuron fires irregularly.
import { strict as assert } from 'node:assert';
import {
  allToAll,
  connect,
  exponential,
  Hz,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  nS,
  pairStdp,
  pF,
  poissonGroup,
  s,
  simulation,
  uniform,
} from 'neurite/biology';

const maximum = 0.01;
const sim = await simulation({ dt: ms(0.5), seed: 1 });
const inputs = poissonGroup(sim, 1000, Hz(15));
// conductances in units of the leak
const neuron = neuronGroup(
  sim,
  1,
  lif({
    capacitance: pF(10),
    tauMembrane: ms(10),
    vRest: mV(-74),
    vThreshold: mV(-54),
    vReset: mV(-60),
    receptors: { excitatory: exponential({ tau: ms(5), reversal: mV(0) }) },
  }),
);
const synapses = connect(inputs, neuron, {
  pattern: allToAll(),
  weight: uniform(nS(0), nS(maximum)),
  plasticity: pairStdp({
    tauPlus: ms(20),
    tauMinus: ms(20),
    aPlus: nS(0.01 * maximum),
    aMinus: nS(0.01 * 1.05 * maximum),
    maximum: nS(maximum),
  }),
});
const weights = monitor(synapses, 'weights', { every: s(20) });
const rate = monitor(neuron, 'rate', { every: s(20) });
await sim.run(s(100));

/** How many weights are in each tenth of the range. */
function histogram(values: Float64Array): number[] {
  const bins = Array.from({ length: 10 }, () => 0);
  for (const w of values) bins[Math.min(9, Math.floor((10 * w) / maximum))]!++;
  return bins;
}

for (const k of weights.times.keys())
  console.log(`${String(weights.times[k]! / 1000).padStart(4)} s  ${histogram(weights.at(k)).join(' ')}`);
const last = histogram(synapses.weights);
console.log(' 100 s ', last.join(' '));
last.forEach((n, k) => console.log(`${(k / 10).toFixed(1)} ${'#'.repeat(Math.round(n / 5))}`));
console.log(`${rate.rates.at(-1)!.toFixed(1)} Hz at the end, ${rate.rates[0]!.toFixed(1)} Hz at the beginning`);

// both ends hold more than they did, and the middle less
assert.ok(last[0]! > 150 && last[9]! > 150, `${last[0]} and ${last[9]} of 1000 at the ends`);
assert.ok(last.slice(3, 7).every((n) => n < 100));
const mean = synapses.weights.reduce((a, b) => a + b, 0) / 1000 / maximum;
assert.ok(mean > 0.42 && mean < 0.56, `a mean of ${mean}`);
assert.ok(rate.rates.at(-1)! > 40 && rate.rates.at(-1)! < 75, `${rate.rates.at(-1)} Hz`);
