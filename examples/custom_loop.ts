// A training loop of one's own: gradients out, something done with them, the optimizer's step in.
// Here: gradients of four small batches are summed into one step (gradient accumulation).
import { strict as assert } from 'node:assert';
import { adam, dense, sequential, take, type Tensor } from 'neurite';
import { iris } from 'neurite/datasets';

const { train, test } = iris();
const model = await sequential([dense(16, { activation: 'tanh' }), dense(3)], { inputShape: [4], seed: 1 });
const optimizer = adam({ learningRate: 0.02 });
const parts = 4;
const size = train.inputs.shape[0]! / parts;
const batches = Array.from({ length: parts }, (_, part) =>
  take(
    train,
    Array.from({ length: size }, (_unused, i) => part + parts * i),
  ),
);

for (let step = 1; step <= 150; step++) {
  const sums: Record<string, Tensor> = {};
  let total = 0;
  for (const { inputs, targets } of batches) {
    const { parameters, loss } = model.gradients(inputs, { targets, loss: 'crossEntropy' });
    total += loss! / parts;
    for (const [name, { data, shape }] of Object.entries(parameters)) {
      const sum = (sums[name] ??= { data: new Float32Array(data.length), shape });
      data.forEach((value, i) => (sum.data[i]! += value / parts));
    }
  }
  model.applyGradients(sums, optimizer);
  if (step % 50 === 0) console.log(`step ${step}: loss ${total.toFixed(4)}`);
}
const { accuracy } = model.evaluate(test, { loss: 'crossEntropy' });
console.log(`accuracy on the ${test.inputs.shape[0]} held-out flowers: ${Number(accuracy).toFixed(3)}`);
assert.ok(Number(accuracy) > 0.9);
