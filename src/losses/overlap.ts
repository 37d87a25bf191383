// Losses of how well two regions overlap, for segmentation: Dice and Tversky.
// A prediction [B, ..., C] holds, at each place, the probabilities of C classes (or of a yes where C is 1). Places are
// counted within each sample and class; the mean is over samples and classes.
// p prediction, t target; TP = Σ p·t, FP = Σ p·(1 − t), FN = Σ (1 − p)·t over the places.
import { nonNegative } from '../core/options.ts';
import { sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import { add, divide, multiply, oneHot, reduce, reshape, subtract, unary } from '../graph/operations/index.ts';
import { openShape, type TargetForm } from './definition.ts';
import { formulaLoss, type Formula } from './formula.ts';

const region = {
  task: 'classification',
  targetRange: [0, 1],
  prediction: '[*, ..., C] with at least one axis of places',
  fits: (shape: Shape) => shape.length >= 3,
  target: {
    expected: (prediction: Shape) =>
      prediction.at(-1) === 1
        ? `${openShape(prediction)} or ${openShape(prediction.slice(0, -1))}`
        : `class indices ${openShape(prediction.slice(0, -1))} or values ${openShape(prediction)}`,
    form(prediction: Shape, target: Shape): TargetForm | null {
      if (sameShape(prediction, target)) return 'values';
      if (!sameShape(prediction.slice(0, -1), target)) return null;
      return prediction.at(-1) === 1 ? 'values' : 'indices';
    },
  },
} satisfies Partial<Formula<never>>;

type Terms = { readonly prediction: Node; readonly target: Node | null; readonly form: TargetForm };

/** TP, Σ p and Σ t of each sample and class, [B, C]. */
function sums(graph: Graph, { prediction, target, form }: Terms) {
  const [batch, columns] = [prediction.shape[0]!, prediction.shape.at(-1)!];
  const shape = [batch, sizeOf(prediction.shape.slice(1, -1)), columns];
  const p = reshape(graph, prediction, shape);
  const t = reshape(graph, form === 'indices' ? oneHot(graph, target!, columns) : target!, shape);
  const overPlaces = (x: Node) => reduce(graph, 'Sum', x, { axes: [1] });
  return { both: overPlaces(multiply(graph, p, t)), predicted: overPlaces(p), actual: overPlaces(t) };
}

/** 1 − ratio, the mean over the classes of each sample: [B]. */
const lossOf = (graph: Graph, ratio: Node): Node =>
  reduce(graph, 'Mean', unary(graph, 'Affine', ratio, -1, 1), { axes: [1] });

const shifted = (graph: Graph, x: Node, scale: number, shift: number) => unary(graph, 'Affine', x, scale, shift);

/** 1 − (2·TP + smooth) / (Σ p + Σ t + smooth). Source: Milletari, Navab, Ahmadi 2016 (V-Net), without its squares. */
export const diceLoss = formulaLoss('dice', {
  ...region,
  fields: { smooth: nonNegative(1) },
  rows(graph, terms, { smooth }) {
    const { both, predicted, actual } = sums(graph, terms);
    const above = shifted(graph, both, 2, smooth);
    const below = shifted(graph, add(graph, predicted, actual), 1, smooth);
    return { losses: lossOf(graph, divide(graph, above, below)) };
  },
});

/** 1 − (TP + smooth) / (TP + alpha·FP + beta·FN + smooth). Source: Salehi, Erdogmus, Gholipour 2017. */
export const tverskyLoss = formulaLoss('tversky', {
  ...region,
  fields: { alpha: nonNegative(0.5), beta: nonNegative(0.5), smooth: nonNegative(1) },
  rows(graph, terms, { alpha, beta, smooth }) {
    const { both, predicted, actual } = sums(graph, terms);
    const falsePositives = shifted(graph, subtract(graph, predicted, both), alpha, 0);
    const falseNegatives = shifted(graph, subtract(graph, actual, both), beta, 0);
    const above = shifted(graph, both, 1, smooth);
    const below = add(graph, above, add(graph, falsePositives, falseNegatives));
    return { losses: lossOf(graph, divide(graph, above, below)) };
  },
});
