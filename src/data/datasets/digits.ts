// The handwritten digits that come with the package (E. Alpaydin, C. Kaynak, 1998; CC BY 4.0, see
// source/ATTRIBUTION.md). They are decoded at the first call; every call gives copies.
import { trainTestSplit } from '../dataset.ts';
import type { Dataset, Split, SplitOptions } from '../dataset.ts';
import { labels, pixels } from './digits-data.ts';

const imageSize = 8;
const strongest = 16;
let decoded: Float32Array | undefined;

/**
 * 1,797 images of handwritten digits, split for training and testing: inputs f32 `[n, 64]` from 0 to 1,
 * targets i32 `[n]`, classes '0' to '9'. Without options 360 are held out, the same share of each class.
 *
 * @example const { train, test } = digits(); // train.inputs.shape is [1437, 64]
 * @throws RangeError for a test size that leaves one side empty
 */
export function digits(options: Partial<SplitOptions> = {}): Split {
  return trainTestSplit(allDigits(), { testSize: 360, stratify: true, ...options });
}

/** All 1,797, unsplit, in the order of their source. */
digits.all = allDigits;

function allDigits(): Dataset {
  decoded ??= unpack(pixels, labels.length * imageSize * imageSize);
  return {
    inputs: { data: decoded.slice(), shape: [labels.length, imageSize * imageSize] },
    targets: { data: Int32Array.from(labels, Number), shape: [labels.length] },
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    featureNames: Array.from({ length: imageSize * imageSize }, (_, pixel) => `pixel${pixel}`),
    imageShape: [imageSize, imageSize],
  };
}

/** Undoes `packPixels` of scripts/make-datasets.mjs: A to P is a pixel of 1 to 16, a to z a run of zeros. */
function unpack(text: string, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let index = 0, at = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 97) at += code - 96;
    else values[at++] = (code - 64) / strongest;
  }
  return values;
}
