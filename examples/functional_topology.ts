// A topology that is no chain: two inputs, a layer shared by both, a skip connection, two outputs.
import { strict as assert } from 'node:assert';
import { add, concatenate, dense, input, model, type TrainingData } from 'neurite';

const left = input([3], { name: 'left' });
const right = input([3], { name: 'right' });
const encoder = dense(8, { activation: 'tanh', name: 'encoder' });
const joined = concatenate()([encoder(left), encoder(right)]);
const hidden = dense(16, { activation: 'relu', name: 'hidden' })(joined);
const skipped = add()([hidden, joined]);
const difference = dense(1, { name: 'difference' })(skipped);
const isLarger = dense(1, { activation: 'sigmoid', name: 'isLarger' })(skipped);
const net = await model({ inputs: [left, right], outputs: [difference, isLarger], seed: 2 });
console.log(String(net.summary()));

// Learn the difference of two sums, and which is the larger.
const row = (seed: number) => [0, 1, 2].map((i) => Math.sin(7 * seed + 3 * i));
const rows = Array.from({ length: 256 }, (_, i) => ({ left: row(i), right: row(i + 0.37) }));
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const gaps = rows.map((pair) => sum(pair.left) - sum(pair.right));
const data: TrainingData = {
  inputs: [rows.map((pair) => pair.left), rows.map((pair) => pair.right)],
  targets: [gaps.map((gap) => [gap]), gaps.map((gap) => [Number(gap > 0)])],
};
await net.fit(data, {
  loss: ['meanSquaredError', 'binaryCrossEntropy'],
  lossWeights: [1, 0.5],
  optimizer: 'adam',
  epochs: 60,
  batchSize: 32,
});
const { loss, accuracy1 } = net.evaluate(data);
console.log(`loss ${loss.toFixed(4)}, accuracy of the second output ${Number(accuracy1).toFixed(3)}`);
assert.equal(net.parameters.filter(({ name }) => name.startsWith('encoder.')).length, 2);
assert.ok(Number(accuracy1) > 0.9);
