import { expect, test } from 'vitest';
import { add, dense, flatten, input, model as graphModel, sequential } from '../../src/index.ts';

test('summary: layers with their shapes, parameters and bytes', async () => {
  const model = await sequential(
    [flatten(), dense(64, { activation: 'relu' }), dense(10, { name: 'scores', trainable: false })],
    {
      inputShape: [8, 8],
    },
  );
  const summary = model.summary();
  expect(summary.layers).toEqual([
    { name: 'layers.0', type: 'flatten', outputShape: [64], parameters: 0, states: 0, bytes: 0 },
    {
      name: 'layers.1',
      type: 'dense',
      outputShape: [64],
      parameters: 64 * 64 + 64,
      states: 0,
      bytes: 4 * (64 * 64 + 64),
    },
    { name: 'scores', type: 'dense', outputShape: [10], parameters: 650, states: 0, bytes: 2600 },
  ]);
  expect(summary).toMatchObject({ parameters: 4810, trainableParameters: 4160, memory: model.memory });
  expect(summary.memory).toBeGreaterThan(4 * 4810);
});

test('summary: as text it is a table', async () => {
  const model = await sequential([dense(64), dense(10)], { inputShape: [64] });
  const lines = String(model.summary()).split('\n');
  expect(lines[0]).toMatch(/^layer +type +output +parameters +bytes$/);
  expect(lines[2]).toMatch(/^layers\.0 +dense +\[\*, 64\] +4,160 +16\.3 kB$/);
  expect(lines[3]).toMatch(/^layers\.1 +dense +\[\*, 10\] +650 +2\.5 kB$/);
  expect(lines.at(-1)).toMatch(/^4,810 parameters, 4,810 trainable; \d+(\.\d)? (kB|MB) of memory$/);
  expect(new Set(lines.slice(0, -1).map(({ length }) => length)).size).toBe(1);
});

test('summary: a shared layer counts once', async () => {
  const x = input([3]);
  const shared = dense(3);
  const summary = (await graphModel({ inputs: x, outputs: add()([shared(x), shared(shared(x))]) })).summary();
  expect(summary.layers.map(({ type }) => type)).toEqual(['dense', 'add']);
  expect(summary.parameters).toBe(12);
});

test('model.memory: grows with training, and says the bytes of the instance', async () => {
  const model = await sequential([dense(200), dense(200)], { inputShape: [200] });
  const before = model.memory;
  expect(before % 65536).toBe(0);
  await model.fit(
    { inputs: new Float32Array(2000), targets: { data: new Float32Array(2000), shape: [10, 200] } },
    { loss: 'mse' },
  );
  expect(model.memory).toBeGreaterThan(before + 2 * 4 * 80_000);
});
