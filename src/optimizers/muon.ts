// Muon: a step whose matrix has singular values near 1 (PyTorch Muon), with AdamW for what is no matrix.
import { field, flag, fraction, nonNegative, oneOf, optional, positive, readOptions, count } from '../core/options.ts';
import { sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import {
  axpy,
  binary,
  divide,
  matmul,
  multiply,
  reduce,
  reshape,
  scalar,
  subtract,
  unary,
} from '../graph/operations/index.ts';
import { adamW, type AdamOptions } from './adam.ts';
import { matches } from './groups.ts';
import { runningMean } from './lamb.ts';
import {
  commonFields,
  defineFormula,
  zeros,
  type Optimizer,
  type OptimizerOptions,
  type OptimizerPart,
} from './optimizer.ts';

export interface MuonOptions extends OptimizerOptions {
  /** In [0, 1); 0.95 by default. */
  momentum?: number;
  /** Look ahead along the momentum; true by default. */
  nesterov?: boolean;
  /** Decoupled; 0.1 by default. */
  weightDecay?: number;
  /** Newton–Schulz steps towards singular values of 1; 5 by default. */
  steps?: number;
  /** The least norm of a gradient; 1e-7 by default. */
  epsilon?: number;
  /**
   * How the step's length follows a matrix of `rows` inputs and `columns` outputs: 'original', √max(1, columns / rows),
   * or 'matchAdamW', 0.2·√max(rows, columns), so that a learning rate of AdamW fits.
   */
  adjust?: 'original' | 'matchAdamW';
  /** Of AdamW, which has biases, scales and everything else with fewer than two axes. */
  adam?: AdamOptions;
  /** Names of matrices that AdamW is to have too, as in `groups`: embeddings and the last layer, by Muon's authors. */
  adamFor?: string | readonly string[];
}

/** The coefficients of the quintic iteration: the steepest at 0 that keeps singular values within about [0.7, 1.2]. */
const [a, b, c] = [3.4445, -4.775, 2.0315] as const;

/**
 * p ← (1 − learningRate · weightDecay) · p − learningRate · s · O, O the gradient's momentum made nearly orthogonal, s
 * as `adjust` says. Convolution kernels are taken as matrices of [everything but the outputs, outputs]. The learning
 * rate is 1e-3 by default, as in PyTorch; AdamW's is its own. Sources: Jordan et al. 2024; PyTorch 2.9 Muon.
 */
export function muon(options: MuonOptions = {}): Optimizer {
  const values = readOptions('muon', options, {
    ...commonFields(1e-3),
    momentum: fraction(0.95),
    nesterov: flag(true),
    weightDecay: nonNegative(0.1),
    steps: count(5),
    epsilon: positive(1e-7),
    adjust: oneOf(['original', 'matchAdamW'], 'original'),
    adam: optional(field<AdamOptions>({ kind: 'an object', is: (value) => typeof value === 'object' })),
    adamFor: optional(
      field<string | readonly string[]>({
        kind: 'a name or a list of names',
        is: (value) => typeof value === 'string' || Array.isArray(value),
      }),
    ),
  });
  const { momentum, nesterov, weightDecay, steps, epsilon, adjust, adam, adamFor = [] } = values;
  for (const name of ['clipValue', 'clipNorm', 'groups'])
    if (adam && name in adam) throw new RangeError(`muon: adam: ${name} is for all parameters together`);
  const other = adamW(adam ?? {});
  return defineFormula({
    type: 'muon',
    values: { ...values, ...(adam && { adam: other.config }) },
    factory: muon,
    parts: [adamPart(other, adamFor)],
    slots: () => [zeros('momentum')],
    scalarNames: ['rate', 'decay'],
    scalars: (_, learningRate) => ({ rate: learningRate, decay: 1 - learningRate * weightDecay }),
    build(graph, { parameter, gradient, slots: [buffer], scalar: value }) {
      const { shape } = parameter;
      const running = runningMean(graph, buffer!, gradient, momentum);
      const direction = nesterov ? runningMean(graph, running, gradient, momentum) : running;
      const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape.at(-1)!];
      const matrix = orthogonalize(graph, reshape(graph, direction, [rows, columns]), steps, epsilon);
      const length =
        adjust === 'original' ? Math.sqrt(Math.max(1, columns / rows)) : 0.2 * Math.sqrt(Math.max(rows, columns));
      const step = unary(graph, 'Affine', reshape(graph, matrix, shape), length, 0);
      const decayed = weightDecay === 0 ? parameter : multiply(graph, parameter, value('decay'));
      return { parameter: subtract(graph, decayed, multiply(graph, step, value('rate'))), slots: [running] };
    },
  });
}

/** AdamW for what has fewer than two axes, or is asked for. */
const adamPart = (optimizer: Optimizer, names: string | readonly string[]): OptimizerPart => ({
  optimizer,
  followsRate: false,
  takes: (name: string, shape: Shape) => shape.length < 2 || matches(names, name),
});

/** X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, or the same from the right with A = Xᵀ·X where that is the smaller matrix. */
function orthogonalize(graph: Graph, x: Node, steps: number, epsilon: number): Node {
  const [rows, columns] = x.shape as [number, number];
  const tall = rows > columns;
  const norm = unary(graph, 'Sqrt', reduce(graph, 'SumOfSquares', x));
  let result = divide(graph, x, binary(graph, 'Maximum', norm, scalar(graph, epsilon)));
  for (let step = 0; step < steps; step++) {
    const gram = tall
      ? matmul(graph, result, result, { transposeA: true })
      : matmul(graph, result, result, { transposeB: true });
    const mixed = axpy(graph, b, gram, unary(graph, 'Affine', matmul(graph, gram, gram), c, 0));
    const turned = tall ? matmul(graph, result, mixed) : matmul(graph, mixed, result);
    result = axpy(graph, a, result, turned);
  }
  return result;
}
