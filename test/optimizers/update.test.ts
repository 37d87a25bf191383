import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ReferenceOptimizer, type ReferenceOptions } from '../../reference/optimizers.ts';
import { UpdateKind } from '../../src/core/generated/instructions.ts';
import { cosineDecay, optimizerFromConfig } from '../../src/optimizers/index.ts';
import { scalarOrder } from '../../src/optimizers/scalars.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { KernelOptimizer, kindName } from '../helpers/optimizer.ts';

const kernels = await kernelRunner();
const tolerance = 2e-5;

const learningRate = 0.05;
const cases: [type: string, kind: string, options: Partial<ReferenceOptions>][] = [
  ['sgd', 'Sgd', { learningRate }],
  ['sgd', 'Sgd', { learningRate, weightDecay: 0.1 }],
  ['sgd', 'Momentum', { learningRate, momentum: 0.9 }],
  ['sgd', 'Momentum', { learningRate, momentum: 0.8, dampening: 0.3, weightDecay: 0.1 }],
  ['sgd', 'Nesterov', { learningRate, momentum: 0.9, nesterov: true }],
  ['sgd', 'Nesterov', { learningRate, momentum: 0.7, nesterov: true, weightDecay: 0.1 }],
  ['adam', 'Adam', { learningRate }],
  ['adam', 'Adam', { learningRate, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }],
  ['adam', 'AmsGrad', { learningRate, amsgrad: true }],
  ['adam', 'AmsGrad', { learningRate, amsgrad: true, beta2: 0.5, weightDecay: 0.1 }],
  ['adamW', 'Adam', { learningRate, weightDecay: 0.1 }],
  ['adamW', 'AmsGrad', { learningRate, amsgrad: true, beta2: 0.5, weightDecay: 0.2 }],
  ['nadam', 'Nadam', { learningRate }],
  ['nadam', 'Nadam', { learningRate, momentumDecay: 0.1, beta1: 0.8, weightDecay: 0.1 }],
  ['nadam', 'Nadam', { learningRate, weightDecay: 0.1, decoupledWeightDecay: true }],
  ['nadam', 'Nadam', { learningRate, legacyBiasCorrection: false }],
  ['radam', 'Radam', { learningRate }],
  ['radam', 'Radam', { learningRate, beta2: 0.9, weightDecay: 0.1 }],
  ['radam', 'Radam', { learningRate, weightDecay: 0.1, decoupledWeightDecay: true }],
  ['adamax', 'Adamax', { learningRate }],
  ['adamax', 'Adamax', { learningRate, beta1: 0.8, beta2: 0.5, epsilon: 1e-2, weightDecay: 0.1 }],
  ['rmsprop', 'RmsProp', { learningRate, rho: 0.99 }],
  ['rmsprop', 'RmsProp', { learningRate, rho: 0.9, momentum: 0.9, weightDecay: 0.1 }],
  ['rmsprop', 'RmsProp', { learningRate, rho: 0.9, centered: true, epsilon: 0.1 }],
  ['rmsprop', 'RmsProp', { learningRate, rho: 0.9, centered: true, momentum: 0.8, epsilon: 0.1, weightDecay: 0.1 }],
  ['adagrad', 'Adagrad', { learningRate, epsilon: 1e-10 }],
  ['adagrad', 'Adagrad', { learningRate, learningRateDecay: 0.1, initialAccumulator: 0.2, weightDecay: 0.1 }],
  ['adadelta', 'Adadelta', { learningRate: 1, epsilon: 1e-6 }],
  ['adadelta', 'Adadelta', { learningRate: 0.5, rho: 0.8, epsilon: 1e-4, weightDecay: 0.1 }],
  ['lion', 'Lion', { learningRate, beta2: 0.99 }],
  ['lion', 'Lion', { learningRate, beta1: 0.8, beta2: 0.9, weightDecay: 0.1 }],
];

const title = (type: string, options: object) =>
  `${type} ${JSON.stringify(options).replaceAll(/["{}]/g, '').replaceAll(',', ' ')}`;

/** The gradients of a step: away from 0, where a sign may turn on a rounding. */
const gradients = (n: number, step: number) =>
  randomFloats(n, 31 * n + step, -2, 2).map((g) => g + Math.sign(g) * 0.05);

test.each(cases.map((given) => [title(given[0], given[2]), ...given] as const))(
  'update: %s matches the reference at every length and offset',
  (_, type, kind, options) => {
    const optimizer = optimizerFromConfig(type, options);
    expect(kindName(optimizer.updateKind!)).toBe(kind);
    for (const [index, n] of awkwardLengths.entries()) {
      const initial = randomFloats(n, n + 1);
      const actual = new KernelOptimizer(kernels, optimizer, initial, 4 * (index % 4));
      const expected = new ReferenceOptimizer(type, options, initial);
      for (let step = 1; step <= 8; step++) {
        const scale = step % 3 === 0 ? 0.375 : 1;
        actual.update(gradients(n, step), scale);
        expected.update(gradients(n, step), scale);
        for (let i = 0; i < n; i++) {
          const wanted = expected.parameters[i]!;
          const error = Math.abs(actual.parameters[i]! - wanted) / Math.max(Math.abs(wanted), 0.1);
          expect(error, `n=${n} step=${step} element ${i}`).toBeLessThan(tolerance);
        }
      }
    }
  },
);

test('update: every kind of the instruction set is covered', () => {
  expect(new Set(cases.map(([, kind]) => kind))).toEqual(new Set(Object.keys(UpdateKind)));
});

test.each(cases.map((given) => [title(given[0], given[2]), ...given] as const))(
  'update: %s keeps a NaN gradient, and keeps it to its element',
  (_, type, _kind, options) => {
    const optimizer = optimizerFromConfig(type, options);
    const run = new KernelOptimizer(kernels, optimizer, randomFloats(11, 3));
    const poisoned = [1, 6, 9];
    run.update(
      gradients(11, 1).map((g, i) => (poisoned.includes(i) ? NaN : g)),
      0.5,
    );
    for (const values of [run.parameters, ...run.slots])
      values.forEach((value, i) => expect(Number.isNaN(value), `element ${i}`).toBe(poisoned.includes(i)));
    run.update(gradients(11, 2));
    run.parameters.forEach((value, i) => expect(Number.isNaN(value)).toBe(poisoned.includes(i)));
  },
);

test('update: lion does not move where momentum and gradient are 0', () => {
  const run = new KernelOptimizer(kernels, optimizerFromConfig('lion', { learningRate: 0.1 }), [1, 1, 1, 1, 1]);
  run.update(Float32Array.of(0, -0, 2, -3, 0));
  expect([...run.parameters]).toEqual([1, 1, Math.fround(0.9), Math.fround(1.1), 1]);
});

test('update: centred rmsprop stays finite where the variance is lost to rounding', () => {
  const optimizer = optimizerFromConfig('rmsprop', { centered: true, rho: 0.5, epsilon: 1e-3 });
  const run = new KernelOptimizer(kernels, optimizer, [1, 2, 3, 4, 5]);
  for (let step = 0; step < 60; step++) run.update(Float32Array.of(0.1, 0.3, 0.7, 1.1, 1.3));
  for (const value of run.parameters) expect(Number.isFinite(value)).toBe(true);
});

test('update: the gradient is left as it was', () => {
  const gradient = randomFloats(7, 5);
  const { outputs } = kernels.run('Update', {
    kind: UpdateKind.Sgd,
    parameter: output(7),
    gradient: output(7, gradient),
    slot0: null,
    slot1: null,
    slot2: null,
    n: 7,
    scalars: [0.1, 0.5, 1],
    scale: [0.25],
  });
  expect(outputs['gradient']).toEqual(gradient);
});

test('update: a schedule in place of a rate gives each step its own', () => {
  const learningRate = cosineDecay({ learningRate: 0.5, steps: 4, per: 'step' });
  const run = new KernelOptimizer(kernels, optimizerFromConfig('sgd', { learningRate }), [0]);
  const steps = Array.from({ length: 5 }, () => {
    const before = run.parameters[0]!;
    run.update(Float32Array.of(-1));
    return run.parameters[0]! - before;
  });
  [0.5, 0.4267767, 0.25, 0.0732233, 0].forEach((rate, i) => expect(steps[i]).toBeCloseTo(rate, 6));
});

test('update: training that stops and resumes ends in the same bits', () => {
  for (const [type, , options] of cases) {
    const whole = new KernelOptimizer(kernels, optimizerFromConfig(type, options), randomFloats(9, 1));
    for (let step = 1; step <= 6; step++) whole.update(gradients(9, step));
    let part = new KernelOptimizer(kernels, optimizerFromConfig(type, options), randomFloats(9, 1));
    for (let step = 1; step <= 3; step++) part.update(gradients(9, step));
    const saved = JSON.parse(JSON.stringify({ state: part.state, step: part.step }));
    const resumed = new KernelOptimizer(kernels, optimizerFromConfig(type, options), part.parameters);
    Object.assign(resumed, { slots: part.slots, state: saved.state, step: saved.step });
    part = resumed;
    for (let step = 4; step <= 6; step++) part.update(gradients(9, step));
    expect(part.parameters, type).toEqual(whole.parameters);
  }
});

test('update: the order of the scalars in update.ts is that of the host', () => {
  const source = readFileSync(new URL('../../assembly/optim/update.ts', import.meta.url), 'utf8');
  for (const [kind, order] of Object.entries(scalarOrder)) {
    const line = new RegExp(`^// {3}${kind} +(.+)$`, 'm').exec(source);
    expect(line?.[1]?.split(' '), kind).toEqual(order);
    expect(order.length).toBeLessThanOrEqual(12);
  }
});
