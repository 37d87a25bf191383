// Mean intersection over union, perplexity, BLEU: by hand and against what others publish.
import { describe, expect, test } from 'vitest';
import { activation, crossEntropy, dense, metrics, sequential } from '../../src/index.ts';
import { randomTensor } from '../helpers/model.ts';

describe('meanIoU', () => {
  test('the mean over the classes that occur', async () => {
    const model = await sequential([activation('linear')], { inputShape: [4] });
    // Predicted 0 0 1 1 2, actual 0 1 1 1 0; class 3 occurs nowhere.
    const inputs = [0, 0, 1, 1, 2].map((label) => [0, 1, 2, 3].map((c) => Number(c === label)));
    const result = model.evaluate(
      { inputs, targets: Int32Array.of(0, 1, 1, 1, 0) },
      { loss: 'crossEntropy', metrics: ['meanIoU'] },
    );
    expect(result['meanIoU']).toBeCloseTo((1 / 3 + 2 / 3 + 0) / 3, 12);
  });

  test('of masks, place by place', async () => {
    const model = await sequential([activation('linear')], { inputShape: [2, 2, 1] });
    const inputs = { data: Float32Array.of(0.9, 0.1, 0.8, 0.2, 0.6, 0.4, 0.1, 0.1), shape: [2, 2, 2, 1] };
    const targets = { data: Float32Array.of(1, 0, 0, 0, 1, 1, 0, 0), shape: [2, 2, 2, 1] };
    const result = model.evaluate({ inputs, targets }, { loss: 'dice', metrics: ['meanIoU'] });
    // Yes: 2 of 4 places where either says so; no: 4 of 6.
    expect(result['meanIoU']).toBeCloseTo((2 / 4 + 4 / 6) / 2, 12);
  });
});

describe('perplexity', () => {
  const inputs = randomTensor([6, 5], 3, -2, 2);
  const targets = Int32Array.of(0, 4, -100, 2, 2, 1);

  test.each(['linear', 'softmax'] as const)('after %s it is e to the cross-entropy', async (name) => {
    const model = await sequential([activation(name)], { inputShape: [5] });
    const { loss, perplexity } = model.evaluate({ inputs, targets }, { loss: crossEntropy(), metrics: ['perplexity'] });
    expect(perplexity).toBeCloseTo(Math.exp(loss), 4);
  });

  test('of four equal guesses is 4', async () => {
    const model = await sequential([dense(4, { kernelInitializer: 'zeros' })], { inputShape: [5] });
    const options = { loss: 'crossEntropy', metrics: ['perplexity'] };
    expect(model.evaluate({ inputs, targets: [0, 1, 2, 3, 0, 1] }, options)['perplexity']).toBeCloseTo(4, 6);
  });

  test('of a regression is refused', async () => {
    const model = await sequential([activation('linear')], { inputShape: [5] });
    const evaluate = () => model.evaluate({ inputs, targets: inputs }, { loss: 'mse', metrics: ['perplexity'] });
    expect(evaluate).toThrow('perplexity: needs predictions of classes');
  });
});

describe('bleu', () => {
  // The example of NLTK's corpus_bleu, which gives 0.5920778868801042.
  const first = 'It is a guide to action which ensures that the military always obeys the commands of the party'.split(
    ' ',
  );
  const references = [
    'It is a guide to action that ensures that the military will forever heed Party commands',
    'It is the guiding principle which guarantees the military forces always being under the command of the Party',
    'It is the practical guide for the army always to heed the directions of the party',
  ];
  const second = 'he read the book because he was interested in world history';
  const secondReference = 'he was interested in world history because he read the book';

  test("a corpus: NLTK's number", () => {
    expect(metrics.bleu([first, second], [references, [secondReference]])).toBeCloseTo(0.5920778868801042, 12);
  });

  test('clipped counts: the paper\'s "the the the"', () => {
    const score = metrics.bleu(['the the the the the the the'], [['the cat is on the mat']], { maxOrder: 1 });
    expect(score).toBeCloseTo(2 / 7, 12);
  });

  test('the same text is 1, another 0, a short one is shortened', () => {
    expect(metrics.bleu([second], [[second]])).toBe(1);
    expect(metrics.bleu(['a b c d'], [['e f g h']])).toBe(0);
    expect(metrics.bleu([''], [['e f g h']])).toBe(0);
    expect(metrics.bleu(['a b'], [['a b c d']], { maxOrder: 2 })).toBeCloseTo(Math.exp(-1), 12);
  });

  test('smoothed, a text without a long match is not 0', () => {
    expect(metrics.bleu(['a b x y'], [['a b c d']])).toBe(0);
    expect(metrics.bleu(['a b x y'], [['a b c d']], { smooth: true })).toBeCloseTo(
      ((2 / 4) * (2 / 4) * (1 / 3) * (1 / 2)) ** 0.25,
      12,
    );
  });

  test('tokens may be numbers', () => {
    expect(metrics.bleu([[1, 2, 3, 4]], [[[1, 2, 3, 4]]])).toBe(1);
  });

  test('what does not fit is refused', () => {
    expect(() => metrics.bleu([], [])).toThrow('bleu: expected references for 0 candidates');
    expect(() => metrics.bleu(['a'], [[]])).toThrow('bleu: expected a list of references for candidate 0');
    expect(() => metrics.bleu(['a'], [['a']], { maxOrder: 0 })).toThrow('expected maxOrder of at least 1');
  });
});
