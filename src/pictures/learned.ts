// What a model has learned, as tensors of images: its first filters, a layer's activations, what an answer looks at.
import type { Tensor } from '../data/tensor.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape, sizeOf, type Shape } from '../core/shape.ts';
import { attentionWeights } from '../graph/operations/index.ts';
import { attentionMapsOf } from '../model/inside.ts';
import type { Model } from '../model/model.ts';
import type { ModelValues } from '../model/inputs.ts';

/** The values [..., last] as `last` images of the rest. */
function byLast({ data, shape }: Tensor, image: Shape): Tensor {
  const count = shape.at(-1)!;
  const size = sizeOf(image);
  const out = new Float32Array(count * size);
  for (let i = 0; i < size; i++) for (let j = 0; j < count; j++) out[j * size + i] = data[i * count + j]!;
  return { data: out, shape: [count, ...image] };
}

export interface FilterOptions {
  /** The layer whose kernel is shown; the first that has one by default. */
  readonly layer?: string;
  /** For a dense layer, how its inputs stand in an image; a square by default where they make one. */
  readonly imageShape?: Shape;
}

/**
 * The filters of a layer: of a two-dimensional convolution [filters, height, width, channels] (channels beyond 1 and 3
 * side by side as images of their own, [filters · channels, height, width, 1]), of a dense layer [units, ...imageShape].
 * @throws RangeError where there is no such kernel, ShapeError where it makes no images
 */
export function filters(model: Model, { layer, imageShape }: FilterOptions = {}): Tensor {
  const found = model.parameters.find(({ name }) => (layer ? name === `${layer}.kernel` : name.endsWith('.kernel')));
  if (!found) throw new RangeError(`filters: ${layer ? `the layer "${layer}"` : 'the model'} has no kernel`);
  const kernel: Tensor = model.getWeights()[found.name]!;
  const { shape } = kernel;
  if (shape.length === 4) {
    const [height, width, channels] = shape as [number, number, number, number];
    const images = byLast(kernel, [height, width, channels]);
    return channels === 1 || channels === 3 ? images : channelsApart(images);
  }
  const side = Math.sqrt(shape[0]!);
  const image = imageShape ?? (Number.isInteger(side) ? [side, side] : undefined);
  if (shape.length !== 2 || !image || sizeOf(image) !== shape[0])
    throw new ShapeError(
      `filters: "${found.name}" ${formatShape(shape)} makes no images${image ? ` ${formatShape(image)}` : '; give imageShape'}`,
    );
  return byLast(kernel, image);
}

/** Images [N, H, W, C] as [N · C, H, W, 1]. */
function channelsApart({ data, shape }: Tensor): Tensor {
  const [count, height, width, channels] = shape as [number, number, number, number];
  const size = height * width;
  const out = new Float32Array(data.length);
  for (let n = 0; n < count; n++)
    for (let i = 0; i < size; i++)
      for (let c = 0; c < channels; c++) out[(n * channels + c) * size + i] = data[(n * size + i) * channels + c]!;
  return { data: out, shape: [count * channels, height, width, 1] };
}

/**
 * What the channels of a layer give for one sample: [channels, height, width, 1].
 * @throws ShapeError unless the layer gives images [height, width, channels]
 */
export function activationImages(model: Model, sample: ModelValues, layerName: string): Tensor {
  const { data, shape } = model.activations(sample, layerName);
  if (shape.length !== 4 || shape[0] !== 1)
    throw new ShapeError(`activationImages: expected [1, height, width, channels] of "${layerName}", got ${formatShape(shape)}`);
  return channelsApart({ data, shape });
}

/**
 * How much each input of one sample sways an output: |d output / d input|, of the sample's shape with the largest of
 * the channels, [1, height, width] for images. `output` is the index of the output, the largest by default.
 * Source: Simonyan, Vedaldi, Zisserman 2013.
 */
export function saliency(model: Model, sample: ModelValues, { output }: { output?: number } = {}): Tensor {
  const { data: scores, shape } = model.predict(sample);
  if (shape[0] !== 1) throw new ShapeError(`saliency: expected one sample, got ${shape[0]}`);
  const chosen = output ?? scores.indexOf(Math.max(...(scores as Float32Array)));
  if (!Number.isInteger(chosen) || chosen < 0 || chosen >= scores.length)
    throw new RangeError(`saliency: expected an output from 0 to ${scores.length - 1}, got ${String(output)}`);
  const outputGradient = { data: new Float32Array(scores.length), shape };
  outputGradient.data[chosen] = 1;
  const [gradient] = model.gradients(sample, { outputGradient }).inputs as [Tensor];
  const channels = gradient.shape.length === 4 ? gradient.shape[3]! : 1;
  const values = Float32Array.from({ length: gradient.data.length / channels }, (_, i) => {
    let largest = 0;
    for (let c = 0; c < channels; c++) largest = Math.max(largest, Math.abs(gradient.data[i * channels + c]!));
    return largest;
  });
  return { data: values, shape: gradient.shape.length === 4 ? gradient.shape.slice(0, 3) : gradient.shape };
}

/**
 * The weights of a layer's attention for one sample: images [heads, queries, keys], a tensor for each time it attends.
 * @throws RangeError for a layer that does not attend
 */
export function attentionMaps(model: Model, sample: ModelValues, layerName: string): Tensor[] {
  return attentionMapsOf(model, sample, layerName, attentionWeights).map(({ data, shape }) => {
    if (shape[0] !== 1) throw new ShapeError(`attentionMaps: expected one sample, got ${shape[0]}`);
    return { data, shape: shape.slice(1) };
  });
}
