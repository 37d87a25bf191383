// One neuron, or one for each output, with the output activation of the task: no hidden layers.
import type { Penalty } from '../../layers/layer.ts';
import { flatten } from '../../layers/shape.ts';
import {
  drawChain,
  outputLayer,
  outputNames,
  resolveOutput,
  type CommonOptions,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

export interface PerceptronNetworkOptions extends CommonOptions, OutputOptions {
  readonly type: 'perceptron';
  /** λ2·Σw² (and λ1·Σ|w|) of the kernel, added to the loss. */
  readonly penalty?: Penalty;
  /** A perceptron has none: an empty list, for those who build types in a loop. */
  readonly layers?: readonly number[];
}

export const perceptronNetwork: NetworkDefinition<PerceptronNetworkOptions> = {
  options: [...outputNames, 'penalty', 'layers'],
  draw({ inputShape, penalty, layers, ...options }) {
    const hidden = layers?.length ?? 0;
    if (hidden) throw new RangeError(`network: a perceptron has no hidden layers, got ${hidden}; use type "mlp"`);
    const output = resolveOutput(options);
    return drawChain(inputShape, [flatten(), outputLayer(output, penalty)], output);
  },
};
