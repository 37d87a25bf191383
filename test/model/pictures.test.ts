// Pictures of what was learned: the numbers behind them by hand, and files that others can read.
import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  conv2d,
  dense,
  embedding,
  flatten,
  input,
  maxPool2d,
  model as graphModel,
  multiHeadAttention,
  sequential,
  type Tensor,
} from '../../src/index.ts';
import { activationImages, attentionImages, filters, imageGrid, saliency } from '../../src/pictures/index.ts';
import { encodePng } from '../../src/pictures/png.ts';
import { randomTensor } from '../helpers/model.ts';
import { expectClose } from '../helpers/operation.ts';

const images = () =>
  sequential(
    [
      conv2d(4, { kernelSize: 3, padding: 'same', activation: 'relu', name: 'first' }),
      maxPool2d(),
      flatten(),
      dense(3, { name: 'scores' }),
    ],
    { inputShape: [6, 6, 2], seed: 1 },
  );

describe('model.activations', () => {
  test('of the last layer they are the prediction, of others what leads to it', async () => {
    const model = await images();
    const samples = randomTensor([5, 6, 6, 2], 3);
    expect(model.activations(samples, 'scores')).toEqual(model.predict(samples));
    const first = model.activations(samples, 'first');
    expect(first.shape).toEqual([5, 6, 6, 4]);
    const pooled = model.activations(samples, 'layers.1').data;
    // The first pooled value is the largest of the four that it covers.
    const at = (y: number, x: number) => first.data[(y * 6 + x) * 4]!;
    expect(pooled[0]).toBe(Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1)));
  });

  test('many samples, several batches of them: each as if it were alone', async () => {
    const model = await images();
    const samples = randomTensor([131, 6, 6, 2], 3);
    expect(model.activations(samples, 'scores')).toEqual(model.predict(samples));
  });

  test('a layer that is not there, and samples of another shape, are refused', async () => {
    const model = await images();
    expect(() => model.activations(randomTensor([1, 6, 6, 2], 3), 'frist')).toThrow('did you mean "first"?');
    expect(() => model.activations(randomTensor([1, 6, 6, 3], 3), 'first')).toThrow(
      'model.activations: expected input [*, 6, 6, 2], got [1, 6, 6, 3]',
    );
  });
});

describe('what was learned', () => {
  test('filters of a convolution: one image for each, channels beyond colours apart', async () => {
    const model = await images();
    const kernel = model.getWeights()['first.kernel']!;
    const { data, shape } = filters(model);
    expect(shape).toEqual([8, 3, 3, 1]);
    // Filter 2, channel 1, row 0, column 2 of [3, 3, 2, 4].
    expect(data[(2 * 2 + 1) * 9 + 2]).toBe(kernel.data[(2 * 2 + 1) * 4 + 2]);
  });

  test('filters of a dense layer: its inputs as they stand in an image', async () => {
    const model = await sequential([dense(5)], { inputShape: [16], seed: 1 });
    expect(filters(model).shape).toEqual([5, 4, 4]);
    expect(filters(model, { imageShape: [2, 8] }).data[3]).toBe(model.getWeights()['layers.0.kernel']!.data[15]);
    expect(() => filters(model, { imageShape: [3, 4] })).toThrow('makes no images [3, 4]');
    expect(() => filters(model, { layer: 'nothing' })).toThrow('the layer "nothing" has no kernel');
  });

  test('activations as images', async () => {
    const model = await images();
    const sample = randomTensor([1, 6, 6, 2], 3);
    const { data, shape } = activationImages(model, sample, 'first');
    expect(shape).toEqual([4, 6, 6, 1]);
    expect(data[36 + 7]).toBe(model.activations(sample, 'first').data[7 * 4 + 1]);
    expect(() => activationImages(model, sample, 'scores')).toThrow(
      'expected [1, height, width, channels] of "scores"',
    );
  });

  test('saliency: the size of the gradient of the largest output, or of the one asked for', async () => {
    const model = await sequential([dense(2, { useBias: false })], { inputShape: [3], seed: 2 });
    const kernel = model.getWeights()['layers.0.kernel']!.data;
    const sample = randomTensor([1, 3], 5);
    const scores = model.predict(sample).data;
    const largest = scores[0]! > scores[1]! ? 0 : 1;
    const sizes = (output: number) => [0, 1, 2].map((i) => Math.abs(kernel[2 * i + output]!));
    expectClose(saliency(model, sample).data, sizes(largest), 1e-6, 'largest');
    expectClose(saliency(model, sample, { output: 0 }).data, sizes(0), 1e-6, 'first');
    expect(() => saliency(model, sample, { output: 2 })).toThrow('expected an output from 0 to 1, got 2');
    expect(() => saliency(model, randomTensor([2, 3], 5))).toThrow('expected one sample, got 2');
    const net = await images();
    expect(saliency(net, randomTensor([1, 6, 6, 2], 3)).shape).toEqual([1, 6, 6]);
  });

  test('saliency: of what stands before a softmax or a sigmoid', async () => {
    for (const [units, last] of [
      [2, 'softmax'],
      [1, 'sigmoid'],
    ] as const) {
      const model = await sequential([dense(units, { activation: last, useBias: false })], {
        inputShape: [3],
        seed: 2,
      });
      const kernel = model.getWeights()['layers.0.kernel']!.data;
      const expected = [0, 1, 2].map((i) => Math.abs(kernel[units * i]!));
      expectClose(saliency(model, randomTensor([1, 3], 5), { output: 0 }).data, expected, 1e-6, last);
    }
  });

  test('saliency of images: the largest of the channels', async () => {
    const model = await sequential([flatten(), dense(1, { useBias: false })], { inputShape: [2, 2, 3], seed: 2 });
    const kernel = model.getWeights()['layers.1.kernel']!.data;
    const expected = [0, 1, 2, 3].map((i) => Math.max(...[0, 1, 2].map((c) => Math.abs(kernel[3 * i + c]!))));
    expectClose(saliency(model, randomTensor([1, 2, 2, 3], 5)).data, expected, 1e-6, 'channels');
  });

  test('attention maps: weights of each head, which sum to 1 for each query', async () => {
    const tokens = input([5], { dtype: 'int32' });
    const x = embedding(7, 8)(tokens);
    const attended = multiHeadAttention(2, { name: 'look', causal: true })(x);
    const net = await graphModel({ inputs: tokens, outputs: attended, seed: 1 });
    const words = [[1, 2, 3, 4, 5]];
    const [map] = attentionImages(net, words, 'look') as [Tensor];
    expect(map.shape).toEqual([2, 5, 5]);
    for (let row = 0; row < 10; row++) {
      const weights = Array.from(map.data.slice(row * 5, row * 5 + 5));
      expect(weights.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      // Nothing is seen of what comes later.
      expect(weights.slice((row % 5) + 1).every((value) => value === 0)).toBe(true);
    }
    expect(() => attentionImages(net, words, 'layers.0')).toThrow('"layers.0" does not attend; there attend: look');
    expect(() => attentionImages(net, [...words, ...words], 'look')).toThrow('expected one sample, got 2');
    expect(() => attentionImages(net, [[1, 2, 3, 4, 7]], 'look')).toThrow('7');
    expect(() => saliency(net, words)).toThrow('the input "input" holds indices');
  });
});

describe('imageGrid', () => {
  /** The pixels of a PNG, read as its specification says. */
  function decode(png: Buffer) {
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
      const end = at + 8 + png.readUInt32BE(at);
      expect(png.readUInt32BE(end)).toBe(crc32(png.subarray(at + 4, end)));
    }
    const start = png.indexOf('IDAT') + 4;
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
    const pixel = (x: number, y: number) => [...rows.subarray(y * (3 * width + 1) + 1 + 3 * x).subarray(0, 3)];
    return { width, height, pixel };
  }
  const pngOf = (svg: string) => decode(Buffer.from(/base64,([^"]+)"/.exec(svg)![1]!, 'base64'));

  test('images side by side, a white line between them, each in its own range', () => {
    const data = Float32Array.of(0, 1, 2, 3, 10, 10, 10, 20, 5, 5, 5, 5);
    const { width, height, pixel } = pngOf(imageGrid({ data, shape: [3, 2, 2] }, { columns: 2 }));
    expect([width, height]).toEqual([5, 5]);
    expect(pixel(0, 0)).toEqual([0, 0, 0]);
    expect(pixel(1, 1)).toEqual([255, 255, 255]);
    expect(pixel(1, 0)).toEqual([85, 85, 85]);
    expect(pixel(2, 0)).toEqual([255, 255, 255]);
    expect(pixel(3, 0)).toEqual([0, 0, 0]);
    // An image of one value is neither black nor white; where there is none it is white.
    expect(pixel(0, 3)).toEqual([128, 128, 128]);
    expect(pixel(3, 3)).toEqual([255, 255, 255]);
  });

  test('diverging colours: 0 is white, blue below and red above', () => {
    const { pixel } = pngOf(
      imageGrid({ data: Float32Array.of(-2, 0, 1, 2), shape: [1, 1, 4] }, { colors: 'diverging' }),
    );
    expect([0, 1, 2, 3].map((x) => pixel(x, 0))).toEqual([
      [0, 0, 255],
      [255, 255, 255],
      [255, 128, 128],
      [255, 0, 0],
    ]);
  });

  test('three channels are colours', () => {
    const { pixel } = pngOf(imageGrid({ data: Float32Array.of(1, 0, 0, 0, 0, 1), shape: [1, 1, 2, 3] }));
    expect([pixel(0, 0), pixel(1, 0)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
  });

  test('one range for all; that of colours is not about 0, whatever shades are asked for', () => {
    const gray = { data: Float32Array.of(0, 1, 2, 4), shape: [2, 1, 2] };
    const { pixel } = pngOf(imageGrid(gray, { range: 'all' }));
    expect([0, 1, 3, 4].map((x) => pixel(x, 0)[0])).toEqual([0, 64, 128, 255]);
    const colors = { data: Float32Array.of(1, 2, 3), shape: [1, 1, 1, 3] };
    for (const range of ['each', 'all'] as const)
      expect(pngOf(imageGrid(colors, { range, colors: 'diverging' })).pixel(0, 0)).toEqual([0, 128, 255]);
  });

  test('a large picture takes several blocks', () => {
    const pixels = Uint8Array.from({ length: 3 * 300 * 200 }, (_, i) => (i * 7) % 256);
    const { width, height, pixel } = decode(Buffer.from(encodePng(pixels, 300, 200)));
    expect([width, height]).toEqual([300, 200]);
    for (const [x, y] of [
      [0, 0],
      [299, 199],
      [150, 77],
    ] as const)
      expect(pixel(x, y)).toEqual([...pixels.subarray(3 * (y * 300 + x), 3 * (y * 300 + x) + 3)]);
  });

  test('the title is text, and what makes no images is refused', () => {
    expect(imageGrid({ data: new Float32Array(4), shape: [1, 2, 2] }, { title: 'a < "b"' })).toContain(
      '<title>a &lt; &quot;b&quot;</title>',
    );
    expect(() => imageGrid({ data: new Float32Array(4), shape: [4] })).toThrow(
      'imageGrid: expected images [N, height, width]',
    );
    expect(() => imageGrid({ data: new Float32Array(4), shape: [1, 2, 2] }, { columns: 0 })).toThrow(
      'expected columns of at least 1',
    );
    const one = { data: new Float32Array(4), shape: [1, 2, 2] };
    expect(() => imageGrid(one, { pixel: 0 })).toThrow('expected a pixel above 0, got 0');
    expect(() => imageGrid(one, { colors: 'grey' as never })).toThrow('expected colors gray or diverging, got grey');
    expect(() => imageGrid(one, { range: 'both' as never })).toThrow('expected range each or all, got both');
  });
});
