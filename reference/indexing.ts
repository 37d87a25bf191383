// Elements moved, chosen, read and written at indices: plain loops over nested index tuples. The oracle of
// assembly/linalg/rearrange.ts, gather.ts, scatter.ts and order.ts.

/** Every index tuple of a shape in row-major order. */
export function* tuplesOf(shape: readonly number[]): Generator<number[]> {
  const total = shape.reduce((product, size) => product * size, 1);
  for (let i = 0; i < total; i++) {
    const tuple: number[] = [];
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      tuple.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    yield tuple;
  }
}

export const stridesOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** out[tuple] = x[start + Σ offset], −1 in a list giving the fill. */
export function rearrange(
  x: ArrayLike<number>,
  axes: readonly { size: number; stride?: number; offsets?: readonly number[] }[],
  start: number,
  fill: number,
): number[] {
  return [...tuplesOf(axes.map(({ size }) => size))].map((tuple) => {
    let place = start;
    for (const [axis, index] of tuple.entries()) {
      const { stride = 0, offsets } = axes[axis]!;
      if (offsets && offsets[index]! < 0) return fill;
      place += offsets ? offsets[index]! : index * stride;
    }
    return x[place]!;
  });
}

/** The value of an operand that broadcasts at a tuple of the result. */
export function broadcastAt(data: ArrayLike<number>, shape: readonly number[], tuple: readonly number[]): number {
  const own = tuple.slice(tuple.length - shape.length).map((index, axis) => (shape[axis] === 1 ? 0 : index));
  return data[dot(own, stridesOf(shape))]!;
}

const counted = (index: number, size: number): number => (index < 0 ? index + size : index);

export function gatherElements(
  x: ArrayLike<number>,
  shape: readonly number[],
  indices: ArrayLike<number>,
  indexShape: readonly number[],
  axis: number,
): number[] {
  return [...tuplesOf(indexShape)].map(
    (tuple, i) => x[dot(tuple.with(axis, counted(indices[i]!, shape[axis]!)), stridesOf(shape))]!,
  );
}

export const scatterRules = {
  Assign: (_a: number, b: number) => b,
  Add: (a: number, b: number) => a + b,
  Multiply: (a: number, b: number) => a * b,
  Minimum: (a: number, b: number) => Math.min(a, b),
  Maximum: (a: number, b: number) => Math.max(a, b),
};

export function scatterElements(
  kind: keyof typeof scatterRules,
  x: ArrayLike<number>,
  shape: readonly number[],
  indices: ArrayLike<number>,
  updates: ArrayLike<number>,
  indexShape: readonly number[],
  axis: number,
): number[] {
  const out = Array.from(x);
  [...tuplesOf(indexShape)].forEach((tuple, i) => {
    const place = dot(tuple.with(axis, counted(indices[i]!, shape[axis]!)), stridesOf(shape));
    out[place] = scatterRules[kind](out[place]!, updates[i]!);
  });
  return out;
}

/** Where tuples of `depth` indices begin in x. */
export function tuplePlaces(shape: readonly number[], indices: ArrayLike<number>, depth: number): number[] {
  const strides = stridesOf(shape);
  return Array.from({ length: indices.length / depth }, (_, j) =>
    Array.from({ length: depth }, (_unused, d) => counted(indices[j * depth + d]!, shape[d]!) * strides[d]!).reduce(
      (a, b) => a + b,
      0,
    ),
  );
}

export function cumulativeSum(
  x: ArrayLike<number>,
  [outer, axis, inner]: readonly [number, number, number],
  exclusive: boolean,
  reverse: boolean,
): number[] {
  return [...tuplesOf([outer, axis, inner])].map(([o, k, c]) => {
    let sum = 0;
    for (let j = 0; j < axis; j++) {
      const counts = reverse ? j > k! || (!exclusive && j === k) : j < k! || (!exclusive && j === k);
      if (counts) sum += x[(o! * axis + j) * inner + c!]!;
    }
    return sum;
  });
}

/** The k best of each line, of equals the first; NaN above all. */
export function topK(
  x: ArrayLike<number>,
  [outer, axis, inner]: readonly [number, number, number],
  k: number,
  largest: boolean,
): { values: number[]; indices: number[] } {
  const values: number[] = [];
  const indices: number[] = [];
  const rank = (value: number) => (Number.isNaN(value) ? Infinity : Math.min(value, Number.MAX_VALUE));
  for (let o = 0; o < outer; o++)
    for (let c = 0; c < inner; c++) {
      const at = (j: number) => x[(o * axis + j) * inner + c]!;
      const order = Array.from({ length: axis }, (_, j) => j).toSorted((p, q) => {
        const difference = largest ? rank(at(q)) - rank(at(p)) : rank(at(p)) - rank(at(q));
        return difference || p - q;
      });
      order.slice(0, k).forEach((j, i) => {
        values[(o * k + i) * inner + c] = at(j);
        indices[(o * k + i) * inner + c] = j;
      });
    }
  return { values, indices };
}
