// What the attention layers of a model look at, for pictures.
import type { Tensor } from '../data/tensor.ts';
import { attentionWeights } from '../graph/operations/index.ts';
import { guardError } from './guards.ts';
import { resolveInputs, type ModelValues } from './inputs.ts';
import type { Model } from './model.ts';
import { trace } from './trace.ts';

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
  const what = 'attentionMaps';
  const { inputs, count } = resolveInputs(model.topology, values, what);
  const { graph } = trace(model.topology, count, false);
  const nodes = graph.nodes.filter(({ operation }) => operation === 'attention');
  const maps = nodes.map((node) => attentionWeights(graph, node));
  const outputs = Object.fromEntries(maps.map((node, i) => [`map${i}`, node]));
  const executable = model.programs.place({ nodes: graph.nodes, outputs, effects: [] });
  try {
    executable.prepare();
    inputs.forEach(({ data }, i) => {
      const { name } = model.topology.inputs[i]!;
      if (executable.compiled.inputs.has(name)) executable.input(name).set(data);
    });
    if (!executable.run()) throw guardError(executable, count, (row) => row, what);
    return maps.map(({ shape }, i) => ({
      layer: nodes[i]!.label,
      weights: { data: executable.output(`map${i}`).slice(), shape },
    }));
  } finally {
    executable.release();
  }
}
