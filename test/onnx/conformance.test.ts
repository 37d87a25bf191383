// ONNX's own cases. Every case passes, or stands in the table of docs/onnx.md with its reason; the counts are held.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { casesOf, openCase, recorded, runCase, type OnnxCase } from '../helpers/onnx.ts';
import { readTar } from '../helpers/tar.ts';

/** The cases that docs/onnx.md lists as out of scope: rows of `| case | reason |` below that heading. */
const document = readFileSync(join(import.meta.dirname, '../../docs/onnx.md'), 'utf8');
const [, table = ''] = document.split('## Cases out of scope');
const outOfScope = new Set(Array.from(table.matchAll(/`(test_\w+)`/g), ([, name]) => name!));

const nodeCases = casesOf('node.tar.gz');
const modelCases = casesOf('models.tar.gz');
const networks = modelCases.filter(({ name }) => name.startsWith('pytorch-networks/'));
const models = modelCases.filter(({ name }) => !name.startsWith('pytorch-networks/'));
const inScope = ({ name }: OnnxCase) => !outOfScope.has(name.split('/').at(-1)!);

test('the counts that docs/onnx.md states', () => {
  const counts = [nodeCases, models, networks].map((all) => [all.filter(inScope).length, all.length] as const);
  const stated = Array.from(document.matchAll(/\| (\d+) of (\d+) \|/g), ([, passing, all]) => [
    Number(passing),
    Number(all),
  ]);
  expect(stated.slice(0, 3)).toEqual(counts);
  expect(counts[0]![0]).toBeGreaterThanOrEqual(445);
  expect(counts[1]![0]).toBe(65);
  expect(counts[2]![0]).toBe(5);
});

const exact = { relative: 1e-3, absolute: 1e-7 };
const floats = { relative: 1e-3, absolute: 1e-5 };

describe('one operator', () => {
  test.each(nodeCases.filter(inScope).map((each) => [each.name, each] as const))('%s', (_name, each) =>
    runCase(each, exact),
  );
});
describe('models', () => {
  test.each(models.filter(inScope).map((each) => [each.name, each] as const))('%s', (_name, each) =>
    runCase(each, exact),
  );
});
describe('networks', () => {
  test.each(networks.map((each) => [each.name, each] as const))('%s', (_name, each) => runCase(each, floats));
});

describe('what is out of scope is refused, or differs as its reason says', () => {
  const others = [...nodeCases, ...models].filter((each) => !inScope(each));
  test.each(others.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    await expect(runCase(each, exact)).rejects.toThrow();
  });
  test('the table names no case that does not exist', () => {
    expect(others.length).toBe(outOfScope.size);
  });
});

describe('light networks', () => {
  const files = readTar(join(import.meta.dirname, '../golden/onnx/models.tar.gz'));
  test.each(['resnet50', 'squeezenet'])('%s: the input arange(n) / n gives the recorded output', async (name) => {
    const model = await openCase(name, files.get(`light/${name}/light_${name}.onnx`)!);
    const [{ name: input, shape }] = model.inputs as [(typeof model.inputs)[number]];
    const sizes = shape as number[];
    const n = sizes.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length: n }, (_, i) => i / n);
    const [result] = Object.values(model.run({ [input]: { data, shape: sizes } }));
    const expected = recorded(files.get(`light/${name}/light_${name}_output_0.pb`)!, name);
    expect(result!.data.length).toBe(expected.data.length);
    expected.data.forEach((value, i) => {
      expect(Math.abs(result!.data[i]! - value)).toBeLessThanOrEqual(1e-5 + 1e-3 * Math.abs(value));
    });
  });
});
