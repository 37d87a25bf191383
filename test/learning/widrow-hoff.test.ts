// The rule of Widrow and Hoff: it goes to the least-squares solution, is stable below 2/λmax only, and
// does not learn what the perceptron rule learns.
import { describe, expect, test } from 'vitest';
import { DivergenceError } from '../../src/core/errors.ts';
import { perceptron } from '../../src/learning/perceptron.ts';
import type { Sample } from '../../src/learning/samples.ts';
import { maximumStableLearningRate } from '../../src/learning/widrow-hoff.ts';

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const truthTable = (targets: readonly number[]): Sample[] => corners.map((input, i) => ({ input, target: targets[i] }));
const and = truthTable([-1, -1, -1, 1]);
const or = truthTable([-1, 1, 1, 1]);

/** Twelve points of a plane with a wave on it: no exact solution. */
const wavy: Sample[] = Array.from({ length: 12 }, (_, i) => {
  const input = [Math.sin(3 * i), Math.cos(5 * i) * 2];
  return [input, 0.5 + 2 * input[0] - input[1] + 0.3 * Math.sin(7 * i)];
});

/** The least-squares solution by the normal equations and Gauss's elimination, in float64. */
function leastSquares(samples: readonly Sample[]): number[] {
  const pairs = samples.map((sample) => ('input' in sample ? [sample.input, sample.target] : sample)) as [
    number[],
    number,
  ][];
  const rows = pairs.map(([x, t]) => [...x, 1, Number(t)]);
  const size = rows[0].length - 1;
  const system = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size + 1 }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  for (let pivot = 0; pivot < size; pivot++) {
    for (let i = 0; i < size; i++) {
      const factor = system[i][pivot] / system[pivot][pivot];
      if (i !== pivot) system[i] = system[i].map((value, j) => value - factor * system[pivot][j]);
    }
  }
  return system.map((row, i) => row[size] / row[i]);
}

describe('learn by the Widrow–Hoff rule', () => {
  test.each([
    ['AND', and, [1, 1, -1.5]],
    ['OR', or, [1, 1, -0.5]],
    ['wavy points', wavy, undefined],
  ] as const)('%s, full batch: to the least-squares solution', (_, samples, byHand) => {
    const neuron = perceptron({ inputs: 2, activation: 'linear' });
    const learning = neuron.learn(samples, { rule: 'widrowHoff', fullBatch: true, epochs: 3000 });
    const expected = leastSquares(samples);
    byHand?.forEach((weight, i) => expect(expected[i]).toBeCloseTo(weight, 12));
    [...neuron.weights, neuron.bias].forEach((weight, i) => expect(Math.abs(weight - expected[i])).toBeLessThan(1e-6));
    expect(learning).toMatchObject({
      rule: 'widrowHoff',
      epochs: 3000,
      learningRate: maximumStableLearningRate(samples) / 2,
    });
    expect(learning.history.length).toBe(3000);
    expect(learning.meanSquaredError).toBeLessThanOrEqual(learning.history[0]);
  });

  test('AND and OR: not the weights of the perceptron rule', () => {
    for (const samples of [and, or]) {
      const lms = perceptron({ inputs: 2 });
      const rosenblatt = perceptron({ inputs: 2 });
      lms.learn(samples, { rule: 'widrowHoff', epochs: 2000, learningRate: 0.01 });
      rosenblatt.learn(samples);
      [0, 1].forEach((i) => expect(Math.abs(lms.weights[i] - rosenblatt.weights[i])).toBeGreaterThan(0.9));
      expect(Math.abs(lms.bias - rosenblatt.bias)).toBeGreaterThan(0.4);
      const answers = (neuron: typeof lms) => corners.map((corner) => neuron.activate(corner));
      expect(answers(lms)).toEqual(answers(rosenblatt));
    }
  });

  test('one sample, one epoch: the update by hand', () => {
    const neuron = perceptron({ weights: [1, -1], bias: 0.5 });
    const learning = neuron.learn([[[2, 1], 4]], { rule: 'widrowHoff', epochs: 1, learningRate: 0.1 });
    expect(neuron.weights[0]).toBeCloseTo(1.5, 14); // the sum is 1.5, the error 2.5
    expect(neuron.weights[1]).toBeCloseTo(-0.75, 14);
    expect(neuron.bias).toBeCloseTo(0.75, 14);
    expect(learning.history).toEqual([6.25]);
    expect(learning.meanSquaredError).toBeCloseTo(1, 13); // 4 − (3 − 0.75 + 0.75)
  });

  test('normalised with a rate of 1: each sample is met exactly', () => {
    const neuron = perceptron({ inputs: 2, activation: 'linear' });
    neuron.learn([[[300, -400], 7]], { rule: 'widrowHoff', normalized: true, learningRate: 1, epochs: 1 });
    expect(neuron.activate([300, -400])).toBeCloseTo(7, 10);
  });

  test('normalised: stable at 1.9 and divergent at 2.1, whatever the scale of the inputs', () => {
    for (const scale of [1e-3, 1, 1e4]) {
      const samples: Sample[] = [[[scale, 2 * scale], 1]];
      const run = (learningRate: number) =>
        perceptron({ inputs: 2 }).learn(samples, { rule: 'widrowHoff', normalized: true, learningRate, epochs: 400 });
      expect(run(1.9).meanSquaredError).toBeLessThan(1e-12);
      expect(() => run(2.1)).toThrow(DivergenceError);
    }
  });

  test('a consistent system, sample by sample: solved exactly', () => {
    const samples = corners.map(([a, b]): Sample => [[a, b], 3 * a - 2 * b + 0.25]);
    const neuron = perceptron({ inputs: 2 });
    neuron.learn(samples, { rule: 'widrowHoff', epochs: 1000, learningRate: 0.3 });
    [3, -2].forEach((weight, i) => expect(neuron.weights[i]).toBeCloseTo(weight, 10));
    expect(neuron.bias).toBeCloseTo(0.25, 10);
  });

  test('the default rates are stable, for inputs of any scale', () => {
    for (const scale of [1e-3, 1, 1e3]) {
      const samples = wavy.map(
        (sample) => [Array.from((sample as [number[], number])[0], (x) => scale * x), 1] as Sample,
      );
      for (const options of [{}, { normalized: true }, { fullBatch: true }]) {
        const learning = perceptron({ inputs: 2 }).learn(samples, { rule: 'widrowHoff', ...options });
        expect(learning.meanSquaredError).toBeLessThan(2); // with zero weights it is 1
      }
    }
  });

  test('targets: any number; true is 1 and false −1', () => {
    const learned = [and, corners.map((input, i): Sample => ({ input, target: i === 3 }))].map((samples) => {
      const neuron = perceptron({ inputs: 2 });
      neuron.learn(samples, { rule: 'widrowHoff' });
      return [...neuron.weights, neuron.bias];
    });
    expect(learned[0]).toEqual(learned[1]);
  });

  test('full batch at 1.95/λmax: stable; at 2.05/λmax: a DivergenceError, the weights as they were', () => {
    for (const samples of [and, or, wavy]) {
      const rate = maximumStableLearningRate(samples);
      const neuron = perceptron({ weights: [0.5, 0.5], bias: 0.5 });
      const run = (share: number) =>
        neuron.learn(samples, { rule: 'widrowHoff', fullBatch: true, learningRate: share * rate, epochs: 2000 });
      expect(() => run(2.05 / 2)).toThrow(DivergenceError);
      expect(() => run(2.05 / 2)).toThrow(`2/λmax of these samples is ${rate}`);
      expect([neuron.weights, neuron.bias]).toEqual([[0.5, 0.5], 0.5]);
      expect(run(1.95 / 2).meanSquaredError).toBeLessThan(1);
    }
  });

  test('sample by sample at a rate far too large: a DivergenceError, the weights as they were', () => {
    const neuron = perceptron({ weights: [1, 2], bias: 3 });
    expect(() => neuron.learn(and, { rule: 'widrowHoff', learningRate: 5 })).toThrow(DivergenceError);
    expect([neuron.weights, neuron.bias]).toEqual([[1, 2], 3]);
  });

  test('a start at the solution stays there', () => {
    const neuron = perceptron({ weights: [1, 1], bias: -1.5 });
    const learning = neuron.learn(and, { rule: 'widrowHoff', fullBatch: true });
    [...neuron.weights, neuron.bias].forEach((weight, i) => expect(weight).toBeCloseTo([1, 1, -1.5][i], 12));
    expect(learning.meanSquaredError).toBeCloseTo(0.25, 12);
  });

  test.each([
    [{ normalized: true, fullBatch: true }, 'normalized and fullBatch exclude each other'],
    [{ epochs: 0 }, 'epochs: expected a whole number of at least 1, got 0'],
    [{ learningRate: -1 }, 'learningRate: expected a number above 0, got -1'],
    [{ learningRate: NaN }, 'learningRate: expected a finite number, got NaN'],
  ])('%o: refused', (options, message) => {
    expect(() => perceptron({ inputs: 2 }).learn(and, { rule: 'widrowHoff', ...options })).toThrow(message);
  });
});

describe('maximumStableLearningRate', () => {
  test('of one direction: 2 over its mean square', () => {
    expect(maximumStableLearningRate([[[0], 0]])).toBe(2); // x = (0, 1)
    expect(maximumStableLearningRate([[[3], 0]])).toBeCloseTo(2 / 10, 14); // x = (3, 1)
  });

  test('of AND: 2 over the root of the characteristic equation', () => {
    // E[x xᵀ] = [[.5, .25, .5], [.25, .5, .5], [.5, .5, 1]]; in the plane of (1, 1, 0) and (0, 0, 1) it is
    // [[.75, √.5], [√.5, 1]], so λmax = (1.75 + √(.0625 + 2)) / 2
    expect(maximumStableLearningRate(and)).toBeCloseTo(4 / (1.75 + Math.sqrt(2.0625)), 13);
  });

  test('the largest direction may be orthogonal to (1, 1, 1)', () => {
    const samples: Sample[] = [
      [[5, -5], 0],
      [[-5, 5], 0],
    ];
    expect(maximumStableLearningRate(samples)).toBeCloseTo(2 / 50, 14);
  });

  test('no samples: refused', () => {
    expect(() => maximumStableLearningRate([])).toThrow('maximumStableLearningRate: expected at least one sample');
  });
});
