// A U-Net: an image made smaller stage by stage and larger again, each stage on the way up joined with the one of its size
// on the way down; a value or a class for each pixel. Source: Ronneberger, Fischer, Brox 2015.
import { ShapeError } from '../../core/errors.ts';
import { conv2d } from '../../layers/convolution.ts';
import { activation as activationLayer } from '../../layers/core.ts';
import { expectFlag, formatBatchShape, type SymbolicTensor } from '../../layers/layer.ts';
import { batchNorm } from '../../layers/normalization.ts';
import { maxPool2d } from '../../layers/pooling.ts';
import { upsample2d } from '../../layers/resize.ts';
import { concatenate, input } from '../../layers/shape.ts';
import type { Activation } from '../../layers/activations.ts';
import { imageRank } from './cnn.ts';
import {
  outputNames,
  resolveOutput,
  resolveUnits,
  type CommonOptions,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

/** Samples are [height, width, channels], each side a multiple of 2 to the number of stages less one. */
export interface UnetOptions extends CommonOptions, OutputOptions {
  readonly type: 'unet';
  /** The filters of each stage on the way down, the last one at the bottom; [16, 32, 64] by default. */
  readonly layers?: readonly number[];
  /** ReLU by default. */
  readonly activation?: Activation;
  /** Whether each convolution is normalised over the batch; true by default. */
  readonly batchNorm?: boolean;
}

type Inside = Required<Pick<UnetOptions, 'activation' | 'batchNorm'>>;

/** A convolution; normalised over the batch before its activation where asked, and then without a bias of its own. */
function convolved(x: SymbolicTensor, filters: number, { activation, batchNorm: normalizes }: Inside): SymbolicTensor {
  const common = { kernelSize: 3, padding: 'same', kernelInitializer: 'heNormal' } as const;
  if (!normalizes) return conv2d(filters, { ...common, activation })(x);
  return activationLayer(activation)(batchNorm()(conv2d(filters, { ...common, useBias: false })(x)));
}

const twice = (x: SymbolicTensor, filters: number, inside: Inside): SymbolicTensor =>
  convolved(convolved(x, filters, inside), filters, inside);

export const unetNetwork: NetworkDefinition<UnetOptions> = {
  options: [...outputNames, 'layers', 'activation', 'batchNorm'],
  draw({ inputShape, layers, activation = 'relu', batchNorm: normalizes = true, ...options }) {
    const inside = { activation, batchNorm: expectFlag('network: batchNorm', normalizes) };
    const output = resolveOutput(options);
    imageRank('unet', inputShape, [2]);
    const stages = resolveUnits(layers, [16, 32, 64]);
    const multiple = 2 ** Math.max(0, stages.length - 1);
    if (inputShape[0]! % multiple || inputShape[1]! % multiple)
      throw new ShapeError(
        `network: a unet of ${stages.length} stages takes images whose sides are multiples of ${multiple}, got ${formatBatchShape(inputShape)}`,
      );
    const start = input(inputShape);
    const skips: SymbolicTensor[] = [];
    let x: SymbolicTensor = start;
    stages.forEach((filters, stage) => {
      x = twice(stage === 0 ? x : maxPool2d()(x), filters, inside);
      skips.push(x);
    });
    for (let stage = stages.length - 2; stage >= 0; stage--)
      x = twice(concatenate()([upsample2d()(x), skips[stage]!]), stages[stage]!, inside);
    const { outputs, activation: last, task, loss } = output;
    return { inputs: [start], outputs: [conv2d(outputs, { kernelSize: 1, activation: last })(x)], task, loss };
  },
};
