// Regions of pictures: RoiAlign, MaxRoiPool, and the convolution whose windows are moved by data (DeformConv).
// Shapes: x [N, C, H, W]; R regions; each becomes bins [oh, ow]. A picture's pixels are rows [N·H·W, C], of which each bin
// takes some by their index.
// Sources: He, Gkioxari, Dollár and Girshick, Mask R-CNN (2017); Girshick, Fast R-CNN (2015); Zhu, Hu, Lin and Dai,
// Deformable ConvNets v2 (2019).
import { NeuriteError, ShapeError } from '../../../core/errors.ts';
import { formatShape, sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, compare, convert, reduce, select, unary, type ArithmeticName } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator } from '../operator.ts';
import { pick, reshape, slice } from '../movement.ts';
import { matmul } from '../products.ts';
import { spatialOf } from '../spatial.ts';
import { alongChannels } from './convolution.ts';
import { gatherAlong } from './gather.ts';

/** The pixels of all pictures as rows of channels. */
function rowsOf(b: Builder, x: Value): Value {
  const [batch, channels, ...sizes] = x.shape as [number, number, ...number[]];
  const node = b.lastOf(x);
  return b.fromNode(x.type, operations.reshape(b.graph, node, [batch * sizeOf(sizes), channels]));
}

/** [R, oh, ow, C] as a value whose channels are last. */
const withChannelsLast = (b: Builder, x: Value): Value => b.fromLast(x.type, b.nodeOf(x));

// ---- RoiAlign

/** Along one axis of all regions: where their samples lie, [R, bins, samples]. */
interface Taps {
  /** The pixel before a sample and the one behind it, as int32. */
  readonly places: readonly [Value, Value];
  /** What they count; 0 beyond the edges and where a region has fewer samples. */
  readonly weights: readonly [Value, Value];
  /** How many samples a bin of each region has, [R, 1, 1]. */
  readonly counts: Value;
}

interface AlignOptions {
  readonly ratio: number;
  readonly scale: number;
  /** Half a pixel where the centres of pixels are meant. */
  readonly offset: number;
  readonly isMaximum: boolean;
}

defineOperator('RoiAlign', (call) => {
  const { build, attributes, opset } = call;
  const [x, regions, indices] = [call.input(0), call.input(1), call.input(2)];
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const count = regions.shape[0]!;
  const out = [attributes.int('output_height', 1), attributes.int('output_width', 1)] as const;
  const mode = attributes.string('coordinate_transformation_mode', opset >= 16 ? 'half_pixel' : 'output_half_pixel');
  const options = {
    ratio: attributes.int('sampling_ratio', 0),
    scale: attributes.float('spatial_scale', 1),
    offset: mode === 'half_pixel' ? 0.5 : 0,
    isMaximum: attributes.string('mode', 'avg') === 'max',
  };
  const rows = tapsOf(build, regions, 1, height, out[0], options);
  const columns = tapsOf(build, regions, 0, width, out[1], options);
  const int = (value: number) => build.scalar('int32', value);
  const first = reshape(build, convert(build, indices, 'int32'), [count, 1, 1]);
  const start = arithmetic(build, 'Multiply', first, int(height * width));
  const pixels = rowsOf(build, x);
  /** One tap of one sample: what it reads, times what it counts; [R, oh, ow, C]. */
  const tap = (row: number, column: number, down: 0 | 1, right: 0 | 1): Value => {
    const line = arithmetic(build, 'Multiply', sampleOf(build, rows.places[down], row, [count, out[0], 1]), int(width));
    const place = arithmetic(build, 'Add', line, sampleOf(build, columns.places[right], column, [count, 1, out[1]]));
    const read = gatherAlong(build, pixels, arithmetic(build, 'Add', start, place), 0);
    const weight = arithmetic(
      build,
      'Multiply',
      sampleOf(build, rows.weights[down], row, [count, out[0], 1]),
      sampleOf(build, columns.weights[right], column, [count, 1, out[1]]),
    );
    return arithmetic(build, 'Multiply', read, reshape(build, weight, [count, ...out, 1]));
  };
  const join = (kind: ArithmeticName, values: readonly Value[]) =>
    values.reduce((a, c) => arithmetic(build, kind, a, c));
  const kind = options.isMaximum ? 'Maximum' : 'Add';
  const ways = [0, 1] as const;
  const samples = Array.from({ length: rows.places[0].shape[2]! }, (_, row) =>
    Array.from({ length: columns.places[0].shape[2]! }, (_unused, column) =>
      join(
        kind,
        ways.flatMap((down) => ways.map((right) => tap(row, column, down, right))),
      ),
    ),
  ).flat();
  if (!samples.length || count === 0) return build.constant(x.type, [count, channels, ...out], []);
  const total = join(kind, samples);
  if (options.isMaximum) return withChannelsLast(build, total);
  const all = reshape(build, arithmetic(build, 'Multiply', rows.counts, columns.counts), [count, 1, 1, 1]);
  return withChannelsLast(build, arithmetic(build, 'Divide', total, all));
});

/** One sample of every bin. */
const sampleOf = (b: Builder, x: Value, index: number, shape: readonly number[]): Value =>
  reshape(b, slice(b, x, [{ axis: 2, start: index, step: 1, size: 1 }]), shape);

/** @param axis 0 for x and 1 for y: regions are [x1, y1, x2, y2] */
function tapsOf(
  b: Builder,
  regions: Value,
  axis: number,
  size: number,
  bins: number,
  { ratio, scale, offset, isMaximum }: AlignOptions,
): Taps {
  const count = regions.shape[0]!;
  const float = (value: number) => b.scalar('float32', value);
  const edge = (column: number) =>
    unary(
      b,
      'Affine',
      reshape(b, slice(b, regions, [{ axis: 1, start: column, step: 1, size: 1 }]), [count, 1, 1]),
      scale,
      -offset,
    );
  const start = edge(axis);
  const whole = arithmetic(b, 'Subtract', edge(axis + 2), start);
  const extent = offset ? whole : arithmetic(b, 'Maximum', whole, float(1));
  const bin = arithmetic(b, 'Divide', extent, float(bins));
  // Without a ratio a bin has a sample for each pixel of it, as many as its region is large.
  const own = ratio > 0 ? Array.from({ length: count }, () => ratio) : b.numbers(bin, 'the regions').map(Math.ceil);
  const most = Math.max(1, ...own);
  const counts = b.constant(
    'float32',
    [count, 1, 1],
    own.map((samples) => Math.max(1, samples)),
  );
  const numbers = b.constant(
    'float32',
    [1, bins, 1],
    Array.from({ length: bins }, (_, i) => i),
  );
  // A sample that a region does not have is its last once more, which counts for nothing (and for a maximum, not twice).
  const within = own.flatMap((samples) => Array.from({ length: most }, (_, i) => Math.min(i, samples - 1)));
  const isReal = own.flatMap((samples) => Array.from({ length: most }, (_, i) => Number(isMaximum || i < samples)));
  const part = arithmetic(
    b,
    'Divide',
    unary(b, 'Affine', b.constant('float32', [count, 1, most], within), 1, 0.5),
    counts,
  );
  const at = arithmetic(b, 'Add', start, arithmetic(b, 'Multiply', arithmetic(b, 'Add', numbers, part), bin));
  const isInside = arithmetic(
    b,
    'Multiply',
    convert(b, compare(b, 'GreaterOrEqual', at, float(-1)), 'float32'),
    convert(b, compare(b, 'LessOrEqual', at, float(size)), 'float32'),
  );
  const counted = arithmetic(b, 'Multiply', isInside, b.constant('float32', [count, 1, most], isReal));
  const clipped = arithmetic(b, 'Minimum', arithmetic(b, 'Maximum', at, float(0)), float(size - 1));
  const low = unary(b, 'Floor', clipped);
  const high = arithmetic(b, 'Minimum', arithmetic(b, 'Add', low, float(1)), float(size - 1));
  const behind = arithmetic(b, 'Subtract', clipped, low);
  const before = arithmetic(b, 'Subtract', float(1), behind);
  return {
    places: [convert(b, low, 'int32'), convert(b, high, 'int32')],
    weights: [arithmetic(b, 'Multiply', before, counted), arithmetic(b, 'Multiply', behind, counted)],
    counts,
  };
}

// ---- MaxRoiPool

/** The pixels from and to which a bin reaches along one axis. */
function binBounds(first: number, last: number, bins: number, bin: number, size: number): readonly [number, number] {
  const extent = Math.max(last - first + 1, 1) / bins;
  const clip = (value: number) => Math.min(Math.max(value + first, 0), size);
  return [clip(Math.floor(bin * extent)), clip(Math.ceil((bin + 1) * extent))];
}

/** The largest of each bin's pixels, 0 where it has none. Which these are must be known: regions are [picture, x1, y1, x2, y2]. */
defineOperator('MaxRoiPool', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const numbers = build.numbers(call.input(1), 'the regions');
  const bins = attributes.ints('pooled_shape');
  if (bins?.length !== 2) throw new NeuriteError('expected two sizes in "pooled_shape"');
  const [rows, columns] = bins as [number, number];
  const scale = attributes.float('spatial_scale', 1);
  const count = call.input(1).shape[0]!;
  const lists: number[][] = [];
  for (let region = 0; region < count; region++) {
    const [picture, ...corners] = numbers.slice(5 * region, 5 * region + 5) as [number, ...number[]];
    const [x1, y1, x2, y2] = corners.map((value) => Math.round(value * scale)) as [number, number, number, number];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const [top, bottom] = binBounds(y1, y2, rows, row, height);
        const [left, right] = binBounds(x1, x2, columns, column, width);
        const list: number[] = [];
        for (let h = top; h < bottom; h++)
          for (let w = left; w < right; w++) list.push((picture * height + h) * width + w);
        lists.push(list);
      }
  }
  const most = Math.max(1, ...lists.map(({ length }) => length));
  // A shorter list ends in its last pixel again; one without pixels reads the first, and is set to 0.
  const places = lists.flatMap((list) =>
    Array.from({ length: most }, (_, i) => list[Math.min(i, list.length - 1)] ?? 0),
  );
  const read = gatherAlong(build, rowsOf(build, x), build.constant('int32', [lists.length, most], places), 0);
  const largest = reduce(build, 'Maximum', read, [1], false);
  const isThere = build.constant(
    'bool',
    [lists.length, 1],
    lists.map(({ length }) => Number(length > 0)),
  );
  const pooled = select(build, isThere, largest, build.scalar(x.type, 0));
  return withChannelsLast(build, reshape(build, pooled, [count, rows, columns, channels]));
});

// ---- DeformConv

/** A convolution over two axes whose every element reads at its place plus an offset, between the pixels, times a mask. */
defineOperator('DeformConv', (call) => {
  const { build, attributes } = call;
  const [x, w, offset] = [call.input(0), call.input(1), call.input(2)];
  const [bias, mask] = [call.inputs[3], call.inputs[4]];
  const [batch, channels, ...sizes] = x.shape as [number, number, ...number[]];
  if (sizes.length !== 2) throw new NeuriteError(`pictures of ${sizes.length} axes; two are known here`);
  const spatial = spatialOf(call, sizes, w.shape.slice(2));
  const [groups, moved] = [attributes.int('group', 1), attributes.int('offset_group', 1)];
  const taps = sizeOf(spatial.kernel);
  const points = taps * sizeOf(spatial.out);
  if (channels % moved || sizeOf(offset.shape) !== batch * moved * 2 * points)
    throw new ShapeError(`offsets ${formatShape(offset.shape)} for ${moved} groups of ${formatShape(x.shape)}`);
  const perGroup = channels / moved;
  // [N · moved, taps, 2, out…] as coordinates of GridSample, x first, in which −1 and 1 are the picture's edges.
  const axes = spatial.kernel.map((_, axis) => {
    const own = pick(build, reshape(build, offset, [batch * moved, taps, 2, sizeOf(spatial.out)]), 2, [axis]);
    const at = arithmetic(build, 'Add', reshape(build, own, [batch * moved, points]), startsOf(build, spatial, axis));
    return reshape(build, unary(build, 'Affine', at, 2 / sizes[axis]!, 1 / sizes[axis]! - 1), [
      batch * moved,
      points,
      1,
      1,
    ]);
  });
  const grid = operations.concatenate(
    build.graph,
    axes.toReversed().map((value) => build.nodeOf(value)),
    3,
  );
  const pictures = build.nodeOf(reshape(build, x, [batch * moved, perGroup, ...sizes]));
  const options = { kind: 'Linear', outside: 'Zeros', alignCorners: false } as const;
  let read = build.fromNode(x.type, operations.gridSample(build.graph, pictures, grid, options));
  if (mask) read = arithmetic(build, 'Multiply', read, reshape(build, mask, [batch * moved, 1, points, 1]));
  const [filters, depth] = [w.shape[0]!, w.shape[1]! * taps];
  const product = matmul(
    build,
    reshape(build, w, [groups, filters / groups, depth]),
    reshape(build, read, [batch, groups, depth, sizeOf(spatial.out)]),
  );
  const result = reshape(build, product, [batch, filters, ...spatial.out]);
  return bias ? arithmetic(build, 'Add', result, alongChannels(build, bias, 2)) : result;
});

/** Where along an axis every tap of every position reads without an offset, [1, taps · positions]. */
function startsOf(
  b: Builder,
  { kernel, stride, dilation, before, out }: ReturnType<typeof spatialOf>,
  axis: number,
): Value {
  const along = (place: number, sizes: readonly number[]) =>
    axis === 0 ? Math.floor(place / sizes[1]!) : place % sizes[1]!;
  const numbers = Array.from({ length: sizeOf(kernel) }, (_, tap) =>
    Array.from(
      { length: sizeOf(out) },
      (_unused, place) => along(place, out) * stride[axis]! - before[axis]! + along(tap, kernel) * dilation[axis]!,
    ),
  ).flat();
  return b.constant('float32', [1, numbers.length], numbers);
}
