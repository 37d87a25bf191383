// The iris flowers that come with the package (R. A. Fisher, 1936; CC BY 4.0, see
// source/ATTRIBUTION.md), in centimetres as measured.
import { trainTestSplit } from '../dataset.ts';
import type { Dataset, Split, SplitOptions } from '../dataset.ts';
import { labels, lengths } from './iris-data.ts';

/**
 * 150 flowers of three species, split for training and testing: inputs f32 `[n, 4]` in cm, targets i32
 * `[n]`, classes by name. Without options 30 are held out, the same share of each class.
 *
 * @example const { train, test } = iris(); // train.inputs.shape is [120, 4]
 * @throws RangeError for a test size that leaves one side empty
 */
export function iris(options: Partial<SplitOptions> = {}): Split {
  return trainTestSplit(allFlowers(), { testSize: 30, stratify: true, ...options });
}

/** All 150, unsplit, in the order of their source. */
iris.all = allFlowers;

function allFlowers(): Dataset {
  const data = Float32Array.from(
    { length: lengths.length / 2 },
    (_, i) => Number(lengths.slice(2 * i, 2 * i + 2)) / 10,
  );
  return {
    inputs: { data, shape: [labels.length, 4] },
    targets: { data: Int32Array.from(labels, Number), shape: [labels.length] },
    classes: ['setosa', 'versicolor', 'virginica'],
    featureNames: ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'],
  };
}
