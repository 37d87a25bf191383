// An ONNX graph being written: nodes, initialisers, and names for the values of neurite's graph.
// The model is traced for two batches; a size that differs between them is a multiple of the batch.
import { NeuriteError } from '../../../core/errors.ts';
import { formatShape, type Node, type Shape } from '../../../graph/graph.ts';
import type { AttributeProto, NodeProto, TensorProto } from '../schema.ts';
import { dataTypeNumbers } from '../types.ts';

/** The batches that a model is traced for. */
export const tracedBatches = [2, 3] as const;

/** A size: a number, or so many times the batch. */
export type Size = number | { readonly perSample: number };

export type AttributeValue =
  number | string | readonly number[] | { readonly float: number } | { readonly tensor: TensorProto };

const text = new TextEncoder();

export class GraphWriter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly names = new Map<Node, string>();
  /** The same nodes for the other batch. */
  private readonly twins: ReadonlyMap<Node, Node>;
  private readonly constants = new Map<string, string>();
  private readonly taken = new Set<string>();
  private batchName: string | undefined;
  private readonly firstInput: string | undefined;
  label = '';

  constructor(twins: ReadonlyMap<Node, Node>, firstInput: string | undefined) {
    this.twins = twins;
    this.firstInput = firstInput;
  }

  /** A name that nothing has yet. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.taken.has(name); i++) name = `${wanted}_${i}`;
    this.taken.add(name);
    return name;
  }

  nameOf(node: Node): string {
    const name = this.names.get(node);
    if (name === undefined)
      throw new NeuriteError(`toOnnx: nothing was written for ${node.operation} of "${node.label}"`);
    return name;
  }

  bind(node: Node, name: string): void {
    this.names.set(node, name);
  }

  sizes(node: Node): Size[] {
    const other = this.twins.get(node)!.shape;
    return node.shape.map((size, axis) => sizeOfTwins(size, other[axis]!, node));
  }

  /** Adds a node of one result and gives the result's name. */
  add(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    wanted?: string,
  ): string {
    const output = this.fresh(wanted ?? `${this.label ? `${this.label}/` : ''}${opType}`);
    this.addNode(opType, input, [output], attributes);
    return output;
  }

  addNode(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    activations?: readonly string[],
  ): void {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
    if (activations)
      attribute.push({ name: 'activations', strings: activations.map((each) => text.encode(each)), type: 8 });
    this.nodes.push({ opType, input: [...input], output: [...output], name: output[0]!, attribute });
  }

  /** Whole numbers as an initialiser (int64), each once. */
  ints(values: readonly number[], shape: Shape = [values.length]): string {
    return this.constant(`i${values.join()}:${shape.join()}`, 'ints', {
      dims: [...shape],
      dataType: dataTypeNumbers.int64,
      int64Data: [...values],
    });
  }

  /** Numbers of the formula as a node, each once: initialisers are the weights, which may be trained further. */
  floats(values: ArrayLike<number>, shape: Shape = []): string {
    const floatData = Array.from(values);
    const key = `f${floatData.join()}:${shape.join()}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const tensor = { dims: [...shape], dataType: dataTypeNumbers.float32, floatData };
    const name = this.add('Constant', [], { value: { tensor } }, 'number');
    this.constants.set(key, name);
    return name;
  }

  weight(name: string, data: Float32Array | Int32Array, shape: Shape): string {
    const dataType = data instanceof Int32Array ? dataTypeNumbers.int32 : dataTypeNumbers.float32;
    const unique = this.fresh(name);
    const rawData = new Uint8Array(data.slice().buffer);
    this.initializers.push({ name: unique, dims: [...shape], dataType, rawData });
    return unique;
  }

  /** A shape as a value: an initialiser, or computed from the batch. */
  shapeValue(sizes: readonly Size[]): string {
    if (sizes.every((size) => typeof size === 'number')) return this.ints(sizes as number[]);
    const parts = sizes.map((size) => {
      if (typeof size === 'number') return this.ints([size]);
      return size.perSample === 1 ? this.batch() : this.add('Mul', [this.batch(), this.ints([size.perSample])]);
    });
    return this.add('Concat', parts, { axis: 0 });
  }

  /** [batch], read from the first input. */
  private batch(): string {
    if (this.firstInput === undefined) throw new NeuriteError('toOnnx: a model without inputs has no batch');
    this.batchName ??= this.add('Shape', [this.firstInput], { start: 0, end: 1 }, 'batch');
    return this.batchName;
  }

  private constant(key: string, wanted: string, tensor: TensorProto): string {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(wanted);
    this.initializers.push({ ...tensor, name });
    this.constants.set(key, name);
    return name;
  }
}

function sizeOfTwins(first: number, second: number, node: Node): Size {
  if (first === second) return first;
  const perSample = first / tracedBatches[0];
  if (!Number.isInteger(perSample) || perSample * tracedBatches[1] !== second)
    throw new NeuriteError(
      `toOnnx: ${node.operation} of "${node.label}" has a size that is no multiple of the batch: ${formatShape(node.shape)}`,
    );
  return { perSample };
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if (typeof value === 'string') return { name, s: text.encode(value), type: 3 };
  if (Array.isArray(value)) return { name, ints: value as readonly number[] as number[], type: 7 };
  if ('float' in value) return { name, f: value.float, type: 1 };
  return { name, t: (value as { tensor: TensorProto }).tensor, type: 4 };
}
