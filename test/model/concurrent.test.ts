import { expect, test } from 'vitest';
import { dense, NeuriteError, sequential } from '../../src/index.ts';

const data = { inputs: [[0], [1]], targets: [[0], [2]] };

test('fit: a second training of the same model is refused while the first goes on, and allowed after it', async () => {
  const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
  const controller = new AbortController();
  const first = model.fit(data, { loss: 'mse', epochs: 1e9, signal: controller.signal });
  await expect(model.fit(data, { loss: 'mse' })).rejects.toThrow(NeuriteError);
  controller.abort();
  await expect(first).rejects.toThrow('aborted');
  expect((await model.fit(data, { loss: 'mse' })).epochs).toBe(1);
});

test('fit: a training that was refused does not block the next', async () => {
  const model = await sequential([dense(1)], { inputShape: [1], seed: 1 });
  await expect(model.fit(data, { loss: 'mse', epochs: 0 })).rejects.toThrow(RangeError);
  expect((await model.fit(data, { loss: 'mse' })).epochs).toBe(1);
});
