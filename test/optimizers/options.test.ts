import { expect, test } from 'vitest';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  cosineDecay,
  lion,
  nadam,
  optimizerFromConfig,
  optimizerNames,
  radam,
  resolveOptimizer,
  rmsprop,
  sgd,
  type Optimizer,
} from '../../src/optimizers/index.ts';

const slots = (optimizer: Optimizer) => optimizer.slots.map(({ name }) => name);

test('optimizers: the defaults are those of PyTorch', () => {
  const moments = { weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  expect(sgd().config).toEqual({ learningRate: 1e-3, momentum: 0, nesterov: false, dampening: 0, weightDecay: 0 });
  expect(adam().config).toEqual({ ...moments, learningRate: 1e-3, amsgrad: false });
  expect(adamW().config).toEqual({ ...moments, learningRate: 1e-3, weightDecay: 1e-2, amsgrad: false });
  expect(nadam().config).toEqual({
    ...moments,
    learningRate: 2e-3,
    momentumDecay: 4e-3,
    decoupledWeightDecay: false,
    legacyBiasCorrection: true,
  });
  expect(radam().config).toEqual({ ...moments, learningRate: 1e-3, decoupledWeightDecay: false });
  expect(adamax().config).toEqual({ ...moments, learningRate: 2e-3 });
  expect(rmsprop().config).toEqual({
    learningRate: 1e-2,
    rho: 0.99,
    momentum: 0,
    centered: false,
    epsilon: 1e-8,
    weightDecay: 0,
  });
  expect(adagrad().config).toEqual({
    learningRate: 1e-2,
    learningRateDecay: 0,
    initialAccumulator: 0,
    epsilon: 1e-10,
    weightDecay: 0,
  });
  expect(adadelta().config).toEqual({ learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 });
  expect(lion().config).toEqual({ learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 });
});

test('optimizers: at most three slots, named', () => {
  expect(slots(sgd())).toEqual([]);
  expect(slots(sgd({ momentum: 0.9 }))).toEqual(['momentum']);
  expect(slots(adam())).toEqual(['m', 'v']);
  expect(slots(adam({ amsgrad: true }))).toEqual(['m', 'v', 'vMaximum']);
  expect(slots(rmsprop({ centered: true, momentum: 0.9 }))).toEqual(['v', 'mean', 'momentum']);
  expect(slots(rmsprop({ momentum: 0.9 }))).toEqual(['v', 'momentum']);
  expect(adagrad({ initialAccumulator: 0.1 }).slots).toEqual([{ name: 'sum', initial: 0.1 }]);
});

test.each(optimizerNames)('optimizers: %s is rebuilt from its JSON', (type) => {
  // A line search has no use for clipping or decay.
  const clipping = type === 'lbfgs' ? {} : { clipValue: 2, clipNorm: 5, weightDecay: 0.5 };
  const options = { learningRate: 0.25, ...clipping };
  const optimizer = optimizerFromConfig(type, options);
  const rebuilt = optimizerFromConfig(optimizer.type, JSON.parse(JSON.stringify(optimizer.config)));
  expect(rebuilt.type).toBe(type);
  expect(rebuilt.config).toEqual(optimizer.config);
  expect([rebuilt.learningRate, rebuilt.clipValue, rebuilt.clipNorm]).toEqual([
    0.25,
    clipping.clipValue,
    clipping.clipNorm,
  ]);
  expect([rebuilt.updateKind, rebuilt.slots]).toEqual([optimizer.updateKind, optimizer.slots]);
});

test('optimizers: a schedule is saved with the optimizer and rebuilt with it', () => {
  const optimizer = adam({ learningRate: cosineDecay({ learningRate: 0.1, steps: 10, per: 'step' }) });
  expect(optimizer.config['learningRate']).toMatchObject({ type: 'cosineDecay', config: { steps: 10, per: 'step' } });
  const rebuilt = adam(JSON.parse(JSON.stringify(optimizer.config)));
  const rate = rebuilt.learningRate;
  if (typeof rate === 'number') expect.fail('expected a schedule');
  expect(rate.rate(5)).toBe(0.05);
});

test('optimizers: without clipping there are no clip properties', () => {
  expect(adam()).not.toHaveProperty('clipNorm');
  expect(adam()).not.toHaveProperty('clipValue');
});

test('resolveOptimizer: takes a name or an optimizer', () => {
  const optimizer = adam({ learningRate: 0.5 });
  expect(resolveOptimizer(optimizer)).toBe(optimizer);
  expect(resolveOptimizer('adamW').config).toEqual(adamW().config);
  expect(() => resolveOptimizer('adm')).toThrow(
    new RangeError(
      'unknown optimizer "adm"; did you mean "adam"? known: sgd, adam, adamW, nadam, radam, adamax, rmsprop, adagrad, adadelta, lion, adafactor, lamb, muon, lbfgs',
    ),
  );
  expect(() => resolveOptimizer('toString')).toThrow(RangeError);
  expect(() => resolveOptimizer(3 as never)).toThrow(
    new TypeError('optimizer: expected a name or an optimizer, got 3'),
  );
  expect(() => resolveOptimizer(null as never)).toThrow(TypeError);
});

test.each<[() => unknown, Error]>([
  [() => adam({ beta1: 1.2 }), new RangeError('adam: expected beta1 in [0, 1), got 1.2')],
  [() => adam({ beta2: 1 }), new RangeError('adam: expected beta2 in [0, 1), got 1')],
  [() => adam({ learningRate: 0 }), new RangeError('adam: expected learningRate > 0 and finite, got 0')],
  [() => adam({ learningRate: Infinity }), new RangeError('adam: expected learningRate > 0 and finite, got Infinity')],
  [() => adam({ learningRate: NaN }), new RangeError('adam: expected learningRate > 0 and finite, got NaN')],
  [() => adam({ epsilon: 0 }), new RangeError('adam: expected epsilon > 0 and finite, got 0')],
  [() => adam({ weightDecay: -1 }), new RangeError('adam: expected weightDecay ≥ 0 and finite, got -1')],
  [() => adam({ clipNorm: 0 }), new RangeError('adam: expected clipNorm > 0 and finite, got 0')],
  [() => lion({ clipValue: -2 }), new RangeError('lion: expected clipValue > 0 and finite, got -2')],
  [() => sgd({ momentum: 1 }), new RangeError('sgd: expected momentum in [0, 1), got 1')],
  [() => rmsprop({ rho: -0.1 }), new RangeError('rmsprop: expected rho in [0, 1), got -0.1')],
  [
    () => adam({ learningrate: 1 } as never),
    new RangeError(
      'adam: unknown option "learningrate"; did you mean "learningRate"? known: learningRate, clipValue, clipNorm, groups, weightDecay, beta1, beta2, epsilon, amsgrad',
    ),
  ],
  [() => adam({ beta1: '0.9' as never }), new TypeError('adam: expected beta1 to be a number, got "0.9"')],
  [() => adam({ beta1: null as never }), new TypeError('adam: expected beta1 to be a number, got null')],
  [() => adam({ amsgrad: 1 as never }), new TypeError('adam: expected amsgrad to be a boolean, got 1')],
  [
    () => adam({ learningRate: 'fast' as never }),
    new TypeError('adam: expected learningRate to be a number or a schedule, got "fast"'),
  ],
  [() => adam('fast' as never), new TypeError('adam: expected options as an object, got "fast"')],
  [() => adam(null as never), new TypeError('adam: expected options as an object, got null')],
  [
    () => sgd({ nesterov: true }),
    new RangeError('sgd: expected momentum > 0 and dampening 0 with nesterov, got momentum 0 and dampening 0'),
  ],
])('optimizers: bad options are refused (%#)', (build, error) => {
  expect(build).toThrow(error);
});

test('optimizers: an option that is undefined is one left out', () => {
  expect(adam({ beta1: undefined as never, clipNorm: undefined as never }).config).toEqual(adam().config);
});

test('scalars: refuse a step that is none', () => {
  const optimizer = adam();
  for (const step of [0, 1.5, NaN])
    expect(() => optimizer.scalars(step, 0.1, {}, new Float32Array(9))).toThrow(
      new RangeError(`adam: expected a step ≥ 1, got ${step}`),
    );
});

test('scalars: exactly scalarCount are written, whatever was asked before', () => {
  for (const type of optimizerNames) {
    const optimizer = optimizerFromConfig(type, {});
    const state = optimizer.initialState();
    const write = (step: number) => {
      const out = new Float32Array(13).fill(-7);
      optimizer.scalars(step, 0.1, state, out);
      return out;
    };
    const first = write(3);
    write(9);
    expect(write(3), type).toEqual(first);
    expect([...first.subarray(optimizer.scalarCount)].every((value) => value === -7)).toBe(true);
    expect([...first.subarray(0, optimizer.scalarCount)].some((value) => value === -7)).toBe(false);
  }
});
