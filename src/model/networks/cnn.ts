// A convolutional network: convolutions with pooling after each, then dense layers.
import { conv1d, conv2d, conv3d } from '../../layers/convolution.ts';
import { dense, dropout } from '../../layers/core.ts';
import { expectInteger, formatBatchShape, type Layer } from '../../layers/layer.ts';
import { maxPool1d, maxPool2d, maxPool3d } from '../../layers/pooling.ts';
import { flatten } from '../../layers/shape.ts';
import type { Shape } from '../../graph/graph.ts';
import {
  drawChain,
  hiddenNames,
  initializerBefore,
  outputLayer,
  outputNames,
  resolveOutput,
  resolveUnits,
  type CommonOptions,
  type HiddenOptions,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

/** Samples are [length, channels], [height, width, channels] or [depth, height, width, channels]. */
export interface CnnOptions extends CommonOptions, OutputOptions, Omit<HiddenOptions, 'layers'> {
  readonly type: 'cnn';
  /** The filters of the convolutions, in order; [16, 32] by default. Each is followed by pooling that halves the image. */
  readonly layers?: readonly number[];
  /** 3 by default; padded, so that only pooling makes images smaller. */
  readonly kernelSize?: number;
  /** The units of the dense layers behind the convolutions; [64] by default. */
  readonly dense?: readonly number[];
}

const convolutions = { 1: conv1d, 2: conv2d, 3: conv3d } as const;
const poolings = { 1: maxPool1d, 2: maxPool2d, 3: maxPool3d } as const;

/** How many axes an image has. @throws RangeError for what is none */
export function imageRank(type: string, inputShape: Shape, ranks: readonly (1 | 2 | 3)[] = [1, 2, 3]): 1 | 2 | 3 {
  const rank = ranks.find((candidate) => candidate === inputShape.length - 1);
  if (rank) return rank;
  const forms = ['[length, channels]', '[height, width, channels]', '[depth, height, width, channels]'];
  const expected = ranks.map((candidate) => forms[candidate - 1]).join(' or ');
  throw new RangeError(`network: a ${type} takes samples ${expected}, got ${formatBatchShape(inputShape)}`);
}

export const cnnNetwork: NetworkDefinition<CnnOptions> = {
  options: [...hiddenNames, ...outputNames, 'kernelSize', 'dense'],
  draw({
    inputShape,
    layers,
    activation = 'relu',
    dropout: rate = 0,
    penalty,
    kernelSize = 3,
    dense: units,
    ...options
  }) {
    const output = resolveOutput(options);
    const rank = imageRank('cnn', inputShape);
    const common = {
      activation,
      kernelInitializer: initializerBefore(activation),
      ...(penalty && { kernelPenalty: penalty }),
    };
    const dropped = () => (rate === 0 ? [] : [dropout(rate)]);
    expectInteger('network: kernelSize', kernelSize, 1);
    let smallest = Math.min(...inputShape.slice(0, -1));
    const image = resolveUnits(layers, [16, 32]).flatMap((filters): Layer[] => {
      const convolution = convolutions[rank](filters, { kernelSize, padding: 'same', ...common });
      // An image of one pixel is not made smaller.
      const pools = smallest >= 2 ? [poolings[rank]()] : [];
      smallest = Math.floor(smallest / 2);
      return [convolution, ...pools, ...dropped()];
    });
    const head = resolveUnits(units, [64]).flatMap((count) => [dense(count, common), ...dropped()]);
    return drawChain(inputShape, [...image, flatten(), ...head, outputLayer(output, penalty)], output);
  },
};
