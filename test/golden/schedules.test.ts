// PyTorch's learning-rate schedules (schedules.json): the rate before each of thirty steps.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  followsMetric,
  linearWarmup,
  multiStep,
  onPlateau,
  oneCycle,
  stepDecay,
  type Schedule,
} from '../../src/optimizers/index.ts';

interface Case {
  readonly name: string;
  readonly base_lr: number;
  readonly config: Readonly<Record<string, number & readonly number[]>>;
  readonly lr: readonly number[];
  readonly metric?: readonly number[];
}

const { cases } = JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

/** Each case in our words. */
const builders: Readonly<Record<string, (learningRate: number, config: Case['config']) => Schedule>> = {
  step: (learningRate, c) => stepDecay({ learningRate, stepSize: c['step_size']!, gamma: c['gamma']! }),
  multi_step: (learningRate, c) => multiStep({ learningRate, milestones: c['milestones']!, gamma: c['gamma']! }),
  exponential: (learningRate, c) => exponentialDecay({ learningRate, gamma: c['gamma']! }),
  cosine: (learningRate, c) =>
    cosineDecay({ learningRate, steps: c['T_max']!, minimum: c['eta_min']!, rebound: true, per: 'step' }),
  cosine_warm_restarts: (learningRate, c) =>
    cosineRestarts({ learningRate, steps: c['T_0']!, multiplier: c['T_mult']! }),
  linear_warmup: (learningRate, c) =>
    linearWarmup({ learningRate, steps: c['total_iters']!, startFactor: c['start_factor']! }),
  one_cycle: (_, c) =>
    oneCycle({
      maximum: c['max_lr']!,
      steps: c['total_steps']!,
      warmupFraction: c['pct_start']!,
      divFactor: c['div_factor']!,
      finalDivFactor: c['final_div_factor']!,
    }),
  reduce_on_plateau: (learningRate, c) =>
    onPlateau({ learningRate, factor: c['factor']!, patience: c['patience']!, threshold: c['threshold']! }),
};

/** PyTorch's cosine is recursive: each of its rates carries the rounding of those before it. */
const tolerance = (name: string) => (name === 'cosine' ? 1e-6 : 1e-9);

test('golden schedules: all eight are here', () => {
  expect(cases.map(({ name }) => name)).toEqual(Object.keys(builders));
});

test.each(cases)('golden schedules: $name', ({ name, base_lr, config, lr, metric }) => {
  const schedule = builders[name]!(base_lr, config);
  let state = followsMetric(schedule) ? schedule.initialState() : undefined;
  lr.forEach((expected, index) => {
    const rate = schedule.rate(index, state);
    expect(Math.abs(rate / expected - 1), `index ${index}: ${rate}, expected ${expected}`).toBeLessThan(
      tolerance(name),
    );
    if (followsMetric(schedule)) state = schedule.observe(metric![index]!, state!);
  });
});
