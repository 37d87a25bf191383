import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FormatError, NeuriteError } from '../../src/core/errors.ts';
import { mnist } from '../../src/node/mnist.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { idx } from '../helpers/idx.ts';

const pixels = Uint8Array.from({ length: 3 * 4 }, (_, i) => (i === 0 ? 255 : i));
const images = idx(0x08, [3, 2, 2], pixels);
const labels = idx(0x08, [3], [7, 0, 9]);

const folderOf = (files: Record<string, Uint8Array>) => {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
};

const readTest = (imageFile: Uint8Array, labelFile: Uint8Array) =>
  mnist(folderOf({ 't10k-images-idx3-ubyte': imageFile, 't10k-labels-idx1-ubyte': labelFile }));

describe('mnist', () => {
  test('four files, plain or gzipped, give two datasets', async () => {
    const { train, test } = await mnist(
      folderOf({
        'train-images-idx3-ubyte': images,
        'train-labels-idx1-ubyte.gz': gzipSync(labels),
        't10k-images-idx3-ubyte.gz': gzipSync(images),
        't10k-labels.idx1-ubyte': labels,
      }),
    );
    for (const part of [train!, test!]) {
      expect(part.inputs.shape).toEqual([3, 4]);
      expect(part.inputs.data).toEqual(Float32Array.from(pixels, (pixel) => pixel / 255));
      expect(part.targets).toEqual({ data: Int32Array.of(7, 0, 9), shape: [3] });
      expect(part.imageShape).toEqual([2, 2]);
      expect(part.classes!.length).toBe(10);
    }
  });

  test('the two test files alone give the test set', async () => {
    const found = await mnist(folderOf({ 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels }));
    expect(Object.keys(found)).toEqual(['test']);
  });

  test('an empty folder is told which files to put there', async () => {
    const folder = temporaryFolder();
    await expect(mnist(folder)).rejects.toThrow(
      new NeuriteError(
        'mnist: put the MNIST files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, ' +
          `t10k-labels-idx1-ubyte (or each with .gz) into ${JSON.stringify(folder)}`,
      ),
    );
    await expect(mnist(join(folder, 'nowhere'))).rejects.toThrow('there is no such file or folder');
  });

  test('images without labels are told the one file', async () => {
    const folder = folderOf({ 'train-images-idx3-ubyte': images });
    await expect(mnist(folder)).rejects.toThrow('mnist: put the MNIST file train-labels-idx1-ubyte (or');
  });

  test('files that do not fit their names are refused', async () => {
    await expect(readTest(labels, labels)).rejects.toThrow('expected bytes [n, height, width], got [3]');
    await expect(readTest(images.subarray(0, 20), labels)).rejects.toThrow(FormatError);
    await expect(readTest(images.subarray(0, 20), labels)).rejects.toThrow('t10k-images-idx3-ubyte: idx: truncated');
    await expect(readTest(images, idx(0x08, [2], [1, 2]))).rejects.toThrow('with as many rows, got [3, 4] and [2]');
    await expect(readTest(images, idx(0x08, [3], [1, 2, 10]))).rejects.toThrow('label 10 at row 2 is outside 0 to 9');
  });
});
