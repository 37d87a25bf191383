// The MNIST digits from a folder that the user names: 28×28 images in IDX files, plain or gzipped.
// They are not part of the package (CC BY-SA 3.0, 11 MB), and nothing here downloads.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError, NeuriteError } from '../core/errors.ts';
import { checkDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { decodeIdx, gunzipIfNeeded, idxHeader } from '../data/idx.ts';
import { formatShape } from '../data/tensor.ts';
import { fileError, readFileBytes } from './files.ts';

export interface Mnist {
  /** 60,000 images; absent where the folder has only the test files. */
  train?: Dataset;
  /** 10,000 images; absent where the folder has only the training files. */
  test?: Dataset;
}

const parts = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
};

/**
 * Reads the MNIST files (or those of the same form: Fashion-MNIST, KMNIST) of a folder under their
 * standard names, each plain or with `.gz`: all four, or the two of one part. Inputs are f32
 * `[n, 784]` from 0 to 1, targets i32 `[n]`, classes '0' to '9'.
 * @throws NeuriteError that lists the files to put there, where a part is incomplete or none is there
 * @throws FormatError for a file that is not what its name says
 */
export async function mnist(folder: string): Promise<Mnist> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fileError('read', folder, cause);
  });
  const find = (name: string) => candidates(name).find((candidate) => names.includes(candidate));
  const found: Mnist = {};
  for (const part of ['train', 'test'] as const) {
    const [images, labels] = [find(parts[part].images), find(parts[part].labels)];
    if (images && labels) found[part] = await readPart(join(folder, images), join(folder, labels));
    else if (images ?? labels) throw missing(folder, [images ? parts[part].labels : parts[part].images]);
  }
  if (!found.train && !found.test) throw missing(folder, Object.values(parts).flatMap(Object.values) as string[]);
  return found;
}

/** Archives differ in the punctuation and in a prefix. */
function candidates(name: string): string[] {
  const spellings = [name, name.replace('-idx', '.idx'), `mnist-${name}`];
  return spellings.flatMap((spelling) => [spelling, `${spelling}.gz`]);
}

function missing(folder: string, names: readonly string[]): NeuriteError {
  return new NeuriteError(
    `mnist: put the MNIST file${names.length === 1 ? '' : 's'} ${names.join(', ')} (or each with .gz) into ${JSON.stringify(folder)}`,
  );
}

async function readPart(imagePath: string, labelPath: string): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdxBytes(imagePath), readIdxBytes(labelPath)]);
  const targets = inFile(labelPath, () => decodeIdx(labels));
  const { type, shape, offset } = inFile(imagePath, () => idxHeader(images));
  if (shape.length !== 3 || type.bytes !== 1)
    throw new FormatError(`mnist: ${imagePath}: expected bytes [n, height, width], got ${formatShape(shape)}`);
  const [n, height, width] = shape;
  const inputs = { data: intensities(images.subarray(offset)), shape: [n, height * width] };
  const classes = Array.from({ length: 10 }, (_, digit) => String(digit));
  const dataset = { inputs, targets, classes, imageShape: [height, width] };
  checkDataset(dataset, 'mnist');
  return dataset;
}

/** Bytes as 0 to 1. */
function intensities(pixels: Uint8Array): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let index = 0; index < pixels.length; index++) values[index] = pixels[index] / 255;
  return values;
}

async function readIdxBytes(path: string): Promise<Uint8Array> {
  return gunzipIfNeeded(await readFileBytes(path)).catch((error: unknown) => {
    throw withPath(path, error);
  });
}

function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw withPath(path, error);
  }
}

function withPath(path: string, error: unknown): unknown {
  return error instanceof FormatError ? new FormatError(`${path}: ${error.message}`, { cause: error }) : error;
}
