// The losses of whole samples and batches in float64, one loss for each row: the oracle of the formula losses.
// Predictions come as nested lists, a sample each; a row's weight is 1 unless said.

export interface WeightedRow {
  readonly loss: number;
  readonly weight: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]!));
const mean = (values: readonly number[]) => sum(values) / values.length;

/** Tversky's loss of one sample: p and t as [places][classes]. Dice is alpha = beta = 1/2 with half of its smooth. */
export function tverskyRow(
  p: readonly number[][],
  t: readonly number[][],
  { alpha, beta, smooth }: { alpha: number; beta: number; smooth: number },
): number {
  return mean(
    p[0]!.map((_, c) => {
      const truePositives = sum(p.map((row, i) => row[c]! * t[i]![c]!));
      const falsePositives = sum(p.map((row, i) => row[c]! * (1 - t[i]![c]!)));
      const falseNegatives = sum(p.map((row, i) => (1 - row[c]!) * t[i]![c]!));
      return 1 - (truePositives + smooth) / (truePositives + alpha * falsePositives + beta * falseNegatives + smooth);
    }),
  );
}

/** PyTorch's pairwise_distance with p = 2. */
const distance = (a: readonly number[], b: readonly number[], epsilon = 0) =>
  Math.hypot(...a.map((value, i) => value - b[i]! + epsilon));

/** PyTorch's TripletMarginLoss of one sample. */
export function tripletRow(
  [anchor, near, far]: readonly number[][],
  { margin, epsilon, swap }: { margin: number; epsilon: number; swap: boolean },
): number {
  const toNegative = distance(anchor!, far!, epsilon);
  const negative = swap ? Math.min(toNegative, distance(near!, far!, epsilon)) : toNegative;
  return Math.max(0, distance(anchor!, near!, epsilon) - negative + margin);
}

/** Batch-hard triplets of embeddings with labels. */
export function batchTripletRows(x: readonly number[][], labels: readonly number[], margin: number): WeightedRow[] {
  return x.map((row, i) => {
    const distances = x.map((other) => distance(row, other));
    const positives = distances.filter((_, j) => j !== i && labels[j] === labels[i]);
    const negatives = distances.filter((_, j) => labels[j] !== labels[i]);
    if (!positives.length || !negatives.length) return { loss: 0, weight: 0 };
    return { loss: Math.max(0, Math.max(...positives) - Math.min(...negatives) + margin), weight: 1 };
  });
}

const cosine = (a: readonly number[], b: readonly number[]) => dot(a, b) / (Math.hypot(...a) * Math.hypot(...b));

/** −log softmax(logits)[right] */
function crossEntropy(logits: readonly number[], right: number): number {
  const greatest = Math.max(...logits);
  return greatest + Math.log(sum(logits.map((value) => Math.exp(value - greatest)))) - logits[right]!;
}

/** InfoNCE of pairs [B][2][D]. */
export function infoNCERows(pairs: readonly number[][][], temperature: number, symmetric: boolean): number[] {
  const there = pairs.map(([first], i) =>
    crossEntropy(
      pairs.map(([, second]) => cosine(first!, second!) / temperature),
      i,
    ),
  );
  if (!symmetric) return there;
  const back = pairs.map(([, second], i) =>
    crossEntropy(
      pairs.map(([first]) => cosine(first!, second!) / temperature),
      i,
    ),
  );
  return there.map((loss, i) => (loss + back[i]!) / 2);
}

/** NT-Xent of pairs [B][2][D]: two rows for each sample. */
export function ntXentRows(pairs: readonly number[][][], temperature: number): number[] {
  const views = pairs.flat();
  return views.map((view, i) => {
    const partner = i % 2 ? i - 1 : i + 1;
    const others = views.flatMap((other, j) => (j === i ? [] : [{ j, value: cosine(view, other) / temperature }]));
    return crossEntropy(
      others.map(({ value }) => value),
      others.findIndex(({ j }) => j === partner),
    );
  });
}

/** PyTorch's GaussianNLLLoss of one row: its mean over the columns. */
export function gaussianRow(
  means: readonly number[],
  variances: readonly number[],
  t: readonly number[],
  full: boolean,
) {
  return mean(
    means.map(
      (m, i) => (Math.log(variances[i]!) + (m - t[i]!) ** 2 / variances[i]! + (full ? Math.log(2 * Math.PI) : 0)) / 2,
    ),
  );
}

/** ½ ln of the mean of the squares, at least epsilon. */
export function logMeanSquaredErrorRow(
  prediction: readonly number[],
  target: readonly number[],
  epsilon: number,
): number {
  const mean = prediction.reduce((sum, p, i) => sum + (p - target[i]!) ** 2, 0) / prediction.length;
  return 0.5 * Math.log(mean + epsilon);
}
