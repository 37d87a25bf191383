// XOR: what one neuron provably cannot do, and nine of them can.
import { strict as assert } from 'node:assert';
import { adam, dense, perceptron, sequential } from 'neurite';

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const targets = [[0], [1], [1], [0]];

const { separable } = perceptron({ inputs: 2 }).learn(inputs.map((input, i) => [input, targets[i]![0]!]));
console.log('one neuron: separable is', separable);
assert.equal(separable, false);

const layers = [dense(8, { activation: 'tanh' }), dense(1, { activation: 'sigmoid' })];
const model = await sequential(layers, { inputShape: [2], seed: 1 });
await model.fit(
  { inputs, targets },
  {
    loss: 'binaryCrossEntropy',
    optimizer: adam({ learningRate: 0.05 }),
    epochs: 300,
    batchSize: 4,
  },
);
const answers = model.predict(inputs);
inputs.forEach((input, i) => console.log(input.join(' xor '), '→', answers.data[i]!.toFixed(3)));
assert.deepEqual(Array.from(answers.data, Math.round), targets.flat());
