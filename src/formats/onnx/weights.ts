// Which initialisers of a graph are weights: floats that are only read where an operator takes weights, and not where their
// values decide a shape. A graph parted from its weights has them as inputs, so that it is sound as it stands.
import { sizeOf } from '../../graph/graph.ts';
import { allNodes } from './check.ts';
import type { GraphProto, ModelProto, TensorProto, ValueInfoProto } from './schema.ts';
import { externalBytes, tensorFromProto, type ExternalFiles } from './tensor.ts';
import { dataTypeNumbers, dataTypeOf, isFloat, type HostTensor } from './types.ts';

/** The inputs of an operator that may be weights; statistics that training leaves as they are stand apart. */
interface Places {
  readonly trained: readonly number[];
  readonly kept?: readonly number[];
}

const all = [0, 1, 2, 3, 4, 5, 6, 7];
const places: Readonly<Record<string, Places>> = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'MatMul', 'Gemm', 'Einsum', 'Concat', 'Sum', 'Max', 'Min', 'Mean'].map((name) => [
      name,
      { trained: all },
    ]),
  ),
  ...Object.fromEntries(
    ['Identity', 'Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Gather', 'Expand', 'Cast'].map((name) => [
      name,
      { trained: [0] },
    ]),
  ),
  ...Object.fromEntries(
    ['Conv', 'ConvTranspose', 'InstanceNormalization', 'LayerNormalization', 'GroupNormalization'].map((name) => [
      name,
      { trained: [1, 2] },
    ]),
  ),
  BatchNormalization: { trained: [1, 2], kept: [3, 4] },
  DeformConv: { trained: [1, 3] },
  PRelu: { trained: [1] },
  Where: { trained: [1, 2] },
  RNN: { trained: [1, 2, 3] },
  GRU: { trained: [1, 2, 3] },
  LSTM: { trained: [1, 2, 3, 7] },
};

export interface WeightInfo {
  /** As the file names it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether training changes it. */
  readonly trained: boolean;
}

/** A weight with its values. */
export interface Weight extends WeightInfo {
  readonly tensor: HostTensor;
}

/** The kinds of place at which each name is read. */
function readings(graph: GraphProto): Map<string, Set<'trained' | 'kept' | 'other'>> {
  const found = new Map<string, Set<'trained' | 'kept' | 'other'>>();
  const note = (name: string, kind: 'trained' | 'kept' | 'other') =>
    found.set(name, (found.get(name) ?? new Set()).add(kind));
  for (const { opType = '', domain, input = [] } of allNodes(graph.node)) {
    const own = domain ? undefined : places[opType];
    input.forEach((name, i) =>
      note(name, own?.trained.includes(i) ? 'trained' : own?.kept?.includes(i) ? 'kept' : 'other'),
    );
  }
  for (const { name = '' } of graph.output ?? []) note(name, 'other');
  return found;
}

const shapeOf = ({ dims }: TensorProto): number[] => Array.from(dims ?? []);

/** Single numbers without an axis are constants of the formula, as the root that scores are divided by. */
const isArray = (proto: TensorProto): boolean => {
  const type = dataTypeOf(proto.dataType);
  return type !== undefined && isFloat(type) && (proto.dims?.length ?? 0) > 0 && sizeOf(shapeOf(proto)) > 0;
};

/** A tensor with its bytes in it, whatever file they were in. */
function withBytes(proto: TensorProto, what: string, external?: ExternalFiles): TensorProto {
  if (proto.dataLocation !== 1) return proto;
  const { dataLocation: _location, externalData: _data, ...rest } = proto;
  return { ...rest, rawData: externalBytes(proto, `${what}: initializer "${proto.name}"`, external) };
}

const asInput = ({ name, shape }: WeightInfo): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: dataTypeNumbers.float32, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

/** @param frozen the names of weights that training leaves as they are */
export function partWeights(
  model: ModelProto,
  what: string,
  frozen: ReadonlySet<string>,
  external?: ExternalFiles,
): { model: ModelProto; weights: Weight[] } {
  const graph = model.graph!;
  const read = readings(graph);
  const weights: Weight[] = [];
  const rest: TensorProto[] = [];
  for (const proto of graph.initializer ?? []) {
    const name = proto.name ?? '';
    const kinds = read.get(name) ?? new Set();
    if (!kinds.size) continue;
    if (!isArray(proto) || kinds.has('other')) {
      rest.push(withBytes(proto, what, external));
      continue;
    }
    const tensor = tensorFromProto(proto, `${what}: initializer "${name}"`, external);
    weights.push({ name, shape: shapeOf(proto), trained: !kinds.has('kept') && !frozen.has(name), tensor });
  }
  const names = new Set(weights.map(({ name }) => name));
  // Older files list their initialisers as inputs as well.
  const inputs = (graph.input ?? []).filter(({ name = '' }) => !names.has(name));
  return {
    model: { ...model, graph: { ...graph, initializer: rest, input: [...inputs, ...weights.map(asInput)] } },
    weights,
  };
}

/** The same graph with these values as its initialisers. */
export function withWeights(
  model: ModelProto,
  weights: readonly { name: string; shape: readonly number[]; data: Float32Array }[],
): ModelProto {
  const graph = model.graph!;
  const names = new Set(weights.map(({ name }) => name));
  const initializers = weights.map(({ name, shape, data }): TensorProto => ({
    name,
    dims: [...shape],
    dataType: dataTypeNumbers.float32,
    rawData: new Uint8Array(data.slice().buffer),
  }));
  const input = (graph.input ?? []).filter(({ name = '' }) => !names.has(name));
  return { ...model, graph: { ...graph, input, initializer: [...(graph.initializer ?? []), ...initializers] } };
}
