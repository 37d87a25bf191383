// The loss ctc in models, what it refuses, and the decoders against all paths. The instruction itself is checked in
// test/graph/ctc.test.ts.
import { describe, expect, test } from 'vitest';
import { ctcLoss, paths, spell } from '../../reference/ctc.ts';
import {
  activation,
  ctc,
  ctcBeamDecode,
  ctcGreedyDecode,
  ctcTargets,
  dense,
  loadModel,
  losses,
  metrics,
  sequential,
  type Model,
} from '../../src/index.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { modelOf, randomTensor } from '../helpers/model.ts';

describe('the loss', () => {
  const inputs = randomTensor([3, 4, 5], 1, -2, 2);
  const labels = [[1, 2], [2, 2], [1]];
  const inputLengths = [4, 4, 2];
  const exact = (model: Model) => {
    const logits = model.predict(inputs).data;
    return labels.map((list, b) => ctcLoss(logits.subarray(12 * b, 12 * b + 3 * inputLengths[b]!), 3, list));
  };

  test('is the mean over the samples, of logits, log-probabilities and probabilities alike', async () => {
    const model = await modelOf(dense(3), [4, 5], 2);
    const targets = ctcTargets(labels, { inputLengths });
    const expected = exact(model).reduce((sum, loss) => sum + loss, 0) / 3;
    expect(model.evaluate({ inputs, targets }, { loss: 'ctc' }).loss).toBeCloseTo(expected, 5);
    for (const end of ['softmax', 'logSoftmax'] as const) {
      const ended = await sequential([dense(3), activation(end)], { inputShape: [4, 5] });
      ended.setWeights(model.getWeights());
      expect(ended.evaluate({ inputs, targets }, { loss: ctc() }).loss).toBeCloseTo(expected, 5);
      const gradient = (net: Model) =>
        net.gradients(inputs, { loss: 'ctc', targets }).parameters['layers.0.kernel']!.data;
      gradient(ended).forEach((value, i) => expect(value).toBeCloseTo(gradient(model)[i]!, 5));
    }
  });

  test('takes options and sample weights, and is named in files', async () => {
    const model = await modelOf(dense(3), [4, 5], 2);
    const targets = ctcTargets(labels, { inputLengths });
    const [a, b, c] = exact(model) as [number, number, number];
    const of = (options: object, more = {}) =>
      model.evaluate({ inputs, targets, ...more }, { loss: ctc(options) }).loss;
    expect(of({ reduction: 'sum' })).toBeCloseTo(a + b + c, 4);
    expect(of({ perLabel: true })).toBeCloseTo((a / 2 + b / 2 + c) / 3, 5);
    expect(of({}, { sampleWeights: [2, 0, 1] })).toBeCloseTo((2 * a + c) / 3, 5);
    await model.fit({ inputs, targets }, { loss: ctc({ perLabel: true }), epochs: 1 });
    const again = await loadModel(model.toBytes());
    expect(again.evaluate({ inputs, targets }).loss).toBeCloseTo(model.evaluate({ inputs, targets }).loss, 6);
    expect(losses.ctc({ blank: 2 }).spec).toEqual({ type: 'ctc', blank: 2 });
  });

  test('refuses what it cannot read before anything is touched', async () => {
    const model = await modelOf(dense(3), [4, 5], 2);
    const before = model.getWeights();
    const fit = (targets: unknown, options = {}) =>
      model.fit({ inputs, targets: targets as number[][] }, { loss: ctc(options), epochs: 1 });
    await expect(
      fit([
        [0, 1, 2, 1, 2, 1],
        [0, 1, -1, -1, -1, -1],
        [0, 1, -1, -1, -1, -1],
      ]),
    ).rejects.toThrow('model.fit: 5 labels at row 0 are longer than the 4 frames');
    await expect(
      fit([
        [0, 1],
        [0, 1],
        [5, 1],
      ]),
    ).rejects.toThrow('model.fit: frames 5 at row 2');
    await expect(
      fit([
        [0, 1],
        [0, 3],
        [0, 1],
      ]),
    ).rejects.toThrow('model.fit: label 3 at row 1: ctc expects integers from 0 to 2');
    await expect(
      fit([
        [0, 1],
        [0, 0],
        [0, 1],
      ]),
    ).rejects.toThrow('label 0 at row 1');
    await expect(
      fit([
        [0, 1],
        [0, 1.5],
        [0, 1],
      ]),
    ).rejects.toThrow('label 1.5 at row 1');
    await expect(
      fit(
        [
          [0, 1],
          [0, 1],
          [0, 1],
        ],
        { blank: 3 },
      ),
    ).rejects.toThrow('blank 3 is none of the 3 classes');
    await expect(fit([1, 2, 3])).rejects.toThrow('ctc: expected targets [*, 1 + labels] (see ctcTargets)');
    expect(() => ctc({ blank: -1 })).toThrow('blank');
    const flat = await modelOf(dense(3), [5], 2);
    expect(() => flat.evaluate({ inputs: [[1, 2, 3, 4, 5]], targets: [[0, 1]] }, { loss: 'ctc' })).toThrow(
      'ctc: expected a prediction [*, frames, classes], got [*, 3]',
    );
    expect(model.getWeights()).toEqual(before);
  });

  test('ctcTargets packs lists of any length and refuses what are no labels', () => {
    const { data, shape } = ctcTargets([[1, 2], [], [3]], { inputLengths: [4, 1, 2] });
    expect(shape).toEqual([3, 3]);
    expect(Array.from(data)).toEqual([4, 1, 2, 1, -1, -1, 2, 3, -1]);
    expect(() => ctcTargets([[1, 2, 3]], { inputLengths: [2] })).toThrow(
      '3 labels at row 0 are longer than the 2 frames',
    );
    expect(() => ctcTargets([[1], [-2]])).toThrow('label -2 at row 1');
    expect(() => ctcTargets([[1]], { inputLengths: [1, 2] })).toThrow('1 samples and 2 inputLengths');
    expect(() => ctcTargets([[1]], { inputLengths: [0] })).toThrow('frames 0 at row 0');
    expect(() => ctcTargets([])).toThrow('at least one list of labels');
  });
});

describe('decoding', () => {
  test('the best path: equal neighbours once, then blanks away', () => {
    const path = [0, 1, 1, 0, 1, 2, 2, 0];
    const data = Float32Array.from({ length: 24 }, (_, i) => Number(path[Math.floor(i / 3)] === i % 3));
    expect(ctcGreedyDecode({ data, shape: [1, 8, 3] })).toEqual([[1, 1, 2]]);
    expect(ctcGreedyDecode({ data, shape: [1, 8, 3] }, { inputLengths: [3] })).toEqual([[1]]);
    expect(ctcGreedyDecode({ data, shape: [1, 8, 3] }, { blank: 1 })).toEqual([[0, 0, 2, 0]]);
  });

  test.each([1, 2, 3, 4])('a wide beam finds the likeliest labels of all (seed %i)', (seed) => {
    const [time, classes] = [5, 3];
    const logits = randomFloats(time * classes, seed, -1.5, 1.5);
    const all = new Set([...paths(time, classes)].map((path) => spell(path, 0).join()));
    const exact = [...all]
      .map((text) => ({ labels: text ? text.split(',').map(Number) : [] }))
      .map(({ labels }) => ({ labels, logProbability: -ctcLoss(logits, classes, labels) }))
      .toSorted((a, b) => b.logProbability - a.logProbability);
    const [found] = ctcBeamDecode({ data: logits, shape: [1, time, classes] }, { beamWidth: 1000, topPaths: 4 });
    expect(found).toHaveLength(4);
    found!.forEach(({ labels, logProbability }, i) => {
      expect(labels).toEqual(exact[i]!.labels);
      expect(logProbability).toBeCloseTo(exact[i]!.logProbability, 9);
    });
  });

  test('a beam adds paths up where the best path does not', () => {
    // Graves' example: the blank is likeliest in each frame (0.6), but three of four paths say 1 (0.64).
    const frame = [Math.log(0.6), Math.log(0.4)];
    const output = { data: Float64Array.from([...frame, ...frame]), shape: [1, 2, 2] };
    expect(ctcGreedyDecode(output)).toEqual([[]]);
    const [[best]] = ctcBeamDecode(output) as [[{ labels: number[]; logProbability: number }]];
    expect(best.labels).toEqual([1]);
    expect(best.logProbability).toBeCloseTo(Math.log(0.64), 12);
  });

  test('errors name what was expected and what came', () => {
    const output = { data: new Float32Array(12), shape: [2, 2, 3] };
    expect(() => ctcGreedyDecode({ data: [1, 2], shape: [1, 2] })).toThrow(
      'ctcGreedyDecode: expected [*, frames, classes], got [1, 2]',
    );
    expect(() => ctcGreedyDecode(output, { blank: 3 })).toThrow('expected a blank from 0 to 2, got 3');
    expect(() => ctcBeamDecode(output, { beamWidth: 0 })).toThrow('expected beamWidth of at least 1, got 0');
    expect(() => ctcBeamDecode(output, { inputLengths: [1] })).toThrow('2 samples and 1 inputLengths');
    expect(() => ctcBeamDecode(output, { inputLengths: [1, 3] })).toThrow(
      'expected from 1 to 2 frames, got 3 for sample 1',
    );
  });
});

describe('edit distance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['', '', 0],
    ['flaw', 'lawn', 2],
    ['ab', 'ba', 2],
    ['🙂a', '🙂b', 1],
  ])('%j and %j: %i', (a, b, distance) => {
    expect(metrics.editDistance(a, b)).toBe(distance);
    expect(metrics.editDistance(b, a)).toBe(distance);
  });

  test('of lists, by elements', () => {
    expect(metrics.editDistance([1, 2, 3], [2, 3, 4])).toBe(2);
    expect(metrics.editDistance(['the', 'cat'], Int32Array.of(1))).toBe(2);
  });

  test('error rates: edits over the length of the references', () => {
    expect(metrics.characterErrorRate(['kitten', 'ab'], ['sitting', 'ab'])).toBeCloseTo(3 / 9, 12);
    expect(metrics.characterErrorRate([[1, 2]], [[1, 3, 2]])).toBeCloseTo(1 / 3, 12);
    expect(metrics.wordErrorRate(['the cat sat'], ['the  bat sat down'])).toBeCloseTo(2 / 4, 12);
    expect(() => metrics.wordErrorRate(['a'], [])).toThrow('expected a reference for each of 1 predictions, got 0');
    expect(() => metrics.characterErrorRate([''], [''])).toThrow('the references are empty');
  });
});
