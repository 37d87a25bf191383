import { describe, expect, test } from 'vitest';
import { largestRemainder, oneHot, take, trainTestSplit } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { tensor } from '../../src/data/tensor.ts';

/** Sample i has the inputs [i, 10 i] and a class by the given counts. */
function samples(counts: number[]): Dataset {
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  return {
    inputs: tensor(labels.map((_, i) => [i, 10 * i])),
    targets: tensor(labels, undefined, 'i32'),
    classes: counts.map((_, label) => `class${label}`),
  };
}

const ids = (dataset: Dataset) => Array.from({ length: dataset.inputs.shape[0] }, (_, i) => dataset.inputs.data[2 * i]);
const counts = (dataset: Dataset, classes: number) =>
  Array.from({ length: classes }, (_, label) => dataset.targets.data.filter((value) => value === label).length);

const split = (dataset: unknown) => () => trainTestSplit(dataset as Dataset, { testSize: 1 });

describe('trainTestSplit', () => {
  test('every sample is on one side, with its own target', () => {
    const dataset = samples([60, 40]);
    const { train, test } = trainTestSplit(dataset, { testSize: 30, seed: 3 });
    expect(train.inputs.shape).toEqual([70, 2]);
    expect(test.inputs.shape).toEqual([30, 2]);
    expect([...ids(train), ...ids(test)].toSorted((a, b) => a - b)).toEqual(ids(dataset));
    for (const part of [train, test])
      ids(part).forEach((id, row) => expect(part.targets.data[row]).toBe(dataset.targets.data[id]));
    expect(test.classes).toEqual(dataset.classes);
  });

  test('a seed fixes the split, another seed gives another', () => {
    const [once, again, other] = [1, 1, 2].map((seed) =>
      ids(trainTestSplit(samples([50, 50]), { testSize: 20, seed }).test),
    );
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  test('stratified, each class gives its share by largest remainder', () => {
    const { train, test } = trainTestSplit(samples([50, 30, 20]), { testSize: 33, stratify: true });
    // 33 of 100: shares of 16.5, 9.9 and 6.6
    expect(counts(test, 3)).toEqual([16, 10, 7]);
    expect(counts(train, 3)).toEqual([34, 20, 13]);
  });

  test('without shuffling the last samples are held out, in order', () => {
    const dataset = samples([3, 3]);
    const plain = trainTestSplit(dataset, { testSize: 2, shuffle: false });
    expect([ids(plain.train), ids(plain.test)]).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    const stratified = trainTestSplit(dataset, { testSize: 2, shuffle: false, stratify: true });
    expect([ids(stratified.train), ids(stratified.test)]).toEqual([
      [0, 1, 3, 4],
      [2, 5],
    ]);
  });

  test('a fraction gives the nearest count', () => {
    const held = [0.2, 0.333].map((testSize) => trainTestSplit(samples([150]), { testSize }).test.inputs.shape[0]);
    expect(held).toEqual([30, 50]);
  });

  test.each([0, -1, 10, 11, 1.5, 0.01, NaN])('a test size of %d of 10 samples is refused', (testSize) => {
    expect(() => trainTestSplit(samples([10]), { testSize })).toThrow(RangeError);
  });

  test('stratify needs class indices', () => {
    const dataset = { inputs: tensor([[1], [2]]), targets: tensor([[0.5], [1]]) };
    expect(() => trainTestSplit(dataset, { testSize: 1, stratify: true })).toThrow(
      new TypeError('trainTestSplit: stratify needs class indices as targets (i32 [n]), got f32 [2, 1]'),
    );
  });

  test('a dataset whose parts do not fit is refused', () => {
    const inputs = tensor([[1], [2]]);
    expect(split({ inputs, targets: tensor([1, 2, 3]) })).toThrow('with as many rows, got [2, 1] and [3]');
    expect(split({ inputs })).toThrow('expected targets to be a tensor, got undefined');
    expect(split({ inputs, targets: tensor([0, 2], [2], 'i32'), classes: ['a', 'b'] })).toThrow(
      'label 2 at row 1 is outside 0 to 1',
    );
  });
});

describe('parts of datasets', () => {
  test('largestRemainder sums to the total and breaks ties by the lower index', () => {
    expect(largestRemainder([1, 1, 1], 2)).toEqual([1, 1, 0]);
    expect(largestRemainder([178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 360).reduce((a, b) => a + b)).toBe(360);
    expect(largestRemainder([5, 0, 5], 5)).toEqual([3, 0, 2]);
  });

  test('take copies the rows in the order asked for', () => {
    const dataset = samples([2, 2]);
    const taken = take(dataset, [3, 0, 3]);
    expect(ids(taken)).toEqual([3, 0, 3]);
    expect(taken.targets.data).toEqual(Int32Array.of(1, 0, 1));
    taken.inputs.data[0] = 99;
    expect(dataset.inputs.data[6]).toBe(3);
    expect(() => take(dataset, [0, 4])).toThrow('take: expected indices from 0 to 3, got 4 at 1');
    expect(() => take(dataset, [-1])).toThrow(RangeError);
  });

  test('oneHot puts a single 1 into each row', () => {
    expect(oneHot([2, 0], 3)).toEqual({ data: Float32Array.of(0, 0, 1, 1, 0, 0), shape: [2, 3] });
    expect(oneHot(tensor([1], [1], 'i32'), ['no', 'yes']).data).toEqual(Float32Array.of(0, 1));
    expect(() => oneHot([0, 3], 3)).toThrow(new RangeError('oneHot: label 3 at row 1 is outside 0 to 2'));
    expect(() => oneHot([0.5], 3)).toThrow(RangeError);
    expect(() => oneHot([0], 0)).toThrow('expected at least one class');
  });
});
