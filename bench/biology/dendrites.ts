// node bench/run.mjs biology/dendrites [--quick]: trees of cable: nanoseconds for one compartment's step, passive and with
// Hodgkin and Huxley's channels everywhere, of one tree alone and of many equal ones side by side. A cable along which
// the spike does not travel fails the run.
import { cpus } from 'node:os';
import {
  cableNeuron,
  celsius,
  hodgkinHuxleyChannels,
  monitor,
  morphology,
  ms,
  mSPerCm2,
  mV,
  nA,
  neuronGroup,
  ohmCm,
  simulation,
  stimulate,
  um,
  type Precision,
} from '../../src/biology/index.ts';

const quick = process.argv.includes('--quick');
const compartments = 500;
const dt = 0.005;
const axon = morphology([{ name: 'axon', length: um(100_000), diameter: um(476), compartments }]);
const properties = { axialResistivity: ohmCm(35.4), leak: mSPerCm2(0.3), leakReversal: mV(-54.387) };
const works = [
  { name: 'passive', active: false, model: cableNeuron(axon, properties) },
  {
    name: 'channels',
    active: true,
    model: cableNeuron(axon, {
      ...properties,
      vInitial: mV(-65),
      channels: hodgkinHuxleyChannels({ temperature: celsius(18.5) }),
      soma: 'axon(0.9)',
    }),
  },
];

/** The least of a few runs of a time in which the spike goes along the whole cable. */
async function measure({ name, active, model }: (typeof works)[number], trees: number, precision: Precision) {
  const steps = 1200;
  let least = Infinity;
  for (let k = 0; k < (quick ? 1 : 3); k++) {
    const sim = await simulation({ dt: ms(dt), precision });
    const cells = neuronGroup(sim, trees, model);
    stimulate(cells, () => nA(10_000), { duration: ms(0.5), at: 'axon(0)' });
    const spikes = monitor(cells, 'spikes');
    const started = performance.now();
    await sim.run(ms(steps * dt));
    least = Math.min(least, performance.now() - started);
    if (active && spikes.count !== trees)
      throw new Error(`${name}: expected a spike of each of ${trees} axons, got ${spikes.count}`);
  }
  const ns = (least * 1e6) / (trees * compartments * steps);
  console.log(
    `${name.padEnd(10)} ${String(trees).padStart(4)} trees  ${precision}  ${ns.toFixed(2).padStart(7)} ns/compartment`,
  );
}

console.log(`Node ${process.version}, ${cpus()[0]!.model.trim()}; cables of ${compartments} compartments`);
for (const work of works)
  for (const trees of [1, 4, 64])
    for (const precision of ['float32', 'float64'] as const) await measure(work, trees, precision);
