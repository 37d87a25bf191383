// An ONNX graph as a layer of a model, so that a file of somebody else can be trained, saved and exported like any network.
// Its configuration is the file without its weights, as base64; these are the layer's parameters, those that training
// leaves as they are (running statistics) its states. Nodes for training alone (dropout) stay as the file has them.
import { fromBase64 } from '../../core/base64.ts';
import { NeuriteError, ShapeError } from '../../core/errors.ts';
import { formatShape, sizeOf, type Node } from '../../graph/graph.ts';
import * as operations from '../../graph/operations/index.ts';
import { zeros } from '../../initializers/index.ts';
import { createLayer, defineLayer, type Layer, type LayerContext, type LayerOptions } from '../../layers/layer.ts';
import { Builder, type Value } from './builder.ts';
import { openModel, type Opened } from './open.ts';
import './operators/index.ts';
import { readModel } from './read.ts';
import { addInitializers, buildNodes, Scope } from './trace.ts';
import { graphType } from './types.ts';
import type { WeightInfo } from './weights.ts';

export interface OnnxLayerConfig extends Readonly<Record<string, unknown>> {
  /** The file without its weights, which are inputs of it. */
  readonly graph: string;
  readonly weights: readonly WeightInfo[];
}

/** Opened once for each text. */
const known = new Map<string, Opened>();
const limit = 16;

function opened(text: string): Opened {
  let graph = known.get(text);
  if (!graph) {
    graph = openModel(readModel(fromBase64(text), 'onnx'), 'onnx');
    if (graph.missing.length)
      throw new NeuriteError(
        `onnx: operators are missing: ${graph.missing.map(({ operator }) => operator).join(', ')}`,
      );
    known.set(text, graph);
    for (const old of [...known.keys()].slice(0, -limit)) known.delete(old);
  }
  return graph;
}

/** Adds the graph's nodes; gives its outputs, each with the batch as its first axis. */
function buildGraph(context: LayerContext, inputs: readonly Node[], { graph, weights }: OnnxLayerConfig): Value[] {
  const file = opened(graph);
  const build = new Builder(
    {
      evaluate: () => null,
      random: () => context.random(),
    },
    context.graph,
  );
  const label = context.graph.label;
  const trace = { build, what: 'onnx', functions: file.functions, opset: file.opset, external: undefined, label };
  const scope = new Scope();
  addInitializers(trace, file.graph, scope, false);
  const own = new Map(weights.map((info) => [info.name, info]));
  const fed = file.inputs.filter(({ name }) => !own.has(name));
  if (fed.length !== inputs.length)
    throw new ShapeError(
      `onnx: expected ${fed.length} inputs (${fed.map(({ name }) => name).join(', ')}), got ${inputs.length}`,
    );
  fed.forEach(({ name, type }, i) => {
    const node = inputs[i]!;
    if (node.dtype !== graphType(type)) throw new TypeError(`onnx: input "${name}" is of ${type}, got ${node.dtype}`);
    scope.set(name, build.fromNode(type, node));
  });
  for (const { name, shape, trained } of weights) {
    const node = trained ? context.parameter(name, shape, { initializer: zeros() }) : context.state(name, shape);
    scope.set(name, build.fromNode('float32', node));
  }
  buildNodes(trace, file.nodes, scope);
  context.graph.label = label;
  const batch = inputs[0]!.shape[0]!;
  return file.outputs.map(({ name }) => {
    const value = scope.get(name)!;
    if (value.shape[0] !== batch)
      throw new ShapeError(
        `onnx: the output "${name}" is ${formatShape(value.shape)} for ${batch} samples; expected the batch as its first axis`,
      );
    return value;
  });
}

defineLayer<OnnxLayerConfig>('onnx', {
  build(context, inputs, config) {
    const values = buildGraph(context, inputs, config);
    const { graph } = context;
    const build = new Builder({ evaluate: () => null, random: () => context.random() }, graph);
    if (values.length === 1) return build.nodeOf(values[0]!);
    // Several outputs leave side by side; layers of the type `unpack` part them.
    const flat = values.map((value) => {
      const node = build.nodeOf(value);
      const floats = node.dtype === 'i32' ? operations.convert(graph, 'IntegerToFloat', node) : node;
      return operations.reshape(graph, floats, [node.shape[0]!, sizeOf(node.shape.slice(1))]);
    });
    return operations.concatenate(graph, flat, 1);
  },
  restore: (config, common) => onnxLayer(config, common),
});

/** @throws TypeError for a configuration that is none */
export function onnxLayer({ graph, weights }: OnnxLayerConfig, options: LayerOptions = {}): Layer {
  const isSound =
    typeof graph === 'string' &&
    Array.isArray(weights) &&
    weights.every(
      ({ name, shape, trained }: WeightInfo) =>
        typeof name === 'string' && Array.isArray(shape) && typeof trained === 'boolean',
    );
  if (!isSound) throw new TypeError('onnx: expected a graph and its weights');
  return createLayer(
    'onnx',
    { graph, weights: weights.map(({ name, shape, trained }) => ({ name, shape, trained })) },
    options,
  );
}

/** What a graph gives for one sample, by the number of the output. */
export function outputShapes(layer: Layer, inputs: readonly Node[], context: LayerContext): readonly number[][] {
  return buildGraph(context, inputs, layer.config as OnnxLayerConfig).map(({ shape }) => shape.slice(1));
}
