// What a dendritic tree does with its inputs (Rall, Theoretical significance of dendritic trees for neuronal input-output
// relations, 1964): it attenuates them, a tree of the right diameters is one cylinder, and the order of synapses along
// it decides how large their sum is at the soma.
import { strict as assert } from 'node:assert';
import {
  alpha,
  cableNeuron,
  connect,
  monitor,
  morphology,
  ms,
  mSPerCm2,
  mV,
  neuronGroup,
  nS,
  ohmCm,
  oneToOne,
  pA,
  simulation,
  spikeTimes,
  stimulate,
  um,
} from 'neurite/biology';

const passive = { axialResistivity: ohmCm(150), leak: mSPerCm2(0.1), leakReversal: mV(-70) };

// a cylinder, and a tree whose daughters obey d³ᐟ² = d₁³ᐟ² + d₂³ᐟ² and are electrotonically as long as each other
const cylinder = morphology([{ name: 'parent', length: um(300), diameter: um(1), compartments: 200 }]);
const tree = morphology([
  { name: 'parent', length: um(300), diameter: um(1), compartments: 200 },
  { name: 'one', parent: 'parent', length: um(200), diameter: um(0.5), compartments: 200 },
  { name: 'other', parent: 'parent', length: um(244.562133), diameter: um(0.747633), compartments: 200 },
]);

/** Where, and how far a steady current of 20 pA at the beginning depolarises there. */
async function steady(shape: typeof tree) {
  const model = cableNeuron(shape, passive);
  const sim = await simulation({ dt: ms(1000) });
  const cell = neuronGroup(sim, 1, model);
  stimulate(cell, () => pA(20), { duration: ms(100_000), at: 'parent(0)' });
  await sim.run(ms(100_000));
  return model.compartments.map(({ name, section, position }) => ({
    section,
    position,
    dv: cell.get(`v@${name}`)[0]! + 70,
  }));
}

const lambda = 408.24829; // µm
const theory = (x: number) => (15.593936 * Math.cosh((300 - x) / lambda)) / Math.sinh(300 / lambda);
console.log('a sealed cylinder: distance, depolarisation, by the formula');
const along = await steady(cylinder);
for (const { position, dv } of along.filter((_, k) => k % 22 === 0)) {
  const x = 300 * position;
  console.log(
    `${x.toFixed(0).padStart(4)} µm ${dv.toFixed(3)} ${theory(x).toFixed(3)} mV ${'#'.repeat(Math.round(2 * dv))}`,
  );
  assert.ok(Math.abs(dv - theory(x)) < 1e-4);
}

const all = await steady(tree);
const [tipOne, tipOther] = ['one', 'other'].map((name) => all.findLast(({ section }) => section === name)!.dv);
console.log(`the tips of the tree: ${tipOne!.toFixed(5)} and ${tipOther!.toFixed(5)} mV`);
assert.ok(Math.abs(tipOne! / tipOther! - 1) < 1e-6 && Math.abs(tipOne! - 7.937674) < 1e-3);

// four synapses along a dendrite of two length constants, one after the other: inwards, outwards, or all at once
const dendrite = morphology([
  { name: 'soma', length: um(20), diameter: um(20) },
  { name: 'dendrite', parent: 'soma', length: um(2 * lambda), diameter: um(1), compartments: 40 },
]);
const places = [0.2, 0.4, 0.6, 0.8].map((x) => `dendrite(${x})`);
const model = cableNeuron(dendrite, {
  ...passive,
  receptors: { synapse: { receptor: alpha({ tau: ms(1), reversal: mV(0) }), at: places } },
});

/** The potential at the soma when the four synapses are active at the given times. */
async function atSoma(times: number[]): Promise<Float64Array> {
  const sim = await simulation({ dt: ms(0.05) });
  const cell = neuronGroup(sim, 1, model);
  const input = spikeTimes(sim, 4, { neurons: [0, 1, 2, 3], times: ms.each(times) });
  places.forEach((_, k) =>
    connect(input.slice(k, k + 1), cell, { pattern: oneToOne(), receptor: `synapse[${k}]`, weight: nS(0.5) }),
  );
  const trace = monitor(cell, 'v', { every: ms(0.5) });
  await sim.run(ms(40));
  return trace.values('v').map((v) => v + 70);
}

const orders = {
  inwards: await atSoma([9.5, 7, 4.5, 2]),
  outwards: await atSoma([2, 4.5, 7, 9.5]),
  together: await atSoma([5.75, 5.75, 5.75, 5.75]),
};
const peakOf = (v: Float64Array) => {
  const peak = Math.max(...v);
  return { peak, time: 0.5 * v.indexOf(peak) };
};
for (const [order, v] of Object.entries(orders)) {
  const { peak, time } = peakOf(v);
  console.log(`\n${order}: ${peak.toFixed(3)} mV at ${time} ms`);
  for (let k = 0; k < v.length; k += 4)
    console.log(`${String(k / 2).padStart(3)} ms ${'#'.repeat(Math.round(15 * v[k]!))}`);
}
const [inwards, outwards] = [peakOf(orders.inwards), peakOf(orders.outwards)];
assert.ok(inwards.peak > 1.3 * outwards.peak, 'the sweep towards the soma is the stronger');
assert.ok(inwards.time > outwards.time, 'and later');
