// Normalisation: batch, layer, group, instance and RMS. Shapes: B batch, C channels (the last axis), G groups.
// Sources: Ioffe and Szegedy 2015; Ba et al. 2016; Wu and He 2018; Ulyanov et al. 2016; Zhang and Sennrich 2019.
import { ShapeError } from '../core/errors.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import {
  add,
  axpy,
  divide,
  moments,
  multiply,
  normalizeColumns,
  normalizeRows,
  part,
  subtract,
  unary,
  type ColumnForm,
} from '../graph/operations/index.ts';
import { resolveInitializer } from '../initializers/initializer.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInputs,
  expectInteger,
  expectOptions,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerContext,
  type LayerOptions,
} from './layer.ts';

export interface NormOptions extends LayerOptions {
  /** Added to the variance; 1e-5 by default (1e-6 for rmsNorm). */
  readonly epsilon?: number;
  /** Whether the result is multiplied by trained `gamma`, one at first; true by default. */
  readonly scale?: boolean;
  /** Whether trained `beta`, zero at first, is added; true by default (rmsNorm has none). */
  readonly center?: boolean;
}

export interface RowNormOptions extends NormOptions {
  /** How many of the last axes are normalised together; 1 by default. */
  readonly axes?: number;
}

export interface BatchNormOptions extends NormOptions {
  /** The share of a batch's statistics in the running ones, as in PyTorch: 0.1 by default (Keras' momentum 0.9). */
  readonly momentum?: number;
}

interface NormConfig extends Config {
  epsilon: number;
  scale: boolean;
  center: boolean;
}

/** gamma and beta of a shape, where the layer has them. */
export function affineParameters(
  context: LayerContext,
  shape: Shape,
  { scale, center }: { scale: boolean; center: boolean },
) {
  return {
    gamma: scale ? context.parameter('gamma', shape, { initializer: resolveInitializer('ones') }) : undefined,
    beta: center ? context.parameter('beta', shape, { initializer: resolveInitializer('zeros') }) : undefined,
  };
}

export function expectEpsilon(type: string, epsilon: number): number {
  if (!(Number.isFinite(epsilon) && epsilon > 0))
    throw new RangeError(`${type}: expected a positive epsilon, got ${String(epsilon)}`);
  return epsilon;
}

const checkedConfig = (type: string, { epsilon = 1e-5, scale = true, center = true }: NormOptions): NormConfig => ({
  epsilon: expectEpsilon(type, epsilon),
  scale: expectFlag(`${type}: scale`, scale),
  center: expectFlag(`${type}: center`, center),
});

// ---- rows: statistics over the last axes of each sample

interface RowConfig extends NormConfig {
  axes: number;
}

const defineRowNorm = (type: 'layerNorm' | 'rmsNorm', make: (options: RowNormOptions) => Layer) =>
  defineLayer<RowConfig>(type, {
    stepwise: true,
    build(context, inputs, { axes, epsilon, scale, center }) {
      expectInputs(type, inputs, 1);
      const [x] = inputs as [Node];
      if (x.shape.length <= axes)
        throw new ShapeError(
          `${type}: expected an input of at least ${axes} axes, got ${formatBatchShape(x.shape.slice(1))}`,
        );
      const affine = affineParameters(context, x.shape.slice(-axes), { scale, center });
      return normalizeRows(context.graph, x, { axes, centred: type === 'layerNorm', epsilon, ...affine });
    },
    restore: ({ axes, epsilon, scale, center }, common) =>
      make({ axes, epsilon, scale, ...(type === 'layerNorm' && { center }), ...common }),
  });

defineRowNorm('layerNorm', layerNorm);
defineRowNorm('rmsNorm', rmsNorm);

/**
 * (x − mean) / √(variance + epsilon) · gamma + beta, the statistics over the last axes of each sample by itself. Any shape.
 * @throws RangeError for axes that are no positive integer, or an epsilon that is not positive
 */
export function layerNorm(options: RowNormOptions = {}): Layer {
  expectOptions('layerNorm', options, ['axes', 'epsilon', 'scale', 'center']);
  const axes = expectInteger('layerNorm: axes', options.axes ?? 1, 1);
  return createLayer('layerNorm', { axes, ...checkedConfig('layerNorm', options) }, options);
}

/** x / √(mean of x² + epsilon) · gamma over the last axes of each sample by itself. Any shape. @throws as layerNorm */
export function rmsNorm(options: Omit<RowNormOptions, 'center'> = {}): Layer {
  expectOptions('rmsNorm', options, ['axes', 'epsilon', 'scale']);
  const axes = expectInteger('rmsNorm: axes', options.axes ?? 1, 1);
  const config = checkedConfig('rmsNorm', { epsilon: 1e-6, ...options, center: false });
  return createLayer('rmsNorm', { axes, ...config }, options);
}

// ---- columns: statistics over positions (and samples), channels last

/** x [B, …, C] normalised by its own statistics. */
function normalized(
  graph: Graph,
  x: Node,
  form: ColumnForm,
  epsilon: number,
  affine: ReturnType<typeof affineParameters>,
) {
  return normalizeColumns(graph, x, moments(graph, x, form), { ...form, epsilon, ...affine });
}

defineLayer<NormConfig & { groups: number }>('groupNorm', {
  build(context, inputs, { groups, epsilon, scale, center }) {
    expectInputs('groupNorm', inputs, 1);
    const [x] = inputs as [Node];
    const columns = x.shape.at(-1)!;
    if (x.shape.length < 2 || columns % groups !== 0)
      throw new ShapeError(
        `groupNorm: expected channels that ${groups} groups divide, got ${formatBatchShape(x.shape.slice(1))}`,
      );
    const form = { batch: x.shape[0]!, rows: sizeOf(x.shape.slice(1, -1)), columns, groups };
    return normalized(context.graph, x, form, epsilon, affineParameters(context, [columns], { scale, center }));
  },
  restore: ({ groups, epsilon, scale, center }, common) => groupNorm(groups, { epsilon, scale, center, ...common }),
});

/**
 * Normalises each sample over its positions and the neighbouring channels of each group. [*, C] → [*, C].
 * @throws RangeError for groups that are no positive integer; ShapeError where they do not divide the channels
 */
export function groupNorm(groups: number, options: NormOptions = {}): Layer {
  expectOptions('groupNorm', options, ['epsilon', 'scale', 'center']);
  const config = { groups: expectInteger('groupNorm: groups', groups, 1), ...checkedConfig('groupNorm', options) };
  return createLayer('groupNorm', config, options);
}

defineLayer<NormConfig>('instanceNorm', {
  build(context, inputs, { epsilon, scale, center }) {
    expectInputs('instanceNorm', inputs, 1);
    const [x] = inputs as [Node];
    if (x.shape.length < 3)
      throw new ShapeError(`instanceNorm: expected input [*, positions, C], got ${formatBatchShape(x.shape.slice(1))}`);
    const columns = x.shape.at(-1)!;
    const form = { batch: x.shape[0]!, rows: sizeOf(x.shape.slice(1, -1)), columns, groups: columns };
    return normalized(context.graph, x, form, epsilon, affineParameters(context, [columns], { scale, center }));
  },
  restore: ({ epsilon, scale, center }, common) => instanceNorm({ epsilon, scale, center, ...common }),
});

/** Normalises each channel of each sample over its positions. [*, positions, C] → the same. @throws as layerNorm */
export function instanceNorm(options: NormOptions = {}): Layer {
  expectOptions('instanceNorm', options, ['epsilon', 'scale', 'center']);
  return createLayer('instanceNorm', checkedConfig('instanceNorm', options), options);
}

interface BatchNormConfig extends NormConfig {
  momentum: number;
}

// In training: the batch's statistics, which move the running ones. Otherwise the running ones, as a factor and a
// summand for each channel: they depend on storage alone, so that they are computed once, and passes can fold them.
defineLayer<BatchNormConfig>('batchNorm', {
  stepwise: true,
  build(context, inputs, { momentum, epsilon, scale, center }) {
    expectInputs('batchNorm', inputs, 1);
    const [x] = inputs as [Node];
    const columns = x.shape.at(-1)!;
    if (x.shape.length < 2)
      throw new ShapeError(`batchNorm: expected input [*, C], got ${formatBatchShape(x.shape.slice(1))}`);
    const { graph } = context;
    const affine = affineParameters(context, [columns], { scale, center });
    const mean = context.state('movingMean', [columns]);
    const variance = context.state('movingVariance', [columns], { initial: 1 });
    if (!context.training || !context.trainable) return byRunning(graph, x, mean, variance, epsilon, affine);
    const rows = sizeOf(x.shape.slice(0, -1));
    const form = { batch: 1, rows, columns, groups: columns };
    const statistics = moments(graph, x, form);
    // new = old + momentum · (batch's − old), the variance divided by n − 1 (of one value it is 0)
    const move = (running: Node, offset: number, factor: number) =>
      axpy(
        graph,
        momentum * factor,
        part(graph, statistics, offset, [columns]),
        unary(graph, 'Affine', running, 1 - momentum, 0),
      );
    context.assign(mean, move(mean, 0, 1));
    context.assign(variance, move(variance, columns, rows / Math.max(1, rows - 1)));
    return normalizeColumns(graph, x, statistics, { ...form, epsilon, ...affine });
  },
  restore: ({ momentum, epsilon, scale, center }, common) => batchNorm({ momentum, epsilon, scale, center, ...common }),
});

function byRunning(
  graph: Graph,
  x: Node,
  mean: Node,
  variance: Node,
  epsilon: number,
  { gamma, beta }: ReturnType<typeof affineParameters>,
): Node {
  const deviation = unary(graph, 'Sqrt', unary(graph, 'Affine', variance, 1, epsilon));
  const factor = gamma ? divide(graph, gamma, deviation) : unary(graph, 'Reciprocal', deviation);
  const moved = multiply(graph, mean, factor);
  const summand = beta ? subtract(graph, beta, moved) : unary(graph, 'Negate', moved);
  return add(graph, multiply(graph, x, factor), summand);
}

/**
 * Normalises each channel over the batch and its positions. [*, C] → [*, C]. Training takes the batch's statistics and
 * moves the running ones (states `movingMean`, `movingVariance`, with the unbiased variance, as PyTorch); prediction,
 * and training with `trainable: false`, takes the running ones.
 * @throws RangeError for a momentum outside [0, 1], or an epsilon that is not positive
 */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  expectOptions('batchNorm', options, ['momentum', 'epsilon', 'scale', 'center']);
  const { momentum = 0.1 } = options;
  if (!(momentum >= 0 && momentum <= 1))
    throw new RangeError(`batchNorm: expected a momentum in [0, 1], got ${String(momentum)}`);
  return createLayer('batchNorm', { momentum, ...checkedConfig('batchNorm', options) }, options);
}
