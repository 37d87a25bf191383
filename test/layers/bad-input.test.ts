// What is refused before anything is touched, in one place for the sequences that have nothing in them; the other
// mistakes are tested with their layers.
import { describe, expect, test } from 'vitest';
import {
  ctcTargets,
  dense,
  gru,
  input,
  lstm,
  model,
  multiHeadAttention,
  sequential,
  simpleRnn,
} from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';

describe('a sequence of length zero', () => {
  test('as the shape of a sample', async () => {
    expect(() => input([0, 3])).toThrow('input: expected positive integer sizes, got [0, 3]');
    await expect(sequential([lstm(2)], { inputShape: [0, 3] })).rejects.toThrow(
      'expected positive integer sizes, got [0, 3]',
    );
  });

  test('as data', async () => {
    const net = await sequential([lstm(2)], { inputShape: [4, 3], seed: 1 });
    const nothing = { data: new Float32Array(0), shape: [2, 0, 3] };
    expect(() => net.predict(nothing)).toThrow('model.predict: expected input [*, 4, 3], got [2, 0, 3]');
    const before = bitsOf(net);
    await expect(
      net.fit(
        {
          inputs: nothing,
          targets: [
            [0, 0],
            [0, 0],
          ],
        },
        { loss: 'mse' },
      ),
    ).rejects.toThrow('got [2, 0, 3]');
    expect(bitsOf(net)).toEqual(before);
  });

  test.each([
    ['simpleRnn', (units: number) => simpleRnn(units)],
    ['lstm', (units: number) => lstm(units)],
    ['gru', (units: number) => gru(units)],
  ] as const)('as a mask that hides every step of a sample: %s names it', async (_name, make) => {
    const [x, mask] = [input([4, 3]), input([4])];
    const net = await model({ inputs: [x, mask], outputs: make(5)([x, mask]), seed: 1 });
    const masks = { data: Float32Array.of(1, 1, 0, 0, 0, 0, 0, 0), shape: [2, 4] };
    expect(() => net.predict([randomTensor([2, 4, 3], 1), masks])).toThrow(
      'model.predict: the mask at row 1 keeps none of its 4 steps: layer "layers.0" expects at least 1',
    );
  });

  test('as a mask that hides every key: attention gives what finite numbers give', async () => {
    const [x, mask] = [input([3, 4]), input([3])];
    const net = await model({ inputs: [x, mask], outputs: multiHeadAttention(2)([x, mask]), seed: 1 });
    const { data } = net.predict([randomTensor([1, 3, 4], 1), [[0, 0, 0]]]);
    expect(data.every((value: number) => Number.isFinite(value))).toBe(true);
  });

  test('as labels of ctc: the frames spell nothing', async () => {
    const net = await sequential([dense(3)], { inputShape: [4, 2], seed: 1 });
    const { loss } = net.evaluate({ inputs: randomTensor([1, 4, 2], 1), targets: ctcTargets([[]]) }, { loss: 'ctc' });
    const { data } = net.predict(randomTensor([1, 4, 2], 1));
    // −ln of the product of the blank's probabilities.
    const blank = [0, 1, 2, 3].map((t) => {
      const row = Array.from(data.slice(3 * t, 3 * t + 3), Math.exp);
      return -Math.log(row[0]! / row.reduce((sum, value) => sum + value, 0));
    });
    expect(loss).toBeCloseTo(
      blank.reduce((sum, value) => sum + value, 0),
      4,
    );
  });
});
