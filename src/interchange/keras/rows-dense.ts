// Rows of dense, embedding, dropouts, activations, noise, shapes and joins.
import { permute } from '../../layers/axes.ts';
import type { Activation } from '../../layers/activations.ts';
import { activation, dense, dropout, prelu } from '../../layers/core.ts';
import {
  alphaDropout,
  gaussianDropout,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from '../../layers/dropouts.ts';
import { embedding } from '../../layers/embedding.ts';
import { gaussianNoise } from '../../layers/noise.ts';
import { add, concatenate, flatten, multiply, reshape } from '../../layers/shape.ts';
import { repeatVector } from '../../layers/sequence.ts';
import { activationLayer, defined, kernelOptions, kernelToKeras, type KernelConfig } from './common-options.ts';
import { defineRow, type Row, type Written } from './table.ts';
import { initializerToKeras } from './vocabulary.ts';

const written = (class_name: string, config: Readonly<Record<string, unknown>> = {}): Written => ({
  class_name,
  config,
});

defineRow({
  classes: ['Dense'],
  types: ['dense'],
  read: (options, { common }) => dense(options.number('units'), { ...kernelOptions(options), ...common }),
  write: (config, context) =>
    written('Dense', { units: config['units'], ...kernelToKeras(config as unknown as KernelConfig, context) }),
});

defineRow({
  classes: ['Embedding'],
  types: ['embedding'],
  read(options, { common }) {
    options.none('embeddings_constraint', 'embeddings_regularizer', 'activity_regularizer');
    options.only('mask_zero', false);
    const initializer = options.initializer('embeddings_initializer');
    return embedding(options.number('input_dim'), options.number('output_dim'), {
      ...defined({ initializer }),
      ...common,
    });
  },
  write(config, { problem }) {
    if (config['maskZero']) problem('maskZero');
    return written('Embedding', {
      input_dim: config['vocabulary'],
      output_dim: config['width'],
      embeddings_initializer: initializerToKeras(config['initializer'] as string),
      mask_zero: false,
    });
  },
});

defineRow({
  classes: ['Dropout'],
  types: ['dropout'],
  read(options, { common }) {
    options.none('noise_shape');
    return dropout(options.number('rate'), common);
  },
  write: ({ rate }) => written('Dropout', { rate }),
});

for (const [className, type, make] of [
  ['SpatialDropout1D', 'spatialDropout1d', spatialDropout1d],
  ['SpatialDropout2D', 'spatialDropout2d', spatialDropout2d],
  ['SpatialDropout3D', 'spatialDropout3d', spatialDropout3d],
  ['AlphaDropout', 'alphaDropout', alphaDropout],
  ['GaussianDropout', 'gaussianDropout', gaussianDropout],
] as const)
  defineRow({
    classes: [className],
    types: [type],
    read(options, { common }) {
      options.none('noise_shape');
      options.only('data_format', 'channels_last');
      return make(options.number('rate'), common);
    },
    write({ rate }, { dialect, problem }) {
      const isMissing = type === 'spatialDropout2d' || type === 'spatialDropout3d';
      if (isMissing && dialect === 'tfjs') problem('the layer; TensorFlow.js has spatialDropout1d alone');
      return written(className, { rate });
    },
  });

defineRow({
  classes: ['GaussianNoise'],
  types: ['gaussianNoise'],
  read: (options, { common }) => gaussianNoise(options.number('stddev'), common),
  write: ({ deviation }) => written('GaussianNoise', { stddev: deviation }),
});

defineRow({
  classes: ['Activation'],
  types: ['activation'],
  read: (options, { common }) => activation(options.activation(), common),
  write: ({ activation: name }, context) => activationLayer(name as Activation, context) ?? written('Activation'),
});

const reader = (classes: readonly string[], read: Row['read']): void =>
  defineRow({ classes, types: [], read, write: () => written(classes[0]!) });

reader(['ReLU'], (options, { common }) => {
  options.only('threshold', 0);
  const slope = options.number('negative_slope', 0);
  const maximum = options.get('max_value');
  if (maximum !== undefined && (maximum !== 6 || slope !== 0)) options.problem(`max_value ${String(maximum)}`);
  if (maximum === 6) return activation('relu6', common);
  return activation(slope === 0 ? 'relu' : { name: 'leakyRelu', alpha: slope }, common);
});

reader(['LeakyReLU'], (options, { common }) => {
  const alpha =
    options.get('negative_slope') === undefined ? options.number('alpha', 0.3) : options.number('negative_slope');
  return activation({ name: 'leakyRelu', alpha }, common);
});

reader(['ELU'], (options, { common }) => activation({ name: 'elu', alpha: options.number('alpha', 1) }, common));

reader(['Softmax'], (options, { common, inputShape }) => {
  options.only('axis', -1, inputShape.length);
  return activation('softmax', common);
});

defineRow({
  classes: ['PReLU'],
  types: ['prelu'],
  read(options, { common, inputShape }) {
    options.none('alpha_regularizer', 'alpha_constraint');
    const shared = (options.get('shared_axes') ?? []) as unknown[];
    const expected = inputShape.slice(0, -1).map((_, axis) => axis + 1);
    const all = [...expected, inputShape.length];
    const is = (axes: readonly number[]) => JSON.stringify(axes) === JSON.stringify([...shared].toSorted());
    if (!is(expected) && !is(all))
      options.problem(`shared_axes ${JSON.stringify(shared)}; one slope a feature, or one for all`);
    const initial = options.initializer('alpha_initializer');
    const value =
      initial?.type === 'constant' ? (initial['value'] as number) : initial?.type === 'zeros' ? 0 : undefined;
    return prelu({ ...defined({ initial: value }), shared: is(all), ...common });
  },
  write({ initial, shared }, { inputShape }) {
    const axes = inputShape.slice(0, shared ? undefined : -1).map((_, axis) => axis + 1);
    return written('PReLU', {
      alpha_initializer: initializerToKeras({ type: 'constant', value: initial as number }),
      shared_axes: axes.length ? axes : null,
    });
  },
});

defineRow({
  classes: ['Flatten'],
  types: ['flatten'],
  read(options, { common }) {
    options.only('data_format', 'channels_last');
    return flatten(common);
  },
  write: () => written('Flatten'),
});

defineRow({
  classes: ['Reshape'],
  types: ['reshape'],
  read: (options, { common }) => reshape([options.sizes('target_shape')].flat(), common),
  write: ({ shape }) => written('Reshape', { target_shape: shape }),
});

defineRow({
  classes: ['Permute'],
  types: ['permute'],
  read: (options, { common }) => permute([options.sizes('dims')].flat(), common),
  write: ({ axes }) => written('Permute', { dims: axes }),
});

defineRow({
  classes: ['RepeatVector'],
  types: ['repeatVector'],
  read: (options, { common }) => repeatVector(options.number('n'), common),
  write: ({ count }) => written('RepeatVector', { n: count }),
});

defineRow({ classes: ['Add'], types: ['add'], read: (_, { common }) => add(common), write: () => written('Add') });

defineRow({
  classes: ['Multiply'],
  types: ['multiply'],
  read: (_, { common }) => multiply(common),
  write: () => written('Multiply'),
});

defineRow({
  classes: ['Concatenate'],
  types: ['concatenate'],
  read: (options, { common }) => concatenate({ axis: options.number('axis', -1), ...common }),
  write: ({ axis }) => written('Concatenate', { axis }),
});
