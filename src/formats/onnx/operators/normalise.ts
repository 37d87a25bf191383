// Normalisations: by running statistics, and by the mean and variance of the values themselves.
import { NeuriteError, ShapeError } from '../../../core/errors.ts';
import { sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, reduce, unary } from '../arithmetic.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { expand, pick, reshape } from '../movement.ts';

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

const epsilonOf = ({ attributes }: Call): number => attributes.float('epsilon', 1e-5);

/** Each row over its last `axes` axes, with scale and shift of the row's shape. */
function normalizedRows(b: Builder, x: Value, axes: number, epsilon: number, scale?: Value, shift?: Value): Value {
  const shape = x.shape.slice(x.shape.length - axes);
  const node = (value: Value | undefined) => value && b.nodeOf(expand(b, value, shape));
  const options = { axes, centred: true, epsilon, gamma: node(scale), beta: node(shift) };
  return b.fromNode(x.type, operations.normalizeRows(b.graph, b.nodeOf(x), options));
}

/** Groups of channels, with a scale and a shift for each channel: as the values lie, channels last or first. */
function normalizedGroups(b: Builder, x: Value, groups: number, epsilon: number, scale: Value, shift: Value): Value {
  const [batch, channels, ...sizes] = x.shape as [number, number, ...number[]];
  if (channels % groups) throw new ShapeError(`${channels} channels in ${groups} groups`);
  if (x.last) {
    const form = { batch, rows: sizeOf(sizes), columns: channels, groups };
    const affine = { epsilon, gamma: b.nodeOf(scale), beta: b.nodeOf(shift) };
    const statistics = operations.moments(b.graph, x.last, form);
    return b.fromLast(x.type, operations.normalizeColumns(b.graph, x.last, statistics, { ...form, ...affine }));
  }
  const rows = reshape(b, x, [batch, groups, (channels / groups) * sizeOf(sizes)]);
  const normal = reshape(b, normalizedRows(b, rows, 1, epsilon), x.shape);
  const scaled = arithmetic(b, 'Multiply', normal, alongChannels(b, scale, x.shape.length));
  return arithmetic(b, 'Add', scaled, alongChannels(b, shift, x.shape.length));
}

defineOperator('InstanceNormalization', (call) => {
  const x = call.input(0);
  return normalizedGroups(call.build, x, x.shape[1]!, epsilonOf(call), call.input(1), call.input(2));
});

defineOperator('LayerNormalization', (call) => {
  const { build, attributes } = call;
  const [x, scale, shift] = [call.input(0), call.input(1), call.inputs[2]];
  const axis = resolveAxis(attributes.int('axis', -1), x.shape.length);
  const normal = normalizedRows(build, x, x.shape.length - axis, epsilonOf(call), scale, shift);
  if (!call.wanted[1] && !call.wanted[2]) return normal;
  const axes = x.shape.slice(axis).map((_, i) => axis + i);
  const { mean, variance } = statistics(build, x, axes);
  return [normal, mean, inverseDeviation(build, variance, epsilonOf(call))];
});

/** Groups of channels; scale and shift for each channel (from version 21) or for each group. */
defineOperator('GroupNormalization', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const channels = x.shape[1]!;
  const groups = attributes.int('num_groups', 1);
  const [scale, shift] = [call.input(1), call.input(2)].map((value) => {
    if (value.shape[0] === channels) return value;
    const own = Array.from({ length: channels }, (_, channel) => Math.floor((channel * groups) / channels));
    return pick(build, value, 0, own);
  }) as [Value, Value];
  return normalizedGroups(build, x, groups, epsilonOf(call), scale, shift);
});

defineOperator('MeanVarianceNormalization', ({ build, attributes, inputs: [x] }) => {
  const axes = attributes.ints('axes') ?? [0, 2, 3];
  const { centred, variance } = statistics(build, x!, axes);
  return arithmetic(build, 'Divide', centred, unary(build, 'Affine', unary(build, 'Sqrt', variance), 1, 1e-9));
});
