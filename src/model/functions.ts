// From a topology to the functions of training: evaluation, a training step, gradients, an update.
// All of them trace the same layers (trace.ts); what differs is what is asked of the result.
import { penaltyNode } from '../layers/core.ts';
import { addGradients } from '../graph/gradients.ts';
import type { GraphFunction, Node, Shape } from '../graph/graph.ts';
import { add, input, multiply, reduce, scalar } from '../graph/operations/index.ts';
import type { Loss, LossNodes, TargetForm } from '../losses/loss.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Topology } from './topology.ts';
import { addAssignments, named, outputName, trace, type Trace } from './trace.ts';
import { addUpdates, gradientName } from './updates.ts';

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
