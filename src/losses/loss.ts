// Losses: which kernel, how targets must look, and the weighted mean over the rows as graph arithmetic.
// A row is all but the last axis of the prediction; R rows of C columns. The mean is
//   Σ s·w·l / Σ w   with l the row's loss, w its class weight (0 where ignored) and s its sample's weight:
// PyTorch's mean where only class weights are given, Keras' where only sample weights are.
import { ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph/graph.ts';
import {
  binary,
  constant,
  divide,
  lossRows,
  multiply,
  reduce,
  reshape,
  scalar,
  broadcastTo,
  type LossName,
} from '../graph/operations/index.ts';

export type LossSpec = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What a target holds: a class index for each row, or a value for each element of the prediction. */
export type TargetForm = 'indices' | 'values';

export interface Loss {
  readonly spec: LossSpec;
  /** The task that its metrics and reports are of. */
  readonly task: 'classification' | 'binary' | 'regression';
  /** Whether predictions are logits: a binary decision is then at 0, not at 0.5. */
  readonly logits: boolean;
  /** The target's form for a prediction and a target of these shapes. @throws ShapeError where they do not fit */
  targetForm(prediction: Shape, target: Shape, dtype: 'f32' | 'i32'): TargetForm;
  readonly reduction: 'mean' | 'sum';
  /** What a target's values must lie in, where they are no indices. */
  readonly targetRange: readonly [number, number] | undefined;
  /** The only values that a target may have. */
  readonly targetValues: readonly number[] | undefined;
  /** The index that stands for "no label". */
  readonly ignoreIndex: number | undefined;
  /** Adds the loss to a graph. `sampleWeights` is [B] or null. @throws ShapeError where it does not fit the prediction */
  build(graph: Graph, prediction: Node, target: Node, form: TargetForm, sampleWeights: Node | null): LossNodes;
}

export interface LossNodes {
  /** The scalar loss. */
  readonly loss: Node;
  /** The sum of the rows' weights that a mean was divided by; null where all samples count alike. */
  readonly divisor: Node | null;
}

interface Kind {
  task: Loss['task'];
  kernel: LossName;
  /** The kernel for targets that are class indices, if it takes them. */
  indexKernel?: LossName;
  logits?: boolean;
  /** The option that becomes the kernel's alpha, and its default. */
  alpha?: [option: string, fallback: number];
  /** The option that holds one weight for each column. */
  weights?: string;
  /** What targets must lie in. */
  range?: [number, number];
  /** The only values of targets. */
  values?: number[];
}

const kinds = {
  meanSquaredError: { task: 'regression', kernel: 'MeanSquared' },
  meanAbsoluteError: { task: 'regression', kernel: 'MeanAbsolute' },
  huber: { task: 'regression', kernel: 'Huber', alpha: ['delta', 1] },
  smoothL1: { task: 'regression', kernel: 'SmoothL1', alpha: ['beta', 1] },
  logCosh: { task: 'regression', kernel: 'LogCosh' },
  poisson: { task: 'regression', kernel: 'Poisson', alpha: ['logInput', 1], range: [0, Infinity] },
  cosineSimilarity: { task: 'regression', kernel: 'CosineSimilarity' },
  binaryCrossEntropy: { task: 'binary', kernel: 'BinaryCrossEntropy', weights: 'positiveWeights', range: [0, 1] },
  binaryCrossEntropyWithLogits: {
    task: 'binary',
    kernel: 'BinaryCrossEntropyLogits',
    logits: true,
    weights: 'positiveWeights',
    range: [0, 1],
  },
  hinge: { task: 'binary', kernel: 'Hinge', logits: true, values: [-1, 1] },
  squaredHinge: { task: 'binary', kernel: 'SquaredHinge', logits: true, values: [-1, 1] },
  crossEntropy: {
    task: 'classification',
    kernel: 'CrossEntropyProbabilities',
    indexKernel: 'CrossEntropyIndices',
    logits: true,
    alpha: ['labelSmoothing', 0],
    weights: 'classWeights',
    range: [0, 1],
  },
  negativeLogLikelihood: {
    task: 'classification',
    kernel: 'NegativeLogLikelihood',
    indexKernel: 'NegativeLogLikelihood',
    weights: 'classWeights',
  },
  kullbackLeibler: { task: 'regression', kernel: 'KullbackLeibler', range: [0, 1] },
} as const satisfies Record<string, Kind>;

export type LossType = keyof typeof kinds;

const aliases: Readonly<Record<string, LossType>> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossEntropy',
  categoricalCrossEntropy: 'crossEntropy',
  sparseCategoricalCrossEntropy: 'crossEntropy',
  nll: 'negativeLogLikelihood',
  klDivergence: 'kullbackLeibler',
};

/** The names of all losses. */
export const lossNames = Object.keys(kinds) as LossType[];

/** A loss, its name, or its JSON form. */
export type LossLike = LossType | 'mse' | 'mae' | 'bce' | 'nll' | LossSpec | Loss | (string & {});

/** @throws RangeError for an unknown name or option */
export function resolveLoss(loss: LossLike): Loss {
  if (typeof loss === 'object' && loss !== null && typeof (loss as Loss).build === 'function') return loss as Loss;
  const spec = typeof loss === 'string' ? { type: loss } : (loss as LossSpec);
  if (typeof spec?.type !== 'string') throw new TypeError(`loss: expected a name, got ${typeof loss}`);
  const type = aliases[spec.type] ?? spec.type;
  if (!Object.hasOwn(kinds, type)) throw unknownName('loss', spec.type, lossNames);
  return makeLoss(type as LossType, { ...spec, type });
}

const named = new WeakSet<Loss>();

/** Whether a loss is one of ours, of which its specification says all. */
export const isNamedLoss = (loss: Loss): boolean => named.has(loss);

function makeLoss(type: LossType, spec: LossSpec): Loss {
  const kind: Kind = kinds[type];
  const { reduction, alpha, weights, ignoreIndex } = checkOptions(type, kind, spec);
  const loss: Loss = {
    // As JSON has it: a typed array would become an object there.
    spec: weights ? { ...spec, [kind.weights!]: weights } : spec,
    task: kind.task,
    logits: kind.logits ?? false,
    ignoreIndex,
    reduction,
    targetRange: kind.range,
    targetValues: kind.values,
    targetForm: (prediction, target, dtype) => targetForm(type, kind, prediction, target, dtype),
    build(graph, prediction, target, form, sampleWeights) {
      const stable = stableForm(type, kind, prediction);
      if (weights && stable.kernel === 'BinaryCrossEntropy')
        throw new ShapeError(
          `${type}: positiveWeights need a final sigmoid, or logits and the loss binaryCrossEntropyWithLogits`,
        );
      const kernel = form === 'indices' ? kind.indexKernel! : stable.kernel;
      const logitsOfColumns = asRows(graph, stable.prediction);
      const columns = logitsOfColumns.shape[1]!;
      if (weights && weights.length !== columns)
        throw new ShapeError(`${type}: expected ${columns} ${kind.weights}, got ${weights.length}`);
      const rows = lossRows(
        graph,
        logitsOfColumns,
        form === 'indices' ? target : asRows(graph, target),
        { kind: kernel, alpha, ignoreIndex: ignoreIndex ?? -1, weighted: weights !== undefined },
        weights && constant(graph, Float32Array.from(weights), [columns]),
      );
      const sampled = sampleWeights
        ? multiply(graph, rows.losses, repeatForRows(graph, sampleWeights, rows.losses.shape[0]!))
        : rows.losses;
      // Only class indices have weights of their own: class weights, and 0 where ignored.
      if (form !== 'indices')
        return { loss: reduce(graph, reduction === 'sum' ? 'Sum' : 'Mean', sampled), divisor: null };
      const total = reduce(graph, 'Sum', multiply(graph, sampled, rows.weights));
      if (reduction === 'sum') return { loss: total, divisor: null };
      const divisor = reduce(graph, 'Sum', rows.weights);
      // A batch without a single label has the loss 0, not 0 / 0.
      return { loss: divide(graph, total, binary(graph, 'Maximum', divisor, scalar(graph, 1e-30))), divisor };
    },
  };
  named.add(loss);
  return loss;
}

/**
 * The numerically safe form: a final softmax or sigmoid is peeled off and the loss taken on the logits below it,
 * which is the same function without its overflow.
 */
function stableForm(type: LossType, kind: Kind, prediction: Node): { kernel: LossName; prediction: Node } {
  const [below] = prediction.inputs;
  const kindOfPrediction = prediction.attributes['kind'];
  if (type === 'crossEntropy' && prediction.operation === 'softmax' && kindOfPrediction === 'Softmax')
    return { kernel: kind.kernel, prediction: below! };
  const isSigmoid = prediction.operation === 'unary' && kindOfPrediction === 'Sigmoid';
  if (type === 'binaryCrossEntropy' && isSigmoid) return { kernel: 'BinaryCrossEntropyLogits', prediction: below! };
  if (type === 'binaryCrossEntropyWithLogits' && isSigmoid)
    throw new ShapeError('binaryCrossEntropyWithLogits: the prediction is already a sigmoid; use binaryCrossEntropy');
  if (type === 'negativeLogLikelihood' && prediction.operation === 'softmax' && kindOfPrediction === 'Softmax')
    throw new ShapeError(
      'negativeLogLikelihood: the prediction must be log-probabilities; use logSoftmax or crossEntropy',
    );
  return { kernel: kind.kernel, prediction };
}

const asRows = (graph: Graph, x: Node): Node =>
  reshape(graph, x, x.shape.length < 2 ? [sizeOf(x.shape), 1] : [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);

/** [B] weights for the R rows of B samples. */
function repeatForRows(graph: Graph, weights: Node, rows: number): Node {
  const [batch] = weights.shape as [number];
  if (rows === batch) return weights;
  const repeated = broadcastTo(graph, reshape(graph, weights, [batch, 1]), [batch, rows / batch]);
  return reshape(graph, repeated, [rows]);
}

function targetForm(type: LossType, kind: Kind, prediction: Shape, target: Shape, dtype: 'f32' | 'i32'): TargetForm {
  const rows = prediction.slice(0, -1);
  // [B, 1] holds one index a row as [B] does.
  const isIndices = sameShape(target, rows) || (dtype === 'i32' && sameShape(target, [...rows, 1]));
  if (kind.indexKernel && isIndices) return 'indices';
  const isValues = sameShape(prediction, target) || (sameShape(prediction, [...target, 1]) && !kind.indexKernel);
  if (isValues && !(type === 'negativeLogLikelihood')) return 'values';
  const sample = (shape: Shape) => formatShape(['*' as unknown as number, ...shape.slice(1)]);
  const expected = kind.indexKernel
    ? `class indices ${sample(rows)}${type === 'crossEntropy' ? ` or probabilities ${sample(prediction)}` : ''}`
    : sample(prediction);
  throw new ShapeError(
    `${type}: expected targets ${expected} for a prediction ${sample(prediction)}, got ${sample(target)}`,
  );
}

function checkOptions(type: LossType, kind: Kind, spec: LossSpec) {
  const known = ['type', 'reduction', kind.alpha?.[0], kind.weights, kind.indexKernel && 'ignoreIndex'].filter(
    (name) => name !== undefined,
  );
  for (const name of Object.keys(spec)) if (!known.includes(name)) throw unknownName(`option of ${type}`, name, known);
  const { reduction = 'mean', ignoreIndex = kind.indexKernel ? -100 : undefined } = spec as {
    reduction?: string;
    ignoreIndex?: number;
  };
  if (reduction !== 'mean' && reduction !== 'sum')
    throw new RangeError(`${type}: expected reduction "mean" or "sum", got ${JSON.stringify(reduction)}`);
  if (ignoreIndex !== undefined && !Number.isInteger(ignoreIndex))
    throw new RangeError(`${type}: expected an integer ignoreIndex, got ${String(ignoreIndex)}`);
  const [option, fallback] = kind.alpha ?? ['', 0];
  const alpha = checkAlpha(type, option, spec[option] ?? fallback);
  const weights = kind.weights ? checkWeights(type, kind.weights, spec[kind.weights]) : undefined;
  return { reduction: reduction as Loss['reduction'], alpha, weights, ignoreIndex };
}

/** The number behind the one option that becomes the kernel's alpha. */
function checkAlpha(type: string, option: string, value: unknown): number {
  if (option === 'logInput') {
    if (typeof value !== 'boolean' && value !== 1)
      throw new TypeError(`${type}: expected logInput true or false, got ${String(value)}`);
    return Number(value);
  }
  if (typeof value !== 'number') throw new TypeError(`${type}: expected a number for ${option}, got ${typeof value}`);
  const isIn = Number.isFinite(value) && value >= 0 && !(option === 'delta' && value === 0);
  if (!isIn || (option === 'labelSmoothing' && value >= 1))
    throw new RangeError(`${type}: ${option} is out of range: ${value}`);
  return value;
}

function checkWeights(type: string, option: string, given: unknown): number[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) && !ArrayBuffer.isView(given))
    throw new TypeError(`${type}: expected a list of ${option}, got ${typeof given}`);
  const weights = Array.from(given as ArrayLike<number>);
  for (const weight of weights)
    if (!(Number.isFinite(weight) && weight >= 0))
      throw new RangeError(`${type}: expected non-negative ${option}, got ${String(weight)}`);
  return weights;
}
