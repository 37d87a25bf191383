import { describe, expect, test } from 'vitest';
import { chooseVariant, engineFeatures, type CoreOptions } from '../../src/core/features.ts';
import { NeuriteError, UnsupportedEngineError } from '../../src/core/errors.ts';
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import { dense, sequential } from '../../src/index.ts';
import { variant } from '../helpers/kernel.ts';

const all = { webAssembly: true, simd: true, relaxedSimd: true };
const plain = { ...all, relaxedSimd: false };
const noSimd = { ...plain, simd: false };
const nothing = { webAssembly: false, simd: false, relaxedSimd: false };

const matrix: [CoreOptions, typeof all, string][] = [
  [{}, all, 'relaxed'],
  [{}, plain, 'simd'],
  [{ deterministic: false }, all, 'relaxed'],
  [{ deterministic: true }, all, 'simd'],
  [{ deterministic: true }, plain, 'simd'],
  [{ variant: 'simd' }, all, 'simd'],
  [{ variant: 'relaxed' }, all, 'relaxed'],
  [{ variant: 'debug' }, plain, 'debug'],
  [{ variant: 'simd', deterministic: true }, all, 'simd'],
  [{ variant: 'debug', deterministic: true }, all, 'debug'],
];

test.each(matrix)('chooseVariant: %j on an engine with %j is %s', (options, features, expected) => {
  expect(chooseVariant(options, features)).toBe(expected);
});

describe('chooseVariant refuses', () => {
  const refused: [string, CoreOptions, typeof all, new (...args: never[]) => Error, string][] = [
    [
      'an engine without WebAssembly',
      {},
      nothing,
      UnsupportedEngineError,
      'needs WebAssembly, which this engine does not have',
    ],
    [
      'an engine without SIMD',
      {},
      noSimd,
      UnsupportedEngineError,
      'fixed-width SIMD (v128), which this engine does not have',
    ],
    ['the plain build on an engine without SIMD', { variant: 'simd' }, noSimd, UnsupportedEngineError, 'v128'],
    [
      'the relaxed build on an engine without it',
      { variant: 'relaxed' },
      plain,
      UnsupportedEngineError,
      'relaxed SIMD',
    ],
    [
      'a relaxed deterministic build',
      { variant: 'relaxed', deterministic: true },
      all,
      RangeError,
      'deterministic: true needs',
    ],
    [
      'an unknown build',
      { variant: 'fast' as never },
      all,
      RangeError,
      'unknown variant "fast"; known: simd, relaxed, debug',
    ],
  ];
  test.each(refused)('%s, saying why', (_, options, features, kind, message) => {
    expect(() => chooseVariant(options, features)).toThrow(kind);
    expect(() => chooseVariant(options, features)).toThrow(message);
  });

  test('with an error of the library', () => {
    expect(new UnsupportedEngineError('x')).toBeInstanceOf(NeuriteError);
  });
});

test('engineFeatures: an engine that runs this test has SIMD', () => {
  expect(engineFeatures()).toMatchObject({ webAssembly: true, simd: true });
});

test('loadCore: the environment chooses, unless the caller does', async () => {
  expect((await loadCore()).variant).toBe(variant);
  expect((await loadCore({ deterministic: true })).variant).toBe('simd');
  expect((await loadCore({ variant: 'debug' })).variant).toBe('debug');
});

test('loadCore: a module is compiled once, instances have memories of their own', async () => {
  const core = await loadCore({ variant: 'simd' });
  expect((await loadCore({ variant: 'simd' })).module).toBe(core.module);
  const [a, b] = [new CoreInstance(core), new CoreInstance(core)];
  const address = a.memory.allocate(64);
  expect(b.memory.allocate(64)).toBe(address);
  a.memory.f32[address / 4] = 1;
  expect(b.memory.f32[address / 4]).toBe(0);
});

test('loadCore: what is refused is a rejection', async () => {
  await expect(loadCore({ variant: 'relaxed', deterministic: true })).rejects.toThrow(RangeError);
  const build = sequential([dense(1)], { inputShape: [1], variant: 'slow' as never });
  await expect(build).rejects.toThrow('unknown variant "slow"');
});

test('a model says which build it runs on', async () => {
  expect((await sequential([dense(1)], { inputShape: [1] })).variant).toBe(variant);
  expect((await sequential([dense(1)], { inputShape: [1], deterministic: true })).variant).toBe('simd');
});
