// LAMB: Adam whose step of each parameter is as long as the parameter is, for large batches.
import { positive, readOptions } from '../core/options.ts';
import { add, axpy, divide, multiply, reduce, scalar, subtract, unary } from '../graph/operations/index.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { biasCorrection, momentsFields, type MomentsOptions } from './adam.ts';
import { defineFormula, zeros, type Optimizer } from './optimizer.ts';

export type LambOptions = MomentsOptions;

/**
 * p ← p − learningRate · (‖p‖ / ‖r‖) · r, r = m̂ / (√v̂ + epsilon) + weightDecay · p, the norms over one parameter; where
 * one of them is 0 their quotient is 1. The learning rate is 1e-3, epsilon 1e-6 and weightDecay 0.01 by default.
 * Source: You et al. 2019, algorithm 2.
 */
export function lamb(options: LambOptions = {}): Optimizer {
  const values = readOptions('lamb', options, { ...momentsFields(1e-3, 0.01), epsilon: positive(1e-6) });
  const { beta1, beta2, epsilon, weightDecay } = values;
  return defineFormula({
    type: 'lamb',
    values,
    factory: lamb,
    slots: () => [zeros('m'), zeros('v')],
    scalarNames: ['meanScale', 'rootScale', 'rate'],
    scalars: (step, learningRate) => ({
      meanScale: 1 / biasCorrection(beta1, step),
      rootScale: 1 / Math.sqrt(biasCorrection(beta2, step)),
      rate: learningRate,
    }),
    build(graph, { parameter, gradient, slots: [mean, square], scalar: value }) {
      const m = runningMean(graph, mean!, gradient, beta1);
      const v = runningMean(graph, square!, multiply(graph, gradient, gradient), beta2);
      const root = multiply(graph, unary(graph, 'Sqrt', v), value('rootScale'));
      const adam = divide(graph, multiply(graph, m, value('meanScale')), unary(graph, 'Affine', root, 1, epsilon));
      const direction = weightDecay === 0 ? adam : axpy(graph, weightDecay, parameter, adam);
      const length = multiply(graph, value('rate'), trust(graph, parameter, direction));
      return { parameter: subtract(graph, parameter, multiply(graph, direction, length)), slots: [m, v] };
    },
  });
}

/** beta · mean + (1 − beta) · value */
export const runningMean = (graph: Graph, mean: Node, value: Node, beta: number): Node =>
  axpy(graph, 1 - beta, value, unary(graph, 'Affine', mean, beta, 0));

/** ‖parameter‖ / ‖direction‖, or 1 where one of them is 0. */
function trust(graph: Graph, parameter: Node, direction: Node): Node {
  const [above, below] = [parameter, direction].map((x) => unary(graph, 'Sqrt', reduce(graph, 'SumOfSquares', x))) as [
    Node,
    Node,
  ];
  // 1 where both are above 0, else 0; what is not divided by is made 1.
  const both = multiply(graph, unary(graph, 'Sign', above), unary(graph, 'Sign', below));
  const none = subtract(graph, scalar(graph, 1), both);
  return add(graph, divide(graph, multiply(graph, above, both), add(graph, below, none)), none);
}
