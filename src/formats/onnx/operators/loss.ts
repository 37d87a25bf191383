// Losses of class indices: the negative log likelihood and softmax with cross entropy.
import { sizeOf } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, compare, reduce, select, unary } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { reshape, transpose } from '../movement.ts';
import { gatherAlong, gatherElements } from './gather.ts';

/** scores [B, C, …] and target indices [B, …] → [B, …], or their mean or sum by the class weights. */
function likelihoodLoss(call: Call, scores: Value, target: Value, weights: Value | undefined): Value {
  const { build, attributes } = call;
  const ignored = attributes.has('ignore_index') ? attributes.int('ignore_index', 0) : undefined;
  const zero = build.scalar(target.type, 0);
  const isIgnored =
    ignored === undefined ? undefined : compare(build, 'Equal', target, build.scalar(target.type, ignored));
  const index = isIgnored ? select(build, isIgnored, zero, target) : target;
  const [batch, classes, ...rest] = scores.shape as [number, number, ...number[]];
  const flat = reshape(build, scores, [batch, classes, sizeOf(rest)]);
  const chosen = gatherElements(build, flat, reshape(build, index, [batch, 1, sizeOf(rest)]), 1);
  let loss = unary(build, 'Negate', reshape(build, chosen, target.shape));
  const own = weightsOf(build, weights, index, isIgnored, loss);
  if (own) loss = arithmetic(build, 'Multiply', loss, own);
  const reduction = attributes.string('reduction', 'mean');
  if (reduction === 'none') return loss;
  const axes = target.shape.map((_, axis) => axis);
  if (reduction === 'sum') return reduce(build, 'Sum', loss, axes, false);
  if (!own) return reduce(build, 'Mean', loss, axes, false);
  return arithmetic(build, 'Divide', reduce(build, 'Sum', loss, axes, false), reduce(build, 'Sum', own, axes, false));
}

/** The weight of each target: its class's, 0 where ignored. */
function weightsOf(
  b: Builder,
  weights: Value | undefined,
  index: Value,
  isIgnored: Value | undefined,
  loss: Value,
): Value | undefined {
  if (!weights && !isIgnored) return undefined;
  const own = weights ? gatherAlong(b, weights, index, 0) : b.constant(loss.type, [], [1]);
  return isIgnored ? select(b, isIgnored, b.scalar(loss.type, 0), own) : own;
}

defineOperator('NegativeLogLikelihoodLoss', (call) =>
  likelihoodLoss(call, call.input(0), call.input(1), call.inputs[2]),
);

defineOperator('SoftmaxCrossEntropyLoss', (call) => {
  const { build } = call;
  const scores = call.input(0);
  const rank = scores.shape.length;
  const toLast = scores.shape
    .map((_, axis) => axis)
    .toSpliced(1, 1)
    .concat(1);
  const back = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  const rows = transpose(build, scores, toLast);
  const logs = build.fromNode(rows.type, operations.softmax(build.graph, 'LogSoftmax', build.nodeOf(rows)));
  const logarithms = transpose(build, logs, back);
  return [likelihoodLoss(call, logarithms, call.input(1), call.inputs[2]), logarithms];
});
