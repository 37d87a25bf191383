// Pooling: the maximum or the average over windows, over all of a sample, or over as many windows as are asked for.
// Shapes: [*, ...spatial, channels] → [*, ...outputs, channels]; global: [*, channels].
import { pool, reduce, reshape, type PoolName } from '../graph/operations/index.ts';
import {
  adaptiveWindows,
  checkPadding,
  poolWindows,
  type Padding,
  type PoolOptions,
} from '../graph/operations/window.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectOptions,
  type Config,
  type Layer,
  type LayerOptions,
} from './layer.ts';
import { expectPerAxis, spatialInput, type PerAxis, type Rank } from './spatial.ts';

export interface MaxPoolOptions extends LayerOptions {
  /** The extent of a window along each axis; 2 by default. */
  readonly poolSize?: PerAxis;
  /** Positions from one window to the next; `poolSize` by default. */
  readonly stride?: PerAxis;
  /** `valid` by default. What is padded is not part of any window: it never is the maximum. */
  readonly padding?: Padding;
  /** Whether a last window may hang over the end; false by default. */
  readonly ceilMode?: boolean;
}

export interface AvgPoolOptions extends MaxPoolOptions {
  /** Whether an average divides by what is padded too: by default not for `same` (as in Keras), else yes (as in PyTorch). */
  readonly countIncludePad?: boolean;
}

type PoolConfig = Config & PoolOptions;
type PoolForm = 'max' | 'avg';

const kinds: Readonly<Record<PoolForm, PoolName>> = { max: 'Maximum', avg: 'Average' };

const definePool = (form: PoolForm, rank: Rank, make: (options: AvgPoolOptions) => Layer) =>
  defineLayer<PoolConfig>(`${form}Pool${rank}d`, {
    build(context, inputs, config) {
      const type = `${form}Pool${rank}d`;
      const { x, sizes } = spatialInput(type, inputs, rank);
      return pool(context.graph, kinds[form], x, poolWindows(type, sizes, config));
    },
    restore({ countIncludePad, ...config }, common) {
      return make({ ...config, ...(form === 'avg' && { countIncludePad }), ...common });
    },
  });

function poolLayer(form: PoolForm, rank: Rank, options: AvgPoolOptions): Layer {
  const type = `${form}Pool${rank}d`;
  const own = form === 'avg' ? ['countIncludePad'] : [];
  expectOptions(type, options, ['poolSize', 'stride', 'padding', 'ceilMode', ...own]);
  const { poolSize = 2, padding = 'valid', ceilMode = false } = options;
  const { stride = poolSize, countIncludePad = padding !== 'same' } = options;
  if (padding === 'causal') throw new RangeError(`${type}: padding "causal" is of conv1d alone`);
  const config: PoolConfig = {
    poolSize: expectPerAxis(`${type}: poolSize`, poolSize, rank),
    stride: expectPerAxis(`${type}: stride`, stride, rank),
    padding: checkPadding(type, padding, rank),
    ceilMode: expectFlag(`${type}: ceilMode`, ceilMode),
    countIncludePad: expectFlag(`${type}: countIncludePad`, countIncludePad),
  };
  return createLayer(type, config, options);
}

definePool('max', 1, maxPool1d);
definePool('max', 2, maxPool2d);
definePool('max', 3, maxPool3d);
definePool('avg', 1, avgPool1d);
definePool('avg', 2, avgPool2d);
definePool('avg', 3, avgPool3d);

/** The maximum over windows of a sequence: [*, length, channels] → [*, length', channels]. @throws as maxPool2d */
export function maxPool1d(options: MaxPoolOptions = {}): Layer {
  return poolLayer('max', 1, options);
}

/**
 * The maximum over windows of an image: [*, height, width, channels] → [*, height', width', channels]. Of equal maxima
 * the first has the gradient.
 * @throws RangeError for a bad option; ShapeError where a window is larger than its padded input or has nothing of it in it
 */
export function maxPool2d(options: MaxPoolOptions = {}): Layer {
  return poolLayer('max', 2, options);
}

/** The maximum over windows of a volume: [*, depth, height, width, channels]. @throws as maxPool2d */
export function maxPool3d(options: MaxPoolOptions = {}): Layer {
  return poolLayer('max', 3, options);
}

/** The average over windows of a sequence: [*, length, channels] → [*, length', channels]. @throws as maxPool2d */
export function avgPool1d(options: AvgPoolOptions = {}): Layer {
  return poolLayer('avg', 1, options);
}

/** The average over windows of an image: [*, height, width, channels] → [*, height', width', channels]. @throws as maxPool2d */
export function avgPool2d(options: AvgPoolOptions = {}): Layer {
  return poolLayer('avg', 2, options);
}

/** The average over windows of a volume: [*, depth, height, width, channels]. @throws as maxPool2d */
export function avgPool3d(options: AvgPoolOptions = {}): Layer {
  return poolLayer('avg', 3, options);
}

// ---- global

export interface GlobalPoolOptions extends LayerOptions {
  /** Whether the spatial axes stay, each of size 1; false by default. */
  readonly keepDimensions?: boolean;
}

type GlobalConfig = Config & { keepDimensions: boolean };

const defineGlobal = (form: PoolForm, rank: Rank, make: (options: GlobalPoolOptions) => Layer) =>
  defineLayer<GlobalConfig>(`global${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`, {
    build(context, inputs, { keepDimensions }) {
      const { graph } = context;
      const { x, sizes, channels } = spatialInput(`global${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`, inputs, rank);
      const axes = sizes.map((_, axis) => axis + 1);
      if (form === 'avg') return reduce(graph, 'Mean', x, { axes, keepDimensions });
      const windows = sizes.map((size) => [{ begin: 0, end: size, count: size }]);
      const pooled = pool(graph, 'Maximum', x, windows);
      return keepDimensions ? pooled : reshape(graph, pooled, [x.shape[0]!, channels]);
    },
    restore: (config, common) => make({ ...config, ...common }),
  });

function globalLayer(form: PoolForm, rank: Rank, options: GlobalPoolOptions): Layer {
  const type = `global${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`;
  expectOptions(type, options, ['keepDimensions']);
  const { keepDimensions = false } = options;
  return createLayer(type, { keepDimensions: expectFlag(`${type}: keepDimensions`, keepDimensions) }, options);
}

defineGlobal('avg', 1, globalAvgPool1d);
defineGlobal('avg', 2, globalAvgPool2d);
defineGlobal('avg', 3, globalAvgPool3d);
defineGlobal('max', 1, globalMaxPool1d);
defineGlobal('max', 2, globalMaxPool2d);
defineGlobal('max', 3, globalMaxPool3d);

/** The average of a whole sequence: [*, length, channels] → [*, channels]. */
export function globalAvgPool1d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('avg', 1, options);
}

/** The average of a whole image: [*, height, width, channels] → [*, channels], or [*, 1, 1, channels]. */
export function globalAvgPool2d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('avg', 2, options);
}

/** The average of a whole volume: [*, depth, height, width, channels] → [*, channels]. */
export function globalAvgPool3d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('avg', 3, options);
}

/** The maximum of a whole sequence: [*, length, channels] → [*, channels]. */
export function globalMaxPool1d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('max', 1, options);
}

/** The maximum of a whole image: [*, height, width, channels] → [*, channels], or [*, 1, 1, channels]. */
export function globalMaxPool2d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('max', 2, options);
}

/** The maximum of a whole volume: [*, depth, height, width, channels] → [*, channels]. */
export function globalMaxPool3d(options: GlobalPoolOptions = {}): Layer {
  return globalLayer('max', 3, options);
}

// ---- adaptive

type AdaptiveConfig = Config & { outputSize: number[] };

const defineAdaptive = (form: PoolForm, rank: Rank, make: (outputSize: PerAxis, options: LayerOptions) => Layer) =>
  defineLayer<AdaptiveConfig>(`adaptive${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`, {
    build(context, inputs, { outputSize }) {
      const type = `adaptive${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`;
      const { x, sizes } = spatialInput(type, inputs, rank);
      return pool(context.graph, kinds[form], x, adaptiveWindows(sizes, outputSize));
    },
    restore: ({ outputSize }, common) => make(outputSize, common),
  });

function adaptiveLayer(form: PoolForm, rank: Rank, outputSize: PerAxis, options: LayerOptions): Layer {
  const type = `adaptive${form === 'max' ? 'Max' : 'Avg'}Pool${rank}d`;
  expectOptions(type, options, []);
  return createLayer(type, { outputSize: expectPerAxis(`${type}: outputSize`, outputSize, rank) }, options);
}

defineAdaptive('avg', 1, adaptiveAvgPool1d);
defineAdaptive('avg', 2, adaptiveAvgPool2d);
defineAdaptive('avg', 3, adaptiveAvgPool3d);
defineAdaptive('max', 1, adaptiveMaxPool1d);
defineAdaptive('max', 2, adaptiveMaxPool2d);
defineAdaptive('max', 3, adaptiveMaxPool3d);

/** Averages of a sequence to a given length: [*, length, channels] → [*, outputSize, channels]. */
export function adaptiveAvgPool1d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('avg', 1, outputSize, options);
}

/**
 * Averages of an image to a given size: [*, height, width, channels] → [*, ...outputSize, channels]. Window i of an axis
 * goes from ⌊i·size/outputSize⌋ to ⌈(i + 1)·size/outputSize⌉ (PyTorch's rule).
 * @throws RangeError for sizes that are no positive integers
 */
export function adaptiveAvgPool2d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('avg', 2, outputSize, options);
}

/** Averages of a volume to a given size. @throws as adaptiveAvgPool2d */
export function adaptiveAvgPool3d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('avg', 3, outputSize, options);
}

/** Maxima of a sequence to a given length. @throws as adaptiveAvgPool2d */
export function adaptiveMaxPool1d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('max', 1, outputSize, options);
}

/** Maxima of an image to a given size, over the windows of adaptiveAvgPool2d. @throws as adaptiveAvgPool2d */
export function adaptiveMaxPool2d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('max', 2, outputSize, options);
}

/** Maxima of a volume to a given size. @throws as adaptiveAvgPool2d */
export function adaptiveMaxPool3d(outputSize: PerAxis, options: LayerOptions = {}): Layer {
  return adaptiveLayer('max', 3, outputSize, options);
}
