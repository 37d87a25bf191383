// Between floats and small integers, and the operators on the latter. A small integer is a word of 32 bits here.
import { NeuriteError } from '../../../core/errors.ts';
import { arithmetic, convert, reduce, unary } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { reshape, walk } from '../movement.ts';
import { integerMatmul } from '../products.ts';
import { spatialOf } from '../spatial.ts';
import { integerRange, type DataType } from '../types.ts';
import { centredFilters, convolve } from './convolution.ts';
import { centred } from './product.ts';
import { typeOf } from './shape.ts';
import * as operations from '../../../graph/operations/index.ts';

/** A scale or zero point as it broadcasts against x: one for all, one for each entry of the axis, or for each block of it. */
function alongAxis(b: Builder, value: Value, x: Value, axis: number, block: number): Value {
  if (value.shape.length === 0 || (value.shape.length === 1 && value.shape[0] === 1)) return reshape(b, value, []);
  if (block) {
    const strides = operations.denseStrides(value.shape);
    const axes = x.shape.map((size, i) =>
      i === axis
        ? { size, offsets: Array.from({ length: size }, (_, k) => Math.floor(k / block) * strides[i]!) }
        : { size, stride: strides[i]! },
    );
    return walk(b, value, axes);
  }
  return reshape(
    b,
    value,
    x.shape.map((size, i) => (i === axis ? size : 1)),
  );
}

/** round(x / scale) + zero, within the range of the type. */
function quantized(b: Builder, x: Value, scale: Value, zero: Value | undefined, type: DataType): Value {
  const [least, greatest] = integerRange(type);
  const whole = unary(b, 'Round', arithmetic(b, 'Divide', x, scale));
  const shifted = zero ? arithmetic(b, 'Add', whole, convert(b, zero, x.type)) : whole;
  return convert(b, unary(b, 'Clip', shifted, least, greatest), type);
}

function axisOf(call: Call, x: Value): number {
  return x.shape.length ? resolveAxis(call.attributes.int('axis', 1), x.shape.length) : 0;
}

defineOperator('QuantizeLinear', (call) => {
  const { build, attributes } = call;
  const [given, scale, zero] = [call.input(0), call.input(1), call.inputs[2]];
  const x = convert(build, given, 'float32');
  const given2 = attributes.int('output_dtype', 0);
  const type = zero?.type ?? (given2 ? typeOf(given2) : 'uint8');
  const isVector = scale.shape.length > 0 && !(scale.shape.length === 1 && scale.shape[0] === 1);
  const axis = isVector ? axisOf(call, x) : 0;
  const block = attributes.int('block_size', 0);
  const spread = (value: Value) => alongAxis(build, value, x, axis, block);
  return quantized(build, x, convert(build, spread(scale), 'float32'), zero && spread(zero), type);
});

defineOperator('DequantizeLinear', (call) => {
  const { build, attributes } = call;
  const [x, scale, zero] = [call.input(0), call.input(1), call.inputs[2]];
  const isVector = scale.shape.length > 0 && !(scale.shape.length === 1 && scale.shape[0] === 1);
  const axis = isVector ? axisOf(call, x) : 0;
  const spread = (value: Value) => alongAxis(build, value, x, axis, attributes.int('block_size', 0));
  return dequantized(build, x, spread(scale), zero && spread(zero));
});

function dequantized(b: Builder, x: Value, scale: Value, zero: Value | undefined): Value {
  const whole = convert(b, x, 'int32');
  const difference = zero ? arithmetic(b, 'Subtract', whole, convert(b, zero, 'int32')) : whole;
  return arithmetic(b, 'Multiply', convert(b, difference, scale.type), scale);
}

/** To uint8, with a range that holds 0 and all of x. */
defineOperator('DynamicQuantizeLinear', ({ build, inputs: [x] }) => {
  const axes = x!.shape.map((_, axis) => axis);
  const zero = build.scalar('float32', 0);
  const greatest = arithmetic(build, 'Maximum', reduce(build, 'Maximum', x!, axes, false), zero);
  const least = arithmetic(build, 'Minimum', reduce(build, 'Minimum', x!, axes, false), zero);
  const scale = unary(build, 'Affine', arithmetic(build, 'Subtract', greatest, least), 1 / 255, 0);
  const point = arithmetic(build, 'Divide', unary(build, 'Negate', least), scale);
  const rounded = convert(build, unary(build, 'Round', unary(build, 'Clip', point, 0, 255)), 'uint8');
  return [quantized(build, x!, scale, rounded, 'uint8'), scale, rounded];
});

/** Whole sums scaled from the inputs' scales to the output's. */
function requantized(
  b: Builder,
  sums: Value,
  scales: { a: Value; b: Value; out: Value },
  zero: Value | undefined,
  type: DataType,
): Value {
  const factor = arithmetic(b, 'Divide', arithmetic(b, 'Multiply', scales.a, scales.b), scales.out);
  const [least, greatest] = integerRange(type);
  const whole = unary(b, 'Round', arithmetic(b, 'Multiply', convert(b, sums, 'float32'), factor));
  const shifted = zero ? arithmetic(b, 'Add', whole, convert(b, zero, 'float32')) : whole;
  return convert(b, unary(b, 'Clip', shifted, least, greatest), type);
}

const scalarOf = (b: Builder, value: Value): Value =>
  value.shape.length === 1 && value.shape[0] === 1 ? reshape(b, value, []) : value;

defineOperator('QLinearMatMul', (call) => {
  const { build } = call;
  const [a, scaleA, zeroA, y, scaleB, zeroB, scaleOut, zeroOut] = call.all as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const sums = integerMatmul(build, centred(build, a, zeroA, -2), centred(build, y, zeroB, -1));
  const rows = scalarOf(build, scaleA);
  const scales = {
    a: rows.shape.length === 1 ? reshape(build, rows, [...rows.shape, 1]) : rows,
    b: scalarOf(build, scaleB),
    out: scalarOf(build, scaleOut),
  };
  return requantized(build, sums, scales, scalarOf(build, zeroOut), zeroOut.type);
});

defineOperator('QLinearConv', (call) => {
  const { build, attributes } = call;
  const [x, scaleX, zeroX, w, scaleW, zeroW, scaleOut, zeroOut] = call.inputs as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const bias = call.inputs[8];
  const spatial = spatialOf(call, x.shape.slice(2), w.shape.slice(2));
  const axes = spatial.kernel.map(() => 1);
  const along = (value: Value) => {
    const single = scalarOf(build, value);
    return single.shape.length === 1 ? reshape(build, single, [single.shape[0]!, ...axes]) : single;
  };
  let sums = convolve(
    build,
    centred(build, x, scalarOf(build, zeroX), 0),
    centredFilters(build, w, zeroW),
    attributes.int('group', 1),
    spatial,
  );
  if (bias) sums = arithmetic(build, 'Add', sums, reshape(build, bias, [bias.shape[0]!, ...axes]));
  if (zeroOut.type !== x.type) throw new NeuriteError(`an output of ${zeroOut.type} from ${x.type}`);
  return requantized(
    build,
    sums,
    { a: scalarOf(build, scaleX), b: along(scaleW), out: scalarOf(build, scaleOut) },
    scalarOf(build, zeroOut),
    zeroOut.type,
  );
});
