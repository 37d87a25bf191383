// Where NaN or infinity arose: the batch is predicted once more with every value kept, and the first layer
// whose parameters or results are not finite is named.
import { sizeOf, type GraphFunction } from '../graph/graph.ts';
import type { ResolvedData } from './data.ts';
import { copyRows, gatherRows } from './data.ts';
import { trace, type Objective } from './functions.ts';
import type { Model } from './model.ts';

/** A loop rather than `every`, which costs an engine ten times as much for each of a model's weights. */
function isFinite(values: Float32Array | Int32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** A phrase: `layer "layers.1" (dense) gave NaN`. Needs memory for one prediction, given back at the end. */
export function diagnose(
  model: Model,
  objective: Objective,
  data: ResolvedData,
  order: ArrayLike<number> | null,
  start: number,
  count: number,
): string {
  const { topology } = model;
  const bad = nonFiniteParameter(model);
  if (bad) return `${bad} is not finite`;
  const { graph, results } = trace(topology, count, true);
  const outputs = Object.fromEntries(results.map((node, i) => [`result${i}`, node]));
  const traced: GraphFunction = { nodes: graph.nodes, outputs, effects: [] };
  const executable = model.programs.place(traced, { keepAll: true });
  try {
    executable.prepare();
    data.inputs.forEach((values, i) => {
      const { name, shape, dtype } = topology.inputs[i]!;
      if (!executable.compiled.inputs.has(name)) return;
      const size = count * sizeOf(shape);
      const rows = dtype === 'i32' ? new Int32Array(size) : new Float32Array(size);
      if (order) gatherRows(values, order, start, count, rows);
      else copyRows(values, start, count, rows);
      executable.input(name).set(rows);
    });
    executable.run();
    const first = topology.calls.findIndex((_, i) => !isFinite(executable.output(`result${i}`)));
    if (first === -1)
      return `${objective.losses.map(({ spec }) => spec.type).join(', ')} overflowed on finite predictions`;
    const value = executable.output(`result${first}`).find((number) => !Number.isFinite(number));
    return `${layerName(model, topology.calls[first]!.layer)} gave ${value}`;
  } finally {
    executable.release();
  }
}

/** A phrase for the first parameter with NaN or infinity in it: `the parameter "…" of layer "…" (dense)`. */
export function nonFiniteParameter(model: Model): string | undefined {
  const name = model.storage.firstNonFinite(model.parameters.map((parameter) => parameter.name));
  const bad = model.parameters.find((parameter) => parameter.name === name);
  return bad && `the parameter "${bad.name}" of ${layerName(model, bad.layer)}`;
}

const layerName = ({ topology }: Model, layer: number): string =>
  `layer "${topology.names[layer]}" (${topology.layers[layer]!.type})`;
