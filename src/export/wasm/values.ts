// What is known of a 32-bit integer: the few values that it may have, or nothing (null).

/** Sorted, without repetition, as signed integers. */
export type Value = readonly number[] | null;

const limit = 256;
const pairLimit = 4096;

export const only = (value: number): Value => [value | 0];

/** The single value, where there is one. */
export const single = (value: Value): number | undefined => (value?.length === 1 ? value[0] : undefined);

function collect(values: readonly number[]): Value {
  const unique = [...new Set(values)];
  return unique.length > limit ? null : unique.toSorted((a, b) => a - b);
}

export function join(a: Value, b: Value): Value {
  if (!a || !b || a === b) return a && b;
  return sameValue(a, b) ? a : collect([...a, ...b]);
}

export const sameValue = (a: Value, b: Value): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((value, i) => value === b[i]));

/** Values found one by one; null where one of them is not known. */
export function mapValue(value: Value, find: (value: number) => number | undefined): Value {
  if (!value) return null;
  const found: number[] = [];
  for (const each of value) {
    const result = find(each);
    if (result === undefined) return null;
    found.push(result | 0);
  }
  return collect(found);
}

const bool = (condition: boolean): number => (condition ? 1 : 0);

type Binary = (a: number, b: number) => number | undefined;

const binaries = new Map<number, Binary>([
  [0x46, (a, b) => bool(a === b)],
  [0x47, (a, b) => bool(a !== b)],
  [0x48, (a, b) => bool(a < b)],
  [0x49, (a, b) => bool(a >>> 0 < b >>> 0)],
  [0x4a, (a, b) => bool(a > b)],
  [0x4b, (a, b) => bool(a >>> 0 > b >>> 0)],
  [0x4c, (a, b) => bool(a <= b)],
  [0x4d, (a, b) => bool(a >>> 0 <= b >>> 0)],
  [0x4e, (a, b) => bool(a >= b)],
  [0x4f, (a, b) => bool(a >>> 0 >= b >>> 0)],
  [0x6a, (a, b) => a + b],
  [0x6b, (a, b) => a - b],
  [0x6c, (a, b) => Math.imul(a, b)],
  [0x6e, (a, b) => (b ? Math.floor((a >>> 0) / (b >>> 0)) : undefined)],
  [0x70, (a, b) => (b ? (a >>> 0) % (b >>> 0) : undefined)],
  [0x71, (a, b) => a & b],
  [0x72, (a, b) => a | b],
  [0x73, (a, b) => a ^ b],
  [0x74, (a, b) => a << b],
  [0x75, (a, b) => a >> b],
  [0x76, (a, b) => a >>> b],
]);

/** The value of an i32 operator of two operands; null for any other operator. */
export function foldBinary(code: number, a: Value, b: Value): Value {
  const fold = binaries.get(code);
  if (!fold) return null;
  if (!a || !b) return foldPartly(code, a, b);
  if (a.length * b.length > pairLimit) return null;
  const results: number[] = [];
  for (const left of a)
    for (const right of b) {
      const result = fold(left, right);
      if (result === undefined) return null;
      results.push(result | 0);
    }
  return collect(results);
}

/** A comparison has one of two values, and anything times (or and) 0 is 0. */
function foldPartly(code: number, a: Value, b: Value): Value {
  if ((code === 0x6c || code === 0x71) && (single(a) === 0 || single(b) === 0)) return only(0);
  return code <= 0x4f ? [0, 1] : null;
}

/** The value of an i32 operator of one operand. */
export function foldUnary(code: number, a: Value): Value {
  if (code !== 0x45) return null;
  return a ? mapValue(a, (value) => bool(value === 0)) : [0, 1];
}
