// A model of neurite as Keras' configuration: sequential where its layers follow one another, functional otherwise. Keras 3
// (`.keras`) names modules and writes calls with their arguments; Keras 2 (`.h5`) and TensorFlow.js list inbound nodes.
import { NeuriteError } from '../../core/errors.ts';
import type { Shape } from '../../graph/graph.ts';
import type { Config } from '../../layers/layer.ts';
import type { Topology } from '../../model/topology.ts';
import type { Dialect } from './options.ts';
import { rowOfType, type WriteContext, type Written } from './table.ts';
import './rows-dense.ts';
import './rows-others.ts';
import './rows-spatial.ts';

/** A layer as Keras has it, with its calls; a layer of neurite may be two or three of them. */
interface KerasPiece extends Written {
  readonly name: string;
  readonly trainable: boolean;
  /** The layer of the topology whose weights it has; null for a piece without. */
  readonly layer: number | null;
  readonly calls: { readonly inputs: readonly Tensor[]; readonly outputShape: Shape }[];
}

/** A result: of which piece, which call. */
interface Tensor {
  readonly name: string;
  readonly call: number;
  readonly shape: Shape;
  readonly dtype: 'float32' | 'int32';
}

export interface WrittenModel {
  readonly json: object;
  /** The pieces that have weights: their class and name, and the layer of the topology. */
  readonly weighted: readonly {
    readonly className: string;
    readonly name: string;
    readonly layer: number;
    readonly innerName: string;
  }[];
  /** The classes of all layers in their order, as Keras counts them. */
  readonly classes: readonly { readonly className: string; readonly name: string }[];
}

/** @throws NeuriteError for layers and options that Keras lacks, all of them */
export function writeKerasModel(topology: Topology, dialect: Dialect, what: string): WrittenModel {
  const writer = new ModelWriter(topology, dialect, what);
  return writer.write();
}

const kerasName = (name: string): string => name.replaceAll('.', '_');

class ModelWriter {
  private readonly pieces: KerasPiece[] = [];
  private readonly problems: string[] = [];
  private readonly topology: Topology;
  private readonly dialect: Dialect;
  private readonly what: string;
  private readonly inputs: readonly Tensor[];

  constructor(topology: Topology, dialect: Dialect, what: string) {
    this.topology = topology;
    this.dialect = dialect;
    this.what = what;
    const taken = new Set(topology.names.map(kerasName));
    this.inputs = topology.inputs.map(({ name, shape, dtype }) => {
      let unique = kerasName(name);
      while (taken.has(unique)) unique += '_input';
      taken.add(unique);
      return { name: unique, call: 0, shape, dtype: dtype === 'i32' ? 'int32' : 'float32' };
    });
  }

  write(): WrittenModel {
    const { calls, outputs } = this.topology;
    const tensors: Tensor[] = [...this.inputs];
    const byLayer = new Map<number, readonly KerasPiece[]>();
    for (const { layer, inputs, shape } of calls) {
      const sources = inputs.map((source) => tensors[source]!);
      if (!byLayer.has(layer)) byLayer.set(layer, this.piecesOf(layer, sources));
      tensors.push(this.call(byLayer.get(layer)!, sources, shape));
    }
    if (this.problems.length)
      throw new NeuriteError(`${this.what}: Keras lacks what this model has: ${this.problems.join('; ')}`);
    const results = outputs.map((output) => tensors[output]!);
    const json = this.isChain(results) ? this.sequential() : this.functional(results);
    const weighted = this.pieces
      .filter(({ layer }) => layer !== null)
      .map(({ class_name: className, name, layer, config }) => ({
        className,
        name,
        layer: layer!,
        innerName: innerNameOf(config),
      }));
    return { json, weighted, classes: this.pieces.map(({ class_name: className, name }) => ({ className, name })) };
  }

  /** The layers of Keras that do what one of ours does. */
  private piecesOf(number: number, inputs: readonly Tensor[]): KerasPiece[] {
    const { type, config, trainable } = this.topology.layers[number]!;
    const label = this.topology.names[number]!;
    const name = kerasName(label);
    const row = rowOfType(type);
    const before: Written[] = [];
    const after: Written[] = [];
    const problem = (text: string) => void this.problems.push(`"${label}" (${type}): ${text}`);
    if (!row) {
      problem('the layer');
      return [];
    }
    const context: WriteContext = {
      dialect: this.dialect,
      inputShape: inputs[0]!.shape,
      problem,
      inner: (innerType, innerConfig) => this.inner(innerType, innerConfig, name, context),
      before: (written) => before.push(written),
      after: (written) => after.push(written),
    };
    const main = row.write(config, context, type);
    if (['lstm', 'gru', 'simpleRnn', 'bidirectional'].includes(type) && inputs.length > 1)
      problem('a mask or first states as inputs');
    if (type === 'embedding' && inputs[0]!.dtype !== 'int32') problem('its table on the way back');
    if (type === 'multiHeadAttention' && inputs.length > 1 && inputs.at(-1)!.shape.length === 1) problem('a mask');
    const piece = (written: Written, suffix: string, layer: number | null): KerasPiece => {
      const made = { ...written, name: name + suffix, trainable, layer, calls: [] };
      this.pieces.push(made);
      return made;
    };
    return [
      ...before.map((written) => piece(written, '_padding', null)),
      piece(main, '', number),
      ...after.map((written) => piece(written, '_activation', null)),
    ];
  }

  private inner(type: string, config: Config, name: string, context: WriteContext): object {
    const row = rowOfType(type);
    if (!row) {
      context.problem(`the layer ${type} inside`);
      return {};
    }
    const alone = (written: Written) => context.problem(`${written.class_name} as a layer beside the one inside`);
    const written = row.write(config, { ...context, before: alone, after: alone }, type);
    return this.object(written.class_name, {
      name: `${name}_${type.toLowerCase()}`,
      trainable: true,
      ...written.config,
    });
  }

  /** One call of the pieces, one after the other. */
  private call(pieces: readonly KerasPiece[], sources: readonly Tensor[], shape: Shape): Tensor {
    let inputs = sources;
    for (const piece of pieces) {
      piece.calls.push({ inputs, outputShape: shape });
      inputs = [{ name: piece.name, call: piece.calls.length - 1, shape, dtype: 'float32' }];
    }
    return inputs[0]!;
  }

  private isChain(results: readonly Tensor[]): boolean {
    if (this.inputs.length !== 1 || results.length !== 1 || results[0]!.name !== this.pieces.at(-1)?.name) return false;
    return this.pieces.every(({ calls, class_name: className }, i) => {
      const [first, ...more] = calls;
      const before = i ? this.pieces[i - 1]!.name : this.inputs[0]!.name;
      return (
        className !== 'MultiHeadAttention' &&
        !more.length &&
        first!.inputs.length === 1 &&
        first!.inputs[0]!.name === before
      );
    });
  }

  private get is3(): boolean {
    return this.dialect === 'keras3';
  }

  /** An object of Keras: a layer, an initialiser, a penalty. */
  private object(className: string, config: Readonly<Record<string, unknown>>, module = 'keras.layers'): object {
    const named = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, this.withModule(key, value)]));
    if (!this.is3) return { class_name: className, config: named };
    return { module, class_name: className, config: named, registered_name: null };
  }

  private withModule(key: string, value: unknown): unknown {
    const module = key.endsWith('_initializer')
      ? 'keras.initializers'
      : key.endsWith('_regularizer')
        ? 'keras.regularizers'
        : null;
    if (module === null || value === null || typeof value !== 'object') return value;
    const { class_name: className, config } = value as Written;
    return this.object(className, config, module);
  }

  private layerObject({ class_name: className, name, trainable, config }: KerasPiece): object {
    return this.object(className, { name, trainable, dtype: 'float32', ...config });
  }

  private inputObject({ name, shape, dtype }: Tensor): object {
    const whole = [null, ...shape];
    return this.object('InputLayer', {
      [this.is3 ? 'batch_shape' : 'batch_input_shape']: whole,
      dtype,
      sparse: false,
      name,
    });
  }

  private sequential(): object {
    const layers = [this.inputObject(this.inputs[0]!), ...this.pieces.map((piece) => this.layerObject(piece))];
    const shape = { build_input_shape: [null, ...this.inputs[0]!.shape] };
    return this.object(
      'Sequential',
      { name: 'sequential', ...(this.is3 && { trainable: true, dtype: 'float32' }), layers, ...(this.is3 && shape) },
      'keras',
    );
  }

  private functional(results: readonly Tensor[]): object {
    const reference = ({ name, call }: Tensor) => [name, call, 0];
    const layers = [
      ...this.inputs.map((tensor) => ({ ...this.inputObject(tensor), name: tensor.name, inbound_nodes: [] })),
      ...this.pieces.map((piece) => ({
        ...this.layerObject(piece),
        name: piece.name,
        inbound_nodes: piece.calls.map(({ inputs }) => this.node(piece, inputs)),
      })),
    ];
    const config = {
      name: 'functional',
      ...(this.is3 && { trainable: true }),
      layers,
      input_layers: this.inputs.map(reference),
      output_layers: results.map(reference),
    };
    return this.object(this.is3 ? 'Functional' : 'Model', config, 'keras');
  }

  private node({ class_name: className, layer }: KerasPiece, inputs: readonly Tensor[]): unknown {
    const isAttention = className === 'MultiHeadAttention';
    const [query, key, value] = inputs as [Tensor, Tensor?, Tensor?];
    const causal = isAttention && this.topology.layers[layer!]!.config['causal'] === true;
    if (!this.is3) {
      if (!isAttention) return inputs.map(({ name, call }) => [name, call, 0, {}]);
      const at = (tensor: Tensor) => [tensor.name, tensor.call, 0];
      const named = {
        value: at(value ?? key ?? query),
        ...(value && key && { key: at(key) }),
        ...(causal && { use_causal_mask: true }),
      };
      return [[query.name, query.call, 0, named]];
    }
    const tensor = ({ name, call, shape, dtype }: Tensor) => ({
      class_name: '__keras_tensor__',
      config: { shape: [null, ...shape], dtype, keras_history: [name, call, 0] },
    });
    if (!isAttention) return { args: inputs.length === 1 ? [tensor(query)] : [inputs.map(tensor)], kwargs: {} };
    return {
      args: [tensor(query), tensor(value ?? key ?? query)],
      kwargs: { ...(value && key && { key: tensor(key) }), ...(causal && { use_causal_mask: true }) },
    };
  }
}

/** The name of a layer inside of another, or nothing. */
function innerNameOf(config: Readonly<Record<string, unknown>>): string {
  const inner = config['layer'] as { config?: { name?: string } } | undefined;
  return inner?.config?.name ?? '';
}
