// A topology: layers applied to symbolic tensors, in an order in which inputs come first; its names and its JSON.
// A layer that stands in several places has one set of weights.
import { NeuriteError } from '../core/errors.ts';
import {
  expectSymbolic,
  formatBatchShape,
  restoreLayer,
  type Config,
  type Layer,
  type SymbolicTensor,
} from '../layers/layer.ts';
import { input, type InputDtype } from '../layers/shape.ts';
import type { DType, Shape } from '../graph/graph.ts';

/** One application of a layer. Numbers refer to `tensors`: first the inputs, then each call's result. */
export interface Call {
  readonly layer: number;
  readonly inputs: readonly number[];
  readonly shape: Shape;
}

export interface TopologyInput {
  readonly name: string;
  /** Of one sample. */
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Topology {
  readonly layers: readonly Layer[];
  /** The prefix of each layer's weights: its name, or `layers.<number>`. */
  readonly names: readonly string[];
  readonly inputs: readonly TopologyInput[];
  readonly calls: readonly Call[];
  readonly outputs: readonly number[];
}

/**
 * The topology between symbolic inputs and outputs.
 * @throws NeuriteError when an output depends on another input, or none on one of these; RangeError for equal names
 */
export function traceTopology(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Topology {
  if (inputs.length === 0) throw new RangeError('model: expected at least one input');
  if (outputs.length === 0) throw new RangeError('model: expected at least one output');
  for (const tensor of [...inputs, ...outputs]) expectSymbolic('model', tensor);
  const layers: Layer[] = [];
  const calls: Call[] = [];
  const numbers = new Map<SymbolicTensor, number>();
  const order = topologicalOrder(inputs, outputs);
  inputs.forEach((tensor, i) => numbers.set(tensor, i));
  for (const tensor of order) {
    const { layer, inputs: sources } = tensor.source!;
    if (!layers.includes(layer)) layers.push(layer);
    numbers.set(tensor, inputs.length + calls.length);
    calls.push({
      layer: layers.indexOf(layer),
      inputs: sources.map((source) => numbers.get(source)!),
      shape: tensor.shape,
    });
  }
  const topology = {
    layers,
    names: nameLayers(layers),
    inputs: nameInputs(inputs),
    calls,
    outputs: outputs.map((tensor) => numbers.get(tensor)!),
  };
  checkInputsAreUsed(topology);
  return topology;
}

function nameInputs(inputs: readonly SymbolicTensor[]): Topology['inputs'] {
  const single = inputs.length === 1;
  const named = inputs.map(({ name, shape, dtype }, i) => ({
    name: name ?? (single ? 'input' : `input${i}`),
    shape,
    dtype,
  }));
  named.forEach(({ name }, i) => {
    if (named.findIndex((other) => other.name === name) !== i)
      throw new RangeError(`model: two inputs are named "${name}"`);
  });
  return named;
}

function checkInputsAreUsed({ inputs, calls, outputs }: Topology): void {
  const used = new Set([...outputs, ...calls.flatMap((call) => call.inputs)]);
  inputs.forEach(({ name }, i) => {
    if (!used.has(i)) throw new NeuriteError(`model: no output depends on the input "${name}"`);
  });
}

/** The tensors between inputs and outputs, sources first; without recursion, so that depth is no limit. */
function topologicalOrder(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const known = new Set<SymbolicTensor>(inputs);
  const order: SymbolicTensor[] = [];
  const stack = outputs.toReversed();
  while (stack.length) {
    const tensor = stack.at(-1)!;
    const waiting = tensor.source?.inputs.filter((source) => !known.has(source)) ?? [];
    if (known.has(tensor)) stack.pop();
    else if (!tensor.source)
      throw new NeuriteError(
        `model: an output depends on an input ${formatBatchShape(tensor.shape)} that is not listed in inputs`,
      );
    else if (waiting.length) stack.push(...waiting.toReversed());
    else {
      known.add(tensor);
      order.push(tensor);
      stack.pop();
    }
  }
  return order;
}

function nameLayers(layers: readonly Layer[]): string[] {
  const names = layers.map(({ layerName }, i) => layerName ?? `layers.${i}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`model: two layers are named "${twice}"`);
  return names;
}

/** The version of the JSON form; a reader refuses a later one. */
const topologyVersion = 1;

export function topologyToJSON({ layers, names, inputs, calls, outputs }: Topology): object {
  return {
    version: topologyVersion,
    layers: layers.map(({ type, config, trainable }, i) => ({
      type,
      name: names[i],
      config,
      ...(trainable ? {} : { trainable }),
    })),
    inputs: inputs.map(({ name, shape, dtype }) => ({ name, shape, ...(dtype === 'i32' && { dtype: 'int32' }) })),
    calls: calls.map(({ layer, inputs: sources }) => ({ layer, inputs: sources })),
    outputs,
  };
}

interface TopologyJSON {
  version: number;
  layers: { type: string; name: string; config: Config; trainable?: boolean }[];
  inputs: { name: string; shape: number[]; dtype?: InputDtype }[];
  calls: { layer: number; inputs: number[] }[];
  outputs: number[];
}

/** The types of the layers that a topology's JSON has. @throws NeuriteError for what has not its form */
export const layerTypesOf = (json: unknown): string[] => checkForm(json).layers.map(({ type }) => type);

/** Draws a topology anew from its JSON form. @throws NeuriteError when it is of a later version or does not hold together */
export function topologyFromJSON(json: unknown): Topology {
  const { layers, inputs, calls, outputs } = checkForm(json);
  const made = layers.map(({ type, name, config, trainable = true }) =>
    restoreLayer(type, config, { ...(/^layers\.\d+$/.test(name) ? {} : { name }), trainable }),
  );
  const tensors: SymbolicTensor[] = inputs.map(({ name, shape, dtype = 'float32' }) => input(shape, { name, dtype }));
  const tensorAt = (number: number, what: string): SymbolicTensor => {
    const tensor = tensors[number];
    if (!tensor)
      throw new NeuriteError(`model: the topology's ${what} refers to tensor ${number}, which comes later or never`);
    return tensor;
  };
  calls.forEach(({ layer, inputs: sources }, i) => {
    if (!made[layer]) throw new NeuriteError(`model: call ${i} of the topology uses layer ${layer} of ${made.length}`);
    tensors.push(made[layer](sources.map((source) => tensorAt(source, `call ${i}`))));
  });
  return traceTopology(
    tensors.slice(0, inputs.length),
    outputs.map((output) => tensorAt(output, 'output')),
  );
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkForm(json: unknown): TopologyJSON {
  const form = json as TopologyJSON;
  if (!isObject(form)) throw new NeuriteError('model: the topology is not an object');
  if (form.version !== topologyVersion)
    throw new NeuriteError(
      `model: the topology is of version ${String(form.version)}; this neurite knows version ${topologyVersion}`,
    );
  for (const field of ['layers', 'inputs', 'calls', 'outputs'] as const)
    if (!Array.isArray(form[field])) throw new NeuriteError(`model: the topology has no list of ${field}`);
  for (const [i, layer] of form.layers.entries())
    if (typeof layer?.type !== 'string' || typeof layer.name !== 'string' || !isObject(layer.config))
      throw new NeuriteError(`model: layer ${i} of the topology has no type, name and config`);
  for (const [i, call] of form.calls.entries())
    if (!Number.isInteger(call?.layer) || !Array.isArray(call.inputs))
      throw new NeuriteError(`model: call ${i} of the topology has no layer and list of inputs`);
  for (const [i, declared] of form.inputs.entries())
    if (typeof declared?.name !== 'string' || !Array.isArray(declared.shape))
      throw new NeuriteError(`model: input ${i} of the topology has no name and shape`);
  return form;
}
