// Normalisation in plain float64.

/** Mean and variance (divided by n) of some elements. */
export function momentsOf(values: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return { mean, variance: squares / values.length };
}

export interface AffineReference {
  readonly gamma?: ArrayLike<number> | undefined;
  readonly beta?: ArrayLike<number> | undefined;
}

/** Rows of n elements by their own statistics; `centred` false: by their mean square, nothing subtracted. */
export function normalizeRows(
  x: ArrayLike<number>,
  n: number,
  epsilon: number,
  { gamma, beta, centred = true }: AffineReference & { centred?: boolean } = {},
): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += n) {
    const row = Array.from({ length: n }, (_, j) => x[start + j]!);
    const square = row.reduce((sum, value) => sum + value * value, 0) / n;
    const { mean, variance } = centred ? momentsOf(row) : { mean: 0, variance: square };
    for (let j = 0; j < n; j++)
      out[start + j] = ((row[j]! - mean) / Math.sqrt(variance + epsilon)) * (gamma?.[j] ?? 1) + (beta?.[j] ?? 0);
  }
  return out;
}

export interface ColumnShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly groups: number;
}

/** The elements of one group of columns of one sample of x [batch, rows, columns], by their places. */
function placesOf({ rows, columns, groups }: ColumnShape, sample: number, group: number): number[] {
  const width = columns / groups;
  return Array.from({ length: rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return (sample * rows + row) * columns + group * width + column;
  });
}

/** The statistics of each sample's groups of columns. */
export function columnMoments(x: ArrayLike<number>, shape: ColumnShape): { mean: number[]; variance: number[] } {
  const all = Array.from({ length: shape.batch * shape.groups }, (_, i) =>
    momentsOf(placesOf(shape, Math.floor(i / shape.groups), i % shape.groups).map((at) => x[at]!)),
  );
  return { mean: all.map(({ mean }) => mean), variance: all.map(({ variance }) => variance) };
}

/** Groups of columns by their statistics over the rows of each sample. */
export function normalizeColumns(
  x: ArrayLike<number>,
  shape: ColumnShape,
  epsilon: number,
  { gamma, beta }: AffineReference = {},
): Float64Array {
  const out = new Float64Array(x.length);
  const { mean, variance } = columnMoments(x, shape);
  for (let i = 0; i < mean.length; i++)
    for (const at of placesOf(shape, Math.floor(i / shape.groups), i % shape.groups)) {
      const column = at % shape.columns;
      out[at] =
        ((x[at]! - mean[i]!) / Math.sqrt(variance[i]! + epsilon)) * (gamma?.[column] ?? 1) + (beta?.[column] ?? 0);
    }
  return out;
}
