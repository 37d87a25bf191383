// Connectionist temporal classification by its definition, in float64: every path of T classes is looked at, and those
// that spell the labels (equal neighbours once, then blanks away) are added up. Slow on purpose: Cᵀ paths.
// Source: Graves, Fernández, Gomez, Schmidhuber 2006.

/** What a path of classes says. */
export function spell(path: readonly number[], blank: number): number[] {
  return path.filter((value, t) => value !== blank && value !== path[t - 1]);
}

/** Every path of `time` classes. */
export function* paths(time: number, classes: number): Generator<number[]> {
  if (time === 0) yield [];
  else for (const rest of paths(time - 1, classes)) for (let k = 0; k < classes; k++) yield [...rest, k];
}

function logSoftmax(row: ArrayLike<number>): number[] {
  const values = Array.from(row);
  const top = Math.max(...values);
  const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return values.map((value) => value - total);
}

/** −log of the probability that logits [time, classes] spell the labels; Infinity where no path does. */
export function ctcLoss(logits: ArrayLike<number>, classes: number, labels: readonly number[], blank = 0): number {
  const time = logits.length / classes;
  const logs = Array.from({ length: time }, (_, t) =>
    logSoftmax(Array.prototype.slice.call(logits, t * classes, (t + 1) * classes)),
  );
  const wanted = labels.join();
  let probability = 0;
  for (const path of paths(time, classes))
    if (spell(path, blank).join() === wanted)
      probability += Math.exp(path.reduce((sum, k, t) => sum + logs[t]![k]!, 0));
  return -Math.log(probability);
}
