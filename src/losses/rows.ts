// The losses of rows, each a kernel of the core: which kernel, how targets must look, which options there are.
// A row is all but the last axis of the prediction; R rows of C columns.
import { ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import { sameShape, type Node, type Shape } from '../graph/graph.ts';
import { constant, lossRows, multiply, scalar, type LossName } from '../graph/operations/index.ts';
import { asRows, openShape, reduceRows, type Loss, type LossSpec, type TargetForm } from './definition.ts';

interface Kind {
  task: Loss['task'];
  kernel: LossName;
  /** The kernel for targets that are class indices, if it takes them. */
  indexKernel?: LossName;
  logits?: boolean;
  /** The option that becomes the kernel's alpha, and its default. */
  alpha?: readonly [option: string, fallback: number];
  /** The option that holds one weight for each column. */
  weights?: string;
  /** What that option is: a list; a number or a list; or the share of the positive side in both, null for no balance. */
  weighting?: 'list' | 'factors' | 'share';
  /** What targets must lie in. */
  range?: readonly [number, number];
  /** The only values of targets. */
  values?: number[];
}

const binaryFocal = {
  task: 'binary',
  kernel: 'BinaryFocal',
  alpha: ['gamma', 2],
  weights: 'alpha',
  weighting: 'share',
  range: [0, 1],
} as const;

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
  binaryFocal,
  binaryFocalWithLogits: { ...binaryFocal, logits: true },
  focal: {
    task: 'classification',
    kernel: 'FocalProbabilities',
    indexKernel: 'FocalIndices',
    logits: true,
    alpha: ['gamma', 2],
    weights: 'alpha',
    weighting: 'factors',
    range: [0, 1],
  },
} as const satisfies Record<string, Kind>;

export type RowLossType = keyof typeof kinds;

export const rowLossNames = Object.keys(kinds) as RowLossType[];

/** @throws RangeError or TypeError for an option that is unknown or out of range */
export function rowLoss(type: RowLossType, spec: LossSpec): Loss {
  const kind: Kind = kinds[type];
  const { reduction, alpha, weights, ignoreIndex } = checkOptions(type, kind, spec);
  return {
    spec: weights === undefined || weights === null ? spec : { ...spec, [kind.weights!]: weights },
    task: kind.task,
    logits: kind.logits ?? false,
    takesTarget: true,
    ignoreIndex,
    reduction,
    targetRange: kind.range,
    targetValues: kind.values,
    rowWeight(label) {
      if (label === ignoreIndex) return 0;
      // Of the focal loss all rows count alike.
      return Array.isArray(weights) && kind.weighting === undefined ? weights[label]! : 1;
    },
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
      const list = weightsOfColumns(type, kind, weights, columns);
      const rows = lossRows(
        graph,
        logitsOfColumns,
        form === 'indices' ? target! : asRows(graph, target!),
        { kind: kernel, alpha, ignoreIndex: ignoreIndex ?? -1, weighted: list !== undefined },
        list && constant(graph, Float32Array.from(list), [columns]),
      );
      // Without a balance each side has half of the weight, and the whole is twice as much.
      const losses = weights === null ? multiply(graph, rows.losses, scalar(graph, 2)) : rows.losses;
      // Only class indices have weights of their own: class weights, and 0 where ignored.
      return reduceRows(graph, { losses, weights: form === 'indices' ? rows.weights : null }, sampleWeights, reduction);
    },
  };
}

function weightsOfColumns(type: string, kind: Kind, weights: Weights, columns: number): readonly number[] | undefined {
  if (weights === undefined) return undefined;
  if (weights === null || typeof weights === 'number') return Array.from({ length: columns }, () => weights ?? 0.5);
  if (weights.length !== columns)
    throw new ShapeError(`${type}: expected ${columns} ${kind.weights}, got ${weights.length}`);
  return weights;
}

/**
 * The numerically safe form: a final softmax or sigmoid is peeled off and the loss taken on the logits below it,
 * which is the same function without its overflow.
 */
function stableForm(type: RowLossType, kind: Kind, prediction: Node): { kernel: LossName; prediction: Node } {
  const [below] = prediction.inputs;
  const kindOfPrediction = prediction.attributes['kind'];
  const isSoftmax = prediction.operation === 'softmax' && kindOfPrediction === 'Softmax';
  if ((type === 'crossEntropy' || type === 'focal') && isSoftmax) return { kernel: kind.kernel, prediction: below! };
  const isSigmoid = prediction.operation === 'unary' && kindOfPrediction === 'Sigmoid';
  if (type === 'binaryCrossEntropy' && isSigmoid) return { kernel: 'BinaryCrossEntropyLogits', prediction: below! };
  if (type === 'binaryFocal' && isSigmoid) return { kernel: 'BinaryFocal', prediction: below! };
  if (type === 'binaryFocal')
    throw new ShapeError('binaryFocal: needs a final sigmoid, or logits and the loss binaryFocalWithLogits');
  if (type === 'binaryFocalWithLogits' && isSigmoid)
    throw new ShapeError('binaryFocalWithLogits: the prediction is already a sigmoid; use binaryFocal');
  if (type === 'binaryCrossEntropyWithLogits' && isSigmoid)
    throw new ShapeError('binaryCrossEntropyWithLogits: the prediction is already a sigmoid; use binaryCrossEntropy');
  if (type === 'negativeLogLikelihood' && isSoftmax)
    throw new ShapeError(
      'negativeLogLikelihood: the prediction must be log-probabilities; use logSoftmax or crossEntropy',
    );
  return { kernel: kind.kernel, prediction };
}

function targetForm(type: RowLossType, kind: Kind, prediction: Shape, target: Shape, dtype: 'f32' | 'i32'): TargetForm {
  const rows = prediction.slice(0, -1);
  // [B, 1] holds one index a row as [B] does.
  const isIndices = sameShape(target, rows) || (dtype === 'i32' && sameShape(target, [...rows, 1]));
  if (kind.indexKernel && isIndices) return 'indices';
  const isValues = sameShape(prediction, target) || (sameShape(prediction, [...target, 1]) && !kind.indexKernel);
  // One kernel for both knows indices alone.
  const takesValues = kind.kernel !== kind.indexKernel;
  if (isValues && takesValues) return 'values';
  const expected = kind.indexKernel
    ? `class indices ${openShape(rows)}${takesValues ? ` or probabilities ${openShape(prediction)}` : ''}`
    : openShape(prediction);
  throw new ShapeError(
    `${type}: expected targets ${expected} for a prediction ${openShape(prediction)}, got ${openShape(target)}`,
  );
}

function checkOptions(type: RowLossType, kind: Kind, spec: LossSpec) {
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
  const weights = kind.weights ? checkWeights(type, kind, spec[kind.weights]) : undefined;
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

/** One weight for each column, one for all, none; or null where there is to be no balance. */
type Weights = readonly number[] | number | null | undefined;

function checkWeights(type: string, { weights: option, weighting = 'list' }: Kind, given: unknown): Weights {
  if (weighting === 'share') return checkShare(type, option!, given);
  if (given === undefined) return undefined;
  if (weighting === 'factors' && typeof given === 'number') return checkWeight(type, option!, given);
  if (!Array.isArray(given) && !ArrayBuffer.isView(given))
    throw new TypeError(`${type}: expected a list of ${option}, got ${typeof given}`);
  // As JSON has it: a typed array would become an object there.
  return Array.from(given as unknown as ArrayLike<number>, (weight) => checkWeight(type, option!, weight));
}

function checkWeight(type: string, option: string, weight: number): number {
  if (!(Number.isFinite(weight) && weight >= 0))
    throw new RangeError(`${type}: expected non-negative ${option}, got ${String(weight)}`);
  return weight;
}

function checkShare(type: string, option: string, given: unknown): number | null {
  if (given === null) return null;
  if (given === undefined) return 0.25;
  if (typeof given !== 'number') throw new TypeError(`${type}: expected a number for ${option}, got ${typeof given}`);
  if (!(given >= 0 && given <= 1)) throw new RangeError(`${type}: expected ${option} in [0, 1], got ${given}`);
  return given;
}
