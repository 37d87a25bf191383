// Four states of a sparsely connected network (Brunel, J. Comput. Neurosci. 8, 2000, figure 8): 10,000 excitatory and
// 2,500 inhibitory neurons, which fire together or apart, regularly or not, by how strong inhibition and the input are.
// Each rate is compared with that of the mean field: the rate that, given to all sources, comes out again.
import { strict as assert } from 'node:assert';
import {
  connect,
  fixedInDegree,
  Hz,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  pF,
  poissonInput,
  siegertRate,
  simulation,
} from 'neurite/biology';

const [excitatory, inhibitory, fromExcitatory, fromInhibitory] = [10000, 2500, 1000, 250];
const weight = 0.1;
const membrane = { tauMembrane: ms(20), vThreshold: mV(20), vReset: mV(10), refractory: ms(2) };

/** The rate at which a neuron fires when its sources fire at `rate`, in Hz. */
function answer(rate: number, g: number, eta: number): number {
  const drive = fromExcitatory * (10 * eta + rate);
  const mean = 0.02 * weight * (drive - g * fromInhibitory * rate);
  const variance = 0.02 * weight ** 2 * (drive + g ** 2 * fromInhibitory * rate);
  return siegertRate(mV(mean), mV(Math.sqrt(variance)), membrane).in(Hz);
}

/** Where the answer is the rate itself. */
function meanField(g: number, eta: number): number {
  let [low, high] = [0, 490];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (answer(middle, g, eta) > middle) low = middle;
    else high = middle;
  }
  return low;
}

interface State {
  readonly name: string;
  readonly g: number;
  readonly eta: number;
  readonly duration: number;
  /** Rates of the neurons in Hz. */
  readonly rates: readonly [least: number, most: number];
  /** The population's own rhythm in Hz. */
  readonly rhythm?: readonly [least: number, most: number];
}

const states: State[] = [
  { name: 'A synchronous regular', g: 3, eta: 2, duration: 150, rates: [310, 345] },
  { name: 'B synchronous irregular, fast', g: 6, eta: 4, duration: 200, rates: [52, 64], rhythm: [150, 210] },
  { name: 'C asynchronous irregular', g: 5, eta: 2, duration: 200, rates: [35.5, 40] },
  { name: 'D synchronous irregular, slow', g: 4.5, eta: 0.9, duration: 500, rates: [4.5, 7], rhythm: [17, 30] },
];

/** The frequency at which a series of one value a millisecond has the most power, between 5 and 300 Hz. */
function rhythmOf(rates: Float64Array): number {
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  let [best, most] = [0, 0];
  for (let hz = 5; hz <= 300; hz++) {
    let [re, im] = [0, 0];
    rates.forEach((rate, k) => {
      // a window without edges
      const x = (rate - mean) * Math.sin((Math.PI * (k + 0.5)) / rates.length) ** 2;
      re += x * Math.cos((2 * Math.PI * hz * k) / 1000);
      im += x * Math.sin((2 * Math.PI * hz * k) / 1000);
    });
    const power = re * re + im * im;
    if (power > most) [best, most] = [hz, power];
  }
  return best;
}

for (const { name, g, eta, duration, rates: bounds, rhythm } of states) {
  const sim = await simulation({ dt: ms(0.1), seed: 5, precision: 'float32' });
  const neurons = neuronGroup(sim, excitatory + inhibitory, lif({ ...membrane, capacitance: pF(20), vRest: mV(0) }));
  const common = { receptor: 'v', delay: ms(1.5) };
  const [sources, inhibition] = [neurons.slice(0, excitatory), neurons.slice(excitatory)];
  connect(sources, neurons, { ...common, pattern: fixedInDegree(fromExcitatory), weight: mV(weight) });
  connect(inhibition, neurons, { ...common, pattern: fixedInDegree(fromInhibitory), weight: mV(-g * weight) });
  poissonInput(neurons, { receptor: 'v', sources: fromExcitatory, rate: Hz(10 * eta), weight: mV(weight) });
  await sim.run(ms(100));
  const spikes = monitor(neurons.slice(0, 16), 'spikes');
  const population = monitor(neurons, 'rate', { every: ms(1) });
  await sim.run(ms(duration));

  const rate = population.rates.reduce((a, b) => a + b, 0) / population.rates.length;
  const own = rhythmOf(population.rates);
  console.log(`\n${name}: ${rate.toFixed(1)} Hz, mean field ${meanField(g, eta).toFixed(1)} Hz, rhythm ${own} Hz`);
  for (let neuron = 0; neuron < 16; neuron++) {
    const row = Array.from({ length: 100 }, () => ' ');
    for (const t of spikes.train(neuron)) if (t < 200) row[Math.min(99, Math.floor(t - 100))] = '|';
    console.log(row.join(''));
  }
  assert.ok(rate > bounds[0] && rate < bounds[1], `${name}: ${rate} Hz`);
  assert.ok(!rhythm || (own >= rhythm[0] && own <= rhythm[1]), `${name}: a rhythm of ${own} Hz`);
}
[327.0, 55.84, 37.95, 6.52].forEach((expected, k) => {
  const { g, eta } = states[k]!;
  assert.ok(Math.abs(meanField(g, eta) / expected - 1) < 0.01, `mean field ${meanField(g, eta)}`);
});
