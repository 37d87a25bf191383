// Products and copies in plain float64 loops: the oracle of the linear-algebra kernels. Slow on purpose.
// Shapes: A is [M, K], B is [K, N], out is [M, N]; strides and offsets count elements.

/** A matrix inside an array: element (row, column) at offset + row · stride + column, or the other way round. */
export interface Matrix {
  readonly data: ArrayLike<number>;
  readonly stride: number;
  /** Stored by columns: element (row, column) at column · stride + row. */
  readonly transposed?: boolean;
}

export const element = ({ data, stride, transposed }: Matrix, row: number, column: number): number =>
  (transposed ? data[column * stride + row] : data[row * stride + column])!;

export interface Product {
  /** [m, n] without gaps. */
  readonly values: Float64Array;
  /** Σ|a||b| + |start| for each element: what its rounding errors are measured against. */
  readonly magnitudes: Float64Array;
}

/** start[m, n] + A·B, where start(row, column) is the bias or what the output held. */
export function product(
  a: Matrix,
  b: Matrix,
  [m, n, k]: readonly [number, number, number],
  start: (row: number, column: number) => number = () => 0,
): Product {
  const values = new Float64Array(m * n);
  const magnitudes = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = start(row, column);
      let magnitude = Math.abs(sum);
      for (let l = 0; l < k; l++) {
        const term = element(a, row, l) * element(b, l, column);
        sum += term;
        magnitude += Math.abs(term);
      }
      values[row * n + column] = sum;
      magnitudes[row * n + column] = magnitude;
    }
  }
  return { values, magnitudes };
}

/** The same sum in float32, rounded after every product and every addition, in the order of k. */
export function productInOrder(
  a: Matrix,
  b: Matrix,
  [m, n, k]: readonly [number, number, number],
  start: (row: number, column: number) => number = () => 0,
): Float32Array {
  const values = new Float32Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = start(row, column);
      for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(element(a, row, l) * element(b, l, column)));
      values[row * n + column] = sum;
    }
  }
  return values;
}

/** x[rows, columns] as [columns, rows]. */
export function transpose<T extends Float32Array | Uint32Array>(x: T, rows: number, columns: number): T {
  const out = x.slice() as T;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = x[row * columns + column]!;
  return out;
}
