// What the attention layers of a model look at, for pictures.
import type { Tensor } from '../data/tensor.ts';
import { attentionWeights } from '../graph/operations/index.ts';
import type { ModelValues } from './inputs.ts';
import { look } from './inside.ts';
import type { Model } from './model.ts';

export interface AttentionMap {
  /** The name of the layer. */
  readonly layer: string;
  /** How much each query looks at each key: [N, heads, queries, keys]; the keys of a query sum to 1. */
  readonly weights: Tensor;
}

/**
 * The weights of every attention of a model for some samples, in the order in which they are computed. They are
 * computed for this alone, whole: a prediction never stores them.
 * @throws ShapeError for inputs that do not fit the model; RangeError for an index out of range
 */
export function attentionMaps(model: Model, values: ModelValues): AttentionMap[] {
  let layers: string[] = [];
  const weights = look(model, values, 'attentionMaps', ({ graph }) => {
    const nodes = graph.nodes.filter(({ operation }) => operation === 'attention');
    layers = nodes.map(({ label }) => label);
    return nodes.map((node) => attentionWeights(graph, node));
  });
  return layers.map((layer, i) => ({ layer, weights: weights[i]! }));
}
