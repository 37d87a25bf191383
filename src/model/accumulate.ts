// Gradient accumulation: the gradients of several small batches are added up, and one step is taken with their sum, as
// if they had been one larger batch. Each small batch counts by its share of what the larger one's mean divides by.
import type { Graph, GraphFunction, Node } from '../graph/graph.ts';
import { UpdateKind } from '../core/generated/instructions.ts';
import { constant, part, scalar, update } from '../graph/operations/index.ts';
import type { ResolvedData } from './data.ts';
import { addTraining, type Objective } from './functions.ts';
import type { Topology } from './topology.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { volatileStorage } from './trace.ts';
import { applyFunction, slotName, type ParameterShape } from './updates.ts';

/** The shares of the batch at hand: of each output's loss, and of what does not depend on the samples. */
export const sharesName = 'optimizer.shares';
export const accumulatedName = (parameter: string): string => slotName('accumulated', parameter);

/** Forward, loss, guard and backward of a small batch; its gradients are added to those that are stored. */
export function accumulateFunction(topology: Topology, batch: number, objective: Objective): GraphFunction {
  return addTraining(topology, batch, objective, {
    shares: (graph) => {
      const shares = volatileStorage(graph, sharesName, [objective.losses.length + 1], 'f32');
      return Array.from({ length: objective.losses.length + 1 }, (_, i) => part(graph, shares, i, []));
    },
    effects: (graph, pairs) =>
      pairs.map(({ gradient, info }) =>
        addInPlace(graph, volatileStorage(graph, accumulatedName(info.name), info.shape, 'f32'), gradient),
      ),
  });
}

/** sum ← sum + value, as the step of plain descent with rate −1. */
const addInPlace = (graph: Graph, sum: Node, value: Node): Node =>
  update(graph, UpdateKind.Sgd, sum, value, constant(graph, Float32Array.of(-1, 0, 1), [3]), scalar(graph, 1), []);

/** The optimizer's update with the gradients that are stored. */
export const applyAccumulatedFunction = (parameters: readonly ParameterShape[], optimizer: Optimizer): GraphFunction =>
  applyFunction(parameters, optimizer, (graph, { name, shape }) =>
    volatileStorage(graph, accumulatedName(name), shape, 'f32'),
  );

/** What the samples `order[start…start+count)` add to what each output's mean is divided by. */
export function weightsOf(
  objective: Objective,
  data: ResolvedData,
  order: ArrayLike<number> | null,
  start: number,
  count: number,
): number[] {
  return objective.losses.map(({ reduction, rowWeight }, i) => {
    if (reduction === 'sum') return 1;
    if (objective.forms[i] !== 'indices' || !rowWeight) return count;
    const { data: labels, shape } = data.targets[i]!;
    const rows = labels.length / shape[0]!;
    let sum = 0;
    for (let sample = start; sample < start + count; sample++) {
      const first = (order ? order[sample]! : sample) * rows;
      for (let row = first; row < first + rows; row++) sum += rowWeight(labels[row]!);
    }
    return sum;
  });
}
