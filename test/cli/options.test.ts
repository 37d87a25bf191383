// The values that options take, and what is said of those they refuse.
import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { layerList, nameOf, numberFromZero, positiveNumber, rate, testSize, wholeFrom } from '../../src/cli/options.ts';

const optimizer = nameOf('optimizer', ['sgd', 'adam']);

describe('values of options', () => {
  test.each<[(text: string) => unknown, string, unknown]>([
    [wholeFrom(1), '30', 30],
    [wholeFrom(0), '0', 0],
    [positiveNumber, '1e-3', 0.001],
    [numberFromZero, '0', 0],
    [rate, '0.5', 0.5],
    [testSize, '0.2', 0.2],
    [testSize, '360', 360],
    [layerList, '64', [64]],
    [layerList, '128,64,32', [128, 64, 32]],
    [layerList, 'none', []],
    [optimizer, 'adam', 'adam'],
  ])('%o takes %j', (parse, text, value) => {
    expect(parse(text)).toEqual(value);
  });

  test.each<[(text: string) => unknown, string, string]>([
    [wholeFrom(1), '0', 'Expected a whole number from 1.'],
    [wholeFrom(1), '1.5', 'Expected a whole number from 1.'],
    [wholeFrom(0), '', 'Expected a whole number from 0.'],
    [wholeFrom(0), '9007199254740993', 'Expected a whole number from 0.'],
    [positiveNumber, '0', 'Expected a number above 0.'],
    [positiveNumber, 'Infinity', 'Expected a number above 0.'],
    [numberFromZero, '-1', 'Expected a number from 0.'],
    [numberFromZero, 'NaN', 'Expected a number from 0.'],
    [rate, '1', 'Expected a number from 0 to below 1.'],
    [testSize, '0', 'Expected a fraction between 0 and 1, or a number of rows.'],
    [testSize, '1.5', 'Expected a fraction between 0 and 1, or a number of rows.'],
    [layerList, '64,', "Expected the units of each hidden layer, as in '64' or '128,64', or 'none'."],
    [layerList, '0', "Expected the units of each hidden layer, as in '64' or '128,64', or 'none'."],
    [optimizer, 'adm', 'Unknown optimizer "adm"; did you mean "adam"? known: sgd, adam.'],
    [optimizer, 'toString', 'Unknown optimizer "toString"; known: sgd, adam.'],
  ])('%o refuses %j: %s', (parse, text, message) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(message);
  });
});
