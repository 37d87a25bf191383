import { describe, expect, test } from 'vitest';
import * as neurite from '../../src/index.ts';
import { ShapeError, type Layer, type Sides } from '../../src/index.ts';
import { enlarge, movePixels } from '../../reference/pooling.ts';
import { checkModel, modelOf } from '../helpers/model.ts';

const shapeOf = (batch: number, sample: readonly number[], output: readonly number[]) => ({
  batch,
  input: sample.slice(0, -1),
  output,
  channels: sample.at(-1)!,
});

/** Checks a layer that gives spatial sizes `output` from a sample, moving pixels. */
async function checkMoved(
  layer: Layer,
  sample: number[],
  output: number[],
  source: (axis: number, i: number) => number,
) {
  const model = await modelOf(layer, sample);
  expect(model.outputShapes).toEqual([[...output, sample.at(-1)!]]);
  checkModel(model, 2, (_, x) => movePixels(x, shapeOf(2, sample, output), source));
}

describe('padding', () => {
  test.each<[Sides, number[][]]>([
    [
      1,
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      [2, 1],
      [
        [2, 2],
        [1, 1],
      ],
    ],
    [
      [
        [0, 2],
        [3, 1],
      ],
      [
        [0, 2],
        [3, 1],
      ],
    ],
  ])('zeros of %j around an image', async (padding, sides) => {
    const output = [4 + sides[0]![0]! + sides[0]![1]!, 5 + sides[1]![0]! + sides[1]![1]!];
    await checkMoved(neurite.zeroPad2d(padding), [4, 5, 3], output, (axis, i) => i - sides[axis]![0]!);
  });

  const mirrored = (i: number, size: number): number => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
  const clamped = (i: number, size: number): number => Math.max(0, Math.min(size - 1, i));

  test('mirror images', async () => {
    await checkMoved(
      neurite.reflectionPad2d([
        [1, 3],
        [4, 0],
      ]),
      [4, 5, 2],
      [8, 9],
      (axis, i) => mirrored(i - [1, 4][axis]!, [4, 5][axis]!),
    );
    await checkMoved(neurite.reflectionPad1d(2), [3, 5], [7], (_, i) => mirrored(i - 2, 3));
    const volume = [3, 2, 4];
    await checkMoved(neurite.reflectionPad3d([2, 1, 0]), [...volume, 2], [7, 4, 4], (axis, i) =>
      mirrored(i - [2, 1, 0][axis]!, volume[axis]!),
    );
  });

  test('replicated edges', async () => {
    await checkMoved(
      neurite.replicationPad2d([
        [1, 3],
        [4, 0],
      ]),
      [2, 3, 4],
      [6, 7],
      (axis, i) => clamped(i - [1, 4][axis]!, [2, 3][axis]!),
    );
    await checkMoved(neurite.replicationPad1d([[3, 2]]), [2, 1], [7], (_, i) => clamped(i - 3, 2));
    const volume = [3, 2, 1];
    await checkMoved(neurite.replicationPad3d([1, 0, 2]), [...volume, 2], [5, 2, 5], (axis, i) =>
      clamped(i - [1, 0, 2][axis]!, volume[axis]!),
    );
  });

  test('zeros around sequences and volumes', async () => {
    await checkMoved(neurite.zeroPad1d([[2, 0]]), [3, 7], [5], (_, i) => i - 2);
    await checkMoved(neurite.zeroPad3d([1, 0, 2]), [2, 3, 2, 5], [4, 3, 6], (axis, i) => i - [1, 0, 2][axis]!);
  });
});

describe('cropping', () => {
  test('takes the edges away', async () => {
    await checkMoved(
      neurite.crop2d([
        [1, 2],
        [0, 1],
      ]),
      [6, 5, 3],
      [3, 4],
      (axis, i) => i + [1, 0][axis]!,
    );
    await checkMoved(neurite.crop1d(1), [5, 4], [3], (_, i) => i + 1);
    await checkMoved(neurite.crop3d([0, 1, 0]), [2, 4, 3, 2], [2, 2, 3], (axis, i) => i + [0, 1, 0][axis]!);
  });
});

describe('upsampling', () => {
  test('by the nearest pixel', async () => {
    await checkMoved(neurite.upsample2d(), [3, 2, 3], [6, 4], (_, i) => Math.floor(i / 2));
    await checkMoved(neurite.upsample2d({ size: [3, 1] }), [2, 4, 5], [6, 4], (axis, i) =>
      axis ? i : Math.floor(i / 3),
    );
    await checkMoved(neurite.upsample1d({ size: 4 }), [3, 2], [12], (_, i) => Math.floor(i / 4));
    await checkMoved(neurite.upsample3d(), [2, 1, 3, 2], [4, 2, 6], (_, i) => Math.floor(i / 2));
  });

  const modes = { 1: 'linear', 2: 'bilinear', 3: 'trilinear' } as const;

  test.each([
    { rank: 1, sample: [5, 3], size: [3] },
    { rank: 2, sample: [3, 4, 5], size: [2, 3] },
    { rank: 2, sample: [1, 2, 2], size: [4, 1] },
    { rank: 3, sample: [2, 3, 2, 2], size: [2, 2, 3] },
  ] as const)('linearly: $sample by $size, corners aligned or not', async ({ rank, sample, size }) => {
    const output = size.map((factor, axis) => factor * sample[axis]!);
    for (const alignCorners of [false, true]) {
      const make = [neurite.upsample1d, neurite.upsample2d, neurite.upsample3d][rank - 1]!;
      const model = await modelOf(make({ size: [...size], mode: modes[rank], alignCorners }), [...sample]);
      expect(model.outputShapes).toEqual([[...output, sample.at(-1)!]]);
      checkModel(model, 2, (_, x) =>
        enlarge(x, shapeOf(2, sample, output), (axis, i) => {
          const [from, to] = [sample[axis]!, output[axis]!];
          if (alignCorners) return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
          return Math.max(0, (i + 0.5) / (to / from) - 0.5);
        }),
      );
    }
  });
});

describe('pixelShuffle', () => {
  test('channels become pixels in the order of PyTorch', async () => {
    const model = await modelOf(neurite.pixelShuffle(2), [1, 2, 8]);
    expect(model.outputShapes).toEqual([[2, 4, 2]]);
    const x = Array.from({ length: 16 }, (_, i) => i);
    const { data } = model.predict({ data: Float32Array.from(x), shape: [1, 1, 2, 8] });
    // out[i, w·2 + j, c] = x[w, c·4 + i·2 + j]
    expect([...data]).toEqual([0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15]);
  });

  test('outputs and gradients match the reference', async () => {
    const [height, width, channels, r] = [3, 2, 2, 3];
    checkModel(await modelOf(neurite.pixelShuffle(r), [height, width, channels * r * r]), 2, (_, x) =>
      Float64Array.from({ length: x.length }, (__, at) => {
        const c = at % channels;
        const column = Math.floor(at / channels) % (width * r);
        const row = Math.floor(at / (channels * width * r)) % (height * r);
        const b = Math.floor(at / (channels * width * r * height * r));
        const pixel = (b * height + Math.floor(row / r)) * width + Math.floor(column / r);
        return x[pixel * channels * r * r + c * r * r + (row % r) * r + (column % r)]!;
      }),
    );
  });
});

describe('refused', () => {
  const refused: [string, () => Layer, new (...args: never[]) => Error, string][] = [
    [
      'a reflection as large as the image',
      () => neurite.reflectionPad2d([1, 4]),
      ShapeError,
      'reflectionPad2d: expected a padding below the size of each axis, got [[1,1],[4,4]] for [4, 4]',
    ],
    [
      'negative padding',
      () => neurite.zeroPad2d(-1),
      RangeError,
      'zeroPad2d: padding: expected an integer of at least 0, got -1',
    ],
    [
      'three sides',
      () =>
        neurite.zeroPad2d([
          [1, 2, 3],
          [0, 0],
        ] as never),
      RangeError,
      'expected [before, after] for each axis',
    ],
    [
      'cropping of everything',
      () => neurite.crop2d(2),
      ShapeError,
      'crop2d: nothing is left of [4, 4] after cropping [[2,2],[2,2]]',
    ],
    [
      'a linear image',
      () => neurite.upsample2d({ mode: 'linear' }),
      RangeError,
      'upsample2d: expected mode "nearest" or "bilinear", got "linear"',
    ],
    [
      'aligned corners of nearest pixels',
      () => neurite.upsample2d({ alignCorners: true }),
      RangeError,
      'alignCorners is for mode "bilinear" alone',
    ],
    [
      'half a size',
      () => neurite.upsample2d({ size: 1.5 }),
      RangeError,
      'upsample2d: size: expected an integer of at least 1, got 1.5',
    ],
    [
      'channels that do not make squares',
      () => neurite.pixelShuffle(2),
      ShapeError,
      'pixelShuffle: 2² does not divide the channels of [*, 4, 4, 3]',
    ],
  ];
  test.each(refused)('%s', async (_, make, kind, message) => {
    const attempt = async () => modelOf(make(), [4, 4, 3]);
    await expect(attempt()).rejects.toThrow(kind);
    await expect(attempt()).rejects.toThrow(message);
  });
});
