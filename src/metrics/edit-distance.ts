// How far produced sequences are from the right ones: edit distance, and the error rates made of it.
// Source: Levenshtein 1966; Wagner and Fischer 1974 (the table, of which a row is kept).
import type { Tokens } from './sequence.ts';

/**
 * The fewest insertions, deletions and substitutions of one element that make `b` of `a`. Texts go by characters
 * (code points), lists by elements.
 */
export function editDistance(a: string | ArrayLike<unknown>, b: string | ArrayLike<unknown>): number {
  const [from, to] = [Array.from(a as ArrayLike<unknown>), Array.from(b as ArrayLike<unknown>)];
  const row = Array.from({ length: to.length + 1 }, (_, j) => j);
  from.forEach((item, i) => {
    let diagonal = row[0]!;
    row[0] = i + 1;
    to.forEach((other, j) => {
      const substituted = diagonal + (item === other ? 0 : 1);
      diagonal = row[j + 1]!;
      row[j + 1] = Math.min(substituted, diagonal + 1, row[j]! + 1);
    });
  });
  return row[to.length]!;
}

/** Σ distance / Σ length of the references. */
function errorRate(
  what: string,
  predictions: readonly Tokens[],
  references: readonly Tokens[],
  itemsOf: (tokens: Tokens) => readonly unknown[],
): number {
  if (!Array.isArray(predictions) || !Array.isArray(references))
    throw new TypeError(`${what}: expected two lists of texts or lists`);
  if (predictions.length === 0 || predictions.length !== references.length)
    throw new RangeError(
      `${what}: expected a reference for each of ${predictions.length} predictions, got ${references.length}`,
    );
  let [distance, length] = [0, 0];
  predictions.forEach((prediction: Tokens, i) => {
    const reference = itemsOf(references[i]!);
    distance += editDistance(itemsOf(prediction), reference);
    length += reference.length;
  });
  if (length === 0) throw new RangeError(`${what}: the references are empty`);
  return distance / length;
}

/**
 * Characters (of lists: elements) to be corrected, over those of the references. May pass 1.
 * @throws RangeError for another number of references than predictions, or references without a character
 */
export const characterErrorRate = (predictions: readonly Tokens[], references: readonly Tokens[]): number =>
  errorRate('characterErrorRate', predictions, references, (text) => Array.from(text as ArrayLike<unknown>));

/**
 * Words to be corrected, over those of the references: texts are split at white space, lists are taken as words.
 * @throws RangeError for another number of references than predictions, or references without a word
 */
export const wordErrorRate = (predictions: readonly Tokens[], references: readonly Tokens[]): number =>
  errorRate('wordErrorRate', predictions, references, (text) =>
    typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : text,
  );
