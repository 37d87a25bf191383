// An ONNX file as a model that trains, predicts, is saved and exported: one layer that holds its graph (layer.ts).
import { toBase64 } from '../../core/base64.ts';
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { Graph, sizeOf, type Shape } from '../../graph/graph.ts';
import { input as inputNode, storage } from '../../graph/operations/index.ts';
import { createLayer, type LayerContext } from '../../layers/layer.ts';
import '../../layers/recurrent-state.ts';
import { input } from '../../layers/shape.ts';
import type { Model, ModelOptions } from '../../model/model.ts';
import { model as drawModel } from '../../model/sequential.ts';
import { MissingOperatorsError } from './check.ts';
import { onnxLayer, outputShapes, type OnnxLayerConfig } from './layer.ts';
import { openModel, type OnnxValueInfo, type Opened } from './open.ts';
import type { ModelProto } from './schema.ts';
import type { ExternalFiles } from './tensor.ts';
import { graphType } from './types.ts';
import { withPlace } from './trace.ts';
import { partWeights } from './weights.ts';
import { writeModel } from './write.ts';

export interface OnnxTrainingOptions {
  /** Of one sample (without the batch), of inputs whose sizes the file leaves free. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /** Names of weights that training leaves as they are. */
  readonly frozen?: readonly string[];
}

/** The name of the layer, and how the names of the weights begin. */
export const layerName = 'onnx';

/** @throws MissingOperatorsError, ShapeError or NeuriteError for a graph that is no model of samples in batches */
export async function graphToModel(
  proto: ModelProto,
  what: string,
  external: ExternalFiles | undefined,
  options: OnnxTrainingOptions & ModelOptions,
): Promise<Model> {
  try {
    return await madeModel(proto, what, external, options);
  } catch (error) {
    if (error instanceof MissingOperatorsError) throw error;
    // The layer speaks of the file as `onnx`.
    if (error instanceof Error) error.message = error.message.replace(/^onnx: /, '');
    throw withPlace(error, what);
  }
}

async function madeModel(
  proto: ModelProto,
  what: string,
  external: ExternalFiles | undefined,
  options: OnnxTrainingOptions & ModelOptions,
): Promise<Model> {
  const { shapes = {}, frozen = [], ...rest } = options;
  const whole = openModel(proto, what, external);
  if (whole.missing.length) throw new MissingOperatorsError(what, whole.missing);
  if (!whole.inputs.length) throw new NeuriteError(`${what}: it has no inputs, and so no samples to learn from`);
  const { model: parted, weights } = partWeights(proto, what, new Set(frozen), external);
  for (const name of frozen)
    if (!weights.some((weight) => weight.name === name))
      throw new NeuriteError(
        `${what}: no weight "${name}" to be frozen; there are: ${weights.map((weight) => weight.name).join(', ')}`,
      );
  const config: OnnxLayerConfig = { graph: toBase64(writeModel(parted)), weights };
  const tensors = whole.inputs.map((info) =>
    input(sampleShape(info, shapes[info.name], what), {
      name: info.name,
      dtype: graphType(info.type) === 'i32' ? 'int32' : 'float32',
    }),
  );
  const layer = onnxLayer(config, { name: layerName });
  const result = layer(tensors);
  const made = await drawModel({ inputs: tensors, outputs: outputsOf(whole, layer, tensors, result), ...rest });
  made.setWeights(
    Object.fromEntries(
      weights.map(({ name, shape, tensor }) => [
        `${layerName}.${name}`,
        { data: Float32Array.from(tensor.data), shape },
      ]),
    ),
  );
  return made;
}

/** The sizes behind the batch. */
function sampleShape({ name, shape }: OnnxValueInfo, given: Shape | undefined, what: string): Shape {
  if (!shape.length) throw new ShapeError(`${what}: the input "${name}" has no axis for a batch`);
  if (given) return given;
  const free = shape.slice(1).filter((size) => typeof size === 'string');
  if (free.length)
    throw new ShapeError(
      `${what}: the input "${name}" is [${shape.join(', ')}]; give the shape of one sample in the option shapes`,
    );
  return shape.slice(1) as number[];
}

type Tensors = ReturnType<typeof input>[];

/** The layer's result, or its parts where the graph has several outputs. */
function outputsOf(
  { outputs }: Opened,
  layer: ReturnType<typeof onnxLayer>,
  tensors: Tensors,
  result: Tensors[number],
): Tensors {
  if (outputs.length === 1) return [result];
  let start = 0;
  return shapesOf(layer, tensors).map((shape) => {
    const part = createLayer('unpack', { offset: start, shape: [...shape] })(result);
    start += sizeOf(shape);
    return part;
  });
}

/** What the graph gives for one sample, traced on a graph that is thrown away. */
function shapesOf(layer: ReturnType<typeof onnxLayer>, tensors: Tensors): readonly (readonly number[])[] {
  const graph = new Graph();
  const context = {
    graph,
    parameter: (name: string, shape: Shape) => storage(graph, name, shape),
    state: (name: string, shape: Shape) => storage(graph, name, shape),
    random: () => ({ counter: storage(graph, 'counter', [4], 'i32'), stream: 0 }),
  } as unknown as LayerContext;
  const nodes = tensors.map(({ shape, dtype }, i) => inputNode(graph, String(i), [1, ...shape], dtype));
  return outputShapes(layer, nodes, context);
}
