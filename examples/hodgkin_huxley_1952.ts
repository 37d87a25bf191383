// The action potential (Hodgkin, Huxley, A quantitative description of membrane current, J. Physiol. 117, 1952): a
// threshold of charge, the shape of the spike, and a rate that begins with a jump.
import { strict as assert } from 'node:assert';
import { hodgkinHuxley, monitor, ms, neuronGroup, simulation, stimulate, uAPerCm2 } from 'neurite/biology';

/** The potential of axons that each get a pulse of half a millisecond. */
async function pulses(currents: number[]) {
  const traces = [];
  for (const current of currents) {
    const sim = await simulation({ dt: ms(0.01) });
    const axon = neuronGroup(sim, 1, hodgkinHuxley({ method: 'rungeKutta4' }));
    stimulate(axon, () => uAPerCm2(current), { start: ms(20), duration: ms(0.5) });
    const trace = monitor(axon, 'v');
    await sim.run(ms(40));
    traces.push(trace.values('v'));
  }
  return traces;
}

// all or nothing: 13.0 µA/cm² for half a millisecond are too little, 13.5 are enough
const [below, above, strong] = await pulses([13, 13.5, 20]);
const peak = Math.max(...strong!);
console.log(`peaks: ${[below!, above!, strong!].map((v) => Math.max(...v).toFixed(1)).join(', ')} mV`);
assert.ok(Math.max(...below!) < 0 && Math.max(...above!) > 25);
assert.ok(Math.abs(peak - 39.3) < 0.2, 'the spike of a strong pulse is 104 mV high');
assert.ok(Math.abs(Math.min(...strong!) + 76.2) < 0.2, 'and is followed by an after-potential');

// a steady current: one spike, then three, then from 6.26 µA/cm² on more than fifty a second at once
const steady = [2, 4, 6.2, 6.3, 10, 20, 40];
const sim = await simulation({ dt: ms(0.02) });
const model = hodgkinHuxley({ method: 'rungeKutta4', current: uAPerCm2.each(steady) });
const axons = neuronGroup(sim, steady.length, model);
const spikes = monitor(axons, 'spikes');
await sim.run(ms(1000));
const counts = steady.map((_, i) => spikes.train(i).length);
steady.forEach((current, i) => console.log(`${String(current).padStart(4)} µA/cm² ${'|'.repeat(counts[i]!)}`));
assert.deepEqual(counts.slice(0, 3), [0, 1, 3]);
assert.ok(counts[3]! > 50 && counts[6]! > 105);
