// A Keras model's configuration, drawn anew as a topology of neurite's layers. What neurite lacks is told in one error.
import { FormatError, NeuriteError } from '../../core/errors.ts';
import { isObject, quote } from '../../formats/numeric.ts';
import { formatShape, sizeOf, type Shape } from '../../graph/graph.ts';
import type { Layer, SymbolicTensor } from '../../layers/layer.ts';
import { input } from '../../layers/shape.ts';
import { traceTopology, type Topology } from '../../model/topology.ts';
import { KerasOptions, type Dialect } from './options.ts';
import { kerasGraph, type KerasCall, type KerasGraph, type KerasLayer, type Reference } from './nodes.ts';
import { kerasClassNames, rowOfClass } from './table.ts';
import './rows-dense.ts';
import './rows-others.ts';
import './rows-spatial.ts';

export interface ReadKerasOptions {
  /** The shape of one sample, for a model of one input whose file leaves sizes open. */
  readonly inputShape?: Shape;
}

export interface ReadModel {
  readonly topology: Topology;
  /** The layer of Keras behind each of the topology's. */
  readonly sources: readonly KerasLayer[];
  /** All layers of the file, in its order. */
  readonly layers: readonly KerasLayer[];
}

/**
 * @throws FormatError for a configuration that does not hold together
 * @throws NeuriteError for layers and options that neurite lacks, all of them
 */
export function readKerasModel(
  model: unknown,
  what: string,
  dialect: Dialect,
  options: ReadKerasOptions = {},
): ReadModel {
  const graph = kerasGraph(model, what);
  const reader = new ModelReader(graph, what, dialect, options);
  return reader.read();
}

/** Values of one sample at one place, 1 GiB of them: no file may claim more. */
const largestSample = 2 ** 28;

const keyOf = ([name, node]: Reference): string => `${node} ${name}`;

class ModelReader {
  private readonly tensors = new Map<string, SymbolicTensor>();
  private readonly made = new Map<KerasLayer, Layer | undefined>();
  private readonly problems: string[] = [];
  private readonly names = new Map<string, KerasLayer>();
  private readonly graph: KerasGraph;
  private readonly what: string;
  private readonly dialect: Dialect;
  private readonly options: ReadKerasOptions;

  constructor(graph: KerasGraph, what: string, dialect: Dialect, options: ReadKerasOptions) {
    this.graph = graph;
    this.what = what;
    this.dialect = dialect;
    this.options = options;
  }

  read(): ReadModel {
    this.readInputs();
    for (const [layer, node] of callOrder(this.graph, this.what)) this.call(layer, node);
    this.refuse();
    const at = (reference: Reference) => this.tensors.get(keyOf(reference))!;
    const topology = this.drawn(() => traceTopology(this.graph.inputs.map(at), this.graph.outputs.map(at)));
    const sources = topology.names.map((name) => this.names.get(name)!);
    return { topology, sources, layers: this.graph.layers };
  }

  private refuse(): void {
    if (this.problems.length === 0) return;
    throw new NeuriteError(`${this.what}: neurite lacks what this model has: ${this.problems.join('; ')}`);
  }

  /** An error of a layer's or the topology's own, told as one of the file. */
  private drawn<T>(draw: () => T): T {
    try {
      return draw();
    } catch (error) {
      if (error instanceof FormatError) throw error;
      this.refuse();
      throw new FormatError(`${this.what}: ${(error as Error).message}`, { cause: error });
    }
  }

  private readInputs(): void {
    const embedded = integerInputs(this.graph);
    for (const reference of this.graph.inputs) {
      const [name] = reference;
      const { className, config } = this.graph.layers.find((layer) => layer.name === name)!;
      if (className !== 'InputLayer') throw new FormatError(`${this.what}: the input ${quote(name)} is a ${className}`);
      const shape = this.sampleShape(name, config);
      const integers = embedded.has(name) || /^u?int/.test(String(config['dtype']));
      const tensor = this.drawn(() => input(shape, { name: this.nameOf(name), dtype: integers ? 'int32' : 'float32' }));
      this.tensors.set(keyOf(reference), tensor);
    }
  }

  private sampleShape(name: string, config: Readonly<Record<string, unknown>>): number[] {
    const { inputShape } = this.options;
    if (inputShape !== undefined && this.graph.inputs.length === 1) return [...inputShape];
    const shape = config['batch_shape'] ?? config['batch_input_shape'];
    if (!Array.isArray(shape) || shape.length > 9)
      throw new FormatError(`${this.what}: the input ${quote(name)} has no shape; the option inputShape gives it`);
    const sizes = shape.slice(1) as unknown[];
    if (sizes.includes(null))
      throw new NeuriteError(
        `${this.what}: the input ${quote(name)} has free sizes, ${JSON.stringify(sizes)}; the option inputShape gives them`,
      );
    return sizes as number[];
  }

  private call(layer: KerasLayer, node: number): void {
    const call = layer.calls[node]!;
    const inputs = orderedInputs(layer, call).map((reference) => this.tensors.get(keyOf(reference))!);
    if (inputs.length === 0)
      throw new FormatError(`${this.what}: ${quote(layer.name)} (${layer.className}) reads nothing`);
    const drawn = this.layerFor(layer, call, inputs[0]!.shape);
    // What could not be made stands for what it reads, so that the problems of later layers are found too.
    const result = drawn ? this.drawn(() => drawn(inputs.length === 1 ? inputs[0]! : inputs)) : inputs[0]!;
    if (sizeOf(result.shape) > largestSample)
      throw new FormatError(
        `${this.what}: ${quote(layer.name)} gives ${formatShape(result.shape)}, too much for one sample`,
      );
    this.tensors.set(keyOf([layer.name, node, 0]), result);
  }

  private layerFor(layer: KerasLayer, call: KerasCall, inputShape: Shape): Layer | undefined {
    if (this.made.has(layer)) return this.made.get(layer);
    const { className, config, name } = layer;
    const ourName = this.nameOf(name, layer);
    const made = this.make(className, config, `${quote(name)} (${className})`, ourName, inputShape, call);
    this.made.set(layer, made);
    return made;
  }

  private make(
    className: string,
    config: Readonly<Record<string, unknown>>,
    place: string,
    name: string | undefined,
    inputShape: Shape,
    call: KerasCall,
  ): Layer | undefined {
    const options = new KerasOptions(place, config, this.dialect, this.problems);
    const row = rowOfClass(className);
    if (!row) {
      this.problems.push(`${place}: the layer; known are ${kerasClassNames().join(', ')}`);
      return undefined;
    }
    if (className !== 'MultiHeadAttention')
      for (const given of call.named.keys()) options.problem(`${given} given in its call`);
    const inner = (json: unknown): Layer | undefined => {
      if (!isObject(json) || typeof json['class_name'] !== 'string' || !isObject(json['config'])) {
        options.problem('the layer inside has no class_name and config');
        return undefined;
      }
      const shape = className === 'TimeDistributed' ? inputShape.slice(1) : inputShape;
      return this.make(json['class_name'], json['config'], `${place}: ${json['class_name']}`, undefined, shape, call);
    };
    const common = { ...(name !== undefined && { name }), trainable: config['trainable'] !== false };
    try {
      return row.read(options, { common, inputShape, inner, call: call.options }, className);
    } catch (error) {
      options.problem((error as Error).message);
      return undefined;
    }
  }

  /** A name of letters, digits, "_" and "-" that no other layer has. */
  private nameOf(name: string, layer?: KerasLayer): string {
    const base = name.replaceAll(/[^\w-]/g, '_').replace(/^(optimizer|state)$/, '$1_') || 'layer';
    if (!layer) return base;
    let unique = base;
    for (let i = 2; this.names.has(unique); i++) unique = `${base}_${i}`;
    this.names.set(unique, layer);
    return unique;
  }
}

/** Keras calls attention on query, value and perhaps key; neurite on query, key, value. */
function orderedInputs({ className }: KerasLayer, { inputs, named }: KerasCall): Reference[] {
  if (className !== 'MultiHeadAttention') return [...inputs];
  const query = inputs[0] ?? named.get('query')!;
  const value = inputs[1] ?? named.get('value') ?? query;
  const key = inputs[2] ?? named.get('key') ?? value;
  return [query, key, value];
}

/** Inputs that embeddings alone read: Keras takes numbers there and makes them whole. */
function integerInputs({ layers, inputs }: KerasGraph): Set<string> {
  const readers = new Map<string, Set<string>>();
  for (const { className, calls } of layers)
    for (const call of calls)
      for (const [name] of [...call.inputs, ...call.named.values()])
        readers.set(name, (readers.get(name) ?? new Set<string>()).add(className));
  return new Set(
    inputs
      .map(([name]) => name)
      .filter((name) => [...(readers.get(name) ?? [''])].every((each) => each === 'Embedding')),
  );
}

/** All calls but those of inputs, each after what it reads. @throws FormatError for a circle */
function callOrder({ layers, inputs }: KerasGraph, what: string): [KerasLayer, number][] {
  const waiting = new Map<string, number>();
  const readers = new Map<string, [KerasLayer, number][]>();
  const known = new Set(inputs.map(keyOf));
  const ready: [KerasLayer, number][] = [];
  let total = 0;
  for (const layer of layers)
    layer.calls.forEach((call, node) => {
      if (known.has(keyOf([layer.name, node, 0]))) return;
      total++;
      const sources = new Set([...call.inputs, ...call.named.values()].map(keyOf).filter((key) => !known.has(key)));
      waiting.set(keyOf([layer.name, node, 0]), sources.size);
      for (const key of sources) {
        if (!readers.has(key)) readers.set(key, []);
        readers.get(key)!.push([layer, node]);
      }
      if (sources.size === 0) ready.push([layer, node]);
    });
  const order: [KerasLayer, number][] = [];
  for (let next = ready.shift(); next; next = ready.shift()) {
    order.push(next);
    for (const reader of readers.get(keyOf([next[0].name, next[1], 0])) ?? []) {
      const key = keyOf([reader[0].name, reader[1], 0]);
      const left = waiting.get(key)! - 1;
      waiting.set(key, left);
      if (left === 0) ready.push(reader);
    }
  }
  if (order.length < total) {
    const done = new Set(order.map(([layer]) => layer));
    const stuck = layers.find((layer) => layer.className !== 'InputLayer' && !done.has(layer));
    throw new FormatError(`${what}: the layers go in a circle through ${quote(stuck?.name)}`);
  }
  return order;
}
