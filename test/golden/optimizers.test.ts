// PyTorch's optimizers over twelve steps of fixed gradients (optimizers.json), run through the Update kernel.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optimizerFromConfig } from '../../src/optimizers/index.ts';
import { kernelRunner } from '../helpers/kernel.ts';
import { KernelOptimizer } from '../helpers/optimizer.ts';

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StepsCase {
  readonly name: string;
  readonly config: Readonly<Record<string, number | boolean>>;
  readonly initial: Values;
  readonly grads: Values;
  readonly params: Values;
}

interface ClipCase {
  readonly name: 'clip_grad_norm';
  readonly config: { readonly max_norm: number };
  readonly grads: readonly Values[];
  readonly norm: number;
  readonly clipped: readonly Values[];
}

const file = JSON.parse(readFileSync(new URL('optimizers.json', import.meta.url), 'utf8'));
const cases = file.cases as (StepsCase | ClipCase)[];
const kernels = await kernelRunner();
const tolerance = 1e-5;

/** PyTorch's words for options, in ours. */
const optionNames: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  weight_decay: 'weightDecay',
};

const typeOf = (name: string) => (name === 'adamw' ? 'adamW' : name.split('_')[0]!);

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), 0.1);
}

const stepsCases = cases.filter((item): item is StepsCase => 'params' in item);

test('golden optimizers: all fourteen are here', () => {
  expect(stepsCases.map(({ name }) => name)).toHaveLength(14);
});

test.each(stepsCases)('golden optimizers: $name', ({ name, config, initial, grads, params }) => {
  const given = Object.entries(config).map(([key, value]) => [optionNames[key] ?? key, value]);
  const options = Object.fromEntries(given);
  const run = new KernelOptimizer(kernels, optimizerFromConfig(typeOf(name), options), initial.data);
  const [steps, n] = grads.shape as [number, number];
  for (let step = 0; step < steps; step++) {
    run.update(Float32Array.from(grads.data.slice(step * n, (step + 1) * n)));
    for (let i = 0; i < n; i++) {
      const error = relativeError(run.parameters[i]!, params.data[step * n + i]!);
      expect(error, `step ${step} element ${i}`).toBeLessThan(tolerance);
    }
  }
});

test('golden optimizers: clip_grad_norm through the scale operand', () => {
  const { config, grads, norm, clipped } = cases.find((item): item is ClipCase => item.name === 'clip_grad_norm')!;
  const squares = grads.flatMap(({ data }) => data.map((g) => g * g));
  const length = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  expect(relativeError(length, norm)).toBeLessThan(tolerance);
  const scale = Math.min(1, config.max_norm / (length + 1e-6));
  grads.forEach(({ data }, index) => {
    const run = new KernelOptimizer(
      kernels,
      optimizerFromConfig('sgd', { learningRate: 1 }),
      data.map(() => 0),
    );
    run.update(Float32Array.from(data), scale);
    run.parameters.forEach((value, i) =>
      expect(Math.abs(-value / clipped[index]!.data[i]! - 1)).toBeLessThan(tolerance),
    );
  });
});
