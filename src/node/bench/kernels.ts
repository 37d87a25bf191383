// The core's kernels as cases: each a program of one operation on resident data, built by the graph as a model's is.
// M N K as in a product; n elements; every result is compared with a few lines of float64 JavaScript first.
import type { CoreInstance } from '../../core/core.ts';
import { UpdateKind } from '../../core/generated/instructions.ts';
import { compile } from '../../graph/compile.ts';
import { Executable } from '../../graph/executable.ts';
import { Graph, type Node, type Shape } from '../../graph/graph.ts';
import * as operations from '../../graph/operations/index.ts';
import type { BinaryName, ReduceName, UnaryName } from '../../graph/operations/index.ts';
import { Storage } from '../../model/storage.ts';
import { adam } from '../../optimizers/adam.ts';
import { benchmarkData, relativeDifference, type Case, type Check } from './case.ts';

/** What a kernel's program is made of and how its result is known to be right. */
interface Kernel {
  readonly group: string;
  readonly name: string;
  readonly unit: 'GFLOP/s' | 'GB/s';
  readonly flops?: number;
  readonly bytes?: number;
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Values that stay between runs, such as weights. */
  readonly stored?: Readonly<Record<string, Shape>>;
  readonly volatile?: boolean;
  readonly build: (graph: Graph, nodes: Record<string, Node>) => Node;
  /** The element of the result at this index. */
  readonly expected: (index: number, data: Record<string, Float32Array>) => number;
  readonly tolerance?: number;
}

/** Every kernel case on one instance of the core. */
export function kernelCases(instance: CoreInstance): Case[] {
  return [...products(), ...vectorProducts(), ...elementwise(), ...activations(), ...reductions(), ...softmaxes()]
    .map((kernel) => place(kernel, instance))
    .concat(updates(instance));
}

// ---- products

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

function products(): Kernel[] {
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
    build: (graph, { a, b }) => operations.matmul(graph, a!, b!, form),
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

function vectorProducts(): Kernel[] {
  const gemv = (n: number, k: number): Kernel => ({
    group: 'gemv',
    name: `gemv ${n}×${k}, packed weights`,
    unit: 'GB/s',
    flops: 2 * n * k,
    bytes: 4 * (k * n + k + n),
    inputs: { a: [1, k] },
    stored: { b: [k, n] },
    build: (graph, { a, b }) => operations.matmul(graph, a!, b!),
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
    build: (graph, { a, b }) => operations.matmul(graph, a!, b!, { transposeB: true }),
    expected: (_, { a, b }) => a!.reduce((sum, value, i) => sum + value * b![i]!, 0),
    tolerance: 1e-4,
  });
  return [gemv(128, 784), gemv(512, 784), gemv(1024, 1024), dot(784), dot(16384)];
}

// ---- elementwise

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

function elementwise(): Kernel[] {
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

function activations(): Kernel[] {
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

// ---- along an axis

function reductions(): Kernel[] {
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

function softmaxes(): Kernel[] {
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

// ---- placing a kernel in memory

function place(kernel: Kernel, instance: CoreInstance): Case {
  const { group, name, unit, flops, bytes, inputs, stored = {}, tolerance = 1e-5 } = kernel;
  const graph = new Graph();
  const memory = new Storage(instance);
  const nodes: Record<string, Node> = {};
  for (const [key, shape] of Object.entries(inputs)) nodes[key] = operations.input(graph, key, shape);
  for (const [key, shape] of Object.entries(stored)) {
    nodes[key] = operations.storage(graph, key, shape);
    memory.define(key, shape);
  }
  const out = kernel.build(graph, nodes);
  const executable = new Executable(
    instance,
    compile({ nodes: graph.nodes, outputs: { out }, effects: [] }),
    memory.address,
  );
  const view = (key: string) => (key in stored ? memory.floats(key) : (executable.input(key) as Float32Array));
  const keys = [...Object.keys(inputs), ...Object.keys(stored)];
  return {
    group,
    unit,
    ...(flops && { flops }),
    ...(bytes && { bytes }),
    work: repeated(name, () => executable.run()),
    check() {
      keys.forEach((key, i) => view(key).set(benchmarkData(view(key).length, i + 1)));
      executable.prepare();
      executable.run();
      const data = Object.fromEntries(keys.map((key) => [key, view(key)]));
      return compareSome(executable.output('out') as Float32Array, (index) => kernel.expected(index, data), tolerance);
    },
  };
}

function repeated(name: string, run: () => unknown): Case['work'] {
  return {
    name,
    repeat(times) {
      for (let i = 0; i < times; i++) run();
    },
  };
}

/** Looks at up to 64 elements, spread over the whole result. */
function compareSome(out: Float32Array, expected: (index: number) => number, tolerance: number): Check {
  const step = Math.max(1, Math.floor(out.length / 63) - 1);
  const places = Array.from({ length: Math.ceil(out.length / step) }, (_, i) => i * step);
  const difference = relativeDifference(
    places.map((index) => out[index]!),
    places.map(expected),
  );
  return { difference, tolerance };
}

// ---- optimizers

const learningRate = 1e-3;

/** Adam's step on the weights of 784-128 and of 784-512: reads and writes parameter, m and v, reads the gradient. */
function updates(instance: CoreInstance): Case[] {
  return [784 * 128, 784 * 512].map((n): Case => {
    const graph = new Graph();
    const memory = new Storage(instance);
    const stored = (name: string, shape: Shape) => {
      memory.define(name, shape);
      return graph.add('storage', [], { name, shape, dtype: 'f32', volatile: true });
    };
    const [parameter, gradient, m, v] = ['p', 'g', 'm', 'v'].map((name) => stored(name, [n]));
    const scalars = stored('scalars', [16]);
    const one = operations.scalar(graph, 1);
    const step = operations.update(graph, UpdateKind.Adam, parameter!, gradient!, scalars, one, [m!, v!]);
    const compiled = compile({ nodes: graph.nodes, outputs: {}, effects: [step] });
    const executable = new Executable(instance, compiled, memory.address);
    return {
      group: 'updates',
      unit: 'GB/s',
      bytes: 28 * n,
      resident: 16 * n,
      work: repeated(`Adam ${n}`, () => executable.run()),
      check() {
        executable.prepare();
        adam().scalars(1, learningRate, {}, memory.floats('scalars'));
        const before = benchmarkData(n, 1);
        memory.floats('p').set(before);
        memory.floats('g').set(benchmarkData(n, 2));
        memory.floats('m').fill(0);
        memory.floats('v').fill(0);
        executable.run();
        const g = memory.floats('g');
        return compareSome(memory.floats('p'), (i) => before[i]! - learningRate * Math.sign(g[i]!), 1e-5);
      },
    };
  });
}
