// The optimizer's part of a program: gradients clipped, and each parameter updated by a kernel or a formula; and the
// names under which the model stores what an optimizer keeps.
import { Graph, type GraphFunction, type Node, type Shape } from '../graph/graph.ts';
import {
  add,
  assign,
  binary,
  divide,
  input,
  multiply,
  part,
  reduce,
  scalar,
  storage,
  unary,
  update,
} from '../graph/operations/index.ts';
import { optimizerFor, optimizersOf, slotsFor, type Optimizer } from '../optimizers/optimizer.ts';
import { volatileStorage } from './trace.ts';

/** The hyperparameters of a step: of the optimizer, and of each of its parts. */
export const scalarsName = (index: number): string =>
  index === 0 ? 'optimizer.scalars' : `optimizer.scalars.${index}`;
export const slotName = (slot: string, parameter: string): string => `optimizer.${slot}.${parameter}`;

/** What an optimizer keeps of all parameters together. */
export const vectorName = (name: string): string => `optimizer.${name}`;

/** A parameter by name. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: Shape;
}

export interface GradientPair {
  readonly parameter: Node;
  readonly info: ParameterShape;
  readonly gradient: Node;
}

/** Clips the gradients as the optimizer asks, and adds its update of every parameter. */
export function addUpdates(graph: Graph, optimizer: Optimizer, pairs: readonly GradientPair[]): Node[] {
  const { clipValue, clipNorm } = optimizer;
  const clipped = pairs.map((pair) =>
    clipValue === undefined ? pair : { ...pair, gradient: unary(graph, 'Clip', pair.gradient, -clipValue, clipValue) },
  );
  const scale = clipNorm === undefined || pairs.length === 0 ? scalar(graph, 1) : clipScale(graph, clipped, clipNorm);
  const optimizers = optimizersOf(optimizer);
  const scalars = optimizers.map(({ scalarCount }, i) =>
    volatileStorage(graph, scalarsName(i), [Math.max(1, scalarCount)], 'f32'),
  );
  return clipped.flatMap((pair) => {
    const index = optimizerFor(optimizer, pair.info.name, pair.info.shape);
    graph.label = pair.parameter.label;
    const effects = addUpdate(graph, optimizers[index]!, pair, scalars[index]!, clipNorm === undefined ? null : scale);
    graph.label = '';
    return effects;
  });
}

/** @param scale what the gradient is multiplied by, or null for 1 */
function addUpdate(graph: Graph, optimizer: Optimizer, pair: GradientPair, scalars: Node, scale: Node | null): Node[] {
  const { parameter, info, gradient } = pair;
  const { formula } = optimizer;
  const slots = slotsFor(optimizer, info.shape).map(({ name, shape }) =>
    volatileStorage(graph, slotName(name, info.name), shape, 'f32'),
  );
  if (!formula)
    return [update(graph, optimizer.updateKind!, parameter, gradient, scalars, scale ?? scalar(graph, 1), slots)];
  const next = formula.build(graph, {
    parameter,
    gradient: scale ? multiply(graph, gradient, scale) : gradient,
    slots,
    scalar: (name) => part(graph, scalars, formula.scalarNames.indexOf(name), []),
  });
  return [assign(graph, parameter, next.parameter), ...slots.map((slot, i) => assign(graph, slot, next.slots[i]!))];
}

/** min(1, maximum / (‖all gradients‖ + 1e-6)), as PyTorch's clip_grad_norm_. */
function clipScale(graph: Graph, pairs: readonly GradientPair[], maximum: number): Node {
  const squares = pairs.map(({ gradient }) => reduce(graph, 'SumOfSquares', gradient));
  const norm = unary(
    graph,
    'Sqrt',
    squares.reduce((sum, next) => add(graph, sum, next)),
  );
  const ratio = divide(graph, scalar(graph, maximum), unary(graph, 'Affine', norm, 1, 1e-6));
  return binary(graph, 'Minimum', ratio, scalar(graph, 1));
}

export const gradientName = (parameter: string): string => `gradient:${parameter}`;

/** The optimizer's update alone, with the gradients from elsewhere: as inputs, unless said. */
export function applyFunction(
  parameters: readonly ParameterShape[],
  optimizer: Optimizer,
  gradientOf = (graph: Graph, { name, shape }: ParameterShape): Node => input(graph, gradientName(name), shape),
): GraphFunction {
  const graph = new Graph();
  const pairs = parameters.map((info) => ({
    info,
    parameter: storage(graph, info.name, info.shape),
    gradient: gradientOf(graph, info),
  }));
  const effects = addUpdates(graph, optimizer, pairs);
  return { nodes: graph.nodes, outputs: {}, effects };
}
