// The command from outside: every subcommand on small data, exit codes, bad input, interruption.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { iris } from '../../src/data/datasets/index.ts';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { buildCommand, finished, neurite, startCommand } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/folder.ts';

beforeAll(buildCommand, 240_000);

const irisColumns = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'];

/** Iris as CSV, its columns in the given order. */
function irisCsv(columns: readonly string[] = [...irisColumns, 'species']): string {
  const { inputs, targets, classes } = iris.all();
  const field = (row: number, name: string) =>
    name === 'species'
      ? classes![targets.data[row]]
      : name === 'note'
        ? 'a, b'
        : String(inputs.data[row * 4 + irisColumns.indexOf(name)]);
  const lines = Array.from({ length: 150 }, (_, row) =>
    columns.map((name) => (name === 'note' ? `"${field(row, name)}"` : field(row, name))).join(','),
  );
  return [columns.join(','), ...lines, ''].join('\n');
}

/** y = 3·a − 2·b + 100, with c the same in every row where asked for. */
function linearCsv(rows: number, constant = false): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const a = (i * 7919) % 101;
    const b = (i * 104729) % 97;
    return [a, b, ...(constant ? [5] : []), 3 * a - 2 * b + 100.5].join(',');
  });
  return [`a,b${constant ? ',c' : ''},y`, ...lines, ''].join('\n');
}

let irisModel: Buffer | undefined;

/** A folder with a model of iris in m.safetensors and its rows in rows.csv. */
async function irisFolder(): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'rows.csv'), irisCsv());
  irisModel ??= await trainIris(folder);
  writeFileSync(join(folder, 'm.safetensors'), irisModel);
  return folder;
}

async function trainIris(folder: string): Promise<Buffer> {
  const options = '--layers 8 --epochs 30 --learning-rate 0.03 --seed 1 --out m.safetensors';
  const { code } = await neurite(folder, `train rows.csv --target species ${options}`);
  expect(code).toBe(0);
  return readFileSync(join(folder, 'm.safetensors'));
}

const lines = (text: string) => text.trimEnd().split('\n');

describe('neurite', () => {
  test('--version prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await neurite('.', ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('--help and the help of each command show examples', async () => {
    for (const args of [
      ['--help'],
      ['train', '--help'],
      ['predict', '--help'],
      ['evaluate', '--help'],
      ['inspect', '--help'],
    ]) {
      const { code, stdout } = await neurite('.', args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples?:\n {2}\$ neurite /);
    }
  });

  test.concurrent.each([
    [[], 'Usage: neurite'],
    [['trian'], "unknown command 'trian'"],
    [['trian'], '(Did you mean train?)'],
    [['train'], "missing required argument 'data'"],
    [['train', 'iris', '--epoch', '3'], '(Did you mean --epochs?)'],
    [['train', 'iris', '--epochs', 'many'], 'Expected a whole number from 1.'],
    [['train', 'iris', '--activation', 'rleu'], 'did you mean "relu"?'],
    [['train', 'iris', '--target', 'species'], '--target is for CSV files'],
    [['train', 'iris', '--task', 'regression'], 'iris has classes'],
    [['train', 'iris', 'digits'], 'too many arguments'],
    [['predict', 'm.safetensors'], "missing required argument 'rows'"],
  ])('%j is wrong usage: exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await neurite('.', args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('a CSV without --target is wrong usage, and the message lists the columns', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), irisCsv());
    const { code, stderr } = await neurite(folder, ['train', 'rows.csv']);
    expect(code).toBe(2);
    expect(stderr).toContain('needs --target <column>; its columns are: sepalLength, sepalWidth');
    expect(readdirSync(folder)).toEqual(['rows.csv']);
  });
});

describe('neurite train', () => {
  test('digits: facts, network, plain progress, result, confusion matrix, files, and the model loaded back', async () => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await neurite(
      folder,
      'train digits --layers 16 --epochs 30 --seed 1 --out d.safetensors --report report.html --verify',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('1,437 to train on, 360 held out');
    expect(stdout).toMatch(/layers\.0 +dense +\[\*, 16\] +1,040/);
    expect(stdout).toMatch(/trained 30 epochs of 45 steps in [\d.]+ s: [\d,]+ samples\/s \((simd|relaxed)\)/);
    const [, accuracy] = /held out: loss [\d.]+, accuracy ([\d.]+) % \(\d+ of 360\)/.exec(stdout)!;
    expect(Number(accuracy)).toBeGreaterThan(90);
    expect(stdout).toMatch(/confusion matrix.*\n {4,}0 .* recall\n0 +\d+ /);
    expect(stdout).toContain('d.safetensors');
    expect(stdout).toMatch(/loaded d\.safetensors back: 360 predictions, the same to the bit/);
    expect(stdout).toMatch(/@@/);
    // Not a terminal: a few plain lines, no control characters.
    const told = lines(stderr);
    expect(told[0]).toMatch(
      /^epoch {2}1\/30 {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}validation: loss [\d.]+ {2}accuracy/,
    );
    expect(told.at(-1)).toMatch(/^epoch 30\/30 /);
    expect(told.length).toBeLessThanOrEqual(15);
    expect(stderr + stdout).not.toContain('\u001B');
    expect(readdirSync(folder).toSorted()).toEqual(['d.safetensors', 'report.html']);
    const report = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(report).toContain('64-16-10');
    expect(report).toContain('data:image/png');
    expect(report.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script/);
  });

  test('one seed, one model: the same bytes, whatever is shown', async () => {
    const folder = temporaryFolder();
    const run = (out: string, ...more: string[]) =>
      neurite(folder, ['train', 'iris', '--layers', '8', '--epochs', '4', '--seed', '7', '--out', out, ...more]);
    const results = [await run('a'), await run('b', '--quiet'), await run('c', '--seed', '8')];
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => readFileSync(join(folder, name)));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
    expect(results[1]!.stderr).toBe('');
    expect(lines(results[1]!.stdout)).toHaveLength(2);
  });

  test('a model of an earlier run is overwritten', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'iris.safetensors'), 'old');
    const { code } = await neurite(folder, ['train', 'iris', '--epochs', '1']);
    expect(code).toBe(0);
    expect(statSync(join(folder, 'iris.safetensors')).size).toBeGreaterThan(1000);
  });

  test('a regression: mean absolute error and R² in the units of the target', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), linearCsv(400));
    const { code, stdout } = await neurite(
      folder,
      'train rows.csv --target y --layers 16 --epochs 60 --out m --report r.html --verify',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('y: a quantity');
    const [, error, r2] = /mean absolute error ([\d.]+), R² ([\d.]+) \(80 rows\)/.exec(stdout)!;
    expect(Number(r2)).toBeGreaterThan(0.99);
    expect(Number(error)).toBeLessThan(8);
    expect(stdout).not.toContain('confusion');
    const predicted = await neurite(folder, ['predict', 'm', 'rows.csv']);
    const first = Number(lines(predicted.stdout)[1]);
    expect(Math.abs(first - 100.5)).toBeLessThan(25);
    const evaluated = await neurite(folder, ['evaluate', 'm', 'rows.csv']);
    expect(evaluated.stdout).toMatch(/R² 0\.99\d+ \(400 rows\)/);
    const asked = await neurite(folder, ['predict', 'm', 'rows.csv', '--probabilities']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('predicts a quantity');
  });

  test('a constant column is an error that names it, or passes when asked', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), linearCsv(60, true));
    const args = ['train', 'rows.csv', '--target', 'y', '--epochs', '1'];
    const refused = await neurite(folder, args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('column 2 (c) is 5 in every row');
    expect(refused.stderr).toContain('--constant pass');
    expect(readdirSync(folder)).toEqual(['rows.csv']);
    expect((await neurite(folder, [...args, '--constant', 'pass'])).code).toBe(0);
  });

  test('--patience stops early, on rows that are not the held-out ones', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await neurite(
      folder,
      'train iris --epochs 300 --patience 3 --learning-rate 0.05 --schedule constant',
    );
    expect(code).toBe(0);
    const [, epochs] = /early stopping after epoch \d+\ntrained (\d+) epochs of 4 steps/.exec(stdout)!;
    expect(Number(epochs)).toBeLessThan(300);
  });

  test('every choice of a network and an optimizer is taken', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await neurite(
      folder,
      'train iris --layers 8,4 --activation tanh --epochs 2 --batch 50 --dropout 0.1 --l2 0.001 --optimizer adamW --weight-decay 0.1 --scale minmax --test 0.5 --deterministic --optimizer-state --save-test held.csv',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('75 to train on, 75 held out');
    expect(stdout).toContain('(simd)');
    const held = lines(readFileSync(join(folder, 'held.csv'), 'utf8'));
    expect(held[0]).toBe('sepalLength,sepalWidth,petalLength,petalWidth,species');
    expect(held).toHaveLength(76);
    const { stdout: shown } = await neurite(folder, ['inspect', 'iris.safetensors']);
    expect(shown).toMatch(/optimizer +adamW, after 4 steps in 2 epochs/);
  });

  test.each([
    ['no such file', [], 'rows.csv', null, 'there is no such file or folder'],
    ['a data set misspelt', [], 'digit', null, 'did you mean the data set "digits"?'],
    [
      'a target that is not there',
      ['--target', 'z'],
      'rows.csv',
      'a,b\n1,2\n',
      'has no column "z"; its columns are a, b',
    ],
    [
      'a text among numbers',
      ['--target', 'y'],
      'rows.csv',
      'a,y\n1,2\nx,3\n',
      'line 3, column "a": expected a finite number, got "x"',
    ],
    ['unequal rows', ['--target', 'y'], 'rows.csv', 'a,y\n1,2\n1,2,3\n', 'line 3: expected 2 fields, got 3'],
    ['an empty file', ['--target', 'y'], 'rows.csv', '', 'is empty'],
    ['a folder for the model that is not there', ['--out', 'none/m'], 'iris', null, 'cannot write "none/m"'],
  ])('%s: exit code 1, one line, nothing written', async (_name, args, data, content, message) => {
    const folder = temporaryFolder();
    if (content !== null) writeFileSync(join(folder, data), content);
    const before = readdirSync(folder);
    const { code, stderr } = await neurite(folder, ['train', data, ...args]);
    expect(stderr).toContain(message);
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(1);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('a failure has its stack with --debug or NEURITE_DEBUG', async () => {
    const folder = temporaryFolder();
    const args = ['predict', 'none', 'rows.csv'];
    expect((await neurite(folder, [...args, '--debug'])).stderr).toContain('    at ');
    expect((await neurite(folder, args, { NEURITE_DEBUG: '1' })).stderr).toContain('    at ');
  });

  test('SIGINT: the training stops, the old model stays, nothing else is left, exit code 130', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'd.safetensors'), 'old');
    const child = startCommand(folder, [
      'train',
      'digits',
      '--epochs',
      '100000',
      '--out',
      'd.safetensors',
      '--report',
      'r.html',
    ]);
    const end = finished(child);
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    const { code, stderr, stdout } = await end;
    expect(code).toBe(130);
    expect(lines(stderr).at(-1)).toBe('neurite: interrupted; nothing was written, d.safetensors is as it was');
    expect(stdout).not.toContain('accuracy');
    expect(readdirSync(folder)).toEqual(['d.safetensors']);
    expect(readFileSync(join(folder, 'd.safetensors'), 'utf8')).toBe('old');
  });
});

describe('neurite predict', () => {
  test('finds columns by name in any order, and mentions those it ignores', async () => {
    const folder = await irisFolder();
    writeFileSync(
      join(folder, 'mixed.csv'),
      irisCsv(['note', 'petalWidth', 'species', 'sepalWidth', 'petalLength', 'sepalLength']),
    );
    const plain = await neurite(folder, ['predict', 'm.safetensors', 'rows.csv']);
    const mixed = await neurite(folder, ['predict', 'm.safetensors', 'mixed.csv', '--out', 'p.csv']);
    expect([plain.code, mixed.code]).toEqual([0, 0]);
    expect(mixed.stderr).toBe('ignored 2 columns that the model does not need: note, species\n');
    expect(mixed.stdout).toBe('150 predictions in p.csv\n');
    expect(readFileSync(join(folder, 'p.csv'), 'utf8')).toBe(plain.stdout);
    const predictions = lines(plain.stdout);
    expect(predictions[0]).toBe('species');
    expect(new Set(predictions.slice(1))).toEqual(new Set(['setosa', 'versicolor', 'virginica']));
    const actual = lines(irisCsv(['species']));
    expect(predictions.filter((name, i) => name === actual[i]).length).toBeGreaterThan(130);
  });

  test('--probabilities: a column for each class, each row summing to 1', async () => {
    const folder = await irisFolder();
    const { code, stdout } = await neurite(folder, ['predict', 'm.safetensors', 'rows.csv', '--probabilities']);
    expect(code).toBe(0);
    const [header, ...rows] = lines(stdout).map((line) => line.split(','));
    expect(header).toEqual(['species', 'probability setosa', 'probability versicolor', 'probability virginica']);
    for (const [name, ...shares] of rows) {
      const values = shares.map(Number);
      expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(header![1 + values.indexOf(Math.max(...values))]).toBe(`probability ${name}`);
    }
  });

  test('lists every missing column', async () => {
    const folder = await irisFolder();
    writeFileSync(join(folder, 'less.csv'), irisCsv(['petalWidth', 'species', 'sepalWidth']));
    const { code, stderr, stdout } = await neurite(folder, ['predict', 'm.safetensors', 'less.csv', '--out', 'p.csv']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'lacks 2 of the 4 columns that the model needs: sepalLength, petalLength; its columns are',
    );
    expect(stdout).toBe('');
    expect(existsSync(join(folder, 'p.csv'))).toBe(false);
  });

  test('refuses what is no model: exit code 1', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'rows.csv'), 'a\n1\n');
    writeFileSync(join(folder, 'text'), 'this is not a model at all');
    writeFileSync(
      join(folder, 'weights'),
      encodeSafetensors(new Map([['w', { data: new Float32Array(2), shape: [2] }]])),
    );
    const messages = {
      none: 'there is no such file',
      text: 'safetensors: the header claims',
      weights: 'no neurite topology',
    };
    for (const [name, message] of Object.entries(messages)) {
      const { code, stderr } = await neurite(folder, ['predict', name, 'rows.csv']);
      expect(stderr).toContain(message);
      expect(code).toBe(1);
    }
  });
});

describe('neurite evaluate', () => {
  test('measures rows of a file, of which the target may have another name', async () => {
    const folder = await irisFolder();
    writeFileSync(join(folder, 'other.csv'), irisCsv().replace('species', 'kind'));
    const known = await neurite(folder, ['evaluate', 'm.safetensors', 'rows.csv']);
    const named = await neurite(folder, ['evaluate', 'm.safetensors', 'other.csv', '--target', 'kind']);
    expect([known.code, named.code]).toEqual([0, 0]);
    expect(lines(known.stdout).slice(1)).toEqual(lines(named.stdout).slice(1));
    expect(known.stdout).toMatch(
      /^rows\.csv: 150 rows\nloss [\d.]+, accuracy [\d.]+ % \(\d+ of 150\)\n\nconfusion matrix/,
    );
  });

  test('a class that the model does not know is an error with its line', async () => {
    const folder = await irisFolder();
    writeFileSync(join(folder, 'rows.csv'), irisCsv().replace('virginica', 'rose'));
    const { code, stderr } = await neurite(folder, ['evaluate', 'm.safetensors', 'rows.csv']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /line 102, column "species": expected one of the classes setosa, versicolor, virginica, got "rose"/,
    );
  });

  test('a data set of the package: the rows that were held out, with the result of the training', async () => {
    const folder = temporaryFolder();
    const trained = await neurite(folder, ['train', 'iris', '--epochs', '5', '--seed', '3', '--test', '0.3']);
    const { code, stdout } = await neurite(folder, ['evaluate', 'iris.safetensors', 'iris']);
    expect(code).toBe(0);
    const [, result] = /held out: (loss .*)/.exec(trained.stdout)!;
    expect(lines(stdout).slice(0, 2)).toEqual(['iris: 45 held-out rows', result]);
    const other = await neurite(folder, ['evaluate', 'iris.safetensors', 'digits']);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('was trained on iris');
  });
});

describe('neurite inspect', () => {
  test('shows layers, columns, classes, normalisation and the spread of the weights', async () => {
    const folder = await irisFolder();
    const { code, stdout } = await neurite(folder, ['inspect', 'm.safetensors']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^m\.safetensors: [\d.]+ kB, 4 tensors\n/);
    for (const line of [
      /layers\.1 +dense +\[\*, 3\] +27/,
      /inputs +\[4\]/,
      /columns +sepalLength, sepalWidth, petalLength, petalWidth/,
      /classes +setosa, versicolor, virginica/,
      /inputs scaled +standardize/,
      /data +rows\.csv, 30 rows held out by seed 1/,
      /loss +crossEntropy/,
      /layers\.0\.kernel +\[4, 8\]( +-?[\d.]+){4}/,
    ])
      expect(stdout).toMatch(line);
  });

  test('lists the tensors of a file that is no model of neurite', async () => {
    const folder = temporaryFolder();
    const tensors = new Map([['weight', { data: new Float32Array(6), shape: [2, 3] }]]);
    writeFileSync(join(folder, 'x.safetensors'), encodeSafetensors(tensors, { format: 'pt' }));
    const { code, stdout } = await neurite(folder, ['inspect', 'x.safetensors']);
    expect(code).toBe(0);
    expect(stdout).toContain('format: pt');
    expect(stdout).toMatch(/weight +F32 +\[2, 3\]/);
  });
});
