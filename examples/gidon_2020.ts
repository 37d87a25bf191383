// A single neuron that is the exclusive or (Gidon et al., Dendritic action potentials and computation in human layer 2/3
// cortical neurons, Science 367, 2020): its dendrite's calcium spike is largest at threshold and shrinks with the input.
import { strict as assert } from 'node:assert';
import { perceptron } from 'neurite';
import { calciumNeuron, calciumSpike, twoLayerNeuron } from 'neurite/biology';

// the size of the dendrite's spike by its input, in units of the threshold
for (let k = 8; k < 25; k++) {
  const u = k / 10;
  const size = calciumSpike(u);
  console.log(`${u.toFixed(1)} ${size.toFixed(3)} ${'#'.repeat(Math.round(50 * size))}`);
}
assert.ok(calciumSpike(1.1) > calciumSpike(1.5) && calciumSpike(0.9) === 0);

// one input alone passes the threshold and makes a large spike; both together make a small one
const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const neuron = calciumNeuron({ weights: [1.05, 1.05] });
console.log('\n a b   dendrite  soma');
for (const [a, b] of corners)
  console.log(` ${a} ${b}   ${neuron.dendrite([a!, b!]).toFixed(4)}    ${neuron.activate([a!, b!])}`);
assert.deepEqual(
  corners.map((x) => neuron.activate(x)),
  [0, 1, 1, 0],
);

// a sum with a rising activation is right at three corners at most, whatever its weights
let best = 0;
const grid = Array.from({ length: 21 }, (_, k) => (k - 10) / 5);
for (const a of grid)
  for (const b of grid)
    for (const bias of grid) {
      const sum = perceptron({ weights: [a, b], bias, activation: 'linear' });
      const right = corners.filter(([x, y]) => (sum.activate([x!, y!]) > 0 ? 1 : 0) === (x! ^ y!));
      best = Math.max(best, right.length);
    }
console.log(`\nthe best of ${grid.length ** 3} sums with a threshold is right at ${best} of 4 corners`);
assert.equal(best, 3);

// what branches without such spikes do: respond to features that are clustered on one of them
const clustered = twoLayerNeuron({
  weights: [
    [2, 2, 0, 0],
    [0, 0, 2, 2],
  ],
});
const bound = clustered.activate([1, 1, 0, 0]);
const unbound = clustered.activate([1, 0, 1, 0]);
console.log(`two features on one branch: ${bound.toFixed(4)}, on two branches: ${unbound.toFixed(4)}`);
assert.ok(bound > 1.2 * unbound);
