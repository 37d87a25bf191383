// The instruction of equations: every elementary step against plain numbers, where operands are arrays of neurons,
// temporary blocks or one vector for all; threshold, refractoriness and reset.
import { beforeEach, describe, expect, test } from 'vitest';
import { comparisons, elementary } from '../../reference/elementary.ts';
import { Elementary, Place } from '../../src/core/generated/neuron-instructions.ts';
import { testRandom } from '../helpers/kernel.ts';
import {
  expectNear,
  neuronCounts,
  neuronKernels,
  precisions,
  rounded,
  tolerance,
  type NeuronKernels,
  type Placed,
} from '../helpers/neuron-kernel.ts';

type Operation = keyof typeof Elementary;

/** An operand: a place and where it is. */
type Operand = readonly [place: number, at: number];

describe.each(precisions)('in %s', (precision) => {
  let kernels: NeuronKernels;
  beforeEach(async () => {
    kernels = await neuronKernels(precision);
  });

  const array = (placed: Placed): Operand => [Place.Neurons, placed.address];
  const scalar = (value: number): Operand => [
    Place.Scalar,
    kernels.numbers(Array.from({ length: 16 / kernels.arrays.bytes }, () => value)).address,
  ];

  /** The words of a step. */
  const step = (operation: Operation, ...operands: Operand[]): number[] => {
    const places = operands.reduce((bits, [place], k) => bits | (place << (2 * k)), 0);
    return [Elementary[operation], places, ...operands.map(([, at]) => at), 0, 0, 0].slice(0, 6);
  };

  const sixteen = () => 16 * kernels.arrays.bytes;

  /** Runs steps over n neurons in blocks of 16. */
  function perform(n: number, steps: number[][], more: Record<string, number | Placed> = {}): void {
    const { wide } = kernels.arrays;
    const nothing = {
      time: 0,
      timeStep: 0,
      scalars: 0,
      scalarCount: 0,
      condition: 0,
      until: 0,
      refractory: 0,
      refractoryStep: 0,
    };
    const operands = {
      wide,
      n,
      clock: kernels.clock,
      spikes: 0,
      block: sixteen(),
      ...nothing,
      reset: 0,
      resetCount: 0,
      mask: 0,
    };
    kernels.run('Equations', { ...operands, steps: kernels.words(steps.flat()), stepCount: steps.length, ...more });
  }

  const random = testRandom(3);
  /** Numbers on both sides of 0, or above it where a function asks for that. */
  const numbers = (n: number, operation: string): number[] =>
    rounded(
      precision,
      Array.from({ length: n }, () =>
        ['Logarithm', 'SquareRoot', 'Power'].includes(operation) ? random(0.01, 4) : random(-4, 4),
      ),
    );

  test.each(Object.keys(elementary))('%s is right for arrays, scalars and temporaries, in every length', (name) => {
    const operation = name as Operation;
    for (const n of neuronCounts) {
      const [a, b, c] = [numbers(n, name), numbers(n, name), numbers(n, name)];
      const expected = (x: number[], y: number[], z: number[]) =>
        x.map((value, k) => elementary[name]!(value, y[k]!, z[k]!));
      const all = (values: number[]) => values.map(() => values[0]!);
      const out = kernels.numbers(new Float64Array(n));
      const [x, y, z] = [kernels.numbers(a), kernels.numbers(b), kernels.numbers(c)];
      const check = (values: number[]) => expectNear(kernels.read(out), values, tolerance(precision));
      perform(n, [step(operation, array(out), array(x), array(y), array(z))]);
      check(expected(a, b, c));
      perform(n, [step(operation, array(out), array(x), scalar(b[0]!), array(z))]);
      check(expected(a, all(b), c));
      perform(n, [step(operation, array(out), array(x), scalar(b[0]!), scalar(c[0]!))]);
      check(expected(a, all(b), all(c)));
      perform(n, [step(operation, array(out), scalar(a[0]!), array(y), scalar(c[0]!))]);
      check(expected(all(a), b, all(c)));
      const block: Operand = [Place.Temporary, kernels.numbers(new Float64Array(16)).address];
      perform(n, [
        step('Copy', block, array(x)),
        step(operation, block, block, array(y), array(z)),
        step('Copy', array(out), block),
      ]);
      check(expected(a, b, c));
      perform(n, [step(operation, array(x), array(x), array(y), array(z))]);
      expectNear(kernels.read(x), expected(a, b, c), tolerance(precision));
    }
  });

  test('functions have their values at the edges', () => {
    const edges = [NaN, 0, -0, Infinity, -Infinity, -1, 1e-9, 300];
    const of = (operation: Operation) => {
      const [out, x] = [kernels.numbers(new Float64Array(8)), kernels.numbers(edges)];
      perform(8, [step(operation, array(out), array(x))]);
      return kernels.read(out);
    };
    expect(of('Logarithm').slice(0, 6)).toEqual([NaN, -Infinity, -Infinity, Infinity, NaN, NaN]);
    expect(of('RelativeExponential').slice(0, 3)).toEqual([NaN, 1, 1]);
    expect(of('Sign')).toEqual([NaN, 0, 0, 1, -1, -1, 1, 1]);
    expect(of('HyperbolicTangent').slice(0, 5)).toEqual([NaN, 0, -0, 1, -1]);
    expect(of('Exponential').slice(0, 3)).toEqual([NaN, 1, 1]);
    expect(of('SquareRoot').slice(0, 6)).toEqual([NaN, 0, -0, Infinity, NaN, NaN]);
    for (const operation of ['Sine', 'Cosine', 'Floor', 'Absolute', 'ExponentialMinusOne'] as const)
      expect(of(operation)[0]).toBeNaN();
  });

  test.each(Object.keys(comparisons))('%s makes masks, which are joined and chosen by', (name) => {
    for (const n of neuronCounts) {
      const a = Array.from({ length: n }, (_, k) => (k % 5 === 4 ? NaN : k % 3));
      const b = Array.from({ length: n }, (_, k) => k % 2);
      const compare = comparisons[name]!;
      const [x, y, mask, out] = [
        kernels.numbers(a),
        kernels.numbers(b),
        kernels.numbers(new Float64Array(n)),
        kernels.numbers(new Float64Array(n)),
      ];
      const masks = [step(name as Operation, array(mask), array(x), array(y))];
      perform(n, [...masks, step('Indicator', array(out), array(mask))]);
      expect(kernels.read(out)).toEqual(a.map((p, k) => (compare(p, b[k]!) ? 1 : 0)));
      perform(n, [
        ...masks,
        step('Not', array(mask), array(mask)),
        step('Choose', array(out), array(mask), array(y), scalar(7)),
      ]);
      expect(kernels.read(out)).toEqual(a.map((p, k) => (compare(p, b[k]!) ? 7 : b[k]!)));
      const other = step('Less', array(out), array(y), scalar(0.5));
      perform(n, [
        ...masks,
        other,
        step('And', array(mask), array(mask), array(out)),
        step('Indicator', array(out), array(mask)),
      ]);
      expect(kernels.read(out)).toEqual(a.map((p, k) => (compare(p, b[k]!) && b[k]! < 0.5 ? 1 : 0)));
      perform(n, [
        ...masks,
        other,
        step('Or', array(mask), array(mask), array(out)),
        step('Indicator', array(out), array(mask)),
      ]);
      expect(kernels.read(out)).toEqual(a.map((p, k) => (compare(p, b[k]!) || b[k]! < 0.5 ? 1 : 0)));
    }
  });

  test('Take empties its array; Resting and ChooseResting go by the step', () => {
    const n = 9;
    const [x, out, until] = [
      kernels.numbers(Array.from({ length: n }, (_, k) => k + 1)),
      kernels.numbers(new Float64Array(n)),
      steps(n, (k) => k),
    ];
    perform(n, [step('Take', array(out), array(x))]);
    expect(kernels.read(out)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(kernels.read(x)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    kernels.at(4);
    perform(n, [step('Resting', array(x), array(until)), step('Indicator', array(x), array(x))]);
    expect(kernels.read(x)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
    perform(n, [step('ChooseResting', array(x), array(until), array(out), scalar(0))]);
    expect(kernels.read(x)).toEqual([0, 0, 0, 0, 0, 6, 7, 8, 9]);
  });

  /** Whole numbers as wide as the precision. */
  function steps(n: number, value: (k: number) => number): Placed {
    const words = Array.from({ length: n }, (_, k) => (kernels.arrays.wide ? [value(k), 0] : [value(k)])).flat();
    while (words.length % 4) words.push(0);
    return kernels.words(words);
  }

  test('random numbers are those of their neuron, in any block; uniform ones in [0, 1)', () => {
    const of = (operation: Operation, n: number, stream: number) => {
      const out = kernels.numbers(new Float64Array(n));
      perform(n, [step(operation, array(out), [Place.Scalar, 0], [Place.Scalar, stream])]);
      return kernels.read(out);
    };
    for (const operation of ['Uniform', 'Normal'] as const) {
      const all = of(operation, 4001, 5);
      for (const n of neuronCounts) expect(of(operation, n, 5)).toEqual(all.slice(0, n));
      expect(of(operation, 9, 6)).not.toEqual(all.slice(0, 9));
      const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
      const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length;
      expect(Math.abs(mean - (operation === 'Uniform' ? 0.5 : 0))).toBeLessThan(0.05);
      expect(Math.abs(variance - (operation === 'Uniform' ? 1 / 12 : 1))).toBeLessThan(0.07);
      if (operation === 'Uniform') expect(all.every((x) => x >= 0 && x < 1)).toBe(true);
    }
  });

  test('scalars come first, with the time', () => {
    const n = 5;
    const width = 16 / kernels.arrays.bytes;
    const [time, double, out] = [
      kernels.numbers(new Float64Array(width)),
      kernels.numbers(new Float64Array(width)),
      kernels.numbers(new Float64Array(n)),
    ];
    const timeStep = kernels.words([0, 0]);
    kernels.arrays.instance.memory.doubles(timeStep.address, 1)[0] = 0.25;
    kernels.at(6);
    const scalars = kernels.words(
      step('Add', [Place.Scalar, double.address], [Place.Scalar, time.address], [Place.Scalar, time.address]),
    );
    perform(n, [step('Copy', array(out), [Place.Scalar, double.address])], { time, timeStep, scalars, scalarCount: 1 });
    expect(kernels.read(out)).toEqual([3, 3, 3, 3, 3]);
  });

  test.each(neuronCounts)('of %i neurons those above threshold spike, rest and are reset, and no others', (n) => {
    kernels.at(10);
    const v = kernels.numbers(Array.from({ length: n }, (_, k) => (k % 3 === 1 ? 5 : k % 7 === 6 ? NaN : 1)));
    const width = 16 / kernels.arrays.bytes;
    const condition = kernels.numbers(new Float64Array(16));
    const mask = kernels.numbers(new Float64Array(width));
    // the fifth neuron rests
    const until = steps(n, (k) => (k === 4 ? 50 : 0));
    const log = kernels.log(n);
    const refractory = steps(width, () => 20);
    const reset = kernels.words(step('Choose', array(v), [Place.Scalar, mask.address], scalar(-2), array(v)));
    const update = [step('Less', [Place.Temporary, condition.address], scalar(3), array(v))];
    perform(n, update, { spikes: log, condition, until, refractory, refractoryStep: 0, reset, resetCount: 1, mask });
    const spiking = Array.from({ length: n }, (_, k) => k).filter((k) => k % 3 === 1 && k !== 4);
    expect(kernels.spikes(log, 11)).toEqual(spiking);
    expect(kernels.read(v)).toEqual(
      Array.from({ length: n }, (_, k) => (spiking.includes(k) ? -2 : k % 3 === 1 ? 5 : k % 7 === 6 ? NaN : 1)),
    );
    const low = kernels.read(until).filter((_, k) => !kernels.arrays.wide || k % 2 === 0);
    expect(low.slice(0, n)).toEqual(Array.from({ length: n }, (_, k) => (spiking.includes(k) ? 31 : k === 4 ? 50 : 0)));
  });
});
