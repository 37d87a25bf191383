// The weights of a layer as Keras has them: their order, names and shapes, and what a tensor is here. Most are the same
// numbers in the same order under another shape; a GRU has its gates in another order, and its two biases in one tensor.
import { sizeOf, type Shape } from '../../graph/graph.ts';
import type { Config, Layer } from '../../layers/layer.ts';
import type { InferenceModel } from '../../model/inference.ts';
import type { Topology } from '../../model/topology.ts';

export interface Place {
  readonly name: string;
  readonly shape: Shape;
}

export interface KerasWeight {
  /** Inside of the layer, as its parts are called in a `.keras` file: `''`, `cell`, `forward_layer/cell`, `query_dense`. */
  readonly part: string;
  readonly name: string;
  readonly shape: Shape;
  readonly model: readonly Place[];
  load(tensor: Float32Array): Float32Array[];
  save(values: readonly Float32Array[]): Float32Array;
}

/** The weights of each layer of a topology, by the layer's number. */
export function kerasWeights(
  { layers, names, calls, inputs }: Topology,
  places: readonly (Place & { layer: number })[],
) {
  const shapes = [...inputs.map(({ shape }) => shape), ...calls.map(({ shape }) => shape)];
  return layers.map((layer, number) => {
    const prefix = `${names[number]!}.`;
    const own = places.filter((place) => place.layer === number);
    const local = new Map(
      own.map((place) => [place.name.slice(prefix.length), { name: place.name, shape: place.shape }]),
    );
    const call = calls.find((each) => each.layer === number)!;
    return weightsOf(layer, local, shapes[call.inputs[0]!]!);
  });
}

/** Every value of a model, with its layer. */
export const placesOf = ({ parameters, states }: Pick<InferenceModel, 'parameters' | 'states'>) => [
  ...parameters,
  ...states,
];

type Values = ReadonlyMap<string, Place>;
type LayerForm = Pick<Layer, 'type' | 'config'>;

/** Values in the order in which Keras makes its variables. */
const order = [
  'kernel',
  'recurrentKernel',
  'depthwiseKernel',
  'pointwiseKernel',
  'bias',
  'gamma',
  'beta',
  'movingMean',
  'movingVariance',
  'table',
  'alpha',
];
const kerasNames: Readonly<Record<string, string>> = {
  recurrentKernel: 'recurrent_kernel',
  depthwiseKernel: 'depthwise_kernel',
  pointwiseKernel: 'pointwise_kernel',
  movingMean: 'moving_mean',
  movingVariance: 'moving_variance',
  table: 'embeddings',
};

const isRecurrent = (type: string) => type === 'lstm' || type === 'gru' || type === 'simpleRnn';

function weightsOf(layer: LayerForm, values: Values, inputShape: Shape): KerasWeight[] {
  const { type, config } = layer;
  if (type === 'bidirectional' || type === 'timeDistributed') return wrapped(layer, values, inputShape);
  if (type === 'multiHeadAttention') return attention(config, values);
  if (isRecurrent(type)) return recurrent(type, values).map((weight) => ({ ...weight, part: 'cell' }));
  return order
    .filter((local) => values.has(local))
    .map((local) =>
      same(nameOf(type, local), values.get(local)!, shapeOf(type, local, values.get(local)!, inputShape)),
    );
}

function nameOf(type: string, local: string): string {
  if (type.startsWith('depthwise') && local === 'kernel') return 'depthwise_kernel';
  if (type === 'rmsNorm' && local === 'gamma') return 'scale';
  return kerasNames[local] ?? local;
}

/** The shape that Keras says of the same numbers. */
function shapeOf(type: string, local: string, { shape }: Place, inputShape: Shape): Shape {
  if (type === 'prelu') return [...inputShape.slice(0, -1).map(() => 1), sizeOf(shape)];
  if ((type.startsWith('depthwise') && local === 'kernel') || local === 'depthwiseKernel') {
    const channels = inputShape.at(-1)!;
    return [...shape.slice(0, -2), channels, shape.at(-1)! / channels];
  }
  return shape;
}

const same = (name: string, place: Place, shape: Shape = place.shape, part = ''): KerasWeight => ({
  part,
  name,
  shape,
  model: [place],
  load: (tensor) => [tensor],
  save: ([value]) => value!,
});

/** The layer inside, once or for both directions. */
function wrapped({ type, config }: LayerForm, values: Values, inputShape: Shape): KerasWeight[] {
  const inner = config['layer'] as { type: string; config: Config };
  const sides = type === 'bidirectional' ? ['forward', 'backward'] : ['layer'];
  const shape = type === 'timeDistributed' ? inputShape.slice(1) : inputShape;
  return sides.flatMap((side) => {
    const own = [...values].filter(([local]) => local.startsWith(`${side}.`));
    const within = new Map(own.map(([local, place]) => [local.slice(side.length + 1), place]));
    const part = type === 'bidirectional' ? `${side}_layer` : 'layer';
    return weightsOf(inner, within, shape).map((weight) => ({
      ...weight,
      part: weight.part ? `${part}/${weight.part}` : part,
    }));
  });
}

/** Columns [z r h] of Keras are [r z n] here: the first two thirds change places, and back by the same. */
function turnGates(x: Float32Array, columns: number): Float32Array {
  const result = x.slice();
  const units = columns / 3;
  for (let row = 0; row < x.length; row += columns) {
    result.set(x.subarray(row + units, row + 2 * units), row);
    result.set(x.subarray(row, row + units), row + units);
  }
  return result;
}

function recurrent(type: string, values: Values): KerasWeight[] {
  const bias = values.get('bias');
  const plain = order
    .filter((local) => values.has(local))
    .map((local) => same(nameOf(type, local), values.get(local)!));
  if (type !== 'gru') return plain;
  const turned = plain.map((weight) => {
    const columns = weight.shape.at(-1)!;
    return {
      ...weight,
      load: (x: Float32Array) => [turnGates(x, columns)],
      save: ([x]: readonly Float32Array[]) => turnGates(x!, columns),
    };
  });
  const recurrentBias = values.get('recurrentBias');
  if (!bias || !recurrentBias) return turned;
  const [length] = bias.shape as [number];
  return [
    ...turned.filter(({ name }) => name !== 'bias'),
    {
      part: '',
      name: 'bias',
      shape: [2, length],
      model: [bias, recurrentBias],
      load(x) {
        const both = turnGates(x, length);
        return [both.slice(0, length), both.slice(length)];
      },
      save([a, b]) {
        const both = new Float32Array(2 * length);
        both.set(a!);
        both.set(b!, length);
        return turnGates(both, length);
      },
    },
  ];
}

/** Kernels [width, heads, size] and back [heads, size, width], each with its bias. */
function attention(config: Config, values: Values): KerasWeight[] {
  const heads = config['heads'] as number;
  return ['query', 'key', 'value', 'output'].flatMap((kind) => {
    const kernel = values.get(`${kind}Kernel`)!;
    const bias = values.get(`${kind}Bias`);
    const [rows, columns] = kernel.shape as [number, number];
    const isOut = kind === 'output';
    const shape = isOut ? [heads, rows / heads, columns] : [rows, heads, columns / heads];
    const part = `${kind}_dense`;
    return [
      same('kernel', kernel, shape, part),
      ...(bias ? [same('bias', bias, isOut ? bias.shape : [heads, columns / heads], part)] : []),
    ];
  });
}
