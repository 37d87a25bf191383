// `neurite export` from outside: the files that it writes run by themselves; what it refuses.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { dense, sequential } from '../../src/index.ts';
import { predictByModule } from '../../src/export/error.ts';
import { buildCommand, neurite } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { randomTensor } from '../helpers/model.ts';

beforeAll(buildCommand, 240_000);

const made = await sequential([dense(16, { activation: 'relu' }), dense(3, { activation: 'softmax' })], {
  inputShape: [8],
  seed: 4,
  variant: 'simd',
});
const rows = randomTensor([20, 8], 3);

function folderWithModel(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'm.safetensors'), made.toBytes());
  const lines = Array.from({ length: 20 }, (_, i) => rows.data.slice(8 * i, 8 * i + 8).join());
  writeFileSync(join(folder, 'rows.csv'), ['a,b,c,d,e,f,g,h', ...lines, ''].join('\n'));
  return folder;
}

describe('neurite export', () => {
  test('--help shows examples', async () => {
    const { code, stdout } = await neurite('.', ['export', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ neurite export/);
  });

  test('a .wasm file has the bits of the model', async () => {
    const folder = folderWithModel();
    const { code, stdout, stderr } = await neurite(folder, 'export m.safetensors --to wasm');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^m\.wasm: .* of them weights\n$/);
    const bytes = new Uint8Array(readFileSync(join(folder, 'm.wasm')));
    expect(await predictByModule(bytes, [rows], [3], 1)).toEqual([made.predict(rows).data]);
  });

  test('a module with smaller weights, its error told, and its types beside it', async () => {
    const folder = folderWithModel();
    const options = '--out net.mjs --variant simd --weights int8 --data rows.csv --max-error 0.1 --batch 4';
    const { code, stdout } = await neurite(folder, `export m.safetensors ${options}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/net\.mjs: .*; at most \S+ from the model's outputs; net\.d\.mts/);
    expect(readFileSync(join(folder, 'net.d.mts'), 'utf8')).toContain('predict(');
    const { predict } = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'net.mjs')).href)) as {
      predict(values: ArrayLike<number>): Float32Array;
    };
    const expected = made.predict(rows).data;
    predict(rows.data).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(0.1));
  });

  test.each([
    ['export m.safetensors --to wsam', 2, 'did you mean "wasm"?'],
    ['export m.safetensors --out net.txt', 2, '--to says it'],
    ['export m.safetensors --to wasm --variant both', 2, 'of one variant'],
    [
      'export m.safetensors --to onnx --weights int8 --max-error 1',
      2,
      '--weights, --max-error: of wasm and js alone, not of onnx',
    ],
    ['export m.safetensors --weights int8', 1, 'need the option data'],
    ['export m.safetensors --weights int8 --data rows.csv --max-error 0', 1, 'more than 0'],
    ['export none.safetensors', 1, 'none.safetensors'],
  ])('%s: exit code %i', async (args, expected, message) => {
    const folder = folderWithModel();
    const { code, stdout, stderr } = await neurite(folder, args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(message);
    for (const name of ['m.wasm', 'm.onnx']) expect(existsSync(join(folder, name))).toBe(false);
  });
});
