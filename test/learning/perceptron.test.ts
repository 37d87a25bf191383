// The single neuron and the perceptron rule: the tables of Boolean functions (Rosenblatt's rule from
// zero weights, inputs in the order 00, 01, 10, 11), Novikoff's bound, and what is refused.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DivergenceError } from '../../src/core/errors.ts';
import { sumsToZero } from '../../src/learning/exact-sum.ts';
import { neuronActivation, neuronActivationNames } from '../../src/learning/neuron-activations.ts';
import { perceptron, type PerceptronOptions } from '../../src/learning/perceptron.ts';
import { novikoffBound } from '../../src/learning/perceptron-rule.ts';
import type { Sample } from '../../src/learning/samples.ts';

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const truthTable = (targets: readonly (number | boolean)[]): Sample[] =>
  corners.map((input, i) => ({ input, target: targets[i] }));
const and = truthTable([0, 0, 0, 1]);
const xor = truthTable([0, 1, 1, 0]);

/** A small generator of test data (mulberry32), uniform in −1 … 1. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

function pointsBeyond(margin: number, separator: { weights: number[]; bias: number }, next: () => number): Sample[] {
  const samples: Sample[] = [];
  while (samples.length < 500) {
    const input = separator.weights.map(() => 2 * next());
    const distance = input.reduce((sum, x, i) => sum + x * separator.weights[i], separator.bias);
    if (Math.abs(distance) > margin) samples.push([input, distance > 0]);
  }
  return samples;
}

/** Σ c y (x, 1) = 0 with whole c ≥ 0, not all 0: no weights can separate these samples. */
function provesConflict(samples: readonly Sample[], conflict: readonly number[]) {
  const pairs = samples.map((sample) => ('input' in sample ? [sample.input, sample.target] : sample)) as [
    number[],
    number,
  ][];
  expect(conflict.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
  expect(Math.max(...conflict)).toBeGreaterThan(0);
  const signed = conflict.map((count, i) => (pairs[i][1] ? count : -count));
  for (let j = 0; j <= pairs[0][0].length; j++)
    expect(
      sumsToZero(
        signed,
        pairs.map(([x]) => x[j] ?? 1),
      ),
    ).toBe(true);
}

/** PyTorch's name as ours. */
const camelCase = (name: string) =>
  name === 'gelu_erf' ? 'gelu' : name.replace(/\(.*/, '').replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The samples 0 … 3, one further in each epoch. */
const rotated = (epoch: number) => [0, 1, 2, 3].map((i) => (i + epoch) % 4);

describe('perceptron', () => {
  const article = { weights: [0.4, 0.6, -0.7, 1.1], bias: 2, activation: 'linear' } as const;
  const input = [1.2, 2.2, 3.3, 2.5];

  test('activate: the weighted sum with the bias', () => {
    expect(perceptron(article).activate(input)).toBeCloseTo(4.24, 14);
  });

  test('explain: the parts add up to what activate returns', () => {
    const neuron = perceptron(article);
    const parts = neuron.explain(new Float64Array(input));
    [0.48, 1.32, -2.31, 2.75].forEach((product, i) => expect(parts.weightedProducts[i]).toBeCloseTo(product, 14));
    expect(parts.weightedSum).toBeCloseTo(2.24, 14);
    expect(parts).toMatchObject({ bias: 2, activation: 'linear', sumWithBias: parts.weightedSum + 2 });
    expect(parts.output).toBe(neuron.activate(input));
  });

  test('the default is a step that fires above 0 and not at it', () => {
    const neuron = perceptron({ weights: [1] });
    expect([-1, 0, 1e-300].map((x) => neuron.activate([x]))).toEqual([0, 0, 1]);
  });

  test('threshold: the bias with the other sign', () => {
    const neuron = perceptron({ weights: [1, 1], threshold: 1.5 });
    expect(neuron.bias).toBe(-1.5);
    expect(corners.map((corner) => neuron.activate(corner))).toEqual([0, 0, 0, 1]);
    expect(Object.is(perceptron({ inputs: 1, threshold: 0 }).bias, 0)).toBe(true);
  });

  test('inputs alone: as many zero weights', () => {
    expect(perceptron({ inputs: 3 }).weights).toEqual([0, 0, 0]);
  });

  test('weights and bias: assigned whole, checked, and frozen', () => {
    const neuron = perceptron({ inputs: 2 });
    neuron.weights = new Float32Array([1, 2]);
    neuron.bias = -1;
    expect([neuron.weights, neuron.bias]).toEqual([[1, 2], -1]);
    expect(() => ((neuron.weights as number[])[0] = 5)).toThrow(TypeError);
    expect(() => (neuron.weights = [1])).toThrow('perceptron: weights: expected 2 inputs, got 1');
    expect(() => (neuron.bias = NaN)).toThrow('perceptron: bias: expected a finite number, got NaN');
    expect([neuron.weights, neuron.bias]).toEqual([[1, 2], -1]);
  });

  test('weights: a copy, so that changing the array given leaves the neuron alone', () => {
    const weights = [1, 2];
    const neuron = perceptron({ weights });
    weights[0] = 100;
    expect(neuron.weights).toEqual([1, 2]);
  });

  test.each<[string, () => unknown, string]>([
    ['too few inputs', () => perceptron(article).activate([1, 2, 3]), 'perceptron: expected 4 inputs, got 3'],
    [
      'NaN',
      () => perceptron(article).explain([1, NaN, 3, 4]),
      'perceptron: input 1: expected a finite number, got NaN',
    ],
    [
      'a text',
      () => perceptron(article).activate('1234' as never),
      'perceptron: expected an array of numbers, got string',
    ],
    [
      'a text within',
      () => perceptron({ inputs: 1 }).activate(['1'] as never),
      'input 0: expected a number, got string',
    ],
    [
      'a hole',
      () => perceptron({ inputs: 2 }).activate(Array.from({ length: 2 }) as number[]),
      'input 0: expected a number, got undefined',
    ],
    ['nothing', () => perceptron({}), 'perceptron: expected { inputs } or { weights }, got neither'],
    ['no weights', () => perceptron({ weights: [] }), 'perceptron: weights: expected at least one input, got none'],
    [
      'zero inputs',
      () => perceptron({ inputs: 0 }),
      'perceptron: inputs: expected a whole number of at least 1, got 0',
    ],
    ['a disagreement', () => perceptron({ inputs: 3, weights: [1] }), 'perceptron: weights: expected 3 inputs, got 1'],
    [
      'an infinite bias',
      () => perceptron({ inputs: 1, bias: Infinity }),
      'bias: expected a finite number, got Infinity',
    ],
    [
      'bias and threshold',
      () => perceptron({ inputs: 1, bias: 1, threshold: 1 }),
      'a bias or a threshold (−bias), got both',
    ],
    [
      'an unknown activation',
      () => perceptron({ inputs: 1, activation: 'sigmiod' as never }),
      'did you mean "sigmoid"?',
    ],
    [
      'a name of Object',
      () => perceptron({ inputs: 1, activation: 'toString' as never }),
      'unknown activation "toString"',
    ],
  ])('%s: refused', (_, run, message) => {
    expect(run).toThrow(message);
  });
});

describe('neuron activations', () => {
  const golden = JSON.parse(readFileSync(new URL('../golden/activations.json', import.meta.url), 'utf8')) as {
    cases: { name: string; input: { data: number[] }; output: { data: number[] } }[];
  };
  const shared = golden.cases.filter(({ name }) => neuronActivationNames.includes(camelCase(name) as never));

  test.each(shared)('$name: as PyTorch', ({ name, input, output }) => {
    const activation = neuronActivation(camelCase(name) as never);
    input.data.forEach((x, i) => {
      const expected = output.data[i];
      expect(Math.abs(activation(x) - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected)));
    });
  });

  test('most of them are held against PyTorch', () => {
    expect(shared.length).toBe(neuronActivationNames.length - 3); // linear, step and sign are not in the file
  });

  test('sigmoid, tanh, elu, softplus: within 2e-14 of the host, near 0 too', () => {
    const oracles: Partial<Record<(typeof neuronActivationNames)[number], (x: number) => number>> = {
      sigmoid: (x) => 1 / (1 + Math.exp(-x)),
      tanh: Math.tanh,
      elu: (x) => (x > 0 ? x : Math.expm1(x)),
      softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    };
    for (const [name, oracle] of Object.entries(oracles)) {
      for (let x = -30; x <= 30; x += 0.173) {
        for (const value of [x, x * 1e-9]) {
          const expected = oracle(value);
          const error = Math.abs(neuronActivation(name as never)(value) - expected);
          expect(error / Math.abs(expected), `${name}(${value})`).toBeLessThan(2e-14);
        }
      }
    }
  });

  test.each(neuronActivationNames)('%s: NaN goes through, infinity gives a limit', (name) => {
    const activation = neuronActivation(name);
    expect(activation(NaN)).toBeNaN();
    for (const x of [Infinity, -Infinity, 1e300, -1e300, 0, -0]) expect(activation(x), `${x}`).not.toBeNaN();
  });

  test('sign: −1 at 0 and below, 1 above; relu: no −0', () => {
    expect([-2, 0, 3].map(neuronActivation('sign'))).toEqual([-1, -1, 1]);
    expect(Object.is(neuronActivation('relu')(-0), 0)).toBe(true);
  });
});

describe('learn by the perceptron rule', () => {
  test.each([
    ['AND', [0, 0, 0, 1], [3, 2], -4, 18, 9],
    ['OR', [0, 1, 1, 1], [2, 2], -1, 9, 6],
    ['NAND', [1, 1, 1, 0], [-3, -2], 4, 18, 9],
  ] as const)('%s: the weights, mistakes and epochs of the table', (_, targets, weights, bias, mistakes, epochs) => {
    const neuron = perceptron({ inputs: 2 });
    const learning = neuron.learn(truthTable(targets));
    expect([neuron.weights, neuron.bias]).toEqual([weights, bias]);
    expect(learning).toMatchObject({ rule: 'perceptron', converged: true, separable: true, mistakes, epochs });
    expect(learning.history.length).toBe(epochs);
    expect(learning.history.at(-1)).toBe(0);
    expect(corners.map((corner) => neuron.activate(corner))).toEqual(targets);
  });

  test('targets: 0 and 1, −1 and 1, and booleans mean the same; pairs and objects too', () => {
    const learned = [
      [0, 0, 0, 1],
      [-1, -1, -1, 1],
      [false, false, false, true],
    ].map((targets) => {
      const neuron = perceptron({ inputs: 2, activation: 'sign' });
      neuron.learn(truthTable(targets).map((sample) => ('input' in sample ? [sample.input, sample.target] : sample)));
      return [neuron.weights, neuron.bias];
    });
    expect(learned).toEqual(Array.from({ length: 3 }, () => [[3, 2], -4]));
  });

  test('learningRate: from zero weights it only scales them', () => {
    const neuron = perceptron({ inputs: 2 });
    expect(neuron.learn(and, { learningRate: 0.5 })).toMatchObject({ mistakes: 18, epochs: 9 });
    expect([neuron.weights, neuron.bias]).toEqual([[1.5, 1], -2]);
  });

  test('learning goes on from the present weights: a second time there is nothing to learn', () => {
    const neuron = perceptron({ inputs: 2 });
    neuron.learn(and);
    expect(neuron.learn(and)).toMatchObject({ converged: true, epochs: 1, mistakes: 0, history: [0] });
  });

  test('order: another order makes other mistakes, and still converges', () => {
    const neuron = perceptron({ inputs: 2 });
    const learning = neuron.learn(and, { order: (epoch) => (epoch % 2 ? [3, 2, 1, 0] : [1, 3, 0, 2]) });
    expect(learning.converged).toBe(true);
    expect(learning.mistakes).toBeLessThanOrEqual(novikoffBound(and).bound);
    expect(corners.map((corner) => neuron.activate(corner))).toEqual([0, 0, 0, 1]);
  });

  test('XOR: reported as not separable, with a proof, after a few epochs', () => {
    const learning = perceptron({ inputs: 2 }).learn(xor);
    expect(learning).toMatchObject({ converged: false, separable: false });
    expect(learning.epochs).toBeLessThan(30);
    provesConflict(xor, learning.conflict!);
  });

  test('XOR of 0.1 and 0.9, from odd weights, at an odd rate, in a changing order: not separable either', () => {
    const samples = corners.map(([a, b]): Sample => [[0.1 + 0.8 * a, 0.1 + 0.8 * b], a !== b]);
    const neuron = perceptron({ weights: [0.123, -0.77], bias: 0.3 });
    const learning = neuron.learn(samples, { learningRate: 0.7, order: rotated });
    expect(learning.separable).toBe(false);
    provesConflict(samples, learning.conflict!);
  });

  test('the same input with both targets: not separable', () => {
    const samples: Sample[] = [
      [[0.3], 1],
      [[0.3], 0],
    ];
    const learning = perceptron({ inputs: 1 }).learn(samples);
    expect(learning.separable).toBe(false);
    provesConflict(samples, learning.conflict!);
  });

  test('parity of three and of four: not separable', () => {
    for (const size of [3, 4]) {
      const samples = Array.from({ length: 2 ** size }, (_, code): Sample => {
        const input = Array.from({ length: size }, (_, bit) => (code >> bit) & 1);
        return [input, input.reduce((sum, x) => sum + x) % 2];
      });
      const learning = perceptron({ inputs: size }).learn(samples);
      expect(learning.separable).toBe(false);
      provesConflict(samples, learning.conflict!);
    }
  });

  test('all 16 Boolean functions of two inputs: separable but for XOR and its opposite', () => {
    for (let code = 0; code < 16; code++) {
      const targets = [0, 1, 2, 3].map((bit) => (code >> bit) & 1);
      const { separable } = perceptron({ inputs: 2 }).learn(truthTable(targets));
      expect(separable, targets.join('')).toBe(code !== 0b0110 && code !== 0b1001);
    }
  });

  test('maximumEpochs: stopped before a clean epoch, separability is left open', () => {
    const neuron = perceptron({ inputs: 2 });
    const learning = neuron.learn(and, { maximumEpochs: 4 });
    expect(learning).toMatchObject({ converged: false, separable: undefined, epochs: 4 });
    expect(learning).not.toHaveProperty('conflict');
    expect(neuron.weights).not.toEqual([0, 0]);
  });

  test('500 points in 5 dimensions with a margin of 0.3: fewer mistakes than Novikoff allows', () => {
    for (const seed of [1, 2, 3]) {
      const next = uniform(seed);
      const direction = Array.from({ length: 6 }, next);
      const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
      const separator = { weights: direction.slice(0, 5).map((x) => x / length), bias: direction[5] / length };
      const samples = pointsBeyond(0.3, separator, next);
      const learning = perceptron({ inputs: 5 }).learn(samples);
      const { radius, margin, bound } = novikoffBound(samples, separator);
      expect(margin).toBeGreaterThan(0.3);
      expect(bound).toBeCloseTo((radius / margin) ** 2, 10);
      expect(learning.converged).toBe(true);
      expect(learning.mistakes).toBeGreaterThan(0);
      expect(learning.mistakes).toBeLessThanOrEqual(bound);
    }
  });

  test.each<[string, readonly Sample[], object, string]>([
    ['no samples', [], {}, 'perceptron.learn: expected at least one sample, got none'],
    [
      'a short sample',
      [
        [[1, 2], 1],
        [[1], 0],
      ],
      {},
      'perceptron.learn: sample 1: expected 2 inputs, got 1',
    ],
    ['NaN', [[[1, NaN], 1]], {}, 'perceptron.learn: sample 0: input 1: expected a finite number, got NaN'],
    ['a target of 2', [[[1, 2], 2]], {}, 'sample 0: expected a target of 0 or 1, or −1 or 1, got 2'],
    ['a target NaN', [[[1, 2], NaN]], {}, 'sample 0: target: expected a finite number, got NaN'],
    [
      'no target',
      [{ input: [1, 2] } as never],
      {},
      'expected { input, target } or [input, target], got an object with input',
    ],
    ['a flat row', [[1, 2, 1] as never], {}, 'expected { input, target } or [input, target], got an array of 3'],
    [
      'three classes',
      [
        [[1, 2], 0],
        [[1, 2], -1],
      ],
      {},
      'got both 0 and −1',
    ],
    ['a rate of 0', and, { learningRate: 0 }, 'learningRate: expected a number above 0, got 0'],
    ['no epochs', and, { maximumEpochs: 0.5 }, 'maximumEpochs: expected a whole number of at least 1, got 0.5'],
    ['a broken order', and, { order: () => [0, 1, 1, 2] }, 'expected the order of epoch 1 to hold each of 0 … 3 once'],
    ['an unknown rule', and, { rule: 'hebb' }, "expected the rule 'perceptron' or 'widrowHoff', got 'hebb'"],
  ])('%s: refused, the weights as they were', (_, samples, options, message) => {
    const neuron = perceptron({ weights: [7, 8], bias: 9 });
    expect(() => neuron.learn(samples, options)).toThrow(message);
    expect([neuron.weights, neuron.bias]).toEqual([[7, 8], 9]);
  });

  test('weights that overflow: a DivergenceError, the weights as they were', () => {
    const neuron = perceptron({ weights: [1e308], bias: 0 });
    expect(() => neuron.learn([[[-1e300], 1]], { learningRate: 1e300 })).toThrow(DivergenceError);
    expect(neuron.weights).toEqual([1e308]);
  });
});

describe('novikoffBound', () => {
  test('of two points on a line: the arithmetic by hand', () => {
    // w = (1, −0.5): |w| = √1.25, margin 0.5 / √1.25; the longest input is (1, 1)
    const { radius, margin, bound } = novikoffBound(
      [
        [[0], 0],
        [[1], 1],
      ],
      { weights: [1], bias: -0.5 },
    );
    expect(radius).toBeCloseTo(Math.SQRT2, 15);
    expect(margin).toBeCloseTo(0.5 / Math.sqrt(1.25), 15);
    expect(bound).toBeCloseTo(10, 12);
    expect(
      novikoffBound([
        [[0], 0],
        [[1], 1],
      ]).bound,
    ).toBeCloseTo(10, 12); // the rule learns (2, −1), the same plane
  });

  test('without a separator one is learned, and a neuron can be given as one', () => {
    const neuron = perceptron({ inputs: 2 });
    const { mistakes } = neuron.learn(and);
    expect(novikoffBound(and)).toEqual(novikoffBound(and, neuron));
    expect(novikoffBound(and).bound).toBeGreaterThanOrEqual(mistakes);
  });

  test('refused: what separates nothing, and samples that nothing separates', () => {
    expect(() => novikoffBound(and, { weights: [1, 1], bias: 0 })).toThrow('leaves sample 0 on the wrong side');
    expect(() => novikoffBound(and, { weights: [0, 0], bias: 0 })).toThrow('leaves sample 0 on the wrong side');
    expect(() => novikoffBound(and, { weights: [1], bias: 0 })).toThrow('sample 0: expected 1 input, got 2');
    expect(() => novikoffBound(xor)).toThrow('no weights separate these samples, so there is no bound');
  });
});

describe('sumsToZero', () => {
  test('decides where floating point rounds', () => {
    expect(0.1 + 0.2 - 0.3).not.toBe(0);
    expect(sumsToZero([1, 1, -1], [0.1, 0.2, 0.3])).toBe(false); // the doubles 0.1, 0.2 and 0.3 do not add up
    expect(sumsToZero([3, -1, -2], [0.1, 0.1, 0.1])).toBe(true);
    expect(sumsToZero([1, 1, 1], [1e300, 5e-324, -1e300])).toBe(false); // floating point gives 0 here
    expect(sumsToZero([2, -1], [5e-324, 1e-323])).toBe(true);
    expect(sumsToZero([1, 1], [-0, 0])).toBe(true);
    expect(sumsToZero([], [])).toBe(true);
  });
});

test('a neuron prints as what it is', () => {
  const options: PerceptronOptions = { weights: [1, 2], bias: 3, activation: 'tanh' };
  const neuron = perceptron(options);
  expect([neuron.inputs, neuron.activation]).toEqual([2, 'tanh']);
});
