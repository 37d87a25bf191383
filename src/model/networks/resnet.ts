// A residual network for images: stages of blocks of two convolutions, each block added to what it was given.
// The first block of each stage but the first halves the image. Source: He et al. 2015, in its form for small images.
import { conv2d } from '../../layers/convolution.ts';
import { activation as activationLayer } from '../../layers/core.ts';
import { expectInteger, type SymbolicTensor } from '../../layers/layer.ts';
import { batchNorm } from '../../layers/normalization.ts';
import { globalAvgPool2d } from '../../layers/pooling.ts';
import { add, input } from '../../layers/shape.ts';
import type { Activation } from '../../layers/activations.ts';
import { imageRank } from './cnn.ts';
import {
  outputLayer,
  outputNames,
  resolveOutput,
  resolveUnits,
  type CommonOptions,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

/** Samples are [height, width, channels]. */
export interface ResnetOptions extends CommonOptions, OutputOptions {
  readonly type: 'resnet';
  /** The filters of each stage, in order; [16, 32, 64] by default. */
  readonly layers?: readonly number[];
  /** Blocks in each stage; 2 by default. */
  readonly blocks?: number;
  /** ReLU by default. */
  readonly activation?: Activation;
}

/** A convolution without bias and its normalisation. */
const normalized = (x: SymbolicTensor, filters: number, kernelSize: number, stride: number): SymbolicTensor =>
  batchNorm()(
    conv2d(filters, { kernelSize, stride, padding: 'same', useBias: false, kernelInitializer: 'heNormal' })(x),
  );

function block(x: SymbolicTensor, filters: number, stride: number, activation: Activation): SymbolicTensor {
  const act = activationLayer(activation);
  const inside = normalized(act(normalized(x, filters, 3, stride)), filters, 3, 1);
  const fits = stride === 1 && x.shape.at(-1) === filters;
  return act(add()([inside, fits ? x : normalized(x, filters, 1, stride)]));
}

export const resnetNetwork: NetworkDefinition<ResnetOptions> = {
  options: [...outputNames, 'layers', 'blocks', 'activation'],
  draw({ inputShape, layers, blocks = 2, activation = 'relu', ...options }) {
    const output = resolveOutput(options);
    imageRank('resnet', inputShape, [2]);
    expectInteger('network: blocks', blocks, 1);
    const stages = resolveUnits(layers, [16, 32, 64]);
    const start = input(inputShape);
    let x = activationLayer(activation)(normalized(start, stages[0] ?? 16, 3, 1));
    stages.forEach((filters, stage) => {
      for (let i = 0; i < blocks; i++) x = block(x, filters, stage > 0 && i === 0 ? 2 : 1, activation);
    });
    const { task, loss } = output;
    return { inputs: [start], outputs: [outputLayer(output, undefined)(globalAvgPool2d()(x))], task, loss };
  },
};
