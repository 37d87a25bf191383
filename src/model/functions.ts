// From a topology to the functions of training: evaluation, a training step, gradients, an update.
// All of them trace the same layers (trace.ts); what differs is what is asked of the result.
import { penaltyNode } from '../layers/core.ts';
import { addGradients } from '../graph/gradients.ts';
import type { Graph, GraphFunction, Node, Shape } from '../graph/graph.ts';
import { add, input, multiply, reduce, scalar } from '../graph/operations/index.ts';
import type { Loss, LossNodes, TargetForm } from '../losses/loss.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Topology } from './topology.ts';
import { addAssignments, named, outputName, trace, type Trace } from './trace.ts';
import { addUpdates, gradientName, type GradientPair } from './updates.ts';

export * from './trace.ts';

/** Inputs beside the model's own have a colon, which no input of a model has. */
export const targetName = (index: number): string => `target:${index}`;
export const sampleWeightsName = 'weights:samples';
/** The loss of one output, and what its mean was divided by. */
export const lossName = (index: number): string => `loss${index}`;
export const divisorName = (index: number): string => `divisor${index}`;

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
  /** What layers add for the samples of the batch. */
  readonly auxiliary: readonly Node[];
  /** What is minimised: the weighted sum of all of them. */
  readonly total: Node;
}

/** Adds inputs for targets, the losses, and their sum with the penalties. */
function addObjective(traced: Trace, objective: Objective, batch: number): ObjectiveNodes {
  const { graph, outputs, parameters, auxiliary } = traced;
  const sampleWeights = objective.sampleWeights ? input(graph, sampleWeightsName, [batch]) : null;
  const losses = outputs.map((prediction, i) => {
    const form = objective.forms[i]!;
    const shape = [batch, ...objective.targetShapes[i]!.slice(1)];
    const dtype = form === 'indices' ? 'i32' : 'f32';
    const target = form === 'none' ? null : input(graph, targetName(i), shape, dtype);
    return objective.losses[i]!.build(graph, prediction, target, form, sampleWeights);
  });
  const penalties = [...parameters.values()]
    .filter(({ info }) => info.penalty && (info.penalty.l1 || info.penalty.l2))
    .map(({ info, node }) => penaltyNode(graph, node, info.penalty!));
  const nodes = { losses, penalties, auxiliary };
  return { ...nodes, total: sumOfLosses(graph, objective, nodes) };
}

/** The weighted sum of everything that is minimised; each output's loss, and the rest, times its share where there are some. */
function sumOfLosses(
  graph: Graph,
  { lossWeights }: Objective,
  { losses, penalties, auxiliary }: Omit<ObjectiveNodes, 'total'>,
  shares: readonly Node[] | null = null,
): Node {
  const times = (node: Node, share: Node | undefined) => (share ? multiply(graph, node, share) : node);
  const weighted = losses.map(({ loss }, i) => {
    const weight = lossWeights[i]!;
    return times(weight === 1 ? loss : multiply(graph, loss, scalar(graph, weight)), shares?.[i]);
  });
  const rest = [...penalties, ...auxiliary].map((node) => times(node, shares?.at(-1)));
  return [...weighted, ...rest].reduce((sum, next) => add(graph, sum, next));
}

/** Prediction and the parts of the loss, nothing trained. */
export function evaluateFunction(topology: Topology, batch: number, objective: Objective): GraphFunction {
  const traced = trace(topology, batch, false);
  const { losses, penalties, auxiliary } = addObjective(traced, objective, batch);
  const outputs: Record<string, Node> = named(traced.outputs, outputName);
  losses.forEach(({ loss, divisor }, i) => {
    outputs[lossName(i)] = loss;
    if (divisor) outputs[divisorName(i)] = divisor;
  });
  if (penalties.length) outputs['penalty'] = penalties.reduce((sum, next) => add(traced.graph, sum, next));
  if (auxiliary.length) outputs['auxiliary'] = auxiliary.reduce((sum, next) => add(traced.graph, sum, next));
  return { nodes: traced.graph.nodes, outputs, effects: addAssignments(traced) };
}

/** What is done with the gradients of a batch. */
export interface GradientUse {
  /** What each output's loss, and lastly everything else, is multiplied by before it is differentiated. */
  shares?(graph: Graph): readonly Node[];
  effects(graph: Graph, pairs: readonly GradientPair[]): readonly Node[];
  /** Results of the program beside the loss and the predictions. */
  outputs?(pairs: readonly GradientPair[]): Readonly<Record<string, Node>>;
}

/** Forward, loss, a guard, backward, and what is done with the gradients. */
export function addTraining(topology: Topology, batch: number, objective: Objective, use: GradientUse): GraphFunction {
  const traced = trace(topology, batch, true);
  const { graph, outputs } = traced;
  const nodes = addObjective(traced, objective, batch);
  const { total: loss } = nodes;
  const guard = graph.add('checkFinite', [loss]);
  const trained = [...traced.parameters.values()].filter(({ info }) => info.trainable);
  const gradients = addGradients(
    graph,
    use.shares ? sumOfLosses(graph, objective, nodes, use.shares(graph)) : loss,
    scalar(graph, 1),
    trained.map(({ node }) => node),
  );
  const pairs = trained.flatMap(({ node, info }, i) =>
    gradients[i] ? [{ parameter: node, info, gradient: gradients[i] }] : [],
  );
  const effects = [guard, ...use.effects(graph, pairs), ...addAssignments(traced)];
  return { nodes: graph.nodes, outputs: { loss, ...named(outputs, outputName), ...use.outputs?.(pairs) }, effects };
}

/** One step of training: forward, loss, a guard, backward, update. */
export const trainFunction = (
  topology: Topology,
  batch: number,
  objective: Objective,
  optimizer: Optimizer,
): GraphFunction =>
  addTraining(topology, batch, objective, { effects: (graph, pairs) => addUpdates(graph, optimizer, pairs) });

export const inputGradientName = (index: number): string => `inputGradient${index}`;
export const outputGradientName = (index: number): string => `outputGradient:${index}`;

/** Gradients of every trainable parameter and of the inputs: of a loss, or of the outputs weighted by given gradients. */
export function gradientFunction(
  topology: Topology,
  batch: number,
  objective: Objective | null,
  training = false,
): GraphFunction {
  const traced = trace(topology, batch, training);
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
