// Pools of any number of axes: reductions over windows; and normalisation over neighbouring channels.
import { NeuriteError } from '../../../core/errors.ts';
import { sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import type { AxisWindow } from '../../../graph/operations/window.ts';
import { arithmetic, convert, reduce, unary } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { pad, reshape, windows } from '../movement.ts';
import { reachedPadding, spatialOf, type Spatial } from '../spatial.ts';
import { integerRange, isFloat } from '../types.ts';
import { gatherElements } from './gather.ts';

/** [B, C, out…, kernel elements], the padding filled. */
function pooled(b: Builder, x: Value, spatial: Spatial, fill: number): Value {
  const after = reachedPadding(spatial, x.shape.slice(2));
  const padded = pad(b, x, [0, 0, ...spatial.before], [0, 0, ...after], 'constant', fill);
  const split = windows(b, padded, { ...spatial, kernelLast: true });
  return reshape(b, split, [...split.shape.slice(0, 2 + spatial.out.length), sizeOf(spatial.kernel)]);
}

const lowest = (x: Value): number => (isFloat(x.type) ? -Infinity : Math.max(-(2 ** 31), integerRange(x.type)[0]));

/** What each output position sees of an axis, for the core's pools; null where they do not do it. */
function windowsByAxis(
  x: Value,
  { kernel, stride, dilation, before, after, out }: Spatial,
  withPadding: boolean,
): AxisWindow[][] | null {
  const sizes = x.shape.slice(2);
  const isPlain = isFloat(x.type) && sizes.length >= 1 && sizes.length <= 3 && dilation.every((step) => step === 1);
  if (!isPlain) return null;
  const all = sizes.map((size, axis) =>
    Array.from({ length: out[axis]! }, (_, i) => {
      const from = i * stride[axis]! - before[axis]!;
      const [begin, end] = [Math.max(from, 0), Math.min(from + kernel[axis]!, size)];
      const count = withPadding ? Math.min(from + kernel[axis]!, size + after[axis]!) - from : end - begin;
      return { begin, end, count };
    }),
  );
  return all.flat().every(({ begin, end }) => begin < end) ? all : null;
}

defineOperator('MaxPool', (call) => {
  const { build } = call;
  const x = call.input(0);
  const spatial = spatialOf(call, x.shape.slice(2));
  const native = call.wanted[1] ? null : windowsByAxis(x, spatial, false);
  if (native) return build.fromLast(x.type, operations.pool(build.graph, 'Maximum', build.lastOf(x), native));
  const split = pooled(build, x, spatial, lowest(x));
  const maximum = reduce(build, 'Maximum', split, [-1], false);
  return [maximum, call.wanted[1] ? placesOfMaxima(call, x, spatial, split) : undefined];
});

/** Where each maximum stands in x, counted over all of it; by columns where `storage_order` is 1. */
function placesOfMaxima({ build, attributes }: Call, x: Value, spatial: Spatial, split: Value): Value {
  const sizes = x.shape.slice(2);
  const total = sizeOf(sizes);
  const isColumns = attributes.flag('storage_order');
  const strides = operations.denseStrides(isColumns ? sizes.toReversed() : sizes);
  const places = numbered(sizes, isColumns ? strides.toReversed() : strides);
  // The place of every element of every window within a plane of x, padding as −1: never the maximum.
  const plane = build.constant('int32', [1, 1, ...sizes], places);
  const window = pooled(build, plane, spatial, -1);
  const best = operations.argReduce(build.graph, 'Maximum', build.nodeOf(convert(build, split, 'float32')), -1);
  const planes = sizeOf(x.shape.slice(0, 2));
  const points = sizeOf(spatial.out);
  const index = build.fromNode('int32', best);
  const rows = reshape(build, index, [planes, points, 1]);
  const candidates = reshape(build, window, [1, points, sizeOf(spatial.kernel)]);
  const found = gatherElements(build, repeated(build, candidates, planes), rows, 2);
  const starts = build.constant(
    'int32',
    [planes, 1, 1],
    Array.from({ length: planes }, (_, i) => i * total),
  );
  const place = arithmetic(build, 'Add', found, starts);
  return convert(build, reshape(build, place, index.shape), 'int64');
}

const repeated = (b: Builder, x: Value, times: number): Value =>
  b.fromNode(
    x.type,
    operations.rearrange(b.graph, b.nodeOf(x), [
      { size: times, stride: 0 },
      { size: x.shape[1]!, stride: x.shape[2]! },
      { size: x.shape[2]!, stride: 1 },
    ]),
  );

/** The number of each element in row-major order, by the strides given. */
function numbered(sizes: readonly number[], strides: readonly number[]): number[] {
  const own = operations.denseStrides(sizes);
  return Array.from({ length: sizeOf(sizes) }, (_, i) =>
    sizes.reduce((sum, size, axis) => sum + (Math.floor(i / own[axis]!) % size) * strides[axis]!, 0),
  );
}

defineOperator('AveragePool', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const sizes = x.shape.slice(2);
  const spatial = spatialOf(call, sizes);
  const native = windowsByAxis(x, spatial, attributes.flag('count_include_pad'));
  if (native) return build.fromLast(x.type, operations.pool(build.graph, 'Average', build.lastOf(x), native));
  const total = reduce(build, 'Sum', pooled(build, x, spatial, 0), [-1], false);
  return arithmetic(
    build,
    'Divide',
    total,
    build.constant(x.type, spatial.out, counts(sizes, spatial, attributes.flag('count_include_pad'))),
  );
});

/** How many elements each window has: those of x, or with the padding that was asked for. */
function counts(sizes: readonly number[], spatial: Spatial, withPadding: boolean): number[] {
  const { kernel, stride, dilation, before, after, out } = spatial;
  const perAxis = out.map((length, i) =>
    Array.from({ length }, (_, at) => {
      const start = at * stride[i]! - before[i]!;
      let count = 0;
      for (let k = 0; k < kernel[i]!; k++) {
        const place = start + k * dilation[i]!;
        const inside = place >= 0 && place < sizes[i]!;
        const padded = place >= -before[i]! && place < sizes[i]! + after[i]!;
        if (withPadding ? padded : inside) count++;
      }
      return Math.max(1, count);
    }),
  );
  return perAxis.reduce((all, axis) => all.flatMap((count) => axis.map((own) => count * own)), [1]);
}

/** (Σ |x|ᵖ)^(1/p) */
function norm(b: Builder, x: Value, p: number, axes: readonly number[], keep: boolean): Value {
  if (p === 1) return reduce(b, 'SumOfAbsolutes', x, axes, keep);
  if (p === 2) return unary(b, 'Sqrt', reduce(b, 'SumOfSquares', x, axes, keep));
  const powers = arithmetic(b, 'Power', unary(b, 'Abs', x), b.scalar(x.type, p));
  return arithmetic(b, 'Power', reduce(b, 'Sum', powers, axes, keep), b.scalar(x.type, 1 / p));
}

const orderOf = ({ attributes, opset }: Call): number =>
  opset < 2 ? attributes.float('p', 2) : attributes.int('p', 2);

defineOperator('LpPool', (call) => {
  const x = call.input(0);
  return norm(call.build, pooled(call.build, x, spatialOf(call, x.shape.slice(2)), 0), orderOf(call), [-1], false);
});

const spatialAxes = (x: Value): number[] => x.shape.slice(2).map((_, i) => i + 2);
defineOperator('GlobalAveragePool', ({ build, inputs: [x] }) => reduce(build, 'Mean', x!, spatialAxes(x!), true));
defineOperator('GlobalMaxPool', ({ build, inputs: [x] }) => reduce(build, 'Maximum', x!, spatialAxes(x!), true));
defineOperator('GlobalLpPool', (call) =>
  norm(call.build, call.input(0), orderOf(call), spatialAxes(call.input(0)), true),
);

/** x / (bias + alpha / size · Σ x²)^beta over `size` channels around each. */
defineOperator('LRN', ({ build, attributes, inputs: [x] }) => {
  const size = attributes.int('size', 1);
  if (!(size > 0)) throw new NeuriteError(`a size of ${size}`);
  const [alpha, beta, bias] = [
    attributes.float('alpha', 1e-4),
    attributes.float('beta', 0.75),
    attributes.float('bias', 1),
  ];
  const [batch, channels, ...sizes] = x!.shape as [number, number, ...number[]];
  const before = Math.floor((size - 1) / 2);
  const squares = reshape(build, unary(build, 'Square', x!), [batch, channels, sizeOf(sizes)]);
  const padded = pad(build, squares, [0, before, 0], [0, size - 1 - before, 0]);
  const neighbours = build.fromNode(
    x!.type,
    operations.rearrange(build.graph, build.nodeOf(padded), [
      { size: batch, stride: padded.shape[1]! * padded.shape[2]! },
      { size, stride: padded.shape[2]! },
      { size: channels * padded.shape[2]!, stride: 1 },
    ]),
  );
  const sum = reshape(build, reduce(build, 'Sum', neighbours, [1], false), x!.shape);
  const base = unary(build, 'Affine', sum, alpha / size, bias);
  return arithmetic(build, 'Divide', x!, arithmetic(build, 'Power', base, build.scalar(x!.type, beta)));
});
