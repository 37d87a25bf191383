// Normalisations: by running statistics, and by the mean and variance of the values themselves.
import { NeuriteError } from '../../../core/errors.ts';
import { arithmetic, reduce, unary } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator } from '../operator.ts';
import { reshape } from '../movement.ts';

const alongChannels = (b: Builder, value: Value, rank: number): Value =>
  reshape(b, value, [value.shape[0]!, ...Array.from({ length: rank - 2 }, () => 1)]);

/** 1 / √(variance + epsilon) */
const inverseDeviation = (b: Builder, variance: Value, epsilon: number): Value =>
  unary(b, 'Reciprocal', unary(b, 'Sqrt', unary(b, 'Affine', variance, 1, epsilon)));

/** x · a + c for each channel, a and c computed once from the weights. */
function scaledByChannel(
  b: Builder,
  x: Value,
  mean: Value,
  variance: Value,
  scale: Value,
  shift: Value,
  epsilon: number,
): Value {
  const factor = arithmetic(b, 'Multiply', scale, inverseDeviation(b, variance, epsilon));
  const offset = arithmetic(b, 'Subtract', shift, arithmetic(b, 'Multiply', mean, factor));
  const rank = x.shape.length;
  const scaled = arithmetic(b, 'Multiply', x, alongChannels(b, factor, rank));
  return arithmetic(b, 'Add', scaled, alongChannels(b, offset, rank));
}

defineOperator('BatchNormalization', (call) => {
  const { build, attributes } = call;
  const [x, scale, shift, mean, variance] = [0, 1, 2, 3, 4].map((i) => call.input(i)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  if (call.opset < 9 && !attributes.flag('spatial', true))
    throw new NeuriteError('statistics for every place (spatial 0)');
  const epsilon = attributes.float('epsilon', 1e-5);
  if (call.opset < 14 || !attributes.flag('training_mode'))
    return scaledByChannel(build, x, mean, variance, scale, shift, epsilon);
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const { mean: own, variance: spread } = statistics(build, x, axes);
  const flat = (value: Value) => reshape(build, value, [x.shape[1]!]);
  const momentum = attributes.float('momentum', 0.9);
  const blend = (running: Value, now: Value) =>
    arithmetic(
      build,
      'Add',
      unary(build, 'Affine', running, momentum, 0),
      unary(build, 'Affine', now, 1 - momentum, 0),
    );
  return [
    scaledByChannel(build, x, flat(own), flat(spread), scale, shift, epsilon),
    blend(mean, flat(own)),
    blend(variance, flat(spread)),
  ];
});

/** Of the axes, which stay as 1; the differences from the mean are at hand. */
function statistics(b: Builder, x: Value, axes: readonly number[]): { mean: Value; centred: Value; variance: Value } {
  const mean = reduce(b, 'Mean', x, axes, true);
  const centred = arithmetic(b, 'Subtract', x, mean);
  return { mean, centred, variance: reduce(b, 'Mean', unary(b, 'Square', centred), axes, true) };
}

defineOperator('InstanceNormalization', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const rank = x.shape.length;
  const { centred, variance } = statistics(
    build,
    x,
    x.shape.slice(2).map((_, i) => i + 2),
  );
  const normal = arithmetic(
    build,
    'Multiply',
    centred,
    inverseDeviation(build, variance, attributes.float('epsilon', 1e-5)),
  );
  const scaled = arithmetic(build, 'Multiply', normal, alongChannels(build, call.input(1), rank));
  return arithmetic(build, 'Add', scaled, alongChannels(build, call.input(2), rank));
});

defineOperator('LayerNormalization', (call) => {
  const { build, attributes } = call;
  const [x, scale, shift] = [call.input(0), call.input(1), call.inputs[2]];
  const axis = resolveAxis(attributes.int('axis', -1), x.shape.length);
  const { mean, centred, variance } = statistics(
    build,
    x,
    x.shape.slice(axis).map((_, i) => axis + i),
  );
  const inverse = inverseDeviation(build, variance, attributes.float('epsilon', 1e-5));
  const scaled = arithmetic(build, 'Multiply', arithmetic(build, 'Multiply', centred, inverse), scale);
  return [shift ? arithmetic(build, 'Add', scaled, shift) : scaled, mean, inverse];
});

/** Groups of channels; scale and shift for each channel (from version 21) or for each group. */
defineOperator('GroupNormalization', (call) => {
  const { build, attributes } = call;
  const [x, scale, shift] = [call.input(0), call.input(1), call.input(2)];
  const groups = attributes.int('num_groups', 1);
  const [batch, channels, ...sizes] = x.shape as [number, number, ...number[]];
  const split = reshape(build, x, [batch, groups, channels / groups, ...sizes]);
  const { centred, variance } = statistics(
    build,
    split,
    split.shape.slice(2).map((_, i) => i + 2),
  );
  const normal = arithmetic(
    build,
    'Multiply',
    centred,
    inverseDeviation(build, variance, attributes.float('epsilon', 1e-5)),
  );
  const ones = sizes.map(() => 1);
  const along = (value: Value) =>
    value.shape[0] === channels
      ? reshape(build, value, [groups, channels / groups, ...ones])
      : reshape(build, value, [groups, 1, ...ones]);
  const scaled = arithmetic(build, 'Add', arithmetic(build, 'Multiply', normal, along(scale)), along(shift));
  return reshape(build, scaled, x.shape);
});

defineOperator('MeanVarianceNormalization', ({ build, attributes, inputs: [x] }) => {
  const axes = attributes.ints('axes') ?? [0, 2, 3];
  const { centred, variance } = statistics(build, x!, axes);
  return arithmetic(build, 'Divide', centred, unary(build, 'Affine', unary(build, 'Sqrt', variance), 1, 1e-9));
});
