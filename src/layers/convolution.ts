// Convolutions of one, two and three axes, plain, depthwise, separable and transposed.
// Shapes: B batch, C channels in, N filters; channels last, kernels [...kernelSize, C / groups, N].
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { add, convolution, transposedConvolution } from '../graph/operations/index.ts';
import {
  checkPadding,
  convolutionWindow,
  transposedWindow,
  type Padding,
  type WindowOptions,
} from '../graph/operations/window.ts';
import { resolveInitializer, type InitializerLike } from '../initializers/initializer.ts';
import { activate, configuredActivation, type Activation } from './activations.ts';
import {
  checkPenalty,
  createLayer,
  defineLayer,
  expectFlag,
  expectInteger,
  expectOptions,
  type Config,
  type Layer,
  type LayerContext,
  type LayerOptions,
  type Penalty,
} from './layer.ts';
import { expectPerAxis, spatialInput, type PerAxis, type Rank } from './spatial.ts';

export type { Padding } from '../graph/operations/window.ts';
export type { PerAxis } from './spatial.ts';

/** What slides over the sample, and what follows it. */
interface KernelOptions extends LayerOptions {
  /** The extent of the kernel along each axis. */
  readonly kernelSize: PerAxis;
  /** Positions from one output to the next; 1 by default. */
  readonly stride?: PerAxis;
  /** Positions from one element of the kernel to the next; 1 by default. */
  readonly dilation?: PerAxis;
  /** `valid` by default. */
  readonly padding?: Padding;
  /** The function of the sum; linear by default. */
  readonly activation?: Activation;
  /** Whether a bias is added; true by default. */
  readonly useBias?: boolean;
  /** Glorot uniform by default. */
  readonly kernelInitializer?: InitializerLike;
  /** Zeros by default. */
  readonly biasInitializer?: InitializerLike;
  /** λ1·Σ|w| + λ2·Σw² of the kernel, added to the loss. */
  readonly kernelPenalty?: Penalty;
  readonly biasPenalty?: Penalty;
}

export interface ConvolutionOptions extends KernelOptions {
  /** In how many parts the channels are convolved, each with its own filters; 1 by default. */
  readonly groups?: number;
}

export interface DepthwiseOptions extends KernelOptions {
  /** How many filters each channel has; 1 by default. */
  readonly depthMultiplier?: number;
}

export interface ConvTransposeOptions extends ConvolutionOptions {
  /** Added to the size of the result at its end, where several inputs of the convolution give one size; 0 by default. */
  readonly outputPadding?: PerAxis;
}

interface KernelConfig extends Config {
  kernelSize: number[];
  stride: number[];
  dilation: number[];
  padding: Padding;
  activation: Activation;
  useBias: boolean;
  kernelInitializer: InitializerLike;
  biasInitializer: InitializerLike;
  kernelPenalty?: Penalty;
  biasPenalty?: Penalty;
}

type ConvolutionConfig = KernelConfig & { filters: number; groups: number };
type DepthwiseConfig = KernelConfig & { depthMultiplier: number };
type SeparableConfig = DepthwiseConfig & { filters: number };
type TransposedConfig = ConvolutionConfig & { outputPadding: number[] };

const kernelOptionNames = [
  'kernelSize',
  'stride',
  'dilation',
  'padding',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelPenalty',
  'biasPenalty',
];

/** The checked configuration that all convolutions have. */
function kernelConfig(type: string, options: KernelOptions, rank: Rank, more: readonly string[]): KernelConfig {
  expectOptions(type, options, [...kernelOptionNames, ...more]);
  const { stride = 1, dilation = 1, padding = 'valid', useBias = true } = options;
  const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros', kernelPenalty, biasPenalty } = options;
  return {
    kernelSize: expectPerAxis(`${type}: kernelSize`, options.kernelSize, rank),
    stride: expectPerAxis(`${type}: stride`, stride, rank),
    dilation: expectPerAxis(`${type}: dilation`, dilation, rank),
    padding: checkPadding(type, padding, rank),
    activation: configuredActivation(options.activation),
    useBias: expectFlag(`${type}: useBias`, useBias),
    kernelInitializer: resolveInitializer(kernelInitializer).spec,
    biasInitializer: resolveInitializer(biasInitializer).spec,
    ...(kernelPenalty !== undefined && { kernelPenalty: checkPenalty(`${type}: kernelPenalty`, kernelPenalty) }),
    ...(biasPenalty !== undefined && { biasPenalty: checkPenalty(`${type}: biasPenalty`, biasPenalty) }),
  };
}

const kernelParameter = (context: LayerContext, name: string, shape: readonly number[], config: KernelConfig): Node =>
  context.parameter(name, shape, {
    initializer: resolveInitializer(config.kernelInitializer),
    penalty: config.kernelPenalty,
  });

/** activation(sum + bias). */
function end(context: LayerContext, sum: Node, config: KernelConfig): Node {
  const initializer = resolveInitializer(config.biasInitializer);
  const shape = [sum.shape.at(-1)!];
  const biased = config.useBias
    ? add(context.graph, sum, context.parameter('bias', shape, { initializer, penalty: config.biasPenalty }))
    : sum;
  return activate(context.graph, biased, config.activation);
}

function expectGroups(type: string, groups: number, channels: number, filters: number): void {
  if (channels % groups !== 0 || filters % groups !== 0)
    throw new ShapeError(
      `${type}: ${groups} groups do not divide ${channels % groups ? `${channels} channels` : `${filters} filters`}`,
    );
}

// ---- plain

const defineConvolution = (rank: Rank, make: (filters: number, options: ConvolutionOptions) => Layer) =>
  defineLayer<ConvolutionConfig>(`conv${rank}d`, {
    build(context, inputs, config) {
      const type = `conv${rank}d`;
      const { x, sizes, channels } = spatialInput(type, inputs, rank);
      const { kernelSize, filters, groups } = config;
      expectGroups(type, groups, channels, filters);
      const window = convolutionWindow(type, sizes, config as WindowOptions);
      const kernel = kernelParameter(context, 'kernel', [...kernelSize, channels / groups, filters], config);
      return end(context, convolution(context.graph, x, kernel, window, groups), config);
    },
    restore: ({ filters, ...options }, common) => make(filters, { ...options, ...common }),
  });

function convolutionLayer(rank: Rank, filters: number, options: ConvolutionOptions): Layer {
  const type = `conv${rank}d`;
  const config = {
    filters: expectInteger(`${type}: filters`, filters, 1),
    ...kernelConfig(type, options, rank, ['groups']),
    groups: expectInteger(`${type}: groups`, options.groups ?? 1, 1),
  };
  return createLayer(type, config, options);
}

defineConvolution(1, conv1d);
defineConvolution(2, conv2d);
defineConvolution(3, conv3d);

/**
 * A convolution along a sequence: [*, length, channels] → [*, length', filters]. `padding: 'causal'` lets no output
 * read what comes after it.
 * @throws RangeError for sizes that are no positive integers, or an unknown option; ShapeError where a kernel is larger
 * than its padded input, or the groups do not divide the channels
 */
export function conv1d(filters: number, options: ConvolutionOptions): Layer {
  return convolutionLayer(1, filters, options);
}

/**
 * A convolution over an image: activation(x ∗ kernel + bias), [*, height, width, channels] → [*, height', width',
 * filters], with height' = ⌊(height + padding − dilation·(kernelSize − 1) − 1) / stride⌋ + 1.
 * @throws as conv1d
 */
export function conv2d(filters: number, options: ConvolutionOptions): Layer {
  return convolutionLayer(2, filters, options);
}

/** A convolution over a volume: [*, depth, height, width, channels] → [*, …, filters]. @throws as conv1d */
export function conv3d(filters: number, options: ConvolutionOptions): Layer {
  return convolutionLayer(3, filters, options);
}

// ---- depthwise and separable

/** Each channel with its own `depthMultiplier` filters. */
function depthwise(
  context: LayerContext,
  type: string,
  inputs: readonly Node[],
  rank: Rank,
  name: string,
  config: DepthwiseConfig,
): Node {
  const { x, sizes, channels } = spatialInput(type, inputs, rank);
  const window = convolutionWindow(type, sizes, config as WindowOptions);
  const kernel = kernelParameter(context, name, [...config.kernelSize, 1, channels * config.depthMultiplier], config);
  return convolution(context.graph, x, kernel, window, channels);
}

const defineDepthwise = (rank: Rank, make: (options: DepthwiseOptions) => Layer) =>
  defineLayer<DepthwiseConfig>(`depthwiseConv${rank}d`, {
    build: (context, inputs, config) =>
      end(context, depthwise(context, `depthwiseConv${rank}d`, inputs, rank, 'kernel', config), config),
    restore: (config, common) => make({ ...config, ...common }),
  });

function depthwiseLayer(rank: Rank, options: DepthwiseOptions): Layer {
  const type = `depthwiseConv${rank}d`;
  const config = {
    ...kernelConfig(type, options, rank, ['depthMultiplier']),
    depthMultiplier: expectInteger(`${type}: depthMultiplier`, options.depthMultiplier ?? 1, 1),
  };
  return createLayer(type, config, options);
}

defineDepthwise(1, depthwiseConv1d);
defineDepthwise(2, depthwiseConv2d);

/** depthwiseConv2d along a sequence: [*, length, channels] → [*, length', channels · depthMultiplier]. @throws as conv1d */
export function depthwiseConv1d(options: DepthwiseOptions): Layer {
  return depthwiseLayer(1, options);
}

/**
 * A convolution of every channel by itself: [*, height, width, channels] → [*, height', width', channels ·
 * depthMultiplier]; output channel c · depthMultiplier + m is of channel c. @throws as conv1d
 */
export function depthwiseConv2d(options: DepthwiseOptions): Layer {
  return depthwiseLayer(2, options);
}

const defineSeparable = (rank: Rank, make: (filters: number, options: DepthwiseOptions) => Layer) =>
  defineLayer<SeparableConfig>(`separableConv${rank}d`, {
    build(context, inputs, config) {
      const type = `separableConv${rank}d`;
      const apart = depthwise(context, type, inputs, rank, 'depthwiseKernel', config);
      const ones = apart.shape.slice(1, -1).map(() => 1);
      const shape = [...ones, apart.shape.at(-1)!, config.filters];
      const kernel = kernelParameter(context, 'pointwiseKernel', shape, config);
      const window = { kernelSize: ones, stride: ones, dilation: ones, padding: 'valid' as const };
      const mixed = convolution(
        context.graph,
        apart,
        kernel,
        convolutionWindow(type, apart.shape.slice(1, -1), window),
      );
      return end(context, mixed, config);
    },
    restore: ({ filters, ...options }, common) => make(filters, { ...options, ...common }),
  });

function separableLayer(rank: Rank, filters: number, options: DepthwiseOptions): Layer {
  const type = `separableConv${rank}d`;
  const config = {
    filters: expectInteger(`${type}: filters`, filters, 1),
    ...kernelConfig(type, options, rank, ['depthMultiplier']),
    depthMultiplier: expectInteger(`${type}: depthMultiplier`, options.depthMultiplier ?? 1, 1),
  };
  return createLayer(type, config, options);
}

defineSeparable(1, separableConv1d);
defineSeparable(2, separableConv2d);

/** separableConv2d along a sequence: [*, length, channels] → [*, length', filters]. @throws as conv1d */
export function separableConv1d(filters: number, options: DepthwiseOptions): Layer {
  return separableLayer(1, filters, options);
}

/**
 * A depthwise convolution, then a product that mixes its channels: [*, height, width, channels] → [*, height', width',
 * filters] (Chollet 2017). Bias and activation come at the end. @throws as conv1d
 */
export function separableConv2d(filters: number, options: DepthwiseOptions): Layer {
  return separableLayer(2, filters, options);
}

// ---- transposed

const defineTransposed = (rank: Rank, make: (filters: number, options: ConvTransposeOptions) => Layer) =>
  defineLayer<TransposedConfig>(`convTranspose${rank}d`, {
    build(context, inputs, config) {
      const type = `convTranspose${rank}d`;
      const { x, sizes, channels } = spatialInput(type, inputs, rank);
      const { kernelSize, filters, groups } = config;
      expectGroups(type, groups, channels, filters);
      const window = transposedWindow(type, sizes, config as WindowOptions & { outputPadding: number[] });
      const kernel = kernelParameter(context, 'kernel', [...kernelSize, filters / groups, channels], config);
      return end(context, transposedConvolution(context.graph, x, kernel, window, groups), config);
    },
    restore: ({ filters, ...options }, common) => make(filters, { ...options, ...common }),
  });

function transposedLayer(rank: Rank, filters: number, options: ConvTransposeOptions): Layer {
  const type = `convTranspose${rank}d`;
  const shared = kernelConfig(type, options, rank, ['groups', 'outputPadding']);
  const outputPadding = expectPerAxis(`${type}: outputPadding`, options.outputPadding ?? 0, rank, 0);
  if (shared.padding === 'causal') throw new RangeError(`${type}: padding "causal" is of conv1d alone`);
  outputPadding.forEach((extra, axis) => {
    if (extra >= Math.max(shared.stride[axis]!, shared.dilation[axis]!))
      throw new RangeError(`${type}: expected an outputPadding below the stride or the dilation, got ${extra}`);
  });
  const config = {
    filters: expectInteger(`${type}: filters`, filters, 1),
    ...shared,
    groups: expectInteger(`${type}: groups`, options.groups ?? 1, 1),
    outputPadding,
  };
  return createLayer(type, config, options);
}

defineTransposed(1, convTranspose1d);
defineTransposed(2, convTranspose2d);

/** convTranspose2d along a sequence: [*, length, channels] → [*, length', filters]. @throws as conv1d */
export function convTranspose1d(filters: number, options: ConvTransposeOptions): Layer {
  return transposedLayer(1, filters, options);
}

/**
 * The converse of conv2d, which enlarges: [*, height, width, channels] → [*, height', width', filters], with
 * height' = (height − 1) · stride − padding + dilation·(kernelSize − 1) + 1 + outputPadding, or height · stride for
 * `padding: 'same'`. The kernel is [...kernelSize, filters / groups, channels].
 * @throws as conv1d
 */
export function convTranspose2d(filters: number, options: ConvTransposeOptions): Layer {
  return transposedLayer(2, filters, options);
}
