// Layers that change the size of an image without weights: padding, cropping, enlarging, pixel shuffle.
// Shapes: [*, ...spatial, channels]. All but the linear enlargement move pixels by lists of positions.
import { ShapeError } from '../core/errors.ts';
import { formatShape, type Node } from '../graph/graph.ts';
import { gatherPixels, interpolate, permute, reshape } from '../graph/operations/index.ts';
import {
  createLayer,
  defineLayer,
  expectFlag,
  expectInteger,
  expectOptions,
  formatBatchShape,
  type Config,
  type Layer,
  type LayerOptions,
} from './layer.ts';
import { expectPerAxis, spatialInput, type PerAxis, type Rank } from './spatial.ts';

/** A number for all sides, one for each axis, or [before, after] for each axis. */
export type Sides = number | readonly number[] | readonly (readonly [number, number])[];
type PerSide = readonly (readonly [number, number])[];

/** [before, after] of each axis. @throws RangeError for another form */
function expectSides(what: string, sides: Sides, rank: Rank): [number, number][] {
  const isPairs = Array.isArray(sides) && sides.length === rank && sides.some((side) => Array.isArray(side));
  if (!isPairs) return expectPerAxis(what, sides as PerAxis, rank, 0).map((side) => [side, side]);
  return (sides as readonly unknown[]).map((side) => {
    if (!Array.isArray(side) || side.length !== 2)
      throw new RangeError(`${what}: expected [before, after] for each axis, got ${JSON.stringify(sides)}`);
    return [expectInteger(what, side[0], 0), expectInteger(what, side[1], 0)];
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Which position of an axis stands for position i outside or inside of it; −1 for a zero. */
type Reach = (i: number, size: number) => number;

const reaches: Readonly<Record<'zero' | 'reflection' | 'replication', Reach>> = {
  zero: (i, size) => (i >= 0 && i < size ? i : -1),
  reflection: (i, size) => (i < 0 ? -i : i < size ? i : 2 * (size - 1) - i),
  replication: (i, size) => Math.min(Math.max(i, 0), size - 1),
};
type PadForm = keyof typeof reaches;

const definePad = (form: PadForm, rank: Rank, make: (padding: Sides, options: LayerOptions) => Layer) =>
  defineLayer<Config & { padding: PerSide }>(`${form}Pad${rank}d`, {
    build(context, inputs, { padding }) {
      const type = `${form}Pad${rank}d`;
      const { x, sizes } = spatialInput(type, inputs, rank);
      const sources = sizes.map((size, axis) => {
        const [before, after] = padding[axis]!;
        if (form === 'reflection' && Math.max(before, after) >= size)
          throw new ShapeError(
            `${type}: expected a padding below the size of each axis, got ${JSON.stringify(padding)} for ${formatShape(sizes)}`,
          );
        return range(-before, size + after).map((i) => reaches[form](i, size));
      });
      return gatherPixels(context.graph, x, sources);
    },
    restore: ({ padding }, common) => make(padding, common),
  });

function padLayer(form: PadForm, rank: Rank, padding: Sides, options: LayerOptions): Layer {
  const type = `${form}Pad${rank}d`;
  expectOptions(type, options, []);
  return createLayer(type, { padding: expectSides(`${type}: padding`, padding, rank) }, options);
}

definePad('zero', 1, zeroPad1d);
definePad('zero', 2, zeroPad2d);
definePad('zero', 3, zeroPad3d);
definePad('reflection', 1, reflectionPad1d);
definePad('reflection', 2, reflectionPad2d);
definePad('reflection', 3, reflectionPad3d);
definePad('replication', 1, replicationPad1d);
definePad('replication', 2, replicationPad2d);
definePad('replication', 3, replicationPad3d);

/** Zeros around a sequence: [*, length, channels] → [*, before + length + after, channels]. @throws as zeroPad2d */
export function zeroPad1d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('zero', 1, padding, options);
}

/**
 * Zeros around an image: [*, height, width, channels] → the same, larger. `padding`: a number, [height, width], or
 * [[top, bottom], [left, right]].
 * @throws RangeError for another form, or negative numbers
 */
export function zeroPad2d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('zero', 2, padding, options);
}

/** Zeros around a volume. @throws as zeroPad2d */
export function zeroPad3d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('zero', 3, padding, options);
}

/** A sequence continued by its mirror image, its ends not repeated. @throws as reflectionPad2d */
export function reflectionPad1d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('reflection', 1, padding, options);
}

/**
 * An image continued by its mirror image, the pixels at its edge not repeated; `padding` as for zeroPad2d.
 * @throws RangeError as zeroPad2d; ShapeError for a padding that is not below the size
 */
export function reflectionPad2d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('reflection', 2, padding, options);
}

/** A volume continued by its mirror image. @throws as reflectionPad2d */
export function reflectionPad3d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('reflection', 3, padding, options);
}

/** A sequence continued by its first and last elements. @throws as zeroPad2d */
export function replicationPad1d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('replication', 1, padding, options);
}

/** An image continued by the pixels at its edge; `padding` as for zeroPad2d. @throws as zeroPad2d */
export function replicationPad2d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('replication', 2, padding, options);
}

/** A volume continued by the voxels at its faces. @throws as zeroPad2d */
export function replicationPad3d(padding: Sides, options: LayerOptions = {}): Layer {
  return padLayer('replication', 3, padding, options);
}

// ---- cropping

const defineCrop = (rank: Rank, make: (cropping: Sides, options: LayerOptions) => Layer) =>
  defineLayer<Config & { cropping: PerSide }>(`crop${rank}d`, {
    build(context, inputs, { cropping }) {
      const type = `crop${rank}d`;
      const { x, sizes } = spatialInput(type, inputs, rank);
      const sources = sizes.map((size, axis) => {
        const [before, after] = cropping[axis]!;
        if (before + after >= size)
          throw new ShapeError(
            `${type}: nothing is left of ${formatShape(sizes)} after cropping ${JSON.stringify(cropping)}`,
          );
        return range(before, size - after);
      });
      return gatherPixels(context.graph, x, sources);
    },
    restore: ({ cropping }, common) => make(cropping, common),
  });

function cropLayer(rank: Rank, cropping: Sides, options: LayerOptions): Layer {
  const type = `crop${rank}d`;
  expectOptions(type, options, []);
  return createLayer(type, { cropping: expectSides(`${type}: cropping`, cropping, rank) }, options);
}

defineCrop(1, crop1d);
defineCrop(2, crop2d);
defineCrop(3, crop3d);

/** A sequence without its ends: [*, length, channels] → [*, length − before − after, channels]. @throws as crop2d */
export function crop1d(cropping: Sides, options: LayerOptions = {}): Layer {
  return cropLayer(1, cropping, options);
}

/**
 * An image without its edges; `cropping`: a number, [height, width], or [[top, bottom], [left, right]].
 * @throws RangeError for another form; ShapeError where nothing is left
 */
export function crop2d(cropping: Sides, options: LayerOptions = {}): Layer {
  return cropLayer(2, cropping, options);
}

/** A volume without its faces. @throws as crop2d */
export function crop3d(cropping: Sides, options: LayerOptions = {}): Layer {
  return cropLayer(3, cropping, options);
}

// ---- enlarging

const linearNames: Record<Rank, string> = { 1: 'linear', 2: 'bilinear', 3: 'trilinear' };

export interface UpsampleOptions extends LayerOptions {
  /** How many times larger each axis becomes; 2 by default. */
  readonly size?: PerAxis;
  /** `nearest` by default; `linear` for a sequence, `bilinear` for an image, `trilinear` for a volume. */
  readonly mode?: 'nearest' | 'linear' | 'bilinear' | 'trilinear';
  /** Between linear positions: whether the centres of the corner pixels lie on each other, or their edges (the default). */
  readonly alignCorners?: boolean;
}

type UpsampleConfig = Config & { size: number[]; mode: NonNullable<UpsampleOptions['mode']>; alignCorners: boolean };

const defineUpsample = (rank: Rank, make: (options: UpsampleOptions) => Layer) =>
  defineLayer<UpsampleConfig>(`upsample${rank}d`, {
    build(context, inputs, { size, mode, alignCorners }) {
      const { x, sizes } = spatialInput(`upsample${rank}d`, inputs, rank);
      const outputs = sizes.map((length, axis) => length * size[axis]!);
      const { graph } = context;
      if (mode === 'nearest')
        return gatherPixels(
          graph,
          x,
          outputs.map((length, axis) => range(0, length).map((i) => Math.floor(i / size[axis]!))),
        );
      // The last axis first: it is the cheapest while the others are small.
      return outputs.reduceRight<Node>(
        (node, length, axis) => (size[axis] === 1 ? node : interpolate(graph, node, axis + 1, length, alignCorners)),
        x,
      );
    },
    restore: (config, common) => make({ ...config, ...common }),
  });

function upsampleLayer(rank: Rank, options: UpsampleOptions): Layer {
  const type = `upsample${rank}d`;
  expectOptions(type, options, ['size', 'mode', 'alignCorners']);
  const { size = 2, mode = 'nearest', alignCorners = false } = options;
  if (mode !== 'nearest' && mode !== linearNames[rank])
    throw new RangeError(`${type}: expected mode "nearest" or "${linearNames[rank]}", got ${JSON.stringify(mode)}`);
  if (mode === 'nearest' && alignCorners)
    throw new RangeError(`${type}: alignCorners is for mode "${linearNames[rank]}" alone`);
  const config = {
    size: expectPerAxis(`${type}: size`, size, rank),
    mode,
    alignCorners: expectFlag(`${type}: alignCorners`, alignCorners),
  };
  return createLayer(type, config, options);
}

defineUpsample(1, upsample1d);
defineUpsample(2, upsample2d);
defineUpsample(3, upsample3d);

/** A sequence made longer: [*, length, channels] → [*, length · size, channels]. @throws as upsample2d */
export function upsample1d(options: UpsampleOptions = {}): Layer {
  return upsampleLayer(1, options);
}

/**
 * An image made larger, by the nearest pixel or bilinearly: [*, height, width, channels] → [*, height · size, width ·
 * size, channels].
 * @throws RangeError for a size that is no positive integer, or an unknown mode
 */
export function upsample2d(options: UpsampleOptions = {}): Layer {
  return upsampleLayer(2, options);
}

/** A volume made larger. @throws as upsample2d */
export function upsample3d(options: UpsampleOptions = {}): Layer {
  return upsampleLayer(3, options);
}

// ---- pixel shuffle

// out[h·r + i, w·r + j, c] = x[h, w, c·r² + i·r + j]
defineLayer<{ factor: number }>('pixelShuffle', {
  build(context, inputs, { factor }) {
    const { x, channels } = spatialInput('pixelShuffle', inputs, 2);
    if (channels % factor ** 2 !== 0)
      throw new ShapeError(
        `pixelShuffle: ${factor}² does not divide the channels of ${formatBatchShape(x.shape.slice(1))}`,
      );
    const { graph } = context;
    const [batch, height, width] = x.shape as [number, number, number];
    const apart = reshape(graph, x, [batch, height, width, channels / factor ** 2, factor, factor]);
    const inPlace = permute(graph, apart, [0, 1, 4, 2, 5, 3]);
    return reshape(graph, inPlace, [batch, height * factor, width * factor, channels / factor ** 2]);
  },
  restore: ({ factor }, common) => pixelShuffle(factor, common),
});

/**
 * Channels become pixels: [*, height, width, channels · factor²] → [*, height · factor, width · factor, channels], where
 * channel c·factor² + i·factor + j goes to the pixel (i, j) of its square (Shi et al. 2016; PyTorch's order).
 * @throws RangeError for a factor that is no positive integer; ShapeError where factor² does not divide the channels
 */
export function pixelShuffle(factor: number, options: LayerOptions = {}): Layer {
  expectOptions('pixelShuffle', options, []);
  return createLayer('pixelShuffle', { factor: expectInteger('pixelShuffle: factor', factor, 1) }, options);
}
