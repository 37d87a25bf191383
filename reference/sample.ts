// Grid sampling and determinants in plain float64: the oracle of assembly/nn/sample.ts and assembly/linalg/rare.ts.

export interface GridOptions {
  readonly kind: 'Linear' | 'Nearest' | 'Cubic';
  readonly outside: 'Zeros' | 'Border' | 'Reflection';
  readonly alignCorners: boolean;
}

const clamp = (x: number, low: number, high: number) => Math.max(low, Math.min(high, x));

function reflected(x: number, low: number, high: number): number {
  const span = high - low;
  if (span <= 0) return low;
  const turns = Math.floor(Math.abs(x - low) / span);
  const rest = Math.abs(x - low) - turns * span;
  return turns % 2 === 0 ? low + rest : high - rest;
}

function cubic(distance: number): number {
  const d = Math.abs(distance);
  const a = -0.75;
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

const halfToEven = (x: number) => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
};

/** Places (−1: reads 0) and weights along one axis. */
function taps(coordinate: number, size: number, { kind, outside, alignCorners }: GridOptions): [number, number][] {
  const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
  const bounded = (x: number) => {
    if (outside === 'Border') return clamp(x, 0, size - 1);
    return outside === 'Reflection' ? clamp(reflected(x, low, high), 0, size - 1) : x;
  };
  const at = alignCorners ? ((coordinate + 1) / 2) * (size - 1) : ((coordinate + 1) * size - 1) / 2;
  const point = kind === 'Cubic' ? at : bounded(at);
  const floor = Math.floor(point);
  const own: [number, number][] =
    kind === 'Nearest'
      ? [[halfToEven(point), 1]]
      : kind === 'Linear'
        ? [0, 1].map((t) => [floor + t, 1 - Math.abs(point - floor - t)])
        : [-1, 0, 1, 2].map((t) => [floor + t, cubic(point - floor - t)]);
  return own.map(([place, weight]) => {
    const inside = kind === 'Cubic' ? Math.floor(bounded(place) + 0.5) : place;
    return [inside >= 0 && inside < size ? inside : -1, weight];
  });
}

/** x [B, C, sizes…], grid [B, points, rank] → [B, C, points]. */
export function gridSample(
  x: ArrayLike<number>,
  batch: number,
  channels: number,
  sizes: readonly number[],
  grid: ArrayLike<number>,
  points: number,
  options: GridOptions,
): number[] {
  const rank = sizes.length;
  const total = sizes.reduce((product, size) => product * size, 1);
  const out: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < points; p++) {
        const along = sizes.map((size, axis) => taps(grid[(b * points + p) * rank + rank - 1 - axis]!, size, options));
        const sum = (axis: number, place: number): number => {
          if (axis === rank) return x[(b * channels + c) * total + place]!;
          let value = 0;
          for (const [at, weight] of along[axis]!)
            if (at >= 0) value += weight * sum(axis + 1, place * sizes[axis]! + at);
          return value;
        };
        out.push(sum(0, 0));
      }
  return out;
}

/** By Leibniz's sum over the first row. */
export function determinant(m: readonly (readonly number[])[]): number {
  if (m.length === 0) return 1;
  return m[0]!.reduce((sum, value, j) => {
    const minor = m.slice(1).map((row) => row.toSpliced(j, 1));
    return sum + (j % 2 ? -1 : 1) * value * determinant(minor);
  }, 0);
}
