// The confusion matrix as text: rows are the actual classes, columns the predicted ones. Of many classes, the
// confusions alone.
import { count, percent, table } from './text.ts';

/** More classes than this make a table wider than a terminal. */
const mostColumns = 16;
const widestName = 12;
const mostListed = 10;

/** @param counts counts[actual][predicted] */
export function confusionText(classes: readonly string[], counts: readonly (readonly number[])[]): string {
  return classes.length <= mostColumns ? matrix(classes, counts) : worst(classes, counts);
}

function matrix(classes: readonly string[], counts: readonly (readonly number[])[]): string {
  const names = classes.map(shortened);
  const rows = counts.map((row, actual) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    return [names[actual]!, ...row.map((value) => (value === 0 ? '·' : count(value))), percent(row[actual]! / total)];
  });
  return `confusion matrix (a row for each actual class, a column for each predicted one)\n${table([
    ['', ...names, 'recall'],
    ...rows,
  ])}`;
}

function worst(classes: readonly string[], counts: readonly (readonly number[])[]): string {
  const confusions = counts
    .flatMap((row, actual) => row.map((value, predicted) => ({ value, actual, predicted })))
    .filter(({ value, actual, predicted }) => value > 0 && actual !== predicted)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, mostListed);
  if (confusions.length === 0) return 'no class was taken for another';
  const rows = confusions.map(({ value, actual, predicted }) => [
    `${classes[actual]} taken for ${classes[predicted]}`,
    count(value),
  ]);
  return `most frequent confusions\n${table(rows)}`;
}

const shortened = (name: string): string => (name.length > widestName ? `${name.slice(0, widestName - 1)}…` : name);
