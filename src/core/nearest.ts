// Unknown names: the known one that was probably meant, and the error that says so.
// Distance is the number of letters inserted, dropped, changed or swapped with their neighbour
// (optimal string alignment; Damerau 1964), capitals aside.

/** The known name nearest to `name`, or undefined where none is near enough to have been meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance <= tolerance(name, candidate)) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/**
 * The error for a name that is not known: `unknown activation "rleu"; did you mean "relu"? known: relu, …`.
 * @param what the kind of thing: `activation`
 */
export function unknownName(what: string, name: unknown, known: readonly string[]): RangeError {
  const near = typeof name === 'string' ? nearest(name, known) : undefined;
  const suggestion = near === undefined ? '; ' : `; did you mean "${near}"? `;
  return new RangeError(`unknown ${what} "${String(name)}"${suggestion}known: ${known.join(', ')}`);
}

/** A third of the letters may be wrong, and one always, as long as one is right. */
function tolerance(name: string, candidate: string): number {
  const length = Math.max(name.length, candidate.length);
  return Math.min(Math.max(1, Math.floor(length / 3)), length - 1);
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
