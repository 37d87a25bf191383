import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { makeDatasets } from '../../scripts/make-datasets.mjs';
import { digits, iris } from '../../src/data/datasets/index.ts';
import type { Dataset } from '../../src/data/dataset.ts';

const source = join(import.meta.dirname, '../../src/data/datasets/source');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const labelCounts = ({ targets }: Dataset) =>
  Array.from({ length: 10 }, (_, label) => targets.data.filter((value) => value === label).length);

/** The lines of the source that the decoded dataset stands for. */
function csvOf(dataset: Dataset, write: (value: number) => string): string {
  const width = dataset.inputs.shape[1];
  const lines = [...dataset.targets.data].map((label, row) =>
    [...[...dataset.inputs.data.subarray(row * width, (row + 1) * width)].map(write), label].join(','),
  );
  return `${lines.join('\n')}\n`;
}

describe('embedded datasets', () => {
  test('the generated files are what the script makes of the sources', () => {
    for (const [path, text] of makeDatasets()) expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('the digits take at most 80 kB of JavaScript', () => {
    expect(readFileSync(join(source, '../digits-data.ts')).length).toBeLessThan(80_000);
  });

  test('the decoded digits have the checksum of their source', () => {
    const csv = gunzipSync(readFileSync(join(source, 'digits.csv.gz'))).toString();
    expect(sha256(csvOf(digits.all(), (value) => String(value * 16)))).toBe(sha256(csv));
  });

  test('the decoded iris flowers have the checksum of their source', () => {
    const csv = readFileSync(join(source, 'iris.csv'), 'utf8');
    expect(sha256(csvOf(iris.all(), (value) => value.toFixed(1)))).toBe(sha256(csv.slice(csv.indexOf('\n') + 1)));
  });
});

describe('digits', () => {
  test('there are 1,797, from 0 to 1, of ten classes', () => {
    const all = digits.all();
    expect(all.inputs.shape).toEqual([1797, 64]);
    expect(all.targets.shape).toEqual([1797]);
    expect(all.targets.data).toBeInstanceOf(Int32Array);
    expect(Math.max(...all.inputs.data)).toBe(1);
    expect(Math.min(...all.inputs.data)).toBe(0);
    expect(all.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(all.imageShape).toEqual([8, 8]);
    expect(labelCounts(all)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  });

  test('360 are held out, the same share of each class', () => {
    const { train, test } = digits();
    expect(train.inputs.shape).toEqual([1437, 64]);
    expect(test.inputs.shape).toEqual([360, 64]);
    const all = labelCounts(digits.all());
    labelCounts(test).forEach((count, label) => expect(Math.abs(count - (all[label] * 360) / 1797)).toBeLessThan(1));
  });

  test('a seed fixes which', () => {
    expect(digits().test.targets.data).toEqual(digits({ seed: 0 }).test.targets.data);
    expect(digits({ seed: 1 }).test.inputs.data).not.toEqual(digits({ seed: 2 }).test.inputs.data);
  });

  test('every call gives copies', () => {
    digits.all().inputs.data.fill(7);
    expect(Math.max(...digits.all().inputs.data)).toBe(1);
  });
});

describe('iris', () => {
  test('there are 50 flowers of each species, in centimetres, 30 of all held out', () => {
    const { train, test } = iris();
    expect(train.inputs.shape).toEqual([120, 4]);
    expect(labelCounts(test).slice(0, 3)).toEqual([10, 10, 10]);
    expect(iris.all().inputs.data.slice(0, 4)).toEqual(Float32Array.of(5.1, 3.5, 1.4, 0.2));
    expect(iris.all().classes).toEqual(['setosa', 'versicolor', 'virginica']);
  });
});
