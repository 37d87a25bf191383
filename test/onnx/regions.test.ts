// RoiAlign and MaxRoiPool against ONNX Runtime, DeformConv against sums in float64.
import { describe, expect, test } from 'vitest';
import { randomFloats } from '../helpers/kernel.ts';
import { floats, info, integers, modelBytes, node, openBytes, type AttributeValue } from '../helpers/onnx-graph.ts';
import { openInRuntime } from '../helpers/onnxruntime.ts';

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!), `${i}: ${actual[i]} for ${expected[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i]!)),
    );
}

const picture = { data: randomFloats(2 * 5 * 9 * 11, 3, -1, 1), shape: [2, 5, 9, 11] };

describe('RoiAlign', () => {
  // Inside, across an edge, wholly outside, empty, and as large as the picture.
  const regions = [1.2, 0.7, 8.4, 5.1, 6, 3, 14, 12, 20, 20, 25, 26, 3, 3, 3, 3, 0, 0, 10, 8];
  const count = regions.length / 4;
  const cases: [string, Record<string, AttributeValue>, number][] = [
    ['two samples a way', { sampling_ratio: 2 }, 16],
    ['as many samples as pixels', { sampling_ratio: 0 }, 16],
    ['scaled down', { sampling_ratio: 3, spatial_scale: { float: 0.5 } }, 16],
    ['centres without the half pixel', { sampling_ratio: 2, coordinate_transformation_mode: 'output_half_pixel' }, 16],
    ['version 10', { sampling_ratio: 2 }, 10],
  ];
  test.each(cases)('%s, as ONNX Runtime has it', async (_name, attributes, version) => {
    const graph = {
      input: [info('x', [2, 5, 9, 11]), info('regions', ['r', 4]), info('batch', ['r'], 'int64')],
      output: [info('y', ['r', 5, 4, 3])],
      node: [node('RoiAlign', ['x', 'regions', 'batch'], ['y'], { output_height: 4, output_width: 3, ...attributes })],
    };
    const bytes = modelBytes(graph, version);
    const model = await openBytes(bytes);
    const runtime = await openInRuntime(bytes);
    const boxes = { data: Float32Array.from(regions), shape: [count, 4] };
    const batch = BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 2));
    const ours = model.run({ x: picture, regions: boxes, batch })['y']!;
    const theirs = await runtime({ x: picture, regions: boxes, batch: { data: batch, shape: [count] } });
    expect(ours.shape).toEqual([count, 5, 4, 3]);
    expectClose(ours.data, theirs['y']!.data as Float32Array);
  });

  test('the maximum of weighted taps, by hand', async () => {
    const graph = {
      input: [info('x', [1, 1, 2, 2])],
      output: [info('y', [1, 1, 1, 1])],
      initializer: [floats('regions', [1, 4], [0, 0, 2, 2]), integers('batch', [1], [0])],
      node: [node('RoiAlign', ['x', 'regions', 'batch'], ['y'], { mode: 'max', sampling_ratio: 2 })],
    };
    const model = await openBytes(modelBytes(graph, 16));
    // Samples fall on the four pixels themselves, so that the largest of them is what comes out.
    expect([...model.run({ x: { data: [1, 2, 3, 4], shape: [1, 1, 2, 2] } })['y']!.data]).toEqual([4]);
  });
});

test('MaxRoiPool, as ONNX Runtime has it', async () => {
  const graph = {
    input: [info('x', [2, 5, 9, 11]), info('regions', ['r', 5])],
    output: [info('y', ['r', 5, 3, 2])],
    node: [node('MaxRoiPool', ['x', 'regions'], ['y'], { pooled_shape: [3, 2], spatial_scale: { float: 0.5 } })],
  };
  const bytes = modelBytes(graph);
  const data = Float32Array.from([
    0, 2, 3, 15, 12, 1, 0, 0, 21, 17, 0, 5, 5, 5, 5, 1, 18, 14, 30, 30, 1, 40, 40, 50, 50,
  ]);
  const regions = { data, shape: [5, 5] };
  const ours = (await openBytes(bytes)).run({ x: picture, regions })['y']!;
  const theirs = await (await openInRuntime(bytes))({ x: picture, regions });
  expect([...ours.data]).toEqual([...theirs['y']!.data]);
});

describe('DeformConv', () => {
  /** One sum after the other, in float64: x [C, H, W] read between its pixels, 0 outside. */
  function reference(
    x: ArrayLike<number>,
    w: ArrayLike<number>,
    offset: ArrayLike<number>,
    mask: ArrayLike<number>,
    sizes: { batch: number; channels: number; height: number; width: number; filters: number; groups: number; moved: number; kernel: number; stride: number; pad: number; out: number }, // prettier-ignore
  ): number[] {
    const { batch, channels, height, width, filters, groups, moved, kernel, stride, pad, out } = sizes;
    const pixel = (n: number, c: number, h: number, v: number) =>
      h < 0 || v < 0 || h >= height || v >= width ? 0 : x[((n * channels + c) * height + h) * width + v]!;
    const between = (n: number, c: number, h: number, v: number) => {
      const [top, left] = [Math.floor(h), Math.floor(v)];
      const [down, right] = [h - top, v - left];
      return (
        (1 - down) * ((1 - right) * pixel(n, c, top, left) + right * pixel(n, c, top, left + 1)) +
        down * ((1 - right) * pixel(n, c, top + 1, left) + right * pixel(n, c, top + 1, left + 1))
      );
    };
    const results: number[] = [];
    for (let n = 0; n < batch; n++)
      for (let f = 0; f < filters; f++)
        for (let oh = 0; oh < out; oh++)
          for (let ow = 0; ow < out; ow++) {
            let sum = 0;
            for (let c = 0; c < channels / groups; c++)
              for (let tap = 0; tap < kernel * kernel; tap++) {
                const channel = Math.floor(f / (filters / groups)) * (channels / groups) + c;
                const group = Math.floor(channel / (channels / moved));
                const at = ((n * moved + group) * kernel * kernel + tap) * 2 * out * out + oh * out + ow;
                const h = oh * stride - pad + Math.floor(tap / kernel) + offset[at]!;
                const v = ow * stride - pad + (tap % kernel) + offset[at + out * out]!;
                const m = mask[((n * moved + group) * kernel * kernel + tap) * out * out + oh * out + ow]!;
                sum += w[(f * (channels / groups) + c) * kernel * kernel + tap]! * m * between(n, channel, h, v);
              }
            results.push(sum);
          }
    return results;
  }

  test.each([
    [1, 1],
    [2, 1],
    [1, 2],
    [2, 4],
  ])('%i groups, %i groups of offsets, with a mask and a bias', async (groups, moved) => {
    const sizes = { batch: 2, channels: 4, height: 6, width: 6, filters: 6, groups, moved, kernel: 3, stride: 2, pad: 1, out: 3 }; // prettier-ignore
    const x = randomFloats(2 * 4 * 36, 1, -1, 1);
    const w = randomFloats((6 * 4 * 9) / groups, 2, -1, 1);
    const offset = randomFloats(2 * moved * 2 * 9 * 9, 3, -2, 2);
    const mask = randomFloats(2 * moved * 9 * 9, 4, 0, 1);
    const bias = [1, 2, 3, 4, 5, 6];
    const graph = {
      input: [info('x', ['n', 4, 6, 6]), info('o', ['n', moved * 18, 3, 3]), info('m', ['n', moved * 9, 3, 3])],
      output: [info('y', ['n', 6, 3, 3])],
      initializer: [floats('w', [6, 4 / groups, 3, 3], w), floats('b', [6], bias)],
      node: [node('DeformConv', ['x', 'w', 'o', 'b', 'm'], ['y'], { group: groups, offset_group: moved, pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] })], // prettier-ignore
    };
    const model = await openBytes(modelBytes(graph, 19));
    const { data } = model.run({
      x: { data: x, shape: [2, 4, 6, 6] },
      o: { data: offset, shape: [2, moved * 18, 3, 3] },
      m: { data: mask, shape: [2, moved * 9, 3, 3] },
    })['y']!;
    const expected = reference(x, w, offset, mask, sizes).map((value, i) => value + bias[Math.floor(i / 9) % 6]!);
    expectClose(data, expected, 1e-4);
  });

  test('offsets of another size are refused', async () => {
    const graph = {
      input: [info('x', [1, 1, 3, 3]), info('o', [1, 4, 2, 2])],
      output: [info('y', [1, 1, 2, 2])],
      initializer: [floats('w', [1, 1, 2, 2], [1, 1, 1, 1])],
      node: [node('DeformConv', ['x', 'w', 'o'], ['y'])],
    };
    const model = await openBytes(modelBytes(graph, 19));
    const run = () => model.run({ x: new Float32Array(9), o: new Float32Array(16) });
    expect(run).toThrow('m.onnx: DeformConv "DeformConv y": offsets [1, 4, 2, 2] for 1 groups of [1, 1, 3, 3]');
  });
});
