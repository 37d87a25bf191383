// Metrics of classifications: accuracy, top-k, precision, recall, F1, area under the ROC curve, confusion matrix.
// A prediction with one column (or a binary task) is a yes or no for each column; else the class of the largest.
// Sources: Fawcett 2006 (ROC); sklearn's definitions of macro and micro averages.
import { unknownName } from '../core/nearest.ts';
import { argmaxRow, expectValues, labelOfRow, type Metric, type MetricContext, type MetricState } from './metric.ts';

const isBinary = ({ task, columns }: MetricContext) => task === 'binary' || columns === 1;
const positive = (value: number, threshold: number) => Number(value > threshold);
const thresholdOf = ({ logits }: MetricContext) => (logits ? 0 : 0.5);
const truth = (value: number, { signed }: MetricContext) => Number(value > (signed ? 0 : 0.5));

/** The mean of 0 and 1 over all rows. */
function meanOf(
  hits: (prediction: Float32Array, target: Float32Array | Int32Array, row: number) => number,
): MetricState {
  let sum = 0;
  let count = 0;
  return {
    update(prediction, target, rows) {
      for (let row = 0; row < rows; row++) {
        const hit = hits(prediction, target, row);
        if (hit < 0) continue;
        sum += hit;
        count++;
      }
    },
    result: () => (count ? sum / count : Number.NaN),
  };
}

/** The share of right decisions: of classes, or of columns for a binary task. */
export const accuracy = (): Metric => ({
  name: 'accuracy',
  better: 'larger',
  create: (context) => (isBinary(context) ? binaryState(context, thresholdOf(context)) : classState(context)),
});

function classState(context: MetricContext): MetricState {
  return meanOf((prediction, target, row) => {
    const label = labelOfRow(target, row, context);
    return label < 0 ? -1 : Number(argmaxRow(prediction, row, context.columns) === label);
  });
}

function binaryState(context: MetricContext, threshold: number): MetricState {
  const { columns } = context;
  let right = 0;
  let count = 0;
  return {
    update(prediction, target, rows) {
      for (let i = 0; i < rows * columns; i++)
        right += Number(positive(prediction[i]!, threshold) === truth(target[i]!, context));
      count += rows * columns;
    },
    result: () => (count ? right / count : Number.NaN),
  };
}

/** The share of columns on the right side of a threshold (0.5, or 0 for logits). */
export const binaryAccuracy = ({ threshold }: { threshold?: number } = {}): Metric => ({
  name: 'binaryAccuracy',
  better: 'larger',
  create(context) {
    expectValues('binaryAccuracy', context);
    return binaryState(context, threshold ?? thresholdOf(context));
  },
});

/** The share of rows whose class is among the k largest predictions. */
export function topKAccuracy({ k = 5 }: { k?: number } = {}): Metric {
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`topKAccuracy: expected k of at least 1, got ${String(k)}`);
  return {
    name: `top${k}Accuracy`,
    better: 'larger',
    create: (context) =>
      meanOf((prediction, target, row) => {
        const label = labelOfRow(target, row, context);
        if (label < 0) return -1;
        const start = row * context.columns;
        const score = prediction[start + label]!;
        if (Number.isNaN(score)) return 0;
        let above = 0;
        for (let i = 0; i < context.columns; i++) above += Number(prediction[start + i]! > score);
        return Number(above < k);
      }),
  };
}

/** counts[actual][predicted], binary tasks as two classes. */
function countState(context: MetricContext): MetricState & { counts: number[][] } {
  const binary = isBinary(context);
  const classes = binary ? 2 : context.columns;
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  const threshold = thresholdOf(context);
  return {
    counts,
    update(prediction, target, rows) {
      if (binary) {
        for (let i = 0; i < rows * context.columns; i++)
          counts[truth(target[i]!, context)]![positive(prediction[i]!, threshold)]!++;
        return;
      }
      for (let row = 0; row < rows; row++) {
        const label = labelOfRow(target, row, context);
        if (label >= 0) counts[label]![argmaxRow(prediction, row, context.columns)]!++;
      }
    },
    result: () => counts.map((row) => [...row]),
  };
}

/** counts[actual][predicted]. */
export const confusionMatrix = (): Metric => ({ name: 'confusionMatrix', better: null, create: countState });

/** How precision, recall and F1 of several classes become one number; 'binary' is the positive class of a binary task. */
export type Average = 'binary' | 'macro' | 'micro';

interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
const precisionOf = ({ truePositives, falsePositives }: Counts) => ratio(truePositives, truePositives + falsePositives);
const recallOf = ({ truePositives, falseNegatives }: Counts) => ratio(truePositives, truePositives + falseNegatives);
const f1Of = ({ truePositives, falsePositives, falseNegatives }: Counts) =>
  ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);

function countsOfClass(matrix: number[][], label: number): Counts {
  const truePositives = matrix[label]![label]!;
  const predicted = matrix.reduce((sum, row) => sum + row[label]!, 0);
  const actual = matrix[label]!.reduce((sum, count) => sum + count, 0);
  return { truePositives, falsePositives: predicted - truePositives, falseNegatives: actual - truePositives };
}

const averages: readonly Average[] = ['binary', 'macro', 'micro'];

function averaged(name: string, score: (counts: Counts) => number, average: Average | undefined): Metric {
  if (average !== undefined && !averages.includes(average)) throw unknownName(`average of ${name}`, average, averages);
  return {
    name,
    better: 'larger',
    create(context) {
      const state = countState(context);
      const mode = average ?? (isBinary(context) ? 'binary' : 'macro');
      if (mode === 'binary' && !isBinary(context))
        throw new RangeError(`${name}: average "binary" needs a binary task, not ${context.columns} classes`);
      return {
        update: state.update,
        result() {
          if (mode === 'binary') return score(countsOfClass(state.counts, state.counts.length - 1));
          const perClass = state.counts.map((_, label) => countsOfClass(state.counts, label));
          if (mode === 'macro') return perClass.reduce((sum, counts) => sum + score(counts), 0) / perClass.length;
          const total = (field: keyof Counts) => perClass.reduce((sum, counts) => sum + counts[field], 0);
          return score({
            truePositives: total('truePositives'),
            falsePositives: total('falsePositives'),
            falseNegatives: total('falseNegatives'),
          });
        },
      };
    },
  };
}

interface AverageOption {
  /** 'binary' for a binary task, else 'macro'. */
  readonly average?: Average;
}

/** Of what was called positive, the share that is; 0 where nothing was. */
export const precision = ({ average }: AverageOption = {}): Metric => averaged('precision', precisionOf, average);

/** Of what is positive, the share that was found; 0 where nothing is. */
export const recall = ({ average }: AverageOption = {}): Metric => averaged('recall', recallOf, average);

/** The harmonic mean of precision and recall. */
export const f1 = ({ average }: AverageOption = {}): Metric => averaged('f1', f1Of, average);

/**
 * The area under the ROC curve: the probability that a positive scores above a negative, ties half.
 * Exact, from all scores; the mean over the classes (one against the rest) where there are several.
 */
export const auc = (): Metric => ({
  name: 'auc',
  better: 'larger',
  create(context) {
    const { columns } = context;
    const pooled = isBinary(context);
    const scores: number[][] = Array.from({ length: pooled ? 1 : columns }, () => []);
    const labels: number[][] = scores.map(() => []);
    return {
      update(prediction, target, rows) {
        for (let row = 0; row < rows; row++) {
          const label = pooled ? 0 : labelOfRow(target, row, context);
          if (label < 0) continue;
          for (let column = 0; column < columns; column++) {
            const index = row * columns + column;
            const list = pooled ? 0 : column;
            scores[list]!.push(prediction[index]!);
            labels[list]!.push(pooled ? truth(target[index]!, context) : Number(label === column));
          }
        }
      },
      result() {
        const areas = scores
          .map((values, i) => areaUnderCurve(values, labels[i]!))
          .filter((area) => !Number.isNaN(area));
        return areas.length ? areas.reduce((sum, area) => sum + area, 0) / areas.length : Number.NaN;
      },
    };
  },
});

/** By ranks (Mann–Whitney U), ties at their mean rank; NaN where one of the two classes is missing, or a score is NaN. */
function areaUnderCurve(scores: number[], labels: number[]): number {
  if (scores.some(Number.isNaN)) return Number.NaN;
  const order = scores.map((_, i) => i).toSorted((a, b) => scores[a]! - scores[b]!);
  let rankSum = 0;
  let positives = 0;
  for (let i = 0; i < order.length;) {
    let end = i + 1;
    while (end < order.length && scores[order[end]!] === scores[order[i]!]) end++;
    const meanRank = (i + 1 + end) / 2;
    for (const index of order.slice(i, end)) {
      rankSum += labels[index]! * meanRank;
      positives += labels[index]!;
    }
    i = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * The mean over the classes that occur (in predictions or targets) of intersection over union: right decisions over all
 * rows where the class was predicted or is true. Rows are places for a segmentation.
 */
export const meanIoU = (): Metric => ({
  name: 'meanIoU',
  better: 'larger',
  create(context) {
    const state = countState(context);
    return {
      update: state.update,
      result() {
        const ratios = state.counts
          .map((_, label) => countsOfClass(state.counts, label))
          .map(({ truePositives, falsePositives, falseNegatives }) => ({
            both: truePositives,
            either: truePositives + falsePositives + falseNegatives,
          }))
          .filter(({ either }) => either > 0);
        return ratios.length
          ? ratios.reduce((sum, { both, either }) => sum + both / either, 0) / ratios.length
          : Number.NaN;
      },
    };
  },
});
