// Elementwise functions, reductions and softmax: what streams through memory once. n elements.
import * as operations from '../../../graph/operations/index.ts';
import type { BinaryName, ReduceName, UnaryName } from '../../../graph/operations/index.ts';
import type { Kernel } from './kernel.ts';

const length = 16384;

const vector = (
  group: string,
  name: string,
  arrays: number,
  rest: Omit<Kernel, 'group' | 'name' | 'unit'>,
): Kernel => ({
  group,
  name: `${name} ${length}`,
  unit: 'GB/s',
  bytes: 4 * arrays * length,
  ...rest,
});

export function elementwise(): Kernel[] {
  const kinds: [BinaryName, (a: number, b: number) => number][] = [
    ['Add', (a, b) => a + b],
    ['Multiply', (a, b) => a * b],
    ['Maximum', Math.max],
  ];
  return kinds.map(([kind, formula]) =>
    vector('elementwise', kind.toLowerCase(), 3, {
      inputs: { a: [length], b: [length] },
      build: (graph, { a, b }) => operations.binary(graph, kind, a!, b!),
      expected: (i, { a, b }) => formula(a![i]!, b![i]!),
    }),
  );
}

export function activations(): Kernel[] {
  const kinds: [UnaryName, (x: number) => number][] = [
    ['Relu', (x) => Math.max(0, x)],
    ['Sigmoid', (x) => 1 / (1 + Math.exp(-x))],
    ['Tanh', Math.tanh],
    ['GeluTanh', (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
    ['Silu', (x) => x / (1 + Math.exp(-x))],
    ['Exp', Math.exp],
  ];
  return kinds.map(([kind, formula]) =>
    vector('activations', kind.toLowerCase(), 2, {
      inputs: { a: [length] },
      build: (graph, { a }) => operations.unary(graph, kind, a!),
      expected: (i, { a }) => formula(a![i]!),
    }),
  );
}

export function reductions(): Kernel[] {
  const kinds: [ReduceName, (values: Float32Array) => number][] = [
    ['Sum', (values) => values.reduce((sum, value) => sum + value, 0)],
    ['Maximum', (values) => values.reduce((most, value) => Math.max(most, value))],
    ['SumOfSquares', (values) => values.reduce((sum, value) => sum + value * value, 0)],
  ];
  return kinds.map(([kind, formula]) =>
    vector('reductions', kind.toLowerCase(), 1, {
      inputs: { a: [length] },
      build: (graph, { a }) => operations.reduce(graph, kind, a!),
      expected: (_, { a }) => formula(a!),
      tolerance: 1e-4,
    }),
  );
}

export function softmaxes(): Kernel[] {
  return [
    [64, 10],
    [64, 1000],
  ].map(([rows, columns]) => ({
    group: 'softmax',
    name: `softmax ${rows}×${columns}`,
    unit: 'GB/s',
    bytes: 8 * rows! * columns!,
    inputs: { a: [rows!, columns!] },
    build: (graph, { a }) => operations.softmax(graph, 'Softmax', a!),
    expected(index, { a }) {
      const start = index - (index % columns!);
      const powers = a!.subarray(start, start + columns!).map(Math.exp);
      return powers[index - start]! / powers.reduce((sum, value) => sum + value, 0);
    },
  }));
}
