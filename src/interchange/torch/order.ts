// In which order PyTorch has the features of a flattened image: channel by channel, neurite pixel by pixel. A layer that
// reads them one by one (dense, batch normalisation) has its weights in that order. Found by walking the topology.
import type { Topology } from '../../model/topology.ts';

/** `order[i]` is the place in PyTorch of feature i; null where both have the same order. */
export type FeatureOrder = Int32Array | null;

/** Layers over channels-last images or sequences whose counterpart in PyTorch is channels first. */
const spatial =
  /^((depthwise|separable)?conv|convTranspose|(max|avg|global|adaptive)\w*pool|upsample|(zero|reflection|replication)pad|crop|pixelshuffle|instancenorm|groupnorm)/i;

/** Layers that leave every feature where it is. */
const passing = new Set([
  'activation',
  'prelu',
  'dropout',
  'batchNorm',
  'layerNorm',
  'rmsNorm',
  'gaussianNoise',
  'add',
  'multiply',
]);

export interface FeatureOrders {
  /** Of what a call reads, by the call's number; of several inputs the first one's. */
  readonly read: readonly FeatureOrder[];
  /** Whether what a call reads is channels first in PyTorch. */
  readonly channelsFirst: readonly boolean[];
}

/** The order of the features that each call of a topology reads. */
export function featureOrders(topology: Topology): FeatureOrders {
  const { inputs, calls, layers } = topology;
  const orders: FeatureOrder[] = inputs.map(() => null);
  // An image is channels first in PyTorch, a sequence of features is not.
  const first: boolean[] = inputs.map(({ shape }) => shape.length >= 3);
  const shapes = [...inputs.map(({ shape }) => shape), ...calls.map(({ shape }) => shape)];
  for (const { layer, inputs: sources, shape } of calls) {
    const { type } = layers[layer]!;
    const source = sources[0]!;
    const isSpatial = spatial.test(type) && shape.length > 1;
    first.push(isSpatial || (passing.has(type) && first[source]!) || (type === 'concatenate' && first[source]!));
    if (type === 'flatten' && first[source] && shapes[source]!.length > 1)
      orders.push(channelByChannel(shapes[source]!));
    else if (passing.has(type)) orders.push(orders[source]!);
    else if (type === 'concatenate' && shape.length === 1)
      orders.push(joined(sources.map((each) => [orders[each]!, shapes[each]![0]!])));
    else orders.push(null);
  }
  return {
    read: calls.map((call) => orders[call.inputs[0]!]!),
    channelsFirst: calls.map((call) => first[call.inputs[0]!]!),
  };
}

/** Feature (pixel, channel) of [...pixels, channels] is at (channel, pixel) in PyTorch. */
function channelByChannel(shape: readonly number[]): FeatureOrder {
  const channels = shape.at(-1)!;
  const pixels = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  if (channels === 1 || pixels === 1) return null;
  return Int32Array.from({ length: pixels * channels }, (_, i) => (i % channels) * pixels + Math.floor(i / channels));
}

function joined(parts: readonly [FeatureOrder, number][]): FeatureOrder {
  if (parts.every(([order]) => order === null)) return null;
  const result: number[] = [];
  for (const [order, length] of parts) {
    const begin = result.length;
    for (let i = 0; i < length; i++) result.push(begin + (order ? order[i]! : i));
  }
  return Int32Array.from(result);
}
