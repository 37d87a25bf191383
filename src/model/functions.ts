// From a topology to functions of the graph: prediction, evaluation, a training step, gradients.
// All of them trace the same layers; what differs is what is asked of the result.
import type { LayerContext, Penalty, StateOptions, StateWhen } from '../layers/layer.ts';
import { expectAssignable, layerDefinition } from '../layers/layer.ts';
import { penaltyNode } from '../layers/core.ts';
import { addGradients } from '../graph/gradients.ts';
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
import { add, assign, input, multiply, reduce, scalar, storage } from '../graph/operations/index.ts';
import type { Initializer } from '../initializers/initializer.ts';
import type { Loss, LossNodes, TargetForm } from '../losses/loss.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Topology } from './topology.ts';
import { addUpdates, gradientName, volatileStorage } from './updates.ts';

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
  readonly parameters: ReadonlyMap<string, { info: ParameterInfo; node: Node }>;
  readonly states: ReadonlyMap<string, TracedState>;
}

/** Names of what the model stores beside its parameters. */
export const counterName = 'state.counter';
/** What each sample of a batch carries from run to run: batches of another size have values of their own. */
export const carriedPrefix = 'state.carried.';
const carriedName = (batch: number, name: string): string => `${carriedPrefix}${batch}.${name}`;

/** Adds the nodes of every layer for a batch of samples. */
export function trace(topology: Topology, batch: number, training: boolean): Trace {
  const graph = new Graph();
  const inputs = topology.inputs.map(({ name, shape, dtype }) => input(graph, name, [batch, ...shape], dtype));
  const tensors: Node[] = [...inputs];
  const parameters = new Map<string, { info: ParameterInfo; node: Node }>();
  const states = new Map<string, TracedState>();
  let streams = 0;
  for (const call of topology.calls) {
    const layer = topology.layers[call.layer]!;
    const label = topology.names[call.layer]!;
    graph.label = label;
    const context: LayerContext = {
      graph,
      training,
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
    };
    const sources = call.inputs.map((source) => tensors[source]!);
    tensors.push(layerDefinition(layer.type).build(context, sources, layer.config));
  }
  graph.label = '';
  return {
    graph,
    inputs,
    outputs: topology.outputs.map((output) => tensors[output]!),
    results: tensors.slice(inputs.length),
    parameters,
    states,
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
function addAssignments({ graph, states }: Trace): Node[] {
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

/** The names of outputs: `output0`, … Inputs beside the model's own have a colon, which no input of a model has. */
export const outputName = (index: number): string => `output${index}`;
export const targetName = (index: number): string => `target:${index}`;
export const sampleWeightsName = 'weights:samples';
/** The loss of one output, and what its mean was divided by. */
export const lossName = (index: number): string => `loss${index}`;
export const divisorName = (index: number): string => `divisor${index}`;

const named = (nodes: readonly Node[], name: (index: number) => string): Record<string, Node> =>
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

/** What is learned: one loss for each output, and how much it counts. */
export interface Objective {
  readonly losses: readonly Loss[];
  readonly lossWeights: readonly number[];
  readonly forms: readonly TargetForm[];
  readonly targetShapes: readonly Shape[];
  readonly sampleWeights: boolean;
}

interface ObjectiveNodes {
  /** Of each output, unweighted. */
  readonly losses: readonly LossNodes[];
  /** All penalties of the parameters. */
  readonly penalties: readonly Node[];
  /** What is minimised: the weighted sum of all of them. */
  readonly total: Node;
}

/** Adds inputs for targets, the losses, and their sum with the penalties. */
function addObjective(traced: Trace, objective: Objective, batch: number): ObjectiveNodes {
  const { graph, outputs, parameters } = traced;
  const sampleWeights = objective.sampleWeights ? input(graph, sampleWeightsName, [batch]) : null;
  const losses = outputs.map((prediction, i) => {
    const form = objective.forms[i]!;
    const shape = [batch, ...objective.targetShapes[i]!.slice(1)];
    const dtype = form === 'indices' ? 'i32' : 'f32';
    const target = form === 'none' ? null : input(graph, targetName(i), shape, dtype);
    return objective.losses[i]!.build(graph, prediction, target, form, sampleWeights);
  });
  const weighted = losses.map(({ loss }, i) => {
    const weight = objective.lossWeights[i]!;
    return weight === 1 ? loss : multiply(graph, loss, scalar(graph, weight));
  });
  const penalties = [...parameters.values()]
    .filter(({ info }) => info.penalty && (info.penalty.l1 || info.penalty.l2))
    .map(({ info, node }) => penaltyNode(graph, node, info.penalty!));
  return { losses, penalties, total: [...weighted, ...penalties].reduce((sum, next) => add(graph, sum, next)) };
}

/** Prediction and the parts of the loss, nothing trained. */
export function evaluateFunction(topology: Topology, batch: number, objective: Objective): GraphFunction {
  const traced = trace(topology, batch, false);
  const { losses, penalties } = addObjective(traced, objective, batch);
  const outputs: Record<string, Node> = named(traced.outputs, outputName);
  losses.forEach(({ loss, divisor }, i) => {
    outputs[lossName(i)] = loss;
    if (divisor) outputs[divisorName(i)] = divisor;
  });
  if (penalties.length) outputs['penalty'] = penalties.reduce((sum, next) => add(traced.graph, sum, next));
  return { nodes: traced.graph.nodes, outputs, effects: addAssignments(traced) };
}

/** One step of training: forward, loss, a guard, backward, update. */
export function trainFunction(
  topology: Topology,
  batch: number,
  objective: Objective,
  optimizer: Optimizer,
): GraphFunction {
  const traced = trace(topology, batch, true);
  const { graph, outputs } = traced;
  const { total: loss } = addObjective(traced, objective, batch);
  const guard = graph.add('checkFinite', [loss]);
  const trained = [...traced.parameters.values()].filter(({ info }) => info.trainable);
  const gradients = addGradients(
    graph,
    loss,
    scalar(graph, 1),
    trained.map(({ node }) => node),
  );
  const pairs = trained.flatMap(({ node, info }, i) =>
    gradients[i] ? [{ parameter: node, info, gradient: gradients[i] }] : [],
  );
  const updates = addUpdates(graph, optimizer, pairs);
  const effects = [guard, ...updates, ...addAssignments(traced)];
  return { nodes: graph.nodes, outputs: { loss, ...named(outputs, outputName) }, effects };
}

export const inputGradientName = (index: number): string => `inputGradient${index}`;
export const outputGradientName = (index: number): string => `outputGradient:${index}`;

/** Gradients of every trainable parameter and of the inputs: of a loss, or of the outputs weighted by given gradients. */
export function gradientFunction(topology: Topology, batch: number, objective: Objective | null): GraphFunction {
  const traced = trace(topology, batch, false);
  const { graph, inputs, outputs, parameters } = traced;
  const trained = [...parameters.values()].filter(({ info }) => info.trainable);
  const targets = [...trained.map(({ node }) => node), ...inputs];
  let loss: Node | null = null;
  let total: (Node | null)[];
  if (objective) {
    loss = addObjective(traced, objective, batch).total;
    total = addGradients(graph, loss, scalar(graph, 1), targets);
  } else {
    const sums = outputs.map((output, i) =>
      reduce(graph, 'Sum', multiply(graph, output, input(graph, outputGradientName(i), output.shape))),
    );
    const weighted = sums.reduce((sum, next) => add(graph, sum, next));
    total = addGradients(graph, weighted, scalar(graph, 1), targets);
  }
  const zero = (shape: Shape) => graph.add('fill', [], { shape, value: 0 });
  const gradients = total.map((gradient, i) => gradient ?? zero(targets[i]!.shape));
  return {
    nodes: graph.nodes,
    outputs: {
      ...(loss && { loss }),
      ...Object.fromEntries(trained.map(({ info }, i) => [gradientName(info.name), gradients[i]!])),
      ...named(gradients.slice(trained.length), inputGradientName),
    },
    effects: [],
  };
}
