import { expect, test } from 'vitest';
import {
  chain,
  constant,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  followsMetric,
  inverseTimeDecay,
  linearWarmup,
  multiStep,
  onPlateau,
  oneCycle,
  polynomialDecay,
  scheduleFromConfig,
  scheduleNames,
  stepDecay,
  type Schedule,
} from '../../src/optimizers/index.ts';

const learningRate = 0.1;

const samples: readonly Schedule[] = [
  constant({ learningRate, per: 'step' }),
  stepDecay({ learningRate, stepSize: 7, gamma: 0.5 }),
  multiStep({ learningRate, milestones: [2, 5] }),
  exponentialDecay({ learningRate, gamma: 0.5, steps: 3 }),
  polynomialDecay({ learningRate, steps: 10, minimum: 0.01, power: 1.5 }),
  inverseTimeDecay({ learningRate, decayRate: 0.5, steps: 2 }),
  cosineDecay({ learningRate, steps: 25, minimum: 1e-3, per: 'step' }),
  cosineRestarts({ learningRate, steps: 3, multiplier: 2 }),
  oneCycle({ maximum: 0.5, steps: 20, anneal: 'linear' }),
  linearWarmup({ learningRate, steps: 8, startFactor: 0 }),
  onPlateau({ learningRate, factor: 0.5, patience: 0, monitor: 'accuracy', mode: 'max' }),
  chain({
    schedules: [linearWarmup({ learningRate, steps: 4 }), cosineDecay({ learningRate, steps: 10 })],
    milestones: [4],
  }),
];

const rates = (schedule: Schedule, count: number) => Array.from({ length: count }, (_, i) => schedule.rate(i));

function expectRates(schedule: Schedule, expected: readonly number[]): void {
  rates(schedule, expected.length).forEach((rate, i) => expect(rate, `index ${i}`).toBeCloseTo(expected[i]!, 14));
}

test('schedules: every known name has a sample here', () => {
  expect(samples.map(({ type }) => type)).toEqual(scheduleNames);
});

test.each(samples.map((schedule) => [schedule.type, schedule] as const))(
  'schedules: %s is rebuilt from its JSON with the same bits',
  (type, schedule) => {
    const config = JSON.parse(JSON.stringify(schedule.config));
    const rebuilt = scheduleFromConfig(type, config);
    expect(rebuilt.config).toEqual(schedule.config);
    expect(rebuilt.unit).toBe(schedule.unit);
    expect(rates(rebuilt, 40)).toEqual(rates(schedule, 40));
  },
);

test('schedules: count epochs unless told otherwise', () => {
  expect(constant({ learningRate }).unit).toBe('epoch');
  expect(constant({ learningRate, per: 'step' }).unit).toBe('step');
});

test('polynomialDecay: a straight line by default, then level', () => {
  expectRates(polynomialDecay({ learningRate: 1, steps: 4 }), [1, 0.75, 0.5, 0.25, 0, 0]);
  expectRates(polynomialDecay({ learningRate: 1, steps: 2, minimum: 0.2, power: 2 }), [1, 0.4, 0.2, 0.2]);
});

test('inverseTimeDecay: the rate over 1 plus the time, in stairs when asked', () => {
  expectRates(inverseTimeDecay({ learningRate: 1, decayRate: 1 }), [1, 1 / 2, 1 / 3, 1 / 4]);
  expectRates(inverseTimeDecay({ learningRate: 1, decayRate: 1, steps: 2, staircase: true }), [1, 1, 1 / 2, 1 / 2]);
});

test('exponentialDecay: a fraction of the decay at a fraction of its steps, in stairs when asked', () => {
  expectRates(exponentialDecay({ learningRate: 1, gamma: 0.25, steps: 2 }), [1, 0.5, 0.25, 0.125]);
  expectRates(exponentialDecay({ learningRate: 1, gamma: 0.25, steps: 2, staircase: true }), [1, 1, 0.25, 0.25]);
});

test('cosineDecay: stays at its minimum, and climbs again only when asked', () => {
  const fall = [1, 0.5, 0];
  expectRates(cosineDecay({ learningRate: 1, steps: 2 }), [...fall, 0, 0]);
  expectRates(cosineDecay({ learningRate: 1, steps: 2, rebound: true }), [...fall, 0.5, 1, 0.5, 0]);
});

test('cosineRestarts: falls of one length, or of growing ones', () => {
  expectRates(cosineRestarts({ learningRate: 1, steps: 2 }), [1, 0.5, 1, 0.5, 1]);
  const growing = cosineRestarts({ learningRate: 1, steps: 1, multiplier: 2 });
  expect([0, 1, 3, 7, 15].map((i) => growing.rate(i))).toEqual([1, 1, 1, 1, 1]);
  expect(growing.rate(5)).toBeCloseTo(0.5, 14);
});

test('oneCycle: rises, falls, stays; without a rise it only falls', () => {
  const lines = oneCycle({
    maximum: 1,
    steps: 10,
    warmupFraction: 0.5,
    divFactor: 10,
    finalDivFactor: 10,
    anneal: 'linear',
  });
  expectRates(lines, [0.1, 0.325, 0.55, 0.775, 1, 0.802, 0.604, 0.406, 0.208, 0.01, 0.01, 0.01]);
  const fall = oneCycle({ maximum: 1, steps: 3, warmupFraction: 0, divFactor: 2, finalDivFactor: 5, anneal: 'linear' });
  expectRates(fall, [1, 0.55, 0.1, 0.1]);
  expect(oneCycle({ maximum: 1, steps: 1 }).rate(0)).toBeCloseTo(1 / 25 / 1e4, 14);
});

test('linearWarmup: from a third of the rate by default', () => {
  expectRates(linearWarmup({ learningRate: 3, steps: 2 }), [1, 2, 3, 3]);
});

test('chain: each schedule counts from its own beginning', () => {
  const schedule = chain({
    schedules: [
      linearWarmup({ learningRate: 1, steps: 2, startFactor: 0 }),
      constant({ learningRate: 1 }),
      stepDecay({ learningRate: 1, stepSize: 2, gamma: 0.5 }),
    ],
    milestones: [2, 4],
  });
  expectRates(schedule, [0, 0.5, 1, 1, 1, 1, 0.5, 0.5, 0.25]);
  expectRates(chain({ schedules: [constant({ learningRate: 2 })], milestones: [] }), [2, 2]);
});

test('chain: refuses what does not fit together', () => {
  const first = constant({ learningRate });
  const perStep = constant({ learningRate, per: 'step' });
  const plateau = onPlateau({ learningRate });
  expect(() => chain({ schedules: [first, first], milestones: [] })).toThrow(
    'chain: expected 1 milestones for 2 schedules, got 0',
  );
  expect(() => chain({ schedules: [first, perStep], milestones: [3] })).toThrow(
    'chain: expected schedules per epoch, got constant per step',
  );
  expect(() => chain({ schedules: [first, plateau], milestones: [3] })).toThrow(
    'chain: onPlateau follows a metric and cannot be chained',
  );
  expect(() => chain({ schedules: [], milestones: [] })).toThrow('chain: expected schedules to have at least one');
  expect(() => chain({ schedules: [first, first], milestones: [3, 2] })).toThrow(
    'chain: expected milestones to be increasing integers ≥ 1, got [3,2]',
  );
});

/** The rates after each metric. */
function plateauRates(schedule: ReturnType<typeof onPlateau>, metrics: readonly number[]): number[] {
  let state = schedule.initialState();
  return metrics.map((metric) => {
    state = JSON.parse(JSON.stringify(schedule.observe(metric, state)));
    return schedule.rate(1, state);
  });
}

test('onPlateau: falls after more epochs without improvement than patience allows', () => {
  const schedule = onPlateau({ learningRate: 1, factor: 0.5, patience: 1 });
  expect(plateauRates(schedule, [3, 2, 2, 2, 2, 2])).toEqual([1, 1, 1, 0.5, 0.5, 0.25]);
});

test('onPlateau: more is better when the mode says so, and a threshold may be an amount', () => {
  const high = onPlateau({ learningRate: 1, factor: 0.5, patience: 0, mode: 'max' });
  expect(plateauRates(high, [0.5, 0.6, 0.6, 0.7])).toEqual([1, 1, 0.5, 0.5]);
  const amount = { learningRate: 1, factor: 0.5, patience: 0, threshold: 0.5, thresholdMode: 'absolute' } as const;
  expect(plateauRates(onPlateau(amount), [10, 9.6, 9.4])).toEqual([1, 0.5, 0.5]);
  expect(plateauRates(onPlateau({ ...amount, mode: 'max' }), [1, 1.4, 1.6])).toEqual([1, 0.5, 0.5]);
});

test('onPlateau: waits out its cooldown, and never falls below its minimum', () => {
  const cool = onPlateau({ learningRate: 1, factor: 0.5, patience: 0, cooldown: 2 });
  expect(plateauRates(cool, [1, 1, 1, 1, 1])).toEqual([1, 0.5, 0.5, 0.5, 0.25]);
  const floor = onPlateau({ learningRate: 1, factor: 0.1, patience: 0, minimum: 0.2 });
  expect(plateauRates(floor, [1, 1, 1])).toEqual([1, 0.2, 0.2]);
});

test('onPlateau: NaN is no improvement, and the first number after it is', () => {
  const schedule = onPlateau({ learningRate: 1, factor: 0.5, patience: 0 });
  expect(plateauRates(schedule, [NaN, 5, 4])).toEqual([0.5, 0.5, 0.5]);
});

test('onPlateau: is the only one that follows a metric, and leaves the state it is given alone', () => {
  expect(samples.filter(followsMetric).map(({ type }) => type)).toEqual(['onPlateau']);
  const schedule = onPlateau({ learningRate: 1, monitor: 'accuracy' });
  const state = schedule.initialState();
  schedule.observe(3, state);
  expect(state).toEqual(schedule.initialState());
  expect(schedule.monitor).toBe('accuracy');
});

test('schedules: refuse bad options by name', () => {
  expect(() => cosineDecay({ learningRate: 0, steps: 3 })).toThrow(
    new RangeError('cosineDecay: expected learningRate > 0 and finite, got 0'),
  );
  expect(() => cosineDecay({ learningRate, steps: 2.5 })).toThrow(
    new RangeError('cosineDecay: expected steps to be an integer ≥ 1, got 2.5'),
  );
  expect(() => stepDecay({ learningRate } as never)).toThrow(
    new TypeError('stepDecay: expected stepSize to be a number, got undefined'),
  );
  expect(() => stepDecay({ learningRate, stepsize: 3 } as never)).toThrow(
    'stepDecay: unknown option "stepsize"; did you mean "stepSize"? known: learningRate, stepSize, gamma, per',
  );
  expect(() => constant({ learningRate, per: 'week' as never })).toThrow(
    new RangeError('constant: expected per to be one of epoch, step, got "week"'),
  );
  expect(() => constant({ learningRate }).rate(-1)).toThrow(
    new RangeError('constant: expected an index that is an integer ≥ 0, got -1'),
  );
  expect(() => scheduleFromConfig('cosinedecay', {})).toThrow(
    'unknown schedule "cosinedecay"; did you mean "cosineDecay"?',
  );
});
