// Integers and booleans: every operation against BigInt, conversions, reductions, the product.
import { expect, test } from 'vitest';
import { broadcastAt, tuplesOf } from '../../reference/indexing.ts';
import { conversions, integerReductions, integers } from '../../reference/integers.ts';
import { ConvertKind, IntegerKind, IntegerReduceKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, testRandom } from '../helpers/kernel.ts';

const kernels = await kernelRunner();
const words = (floats: Float32Array): Int32Array => new Int32Array(floats.buffer, floats.byteOffset, floats.length);

const edges = [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, -(2 ** 31), 46341];

test.each(Object.keys(IntegerKind) as (keyof typeof IntegerKind)[])('integer %s: every pair of edges', (kind) => {
  const b = Int32Array.from(kind === 'Power' ? [0, 1, 2, 3, 5, -1, -2] : edges);
  const a = Int32Array.from(edges);
  const table = Uint32Array.from([a.length, b.length, 1, 0, 0, 1]);
  const operands = { kind: IntegerKind[kind], out: output(a.length * b.length), a, b, rank: 2, table };
  const expected = edges.flatMap((p) => [...b].map((q) => integers[kind](p, q)));
  expect([...words(kernels.run('Integer', operands).outputs['out']!)]).toEqual(expected.map((value) => value | 0));
});

test('integer: broadcasting over three axes, and of single elements', () => {
  const next = testRandom(1);
  const a = Int32Array.from({ length: 2 * 4 }, () => next(-100, 100));
  const b = Int32Array.from({ length: 3 * 1 }, () => next(-100, 100));
  const operands = {
    kind: IntegerKind.Multiply,
    out: output(24),
    a,
    b,
    rank: 3,
    table: Uint32Array.of(2, 3, 4, 4, 0, 1, 0, 1, 0),
  };
  const expected = [...tuplesOf([2, 3, 4])].map((t) => broadcastAt(a, [2, 1, 4], t) * broadcastAt(b, [3, 1], t));
  expect([...words(kernels.run('Integer', operands, 4).outputs['out']!)]).toEqual(expected);
  const single = {
    kind: IntegerKind.Add,
    out: output(1),
    a: Int32Array.of(3),
    b: Int32Array.of(4),
    rank: 0,
    table: Uint32Array.of(0),
  };
  expect([...words(kernels.run('Integer', single).outputs['out']!)]).toEqual([7]);
});

const floats = [
  0,
  -0,
  0.5,
  -0.5,
  1,
  -1,
  1.9,
  -1.9,
  127.6,
  255.5,
  300,
  -300,
  1e9,
  -1e9,
  2147483648,
  -2147483648,
  3e9,
  5e9,
  -5e9,
  Infinity,
  -Infinity,
  NaN,
];

test.each(Object.keys(ConvertKind) as (keyof typeof ConvertKind)[])('convert %s: edges', (kind) => {
  const x = kind.startsWith('Float') ? Float32Array.from(floats) : Int32Array.from(edges);
  const { outputs } = kernels.run('Convert', { kind: ConvertKind[kind], out: output(x.length), x, n: x.length }, 4);
  const out = kind.endsWith('ToFloat') ? outputs['out']! : words(outputs['out']!);
  expect([...out].map((value) => value + 0)).toEqual(Array.from(x, (value) => conversions[kind](value) + 0));
});

test.each(awkwardLengths)('convert: %i elements, none besides', (n) => {
  const x = Int32Array.from({ length: n }, (_, i) => i - 5);
  const { outputs } = kernels.run('Convert', { kind: ConvertKind.Negate, out: output(n), x, n });
  expect([...words(outputs['out']!)].map((value) => value + 0)).toEqual([...x].map((value) => -value + 0));
});

test.each(Object.keys(IntegerReduceKind) as (keyof typeof IntegerReduceKind)[])('integer reduce %s', (kind) => {
  const next = testRandom(2);
  const [neutral, join] = integerReductions[kind];
  for (const [outer, axis, inner] of [
    [3, 5, 4],
    [1, 17, 1],
    [2, 1, 3],
    [2, 0, 3],
  ] as const) {
    const x = Int32Array.from({ length: outer * axis * inner }, () => next(-(2 ** 31), 2 ** 31));
    const operands = { kind: IntegerReduceKind[kind], out: output(outer * inner), x, outer, axis, inner };
    const expected = [...tuplesOf([outer, inner])].map(([o, c]) => {
      let total = neutral;
      for (let k = 0; k < axis; k++) total = join(total, x[(o! * axis + k) * inner + c!]!);
      return total | 0;
    });
    expect([...words(kernels.run('IntegerReduce', operands, 4).outputs['out']!)]).toEqual(expected);
  }
});

test.each([
  [1, 1, 1],
  [2, 3, 4],
  [3, 5, 7],
  [4, 9, 1],
  [2, 17, 33],
  [3, 4, 0],
])('integer product: m=%i n=%i k=%i', (m, n, k) => {
  const next = testRandom(m * n + k);
  const a = Int32Array.from({ length: m * k }, () => next(-(2 ** 20), 2 ** 20));
  const b = Int32Array.from({ length: k * n }, () => next(-(2 ** 20), 2 ** 20));
  const expected = [...tuplesOf([m, n])].map(([r, c]) => {
    let sum = 0n;
    for (let j = 0; j < k; j++) sum += BigInt(a[r! * k + j]!) * BigInt(b[j * n + c!]!);
    return Number(BigInt.asIntN(32, sum));
  });
  const { outputs } = kernels.run('IntegerProduct', { out: output(m * n), a, b, m, n, k }, 4);
  expect([...words(outputs['out']!)]).toEqual(expected);
});
