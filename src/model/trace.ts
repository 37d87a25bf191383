// A topology traced: each layer adds its nodes to a graph, for a batch of samples. From that, what a model keeps, and
// the function that predicts. Not here: what training asks of the same trace (functions.ts).
import type { DecodeContext, LayerContext, Penalty, StateOptions, StateWhen } from '../layers/layer.ts';
import { expectAssignable, layerDefinition } from '../layers/layer.ts';
import { ShapeError } from '../core/errors.ts';
import {
  formatShape,
  Graph,
  sameShape,
  type DType,
  type GraphFunction,
  type Node,
  type Shape,
} from '../graph/graph.ts';
import { assign, input, storage } from '../graph/operations/basic.ts';
import type { Initializer } from '../initializers/initializer.ts';
import type { Topology } from './topology.ts';

/** A trained value of a layer, as found by tracing. */
export interface ParameterInfo {
  readonly name: string;
  readonly shape: Shape;
  /** The number of its layer in the topology. */
  readonly layer: number;
  readonly trainable: boolean;
  readonly initializer: Initializer;
  readonly penalty: Penalty | undefined;
}

/** A value of a layer that no optimizer changes, as found by tracing. */
export interface StateInfo {
  readonly name: string;
  /** Of one sample where `perSample`. */
  readonly shape: Shape;
  readonly dtype: DType;
  readonly layer: number;
  readonly initial: number;
  readonly when: StateWhen;
  readonly perSample: boolean;
}

interface TracedState {
  readonly info: StateInfo;
  /** Where it is stored. */
  readonly node: Node;
  /** Its value from here on: the storage, or what was assigned last. */
  value: Node;
}

export interface Trace {
  readonly graph: Graph;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  /** What each call gave. */
  readonly results: readonly Node[];
  /** Every tensor by its number in the topology. */
  readonly tensors: ReadonlyMap<number, Node>;
  readonly parameters: ReadonlyMap<string, { info: ParameterInfo; node: Node }>;
  readonly states: ReadonlyMap<string, TracedState>;
  /** What layers add to the loss. */
  readonly auxiliary: readonly Node[];
}

/** Names of what the model stores beside its parameters. */
export const counterName = 'state.counter';
/** What each sample of a batch carries from run to run: batches of another size have values of their own. */
export const carriedPrefix = 'state.carried.';
const carriedName = (batch: number, name: string): string => `${carriedPrefix}${batch}.${name}`;

/** Storage that the host writes between runs. */
export const volatileStorage = (graph: Graph, name: string, shape: Shape, dtype: 'f32' | 'i32'): Node =>
  graph.add('storage', [], { name, shape, dtype, volatile: true });

/** A part of a topology: what is given instead of being computed, which calls are made, and how. */
export interface TracePart {
  /** A node for each tensor that is given, by its number; the inputs of the model otherwise. */
  given(graph: Graph): ReadonlyMap<number, Node>;
  readonly calls: ReadonlySet<number>;
  decode(graph: Graph, given: ReadonlyMap<number, Node>): DecodeContext | null;
}

/** Adds the nodes of every layer for a batch of samples, or of a part of them. */
export function trace(topology: Topology, batch: number, training: boolean, part?: TracePart): Trace {
  const graph = new Graph();
  const modelInputs = () =>
    topology.inputs.map(({ name, shape, dtype }) => input(graph, name, [batch, ...shape], dtype));
  const given = part?.given(graph) ?? new Map(modelInputs().entries());
  const inputs = [...given.values()];
  const decode = part?.decode(graph, given) ?? null;
  const tensors = new Map(given);
  const parameters = new Map<string, { info: ParameterInfo; node: Node }>();
  const states = new Map<string, TracedState>();
  const auxiliary: Node[] = [];
  const results: Node[] = [];
  let streams = 0;
  for (const [number, call] of topology.calls.entries()) {
    if (part && !part.calls.has(number)) continue;
    const layer = topology.layers[call.layer]!;
    const label = topology.names[call.layer]!;
    graph.label = label;
    const context: LayerContext = {
      graph,
      training,
      trainable: layer.trainable,
      decode,
      parameter(
        localName: string,
        shape: Shape,
        { initializer, penalty }: { initializer: Initializer; penalty?: Penalty | undefined },
      ) {
        const name = `${label}.${localName}`;
        const known = parameters.get(name);
        if (known && !sameShape(known.info.shape, shape))
          throw new ShapeError(
            `model: layer "${label}" (${layer.type}) is shared, and its ${localName} is ${formatShape(known.info.shape)}` +
              ` in one place and ${formatShape(shape)} in another`,
          );
        if (known) return known.node;
        const node = storage(graph, name, shape);
        const info = { name, shape, layer: call.layer, trainable: layer.trainable, initializer, penalty };
        parameters.set(name, { info, node });
        return node;
      },
      state: (localName, shape, options = {}) =>
        declareState(states, graph, { name: `${label}.${localName}`, shape, layer: call.layer, batch, ...options }),
      assign(state, value) {
        expectAssignable(state, value);
        const known = [...states.values()].find((candidate) => candidate.value === state);
        if (!known) throw new Error(`model: layer "${label}" (${layer.type}) assigns to what is no state`);
        if (isWritten(known.info, training)) known.value = value;
      },
      random: () => ({ counter: volatileStorage(graph, counterName, [4], 'i32'), stream: streams++ }),
      addLoss: (loss) => void auxiliary.push(loss),
    };
    const sources = call.inputs.map((source) => tensors.get(source)!);
    const result = layerDefinition(layer.type).build(context, sources, layer.config);
    tensors.set(topology.inputs.length + number, result);
    results.push(result);
  }
  graph.label = '';
  return {
    graph,
    inputs,
    outputs: topology.outputs.flatMap((output) => tensors.get(output) ?? []),
    results,
    tensors,
    parameters,
    states,
    auxiliary,
  };
}

type StateDeclaration = StateOptions & { name: string; shape: Shape; layer: number; batch: number };

/** The value of a state: what was assigned before in the same graph, or the storage. */
function declareState(states: Map<string, TracedState>, graph: Graph, declaration: StateDeclaration): Node {
  const { name, shape, layer, batch, initial = 0, dtype = 'f32', when = 'training', perSample = false } = declaration;
  const known = states.get(name);
  if (known && !sameShape(known.info.shape, shape))
    throw new ShapeError(
      `model: the state "${name}" of a shared layer is ${formatShape(known.info.shape)} in one place and ${formatShape(shape)} in another`,
    );
  if (known) return known.value;
  const stored = perSample ? { name: carriedName(batch, name), shape: [batch, ...shape] } : { name, shape };
  // What predictions write is never computed ahead of them.
  const node = graph.add('storage', [], { ...stored, dtype, initial, volatile: when !== 'training' });
  states.set(name, { info: { name, shape, dtype, layer, initial, when, perSample }, node, value: node });
  return node;
}

/** Whether a run of this kind writes a state. */
const isWritten = ({ when }: StateInfo, training: boolean): boolean =>
  when === 'always' || (when === 'training') === training;

/** Adds the assignments of all states: to be called last, since nothing may read them afterwards. */
export function addAssignments({ graph, states }: Trace): Node[] {
  return [...states.values()]
    .filter(({ node, value }) => value !== node)
    .map(({ node, value }) => {
      graph.label = node.label;
      const effect = assign(graph, node, value);
      graph.label = '';
      return effect;
    });
}

/** Every parameter of a topology, in the order of its layers. */
export const parametersOf = (topology: Topology): ParameterInfo[] => valuesOf(topology).parameters;

/** Every value of a topology that a model keeps and a file holds: what is trained, and the states of its layers. */
export function valuesOf(topology: Topology): { parameters: ParameterInfo[]; states: StateInfo[] } {
  const { parameters, states } = trace(topology, 1, false);
  return {
    parameters: [...parameters.values()].map(({ info }) => info),
    states: [...states.values()].map(({ info }) => info).filter(({ perSample }) => !perSample),
  };
}

/** The names of outputs: `output0`, … */
export const outputName = (index: number): string => `output${index}`;

export const named = (nodes: readonly Node[], name: (index: number) => string): Record<string, Node> =>
  Object.fromEntries(nodes.map((node, i) => [name(i), node]));

/** A prediction. With `checked`, a guard stops the program at inputs that are not finite. */
export function forwardFunction(topology: Topology, batch: number, { checked = false } = {}): GraphFunction {
  const traced = trace(topology, batch, false);
  const { graph, inputs, outputs } = traced;
  const floats = inputs.filter(({ dtype }) => dtype === 'f32');
  const guards = checked ? floats.map((node) => graph.add('checkFinite', [node])) : [];
  const assignments = addAssignments(traced);
  // The guards come first: what they guard has not been read yet.
  const nodes = [
    ...inputs,
    ...guards,
    ...graph.nodes.filter((node) => !inputs.includes(node) && !guards.includes(node)),
  ];
  return { nodes, outputs: named(outputs, outputName), effects: [...guards, ...assignments] };
}
