// Writes src/data/datasets/{digits,iris}-data.ts from the CSV files in src/data/datasets/source/.
// Digits: a letter A to P is a pixel of 1 to 16, a letter a to z is 1 to 26 pixels of 0; digits decode
// in a loop, and plain text of this kind shrinks better under gzip than packed bits in base64.
// Iris: two decimal digits are a length in tenths of a centimetre.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root, writeIfChanged } from './files.mjs';

const folder = join(root, 'src/data/datasets');
const longestRun = 26;

/** The generated files: path to text. */
export function makeDatasets() {
  const digits = rowsOf(gunzipSync(readFileSync(join(folder, 'source/digits.csv.gz'))).toString('latin1'));
  const [, ...iris] = rowsOf(readFileSync(join(folder, 'source/iris.csv'), 'latin1'));
  return new Map([
    [
      join(folder, 'digits-data.ts'),
      moduleText('digits.csv.gz', { pixels: packPixels(digits), labels: labels(digits) }),
    ],
    [join(folder, 'iris-data.ts'), moduleText('iris.csv', { lengths: packTenths(iris), labels: labels(iris) })],
  ]);
}

const rowsOf = (csv) =>
  csv
    .trim()
    .split('\n')
    .map((line) => line.split(','));

const labels = (rows) => rows.map((row) => row.at(-1)).join('');

function packPixels(rows) {
  const pixels = rows.flatMap((row) => row.slice(0, -1).map(Number));
  let text = '';
  for (let start = 0, end; start < pixels.length; start = end) {
    end = start + 1;
    if (pixels[start] > 0) {
      text += String.fromCharCode(64 + pixels[start]);
      continue;
    }
    while (pixels[end] === 0 && end - start < longestRun) end++;
    text += String.fromCharCode(96 + end - start);
  }
  return text;
}

const packTenths = (rows) =>
  rows
    .flatMap((row) => row.slice(0, -1))
    .map((length) => String(Math.round(length * 10)).padStart(2, '0'))
    .join('');

function moduleText(source, strings) {
  const lines = Object.entries(strings).map(([name, text]) => `export const ${name} =\n  '${text}';\n`);
  return `// Made by scripts/make-datasets.mjs from source/${source}; see source/ATTRIBUTION.md.\n\n${lines.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) for (const [path, text] of makeDatasets()) writeIfChanged(path, text);
