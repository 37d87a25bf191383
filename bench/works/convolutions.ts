// Single convolutions of well-known networks, one image, from the caller's array to the caller's number: the 3×3 of
// ResNet-50, the 1×1 and the depthwise 3×3 of MobileNetV2. Each library in its own order of channels.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { peers, type Family } from './work.ts';

export interface ConvolutionWork {
  readonly name: string;
  /** Height and width of the image. */
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly groups: number;
}

const square = (size: number, channels: number): string => `${size}²×${channels}`;

const plain = (size: number, channels: number): ConvolutionWork => ({
  name: `conv 3×3, ${square(size, channels)}`,
  size,
  channels,
  filters: channels,
  kernelSize: 3,
  stride: 1,
  groups: 1,
});
const pointwise = (size: number, channels: number, filters: number): ConvolutionWork => ({
  name: `conv 1×1, ${square(size, channels)} to ${filters}`,
  size,
  channels,
  filters,
  kernelSize: 1,
  stride: 1,
  groups: 1,
});
const depthwise = (size: number, channels: number, stride: number): ConvolutionWork => ({
  name: `depthwise 3×3, ${square(size, channels)}${stride > 1 ? `, stride ${stride}` : ''}`,
  size,
  channels,
  filters: channels,
  kernelSize: 3,
  stride,
  groups: channels,
});

export const convolutionWorks: readonly ConvolutionWork[] = [
  plain(56, 64),
  plain(28, 128),
  plain(14, 256),
  plain(7, 512),
  pointwise(56, 24, 144),
  pointwise(56, 144, 24),
  pointwise(28, 192, 32),
  pointwise(14, 64, 384),
  pointwise(14, 576, 96),
  pointwise(7, 320, 1280),
  depthwise(112, 32, 1),
  depthwise(112, 96, 2),
  depthwise(56, 144, 1),
  depthwise(28, 192, 1),
  depthwise(14, 576, 1),
  depthwise(7, 960, 1),
];

/** Its layer, with ReLU at its end, and its image [size, size, channels], channels last. */
export function convolutionData({ size, channels, filters, kernelSize, stride, groups }: ConvolutionWork) {
  const kernelShape = [kernelSize, kernelSize, channels / groups, filters] as const;
  const count = kernelSize ** 2 * (channels / groups) * filters;
  const scale = Math.sqrt((6 * filters) / count);
  return {
    kernelShape,
    kernel: benchmarkData(count, 21).map((value) => value * scale),
    bias: benchmarkData(filters, 22),
    stride,
    padding: (kernelSize - 1) / 2,
    groups,
    relu: true,
    image: benchmarkData(size * size * channels, 23),
  };
}

/** An image of channels last with its channels first, or (`back`) the other way round. */
export function channelsFirst(image: Float32Array, channels: number, back = false): Float32Array<ArrayBuffer> {
  const pixels = image.length / channels;
  const out = new Float32Array(image.length);
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < pixels; p++)
      if (back) out[p * channels + c] = image[c * pixels + p]!;
      else out[c * pixels + p] = image[p * channels + c]!;
  return out;
}

export const convolutionFamily: Family = {
  goals: convolutionWorks.map(({ name }) => ({ label: name, work: name, atLeast: { [peers.ort]: 1.5 } })),
};
