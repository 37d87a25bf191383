// The values of options: each parser refuses what its option cannot take, which commander tells with the option's
// name and exit code 2.
import { InvalidArgumentError } from 'commander';
import { unknownName } from '../core/nearest.ts';

function toNumber(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}

function checked(text: string, expected: string, accepts: (value: number) => boolean): number {
  const value = toNumber(text);
  if (!accepts(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
  return value;
}

export const wholeFrom = (least: number) => (text: string) =>
  checked(text, `a whole number from ${least}`, (value) => Number.isSafeInteger(value) && value >= least);

export const positiveNumber = (text: string) =>
  checked(text, 'a number above 0', (value) => value > 0 && value < Infinity);

export const numberFromZero = (text: string) =>
  checked(text, 'a number from 0', (value) => value >= 0 && value < Infinity);

export const rate = (text: string) => checked(text, 'a number from 0 to below 1', (value) => value >= 0 && value < 1);

/** How much is held out: a fraction below 1, or a count. */
export const testSize = (text: string) =>
  checked(
    text,
    'a fraction between 0 and 1, or a number of rows',
    (value) => (value > 0 && value < 1) || (Number.isSafeInteger(value) && value >= 1),
  );

/** `64,32`, or `none` for no hidden layer. */
export function layerList(text: string): number[] {
  if (text === 'none') return [];
  return text.split(',').map((units) =>
    checked(units, "the units of each hidden layer, as in '64' or '128,64', or 'none'", (value) => {
      return Number.isSafeInteger(value) && value >= 1;
    }),
  );
}

/** One of the names, with the nearest where it is none of them. */
export const nameOf = (what: string, known: readonly string[]) => (text: string) => {
  if (known.includes(text)) return text;
  const { message } = unknownName(what, text, known);
  throw new InvalidArgumentError(`${message[0]!.toUpperCase()}${message.slice(1)}.`);
};
