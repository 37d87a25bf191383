// What the command draws: the bar on a terminal, plain lines elsewhere, the confusion matrix, pictures.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { confusionText } from '../../src/cli/confusion.ts';
import { picturesText } from '../../src/cli/picture.ts';
import { progress } from '../../src/cli/progress.ts';
import { table } from '../../src/cli/text.ts';
import type { CallbackContext } from '../../src/model/callbacks.ts';

/** Runs so many epochs of two steps past a progress; what it wrote. */
async function shown(isTTY: boolean, epochs: number): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
  const { onProgress, callback, stop } = progress(stream);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const context = { epoch, epochs } as CallbackContext;
    for (const step of [1, 2])
      onProgress({ epoch, epochs, step, steps: 2, logs: { loss: 1 }, elapsed: 1, remaining: epochs - epoch });
    await callback.onEpochEnd?.(context, { loss: 1 / (epoch + 1), accuracy: 0.5, valLoss: 2, valAccuracy: 0.25 });
    if (epoch === epochs - 1) await callback.onTrainEnd?.(context);
  }
  stop();
  return String(stream.read() ?? '');
}

describe('progress', () => {
  test('on a terminal: a bar with epoch, loss, accuracy and the time left, and the cursor given back', async () => {
    const text = await shown(true, 4);
    expect(text).toMatch(/epoch 1\/4 \[=*-*\] 4\.00 s left {2}loss 1/);
    expect(text).toContain('epoch 4/4 [================] 0.00 s left  loss 0.25  accuracy 50.0 %');
    expect(text.lastIndexOf('\u001B[?25h')).toBeGreaterThan(text.lastIndexOf('\u001B[?25l'));
  });

  test.each([1, 5, 12, 60, 1000])(
    'elsewhere: of %i epochs the first and the last, and at most twelve lines',
    async (epochs) => {
      const lines = (await shown(false, epochs)).trimEnd().split('\n');
      expect(lines.length).toBeLessThanOrEqual(12);
      expect(lines.length).toBeGreaterThanOrEqual(Math.min(epochs, 11));
      expect(lines[0]).toMatch(/^epoch +1\/\d+ {2}loss 1 {2}accuracy 50\.0 %/);
      expect(lines.at(-1)).toContain(`epoch ${epochs}/${epochs} `);
    },
  );

  test('quiet: nothing', () => {
    const stream = new PassThrough();
    const { onProgress, callback, stop } = progress(stream, { quiet: true });
    onProgress({ epoch: 0, epochs: 1, step: 1, steps: 1, logs: {}, elapsed: 0, remaining: 0 });
    stop();
    expect(callback).toEqual({});
    expect(stream.read()).toBeNull();
  });
});

describe('confusionText', () => {
  test('few classes: a matrix with the recall of each', () => {
    expect(
      confusionText(
        ['cat', 'a very long name of a dog'],
        [
          [9, 1],
          [0, 5],
        ],
      )
        .split('\n')
        .slice(1),
    ).toEqual([
      '              cat  a very long…   recall',
      'cat             9             1   90.0 %',
      'a very long…    ·             5  100.0 %',
    ]);
  });

  test('a class without a sample has no recall', () => {
    expect(
      confusionText(
        ['a', 'b'],
        [
          [1, 0],
          [0, 0],
        ],
      ),
    ).toMatch(/b +· +· +–$/);
  });

  test('many classes: the most frequent confusions', () => {
    const classes = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const counts = classes.map((_, i) => classes.map((__, j): number => (i === j ? 9 : 0)));
    expect(confusionText(classes, counts)).toBe('no class was taken for another');
    counts[3]![4] = 7;
    counts[20]![1] = 12;
    expect(confusionText(classes, counts)).toBe('most frequent confusions\nc20 taken for c1  12\nc3 taken for c4    7');
  });
});

describe('picturesText', () => {
  test('pictures stand side by side above their captions, darkest to brightest', () => {
    const pictures = [
      { pixels: [0, 1, 0.5, 0], caption: 'one' },
      { pixels: [3, 3, 3, 3], caption: 'two (99 %)' },
    ];
    expect(picturesText(pictures, [2, 2]).split('\n')).toEqual(['  @@', '++', 'one          two (99 %)']);
  });
});

describe('table', () => {
  test('columns are as wide as their widest cell', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['long', '1', '100'],
      ]),
    ).toBe('a     bb    c\nlong   1  100');
  });
});
