// Triplet losses: an anchor is to be nearer to what belongs to it than to what does not, by a margin.
import { flag, nonNegative, positive } from '../core/options.ts';
import type { Graph, Node, Shape } from '../graph/graph.ts';
import {
  add,
  binary,
  constant,
  matmul,
  multiply,
  reduce,
  reshape,
  slice,
  subtract,
  unary,
} from '../graph/operations/index.ts';
import { openShape } from './definition.ts';
import { formulaLoss } from './formula.ts';
import { squaredLength } from './vectors.ts';

/** max(0, near − far + margin) */
const hinge = (graph: Graph, near: Node, far: Node, margin: number): Node =>
  unary(graph, 'Relu', unary(graph, 'Affine', subtract(graph, near, far), 1, margin));

/** ‖a − b + epsilon‖ of the rows of [B, D], as PyTorch's pairwise_distance. */
const distance = (graph: Graph, a: Node, b: Node, epsilon: number): Node =>
  unary(graph, 'Sqrt', squaredLength(graph, unary(graph, 'Affine', subtract(graph, a, b), 1, epsilon)));

/**
 * max(0, ‖a − p‖ − ‖a − n‖ + margin) of a sample's anchor, positive and negative [3, D]; with `swap` the negative's
 * distance is the smaller one of those to anchor and positive. Sources: PyTorch TripletMarginLoss; Balntas et al. 2016.
 */
export const tripletLoss = formulaLoss('triplet', {
  task: 'regression',
  prediction: '[*, 3, D] (anchor, positive, negative)',
  fits: (shape: Shape) => shape.length === 3 && shape[1] === 3,
  target: null,
  fields: { margin: nonNegative(1), epsilon: positive(1e-6), swap: flag(false) },
  rows(graph, { prediction }, { margin, epsilon, swap }) {
    const [batch, , size] = prediction.shape as [number, number, number];
    const [anchor, near, far] = [0, 1, 2].map((index) =>
      reshape(graph, slice(graph, prediction, 1, index, 1), [batch, size]),
    ) as [Node, Node, Node];
    const toPositive = distance(graph, anchor, near, epsilon);
    const toNegative = distance(graph, anchor, far, epsilon);
    const negative = swap ? binary(graph, 'Minimum', toNegative, distance(graph, near, far, epsilon)) : toNegative;
    return { losses: hinge(graph, toPositive, negative, margin) };
  },
});

/** Far more than any distance, and far from the end of float32. */
const beyond = 1e30;

/** √(‖a‖² + ‖b‖² − 2 a·b) of all pairs of rows, at least 10⁻⁶, where the root still has a slope: [B, B]. */
function distances(graph: Graph, x: Node): Node {
  const [batch] = x.shape as [number];
  const squares = squaredLength(graph, x);
  const products = unary(graph, 'Affine', matmul(graph, x, x, { transposeB: true }), -2, 0);
  const sums = add(graph, reshape(graph, squares, [batch, 1]), reshape(graph, squares, [1, batch]));
  const squared = unary(graph, 'Relu', add(graph, sums, products));
  return unary(graph, 'Sqrt', unary(graph, 'Affine', squared, 1, 1e-12));
}

const identity = (size: number): Float32Array => {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * (size + 1)] = 1;
  return data;
};

/**
 * The triplets of a batch of embeddings [B, D] with labels [B]: for each sample max(0, p − n + margin), p the distance
 * to the farthest of its label and n to the nearest of another. Samples without the one or the other do not count.
 * Source: Hermans, Beyer, Leibe 2017 (batch hard).
 */
export const batchTripletLoss = formulaLoss('batchTriplet', {
  task: 'regression',
  prediction: '[*, D]',
  fits: (shape: Shape) => shape.length === 2,
  target: {
    expected: (prediction: Shape) => `labels ${openShape(prediction.slice(0, 1))}`,
    form: ([batch]: Shape, target: Shape) =>
      target[0] === batch && (target.length === 1 || (target.length === 2 && target[1] === 1)) ? 'own' : null,
  },
  fields: { margin: nonNegative(0.2) },
  rows(graph, { prediction, target }, { margin }) {
    const [batch] = prediction.shape as [number];
    const apart = distances(graph, prediction);
    const same = binary(graph, 'Equal', reshape(graph, target!, [batch, 1]), reshape(graph, target!, [1, batch]));
    const others = subtract(graph, same, constant(graph, identity(batch), [batch, batch]));
    const strangers = unary(graph, 'Affine', same, -1, 1);
    const overRow = (kind: 'Maximum' | 'Minimum', x: Node) => reduce(graph, kind, x, { axes: [1] });
    const farthest = overRow('Maximum', multiply(graph, apart, others));
    const nearest = overRow('Minimum', add(graph, apart, unary(graph, 'Affine', same, beyond, 0)));
    const weights = multiply(graph, overRow('Maximum', others), overRow('Maximum', strangers));
    return { losses: hinge(graph, farthest, nearest, margin), weights };
  },
});
