// What happens inside a model as it predicts: nodes of its graph looked at for samples of the user's.
import { unknownName } from '../core/nearest.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../data/tensor.ts';
import type { Node } from '../graph/graph.ts';
import type { Executable } from '../graph/executable.ts';
import { guardError } from './guards.ts';
import { resolveInputs, type ModelValues } from './inputs.ts';
import type { Model } from './model.ts';
import { trace, type Trace } from './trace.ts';

/** Samples that are computed at a time: every result of every layer is kept for them. */
const batchSize = 64;

/**
 * Predicts and gives the nodes that `choose` picks (or adds), each [N, …] in the type that it has.
 * @throws ShapeError for inputs that do not fit the model; RangeError for an index out of range
 */
export function look(model: Model, values: ModelValues, what: string, choose: (traced: Trace) => Node[]): Tensor[] {
  const { inputs, count } = resolveInputs(model.topology, values, what);
  const results: Tensor[] = [];
  const whole = count - (count % batchSize);
  // One program for the whole batches, another for what is left.
  for (const [from, to, size] of [
    [0, whole, batchSize],
    [whole, count, count - whole],
  ] as const) {
    if (from === to) continue;
    const traced = trace(model.topology, size, false);
    const chosen = choose(traced);
    const outputs = Object.fromEntries(chosen.map((node, i) => [`look${i}`, node]));
    const executable = model.programs.place({ nodes: traced.graph.nodes, outputs, effects: [] });
    try {
      executable.prepare();
      for (let start = from; start < to; start += size) {
        inputs.forEach((input, i) => write(executable, model.topology.inputs[i]!.name, input, start, size));
        if (!executable.run()) throw guardError(executable, size, (row) => start + row, what);
        chosen.forEach((node, i) => {
          const found = executable.output(`look${i}`);
          results[i] ??= resultOf(node, count);
          results[i].data.set(found, (start * found.length) / size);
        });
      }
    } finally {
      executable.release();
    }
  }
  return results;
}

/** Room for what a node gives for so many samples. */
function resultOf({ shape, dtype }: Node, count: number): Tensor {
  const sample = shape.slice(1);
  return {
    data: new (dtype === 'i32' ? Int32Array : Float32Array)(count * sizeOf(sample)),
    shape: [count, ...sample],
  };
}

/** Writes some samples of an input, where the chosen nodes depend on it. */
function write(executable: Executable, name: string, { data, shape }: Tensor, start: number, size: number): void {
  if (!executable.compiled.inputs.has(name)) return;
  const one = sizeOf(shape.slice(1));
  executable.input(name).set(data.subarray(start * one, (start + size) * one));
}

/** What a layer gives for samples, [N, ...]; of a layer that stands in several places what it gives in the first. */
export function activations(model: Model, values: ModelValues, layerName: string): Tensor {
  const { names, calls } = model.topology;
  const number = names.indexOf(layerName);
  if (number === -1) throw unknownName('layer of model.activations', layerName, names);
  const call = calls.findIndex(({ layer }) => layer === number);
  return look(model, values, 'model.activations', ({ results }) => [results[call]!])[0]!;
}
