// One artificial neuron, taken apart: products, sum, bias, activation.
import { strict as assert } from 'node:assert';
import { perceptron } from 'neurite';

const inputs = [1.2, 2.2, 3.3, 2.5];
const neuron = perceptron({ weights: [0.4, 0.6, -0.7, 1.1], bias: 2, activation: 'linear' });
const { weightedProducts, weightedSum, sumWithBias, output } = neuron.explain(inputs);

console.log('inputs × weights', weightedProducts.map((product) => product.toFixed(2)).join('  '));
console.log('their sum       ', weightedSum.toFixed(2));
console.log('with the bias   ', sumWithBias.toFixed(2));
console.log('output          ', output.toFixed(2));

assert.equal(neuron.activate(inputs).toFixed(10), '4.2400000000');
assert.equal(weightedSum.toFixed(10), '2.2400000000');

// The same sum through other activations.
for (const activation of ['step', 'sigmoid', 'relu'] as const) {
  const other = perceptron({ weights: neuron.weights, bias: neuron.bias, activation });
  console.log(activation.padEnd(16), other.activate(inputs).toFixed(4));
}
