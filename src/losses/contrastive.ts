// Contrastive losses: each sample gives two views [B, 2, D], which are to be like each other and unlike the views of
// the other samples of the batch. Likeness is the cosine over a temperature. A larger batch has more to tell apart, so
// that these losses depend on the size of the batch.
import { flag, positive } from '../core/options.ts';
import type { Graph, Node, Shape } from '../graph/graph.ts';
import { add, constant, lossRows, matmul, reshape, slice, unary } from '../graph/operations/index.ts';
import { formulaLoss, type Formula } from './formula.ts';
import { unitLength } from './vectors.ts';

const twoViews = {
  task: 'regression',
  prediction: '[*, 2, D] (two views of each sample)',
  fits: (shape: Shape) => shape.length === 3 && shape[1] === 2,
  target: null,
} satisfies Partial<Formula<never>>;

/** −log softmax(logits)[right] of each row. */
function crossEntropyRows(graph: Graph, logits: Node, right: (row: number) => number): Node {
  const rows = logits.shape[0]!;
  const target = constant(
    graph,
    Int32Array.from({ length: rows }, (_, row) => right(row)),
    [rows],
  );
  const attributes = { kind: 'CrossEntropyIndices', alpha: 0, ignoreIndex: -1, weighted: false } as const;
  return lossRows(graph, logits, target, attributes).losses;
}

/** Cosines of the rows of a and b (of unit length) over the temperature: [R, R]. */
const likeness = (graph: Graph, a: Node, b: Node, temperature: number): Node =>
  unary(graph, 'Affine', matmul(graph, a, b, { transposeB: true }), 1 / temperature, 0);

/**
 * −log of the softmax of likeness, at the sample's own pair, over all second views of the batch; with `symmetric` the
 * mean of that and of the same the other way round. Sources: van den Oord, Li, Vinyals 2018 (InfoNCE); Radford et al.
 * 2021 (CLIP) for the symmetric form.
 */
export const infoNCELoss = formulaLoss('infoNCE', {
  ...twoViews,
  fields: { temperature: positive(0.07), symmetric: flag(true) },
  rows(graph, { prediction }, { temperature, symmetric }) {
    const [batch, , size] = prediction.shape as [number, number, number];
    const view = (index: number) =>
      unitLength(graph, reshape(graph, slice(graph, prediction, 1, index, 1), [batch, size]));
    const [first, second] = [view(0), view(1)];
    const own = (row: number) => row;
    const there = crossEntropyRows(graph, likeness(graph, first, second, temperature), own);
    if (!symmetric) return { losses: there };
    const back = crossEntropyRows(graph, likeness(graph, second, first, temperature), own);
    return { losses: unary(graph, 'Affine', add(graph, there, back), 0.5, 0) };
  },
});

/** What a view's likeness to itself is lowered by: it is no candidate. */
const never = -1e9;

/** −log of the softmax of likeness, at the view's partner, over all other views of the batch. Source: Chen et al. 2020 (SimCLR). */
export const ntXentLoss = formulaLoss('ntXent', {
  ...twoViews,
  fields: { temperature: positive(0.5) },
  rows(graph, { prediction }, { temperature }) {
    const [batch, , size] = prediction.shape as [number, number, number];
    const views = unitLength(graph, reshape(graph, prediction, [2 * batch, size]));
    const itself = new Float32Array(4 * batch * batch);
    for (let row = 0; row < 2 * batch; row++) itself[row * (2 * batch + 1)] = never;
    const logits = likeness(graph, views, views, temperature);
    const others = add(graph, logits, constant(graph, itself, [2 * batch, 2 * batch]));
    // The views of a sample stand side by side: 2i and 2i + 1.
    return { losses: crossEntropyRows(graph, others, (row) => row ^ 1) };
  },
});
