// Adafactor: the mean of squares of a matrix kept as its row and column means (PyTorch Adafactor).
import { pow } from '../core/deterministic.ts';
import { field, positive, readOptions } from '../core/options.ts';
import type { Graph, Node, Shape } from '../graph/graph.ts';
import { add, binary, divide, multiply, reduce, scalar, subtract, unary } from '../graph/operations/index.ts';
import { decayFields, defineFormula, type Optimizer, type OptimizerOptions, type Slot } from './optimizer.ts';

export interface AdafactorOptions extends OptimizerOptions {
  /** The power of the step by which a new square counts; −0.8 by default. */
  beta2Decay?: number;
  /** The least root of a mean of squares; 2⁻²³, float32's epsilon, by default. */
  epsilon1?: number;
  /** The least size of a parameter that its step is measured by; 1e-3 by default. */
  epsilon2?: number;
  /** Steps whose root mean square is above this are scaled down to it; 1 by default. */
  clipThreshold?: number;
  /** Decoupled; 0 by default. */
  weightDecay?: number;
}

const squareRoots = (x: Node, graph: Graph) => unary(graph, 'Sqrt', reduce(graph, 'Mean', multiply(graph, x, x)));

/**
 * p ← p − α · u / max(1, rms(u) / clipThreshold), u = g / √v, α = max(epsilon2, rms(p)) · min(learningRate, 1 / √step).
 * Of a parameter with two or more axes v is the product of its row and column means over their common mean. The
 * learning rate is 1e-2 by default, as in PyTorch. Source: Shazeer, Stern 2018.
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer {
  const values = readOptions('adafactor', options, {
    ...decayFields(1e-2),
    beta2Decay: field<number>({
      fallback: -0.8,
      kind: 'a number',
      is: (value) => typeof value === 'number',
      expected: 'in [-1, 0]',
      accepts: (value) => value >= -1 && value <= 0,
    }),
    epsilon1: positive(2 ** -23),
    epsilon2: positive(1e-3),
    clipThreshold: positive(1),
  });
  const { beta2Decay, epsilon1, epsilon2, clipThreshold, weightDecay } = values;
  return defineFormula({
    type: 'adafactor',
    values,
    factory: adafactor,
    slots: slotsOf,
    scalarNames: ['share', 'rate', 'decay'],
    scalars: (step, learningRate) => ({
      share: pow(step, beta2Decay),
      rate: Math.min(learningRate, 1 / Math.sqrt(step)),
      decay: 1 - learningRate * weightDecay,
    }),
    build(graph, { parameter, gradient, slots, scalar: value }) {
      const square = multiply(graph, gradient, gradient);
      const rank = parameter.shape.length;
      const blend = (mean: Node, next: Node) =>
        add(graph, mean, multiply(graph, subtract(graph, next, mean), value('share')));
      const means =
        rank < 2
          ? [blend(slots[0]!, square)]
          : [rank - 1, rank - 2].map((axis, i) =>
              blend(slots[i]!, reduce(graph, 'Mean', square, { axes: [axis], keepDimensions: true })),
            );
      const estimate = rank < 2 ? means[0]! : combine(graph, means[0]!, means[1]!, epsilon1);
      const root = unary(graph, 'Sqrt', binary(graph, 'Maximum', estimate, scalar(graph, epsilon1 * epsilon1)));
      const step = divide(graph, gradient, root);
      const size = binary(graph, 'Maximum', squareRoots(parameter, graph), scalar(graph, epsilon2));
      const excess = unary(graph, 'Affine', squareRoots(step, graph), 1 / clipThreshold, 0);
      const damping = binary(graph, 'Maximum', excess, scalar(graph, 1));
      const length = divide(graph, multiply(graph, size, value('rate')), damping);
      const decayed = weightDecay === 0 ? parameter : multiply(graph, parameter, value('decay'));
      return { parameter: subtract(graph, decayed, multiply(graph, step, length)), slots: means };
    },
  });
}

/** row · column / max(mean of row, epsilon), of each matrix of the last two axes. */
function combine(graph: Graph, row: Node, column: Node, epsilon: number): Node {
  const mean = reduce(graph, 'Mean', row, { axes: [-2], keepDimensions: true });
  const scaled = divide(graph, row, binary(graph, 'Maximum', mean, scalar(graph, epsilon)));
  return multiply(graph, scaled, column);
}

/** The means of squares over each row and each column of the last two axes, or all squares. */
function slotsOf(shape: Shape): Slot[] {
  if (shape.length < 2) return [{ name: 'v', initial: 0 }];
  return [
    { name: 'row', initial: 0, shape: [...shape.slice(0, -1), 1] },
    { name: 'column', initial: 0, shape: [...shape.slice(0, -2), 1, shape.at(-1)!] },
  ];
}
