// The loss of connectionist temporal classification against the sum over all paths, its gradient against finite
// differences of that sum, and what it does with long and with impossible samples.
import { expect, test } from 'vitest';
import { ctcLoss } from '../../reference/ctc.ts';
import { kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { checkOperation } from '../helpers/operation.ts';
import { ctc, ctcWorkspace } from '../../src/graph/operations/index.ts';

const kernels = await kernelRunner();

interface Options {
  blank?: number;
  zeroInfinity?: boolean;
  perLabel?: boolean;
  gradient?: boolean;
  offset?: number;
}

/** Losses and gradients by the instruction; targets as it wants them. */
function run(logits: Float32Array, [time, classes]: [number, number], targets: number[][], options: Options = {}) {
  const { blank = 0, zeroInfinity = false, perLabel = false, gradient = true, offset = 0 } = options;
  const labels = targets[0]!.length - 1;
  const result = kernels.run(
    'Ctc',
    {
      loss: output(targets.length),
      dLogits: gradient ? output(logits.length) : null,
      logits,
      target: Float32Array.from(targets.flat()),
      batch: targets.length,
      time,
      classes,
      labels,
      blank,
      zeroInfinity: Number(zeroInfinity),
      perLabel: Number(perLabel),
      workspace: output(ctcWorkspace(time, labels, gradient) / 4),
    },
    offset,
  );
  return { ...result, loss: result.outputs['loss']!, dLogits: result.outputs['dLogits'] };
}

const labelsOf = (target: readonly number[]) => target.slice(1).filter((label) => label >= 0);

const cases: [string, number, number, number[][], number][] = [
  ['one label', 1, 2, [[0, 1]], 0],
  ['no label', 4, 3, [[0, -1, -1]], 0],
  ['two different labels', 4, 3, [[0, 1, 2]], 0],
  ['two equal labels, which need a blank between', 4, 3, [[0, 2, 2]], 0],
  ['as many labels as frames', 3, 4, [[0, 1, 2, 3]], 0],
  ['another blank', 5, 3, [[0, 1, 0, 1]], 2],
  ['five classes and the last as blank', 4, 5, [[0, 1, 3]], 4],
  [
    'samples of different lengths',
    5,
    3,
    [
      [5, 1, 2, 1],
      [3, 2, -1, -1],
      [4, 1, 1, -1],
      [1, -1, -1, -1],
      [0, 1, 2, 2],
    ],
    0,
  ],
];

test.each(cases)('ctc: %s', (_, time, classes, targets, blank) => {
  checkOperation({
    inputs: [
      { shape: [targets.length, time, classes], low: -2, high: 2 },
      { shape: [targets.length, targets[0]!.length], data: targets.flat() },
    ],
    build: (graph, logits, target) => ctc(graph, logits!, target!, { blank, zeroInfinity: false, perLabel: false }),
    reference: (logits) =>
      targets.map((target, b) => {
        const frames = target[0] || time;
        const start = b * time * classes;
        return ctcLoss(logits!.subarray(start, start + frames * classes), classes, labelsOf(target), blank);
      }),
    withoutGradient: [1],
    tolerance: 2e-6,
    gradientTolerance: 2e-5,
    shape: [targets.length],
  });
});

test('ctc: without the gradient the losses have the same bits; at every offset', () => {
  const logits = randomFloats(3 * 7 * 6, 4, -3, 3);
  const targets = [
    [0, 1, 2, 5],
    [6, 3, 3, -1],
    [7, 4, -1, -1],
  ];
  const { loss, dLogits } = run(logits, [7, 6], targets);
  for (const offset of [0, 4, 8, 12]) {
    expect(run(logits, [7, 6], targets, { gradient: false, offset }).loss).toEqual(loss);
    expect(run(logits, [7, 6], targets, { offset }).dLogits).toEqual(dLogits);
  }
  // Behind a sample's own frames nothing has a gradient.
  expect(Array.from(dLogits!.slice(7 * 6 + 6 * 6, 2 * 7 * 6))).toEqual([0, 0, 0, 0, 0, 0]);
});

test('ctc: perLabel divides loss and gradient by the number of labels', () => {
  const logits = randomFloats(2 * 5 * 4, 4, -3, 3);
  const targets = [
    [0, 1, 2],
    [0, 3, -1],
  ];
  const plain = run(logits, [5, 4], targets);
  const divided = run(logits, [5, 4], targets, { perLabel: true });
  expect(divided.loss[0]).toBeCloseTo(plain.loss[0]! / 2, 6);
  expect(divided.loss[1]).toBe(plain.loss[1]);
  for (let i = 0; i < 20; i++) expect(divided.dLogits![i]).toBeCloseTo(plain.dLogits![i]! / 2, 6);
});

test('ctc: what cannot be spelled is infinite, or nothing where zeroInfinity says so', () => {
  const logits = randomFloats(2 * 2 * 3, 4, -3, 3);
  const targets = [
    [0, 1, 1],
    [0, 1, 2],
  ];
  const infinite = run(logits, [2, 3], targets);
  expect(infinite.loss[0]).toBe(Infinity);
  expect(infinite.dLogits!.slice(0, 6).every(Number.isNaN)).toBe(true);
  const zero = run(logits, [2, 3], targets, { zeroInfinity: true });
  expect(zero.loss[0]).toBe(0);
  expect(Array.from(zero.dLogits!.slice(0, 6))).toEqual([0, 0, 0, 0, 0, 0]);
  expect(zero.loss[1]).toBe(infinite.loss[1]);
  expect(zero.dLogits!.slice(6)).toEqual(infinite.dLogits!.slice(6));
});

/** α in float64, as the paper has it, in logarithms. */
function exactLoss(logits: ArrayLike<number>, classes: number, labels: number[]): number {
  const time = logits.length / classes;
  const states = [0, ...labels.flatMap((label) => [label, 0])];
  const add = (...values: number[]) => {
    const top = Math.max(...values);
    return top === -Infinity ? top : top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  };
  const emission = (t: number, k: number) => {
    const row = Array.from({ length: classes }, (_, c) => logits[t * classes + c]!);
    return row[k]! - add(...row);
  };
  let alpha = states.map((k, s) => (s < 2 ? emission(0, k) : -Infinity));
  for (let t = 1; t < time; t++)
    alpha = states.map((k, s) => {
      const skips = s > 1 && k !== 0 && k !== states[s - 2];
      return add(alpha[s]!, alpha[s - 1] ?? -Infinity, skips ? alpha[s - 2]! : -Infinity) + emission(t, k);
    });
  return -add(alpha.at(-1)!, alpha.at(-2) ?? -Infinity);
}

test('ctc: a thousand frames and a hundred labels lose no digits', () => {
  const [time, classes] = [1000, 30];
  const logits = randomFloats(time * classes, 6, -20, 20);
  const labels = Array.from({ length: 100 }, (_, i) => 1 + ((i * 7) % 29));
  const { loss, dLogits } = run(logits, [time, classes], [[0, ...labels]]);
  const exact = exactLoss(logits, classes, labels);
  expect(Math.abs(loss[0]! - exact) / exact).toBeLessThan(1e-6);
  // Softmax and posterior of each frame both sum to 1.
  for (let t = 0; t < time; t++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += dLogits![t * classes + k]!;
    expect(Math.abs(sum)).toBeLessThan(1e-5);
  }
  // One gradient, by the exact loss.
  const at = 500 * classes + labels[50]!;
  const moved = (by: number) =>
    exactLoss(
      Float64Array.from(logits, (value, i) => (i === at ? value + by : value)),
      classes,
      labels,
    );
  expect(Math.abs(dLogits![at]! - (moved(1e-4) - moved(-1e-4)) / 2e-4)).toBeLessThan(1e-5);
});

test('ctc: NaN goes through, an infinite logit rules a class out', () => {
  const logits = randomFloats(4 * 3, 2);
  logits[4] = Number.NaN;
  expect(run(logits, [4, 3], [[0, 1]]).loss[0]).toBeNaN();
  for (let t = 0; t < 4; t++) logits[t * 3 + 2] = -Infinity;
  logits[4] = 1;
  const { loss, dLogits } = run(logits, [4, 3], [[0, 1]]);
  expect(loss[0]).toBeGreaterThan(0);
  expect(dLogits!.every(Number.isFinite)).toBe(true);
  expect(run(logits, [4, 3], [[0, 2]]).loss[0]).toBe(Infinity);
});

test('ctc: a label that is no class, or the blank, stops the program', () => {
  const logits = randomFloats(12, 2);
  expect(run(logits, [4, 3], [[0, 3]]).finished).toBe(false);
  expect(run(logits, [4, 3], [[0, 0]]).finished).toBe(false);
  expect(run(logits, [4, 3], [[0, 2]]).finished).toBe(true);
});
