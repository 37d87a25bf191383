// Orthonormal rows or columns from random ones, by modified Gram–Schmidt applied twice, in float64 on the host:
// only + − × ÷ √, so the same bits on every engine.

/** Makes the shorter axis' vectors of data[rows, columns] orthonormal, times `gain`, in place. */
export function orthogonalize(data: Float32Array, rows: number, columns: number, gain: number): void {
  const byRows = rows <= columns;
  const [count, length] = byRows ? [rows, columns] : [columns, rows];
  const at = (vector: number, i: number) => (byRows ? vector * columns + i : i * columns + vector);
  const vectors = Array.from({ length: count }, (_, v) =>
    Float64Array.from({ length }, (_unused, i) => data[at(v, i)]!),
  );
  vectors.forEach((vector, v) => {
    // A second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass++) for (const other of vectors.slice(0, v)) subtractProjection(vector, other);
    scale(vector, 1 / Math.sqrt(dot(vector, vector)));
  });
  vectors.forEach((vector, v) => vector.forEach((value, i) => (data[at(v, i)] = gain * value)));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function subtractProjection(vector: Float64Array, unit: Float64Array): void {
  const length = dot(vector, unit);
  for (let i = 0; i < vector.length; i++) vector[i]! -= length * unit[i]!;
}

function scale(vector: Float64Array, factor: number): void {
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor;
}
