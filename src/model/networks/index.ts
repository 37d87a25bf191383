// The table of networks by type: a new one is a file beside this one, and a line in each of the two lists here.
import { mlpNetwork, type MlpOptions } from './mlp.ts';
import { perceptronNetwork, type PerceptronNetworkOptions } from './perceptron.ts';
import type { NetworkDefinition } from './definition.ts';

/** The hyperparameters of a network, by its type. */
export type NetworkOptions = PerceptronNetworkOptions | MlpOptions;

export type NetworkType = NetworkOptions['type'];

/** The definition of each type. */
export const networkDefinitions: {
  readonly [T in NetworkType]: NetworkDefinition<Extract<NetworkOptions, { type: T }>>;
} = {
  perceptron: perceptronNetwork,
  mlp: mlpNetwork,
};
