// Real handwritten digits: train, evaluate, save, load, predict.
import { strict as assert } from 'node:assert';
import { adam, dense, loadModel, sequential } from 'neurite';
import { digits } from 'neurite/datasets';

const { train, test } = digits();
const model = await sequential([dense(64, { activation: 'relu' }), dense(10)], { inputShape: [64], seed: 1 });
console.log(String(model.summary()));

const { elapsed } = await model.fit(train, {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 3e-3 }),
  epochs: 30,
  batchSize: 32,
});
const { accuracy, confusionMatrix } = model.evaluate(test, { metrics: ['accuracy', 'confusionMatrix'] });
console.log(
  `${(100 * Number(accuracy)).toFixed(1)} % of ${test.inputs.shape[0]} held-out digits, ${elapsed.toFixed(2)} s`,
);
(confusionMatrix as number[][]).forEach((row, digit) =>
  console.log(digit, row.map((n) => `${n}`.padStart(3)).join('')),
);

const again = await loadModel(model.toBytes());
assert.deepEqual(again.predict(test.inputs), model.predict(test.inputs));
assert.ok(Number(accuracy) > 0.95, `expected more than 95 %, got ${String(accuracy)}`);
