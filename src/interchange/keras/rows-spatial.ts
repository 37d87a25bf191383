// Rows of convolutions, pooling, padding, cropping and enlarging, of one to three axes.
import * as convolutions from '../../layers/convolution.ts';
import * as pools from '../../layers/pooling.ts';
import * as resizing from '../../layers/resize.ts';
import type { Config, Layer } from '../../layers/layer.ts';
import { kernelOptions, kernelToKeras, onlyIn3, type KernelConfig } from './common-options.ts';
import type { KerasOptions } from './options.ts';
import { defineRow, type WriteContext, type Written } from './table.ts';

type Make = (...args: never[]) => Layer;
const functions = { ...convolutions, ...pools, ...resizing } as unknown as Record<string, Make>;
const make = (type: string, ...args: unknown[]): Layer => functions[type]!(...(args as never[]));

function window(options: KerasOptions, paddings: readonly string[]) {
  options.only('data_format', 'channels_last');
  options.only('padding', ...paddings);
  const padding = options.text('padding', 'valid');
  return paddings.includes(padding) ? padding : 'valid';
}

const convolution = (options: KerasOptions, paddings: readonly string[], prefix?: string) => ({
  ...kernelOptions(options, prefix),
  kernelSize: options.sizes('kernel_size'),
  stride: options.sizes('strides', 1),
  dilation: options.sizes('dilation_rate', 1),
  padding: window(options, paddings),
});

/** The longest axis that a layer may make: positions are listed, and a file may claim any number. */
const longest = 2 ** 24;

type Sides = readonly (readonly [number, number])[];

/** What all convolutions have; a padding that Keras has no word for becomes a layer of zeros before. */
function convolutionToKeras(config: Config, context: WriteContext, prefix?: string) {
  const { kernelSize, stride, dilation, padding } = config as unknown as {
    kernelSize: number[];
    stride: number[];
    dilation: number[];
    padding: unknown;
  };
  const hasWord = typeof padding === 'string';
  if (!hasWord) context.before(zeros(sidesOf(padding, kernelSize.length), kernelSize.length));
  return {
    kernel_size: kernelSize,
    strides: stride,
    dilation_rate: dilation,
    padding: hasWord ? padding : 'valid',
    data_format: 'channels_last',
    ...kernelToKeras(config as unknown as KernelConfig, context, prefix),
  };
}

const sidesOf = (padding: unknown, rank: number): Sides => {
  const all = Array.isArray(padding) ? (padding as unknown[]) : Array.from({ length: rank }, () => padding);
  return all.map((side) =>
    Array.isArray(side) ? (side as unknown as [number, number]) : [side as number, side as number],
  );
};

/** In one axis Keras has [before, after], in more a pair for each. */
const sidesToKeras = (sides: Sides, rank: number) => (rank === 1 ? sides[0] : sides);
const zeros = (sides: Sides, rank: number): Written => ({
  class_name: `ZeroPadding${rank}D`,
  config: { padding: sidesToKeras(sides, rank), ...(rank > 1 && { data_format: 'channels_last' }) },
});

for (const rank of [1, 2, 3] as const) {
  const paddings = rank === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'];
  defineRow({
    classes: [`Conv${rank}D`, `Convolution${rank}D`],
    types: [`conv${rank}d`],
    read: (options, { common }) =>
      make(`conv${rank}d`, options.number('filters'), {
        ...convolution(options, paddings),
        groups: options.number('groups', 1),
        ...common,
      }),
    write: (config, context) => ({
      class_name: `Conv${rank}D`,
      config: {
        filters: config['filters'],
        ...(config['groups'] !== 1 && { groups: config['groups'] }),
        ...convolutionToKeras(config, context),
      },
    }),
  });
}

for (const rank of [1, 2] as const) {
  const paddings = ['valid', 'same'];
  defineRow({
    classes: [`DepthwiseConv${rank}D`],
    types: [`depthwiseConv${rank}d`],
    read: (options, { common }) =>
      make(`depthwiseConv${rank}d`, {
        ...convolution(options, paddings, 'depthwise'),
        depthMultiplier: options.number('depth_multiplier', 1),
        ...common,
      }),
    write: (config, context) => ({
      class_name: `DepthwiseConv${rank}D`,
      config: { depth_multiplier: config['depthMultiplier'], ...convolutionToKeras(config, context, 'depthwise') },
    }),
  });
  defineRow({
    classes: [`SeparableConv${rank}D`, `SeparableConvolution${rank}D`],
    types: [`separableConv${rank}d`],
    read(options, { common }) {
      options.none('pointwise_constraint', 'pointwise_regularizer');
      return make(`separableConv${rank}d`, options.number('filters'), {
        ...convolution(options, paddings, 'depthwise'),
        depthMultiplier: options.number('depth_multiplier', 1),
        ...common,
      });
    },
    write(config, context) {
      if (config['kernelPenalty'] !== undefined)
        context.problem('a kernelPenalty, which Keras has for each of two kernels');
      const shared = convolutionToKeras({ ...config, kernelPenalty: undefined }, context, 'depthwise');
      const { filters, depthMultiplier } = config;
      return { class_name: `SeparableConv${rank}D`, config: { filters, depth_multiplier: depthMultiplier, ...shared } };
    },
  });
  defineRow({
    classes: [`Conv${rank}DTranspose`, `Convolution${rank}DTranspose`],
    types: [`convTranspose${rank}d`],
    read(options, { common }) {
      options.none('output_padding');
      const shared = convolution(options, paddings);
      return make(`convTranspose${rank}d`, options.number('filters'), { ...shared, ...common });
    },
    write(config, context) {
      const { outputPadding, groups, padding, filters } = config as {
        outputPadding: number[];
        groups: number;
        padding: unknown;
        filters: number;
      };
      if (outputPadding.some((size) => size > 0)) context.problem(`outputPadding ${JSON.stringify(outputPadding)}`);
      if (groups !== 1) context.problem(`${groups} groups`);
      if (typeof padding !== 'string') context.problem(`padding ${JSON.stringify(padding)}`);
      const shared = convolutionToKeras(
        { ...config, padding: typeof padding === 'string' ? padding : 'valid' },
        context,
      );
      return { class_name: `Conv${rank}DTranspose`, config: { filters, ...shared } };
    },
  });
}

for (const rank of [1, 2, 3] as const) {
  for (const [form, name] of [
    ['max', 'Max'],
    ['avg', 'Average'],
  ] as const) {
    const type = `${form}Pool${rank}d`;
    defineRow({
      classes: [`${name}Pooling${rank}D`],
      types: [type],
      read(options, { common }) {
        const poolSize = options.sizes('pool_size', 2);
        const padding = window(options, ['valid', 'same']);
        return make(type, { poolSize, stride: options.sizes('strides', poolSize), padding, ...common });
      },
      write(config, context) {
        const { poolSize, stride, padding, ceilMode, countIncludePad } = config as {
          poolSize: number[];
          stride: number[];
          padding: unknown;
          ceilMode: boolean;
          countIncludePad: boolean;
        };
        if (ceilMode) context.problem('ceilMode');
        if (typeof padding !== 'string') context.problem(`padding ${JSON.stringify(padding)}`);
        if (form === 'avg' && padding === 'same' && countIncludePad) context.problem('countIncludePad');
        return {
          class_name: `${name}Pooling${rank}D`,
          config: { pool_size: poolSize, strides: stride, padding, data_format: 'channels_last' },
        };
      },
    });
    const globalType = `global${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`;
    defineRow({
      classes: [`Global${name}Pooling${rank}D`],
      types: [globalType],
      read(options, { common }) {
        options.only('data_format', 'channels_last');
        return make(globalType, { keepDimensions: options.flag('keepdims', false), ...common });
      },
      write: ({ keepDimensions }) => ({
        class_name: `Global${name}Pooling${rank}D`,
        config: { data_format: 'channels_last', ...(keepDimensions ? { keepdims: true } : {}) },
      }),
    });
    const adaptiveType = `adaptive${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`;
    defineRow({
      classes: [`Adaptive${name}Pooling${rank}D`],
      types: [adaptiveType],
      read(options, { common }) {
        options.only('data_format', 'channels_last');
        const outputSize = options.sizes('output_size');
        if ([outputSize].flat().some((size) => size > longest)) {
          options.problem(`output_size ${JSON.stringify(outputSize)}`);
          return undefined;
        }
        return make(adaptiveType, outputSize, common);
      },
      write: ({ outputSize }, context) =>
        onlyIn3(`Adaptive${name}Pooling${rank}D`, { output_size: outputSize, data_format: 'channels_last' }, context),
    });
  }
}

/** A number, one for each axis, or pairs; in one axis a pair is its two sides. */
function readSides(options: KerasOptions, name: string, rank: number): unknown {
  const value = options.get(name) ?? 1;
  if ([value].flat(2).some((side) => !(typeof side === 'number' && side >= 0 && side < longest))) {
    options.problem(`${name} ${JSON.stringify(value).slice(0, 100)}`);
    return 0;
  }
  if (rank === 1 && Array.isArray(value) && typeof value[0] === 'number')
    return [value.length === 1 ? [value[0], value[0]] : value];
  return value;
}

for (const rank of [1, 2, 3] as const) {
  for (const [name, form, option] of [
    ['ZeroPadding', 'zeroPad', 'padding'],
    ['Cropping', 'crop', 'cropping'],
  ] as const)
    defineRow({
      classes: [`${name}${rank}D`],
      types: [`${form}${rank}d`],
      read(options, { common }) {
        options.only('data_format', 'channels_last');
        return make(`${form}${rank}d`, readSides(options, option, rank), common);
      },
      write: (config) => ({
        class_name: `${name}${rank}D`,
        config: {
          [option]: sidesToKeras(config[option] as Sides, rank),
          ...(rank > 1 && { data_format: 'channels_last' }),
        },
      }),
    });
  defineRow({
    classes: [`UpSampling${rank}D`],
    types: [`upsample${rank}d`],
    read(options, { common, inputShape }) {
      options.only('data_format', 'channels_last');
      // TensorFlow.js interpolates between other positions than Keras.
      options.only('interpolation', 'nearest', ...(rank === 2 && options.dialect !== 'tfjs' ? ['bilinear'] : []));
      const mode = options.get('interpolation') === 'bilinear' ? 'bilinear' : 'nearest';
      const size = options.sizes('size', 2);
      if ([size].flat().some((factor) => factor * Math.max(...inputShape) > longest)) {
        options.problem(`size ${JSON.stringify(size)} of ${JSON.stringify(inputShape)}`);
        return undefined;
      }
      return make(`upsample${rank}d`, { size, mode, ...common });
    },
    write(config, { problem, dialect }) {
      const { size, mode, alignCorners } = config as { size: number[]; mode: string; alignCorners: boolean };
      if (alignCorners) problem('alignCorners');
      if (mode !== 'nearest' && (rank !== 2 || dialect === 'tfjs')) problem(`mode ${mode}`);
      return {
        class_name: `UpSampling${rank}D`,
        config:
          rank === 1
            ? { size: size[0] }
            : { size, ...(rank === 2 && { interpolation: mode, data_format: 'channels_last' }) },
      };
    },
  });
}
