// Autoencoders: dense layers down to a few numbers and up again, trained to give back what they were given (targets are
// the inputs). The variational one draws its few numbers from normal distributions. Source: Kingma, Welling 2013.
import { dense } from '../../layers/core.ts';
import { expectInteger, type SymbolicTensor } from '../../layers/layer.ts';
import { gaussianSample } from '../../layers/noise.ts';
import { flatten, input, reshape } from '../../layers/shape.ts';
import type { Activation } from '../../layers/activations.ts';
import type { LossLike } from '../../losses/loss.ts';
import { sizeOf } from '../../graph/graph.ts';
import {
  initializerBefore,
  resolveUnits,
  type CommonOptions,
  type Drawing,
  type NetworkDefinition,
} from './definition.ts';

interface CodeOptions extends CommonOptions {
  /** The units of the layers down to the code, which are mirrored on the way up; [128] by default. */
  readonly layers?: readonly number[];
  /** How many numbers a sample is made of; 16 by default. */
  readonly code?: number;
  /** Of the layers between; ReLU by default. */
  readonly activation?: Activation;
  /** Of what is given back: linear by default, but 'sigmoid' for `variational`, whose samples are then from 0 to 1. */
  readonly outputActivation?: Activation;
}

export interface AutoencoderOptions extends CodeOptions {
  readonly type: 'autoencoder';
}

export interface VariationalOptions extends CodeOptions {
  readonly type: 'variational';
  /** How much the divergence of the code from a standard normal distribution counts; 1 by default. */
  readonly beta?: number;
}

const names = ['layers', 'code', 'activation', 'outputActivation'] as const;

/** Down to a code, which `encode` makes of the last layer, and up again. */
function drawCode(
  { inputShape, layers, activation = 'relu', outputActivation = 'linear' }: CodeOptions,
  encode: (x: SymbolicTensor) => SymbolicTensor,
  loss: LossLike,
): Drawing {
  const units = resolveUnits(layers, [128]);
  const through = (start: SymbolicTensor, sizes: readonly number[]) =>
    sizes.reduce((x, size) => dense(size, { activation, kernelInitializer: initializerBefore(activation) })(x), start);
  const start = input(inputShape);
  const code = encode(through(inputShape.length > 1 ? flatten()(start) : start, units));
  const flat = dense(sizeOf(inputShape), { activation: outputActivation })(through(code, units.toReversed()));
  const output = inputShape.length > 1 ? reshape(inputShape)(flat) : flat;
  return { inputs: [start], outputs: [output], task: 'reconstruction', loss };
}

export const autoencoderNetwork: NetworkDefinition<AutoencoderOptions> = {
  options: [...names],
  draw(options) {
    const size = expectInteger('network: code', options.code ?? 16, 1);
    return drawCode(options, (x) => dense(size, { name: 'code' })(x), 'meanSquaredError');
  },
};

/**
 * The loss of what is given back and the divergence of the code are both told for each element of a sample: the binary
 * cross-entropies after a sigmoid, or else what a normal distribution loses whose variance is the likeliest one. A variance
 * that is fixed ahead must be of the data's scale: one too large lets the divergence win, and the code is used no more.
 */
export const variationalNetwork: NetworkDefinition<VariationalOptions> = {
  options: [...names, 'beta'],
  draw({ beta = 1, outputActivation = 'sigmoid', ...options }) {
    const size = expectInteger('network: code', options.code ?? 16, 1);
    if (!(typeof beta === 'number' && beta >= 0 && beta < Infinity))
      throw new RangeError(`network: expected beta of at least 0, got ${String(beta)}`);
    const share = beta / sizeOf(options.inputShape);
    const encode = (x: SymbolicTensor) =>
      gaussianSample({ beta: share, name: 'code' })([
        dense(size, { name: 'mean' })(x),
        dense(size, { name: 'logVariance' })(x),
      ]);
    const loss = outputActivation === 'sigmoid' ? 'binaryCrossEntropy' : 'logMeanSquaredError';
    return drawCode({ ...options, outputActivation }, encode, loss);
  },
};
