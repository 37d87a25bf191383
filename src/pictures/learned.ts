// What a model has learned, as tensors of images: its first filters, a layer's activations, what an answer looks at.
import type { Tensor } from '../data/tensor.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape, sizeOf, type Shape } from '../core/shape.ts';
import { addGradients } from '../graph/gradients.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { constant } from '../graph/operations/index.ts';
import { attentionMaps } from '../model/attention-maps.ts';
import { look } from '../model/inside.ts';
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
    throw new ShapeError(
      `activationImages: expected [1, height, width, channels] of "${layerName}", got ${formatShape(shape)}`,
    );
  return channelsApart({ data, shape });
}

export interface SaliencyOptions {
  /** The index of the output whose score is looked at, in a row; the largest by default. */
  readonly output?: number;
}

/**
 * How much each number of one sample sways an output: |d score / d input|, of the sample's shape; of images
 * [height, width, channels] the largest of the channels, [1, height, width]. The score is what stands before a last
 * softmax or sigmoid, whose own slope vanishes where the model is sure. Models of several inputs: of the first.
 * Source: Simonyan, Vedaldi, Zisserman 2013.
 * @throws ShapeError for more than one sample; RangeError for an output that is not there; TypeError for a model whose
 * first input holds indices
 */
export function saliency(model: Model, sample: ModelValues, { output }: SaliencyOptions = {}): Tensor {
  const [{ name, dtype }] = model.topology.inputs as [Model['topology']['inputs'][number]];
  if (dtype !== 'f32')
    throw new TypeError(`saliency: the input "${name}" holds indices, and there is no gradient for those`);
  const { data: scores, shape } = model.predict(sample);
  expectOneSample('saliency', shape);
  const chosen = output ?? indexOfLargest(scores);
  if (!Number.isInteger(chosen) || chosen < 0 || chosen >= scores.length)
    throw new RangeError(`saliency: expected an output from 0 to ${scores.length - 1}, got ${String(output)}`);
  const [gradient] = look(model, sample, 'saliency', ({ graph, inputs, outputs }) => [
    scoreGradient(graph, inputs[0]!, outputs[0]!, chosen),
  ]) as [Tensor];
  return largestChannel(gradient);
}

function indexOfLargest(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[largest]!) largest = i;
  return largest;
}

/** d score / d x, where the score is one element of an output before its softmax or sigmoid. */
function scoreGradient(graph: Graph, x: Node, out: Node, index: number): Node {
  const isSquashed = out.operation === 'softmax' || (out.operation === 'unary' && out.attributes['kind'] === 'Sigmoid');
  const scores = isSquashed ? out.inputs[0]! : out;
  const only = new Float32Array(sizeOf(scores.shape));
  only[index] = 1;
  const [gradient] = addGradients(graph, scores, constant(graph, only, scores.shape), [x]);
  return gradient ?? graph.add('fill', [], { shape: x.shape, value: 0 });
}

/** The largest magnitude of the channels of images [N, H, W, C], [N, H, W]; the magnitudes of anything else. */
function largestChannel({ data, shape }: Tensor): Tensor {
  const isImages = shape.length === 4;
  const channels = isImages ? shape[3]! : 1;
  const largest = new Float32Array(data.length / channels);
  data.forEach((value: number, i: number) => {
    const at = Math.floor(i / channels);
    largest[at] = Math.max(largest[at]!, Math.abs(value));
  });
  return { data: largest, shape: isImages ? shape.slice(0, 3) : shape };
}

/**
 * The weights of a layer's attention for one sample as images [heads, queries, keys], a tensor for each time that the
 * layer attends (a decoder layer attends to itself, then to the encoder's sequence).
 * @throws RangeError for a layer that does not attend, ShapeError for more than one sample
 */
export function attentionImages(model: Model, sample: ModelValues, layerName: string): Tensor[] {
  const maps = attentionMaps(model, sample);
  const found = maps.filter(({ layer }) => layer === layerName);
  if (found.length === 0) {
    const others = [...new Set(maps.map(({ layer }) => layer))].join(', ');
    throw new RangeError(
      `attentionImages: the layer ${JSON.stringify(layerName)} does not attend; ${others ? `there attend: ${others}` : 'none of the model does'}`,
    );
  }
  return found.map(({ weights: { data, shape } }) => {
    expectOneSample('attentionImages', shape);
    return { data, shape: shape.slice(1) };
  });
}

function expectOneSample(what: string, shape: Shape): void {
  if (shape[0] !== 1) throw new ShapeError(`${what}: expected one sample, got ${shape[0]}`);
}
