import { expect, test } from 'vitest';
import { dense, NeuriteError, sequential } from '../../src/index.ts';

const data = { inputs: [[0], [1]], targets: [[0], [2]] };

test('fit: a second training of the same model is refused while the first goes on, and allowed after it', async () => {
  const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
  const first = model.fit(data, { loss: 'mse', epochs: 50 });
  await expect(model.fit(data, { loss: 'mse' })).rejects.toThrow(NeuriteError);
  expect((await first).epochs).toBe(50);
  expect((await model.fit(data, { loss: 'mse' })).epochs).toBe(1);
});

test('fit: a training that was refused does not block the next', async () => {
  const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
  await expect(model.fit(data, { loss: 'mse', epochs: 0 })).rejects.toThrow(RangeError);
  expect((await model.fit(data, { loss: 'mse' })).epochs).toBe(1);
});
