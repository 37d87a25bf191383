// Matrix products of squares and of shapes from real networks; products with one row of packed weights; dot products.
// M N K as in a product.
import { matmul } from '../../../graph/operations/index.ts';
import type { Kernel } from './kernel.ts';

const squares = [64, 192, 256, 384, 512, 768, 1024];
/** From real networks: a batch of 32 through 784-512, the last layer, a gradient of weights; and an awkward one. */
const skinny = [
  [33, 65, 17],
  [1, 512, 784],
  [4, 512, 784],
  [32, 512, 784],
  [32, 10, 256],
  [784, 128, 64],
  [256, 3, 256],
] as const;

interface Form {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export function products(): Kernel[] {
  return [
    ...squares.map((size) => product(`sgemm ${size}³`, size, size, size)),
    product('sgemm 512³, Aᵀ·B', 512, 512, 512, { transposeA: true }),
    product('sgemm 512³, A·Bᵀ', 512, 512, 512, { transposeB: true }),
    ...skinny.map(([m, n, k]) => product(`sgemm ${m}×${n}×${k}`, m, n, k)),
  ];
}

function product(name: string, m: number, n: number, k: number, form: Form = {}): Kernel {
  const { transposeA = false, transposeB = false } = form;
  const [stepA, stepB] = [transposeA ? m : 1, transposeB ? 1 : n];
  return {
    group: 'sgemm',
    name,
    unit: 'GFLOP/s',
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n),
    inputs: { a: transposeA ? [k, m] : [m, k], b: transposeB ? [n, k] : [k, n] },
    build: (graph, { a, b }) => matmul(graph, a!, b!, form),
    expected(index, { a, b }) {
      const [row, column] = [Math.floor(index / n), index % n];
      return scalarProduct(k, a!, transposeA ? row : row * k, stepA, b!, transposeB ? column * k : column, stepB);
    },
    tolerance: 1e-5,
  };
}

/** Σ over k elements, each of a and b a step from the one before. */
function scalarProduct(
  k: number,
  a: Float32Array,
  startA: number,
  stepA: number,
  b: Float32Array,
  startB: number,
  stepB: number,
): number {
  let sum = 0;
  for (let l = 0; l < k; l++) sum += a[startA + l * stepA]! * b[startB + l * stepB]!;
  return sum;
}

export function vectorProducts(): Kernel[] {
  const gemv = (n: number, k: number): Kernel => ({
    group: 'gemv',
    name: `gemv ${n}×${k}, packed weights`,
    unit: 'GB/s',
    flops: 2 * n * k,
    bytes: 4 * (k * n + k + n),
    inputs: { a: [1, k] },
    stored: { b: [k, n] },
    build: (graph, { a, b }) => matmul(graph, a!, b!),
    expected: (index, { a, b }) => scalarProduct(k, a!, 0, 1, b!, index, n),
    tolerance: 1e-5,
  });
  const dot = (n: number): Kernel => ({
    group: 'dot',
    name: `dot ${n}`,
    unit: 'GB/s',
    flops: 2 * n,
    bytes: 8 * n,
    inputs: { a: [1, n], b: [1, n] },
    build: (graph, { a, b }) => matmul(graph, a!, b!, { transposeB: true }),
    expected: (_, { a, b }) => a!.reduce((sum, value, i) => sum + value * b![i]!, 0),
    tolerance: 1e-4,
  });
  return [gemv(128, 784), gemv(512, 784), gemv(1024, 1024), dot(784), dot(16384)];
}
