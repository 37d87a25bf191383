// The table of networks by type: a new one is a file beside this one, and a line in each of the two lists here.
// What a type needs beyond dense layers is loaded with its first network.
import type { AutoencoderOptions, VariationalOptions } from './autoencoder.ts';
import type { CnnOptions } from './cnn.ts';
import type { NetworkDefinition } from './definition.ts';
import { mlpNetwork, type MlpOptions } from './mlp.ts';
import { perceptronNetwork, type PerceptronNetworkOptions } from './perceptron.ts';
import type { RecurrentNetworkOptions } from './recurrent.ts';
import type { ResnetOptions } from './resnet.ts';
import type { TransformerNetworkOptions } from './transformer.ts';
import type { UnetOptions } from './unet.ts';

/** The hyperparameters of a network, by its type. */
export type NetworkOptions =
  | PerceptronNetworkOptions
  | MlpOptions
  | CnnOptions
  | ResnetOptions
  | UnetOptions
  | RecurrentNetworkOptions
  | TransformerNetworkOptions
  | AutoencoderOptions
  | VariationalOptions;

export type NetworkType = NetworkOptions['type'];

type Definition<T> = NetworkDefinition<Extract<NetworkOptions, { type: T }>>;

/** One definition for the three, which differ in their layer alone. */
const loadRecurrent = async () => (await import('./recurrent.ts')).recurrentNetwork as never;

/** The definition of each type. */
export const networkDefinitions: { readonly [T in NetworkType]: () => Promise<Definition<T>> | Definition<T> } = {
  perceptron: () => perceptronNetwork,
  mlp: () => mlpNetwork,
  cnn: async () => (await import('./cnn.ts')).cnnNetwork,
  resnet: async () => (await import('./resnet.ts')).resnetNetwork,
  unet: async () => (await import('./unet.ts')).unetNetwork,
  transformer: async () => (await import('./transformer.ts')).transformerNetwork,
  autoencoder: async () => (await import('./autoencoder.ts')).autoencoderNetwork,
  variational: async () => (await import('./autoencoder.ts')).variationalNetwork,
  rnn: loadRecurrent,
  lstm: loadRecurrent,
  gru: loadRecurrent,
};
