// Pool, GatherPixels, Interpolate and their gradients, instruction by instruction, with guard words around what is written.
import { expect, test } from 'vitest';
import { PoolKind } from '../../src/core/generated/instructions.ts';
import { interpolationRow } from '../../src/graph/operations/interpolation.ts';
import { adaptiveWindows, poolWindows, type AxisWindow } from '../../src/graph/operations/window.ts';
import { enlarge, movePixels, pool } from '../../reference/pooling.ts';
import { awkwardLengths, kernelRunner, output, randomFloats } from '../helpers/kernel.ts';
import { finiteDifferences } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const kernels = await kernelRunner();
const lengths = awkwardLengths.filter((length) => length > 0);
const written = (length: number) => output(length, new Float32Array(length).fill(Number.NaN));

const sizes = (batch: number, input: readonly number[], channels: number, out: readonly number[]) => {
  const [depth, height, width] = input;
  const [outDepth, outHeight, outWidth] = out;
  return { batch, depth, height, width, channels, outDepth, outHeight, outWidth } as Record<string, number>;
};

/** The windows as the operand of an instruction. */
const tableOf = (windows: readonly (readonly AxisWindow[])[]) =>
  Uint32Array.from(windows.flat().flatMap(({ begin, end, count }) => [begin, end, count]));

/** The gradient of Σ weights · f(x) by central differences. */
const gradientOf = (f: (x: Float64Array) => ArrayLike<number>, x: Float32Array, weights: Float32Array) => {
  const exact = Float64Array.from(x);
  const total = () => {
    const values = f(exact);
    return weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0);
  };
  return finiteDifferences(total, exact);
};

const windowsOf: Record<string, { input: number[]; windows: AxisWindow[][] }> = {
  '2×2 side by side': {
    input: [1, 4, 5],
    windows: poolWindows('test', [1, 4, 5], {
      poolSize: [1, 2, 2],
      stride: [1, 2, 2],
      padding: 'valid',
      ceilMode: false,
      countIncludePad: true,
    }),
  },
  '2×2 that overlap': {
    input: [1, 3, 4],
    windows: poolWindows('test', [1, 3, 4], {
      poolSize: [1, 2, 2],
      stride: [1, 1, 1],
      padding: 'valid',
      ceilMode: false,
      countIncludePad: true,
    }),
  },
  'padded and three-dimensional': {
    input: [3, 4, 3],
    windows: poolWindows('test', [3, 4, 3], {
      poolSize: [2, 3, 2],
      stride: [1, 2, 2],
      padding: [1, 1, 0],
      ceilMode: true,
      countIncludePad: true,
    }),
  },
  adaptive: { input: [2, 5, 3], windows: adaptiveWindows([2, 5, 3], [1, 3, 2]) },
};

test.each(Object.entries(windowsOf))(
  'Pool: windows %s match the reference at every number of channels',
  (_, { input, windows }) => {
    const table = tableOf(windows);
    const out = windows.map(({ length }) => length);
    for (const channels of lengths)
      for (const kind of ['Maximum', 'Average'] as const) {
        const operands = { kind: PoolKind[kind], windows: table, ...sizes(2, input, channels, out) };
        const shape = { batch: 2, input, output: out, channels };
        const x = randomFloats(2 * input.reduce((a, b) => a * b) * channels, channels);
        const length = 2 * out.reduce((a, b) => a * b) * channels;
        const reference = (values: Float64Array) =>
          pool(kind === 'Maximum' ? 'max' : 'avg', values, shape, (axis, i) => windows[axis]![i]!);
        const offset = 4 * (channels % 4);
        const y = kernels.run('Pool', { ...operands, out: written(length), x }, offset).outputs['out']!;
        expectClose(y, reference(Float64Array.from(x)), 1e-6, `${kind} of ${channels} channels`);
        if (channels > 5) continue;
        const dOut = randomFloats(length, 7);
        const { dX } = kernels.run('PoolBackward', { ...operands, dX: written(x.length), dOut, x, y }, offset).outputs;
        expectClose(dX!, gradientOf(reference, x, dOut), 1e-5, `gradient of ${kind} of ${channels} channels`);
      }
  },
);

test('GatherPixels and ScatterPixels match the reference at every number of channels', () => {
  const [input, sources] = [
    [2, 3, 2],
    [
      [1, 0],
      [-1, 2, 0, 0],
      [1, -1, 0],
    ],
  ];
  const out = sources.map(({ length }) => length);
  for (const channels of lengths) {
    const operands = { sources: Int32Array.from(sources.flat()), ...sizes(2, input, channels, out) };
    const x = randomFloats(24 * channels, channels);
    const length = 48 * channels;
    const reference = (values: Float64Array) =>
      movePixels(values, { batch: 2, input, output: out, channels }, (axis, i) => sources[axis]![i]!);
    const moved = kernels.run('GatherPixels', { ...operands, out: written(length), x }, 4).outputs['out']!;
    expectClose(moved, reference(Float64Array.from(x)), 0, `${channels} channels`);
    if (channels > 5) continue;
    const dOut = randomFloats(length, 7);
    const { dX } = kernels.run('ScatterPixels', { ...operands, dX: written(x.length), dOut }, 4).outputs;
    expectClose(dX!, gradientOf(reference, x, dOut), 1e-5, `gradient of ${channels} channels`);
  }
});

test('Interpolate and its gradient match the reference at every inner length', () => {
  for (const alignCorners of [false, true])
    for (const [axis, outAxis] of [
      [3, 7],
      [4, 2],
      [1, 3],
      [5, 5],
    ] as const)
      for (const inner of lengths) {
        const rows = Array.from({ length: outAxis }, (_, i) => interpolationRow(i, axis, outAxis, alignCorners));
        const table = new Float32Array(3 * outAxis);
        rows.forEach(({ low, high, weight }, i) => {
          new Uint32Array(table.buffer).set([low, high], 3 * i);
          table[3 * i + 2] = weight;
        });
        const operands = { table, outer: 2, axis, outAxis, inner };
        const x = randomFloats(2 * axis * inner, inner);
        const reference = (values: Float64Array) =>
          enlarge(
            values,
            { batch: 2, input: [axis], output: [outAxis], channels: inner },
            (_, i) => rows[i]!.low + rows[i]!.weight,
          );
        const length = 2 * outAxis * inner;
        const { out } = kernels.run('Interpolate', { ...operands, out: written(length), x }, 8).outputs;
        expectClose(out!, reference(Float64Array.from(x)), 1e-6, `inner ${inner}`);
        if (inner > 5) continue;
        const dOut = randomFloats(length, 7);
        const { dX } = kernels.run('InterpolateBackward', { ...operands, dX: written(x.length), dOut }, 8).outputs;
        expectClose(dX!, gradientOf(reference, x, dOut), 1e-5, `gradient at inner ${inner}`);
      }
});

test('Pool: a NaN anywhere in a window, and in no other, makes its maximum NaN', () => {
  for (const [name, { input, windows }] of Object.entries(windowsOf))
    for (const channels of [3, 4, 19]) {
      const table = tableOf(windows);
      const out = windows.map(({ length }) => length);
      const pixels = input.reduce((a, b) => a * b);
      const length = out.reduce((a, b) => a * b) * channels;
      const shape = { batch: 1, input, output: out, channels };
      for (let pixel = 0; pixel < pixels; pixel++) {
        const x = randomFloats(pixels * channels, 3).map((value, i) => (i % pixels === pixel ? Number.NaN : value));
        const operands = { kind: PoolKind.Maximum, windows: table, ...sizes(1, input, channels, out), x };
        const y = kernels.run('Pool', { ...operands, out: written(length) }).outputs['out']!;
        const expected = pool('max', Float64Array.from(x), shape, (axis, i) => windows[axis]![i]!);
        expect(Array.from(y, Number.isNaN), `${name}, ${channels} channels`).toEqual(
          Array.from(expected, Number.isNaN),
        );
      }
    }
});

test('Pool: an empty batch writes nothing', () => {
  const { windows } = windowsOf['adaptive']!;
  const table = tableOf(windows);
  const { finished } = kernels.run('Pool', {
    kind: 0,
    windows: table,
    ...sizes(0, [2, 5, 3], 3, [1, 3, 2]),
    out: output(0),
    x: [],
  });
  expect(finished).toBe(true);
});
