// What happens inside a model as it predicts: the results of its layers, and the weights of attention.
import { unknownName } from '../core/nearest.ts';
import type { Tensor } from '../data/tensor.ts';
import type { GraphFunction, Node } from '../graph/graph.ts';
import { resolveInputs, type ModelValues } from './inputs.ts';
import type { Model } from './model.ts';
import { trace, type Trace } from './trace.ts';

/** The number of a layer by its name. @throws RangeError for an unknown name, with the nearest known one */
function layerNumber(model: Model, name: string, what: string): number {
  const { names } = model.topology;
  const number = names.indexOf(name);
  if (number === -1) throw unknownName(`layer of ${what}`, name, names);
  return number;
}

/** Runs a prediction of all samples at once and gives some of its nodes, [N, ...] each. */
function look(model: Model, values: ModelValues, what: string, choose: (traced: Trace) => Node[]): Tensor[] {
  const { inputs, count } = resolveInputs(model.topology, values, what);
  const traced = trace(model.topology, count, false);
  const chosen = choose(traced);
  const outputs = Object.fromEntries(chosen.map((node, i) => [`look${i}`, node]));
  const source: GraphFunction = { nodes: traced.graph.nodes, outputs, effects: [] };
  const executable = model.programs.place(source);
  try {
    executable.prepare();
    inputs.forEach(({ data }, i) => {
      const { name } = model.topology.inputs[i]!;
      if (executable.compiled.inputs.has(name)) executable.input(name).set(data as Float32Array);
    });
    executable.run();
    return chosen.map(({ shape }, i) => ({ data: Float32Array.from(executable.output(`look${i}`)), shape }));
  } finally {
    executable.release();
  }
}

/** What a layer gives for samples, [N, ...]; of a layer that stands in several places what it gives in the first. */
export function activations(model: Model, values: ModelValues, layerName: string): Tensor {
  const number = layerNumber(model, layerName, 'model.activations');
  const call = model.topology.calls.findIndex(({ layer }) => layer === number);
  return look(model, values, 'model.activations', ({ results }) => [results[call]!])[0]!;
}

/** The weights of a layer's attention for samples: a tensor [N, heads, queries, keys] for each time it attends. */
export function attentionMapsOf(
  model: Model,
  values: ModelValues,
  layerName: string,
  weightsOf: (graph: Trace['graph'], node: Node) => Node,
): Tensor[] {
  layerNumber(model, layerName, 'attentionMaps');
  return look(model, values, 'attentionMaps', ({ graph }) => {
    const nodes = graph.nodes.filter(({ operation, label }) => operation === 'attention' && label === layerName);
    if (nodes.length === 0) throw new RangeError(`attentionMaps: the layer "${layerName}" does not attend`);
    return nodes.map((node) => weightsOf(graph, node));
  });
}
