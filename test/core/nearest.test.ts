import { expect, test } from 'vitest';
import { nearest, unknownName } from '../../src/core/nearest.ts';

const known = ['relu', 'relu6', 'sigmoid', 'tanh', 'crossEntropy', 'silu'];

test('nearest: finds a name with letters swapped, missing, added or in another case', () => {
  expect(nearest('rleu', known)).toBe('relu');
  expect(nearest('sigmod', known)).toBe('sigmoid');
  expect(nearest('tannh', known)).toBe('tanh');
  expect(nearest('CROSSENTROPY', known)).toBe('crossEntropy');
  expect(nearest('cross_entropy', known)).toBe('crossEntropy');
});

test('nearest: prefers the name that is right', () => {
  expect(nearest('relu6', known)).toBe('relu6');
  expect(nearest('ReLU', known)).toBe('relu');
});

test('nearest: knows nothing near to nonsense, to the empty name or among no names', () => {
  expect(nearest('convolution', known)).toBeUndefined();
  expect(nearest('', known)).toBeUndefined();
  expect(nearest('x', ['y'])).toBeUndefined();
  expect(nearest('relu', [])).toBeUndefined();
});

test('unknownName: says what was meant and lists what is known', () => {
  const error = unknownName('activation', 'rleu', known);
  expect(error).toBeInstanceOf(RangeError);
  expect(error.message).toBe(
    'unknown activation "rleu"; did you mean "relu"? known: relu, relu6, sigmoid, tanh, crossEntropy, silu',
  );
});

test('unknownName: only lists what is known where nothing is near, and takes what is no string', () => {
  expect(unknownName('loss', 'convolution', ['mse']).message).toBe('unknown loss "convolution"; known: mse');
  expect(unknownName('loss', 7, ['mse']).message).toBe('unknown loss "7"; known: mse');
});
