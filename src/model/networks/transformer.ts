// Transformers: an encoder that gives one answer for a sequence, a decoder that gives the next token at each step, and an
// encoder with a decoder that reads what it gave. Source: Vaswani et al. 2017, normalised first (Xiong et al. 2020).
import { dense } from '../../layers/core.ts';
import { embedding, sinusoidalPositions } from '../../layers/embedding.ts';
import { expectInteger, formatBatchShape, type SymbolicTensor } from '../../layers/layer.ts';
import { globalAvgPool1d } from '../../layers/pooling.ts';
import { input } from '../../layers/shape.ts';
import { transformerDecoder, transformerEncoder } from '../../layers/transformer.ts';
import { unknownName } from '../../core/nearest.ts';
import type { Shape } from '../../graph/graph.ts';
import {
  outputNames,
  resolveOutput,
  type CommonOptions,
  type Drawing,
  type NetworkDefinition,
  type OutputOptions,
} from './definition.ts';

/**
 * Samples are token indices [time] where there is a `vocabulary`, else [time, features]. `outputs` are those of the
 * whole sequence for an encoder, and of every step for the others (the vocabulary where it is left out).
 */
export interface TransformerNetworkOptions extends CommonOptions, Omit<OutputOptions, 'outputs'> {
  readonly type: 'transformer';
  readonly outputs?: number;
  /** 'encoder' by default. A decoder's targets are the next tokens; an encoderDecoder has inputs [source, target so far]. */
  readonly form?: 'encoder' | 'decoder' | 'encoderDecoder';
  /** How many tokens there are; of numbers there is none. */
  readonly vocabulary?: number;
  /** The shape of the second input of an encoderDecoder; that of the first by default. */
  readonly targetShape?: Shape;
  /** How many layers each half has; 2 by default. */
  readonly depth?: number;
  /** Columns of each step inside; 64 by default. */
  readonly width?: number;
  /** Heads of attention, which divide the width; 4 by default. */
  readonly heads?: number;
  /** Of the attention weights, in training; 0 by default. */
  readonly dropout?: number;
}

const forms = ['encoder', 'decoder', 'encoderDecoder'] as const;

export const transformerNetwork: NetworkDefinition<TransformerNetworkOptions> = {
  options: [...outputNames, 'form', 'vocabulary', 'targetShape', 'depth', 'width', 'heads', 'dropout'],
  draw(options) {
    const {
      form = 'encoder',
      vocabulary,
      inputShape,
      targetShape,
      depth = 2,
      width = 64,
      heads = 4,
      dropout = 0,
    } = options;
    if (!forms.includes(form)) throw unknownName('form of a transformer', form, forms);
    if (targetShape !== undefined && form !== 'encoderDecoder')
      throw new RangeError('network: targetShape is of the form "encoderDecoder" alone');
    const output = resolveOutput({
      ...options,
      outputs: options.outputs ?? (form === 'encoder' ? (0 as never) : vocabulary!),
    });
    const stack = { dropout, normFirst: true, feedForward: 4 * expectInteger('network: width', width, 1) };
    const start = sequenceInput(inputShape, vocabulary, form === 'encoderDecoder' ? 'source' : undefined);
    const enter = embed(vocabulary, width);
    const last = dense(output.outputs, { activation: output.activation });
    const drawing = (inputs: SymbolicTensor[], result: SymbolicTensor): Drawing => {
      const { task, loss } = output;
      return { inputs, outputs: [last(result)], task, loss };
    };
    const encoded = transformerEncoder(depth, heads, { ...stack, causal: form === 'decoder' })(enter(start));
    if (form === 'encoder') return drawing([start], globalAvgPool1d()(encoded));
    if (form === 'decoder') return drawing([start], encoded);
    const target = sequenceInput(targetShape ?? inputShape, vocabulary, 'target');
    return drawing(
      [start, target],
      transformerDecoder(depth, heads, stack)([embed(vocabulary, width)(target), encoded]),
    );
  },
};

function sequenceInput(shape: Shape, vocabulary: number | undefined, name: string | undefined): SymbolicTensor {
  const rank = vocabulary === undefined ? 2 : 1;
  if (shape.length !== rank)
    throw new RangeError(
      `network: a transformer takes samples ${rank === 1 ? '[time] of tokens with a vocabulary' : '[time, features], or [time] with a vocabulary'}, got ${formatBatchShape(shape)}`,
    );
  return input(shape, { ...(name && { name }), ...(rank === 1 && { dtype: 'int32' }) });
}

/** Tokens or numbers as steps of `width` columns that know their place. */
const embed = (vocabulary: number | undefined, width: number) => {
  const enter = vocabulary === undefined ? dense(width) : embedding(vocabulary, width);
  const positions = sinusoidalPositions();
  return (x: SymbolicTensor): SymbolicTensor => positions(enter(x));
};
