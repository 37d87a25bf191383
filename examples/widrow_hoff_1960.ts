// The rule of Widrow and Hoff (1960): the sum itself is drawn to the target, so the weights go to the least-squares
// solution. On AND with targets of −1 and +1 that is w = (1, 1), bias −3/2, whatever the start.
import { strict as assert } from 'node:assert';
import { DivergenceError, maximumStableLearningRate, perceptron, type Sample } from 'neurite';

const and: Sample[] = [
  [[0, 0], -1],
  [[0, 1], -1],
  [[1, 0], -1],
  [[1, 1], 1],
];
const neuron = perceptron({ inputs: 2, activation: 'sign' });
const { learningRate, meanSquaredError } = neuron.learn(and, { rule: 'widrowHoff', fullBatch: true, epochs: 2000 });
console.log(`weights ${neuron.weights.map((w) => w.toFixed(6)).join(', ')}, bias ${neuron.bias.toFixed(6)}`);
console.log(`mean squared error ${meanSquaredError.toFixed(6)} with the learning rate ${learningRate.toFixed(3)}`);
[...neuron.weights, neuron.bias].forEach((value, i) => assert.ok(Math.abs(value - [1, 1, -1.5][i]!) < 1e-6));
for (const [input, target] of and as [number[], number][]) assert.equal(neuron.activate(input), target);

// Beyond 2/λmax the error grows without bound, and the rule says so.
const limit = maximumStableLearningRate(and);
const tooFast = () =>
  perceptron({ inputs: 2 }).learn(and, {
    rule: 'widrowHoff',
    fullBatch: true,
    learningRate: 1.025 * limit,
    epochs: 500,
  });
assert.throws(tooFast, DivergenceError);
console.log(`stable below ${limit.toFixed(4)}`);
