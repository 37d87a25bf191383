// Arithmetic of 32-bit integers by way of BigInt, and conversions between words: the oracle of assembly/linalg/integer.ts.

const wrap = (value: bigint): number => Number(BigInt.asIntN(32, value));
const word = (value: number): number => value >>> 0;
const truncated = (a: number, b: number): bigint => (b === 0 ? 0n : BigInt(a) / BigInt(b));
const rest = (a: number, b: number): bigint => (b === 0 ? 0n : BigInt(a) % BigInt(b));

function power(a: number, b: number): number {
  if (b >= 0) return wrap(BigInt(a) ** BigInt(b));
  if (a === 1) return 1;
  return a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
}

function modulo(a: number, b: number): number {
  const left = Number(rest(a, b));
  return left !== 0 && left < 0 !== b < 0 ? left + b : left;
}

export const integers = {
  Add: (a, b) => wrap(BigInt(a) + BigInt(b)),
  Subtract: (a, b) => wrap(BigInt(a) - BigInt(b)),
  Multiply: (a, b) => wrap(BigInt(a) * BigInt(b)),
  Divide: (a, b) => wrap(truncated(a, b)),
  DivideUnsigned: (a, b) => wrap(truncated(word(a), word(b))),
  Modulo: modulo,
  Remainder: (a, b) => Number(rest(a, b)),
  RemainderUnsigned: (a, b) => wrap(rest(word(a), word(b))),
  Minimum: Math.min,
  Maximum: Math.max,
  MinimumUnsigned: (a, b) => Math.min(word(a), word(b)) | 0,
  MaximumUnsigned: (a, b) => Math.max(word(a), word(b)) | 0,
  Power: power,
  And: (a, b) => a & b,
  Or: (a, b) => a | b,
  Xor: (a, b) => a ^ b,
  ShiftLeft: (a, b) => (word(b) < 32 ? a << b : 0),
  ShiftRight: (a, b) => (word(b) < 32 ? (a >>> b) | 0 : 0),
  Equal: (a, b) => Number(a === b),
  NotEqual: (a, b) => Number(a !== b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  LessUnsigned: (a, b) => Number(word(a) < word(b)),
  LessOrEqualUnsigned: (a, b) => Number(word(a) <= word(b)),
} satisfies Record<string, (a: number, b: number) => number>;

const saturate = (x: number, low: number, high: number) =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.max(low, Math.min(high, x)));

/** Integers in; those whose name ends in ToFloat give floats, those that begin with Float take them. */
export const conversions = {
  Absolute: (x) => Math.abs(x) | 0,
  Negate: (x) => -x | 0,
  Sign: Math.sign,
  Not: (x) => Number(x === 0),
  Complement: (x) => ~x,
  Wrap8: (x) => new Int8Array([x])[0]!,
  Wrap8Unsigned: (x) => new Uint8Array([x])[0]!,
  Wrap16: (x) => new Int16Array([x])[0]!,
  Wrap16Unsigned: (x) => new Uint16Array([x])[0]!,
  NotZero: (x) => Number(x !== 0),
  FloatNotZero: (x) => Number(x !== 0),
  FloatToInteger: (x) => saturate(x, -(2 ** 31), 2 ** 31 - 1),
  FloatToUnsigned: (x) => saturate(x, -(2 ** 31), 2 ** 32 - 1) | 0,
  IntegerToFloat: Math.fround,
  UnsignedToFloat: (x) => Math.fround(x >>> 0),
} satisfies Record<string, (x: number) => number>;

export const integerReductions = {
  Sum: [0, integers.Add],
  Product: [1, integers.Multiply],
  Minimum: [2 ** 31 - 1, Math.min],
  Maximum: [-(2 ** 31), Math.max],
  MinimumUnsigned: [-1, integers.MinimumUnsigned],
  MaximumUnsigned: [0, integers.MaximumUnsigned],
} satisfies Record<string, [number, (a: number, b: number) => number]>;
