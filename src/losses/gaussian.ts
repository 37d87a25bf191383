// The negative log-likelihood of a normal distribution: its variance predicted beside its mean, or the likeliest one.
import { flag, oneOf, positive } from '../core/options.ts';
import { sameShape, sizeOf, type Shape } from '../graph/graph.ts';
import {
  add,
  binary,
  divide,
  multiply,
  reduce,
  reshape,
  scalar,
  slice,
  subtract,
  unary,
} from '../graph/operations/index.ts';
import { openShape } from './definition.ts';
import { formulaLoss } from './formula.ts';

/** What `full` adds: ½ ln 2π. */
const halfLogTwoPi = 0.9189385332046727;

const half = (shape: Shape): number[] => [...shape.slice(0, -1), shape.at(-1)! / 2];

/**
 * ½ (ln v + (m − t)² / v), m the first half of the prediction's last axis and v the second: the variance itself, at
 * least epsilon, or its logarithm. Sources: Nix, Weigend 1994; PyTorch GaussianNLLLoss.
 */
export const gaussianLoss = formulaLoss('gaussianNegativeLogLikelihood', {
  task: 'regression',
  prediction: '[*, 2·D] (means, then variances)',
  fits: (shape: Shape) => shape.length >= 2 && shape.at(-1)! % 2 === 0,
  target: {
    expected: (prediction: Shape) => openShape(half(prediction)),
    form: (prediction: Shape, target: Shape) => (sameShape(half(prediction), target) ? 'own' : null),
  },
  fields: { variance: oneOf(['logarithm', 'value'], 'logarithm'), epsilon: positive(1e-6), full: flag(false) },
  rows(graph, { prediction, target }, { variance, epsilon, full }) {
    const size = prediction.shape.at(-1)! / 2;
    const axis = prediction.shape.length - 1;
    const mean = slice(graph, prediction, axis, 0, size);
    const given = slice(graph, prediction, axis, size, size);
    const difference = subtract(graph, mean, target!);
    const square = multiply(graph, difference, difference);
    const value = variance === 'value' ? binary(graph, 'Maximum', given, scalar(graph, epsilon)) : null;
    const logarithm = value ? unary(graph, 'Log', value) : given;
    const weighted = value
      ? divide(graph, square, value)
      : multiply(graph, square, unary(graph, 'Exp', unary(graph, 'Negate', given)));
    const losses = unary(graph, 'Affine', add(graph, logarithm, weighted), 0.5, full ? halfLogTwoPi : 0);
    const rows = reshape(graph, losses, [sizeOf(losses.shape.slice(0, -1)), size]);
    return { losses: reduce(graph, 'Mean', rows, { axes: [1] }) };
  },
});

/**
 * ½ ln(mean of (p − t)² + epsilon) over a whole sample: the negative log-likelihood, for each element and but for a
 * constant, of a normal distribution whose variance is the likeliest one for the sample. Source: Rybkin, Daniilidis,
 * Levine 2021 (σ-VAE).
 */
export const logMeanSquaredErrorLoss = formulaLoss('logMeanSquaredError', {
  task: 'regression',
  prediction: '[*, …]',
  fits: (shape: Shape) => shape.length >= 2,
  target: {
    expected: (prediction: Shape) => openShape(prediction),
    form: (prediction: Shape, target: Shape) => (sameShape(prediction, target) ? 'values' : null),
  },
  fields: { epsilon: positive(1e-6) },
  rows(graph, { prediction, target }, { epsilon }) {
    const difference = subtract(graph, prediction, target!);
    const rows = reshape(graph, difference, [prediction.shape[0]!, sizeOf(prediction.shape.slice(1))]);
    const mean = reduce(graph, 'Mean', multiply(graph, rows, rows), { axes: [1] });
    return { losses: unary(graph, 'Affine', unary(graph, 'Log', unary(graph, 'Affine', mean, 1, epsilon)), 0.5, 0) };
  },
});
