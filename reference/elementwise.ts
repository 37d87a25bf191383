// Functions of two arguments in float64, with NumPy's broadcasting: the oracle of the elementwise kernels.
// The names are those of `BinaryKind`. Comparisons give 1 or 0; NaN propagates through minimum and maximum.

export const binaryFunctions = {
  Add: (a: number, b: number) => a + b,
  Subtract: (a: number, b: number) => a - b,
  Multiply: (a: number, b: number) => a * b,
  Divide: (a: number, b: number) => a / b,
  Power: powerOf,
  Minimum: (a: number, b: number) => Math.min(a, b),
  Maximum: (a: number, b: number) => Math.max(a, b),
  Equal: (a: number, b: number) => Number(a === b),
  NotEqual: (a: number, b: number) => Number(a !== b),
  Less: (a: number, b: number) => Number(a < b),
  LessOrEqual: (a: number, b: number) => Number(a <= b),
  Greater: (a: number, b: number) => Number(a > b),
  GreaterOrEqual: (a: number, b: number) => Number(a >= b),
  First: (a: number, _b: number) => a,
};

export type BinaryName = keyof typeof binaryFunctions;

/** IEEE 754's pow, which is JavaScript's but where 1 is raised to NaN and ±1 to ±∞: those are 1. */
function powerOf(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  return a ** b;
}

/** The shape that two shapes have together: aligned at the last axis, sizes equal or 1. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const sizeA = a[axis - rank + a.length] ?? 1;
    const sizeB = b[axis - rank + b.length] ?? 1;
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** The element of x[shape] that stands at `index` of a broadcast result. */
function elementAt(x: ArrayLike<number>, shape: readonly number[], index: readonly number[]): number {
  let at = 0;
  shape.forEach((size, axis) => {
    at = at * size + (size === 1 ? 0 : index[axis - shape.length + index.length]!);
  });
  return x[at]!;
}

/** kind(a, b) over the broadcast shape, row-major. */
export function broadcastBinary(
  kind: BinaryName,
  a: ArrayLike<number>,
  shapeA: readonly number[],
  b: ArrayLike<number>,
  shapeB: readonly number[],
): number[] {
  const shape = broadcastShape(shapeA, shapeB);
  const count = shape.reduce((product, size) => product * size, 1);
  return Array.from({ length: count }, (_, flat) => {
    const index = shape.map((size, axis) => {
      const below = shape.slice(axis + 1).reduce((product, s) => product * s, 1);
      return Math.floor(flat / below) % size;
    });
    return binaryFunctions[kind](elementAt(a, shapeA, index), elementAt(b, shapeB, index));
  });
}
