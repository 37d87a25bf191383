// Connectionist temporal classification: a loss for labels without times, as of speech and handwriting.
// The sums over paths are an instruction (assembly/nn/ctc.ts); here are its options and what targets must look like.
import { countOrZero, flag } from '../core/options.ts';
import { ShapeError } from '../core/errors.ts';
import type { Node, Shape } from '../graph/graph.ts';
import { ctc } from '../graph/operations/index.ts';
import { formulaLoss } from './formula.ts';

/** The labels of samples as `ctc` takes them. */
export interface CtcTargets {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

/**
 * Targets [N, 1 + longest] for `ctc`: how many frames of a sample count, its labels, −1 behind them.
 * @param inputLengths the frames of each sample; all of them where left out
 * @throws RangeError for a label that is no integer of at least 0, or a sample with more labels than frames
 */
export function ctcTargets(
  labels: readonly (readonly number[])[],
  { inputLengths }: { inputLengths?: ArrayLike<number> } = {},
): CtcTargets {
  if (!Array.isArray(labels) || labels.length === 0 || !labels.every(Array.isArray))
    throw new TypeError('ctcTargets: expected a list of at least one list of labels');
  if (inputLengths && inputLengths.length !== labels.length)
    throw new ShapeError(`ctcTargets: ${labels.length} samples and ${inputLengths.length} inputLengths`);
  const columns = 1 + labels.reduce((longest, { length }) => Math.max(longest, length), 0);
  const data = new Float32Array(labels.length * columns).fill(-1);
  labels.forEach((list, row) => {
    const frames = inputLengths?.[row];
    if (frames !== undefined && !(Number.isInteger(frames) && frames >= 1))
      throw new RangeError(`ctcTargets: frames ${frames} at row ${row}: expected an integer of at least 1`);
    if (frames !== undefined && list.length > frames)
      throw new RangeError(`ctcTargets: ${list.length} labels at row ${row} are longer than the ${frames} frames`);
    const wrong = list.find((label: number) => !(Number.isInteger(label) && label >= 0));
    if (wrong !== undefined)
      throw new RangeError(`ctcTargets: label ${wrong} at row ${row}: expected an integer of at least 0`);
    data.set([frames ?? 0, ...list], row * columns);
  });
  return { data, shape: [labels.length, columns] };
}

/** @throws RangeError for what is no label, no number of frames, or has more labels than frames, with its row */
function checkTargets(
  { data, shape }: { readonly data: ArrayLike<number>; readonly shape: Shape },
  prediction: Shape,
  blank: number,
  what: string,
): void {
  const [, time, classes] = prediction as [number, number, number];
  const [rows, columns] = shape as [number, number];
  if (blank >= classes) throw new RangeError(`${what}: ctc: blank ${blank} is none of the ${classes} classes`);
  for (let row = 0; row < rows; row++) {
    const given = Array.from({ length: columns }, (_, i) => data[row * columns + i]!);
    const frames = given[0]! || time;
    if (!Number.isInteger(frames) || frames < 1 || frames > time)
      throw new RangeError(`${what}: frames ${given[0]} at row ${row}: ctc expects an integer from 0 (all) to ${time}`);
    const end = given.findIndex((label, i) => i > 0 && label < 0);
    const labels = given.slice(1, end === -1 ? undefined : end);
    const wrong = labels.find((label) => !Number.isInteger(label) || label >= classes || label === blank);
    if (wrong !== undefined)
      throw new RangeError(
        `${what}: label ${wrong} at row ${row}: ctc expects integers from 0 to ${classes - 1} but for the blank ${blank}`,
      );
    if (labels.length > frames)
      throw new RangeError(`${what}: ${labels.length} labels at row ${row} are longer than the ${frames} frames`);
  }
}

/**
 * −ln of the probability that the frames spell the labels. `perLabel` divides it by their number (PyTorch's mean does);
 * `zeroInfinity` makes a loss of labels that cannot be spelled 0. Source: Graves et al. 2006.
 */
export const ctcLoss = formulaLoss('ctc', {
  task: 'regression',
  prediction: '[*, frames, classes]',
  fits: (shape: Shape) => shape.length === 3,
  target: {
    expected: () => '[*, 1 + labels] (see ctcTargets)',
    form: (prediction: Shape, target: Shape) =>
      target.length === 2 && target[0] === prediction[0] && target[1]! >= 1 ? 'own' : null,
    check: (target, prediction: Shape, { blank }: { blank: number }, what: string) =>
      checkTargets(target, prediction, blank, what),
  },
  fields: { blank: countOrZero(0), zeroInfinity: flag(false), perLabel: flag(false) },
  rows: (graph, { prediction, target }, options) => ({ losses: ctc(graph, logitsOf(prediction), target!, options) }),
});

/** A final softmax is peeled off: the loss takes logits, of which log-probabilities are some too. */
const logitsOf = (prediction: Node): Node =>
  prediction.operation === 'softmax' && prediction.attributes['kind'] === 'Softmax'
    ? prediction.inputs[0]!
    : prediction;
