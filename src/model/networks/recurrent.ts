// Recurrent networks: layers over the steps of a sequence, and the outputs from the last state or from every one.
import { dense } from '../../layers/core.ts';
import { expectFlag, formatBatchShape, type Layer } from '../../layers/layer.ts';
import { gru, lstm, simpleRnn } from '../../layers/recurrent.ts';
import { bidirectional } from '../../layers/sequence.ts';
import {
  drawChain,
  outputNames,
  resolveOutput,
  resolveUnits,
  type CommonOptions,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

/** Samples are [time, features]. */
export interface RecurrentNetworkOptions extends CommonOptions, OutputOptions {
  readonly type: 'rnn' | 'lstm' | 'gru';
  /** The units of the recurrent layers, in order; [64] by default. */
  readonly layers?: readonly number[];
  /** The rate at which inputs of the recurrent layers are dropped in training; 0 by default. */
  readonly dropout?: number;
  /** Whether each layer reads in both directions; false by default. */
  readonly bidirectional?: boolean;
  /** Whether there is an output for every step, [time, outputs], and not for the whole; false by default. */
  readonly returnSequences?: boolean;
}

/** What the layers of a network are made with. */
type Maker = (units: number, options: { returnSequences: boolean; dropout: number }) => Layer;

const makers: Readonly<Record<RecurrentNetworkOptions['type'], Maker>> = { rnn: simpleRnn, lstm, gru };

export const recurrentNetwork: NetworkDefinition<RecurrentNetworkOptions> = {
  options: [...outputNames, 'layers', 'dropout', 'bidirectional', 'returnSequences'],
  draw({ type, inputShape, layers, dropout = 0, bidirectional: both = false, returnSequences = false, ...options }) {
    const output = resolveOutput(options);
    if (inputShape.length !== 2)
      throw new RangeError(`network: a ${type} takes samples [time, features], got ${formatBatchShape(inputShape)}`);
    expectFlag('network: bidirectional', both);
    expectFlag('network: returnSequences', returnSequences);
    const units = resolveUnits(layers, [64]);
    const hidden = units.map((count, i): Layer => {
      const layer = makers[type](count, { returnSequences: returnSequences || i < units.length - 1, dropout });
      return both ? bidirectional(layer) : layer;
    });
    return drawChain(inputShape, [...hidden, dense(output.outputs, { activation: output.activation })], output);
  },
};
