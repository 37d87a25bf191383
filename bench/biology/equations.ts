// node bench/run.mjs biology/equations [--quick]: models given as equations beside the built-in ones: nanoseconds for a
// neuron's step without synapses, what the size of a block does, and the time from calling `run` to the first step.
import { cpus } from 'node:os';
import {
  exponential,
  lif,
  ms,
  mV,
  neuronGroup,
  pF,
  simulation,
  traubMiles,
  um2,
  uniform,
  type NeuronModel,
  type Precision,
} from '../../src/biology/index.ts';
import { texts } from './equation-models.ts';

const size = 4000;
const quick = process.argv.includes('--quick');

/** Seconds of computing for a time, the least of several runs. */
async function cost(models: readonly NeuronModel[], precision: Precision, duration: number): Promise<number[]> {
  const sims = [];
  for (const model of models) {
    const sim = await simulation({ dt: ms(0.1), precision, seed: 1 });
    neuronGroup(sim, size, model, { initial: { v: uniform(mV(-60), mV(-50)) } });
    await sim.run(ms(duration));
    sims.push(sim);
  }
  const least = models.map(() => Infinity);
  for (let k = 0; k < (quick ? 3 : 7); k++)
    for (const [m, sim] of sims.entries()) {
      const started = performance.now();
      await sim.run(ms(duration));
      least[m] = Math.min(least[m]!, performance.now() - started);
    }
  return least.map((time) => (time * 1e6) / (size * duration * 10));
}

const conductances = {
  excitatory: exponential({ tau: ms(5), reversal: mV(0) }),
  inhibitory: exponential({ tau: ms(10), reversal: mV(-80) }),
};
const membrane = { capacitance: pF(200), tauMembrane: ms(20), vThreshold: mV(-50), vReset: mV(-60), refractory: ms(5) };
const works: readonly (readonly [string, NeuronModel, NeuronModel, number])[] = [
  [
    'CUBA, exact',
    lif({
      ...membrane,
      vRest: mV(-49),
      receptors: { excitatory: exponential({ tau: ms(5) }), inhibitory: exponential({ tau: ms(10) }) },
    }),
    texts.cuba,
    200,
  ],
  ['COBA, exponential Euler', lif({ ...membrane, vRest: mV(-60), receptors: conductances }), texts.coba, 100],
  [
    'COBAHH, exponential Euler',
    traubMiles({ area: um2(20000), refractory: ms(3), receptors: conductances }),
    texts.cobahh,
    20,
  ],
];

/** Milliseconds from calling `run` to the end of the first step, of a new simulation with the model's text read anew. */
async function start(make: () => NeuronModel): Promise<number> {
  const times = [];
  for (let k = 0; k < 5; k++) {
    const sim = await simulation({ dt: ms(0.1), precision: 'float32', seed: 1 });
    neuronGroup(sim, size, make());
    const started = performance.now();
    await sim.run(ms(0.1));
    times.push(performance.now() - started);
  }
  return Math.max(...times);
}

console.log(`Node ${process.version}, ${cpus()[0]!.model.trim()}; ns for a neuron's step, least of several runs`);
for (const [name, builtIn, text, duration] of works)
  for (const precision of ['float32', 'float64'] as const) {
    const [a, b] = await cost([builtIn, text], precision, duration);
    console.log(
      name.padEnd(28),
      precision,
      `built in ${a!.toFixed(2)}`.padStart(16),
      `as text ${b!.toFixed(2)}`.padStart(16),
      `ratio ${(b! / a!).toFixed(2)}`.padStart(12),
    );
  }

for (const [name, make] of Object.entries(texts))
  console.log(`${name}: from calling run to the first step ${(await start(() => make)).toFixed(1)} ms at most`);
