// Metrics of sequences: perplexity of predicted tokens, and BLEU of produced ones.
import { exp, log } from '../core/deterministic.ts';
import { labelOfRow, type Metric } from './metric.ts';

/** −ln of the probability of column `label` in a row of probabilities, or of logits. */
function surprise(
  prediction: Float32Array,
  row: number,
  columns: number,
  label: number,
  probabilities: boolean,
): number {
  const start = row * columns;
  const own = prediction[start + label]!;
  if (probabilities) return -log(own);
  let greatest = -Infinity;
  for (let i = start; i < start + columns; i++) greatest = Math.max(greatest, prediction[i]!);
  let sum = 0;
  for (let i = start; i < start + columns; i++) sum += exp(prediction[i]! - greatest);
  return greatest + log(sum) - own;
}

/**
 * e to the mean over the rows of −ln of the probability of the right class: how many classes the model hesitates between.
 * Of probabilities where the model ends in a softmax, else of logits; rows without a label do not count.
 */
export const perplexity = (): Metric => ({
  name: 'perplexity',
  better: 'smaller',
  create(context) {
    const { columns, task } = context;
    if (task !== 'classification' || columns < 2)
      throw new RangeError('perplexity: needs predictions of classes, and the loss is of another task');
    const { probabilities } = context;
    let sum = 0;
    let count = 0;
    return {
      update(prediction, target, rows) {
        for (let row = 0; row < rows; row++) {
          const label = labelOfRow(target, row, context);
          if (label < 0) continue;
          sum += surprise(prediction, row, columns, label, probabilities);
          count++;
        }
      },
      result: () => (count ? exp(sum / count) : Number.NaN),
    };
  },
});

/** A text, split at white space, or a list of tokens. */
export type Tokens = string | readonly (string | number)[];

export interface BleuOptions {
  /** The longest n-grams that are compared; 4 by default. */
  readonly maxOrder?: number;
  /** Counts one more match and one more n-gram for each length above 1, for short texts (Lin, Och 2004). */
  readonly smooth?: boolean;
}

const tokensOf = (text: Tokens): string[] =>
  typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : Array.from(text, String);

function gramCounts(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + order <= tokens.length; i++) {
    const gram = JSON.stringify(tokens.slice(i, i + order));
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** How many n-grams of a candidate one of its references has too, each at most as often as there. */
function matchesOf(candidate: readonly string[], references: readonly string[][], order: number): number {
  const allowed = references.map((reference) => gramCounts(reference, order));
  let sum = 0;
  for (const [gram, count] of gramCounts(candidate, order))
    sum += Math.min(count, Math.max(...allowed.map((counts) => counts.get(gram) ?? 0)));
  return sum;
}

/** The length of the reference nearest to a candidate's, the shorter of two as near. */
const nearestLength = (length: number, references: readonly string[][]): number =>
  references
    .map((reference) => reference.length)
    .reduce((best, next) => {
      const [a, b] = [Math.abs(best - length), Math.abs(next - length)];
      return b < a || (b === a && next < best) ? next : best;
    });

/**
 * Corpus BLEU: the geometric mean of the shares of n-grams that the references have too, times e^(1 − r/c) where the
 * candidates (c tokens) are shorter than their references (r). From 0 to 1. Source: Papineni et al. 2002.
 * @param references for each candidate a list of at least one
 * @throws RangeError for another number of references than candidates, or none
 */
export function bleu(
  candidates: readonly Tokens[],
  references: readonly (readonly Tokens[])[],
  { maxOrder = 4, smooth = false }: BleuOptions = {},
): number {
  if (!Number.isInteger(maxOrder) || maxOrder < 1)
    throw new RangeError(`bleu: expected maxOrder of at least 1, got ${String(maxOrder)}`);
  if (candidates.length === 0 || candidates.length !== references.length)
    throw new RangeError(`bleu: expected references for ${candidates.length} candidates, got ${references.length}`);
  const empty = references.findIndex((list) => !Array.isArray(list) || list.length === 0);
  if (empty !== -1) throw new TypeError(`bleu: expected a list of references for candidate ${empty}`);
  const pairs = candidates.map((candidate, i) => ({
    candidate: tokensOf(candidate),
    references: references[i]!.map(tokensOf),
  }));
  let [produced, wanted] = [0, 0];
  for (const { candidate, references: texts } of pairs) {
    produced += candidate.length;
    wanted += nearestLength(candidate.length, texts);
  }
  let logarithm = 0;
  for (let order = 1; order <= maxOrder; order++) {
    const extra = smooth && order > 1 ? 1 : 0;
    let [matches, total] = [extra, extra];
    for (const { candidate, references: texts } of pairs) {
      matches += matchesOf(candidate, texts, order);
      total += Math.max(0, candidate.length - order + 1);
    }
    if (matches === 0) return 0;
    logarithm += log(matches / total) / maxOrder;
  }
  return exp(logarithm + Math.min(0, 1 - wanted / produced));
}
