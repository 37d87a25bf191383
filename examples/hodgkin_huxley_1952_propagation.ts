// The travelling action potential (Hodgkin, Huxley, J. Physiol. 117, 1952, part III): on the squid's axon, 476 µm thick,
// at 18.5 °C, they computed 18.8 m/s and measured 21.2. Here the axon is a cable of 10 cm with channels everywhere.
import { strict as assert } from 'node:assert';
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
} from 'neurite/biology';

const dt = 0.005;

/** The potential along an axon over time, after a pulse at one end. */
async function travel(diameter: number, compartments: number) {
  const axon = morphology([{ name: 'axon', length: um(100_000), diameter: um(diameter), compartments }]);
  const model = cableNeuron(axon, {
    axialResistivity: ohmCm(35.4),
    leak: mSPerCm2(0.3),
    leakReversal: mV(-54.387),
    vInitial: mV(-65),
    channels: hodgkinHuxleyChannels({ temperature: celsius(18.5) }),
    method: 'crankNicolson',
  });
  const sim = await simulation({ dt: ms(dt) });
  const cell = neuronGroup(sim, 1, model);
  stimulate(cell, () => nA(10_000 * (diameter / 476) ** 1.5), { duration: ms(0.5), at: 'axon(0)' });
  // of forty places the potential, of which nine are drawn
  const places = Array.from({ length: 40 }, (_, k) => model.compartments[Math.floor(((k + 0.5) / 40) * compartments)]!);
  const trace = monitor(
    cell,
    places.map(({ name }) => `v@${name}`),
  );
  await sim.run(ms(diameter < 300 ? 14 : 8));
  return places.map(({ name, position }) => ({ x: 10 * position, v: trace.values(`v@${name}`) }));
}

/** When a potential first rises through −20 mV, between two steps. */
function arrival(v: Float64Array): number {
  const k = v.findIndex((x) => x > -20);
  return dt * (k - 1 + (-20 - v[k - 1]!) / (v[k]! - v[k - 1]!));
}

function speed(places: { x: number; v: Float64Array }[]): number {
  const [a, b] = [places[14]!, places[30]!];
  return (10 * (b.x - a.x)) / (arrival(b.v) - arrival(a.v));
}

const places = await travel(476, 400);
// space from left to right, a line every 0.4 ms
const shades = ' .:-=+*#%@';
for (let k = 0; k < places[0]!.v.length; k += 80) {
  const row = places.map(({ v }) => shades[Math.max(0, Math.min(9, Math.floor((v[k]! + 75) / 11)))]);
  console.log(`${(k * dt).toFixed(1).padStart(4)} ms |${row.join('')}|`);
}
console.log('        0 cm                               10 cm');
const middle = places[14]!.v;
const height = Math.max(...middle) - middle[0]!;
console.log(`${speed(places).toFixed(2)} m/s, ${height.toFixed(1)} mV high`);
assert.ok(Math.abs(speed(places) - 18.7) < 0.2, 'the speed is that of the computation of 1952');
assert.ok(Math.abs(height - 90.5) < 0.3, 'and so is the height');

// the speed grows with the square root of the diameter
const thin = speed(await travel(119, 800));
console.log(`${thin.toFixed(2)} m/s on an axon of a quarter of the diameter`);
assert.ok(Math.abs(thin / speed(places) - 0.5) < 0.01);
