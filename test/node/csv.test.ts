import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FormatError, NeuriteError } from '../../src/core/errors.ts';
import { toNested } from '../../src/data/tensor.ts';
import { readCsv, writeCsv } from '../../src/node/csv.ts';
import type { CsvOptions, CsvProgress } from '../../src/node/csv.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const read = (text: string, options?: CsvOptions) => readCsv(Readable.from([Buffer.from(text)]), options);
const refused = async (text: string, message: string, options?: CsvOptions) => {
  const reading = read(text, options);
  await expect(reading).rejects.toThrow(FormatError);
  await expect(reading).rejects.toThrow(`csv: the stream${message}`);
};

describe('readCsv', () => {
  test('without a target every column is an input', async () => {
    const data = await read('a,b\n1,2.5\n-3e-1,+4\n');
    expect(toNested(data.inputs)).toEqual([
      [1, 2.5],
      [Math.fround(-0.3), 4],
    ]);
    expect(data.featureNames).toEqual(['a', 'b']);
    expect(data.targets).toBeUndefined();
  });

  test('a target of texts gives classes in the order of their characters', async () => {
    const data = await read('x,kind,y\n1,dog,2\n3,ant,4\n5,dog,6\n', { target: 'kind' });
    expect(toNested(data.inputs)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(data).toMatchObject({
      task: 'classification',
      classes: ['ant', 'dog'],
      featureNames: ['x', 'y'],
      targetName: 'kind',
    });
    expect(data.targets).toEqual({ data: Int32Array.of(1, 0, 1), shape: [3] });
  });

  test('a target of few integers gives classes by value', async () => {
    const data = await read('x,y\n1,10\n2,9\n3,10.0\n4,9\n', { target: 'y' });
    expect(data).toMatchObject({ task: 'classification', classes: ['9', '10'] });
    expect(data.targets!.data).toEqual(Int32Array.of(1, 0, 1, 0));
  });

  test('other numbers are quantities', async () => {
    const fractions = await read('x,y\n1,0.5\n2,0.5\n3,1\n4,1\n', { target: 'y' });
    expect(fractions).toMatchObject({ task: 'regression', targetName: 'y' });
    expect(fractions.targets).toEqual({ data: Float32Array.of(0.5, 0.5, 1, 1), shape: [4, 1] });
    expect(fractions.classes).toBeUndefined();
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 21}`);
    expect((await read(`x,y\n${rows.join('\n')}`, { target: 'y' })).task).toBe('regression');
    expect((await read('x,y\n1,1\n2,2\n3,3\n', { target: 'y' })).task).toBe('regression');
  });

  test('task forces what the target is', async () => {
    const text = 'x,y\n1,1\n2,2\n3,1\n4,2\n';
    expect((await read(text, { target: 'y', task: 'regression' })).targets!.shape).toEqual([4, 1]);
    expect((await read('x,y\n1,0.5\n2,1\n', { target: 'y', task: 'classification' })).classes).toEqual(['0.5', '1']);
    await refused('x,y\n1,1\n2,two\n', ' line 3, column "y": expected a finite number, got "two"', {
      target: 'y',
      task: 'regression',
    });
  });

  test('remembered classes keep their indices, another label is refused', async () => {
    const options = { target: 'y', classes: ['b', 'a', '3'] };
    const data = await read('x,y\n1,a\n2,b\n3,3.0\n', options);
    expect(data.targets!.data).toEqual(Int32Array.of(1, 0, 2));
    expect(data.classes).toEqual(['b', 'a', '3']);
    await refused('x,y\n1,a\n2,c\n', ' line 3, column "y": expected one of the classes b, a, 3, got "c"', options);
  });

  test('columns chooses and orders the inputs', async () => {
    const data = await read('a,b,c\n1,2,text\n', { columns: ['b', 'a'] });
    expect(toNested(data.inputs)).toEqual([[2, 1]]);
    expect(data.featureNames).toEqual(['b', 'a']);
  });

  test('without a header columns are numbered, and the last is -1', async () => {
    const data = await read('1,2,a\n3,4,b\n', { header: false, target: -1 });
    expect(data).toMatchObject({ featureNames: ['0', '1'], targetName: '2', classes: ['a', 'b'] });
    expect(data.inputs.shape).toEqual([2, 2]);
    expect((await read('1,2\n', { header: false, target: '0', task: 'regression' })).targetName).toBe('0');
  });

  test('a first line of numbers is only a header when said so', async () => {
    await refused('1,2\n3,4\n', ' line 1: expected the names of columns, got only numbers; say header: false');
    expect((await read('0,1\n3,4\n', { header: true })).featureNames).toEqual(['0', '1']);
  });

  test.each([
    ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n'],
    ['CR', 'a,b\r1,2\r3,4\r'],
    ['mixed line ends', 'a,b\r\n1,2\n3,4'],
    ['a byte order mark', '\ufeffa,b\n1,2\n3,4\n'],
    ['quoted fields', '"a","b"\n"1",2\n3,"4"\n'],
    ['blanks', ' a , b\n 1 ,2\n3,\t4\n'],
    ['empty lines', '\na,b\n\n1,2\n  \n3,4\n\n\n'],
  ])('%s are read', async (_, text) => {
    const data = await read(text);
    expect(data.featureNames).toEqual(['a', 'b']);
    expect(toNested(data.inputs)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('quoted fields hold delimiters, quotes and line breaks', async () => {
    const data = await read('"a, ""b""\n c",y\n1,"x,1"\n2,"x\r\n2"\n', { target: 'y' });
    expect(data.featureNames).toEqual(['a, "b"\n c']);
    expect(data.classes).toEqual(['x\r\n2', 'x,1']);
  });

  test('another delimiter', async () => {
    expect(toNested((await read('a;b\n1;2\n', { delimiter: ';' })).inputs)).toEqual([[1, 2]]);
    expect(toNested((await read('a\tb\n1\t2\n', { delimiter: '\t' })).inputs)).toEqual([[1, 2]]);
  });

  test('pieces of one byte give the same', async () => {
    const bytes = Buffer.from('\ufeffa,ü\r\n1,"x ""y"""\r\n2,z\r\n');
    const pieces = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
    const data = await readCsv(pieces, { target: 'ü' });
    expect(data.classes).toEqual(['x "y"', 'z']);
    expect(data.inputs.data).toEqual(Float32Array.of(1, 2));
  });

  test('a file is read with progress, and feeds a dataset', async () => {
    const path = join(temporaryFolder(), 'rows.csv');
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i},${i / 2},${i % 3}`);
    writeFileSync(path, `a,b,y\n${lines.join('\n')}\n`);
    const seen: CsvProgress[] = [];
    const data = await readCsv(path, { target: 'y', onProgress: (progress) => seen.push(progress) });
    expect(data.inputs.shape).toEqual([50_000, 2]);
    expect(data.targets.data.slice(0, 4)).toEqual(Int32Array.of(0, 1, 2, 0));
    const bytes = readFileSync(path).length;
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toEqual({ rows: 50_000, bytes, totalBytes: bytes });
    expect(seen[0].bytes).toBeLessThan(bytes);
  });

  test('a signal stops the reading with its reason', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const endless = Readable.from(
      (function* () {
        yield Buffer.from('a,b\n');
        for (;;) yield Buffer.from('1,2\n'.repeat(1000));
      })(),
    );
    const reading = readCsv(endless, {
      signal: stop.signal,
      onProgress: ({ rows }) => rows > 5000 && stop.abort(reason),
    });
    await expect(reading).rejects.toBe(reason);
    expect(endless.destroyed).toBe(true);
    await expect(read('a\n1\n', { signal: stop.signal })).rejects.toBe(reason);
  });
});

describe('errors of readCsv', () => {
  test('a missing column, with those there are', async () => {
    await refused('a,b\n1,2\n', ' has no column "label"; its columns are a, b', { target: 'label' });
    await refused('a,b\n1,2\n', ' has no column "c"; its columns are a, b', { columns: ['a', 'c'] });
    await refused('1,2\n', ' has no column 2; its columns are 0, 1', { header: false, target: 2 });
    await refused('a,b\n1,2\n', ' has no column "toString"', { target: 'toString' });
  });

  test.each(['abc', '', '1.2.3', '0x10', '1_000', '1,5', 'NaN', 'nan', 'Infinity', '-inf', '1e999', '1e39', 'true'])(
    'the field %j is no number: refused with line and column',
    async (field) => {
      const got = field === '' ? 'an empty field' : JSON.stringify(field);
      await refused(`id,age\n1,2\n3,"${field}"\n`, ` line 3, column "age": expected a finite number, got ${got}`);
    },
  );

  test.each(['', 'NaN', '-Infinity', '1e999'])('the target %j is refused', async (field) => {
    await refused(`x,y\n1,a\n3,${field}\n`, ' line 3, column "y": expected a target', { target: 'y' });
  });

  test('rows of unequal length, with the line', async () => {
    await refused('a,b\n1,2\n1,2,3\n', ' line 3: expected 2 fields, got 3');
    await refused('a,b\n1\n', ' line 2: expected 2 fields, got 1');
  });

  test('lines are counted through empty lines and breaks inside quotes', async () => {
    await refused('a,y\n\n1,"p\nq"\r\n2,"r\r\ns\r\nt"\n\n\n3,u\nx,v\n', ' line 11, column "a"', { target: 'y' });
  });

  test('no rows', async () => {
    await refused('', ' is empty');
    await refused('\n\n', ' is empty');
    await refused('a,b\n', ' has a header but no rows');
    await expect(readCsv(Readable.from([]))).rejects.toThrow('is empty');
  });

  test('two columns of one name', async () => {
    await refused('a,b,a\n1,2,3\n', ' line 1: columns 1 and 3 are both called "a"');
  });

  test('broken quotes, with the line', async () => {
    await refused('a,b\n1,2\n"3,4\n5,6\n', ' line 3: a quote that opens here is never closed');
    await refused('a,b\n1,2\n3,4"5"\n', ' line 3: a quote inside a field that is not quoted');
    await refused('a,b\n1,2\n3,"4"5\n', ' line 3: text behind a closing quote');
  });

  test('no inputs beside the target', async () => {
    await refused('y\n1\n', ' has no input columns beside the target', { target: 'y' });
  });

  test('contradicting options', async () => {
    const text = 'a,y\n1,2\n';
    await expect(read(text, { target: 'y', columns: ['a', 'y'] })).rejects.toThrow(RangeError);
    await expect(read(text, { task: 'regression' })).rejects.toThrow('csv: task and classes need a target column');
    await expect(read(text, { target: 'y', task: 'regression', classes: ['a'] })).rejects.toThrow('has no classes');
    await expect(read(text, { target: 'y', task: 'ranking' as never })).rejects.toThrow(RangeError);
    await expect(read(text, { delimiter: '' })).rejects.toThrow(RangeError);
    await expect(readCsv(5 as never)).rejects.toThrow(TypeError);
  });

  test('a file that is not there', async () => {
    await expect(readCsv('/nowhere/rows.csv')).rejects.toThrow(
      new NeuriteError('cannot read "/nowhere/rows.csv": there is no such file or folder'),
    );
    await expect(readCsv(temporaryFolder())).rejects.toThrow('it is a folder');
  });
});

async function* pairs(count: number) {
  for (let i = 0; i < count; i++) yield [i, i + 1];
}

describe('writeCsv', () => {
  test('what is written is read back', async () => {
    const path = join(temporaryFolder(), 'out.csv');
    const labels = ['plain', 'with, comma', 'with "quotes"', 'two\nlines', ' blanks ', 'ü'];
    await writeCsv(
      path,
      ['x', 'the, label'],
      labels.map((label, i) => [i / 3, label]),
    );
    const data = await readCsv(path, { target: 'the, label' });
    expect(data.inputs.data).toEqual(Float32Array.from(labels, (_, i) => i / 3));
    expect([...data.targets.data].map((index) => data.classes![index])).toEqual(labels);
  });

  test('rows may come one by one, more than memory need hold', async () => {
    const path = join(temporaryFolder(), 'out.csv');
    await writeCsv(path, ['a', 'b'], pairs(100_000), { delimiter: ';' });
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.length).toBe(100_002);
    expect([lines[0], lines[100_000]]).toEqual(['a;b', '99999;100000']);
  });

  test('a row of another length is refused and the old file is as it was', async () => {
    const path = join(temporaryFolder(), 'out.csv');
    await expect(writeCsv(path, ['a', 'b'], [[1, 2], [3]])).rejects.toThrow('csv: expected 2 fields in row 1, got 1');
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, 'old');
    await expect(writeCsv(path, ['a', 'b'], [[1]])).rejects.toThrow(RangeError);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});
