// Rows of recurrent layers and their wrappers, normalisation, attention.
import { multiHeadAttention } from '../../layers/attention.ts';
import type { Config } from '../../layers/layer.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm } from '../../layers/normalization.ts';
import { gru, lstm, simpleRnn } from '../../layers/recurrent.ts';
import type { RecurrentConfig } from '../../layers/recurrent-options.ts';
import { bidirectional, timeDistributed, type Merge } from '../../layers/sequence.ts';
import { isObject } from '../../formats/numeric.ts';
import { defined, onlyIn3 } from './common-options.ts';
import type { KerasOptions } from './options.ts';
import { defineRow, type WriteContext, type Written } from './table.ts';
import { initializerToKeras, penaltyToKeras } from './vocabulary.ts';

// ---- recurrent

function recurrent(options: KerasOptions) {
  options.none('activity_regularizer', 'kernel_constraint', 'recurrent_constraint', 'bias_constraint');
  options.only('return_state', false);
  options.only('time_major', false);
  return defined({
    returnSequences: options.flag('return_sequences', false),
    goBackwards: options.flag('go_backwards', false),
    stateful: options.flag('stateful', false),
    dropout: options.number('dropout', 0),
    recurrentDropout: options.number('recurrent_dropout', 0),
    useBias: options.flag('use_bias', true),
    kernelInitializer: options.initializer('kernel_initializer'),
    recurrentInitializer: options.initializer('recurrent_initializer'),
    biasInitializer: options.initializer('bias_initializer'),
    kernelPenalty: options.penalty('kernel_regularizer'),
    recurrentPenalty: options.penalty('recurrent_regularizer'),
    biasPenalty: options.penalty('bias_regularizer'),
  });
}

function recurrentToKeras(given: Config, { problem }: WriteContext) {
  const config = given as RecurrentConfig;
  if (config.layers > 1) problem(`a stack of ${config.layers} layers; write it as ${config.layers} layers of one`);
  if (config.returnState) problem('returnState');
  if (config.initialState) problem('initialState');
  const penalty = (name: 'kernelPenalty' | 'recurrentPenalty' | 'biasPenalty') => {
    const value = config[name];
    return value === undefined ? null : penaltyToKeras(value);
  };
  return {
    units: config.units,
    return_sequences: config.returnSequences,
    return_state: false,
    go_backwards: config.goBackwards,
    stateful: config.stateful,
    dropout: config.dropout,
    recurrent_dropout: config.recurrentDropout,
    use_bias: config.useBias,
    kernel_initializer: initializerToKeras(config.kernelInitializer),
    recurrent_initializer: initializerToKeras(config.recurrentInitializer),
    bias_initializer: initializerToKeras(config.biasInitializer),
    kernel_regularizer: penalty('kernelPenalty'),
    recurrent_regularizer: penalty('recurrentPenalty'),
    bias_regularizer: penalty('biasPenalty'),
  };
}

const gates = (options: KerasOptions) => {
  options.only('activation', 'tanh');
  options.only('recurrent_activation', 'sigmoid');
  // TensorFlow.js leaves a hard sigmoid where nothing is said.
  if (options.dialect === 'tfjs' && options.get('recurrent_activation') === undefined)
    options.problem('recurrent_activation "hard_sigmoid"');
};

defineRow({
  classes: ['SimpleRNN'],
  types: ['simpleRnn'],
  read(options, { common }) {
    options.only('activation', 'tanh', 'relu');
    const activation = options.get('activation') === 'relu' ? 'relu' : 'tanh';
    return simpleRnn(options.number('units'), { ...recurrent(options), activation, ...common });
  },
  write: (config, context) => ({
    class_name: 'SimpleRNN',
    config: { activation: config['activation'], ...recurrentToKeras(config, context) },
  }),
});

defineRow({
  classes: ['LSTM', 'CuDNNLSTM'],
  types: ['lstm'],
  read(options, { common }, className) {
    if (className === 'CuDNNLSTM') options.problem('its two biases; save it as LSTM');
    gates(options);
    const unitForgetBias = options.get('unit_forget_bias') !== false;
    return lstm(options.number('units'), { ...recurrent(options), unitForgetBias, ...common });
  },
  write: (config, context) => ({
    class_name: 'LSTM',
    config: {
      activation: 'tanh',
      recurrent_activation: 'sigmoid',
      unit_forget_bias: config['unitForgetBias'],
      ...recurrentToKeras(config, context),
    },
  }),
});

defineRow({
  classes: ['GRU'],
  types: ['gru'],
  read(options, { common }) {
    gates(options);
    const resetAfter = options.flag('reset_after', options.dialect === 'keras3');
    return gru(options.number('units'), { ...recurrent(options), resetAfter, ...common });
  },
  write(config, context) {
    if (context.dialect === 'tfjs' && config['resetAfter'])
      context.problem('resetAfter; TensorFlow.js has gru with resetAfter: false alone');
    return {
      class_name: 'GRU',
      config: {
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
        reset_after: config['resetAfter'],
        ...recurrentToKeras(config, context),
      },
    };
  },
});

defineRow({
  classes: ['Bidirectional'],
  types: ['bidirectional'],
  read(options, { common, inner }) {
    const backward = options.get('backward_layer');
    if (isObject(backward) && !isTurned(options.get('layer'), backward))
      options.problem('a backward_layer that is no mirror of its layer');
    const merge = options.get('merge_mode') ?? null;
    if (!['concat', 'sum', 'mul', 'ave'].includes(merge as string)) {
      options.problem(`merge_mode ${String(merge)}`);
      return undefined;
    }
    const layer = inner(options.get('layer'));
    return layer && bidirectional(layer, { merge: merge as Merge, ...common });
  },
  write(config, context) {
    const { layer, merge } = config as { layer: { type: string; config: Config }; merge: string };
    return {
      class_name: 'Bidirectional',
      config: { layer: context.inner(layer.type, layer.config), merge_mode: merge },
    };
  },
});

/** Whether two layers are alike in what they compute, and one goes backwards. */
function isTurned(forward: unknown, backward: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(forward) || !isObject(forward['config']) || !isObject(backward['config'])) return false;
  const essence = (config: Readonly<Record<string, unknown>>) =>
    ['units', 'activation', 'recurrent_activation', 'use_bias', 'return_sequences', 'reset_after'].map(
      (name) => config[name],
    );
  return (
    forward['class_name'] === backward['class_name'] &&
    JSON.stringify(essence(forward['config'])) === JSON.stringify(essence(backward['config'])) &&
    backward['config']['go_backwards'] === true
  );
}

defineRow({
  classes: ['TimeDistributed'],
  types: ['timeDistributed'],
  read(options, { common, inner }) {
    const layer = inner(options.get('layer'));
    return layer && timeDistributed(layer, common);
  },
  write(config, context) {
    const { layer } = config as { layer: { type: string; config: Config } };
    return { class_name: 'TimeDistributed', config: { layer: context.inner(layer.type, layer.config) } };
  },
});

// ---- normalisation

const normalization = (options: KerasOptions, epsilon: number) => {
  options.none('beta_regularizer', 'gamma_regularizer', 'beta_constraint', 'gamma_constraint');
  return {
    epsilon: options.number('epsilon', epsilon),
    scale: options.flag('scale', true),
    center: options.flag('center', true),
  };
};

/** The axes, counted with the batch, as numbers from 1. */
const axesOf = (options: KerasOptions, rank: number): number[] =>
  [options.sizes('axis', -1)].flat().map((axis) => (axis < 0 ? axis + rank + 1 : axis));

function expectLastAxis(options: KerasOptions, rank: number): void {
  const axes = axesOf(options, rank);
  if (axes.length !== 1 || axes[0] !== rank)
    options.problem(`axis ${JSON.stringify(options.get('axis'))}; channels are last`);
}

defineRow({
  classes: ['BatchNormalization'],
  types: ['batchNorm'],
  read(options, { common, inputShape }) {
    expectLastAxis(options, inputShape.length);
    options.only('renorm', false);
    const momentum = 1 - options.number('momentum', 0.99);
    return batchNorm({ momentum: Math.round(momentum * 1e12) / 1e12, ...normalization(options, 1e-3), ...common });
  },
  write: ({ momentum, epsilon, scale, center }) => ({
    class_name: 'BatchNormalization',
    config: { axis: -1, momentum: 1 - (momentum as number), epsilon, scale, center },
  }),
});

defineRow({
  classes: ['LayerNormalization'],
  types: ['layerNorm'],
  read(options, { common, inputShape }) {
    options.only('rms_scaling', false);
    const axes = axesOf(options, inputShape.length).toSorted((a, b) => a - b);
    const isTrailing = axes.every((axis, i) => axis === inputShape.length - axes.length + 1 + i);
    if (!isTrailing) options.problem(`axis ${JSON.stringify(options.get('axis'))}; the last axes are normalised`);
    return layerNorm({ axes: axes.length, ...normalization(options, 1e-3), ...common });
  },
  write({ axes, epsilon, scale, center }, { dialect, problem }) {
    const all = Array.from({ length: axes as number }, (_, i) => i - (axes as number));
    if (all.length > 1 && dialect === 'tfjs') problem(`${all.length} axes`);
    return { class_name: 'LayerNormalization', config: { axis: all.length === 1 ? -1 : all, epsilon, scale, center } };
  },
});

defineRow({
  classes: ['GroupNormalization'],
  types: ['groupNorm', 'instanceNorm'],
  read(options, { common, inputShape }) {
    expectLastAxis(options, inputShape.length);
    const groups = options.number('groups', 32);
    const shared = { ...normalization(options, 1e-3), ...common };
    return groups === -1 ? instanceNorm(shared) : groupNorm(groups, shared);
  },
  write: ({ groups = -1, epsilon, scale, center }, context) =>
    onlyIn3('GroupNormalization', { groups, axis: -1, epsilon, scale, center }, context),
});

defineRow({
  classes: ['RMSNormalization'],
  types: ['rmsNorm'],
  read(options, { common, inputShape }) {
    expectLastAxis(options, inputShape.length);
    return rmsNorm({ epsilon: options.number('epsilon', 1e-6), ...common });
  },
  write({ axes, epsilon, scale }, context) {
    if (axes !== 1 || !scale) context.problem('axes beside the last one, or no scale');
    return onlyIn3('RMSNormalization', { axis: -1, epsilon }, context);
  },
});

// ---- attention

defineRow({
  classes: ['MultiHeadAttention'],
  types: ['multiHeadAttention'],
  read(options, { common, call }) {
    options.none(
      'output_shape',
      'kernel_regularizer',
      'bias_regularizer',
      'activity_regularizer',
      'kernel_constraint',
      'bias_constraint',
    );
    const headSize = options.number('key_dim');
    options.only('value_dim', headSize);
    const axes = options.get('attention_axes');
    if (axes !== undefined && JSON.stringify(axes) !== '[1]') options.problem(`attention_axes ${JSON.stringify(axes)}`);
    for (const name of ['query_mask', 'value_mask', 'key_mask', 'attention_mask'])
      if (call[name] !== undefined && call[name] !== null) options.problem(`${name} in its call`);
    if (call['return_attention_scores'] === true) options.problem('return_attention_scores in its call');
    const kernelInitializer = options.initializer('kernel_initializer');
    return multiHeadAttention(options.number('num_heads'), {
      headSize,
      causal: call['use_causal_mask'] === true,
      dropout: options.number('dropout', 0),
      useBias: options.flag('use_bias', true),
      ...defined({ kernelInitializer }),
      ...common,
    });
  },
  write(config, { inputShape, dialect, problem }): Written {
    const { heads, headSize, dropout, useBias, rotary } = config as {
      heads: number;
      headSize: number | null;
      dropout: number;
      useBias: boolean;
      rotary: unknown;
    };
    if (rotary) problem('rotary');
    if (dialect === 'tfjs') problem('attention, which TensorFlow.js does not save');
    const size = headSize ?? inputShape.at(-1)! / heads;
    return {
      class_name: 'MultiHeadAttention',
      config: {
        num_heads: heads,
        key_dim: size,
        value_dim: size,
        dropout,
        use_bias: useBias,
        output_shape: null,
        attention_axes: null,
        kernel_initializer: initializerToKeras(config['kernelInitializer'] as string),
      },
    };
  },
});
