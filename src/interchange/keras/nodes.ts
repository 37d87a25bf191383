// Which tensors a Keras layer was called on: the inbound nodes of a functional model, in the forms of Keras 2
// (`[["a", 0, 0, {}]]`) and Keras 3 (`{ args, kwargs }` with `__keras_tensor__`), and of a sequential one.
import { FormatError } from '../../core/errors.ts';
import { isObject, quote } from '../../formats/numeric.ts';

/** The result of a layer's call: its name, which call, which of its results. */
export type Reference = readonly [layer: string, node: number, tensor: number];

export interface KerasCall {
  readonly inputs: readonly Reference[];
  /** Tensors given by name. */
  readonly named: ReadonlyMap<string, Reference>;
  /** Everything else given by name. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly KerasCall[];
}

export interface KerasGraph {
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
}

/** @throws FormatError for what is no model's configuration, with its place */
export function kerasGraph(model: unknown, what: string): KerasGraph {
  if (!isObject(model)) throw new FormatError(`${what}: the model's configuration is ${quote(model)}, not an object`);
  const { class_name: className, config } = model;
  if (className === 'Sequential') return sequentialGraph(config, what);
  if (className === 'Functional' || className === 'Model') return functionalGraph(config, what);
  throw new FormatError(`${what}: the model is a ${quote(className)}; sequential and functional models are read`);
}

function layerOf(json: unknown, what: string): Omit<KerasLayer, 'calls'> & { json: Readonly<Record<string, unknown>> } {
  if (!isObject(json)) throw new FormatError(`${what} is ${quote(json)}, not an object`);
  const { class_name: className, config } = json;
  if (typeof className !== 'string' || !isObject(config)) throw new FormatError(`${what} has no class_name and config`);
  const name = json['name'] ?? config['name'];
  if (typeof name !== 'string') throw new FormatError(`${what} (${className}) has no name`);
  return { className, name, config, json };
}

function listOf(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new FormatError(`${what} is ${quote(value)}, not a list`);
}

function sequentialGraph(config: unknown, what: string): KerasGraph {
  const list = listOf(isObject(config) ? config['layers'] : config, `${what}: the list of layers`);
  const layers = list.map((json, i) => layerOf(json, `${what}: layer ${i}`));
  if (layers.length === 0) throw new FormatError(`${what}: the model has no layers`);
  const begun = layers[0]!.className === 'InputLayer' ? layers : [inputOf(layers[0]!, config), ...layers];
  const chained = begun.map((layer, i) => ({
    ...layer,
    calls: [{ inputs: i ? [[begun[i - 1]!.name, 0, 0] as const] : [], named: new Map(), options: {} }],
  }));
  return checked({ layers: chained, inputs: [[begun[0]!.name, 0, 0]], outputs: [[begun.at(-1)!.name, 0, 0]] }, what);
}

/** The input that the first layer of a sequential model, or the model itself, tells. */
function inputOf(first: Omit<KerasLayer, 'calls'>, model: unknown): Omit<KerasLayer, 'calls'> {
  const built = isObject(model) ? model['build_input_shape'] : undefined;
  const shape = first.config['batch_input_shape'] ?? first.config['batch_shape'] ?? built;
  return { className: 'InputLayer', name: 'input', config: { batch_shape: shape, dtype: first.config['dtype'] } };
}

function functionalGraph(config: unknown, what: string): KerasGraph {
  if (!isObject(config)) throw new FormatError(`${what}: the model's config is ${quote(config)}, not an object`);
  const layers = listOf(config['layers'], `${what}: the list of layers`).map((json, i) => {
    const { json: whole, ...layer } = layerOf(json, `${what}: layer ${i}`);
    const place = `${what}: the inbound nodes of ${quote(layer.name)}`;
    const nodes = listOf(whole['inbound_nodes'] ?? [], place).map((node) => callOf(node, place));
    const none: KerasCall = { inputs: [], named: new Map(), options: {} };
    return { ...layer, calls: layer.className === 'InputLayer' ? [none] : nodes };
  });
  const ends = (name: 'input_layers' | 'output_layers') => {
    const references = referencesIn(config[name]);
    if (references.length === 0) throw new FormatError(`${what}: the model has no ${name}`);
    return references;
  };
  return checked({ layers, inputs: ends('input_layers'), outputs: ends('output_layers') }, what);
}

const isReference = (value: unknown): value is [string, number, number] =>
  Array.isArray(value) &&
  value.length >= 3 &&
  typeof value[0] === 'string' &&
  Number.isSafeInteger(value[1]) &&
  Number.isSafeInteger(value[2]);

/** The tensors in a value, wherever in its lists they are. Depth is bounded by that of the JSON. */
function referencesIn(value: unknown): Reference[] {
  if (isReference(value)) return [[value[0], value[1], value[2]]];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  if (value['class_name'] === '__keras_tensor__' && isObject(value['config']))
    return referencesIn(value['config']['keras_history']);
  return [];
}

function callOf(node: unknown, what: string): KerasCall {
  const named = new Map<string, Reference>();
  const options: Record<string, unknown> = Object.create(null);
  const take = (given: unknown) => {
    if (!isObject(given)) return;
    for (const [name, value] of Object.entries(given)) {
      const [reference, ...more] = referencesIn(value);
      if (reference && more.length === 0) named.set(name, reference);
      else if (value !== null && value !== undefined) options[name] = value;
    }
  };
  if (isObject(node)) {
    take(node['kwargs']);
    return { inputs: referencesIn(node['args']), named, options };
  }
  const list = listOf(node, what);
  for (const entry of isReference(list) ? [list] : list) if (Array.isArray(entry)) take(entry[3]);
  return { inputs: referencesIn(list), named, options };
}

function checked(graph: KerasGraph, what: string): KerasGraph {
  const known = new Map<string, KerasLayer>();
  for (const layer of graph.layers) {
    if (known.has(layer.name)) throw new FormatError(`${what}: two layers are named ${quote(layer.name)}`);
    known.set(layer.name, layer);
  }
  const expect = ([name, node, tensor]: Reference, by: string) => {
    const layer = known.get(name);
    if (!layer || node < 0 || node >= layer.calls.length)
      throw new FormatError(`${what}: ${by} reads call ${node} of ${quote(name)}, which is nowhere in the file`);
    if (tensor !== 0)
      throw new FormatError(`${what}: ${by} reads result ${tensor} of ${quote(name)}; layers of one result are read`);
  };
  for (const reference of graph.inputs) expect(reference, 'an input');
  for (const reference of graph.outputs) expect(reference, 'an output');
  for (const { name, calls } of graph.layers)
    for (const { inputs, named } of calls)
      for (const reference of [...inputs, ...named.values()]) expect(reference, quote(name));
  return graph;
}
