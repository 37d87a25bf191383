// Shapes, types and places: what moves elements without computing, and tensors made from nothing.
import { NeuriteError, ShapeError } from '../../../core/errors.ts';
import { formatShape, sizeOf } from '../../../graph/graph.ts';
import { broadcastShape } from '../../../graph/operations/broadcast.ts';
import { arithmetic, compare, convert, select } from '../arithmetic.ts';
import { resolveAxis, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { concatenate, expand, pad, pick, reshape, slice, transpose, walk, type PadMode } from '../movement.ts';
import { dataTypeName, dataTypeOf, hostData, type DataType } from '../types.ts';

// ---- made from nothing

defineOperator('Constant', ({ build, attributes }) => {
  const tensor = attributes.tensor('value');
  if (tensor) return build.fromHost(tensor);
  if (attributes.has('value_float')) return build.scalar('float32', attributes.float('value_float', 0));
  if (attributes.has('value_int')) return build.scalar('int64', attributes.int('value_int', 0));
  const floats = attributes.floats('value_floats');
  if (floats && attributes.has('value_floats')) return build.constant('float32', [floats.length], floats);
  const ints = attributes.ints('value_ints');
  if (ints) return build.constant('int64', [ints.length], ints);
  throw new NeuriteError('a constant of a kind that is not read (text or sparse)');
});

defineOperator('ConstantOfShape', (call) => {
  const { build, attributes } = call;
  const shape = checkedShape(build.numbers(call.input(0), 'the shape'));
  const value = attributes.tensor('value') ?? { type: 'float32' as DataType, data: [0] };
  return filled(call, value.type, shape, value.data[0]!);
});

function filled({ build }: Call, type: DataType, shape: readonly number[], value: number): Value {
  return expand(build, build.scalar(type, value), shape);
}

function checkedShape(sizes: readonly number[]): readonly number[] {
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 0) || !(sizeOf(sizes) <= 2 ** 30))
    throw new ShapeError(`${formatShape(sizes)} is no shape of a tensor`);
  return sizes;
}

defineOperator('Range', (call) => {
  const { build } = call;
  const { type } = call.input(0);
  const [start, limit, delta] = [0, 1, 2].map((i) => build.numbers(call.input(i), 'the range')[0]!) as [
    number,
    number,
    number,
  ];
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  checkedShape([count]);
  return build.constant(
    type,
    [count],
    Array.from({ length: count }, (_, i) => start + i * delta),
  );
});

defineOperator('EyeLike', ({ build, attributes, inputs: [x] }) => {
  const [rows, columns] = x!.shape as [number, number];
  const type = attributes.has('dtype') ? typeOf(attributes.int('dtype', 1)) : x!.type;
  const k = attributes.int('k', 0);
  const data = hostData(type, rows * columns);
  for (let row = 0; row < rows; row++) if (row + k >= 0 && row + k < columns) data[row * columns + row + k] = 1;
  return build.fromHost({ type, shape: x!.shape, data });
});

/** Lower or upper triangle: a mask over the last two axes. */
defineOperator('Trilu', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const k = call.inputs[1] ? build.numbers(call.inputs[1], '"k"')[0]! : 0;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const upper = attributes.flag('upper', true);
  const mask = Uint8Array.from({ length: rows * columns }, (_, i) => {
    const distance = (i % columns) - Math.floor(i / columns);
    return Number(upper ? distance >= k : distance <= k);
  });
  return select(build, build.constant('bool', [rows, columns], mask), x, build.scalar(x.type, 0));
});

// ---- asked of a value

defineOperator('Shape', ({ build, attributes, inputs: [x] }) => {
  const rank = x!.shape.length;
  const clamp = (at: number) => Math.max(0, Math.min(rank, at < 0 ? at + rank : at));
  const sizes = x!.shape.slice(clamp(attributes.int('start', 0)), clamp(attributes.int('end', rank)));
  return build.constant('int64', [sizes.length], sizes);
});
defineOperator('Size', ({ build, inputs: [x] }) => build.scalar('int64', sizeOf(x!.shape)));

/** @throws NeuriteError for a type without tensors here */
export function typeOf(number: number): DataType {
  const type = dataTypeOf(number);
  if (!type) throw new NeuriteError(`values of ${dataTypeName(number)} are not computed with`);
  return type;
}

defineOperator('Cast', ({ build, attributes, inputs: [x] }) => convert(build, x!, typeOf(attributes.int('to', 0))));
defineOperator('CastLike', (call) => convert(call.build, call.input(0), call.input(1).type));

// ---- another shape

defineOperator('Reshape', (call) => {
  const x = call.input(0);
  const sizes = call.numbers(1, 'shape') ?? [];
  const keepsZero = call.attributes.flag('allowzero');
  const shape = sizes.map((size, axis) => (size === 0 && !keepsZero ? x.shape[axis]! : size));
  const known = shape.filter((size) => size !== -1);
  const rest = sizeOf(known);
  const total = sizeOf(x.shape);
  if (
    shape.length - known.length > 1 ||
    known.some((size) => !(size >= 0)) ||
    (known.length < shape.length && total !== (rest && Math.floor(total / rest) * rest))
  )
    throw new ShapeError(`${formatShape(x.shape)} cannot become ${formatShape(sizes)}`);
  const left = rest ? total / rest : 0;
  return reshape(
    call.build,
    x,
    shape.map((size) => (size === -1 ? left : size)),
  );
});

defineOperator('Flatten', ({ build, attributes, inputs: [x] }) => {
  const given = attributes.int('axis', 1);
  const axis = given < 0 ? given + x!.shape.length : given;
  return reshape(build, x!, [sizeOf(x!.shape.slice(0, axis)), sizeOf(x!.shape.slice(axis))]);
});

defineOperator('Squeeze', (call) => {
  const x = call.input(0);
  const given = call.numbers(1, 'axes')?.map((axis) => resolveAxis(axis, x.shape.length));
  const axes = given ?? x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  for (const axis of axes)
    if (x.shape[axis] !== 1) throw new ShapeError(`axis ${axis} of ${formatShape(x.shape)} is not 1`);
  return reshape(
    call.build,
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
});

defineOperator('Unsqueeze', (call) => {
  const x = call.input(0);
  const axes = call.numbers(1, 'axes') ?? [];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => resolveAxis(axis, rank)));
  if (added.size !== axes.length) throw new ShapeError(`axes ${formatShape(axes)} name one twice`);
  const sizes = x.shape.values();
  return reshape(
    call.build,
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : sizes.next().value!)),
  );
});

defineOperator('Expand', (call) => {
  const x = call.input(0);
  const sizes = call.build.numbers(call.input(1), 'the shape');
  return expand(call.build, x, broadcastShape('Expand', x.shape, checkedShape(sizes)));
});

// ---- moved

defineOperator('Transpose', ({ build, attributes, inputs: [x] }) =>
  transpose(build, x!, attributes.ints('perm') ?? x!.shape.map((_, axis) => x!.shape.length - 1 - axis)),
);

defineOperator('Concat', (call) => {
  const axis = resolveAxis(call.attributes.int('axis', 1), call.input(0).shape.length);
  for (const { shape } of call.all)
    if (
      shape.length !== call.input(0).shape.length ||
      shape.some((size, i) => i !== axis && size !== call.input(0).shape[i])
    )
      throw new ShapeError(
        `${formatShape(shape)} does not join ${formatShape(call.input(0).shape)} along axis ${axis}`,
      );
  return concatenate(call.build, call.all, axis);
});

defineOperator('Slice', (call) => {
  const x = call.input(0);
  const starts = call.numbers(1, 'starts') ?? [];
  const ends = call.numbers(2, 'ends') ?? [];
  const axes = (call.opset < 10 ? call.attributes.ints('axes') : call.numbers(3, 'axes')) ?? starts.map((_, i) => i);
  const steps = call.inputs[4] ? call.build.numbers(call.inputs[4], '"steps"') : starts.map(() => 1);
  const parts = axes.map((given, i) => {
    const axis = resolveAxis(given, x.shape.length);
    return { axis, ...rangeOf(starts[i]!, ends[i]!, steps[i]!, x.shape[axis]!) };
  });
  return slice(call.build, x, parts);
});

/** Bounds as Python clamps them. */
function rangeOf(start: number, end: number, step: number, size: number) {
  if (step === 0) throw new NeuriteError('a slice of step 0');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number) => Math.max(low, Math.min(high, at < 0 ? at + size : at));
  const from = step > 0 ? clamp(start) : Math.max(0, Math.min(size - 1, start < 0 ? start + size : start));
  const to = clamp(end);
  return { start: from, step, size: Math.max(0, Math.ceil((to - from) / step)) };
}

defineOperator('Split', (call) => {
  const x = call.input(0);
  const axis = resolveAxis(call.attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const parts = call.wanted.length;
  const count = call.attributes.int('num_outputs', parts);
  const even = Math.ceil(size / count);
  const sizes =
    call.numbers(1, 'split') ?? Array.from({ length: count }, (_, i) => Math.max(0, Math.min(even, size - i * even)));
  if (sizes.length !== parts || sizes.reduce((a, b) => a + b, 0) !== size || sizes.some((part) => part < 0))
    throw new ShapeError(`${formatShape(sizes)} does not divide ${size} among ${parts} outputs`);
  let start = 0;
  return sizes.map((length) => {
    const piece = slice(call.build, x, [{ axis, start, step: 1, size: length }]);
    start += length;
    return piece;
  });
});

defineOperator('Tile', (call) => {
  const x = call.input(0);
  if (call.opset < 6) {
    const [tiles, axis] = [
      call.build.numbers(call.input(1), 'tiles')[0]!,
      call.build.numbers(call.input(2), 'axis')[0]!,
    ];
    return tile(
      call,
      x,
      x.shape.map((_, i) => (i === axis ? tiles : 1)),
    );
  }
  return tile(call, x, call.build.numbers(call.input(1), 'the repeats'));
});

function tile({ build }: Call, x: Value, repeats: readonly number[]): Value {
  checkedShape(x.shape.map((size, axis) => size * repeats[axis]!));
  return repeats.reduce((value, count, axis) => {
    if (count === 1) return value;
    const size = value.shape[axis]!;
    return pick(
      build,
      value,
      axis,
      Array.from({ length: size * count }, (_, i) => i % size),
    );
  }, x);
}

defineOperator('Pad', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const pads =
    call.opset < 11
      ? (attributes.ints('pads') ?? attributes.ints('paddings') ?? [])
      : build.numbers(call.input(1), '"pads"');
  const fill = call.inputs[2] ? build.numbers(call.inputs[2], 'the value')[0]! : attributes.float('value', 0);
  const rank = x.shape.length;
  const axes = call.inputs[3]
    ? build.numbers(call.inputs[3], '"axes"').map((axis) => resolveAxis(axis, rank))
    : x.shape.map((_, i) => i);
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + axes.length]!;
  });
  return pad(build, x, before, after, attributes.string('mode', 'constant') as PadMode, fill);
});

defineOperator('DepthToSpace', ({ build, attributes, inputs: [x] }) => {
  const block = attributes.int('blocksize', 1);
  const [n, c, h, w] = x!.shape as [number, number, number, number];
  const inner = c / (block * block);
  const isColumnRow = attributes.string('mode', 'DCR') === 'CRD';
  const split = isColumnRow ? [n, inner, block, block, h, w] : [n, block, block, inner, h, w];
  const order = isColumnRow ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return reshape(build, transpose(build, reshape(build, x!, split), order), [n, inner, h * block, w * block]);
});

defineOperator('SpaceToDepth', ({ build, attributes, inputs: [x] }) => {
  const block = attributes.int('blocksize', 1);
  const [n, c, h, w] = x!.shape as [number, number, number, number];
  const split = reshape(build, x!, [n, c, h / block, block, w / block, block]);
  const moved = transpose(build, split, [0, 3, 5, 1, 2, 4]);
  return reshape(build, moved, [n, c * block * block, h / block, w / block]);
});

defineOperator('CenterCropPad', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const sizes = build.numbers(call.input(1), 'the shape');
  const axes = attributes.ints('axes')?.map((axis) => resolveAxis(axis, x.shape.length)) ?? x.shape.map((_, i) => i);
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  axes.forEach((axis, i) => {
    const missing = sizes[i]! - x.shape[axis]!;
    before[axis] = missing < 0 ? -Math.floor(-missing / 2) : Math.floor(missing / 2);
    after[axis] = missing - before[axis]!;
  });
  return pad(build, x, before, after);
});

/** Each row of the batch turned round up to its own length. */
defineOperator('ReverseSequence', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const [batchAxis, timeAxis] = [attributes.int('batch_axis', 1), attributes.int('time_axis', 0)];
  const steps = x.shape[timeAxis]!;
  const lengths = build.numbers(call.input(1), 'the lengths');
  const rows = lengths.map((length, row) => {
    const places = Array.from({ length: steps }, (_, t) => (t < length ? length - 1 - t : t));
    const own = slice(build, x, [{ axis: batchAxis, start: row, step: 1, size: 1 }]);
    return pick(build, own, timeAxis, places);
  });
  return concatenate(build, rows, batchAxis);
});

/** 1s where the index says, at a new axis; indices count from the end where negative. */
defineOperator('OneHot', (call) => {
  const { build, attributes } = call;
  const indices = call.input(0);
  const depth = build.numbers(call.input(1), 'the depth')[0]!;
  const values = call.input(2);
  const rank = indices.shape.length + 1;
  const axis = resolveAxis(attributes.int('axis', -1), rank);
  checkedShape([...indices.shape, depth]);
  const places = build.constant(
    'int32',
    Array.from({ length: rank }, (_, i) => (i === axis ? depth : 1)),
    Array.from({ length: depth }, (_, i) => i),
  );
  const whole = convert(build, indices, 'int32');
  const negative = compare(build, 'Less', whole, build.scalar('int32', 0));
  const counted = select(build, negative, arithmetic(build, 'Add', whole, build.scalar('int32', depth)), whole);
  const spread = reshape(build, counted, indices.shape.toSpliced(axis, 0, 1));
  const [off, on] = [0, 1].map((i) => reshape(build, walk(build, values, [{ size: 1, stride: 1 }], { start: i }), []));
  return select(build, compare(build, 'Equal', spread, places), on!, off!);
});
