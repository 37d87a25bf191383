import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installPeers } from '../../bench/lib/install.ts';
import { ourPrograms, ourWire } from '../../bench/lib/wire.ts';
import { denseModel, productModel } from '../../bench/lib/onnx.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const dependencies = { good: '1.0.0', bad: '2.0.0' };

/** Puts a package where npm would. */
function place(folder: string, name: string, version: string): void {
  mkdirSync(join(folder, 'node_modules', name), { recursive: true });
  writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
}

function peersFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies }));
  return folder;
}

describe('installPeers', () => {
  test('a peer that does not install is named with what npm said; the others are there', async () => {
    const folder = peersFolder();
    const npm = async (where: string, [command, ...words]: readonly string[]) => {
      if (command === 'ci') throw new Error('npm ci failed');
      const [name, version] = words.at(-1)!.split('@');
      if (name === 'bad') throw Object.assign(new Error('failed'), { stderr: 'npm error code E404\nnpm error 404' });
      place(where, name!, version!);
    };
    expect(await installPeers(folder, npm)).toEqual({ versions: { good: '1.0.0' }, missing: { bad: 'code E404' } });
  });

  test('a peer that is not there after all is named too', async () => {
    const folder = peersFolder();
    place(folder, 'good', '1.0.0');
    const { missing } = await installPeers(folder, async () => undefined);
    expect(missing).toEqual({ bad: 'bad@2.0.0 is not there after npm install' });
  });

  test('npm is not asked when everything is there', async () => {
    const folder = peersFolder();
    for (const [name, version] of Object.entries(dependencies)) place(folder, name, version);
    const refuse = async () => {
      throw new Error('not to be called');
    };
    expect(await installPeers(folder, refuse)).toEqual({ versions: dependencies, missing: {} });
  });
});

describe('ourWire', () => {
  test('counts what a small program keeps of index.js, and the chunk of one variant and pack, each once', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'chunks'));
    const load = (name: string) => ['import', `('./chunks/${name}.js')`].join('');
    const files = {
      'index.js': `import { a } from './chunks/a.js';
export const dense = () => a;
export const sequential = () => [${load('relaxed-dense-1')}, ${load('relaxed-full-1')}, ${load('simd-dense-1')}, ${load('fit-1')}];
export const loadModel = () => ${load('fit-1')};
export const unused = 'not wanted by the program';`,
      'chunks/a.js': 'export const a = 1;',
      'chunks/relaxed-dense-1.js': 'export default "relaxed";',
      'chunks/relaxed-full-1.js': 'export default "all of relaxed";',
      'chunks/simd-dense-1.js': 'export default "plain";',
      'chunks/fit-1.js': 'export default "fit";',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { files: counted, gzip } = await ourWire(folder, 'relaxed', ourPrograms.full);
    expect(counted.filter(({ name }) => name.includes('relaxed-dense'))).toHaveLength(1);
    expect(counted.filter(({ name }) => /simd|full|fit/.test(name))).toEqual([]);
    expect(gzip).toBe(counted.reduce((sum, file) => sum + file.gzip, 0));
  });
});

describe('the ONNX writer', () => {
  /** The fields of a protocol-buffer message: [number, value or bytes]. */
  function fields(bytes: Uint8Array): [number, number | Uint8Array][] {
    const found: [number, number | Uint8Array][] = [];
    let at = 0;
    const varint = () => {
      let [value, shift] = [0, 0];
      for (; bytes[at]! & 0x80; shift += 7) value |= (bytes[at++]! & 0x7f) << shift;
      return value | (bytes[at++]! << shift);
    };
    while (at < bytes.length) {
      const key = varint();
      const value = varint();
      if (key & 2) found.push([key >> 3, bytes.subarray(at, (at += value))]);
      else found.push([key >> 3, value]);
    }
    return found;
  }
  const text = (value: number | Uint8Array) => new TextDecoder().decode(value as Uint8Array);
  const graphOf = (bytes: Uint8Array) => fields(fields(bytes).find(([number]) => number === 7)![1] as Uint8Array);

  test('a product is one MatMul of two inputs', () => {
    const graph = graphOf(productModel(3, 200, 5));
    const [node] = graph.filter(([number]) => number === 1).map(([, value]) => fields(value as Uint8Array));
    expect(node!.map(([number, value]) => [number, text(value)])).toEqual([
      [1, 'a'],
      [1, 'b'],
      [2, 'out'],
      [4, 'MatMul'],
    ]);
    expect(graph.filter(([number]) => number === 11)).toHaveLength(2);
  });

  test('a dense network carries its weights and ends in "out"', () => {
    const layer = { kernel: new Float32Array(6), bias: new Float32Array(2), activation: 'relu' as const };
    const graph = graphOf(denseModel([layer, { ...layer, kernel: new Float32Array(4), activation: 'linear' }], 4));
    const nodes = graph.filter(([number]) => number === 1).map(([, value]) => fields(value as Uint8Array));
    expect(nodes.map((node) => text(node.at(-1)![1]))).toEqual(['Gemm', 'Relu', 'Gemm']);
    expect(text(nodes.at(-1)!.find(([number]) => number === 2)![1])).toBe('out');
    expect(graph.filter(([number]) => number === 5)).toHaveLength(4);
  });
});
