// Values read between elements, determinants, and the rarer functions of a float.
import { expect, test } from 'vitest';
import { determinant, gridSample } from '../../reference/sample.ts';
import { tuplesOf } from '../../reference/indexing.ts';
import { ulp } from '../../reference/math.ts';
import { OutsideKind, RareKind, SampleKind } from '../../src/core/generated/instructions.ts';
import { awkwardLengths, kernelRunner, output, randomFloats, testRandom } from '../helpers/kernel.ts';

const kernels = await kernelRunner();

test.each(awkwardLengths)('resample: rows of %i elements, weights of 0 left out', (inner) => {
  const [outer, axis, n, taps] = [2, 5, 4, 3];
  const x = randomFloats(outer * axis * inner, inner);
  for (let i = 0; i < inner; i++) x[2 * inner + i] = Infinity;
  const next = testRandom(inner + 1);
  const places = Int32Array.from({ length: n * taps }, () => Math.floor(next(0, axis)));
  const weights = Float32Array.from({ length: n * taps }, (_, i) => (places[i] === 2 ? 0 : next(-1, 1)));
  const operands = { out: output(outer * n * inner), x, places, weights, outer, axis, inner, n, taps };
  const expected = [...tuplesOf([outer, n, inner])].map(([o, j, c]) => {
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const weight = weights[j! * taps + t]!;
      if (weight !== 0) sum += weight * x[(o! * axis + places[j! * taps + t]!) * inner + c!]!;
    }
    return sum;
  });
  for (const byteOffset of [0, 4]) {
    const { outputs } = kernels.run('Resample', operands, byteOffset);
    expected.forEach((value, i) => expect(Math.abs(outputs['out']![i]! - value)).toBeLessThanOrEqual(1e-6));
  }
});

const kinds = Object.keys(SampleKind) as (keyof typeof SampleKind)[];
const outsides = Object.keys(OutsideKind) as (keyof typeof OutsideKind)[];
const gridCases = kinds.flatMap((kind) =>
  outsides.flatMap((outside) => [false, true].map((alignCorners) => ({ kind, outside, alignCorners }))),
);

test.each(gridCases)('grid sample: %j in one, two and three dimensions', (options) => {
  for (const sizes of [[5], [3, 4], [2, 3, 4], [1, 1]]) {
    const [batch, channels, points] = [2, 3, 17];
    const total = sizes.reduce((product, size) => product * size, 1);
    const x = randomFloats(batch * channels * total, 1);
    const grid = randomFloats(batch * points * sizes.length, 2, -1.7, 1.7);
    const operands = {
      kind: SampleKind[options.kind],
      outside: OutsideKind[options.outside],
      alignCorners: Number(options.alignCorners),
      out: output(batch * channels * points),
      x,
      grid,
      batch,
      channels,
      points,
      rank: sizes.length,
      table: Uint32Array.from(sizes),
      workspace: output(8 * sizes.length),
    };
    const { outputs } = kernels.run('GridSample', operands, 4);
    const expected = gridSample(x, batch, channels, sizes, grid, points, options);
    expected.forEach((value, i) =>
      expect(Math.abs(outputs['out']![i]! - value), `${sizes} ${i}`).toBeLessThanOrEqual(2e-5),
    );
  }
});

test('grid sample: a coordinate that is NaN gives NaN', () => {
  const operands = {
    kind: 0,
    outside: 0,
    alignCorners: 0,
    out: output(1),
    x: [1, 2, 3, 4],
    grid: [NaN, 0],
    batch: 1,
    channels: 1,
    points: 1,
    rank: 2,
    table: Uint32Array.of(2, 2),
    workspace: output(16),
  };
  expect(kernels.run('GridSample', operands).outputs['out']![0]).toBeNaN();
});

test.each([0, 1, 2, 3, 4, 5])('determinant of %i rows', (n) => {
  const batch = 3;
  const x = randomFloats(batch * n * n, n + 1);
  // The second has its first pivot 0, the third is singular.
  if (n > 1) {
    x[n * n] = 0;
    for (let j = 0; j < n; j++) x[2 * n * n + j] = x[2 * n * n + n + j]!;
  }
  const { outputs } = kernels.run('Determinant', { out: output(batch), x, batch, n, workspace: output(2 * n * n) }, 4);
  for (let b = 0; b < batch; b++) {
    const rows = Array.from({ length: n }, (_, r) => [...x.subarray((b * n + r) * n, (b * n + r + 1) * n)]);
    expect(Math.abs(outputs['out']![b]! - determinant(rows))).toBeLessThanOrEqual(1e-6);
  }
});

const functions: Record<keyof typeof RareKind, (x: number) => number> = {
  Tan: Math.tan,
  Asin: Math.asin,
  Acos: Math.acos,
  Atan: Math.atan,
  Sinh: Math.sinh,
  Cosh: Math.cosh,
  Asinh: Math.asinh,
  Acosh: Math.acosh,
  Atanh: Math.atanh,
  IsNaN: (x) => Number(Number.isNaN(x)),
  IsInfinite: (x) => Number(Math.abs(x) === Infinity),
  IsPositiveInfinite: (x) => Number(x === Infinity),
  IsNegativeInfinite: (x) => Number(x === -Infinity),
};

const inputs = Float32Array.from([
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1e-8,
  -1e-8,
  1e-40,
  2,
  -2,
  88,
  -88,
  89.4,
  1e10,
  -1e10,
  3e38,
  Infinity,
  -Infinity,
  NaN,
  ...randomFloats(2000, 1, -1, 1),
  ...randomFloats(2000, 2, -50, 50),
  ...randomFloats(500, 3, 1, 3),
]);

test.each(Object.keys(RareKind) as (keyof typeof RareKind)[])('%s: within 4 ulp', (kind) => {
  const { outputs } = kernels.run(
    'Rare',
    { kind: RareKind[kind], out: output(inputs.length), x: inputs, n: inputs.length },
    4,
  );
  inputs.forEach((x, i) => {
    const [value, exact] = [outputs['out']![i]!, functions[kind](x)];
    if (Number.isNaN(exact)) return expect(value, `${kind}(${x})`).toBeNaN();
    const rounded = Math.fround(exact);
    if (value === rounded) return undefined;
    return expect(Math.abs(value - exact) / ulp(exact), `${kind}(${x}) = ${value}, not ${exact}`).toBeLessThanOrEqual(
      4,
    );
  });
});
