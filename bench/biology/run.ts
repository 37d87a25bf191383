// node bench/run.mjs biology/run [--quick]: spiking networks on this machine: seconds of computing for one second of
// biology, nanoseconds for a neuron's update, synaptic events a second, and how they grow with the number of neurons.
// A network whose rate is wrong fails the run.
import { cpus } from 'node:os';
import { connect, fixedProbability, lif, ms, mV, neuronGroup, pF, simulation } from '../../src/biology/index.ts';
import { microcircuit } from './microcircuit.ts';
import { coba, cobahh, cuba, izhikevich2003, type Network, type NetworkOptions } from './networks.ts';

interface Work {
  readonly name: string;
  readonly make: (options: NetworkOptions) => Promise<Network>;
  readonly sizes: readonly number[];
  /** Steps of a second of biology. */
  readonly steps: number;
  /** The rates in Hz that are right, at 1,000 neurons and more. */
  readonly rates: readonly [least: number, most: number];
}

const quick = process.argv.includes('--quick');
const sizes = quick ? [1000, 4000] : [1000, 4000, 16000, 64000];
const works: Work[] = [
  { name: 'CUBA', make: cuba, sizes, steps: 10000, rates: [2, 12] },
  { name: 'COBA', make: coba, sizes, steps: 10000, rates: [8, 30] },
  { name: 'COBAHH', make: cobahh, sizes, steps: 10000, rates: [20, 60] },
  { name: 'Izhikevich 2003', make: izhikevich2003, sizes, steps: 1000, rates: [6.9, 8.6] },
];

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function measure(
  { name, make, steps, rates }: Work,
  size: number,
  precision: 'float32' | 'float64',
): Promise<string> {
  const seconds = [];
  let last: Network | undefined;
  for (let k = 0; k < (quick || size > 16000 ? 1 : 3); k++) {
    last = await make({ size, precision });
    const started = performance.now();
    await last.sim.run(ms(1000));
    seconds.push((performance.now() - started) / 1000);
  }
  const { spikes, synapses } = last!;
  const rate = spikes.count / size;
  if (!(rate >= rates[0] && rate <= rates[1])) throw new Error(`${name} ${size}: ${rate.toFixed(2)} Hz is not right`);
  const time = median(seconds);
  const events = (spikes.count * synapses) / size / time;
  return [
    name.padEnd(16),
    String(size).padStart(6),
    precision,
    `${time.toFixed(3)} s`.padStart(9),
    `${((time * 1e9) / (size * steps)).toFixed(2)} ns/update`.padStart(16),
    `${(events / 1e6).toFixed(1)} M events/s`.padStart(18),
    `${rate.toFixed(2)} Hz`.padStart(9),
  ].join('  ');
}

console.log(`Node ${process.version}, ${cpus()[0]!.model.trim()}; one second of biology, median of three runs`);
for (const work of works)
  for (const size of work.sizes)
    for (const precision of ['float32', 'float64'] as const)
      if (precision === 'float32' || size <= 4000) console.log(await measure(work, size, precision));

/** Milliseconds that connecting two million synapses takes. */
async function connecting(): Promise<number> {
  const sim = await simulation({ dt: ms(0.1), precision: 'float32' });
  const model = lif({ capacitance: pF(200), tauMembrane: ms(20), vRest: mV(-60), vThreshold: mV(-50) });
  const neurons = neuronGroup(sim, 10000, model);
  const started = performance.now();
  connect(neurons, neurons, { pattern: fixedProbability(0.02), receptor: 'v', weight: mV(0.1) });
  return performance.now() - started;
}

/** Milliseconds from calling `run` to the end of the first step. */
async function firstStep(make: Work['make']): Promise<number> {
  const { sim } = await make({ precision: 'float32', size: make === izhikevich2003 ? 1000 : 4000 });
  const started = performance.now();
  await sim.run(sim.dt);
  return performance.now() - started;
}

console.log(`connecting two million synapses  ${(await connecting()).toFixed(0)} ms`);
for (const { name, make } of works)
  console.log(`first step of ${name.padEnd(16)} ${(await firstStep(make)).toFixed(1)} ms`);
if (!quick) {
  const { sim, synapses } = await microcircuit();
  await sim.run(ms(500));
  const started = performance.now();
  await sim.run(ms(1000));
  const factor = (performance.now() - started) / 1000;
  console.log(`microcircuit at a tenth  ${synapses} synapses  real-time factor ${factor.toFixed(2)}`);
}
