// Digits learned without a teacher (Diehl, Cook, Front. Comput. Neurosci. 9:99, 2015), small: the 8×8 digits that come
// with the library, 100 excitatory and 100 inhibitory neurons, 400 images seen once. Pixels fire at rates; a neuron that
// spikes inhibits the others, learns what it saw and raises its own threshold, so that the next image has another winner.
// Which digit a neuron stands for is asked only afterwards, when nothing is learned any more.
//
// The equations, thresholds and inhibition are the paper's. So few images need steps twenty times as large (0.2 for
// 0.01), thresholds that rise 0.3 mV a spike (0.05) and brighter pixels (160 Hz for 64); each is shown for 200 ms (350).
import { strict as assert } from 'node:assert';
import {
  allToAll,
  connect,
  equations,
  exponential,
  Hz,
  lif,
  monitor,
  ms,
  mV,
  neuronGroup,
  nS,
  oneToOne,
  pairs,
  pF,
  poissonGroup,
  setRate,
  simulation,
  tripletStdp,
  uniform,
} from 'neurite/biology';
import { digits } from 'neurite/datasets';

const [size, pixels, learned, tested] = [100, 64, 400, 200];
const sim = await simulation({ dt: ms(0.5), seed: 3 });
const input = poissonGroup(sim, pixels, Hz.each(new Float64Array(pixels)));

// conductances in units of the leak; theta is the threshold of each neuron, which hardly decays (10⁷ ms)
const excitatory = neuronGroup(
  sim,
  size,
  equations(
    `
    dv/dt = (-65*mV - v + ge * (0*mV - v) + gi * (-100*mV - v)) / (100*ms) : volt (unless refractory)
    dge/dt = -ge / (1*ms) : 1
    dgi/dt = -gi / (2*ms) : 1
    dtheta/dt = -theta / (1e7*ms) : volt
    `,
    {
      threshold: 'v > theta - 72*mV',
      reset: 'v = -65*mV; theta += 0.3*mV',
      refractory: ms(5),
      initial: { v: mV(-65), theta: mV(20) },
      method: 'exponentialEuler',
    },
  ),
);
const inhibitory = neuronGroup(
  sim,
  size,
  lif({
    capacitance: pF(10),
    tauMembrane: ms(10),
    vRest: mV(-60),
    vReset: mV(-45),
    vThreshold: mV(-40),
    refractory: ms(2),
    receptors: { excitatory: exponential({ tau: ms(1), reversal: mV(0) }) },
  }),
);

// a spike adds 0.2 x y₂ to the weight (x of the input, y₂ of the neuron's spike before), an arrival takes 10⁻⁴ y₁
const synapses = connect(input, excitatory, {
  pattern: allToAll(),
  receptor: 'ge',
  weight: uniform(0.05, 0.3),
  plasticity: tripletStdp({
    tauPlus: ms(20),
    tauX: ms(20),
    tauMinus: ms(20),
    tauY: ms(40),
    a2Plus: 0,
    a3Plus: 0.2,
    a2Minus: 1e-4,
    a3Minus: 0,
    minimum: 0,
    maximum: 1,
    nearest: true,
  }),
});
connect(excitatory, inhibitory, { pattern: oneToOne(), weight: nS(10.4) });
const neurons = Array.from({ length: size }, (_, k) => k);
const others = neurons.flatMap((i) => neurons.filter((j) => j !== i).map((j) => [i, j] as const));
connect(inhibitory, excitatory, { pattern: pairs(others), receptor: 'gi', weight: 17 });
const shown = ms(200);
const spikes = monitor(excitatory, 'spikes', { last: shown });

/** The weights onto one neuron, a pixel each. */
const field = (weights: Float64Array, j: number) => Array.from({ length: pixels }, (_, i) => weights[i * size + j]!);
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const largest = (values: ArrayLike<number>) => Array.from(values).indexOf(Math.max(...Array.from(values)));

/** Scales the weights onto each neuron to a sum of 20: what one pixel gains, the others lose. */
function normalise(): void {
  const weights = synapses.weights;
  const scales = neurons.map((j) => 20 / sum(field(weights, j)));
  synapses.setWeights(weights.map((w, k) => Math.min(1, w * scales[k % size]!)));
}

/** How often each neuron answers an image, which is shown brighter until there are five spikes; then it rests. */
async function show(image: Float32Array): Promise<Int32Array> {
  const counts = new Int32Array(size);
  for (let brightest = 160; brightest <= 320 && sum(counts) < 5; brightest += 32) {
    setRate(input, Hz.each(Array.from(image, (x) => x * brightest)));
    await sim.run(shown);
    counts.fill(0);
    for (const neuron of spikes.neurons) counts[neuron]!++;
    setRate(input, Hz(0));
    await sim.run(ms(100));
  }
  return counts;
}

const { train, test } = digits({ seed: 1 });
const imageOf = ({ inputs }: typeof train, k: number) =>
  (inputs.data as Float32Array).subarray(pixels * k, pixels * (k + 1));

const answering: number[] = [];
for (let k = 0; k < learned; k++) {
  normalise();
  answering.push((await show(imageOf(train, k))).filter((n) => n > 0).length);
}
normalise();

// from here on nothing is learned: every image meets the same network
const taught = sim.snapshot();
async function response(data: typeof train, k: number): Promise<Int32Array> {
  sim.restore(taught);
  return show(imageOf(data, k));
}

// a neuron stands for the digit that it answers most
const answers = neurons.map(() => new Float64Array(10));
const seen = new Float64Array(10);
for (let k = 0; k < learned; k++) {
  const digit = train.targets.data[k]!;
  seen[digit]!++;
  (await response(train, k)).forEach((n, j) => (answers[j]![digit]! += n));
}
const standsFor = answers.map((spikesOf) => largest(spikesOf.map((n, digit) => n / seen[digit]!)));
const members = Array.from({ length: 10 }, (_, digit) => standsFor.filter((other) => other === digit).length);

// held-out images: the digit whose neurons spike most on average
let right = 0;
for (let k = 0; k < tested; k++) {
  const votes = new Float64Array(10);
  (await response(test, k)).forEach((n, j) => (votes[standsFor[j]!]! += n / members[standsFor[j]!]!));
  if (largest(votes) === test.targets.data[k]) right++;
}

sim.restore(taught);
const weights = synapses.weights;
const painters = Array.from({ length: 10 }, (_, digit) => standsFor.indexOf(digit)).filter((j) => j >= 0);
const shade = (w: number) => ' .:-=+*#%@'[Math.min(9, Math.floor(10 * w))]!;
for (let row = 0; row < 8; row++)
  console.log(
    painters
      .map((j) =>
        field(weights, j)
          .slice(8 * row, 8 * row + 8)
          .map(shade)
          .join(''),
      )
      .join('  '),
  );
console.log(`weights of the first neurons that stand for ${painters.map((j) => standsFor[j]).join(', ')}`);
const median = answering.slice(learned / 2).toSorted((a, b) => a - b)[learned / 4]!;
console.log(`${right} of ${tested} held-out digits right; ${median} of ${size} neurons answer an image`);

// chance is 20 of 200; the same network with its first weights, which nothing changes, tells 97
assert.ok(right >= 150, `${right} of ${tested} right`);
assert.ok(median <= 8, `${median} neurons answer an image`);
assert.ok(weights.every((w) => w >= 0 && w <= 1));
assert.ok(neurons.every((j) => sum(field(weights, j)) < 20.001));
assert.ok(
  members.every((n) => n > 0),
  `neurons for each digit: ${members}`,
);
