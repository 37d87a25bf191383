// Convolutions. Of floats over one to three axes by the core's own, channels last; of integers, and over more axes, as
// matrix products over windows, channels first: [B, G, C/G · kernel, out] for each group.
import { NeuriteError, ShapeError } from '../../../core/errors.ts';
import { formatShape, sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, convert } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { pad, pick, reshape, transpose, transposeWeight, windows } from '../movement.ts';
import { integerMatmul, matmul } from '../products.ts';
import { reachedPadding, spatialOf, type Spatial } from '../spatial.ts';
import { isFloat } from '../types.ts';
import { centred } from './product.ts';

/** x [B, C, sizes…] with w [M, C/groups, kernel…], without bias. */
export function convolve(b: Builder, x: Value, w: Value, groups: number, spatial: Spatial): Value {
  const [batch, channels, ...sizes] = x.shape as [number, number, ...number[]];
  const [filters, perGroup] = w.shape as [number, number];
  if (perGroup * groups !== channels || filters % groups !== 0)
    throw new ShapeError(`${formatShape(w.shape)} in ${groups} groups does not convolve ${formatShape(x.shape)}`);
  const { kernel, out } = spatial;
  const isPointwise =
    [...kernel, ...spatial.stride].every((n) => n === 1) && [...spatial.before, ...spatial.after].every((n) => n === 0);
  const columns = isPointwise ? x : windowsOf(b, x, sizes, spatial);
  const depth = perGroup * sizeOf(kernel);
  const left = reshape(b, w, [groups, filters / groups, depth]);
  const right = reshape(b, columns, [batch, groups, depth, sizeOf(out)]);
  const product = isFloat(x.type) ? matmul(b, left, right) : integerMatmul(b, left, right);
  return reshape(b, product, [batch, filters, ...out]);
}

/** [B, C, kernel…, out…] */
function windowsOf(b: Builder, x: Value, sizes: readonly number[], spatial: Spatial): Value {
  const after = reachedPadding(spatial, sizes);
  const padded = pad(b, x, [0, 0, ...spatial.before], [0, 0, ...after.map((reach) => reach)]);
  return windows(b, padded, { ...spatial, kernelLast: false });
}

export const alongChannels = (b: Builder, bias: Value, axes: number): Value =>
  reshape(b, bias, [bias.shape[0]!, ...Array.from({ length: axes }, () => 1)]);

const withBias = (b: Builder, product: Value, bias: Value | undefined): Value =>
  bias ? arithmetic(b, 'Add', product, alongChannels(b, bias, product.shape.length - 2)) : product;

defineOperator('Conv', (call) => {
  const { build, attributes } = call;
  const [x, w, bias] = [call.input(0), call.input(1), call.inputs[2]];
  const spatial = spatialOf(call, x.shape.slice(2), w.shape.slice(2));
  const groups = attributes.int('group', 1);
  const product = isNative(x, spatial.before)
    ? nativeConvolution(build, x, w, groups, spatial)
    : convolve(build, x, w, groups, spatial);
  return withBias(build, product, bias);
});

/** The core's convolutions go over one to three axes; they cut nothing off. */
const isNative = (x: Value, before: readonly number[]): boolean =>
  isFloat(x.type) && before.length >= 1 && before.length <= 3 && before.every((count) => count >= 0);

/**
 * [M, C/groups, kernel…] as [kernel…, C/groups, M]. Of a weight the host turns it round, so that one copy is kept; else
 * it is a transpose and a move of whole runs of M, which take a quarter of the time of one walk over all elements.
 */
function kernelLast(b: Builder, w: Value): Value {
  const kernel = w.shape.slice(2).map((_, i) => i + 2);
  if (w.weight !== undefined && !w.node) return transposeWeight(b, w, [...kernel, 1, 0]);
  const filtersLast = transpose(b, w, [1, ...kernel, 0]);
  return transpose(b, filtersLast, [...kernel.map((axis) => axis - 1), 0, w.shape.length - 1]);
}

function nativeConvolution(b: Builder, x: Value, w: Value, groups: number, spatial: Spatial): Value {
  const [channels, ...input] = x.shape.slice(1) as [number, ...number[]];
  const [filters, perGroup] = w.shape as [number, number];
  if (perGroup * groups !== channels || filters % groups !== 0)
    throw new ShapeError(`${formatShape(w.shape)} in ${groups} groups does not convolve ${formatShape(x.shape)}`);
  const { kernel: kernelSize, stride, dilation, before, out: output } = spatial;
  const window = { kernelSize, stride, dilation, before, input, output };
  const kernel = b.nodeOf(kernelLast(b, w));
  return b.fromLast(x.type, operations.convolution(b.graph, b.lastOf(x), kernel, window, groups));
}

defineOperator('ConvInteger', (call) => {
  const { build, attributes } = call;
  const x = centred(build, call.input(0), call.inputs[2], 0);
  const w = centredFilters(build, call.input(1), call.inputs[3]);
  return convolve(build, x, w, attributes.int('group', 1), spatialOf(call, x.shape.slice(2), w.shape.slice(2)));
});

/** A zero point for all filters, or for each of them. */
export function centredFilters(b: Builder, w: Value, zero: Value | undefined): Value {
  if (!zero || sizeOf(zero.shape) === 1) return centred(b, w, zero, 0);
  return arithmetic(
    b,
    'Subtract',
    convert(b, w, 'int32'),
    convert(b, alongChannels(b, zero, w.shape.length - 1), 'int32'),
  );
}

/**
 * The transposed convolution: elements set `stride` apart, then a convolution with the kernels turned round.
 * w is [C, M/groups, kernel…].
 */
defineOperator('ConvTranspose', (call) => {
  const { build, attributes } = call;
  const [x, w, bias] = [call.input(0), call.input(1), call.inputs[2]];
  const groups = attributes.int('group', 1);
  const sizes = x.shape.slice(2);
  const kernel = attributes.ints('kernel_shape') ?? w.shape.slice(2);
  const stride = attributes.ints('strides') ?? sizes.map(() => 1);
  const dilation = attributes.ints('dilations') ?? sizes.map(() => 1);
  const { before, out } = transposedPadding(call, sizes, kernel, stride, dilation);
  if (isNative(x, before)) {
    const window = { kernelSize: kernel, stride, dilation, before, input: out, output: sizes };
    const node = operations.transposedConvolution(
      build.graph,
      build.lastOf(x),
      build.nodeOf(kernelLast(build, w)),
      window,
      groups,
    );
    return withBias(build, build.fromLast(x.type, node), bias);
  }
  const span = kernel.map((size, i) => dilation[i]! * (size - 1) + 1);
  let spread = x;
  sizes.forEach((size, i) => {
    const lead = span[i]! - 1 - before[i]!;
    const length = out[i]! + span[i]! - 1;
    const places = Array.from({ length }, (_, k) => {
      const at = (k - lead) / stride[i]!;
      return Number.isInteger(at) && at >= 0 && at < size ? at : -1;
    });
    spread = pick(build, spread, i + 2, places);
  });
  const none = sizes.map(() => 0);
  const spatial = { kernel, stride: sizes.map(() => 1), dilation, before: none, after: none, out };
  const product = convolve(build, spread, turnedFilters(build, w, groups), groups, spatial);
  return withBias(build, product, bias);
});

/** [C, M/g, kernel…] as [M, C/g, kernel…], each kernel from its end to its beginning. */
function turnedFilters(b: Builder, w: Value, groups: number): Value {
  const [channels, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  if (channels % groups !== 0) throw new ShapeError(`${channels} channels in ${groups} groups`);
  const axes = kernel.map((_, i) => i + 3);
  const split = reshape(b, w, [groups, channels / groups, perGroup, ...kernel]);
  const moved = reshape(b, transpose(b, split, [0, 2, 1, ...axes]), [groups * perGroup, channels / groups, ...kernel]);
  return kernel.reduce(
    (value, size, i) =>
      pick(
        b,
        value,
        i + 2,
        Array.from({ length: size }, (_, k) => size - 1 - k),
      ),
    moved,
  );
}

function transposedPadding(
  { attributes }: Call,
  sizes: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { before: number[]; out: number[] } {
  const extra = attributes.ints('output_padding') ?? sizes.map(() => 0);
  const automatic = attributes.string('auto_pad', 'NOTSET');
  const isSame = automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER';
  const given = attributes.ints('output_shape') ?? (isSame ? sizes.map((size, i) => size * stride[i]!) : undefined);
  const wanted = given?.slice(-sizes.length);
  const pads = (automatic === 'VALID' ? undefined : attributes.ints('pads')) ?? sizes.flatMap(() => [0, 0]);
  const full = sizes.map((size, i) => stride[i]! * (size - 1) + extra[i]! + dilation[i]! * (kernel[i]! - 1) + 1);
  if (!wanted)
    return {
      before: pads.slice(0, sizes.length),
      out: full.map((size, i) => size - pads[i]! - pads[i + sizes.length]!),
    };
  const before = full.map((size, i) => {
    const total = Math.max(0, size - wanted[i]!);
    return automatic === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
  return { before, out: wanted };
}

/** Columns of windows put back onto the picture, sums where they overlap. */
defineOperator('Col2Im', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const image = build.numbers(call.input(1), 'the image shape');
  const block = build.numbers(call.input(2), 'the block shape');
  const ones = image.map(() => 1);
  const stride = attributes.ints('strides') ?? ones;
  const dilation = attributes.ints('dilations') ?? ones;
  const pads = attributes.ints('pads') ?? image.flatMap(() => [0, 0]);
  const padded = image.map((size, i) => size + pads[i]! + pads[i + image.length]!);
  const out = padded.map((size, i) => Math.floor((size - dilation[i]! * (block[i]! - 1) - 1) / stride[i]!) + 1);
  const [batch, depth] = x.shape as [number, number];
  const channels = depth / sizeOf(block);
  if (!Number.isInteger(channels)) throw new NeuriteError(`${depth} rows for blocks of ${sizeOf(block)}`);
  // A transposed convolution by kernels that are 1 at one place each: for each place of the block one spread picture.
  const split = reshape(build, x, [batch * channels, sizeOf(block), ...out]);
  let total: Value | undefined;
  for (let place = 0; place < sizeOf(block); place++) {
    let piece = reshape(build, pick(build, split, 1, [place]), [batch * channels, ...out]);
    let rest = place;
    const offsets = block.map(() => 0);
    for (let axis = block.length - 1; axis >= 0; axis--) {
      offsets[axis] = rest % block[axis]!;
      rest = Math.floor(rest / block[axis]!);
    }
    image.forEach((size, i) => {
      const places = Array.from({ length: size }, (_, at) => {
        const from = (at + pads[i]! - offsets[i]! * dilation[i]!) / stride[i]!;
        return Number.isInteger(from) && from >= 0 && from < out[i]! ? from : -1;
      });
      piece = pick(build, piece, i + 1, places);
    });
    total = total ? arithmetic(build, 'Add', total, piece) : piece;
  }
  return reshape(build, total!, [batch, channels, ...image]);
});
