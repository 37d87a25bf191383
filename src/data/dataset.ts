// Samples with their targets: taking some, splitting off a test set, one-hot labels.
// Batching belongs to the model, pictures and names of classes only travel along.
import { ShapeError } from '../core/errors.ts';
import { Random } from '../core/philox.ts';
import { describeValue, formatShape, isTensor, placeOf, rowSize, size } from './tensor.ts';
import type { Tensor } from './tensor.ts';

export interface Dataset {
  /** `[n, ...]`, a row for each sample. */
  inputs: Tensor;
  /** Class indices as i32 `[n]`, or f32 `[n, outputs]`. */
  targets: Tensor;
  /** The name of each class index. */
  classes?: string[];
  /** The name of each input column. */
  featureNames?: string[];
  /** `[height, width]` or `[height, width, channels]`, where a row of the inputs is a picture. */
  imageShape?: number[];
}

export interface SplitOptions {
  /** How many samples to hold out: a count from 1, or a fraction between 0 and 1 (of it, the nearest count). */
  testSize: number;
  /** Hold out the same share of every class (targets: class indices). Default false. */
  stratify?: boolean;
  /** Default 0. */
  seed?: number;
  /** Without it the held-out samples are the last ones, and all keep their order. Default true. */
  shuffle?: boolean;
}

export interface Split {
  train: Dataset;
  test: Dataset;
}

/** The random stream of a split, apart from those of weights, shuffling and dropout under the same seed. */
const splitStream = 0x53504c54;

/**
 * Holds out a test set. The counts are exact; stratified, each class gives its share of them rounded by
 * largest remainder (of equal remainders, the lower class first). One seed, one split, on every engine.
 *
 * @throws RangeError for a test size that leaves one side empty
 * @throws TypeError where `stratify` is asked for and the targets are not class indices
 */
export function trainTestSplit(dataset: Dataset, options: SplitOptions): Split {
  const { stratify = false, seed = 0, shuffle = true } = options;
  const n = checkDataset(dataset, 'trainTestSplit');
  const testSize = testCount(options.testSize, n);
  const groups = stratify ? labelsOf(dataset, 'trainTestSplit') : new Int32Array(n);
  const left = largestRemainder(countEach(groups), testSize);
  const order = shuffle ? new Random(seed, splitStream).permutation(n) : Uint32Array.from({ length: n }, (_, i) => i);
  const train: number[] = [];
  const test: number[] = [];
  for (const index of order.toReversed()) (left[groups[index]]-- > 0 ? test : train).push(index);
  return { train: take(dataset, train.toReversed()), test: take(dataset, test.toReversed()) };
}

/**
 * The samples at the given places, in the given order, copied.
 * @throws RangeError for a place that the dataset has not
 */
export function take(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  return { ...dataset, inputs: takeRows(dataset.inputs, indices), targets: takeRows(dataset.targets, indices) };
}

/**
 * The rows of a tensor at the given places, copied: `[indices.length, ...]`.
 * @throws RangeError for a place that the tensor has not
 */
export function takeRows(tensor: Tensor, indices: ArrayLike<number>): Tensor {
  const [rows] = tensor.shape;
  if (rows === undefined) throw new ShapeError('take: expected a tensor with rows, got the shape []');
  const length = rowSize(tensor);
  const data = sameKind(tensor.data, indices.length * length);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row];
    if (!Number.isInteger(index) || index < 0 || index >= rows)
      throw new RangeError(`take: expected indices from 0 to ${rows - 1}, got ${index} at ${row}`);
    data.set(tensor.data.subarray(index * length, (index + 1) * length), row * length);
  }
  return { data, shape: [indices.length, ...tensor.shape.slice(1)] };
}

/**
 * Labels as rows with a single 1: f32 `[n, classes]`.
 * @param labels class indices from 0
 * @param classes how many there are, or their names
 * @throws RangeError for a label out of range, with its place
 */
export function oneHot(labels: Tensor | ArrayLike<number>, classes: number | readonly string[]): Tensor {
  const count = typeof classes === 'number' ? classes : classes.length;
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`oneHot: expected at least one class, got ${describeNumber(classes)}`);
  const list = isTensor(labels) ? labels.data : (labels as ArrayLike<number>);
  const data = new Float32Array(size([list.length, count]));
  for (let row = 0; row < list.length; row++) {
    checkLabel(list[row], count, `oneHot: label ${list[row]} at row ${row}`);
    data[row * count + list[row]] = 1;
  }
  return { data, shape: [list.length, count] };
}

/**
 * Checks that the parts of a dataset fit each other, and gives the number of samples.
 * @throws TypeError for parts of a wrong kind
 * @throws ShapeError where inputs and targets differ in their number
 * @throws RangeError for a label that has no class
 */
export function checkDataset(dataset: Dataset, what: string): number {
  for (const part of ['inputs', 'targets'] as const)
    if (!isTensor(dataset?.[part]))
      throw new TypeError(`${what}: expected ${part} to be a tensor, got ${describeValue(dataset?.[part])}`);
  const { inputs, targets, classes } = dataset;
  if (inputs.shape.length === 0 || inputs.shape[0] !== targets.shape[0])
    throw new ShapeError(
      `${what}: expected inputs and targets with as many rows, got ${formatShape(inputs.shape)} and ${formatShape(targets.shape)}`,
    );
  if (classes && isLabels(targets))
    targets.data.forEach((label, row) => checkLabel(label, classes.length, `${what}: label ${label} at row ${row}`));
  return inputs.shape[0];
}

/** Splits `total` in proportion to the counts, in whole numbers that sum to it (largest remainder method). */
export function largestRemainder(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  const shares = counts.map((count) => Math.floor((count * total) / sum));
  const remainders = counts.map((count, index) => count * total - shares[index] * sum);
  const byRemainder = counts.map((_, index) => index).toSorted((a, b) => remainders[b] - remainders[a] || a - b);
  const missing = total - shares.reduce((a, b) => a + b, 0);
  for (const index of byRemainder.slice(0, missing)) shares[index]++;
  return shares;
}

function testCount(testSize: number, n: number): number {
  const count = testSize > 0 && testSize < 1 ? Math.round(n * testSize) : testSize;
  if (Number.isInteger(count) && count >= 1 && count < n) return count;
  throw new RangeError(
    `trainTestSplit: expected a test size from 1 to ${n - 1} or a fraction that gives one, got ${testSize} of ${n} samples`,
  );
}

function isLabels(targets: Tensor): boolean {
  return targets.data instanceof Int32Array && targets.data.length === targets.shape[0];
}

function labelsOf({ targets }: Dataset, what: string): Int32Array {
  if (!isLabels(targets))
    throw new TypeError(
      `${what}: stratify needs class indices as targets (i32 [n]), got ${targets.data instanceof Int32Array ? 'i32' : 'f32'} ${formatShape(targets.shape)}`,
    );
  const negative = targets.data.findIndex((label) => label < 0);
  if (negative >= 0)
    throw new RangeError(`${what}: label ${targets.data[negative]} at ${placeOf(negative, [targets.data.length])}`);
  return targets.data as Int32Array;
}

/** The number of samples of each class, 0 for a class without any. */
function countEach(labels: Int32Array): number[] {
  const counts: number[] = [];
  for (const label of labels) {
    while (counts.length <= label) counts.push(0);
    counts[label]++;
  }
  return counts;
}

function checkLabel(label: number, classes: number, what: string): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new RangeError(`${what} is outside 0 to ${classes - 1}`);
}

function sameKind(data: Tensor['data'], length: number): Tensor['data'] {
  return data instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
}

function describeNumber(classes: number | readonly string[]): string {
  return typeof classes === 'number' ? String(classes) : 'none';
}
