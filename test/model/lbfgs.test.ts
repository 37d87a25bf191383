// L-BFGS: its line search by the conditions that it promises, its direction against the matrix that it stands for, and
// training with it against the exact solution.
import { describe, expect, test } from 'vitest';
import { dense, lbfgs, loadModel, network, sequential } from '../../src/index.ts';
import { quasiNewtonDirection } from '../../src/optimizers/lbfgs.ts';
import { cubicMinimum, strongWolfe } from '../../src/optimizers/line-search.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

describe('the line search', () => {
  const functions: [string, (t: number) => [number, number]][] = [
    ['a parabola', (t) => [(t - 3) ** 2, 2 * (t - 3)]],
    ['a far minimum', (t) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2]],
    ['a narrow valley', (t) => [(t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3]],
    ['a wall', (t) => [Math.exp(5 * t) - 20 * t, 5 * Math.exp(5 * t) - 20]],
    ['a wave', (t) => [Math.sin(3 * t) - t, 3 * Math.cos(3 * t) - 1].map((value) => value * -1) as [number, number]],
    ['a loss that overflows', (t) => (t > 1 ? [Infinity, 0] : [(t - 0.5) ** 2, 2 * (t - 0.5)])],
  ];
  test.each(functions.flatMap(([name, f]) => [0.01, 1, 30].map((first) => [name, first, f] as const)))(
    '%s from %f: the strong Wolfe conditions hold',
    (name, first, f) => {
      const at = (t: number) => ({ t, loss: f(t)[0], slope: f(t)[1], gradient: null });
      const origin = at(0);
      if (origin.slope >= 0) return expect(name).toBe('a wave');
      const found = strongWolfe(origin, first, at, { trials: 25, tolerance: 1e-9, size: 1 });
      expect(found.loss).toBeLessThanOrEqual(origin.loss + 1e-4 * found.t * origin.slope);
      return expect(Math.abs(found.slope)).toBeLessThanOrEqual(-0.9 * origin.slope);
    },
  );

  test('the minimum of a cubic is found at once, from both sides', () => {
    const cubic = (t: number) => ({ t, loss: t ** 3 - 3 * t, slope: 3 * t * t - 3, gradient: null });
    expect(cubicMinimum(cubic(0), cubic(3))).toBeCloseTo(1, 12);
    expect(cubicMinimum(cubic(3), cubic(0))).toBeCloseTo(1, 12);
    expect(cubicMinimum(cubic(0), cubic(3), 0, 0.5)).toBe(0.5);
  });
});

test('the direction is that of the dense inverse Hessian of BFGS', () => {
  const n = 5;
  const steps = [1, 2, 3].map((seed) => randomFloats(n, seed));
  const changes = steps.map((step, i) => randomFloats(n, 10 + i, -0.2, 0.2).map((noise, j) => 2 * step[j]! + noise));
  const gradient = randomFloats(n, 20);
  // H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ
  let h: number[][] = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? 0.7 : 0)));
  steps.forEach((s, k) => {
    const y = changes[k]!;
    const rho = 1 / s.reduce((sum, value, i) => sum + value * y[i]!, 0);
    const left = (i: number, j: number) => Number(i === j) - rho * s[i]! * y[j]!;
    const before = h;
    h = before.map((row, i) =>
      row.map((_, j) => {
        let sum = rho * s[i]! * s[j]!;
        for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) sum += left(i, a) * before[a]![b]! * left(j, b);
        return sum;
      }),
    );
  });
  const out = new Float32Array(n);
  quasiNewtonDirection(out, gradient, steps, changes, 0.7);
  expectClose(
    out,
    h.map((row) => -row.reduce((sum, value, j) => sum + value * gradient[j]!, 0)),
    1e-5,
    'direction',
  );
});

describe('training', () => {
  test('a linear regression is solved to the least squares', async () => {
    const inputs = randomTensor([40, 3], 1);
    const weights = [2, -1, 0.5];
    const targets = Array.from({ length: 40 }, (_, i) => [
      weights.reduce((sum, w, j) => sum + w * inputs.data[3 * i + j]!, 0.25),
    ]);
    const model = await sequential([dense(1)], { inputShape: [3], seed: 1 });
    const { history } = await model.fit({ inputs, targets }, { loss: 'mse', optimizer: lbfgs(), epochs: 2 });
    expect(history['loss']!.at(-1)).toBeLessThan(1e-9);
    expectClose(model.getWeights()['layers.0.kernel']!.data, weights, 1e-4, 'kernel');
    expectClose(model.getWeights()['layers.0.bias']!.data, [0.25], 1e-3, 'bias');
  });

  test('it goes further in a few steps than Adam in many', async () => {
    const data = { inputs: randomTensor([30, 2], 1), targets: randomTensor([30, 1], 2) };
    const make = () => network({ type: 'mlp', inputShape: [2], layers: [8], activation: 'tanh', outputs: 1, seed: 3 });
    const [a, b] = [await make(), await make()];
    await a.fit(data, { optimizer: 'lbfgs', epochs: 10 });
    await b.fit(data, { optimizer: 'adam', epochs: 200, batchSize: 30 });
    expect(a.evaluate(data).loss).toBeLessThan(b.evaluate(data).loss);
  });

  test('the loss never rises, and is that of the weights that the model has', async () => {
    const data = { inputs: randomTensor([30, 2], 1), targets: randomTensor([30, 1], 2) };
    const model = await network({ type: 'mlp', inputShape: [2], layers: [8], outputs: 1, seed: 3 });
    const { history } = await model.fit(data, { optimizer: lbfgs({ maxIterations: 3, historySize: 2 }), epochs: 8 });
    const losses = history['loss']!;
    losses.slice(1).forEach((loss, i) => expect(loss).toBeLessThanOrEqual(losses[i]!));
    expect(model.evaluate(data).loss).toBeCloseTo(losses.at(-1)!, 6);
  });

  test('ten steps are five, a file, and five more', async () => {
    const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 2], 2) };
    const make = () => sequential([dense(5, { activation: 'tanh' }), dense(2)], { inputShape: [3], seed: 5 });
    const optimizer = lbfgs({ maxIterations: 2, historySize: 4 });
    const [whole, half] = [await make(), await make()];
    await whole.fit(data, { loss: 'mse', optimizer, epochs: 10 });
    await half.fit(data, { loss: 'mse', optimizer, epochs: 5 });
    const resumed = await loadModel(half.toBytes({ optimizer: true }));
    await resumed.fit(data, { epochs: 5 });
    expect(bitsOf(resumed)).toEqual(bitsOf(whole));
    expect(resumed.toBytes({ optimizer: true })).toEqual(whole.toBytes({ optimizer: true }));
  });

  test('what is frozen stays', async () => {
    const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 2], 2) };
    const layers = [dense(5, { activation: 'tanh', trainable: false }), dense(2)];
    const model = await sequential(layers, { inputShape: [3], seed: 5 });
    const before = model.getWeights();
    const { history } = await model.fit(data, { loss: 'mse', optimizer: 'lbfgs', epochs: 2 });
    expect(history['loss']![1]).toBeLessThanOrEqual(history['loss']![0]!);
    expect(model.getWeights()['layers.0.kernel']).toEqual(before['layers.0.kernel']);
  });

  test('batches, accumulation and single gradients are refused', async () => {
    const data = { inputs: randomTensor([21, 3], 1), targets: randomTensor([21, 1], 2) };
    const model = await sequential([dense(1)], { inputShape: [3], seed: 5 });
    const options = { loss: 'mse', optimizer: 'lbfgs' } as const;
    const message = 'model.fit: lbfgs takes all 21 samples as one batch';
    await expect(model.fit(data, { ...options, batchSize: 8 })).rejects.toThrow(message);
    await expect(model.fit(data, { ...options, accumulate: 2 })).rejects.toThrow(message);
    expect(() => model.applyGradients({ 'layers.0.bias': [1] }, 'lbfgs')).toThrow('use it with fit');
  });
});
