// The perceptron learning rule (Rosenblatt 1958) on logic functions of two inputs: AND, OR and NAND are learned
// within Novikoff's bound (1962); XOR is proved not to be separable (Minsky and Papert 1969).
import { strict as assert } from 'node:assert';
import { novikoffBound, perceptron, type Sample } from 'neurite';

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const tables = { AND: [0, 0, 0, 1], OR: [0, 1, 1, 1], NAND: [1, 1, 1, 0], XOR: [0, 1, 1, 0] };
const expected: Record<string, readonly [bias: number, weights: number[], mistakes: number, epochs: number]> = {
  AND: [-4, [3, 2], 18, 9],
  OR: [-1, [2, 2], 9, 6],
  NAND: [4, [-3, -2], 18, 9],
};

for (const [name, answers] of Object.entries(tables)) {
  const samples = inputs.map((input, i): Sample => ({ input, target: answers[i]! }));
  const neuron = perceptron({ inputs: 2 });
  const { separable, mistakes, epochs, conflict } = neuron.learn(samples);
  if (!separable) {
    console.log(`${name}: not separable; these counts of the samples cancel: ${conflict!.join(', ')}`);
    assert.equal(name, 'XOR');
    continue;
  }
  const { bound } = novikoffBound(samples, neuron);
  const found = `weights ${neuron.weights.join(', ')}, bias ${neuron.bias}`;
  console.log(`${name}: ${found}; ${mistakes} mistakes in ${epochs} epochs, at most ${bound.toFixed(0)} possible`);
  assert.deepEqual([neuron.bias, [...neuron.weights], mistakes, epochs], expected[name]);
  assert.ok(mistakes <= bound);
}
