// A multilayer perceptron: dense hidden layers, each with the same activation.
import { dense, dropout } from '../../layers/core.ts';
import { flatten } from '../../layers/shape.ts';
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

/** Hidden layers are one of 64 units by default. */
export interface MlpOptions extends CommonOptions, HiddenOptions, OutputOptions {
  readonly type: 'mlp';
}

export const mlpNetwork: NetworkDefinition<MlpOptions> = {
  options: [...hiddenNames, ...outputNames],
  draw({ inputShape, layers, activation = 'relu', dropout: rate = 0, penalty, ...options }) {
    const output = resolveOutput(options);
    const hidden = resolveUnits(layers, [64]).flatMap((units) => [
      dense(units, {
        activation,
        kernelInitializer: initializerBefore(activation),
        ...(penalty && { kernelPenalty: penalty }),
      }),
      ...(rate === 0 ? [] : [dropout(rate)]),
    ]);
    const first = inputShape.length > 1 ? [flatten()] : [];
    return drawChain(inputShape, [...first, ...hidden, outputLayer(output, penalty)], output);
  },
};
