// What moves elements, reads and writes at indices, computes with integers, samples between elements: the operations that
// layers made of the graph's own operations use. (ONNX's indices of tuples are int64.)
import { NeuriteError } from '../../../core/errors.ts';
import { sizeOf, type Node } from '../../../graph/graph.ts';
import type { ConvertName, IntegerName, IntegerReduceName, RareName } from '../../../graph/operations/integer.ts';
import type { RearrangeAttributes } from '../../../graph/operations/rearrange.ts';
import { denseStrides } from '../../../graph/operations/index.ts';
import { dataTypeNumbers } from '../types.ts';
import { reshaped } from './arithmetic.ts';
import { attribute, defineWriter, input } from './table.ts';
import type { GraphWriter, Size } from './writer.ts';

const refuse = (node: Node, what: string): never => {
  throw new NeuriteError(`toOnnx: ${node.operation} of "${node.label}": ${what}`);
};

const cast = (writer: GraphWriter, name: string, type: keyof typeof dataTypeNumbers): string =>
  writer.add('Cast', [name], { to: dataTypeNumbers[type] });
const integer = (writer: GraphWriter, value: number): string => writer.weight('constant', Int32Array.of(value), []);

// ---- indices

defineWriter('gather', (writer, node) =>
  writer.add('Gather', [input(writer, node, 0), input(writer, node, 1)], { axis: attribute<number>(node, 'axis') }),
);
defineWriter('gatherElements', (writer, node) =>
  writer.add('GatherElements', [input(writer, node, 0), input(writer, node, 1)], {
    axis: attribute<number>(node, 'axis'),
  }),
);
defineWriter('gatherTuples', (writer, node) =>
  writer.add('GatherND', [input(writer, node, 0), cast(writer, input(writer, node, 1), 'int64')], {
    batch_dims: attribute<number>(node, 'batchAxes'),
  }),
);

/** Least and greatest came with a later operator set. */
const scatterings: Record<string, string> = { Assign: 'none', Add: 'add', Multiply: 'mul' };

function reductionOf(node: Node): string {
  const kind = attribute<string>(node, 'kind');
  return scatterings[kind] ?? refuse(node, `scattering by ${kind.toLowerCase()} is not in operator set 17`);
}

defineWriter('scatterElements', (writer, node) => {
  const inputs = [0, 1, 2].map((i) => input(writer, node, i));
  return writer.add('ScatterElements', inputs, { axis: attribute<number>(node, 'axis'), reduction: reductionOf(node) });
});
defineWriter('scatterTuples', (writer, node) => {
  const [x, indices, updates] = [0, 1, 2].map((i) => input(writer, node, i)) as [string, string, string];
  return writer.add('ScatterND', [x, cast(writer, indices, 'int64'), updates], { reduction: reductionOf(node) });
});

defineWriter('cumulativeSum', (writer, node) => {
  const { axis, exclusive, reverse } = node.attributes as { axis: number; exclusive: boolean; reverse: boolean };
  const options = { exclusive: Number(exclusive), reverse: Number(reverse) };
  return writer.add('CumSum', [input(writer, node, 0), writer.ints([axis], [])], options);
});

const both = new WeakMap<Node, { values: string; indices: string }>();

defineWriter('topK', (writer, node) => {
  const { k, axis, largest } = node.attributes as { k: number; axis: number; largest: boolean };
  const [values, indices] = [writer.fresh('values'), writer.fresh('indices')];
  const options = { axis, largest: Number(largest) };
  writer.addNode('TopK', [input(writer, node, 0), writer.ints([k])], [values, indices], options);
  both.set(node, { values, indices });
  return undefined;
});
defineWriter('part', (_writer, node) => both.get(node.inputs[0]!)?.values ?? refuse(node, 'a part of a fused result'));
defineWriter('integerPart', (writer, node) => cast(writer, both.get(node.inputs[0]!)!.indices, 'int32'));

// ---- moved

defineWriter('select', (writer, node) =>
  writer.add('Where', [cast(writer, input(writer, node, 0), 'bool'), input(writer, node, 1), input(writer, node, 2)]),
);

/** The places within a sample, or within the whole where no axis is the batch; −1 where the fill stands. */
function placesOf({ axes, start }: RearrangeAttributes): number[] {
  let places = [start];
  for (const { size, stride = 0, offsets } of axes)
    places = places.flatMap((place) =>
      Array.from({ length: size }, (_, i) => {
        if (place < 0 || (offsets && offsets[i]! < 0)) return -1;
        return place + (offsets ? offsets[i]! : i * stride);
      }),
    );
  return places;
}

/** By a list of places: of each sample the same, or of a value without a batch. */
defineWriter('rearrange', (writer, node) => {
  const [x] = node.inputs as [Node];
  const attributes = node.attributes as unknown as RearrangeAttributes;
  const sizes = writer.sizes(node);
  const isBatched = sizes.some((size) => typeof size !== 'number');
  const sample = isBatched ? denseStrides(x.shape)[0]! : sizeOf(x.shape);
  const [first, ...rest] = attributes.axes;
  const isRegular = first && !first.offsets && first.stride === sample && attributes.start < sample;
  if (
    isBatched &&
    (typeof sizes[0] === 'number' || sizes.slice(1).some((size) => typeof size !== 'number') || !isRegular)
  )
    return refuse(node, 'samples of a batch that are mixed');
  const places = placesOf(isBatched ? { ...attributes, axes: rest } : attributes);
  const rows: Size[] = isBatched ? [sizes[0]!, sample] : [1, sample];
  let flat = reshaped(writer, input(writer, node, 0), rows);
  if (places.includes(-1)) {
    const fill = x.dtype === 'f32' ? writer.floats([attributes.fill]) : integer(writer, attributes.fill);
    flat = writer.add('Pad', [flat, writer.ints([0, 0, 0, 1]), fill]);
  }
  const moved = writer.add('Gather', [flat, writer.ints(places.map((place) => (place < 0 ? sample : place)))], {
    axis: 1,
  });
  return reshaped(writer, moved, sizes);
});

/** The weights as a matrix, along the last axis. */
defineWriter('resample', (writer, node) => {
  const [x, places, weights] = node.inputs as [Node, Node, Node];
  const [from, by] = [places, weights].map(({ attributes }) => attributes['data'] as ArrayLike<number> | undefined);
  if (!from || !by) return refuse(node, 'places that are data');
  const axis = attribute<number>(node, 'axis');
  const [size, out, taps] = [x.shape[axis]!, places.shape[0]!, places.shape[1]!];
  const matrix = new Float32Array(size * out);
  for (let i = 0; i < from.length; i++) matrix[from[i]! * out + Math.floor(i / taps)]! += by[i]!;
  const last = x.shape.length - 1;
  const swap = { perm: x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i)) };
  const turned = writer.add('Transpose', [input(writer, node, 0)], swap);
  return writer.add('Transpose', [writer.add('MatMul', [turned, writer.floats(matrix, [size, out])])], swap);
});

defineWriter('gridSample', (writer, node) => {
  const { kind, outside, alignCorners } = node.attributes as { kind: string; outside: string; alignCorners: boolean };
  if (node.inputs[0]!.shape.length !== 4) return refuse(node, 'operator set 17 samples pictures alone');
  const modes: Record<string, string> = { Linear: 'bilinear', Nearest: 'nearest', Cubic: 'bicubic' };
  return writer.add('GridSample', [input(writer, node, 0), input(writer, node, 1)], {
    mode: modes[kind]!,
    padding_mode: outside.toLowerCase(),
    align_corners: Number(alignCorners),
  });
});
defineWriter('determinant', (writer, node) => writer.add('Det', [input(writer, node, 0)]));

// ---- integers and booleans

const integers: Partial<Record<IntegerName, string>> = {
  Add: 'Add',
  Subtract: 'Sub',
  Multiply: 'Mul',
  Divide: 'Div',
  Minimum: 'Min',
  Maximum: 'Max',
  Power: 'Pow',
};
const comparisons: Partial<Record<IntegerName, string>> = { Equal: 'Equal', Less: 'Less', LessOrEqual: 'LessOrEqual' };

defineWriter('integer', (writer, node) => {
  const kind = attribute<IntegerName>(node, 'kind');
  const operands = [input(writer, node, 0), input(writer, node, 1)];
  if (integers[kind]) return writer.add(integers[kind], operands);
  if (comparisons[kind]) return cast(writer, writer.add(comparisons[kind], operands), 'int32');
  if (kind === 'NotEqual') return cast(writer, writer.add('Not', [writer.add('Equal', operands)]), 'int32');
  if (kind === 'Modulo' || kind === 'Remainder')
    return writer.add('Mod', operands, { fmod: Number(kind === 'Remainder') });
  return refuse(node, `${kind} of integers is not in operator set 17`);
});

const conversions: Record<ConvertName, (writer: GraphWriter, x: string, node: Node) => string> = {
  Absolute: (writer, x) => writer.add('Abs', [x]),
  Negate: (writer, x) => writer.add('Neg', [x]),
  Sign: (writer, x) => writer.add('Sign', [x]),
  Not: (writer, x) => cast(writer, writer.add('Not', [cast(writer, x, 'bool')]), 'int32'),
  Complement: (writer, x) => writer.add('Sub', [integer(writer, -1), x]),
  Wrap8: (writer, x) => cast(writer, cast(writer, x, 'int8'), 'int32'),
  Wrap8Unsigned: (writer, x) => cast(writer, cast(writer, x, 'uint8'), 'int32'),
  Wrap16: (writer, x) => cast(writer, cast(writer, x, 'int16'), 'int32'),
  Wrap16Unsigned: (writer, x) => cast(writer, cast(writer, x, 'uint16'), 'int32'),
  NotZero: (writer, x) => cast(writer, cast(writer, x, 'bool'), 'int32'),
  FloatNotZero: (writer, x) => cast(writer, cast(writer, x, 'bool'), 'int32'),
  FloatToInteger: (writer, x) => cast(writer, x, 'int32'),
  IntegerToFloat: (writer, x) => cast(writer, x, 'float32'),
  FloatToUnsigned: (_writer, _x, node) => refuse(node, 'unsigned words'),
  UnsignedToFloat: (_writer, _x, node) => refuse(node, 'unsigned words'),
};
defineWriter('convert', (writer, node) =>
  conversions[attribute<ConvertName>(node, 'kind')](writer, input(writer, node, 0), node),
);

const rares: Partial<Record<RareName, string>> = { IsInfinite: 'IsInf', IsNaN: 'IsNaN' };
defineWriter('rare', (writer, node) => {
  const kind = attribute<RareName>(node, 'kind');
  const x = input(writer, node, 0);
  if (kind === 'IsPositiveInfinite' || kind === 'IsNegativeInfinite') {
    const isPositive = Number(kind === 'IsPositiveInfinite');
    return cast(
      writer,
      writer.add('IsInf', [x], { detect_negative: 1 - isPositive, detect_positive: isPositive }),
      'float32',
    );
  }
  return rares[kind] ? cast(writer, writer.add(rares[kind], [x]), 'float32') : writer.add(kind, [x]);
});

const integerReductions: Partial<Record<IntegerReduceName, string>> = {
  Sum: 'ReduceSum',
  Product: 'ReduceProd',
  Minimum: 'ReduceMin',
  Maximum: 'ReduceMax',
};
defineWriter('integerReduce', (writer, node) => {
  const { kind, axis } = node.attributes as { kind: IntegerReduceName; axis: number };
  const opType = integerReductions[kind] ?? refuse(node, `${kind} is not in operator set 17`);
  const x = input(writer, node, 0);
  return opType === 'ReduceSum'
    ? writer.add(opType, [x, writer.ints([axis])], { keepdims: 0 })
    : writer.add(opType, [x], { axes: [axis], keepdims: 0 });
});
defineWriter('integerMatmul', (writer, node) => writer.add('MatMul', [input(writer, node, 0), input(writer, node, 1)]));
