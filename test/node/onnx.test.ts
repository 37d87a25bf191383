// ONNX files on the disk: weights in files beside the model, and none from outside its folder.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { inspectOnnx, loadOnnx, modelFromOnnx } from '../../src/node/onnx.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { info, modelBytes, node } from '../helpers/onnx-graph.ts';

const weights = Float32Array.of(1, 2, 3, 4);
const bytesOf = (array: Float32Array) => new Uint8Array(array.buffer);

/** y = x + w, with w in a file of this name. */
const model = (location: string, extra: Record<string, string> = {}) =>
  modelBytes({
    input: [info('x', ['n', 4])],
    output: [info('y', ['n', 4])],
    initializer: [
      {
        name: 'w',
        dims: [4],
        dataType: 1,
        dataLocation: 1,
        externalData: Object.entries({ location, ...extra }).map(([key, value]) => ({ key, value })),
      },
    ],
    node: [node('Add', ['x', 'w'], ['y'])],
  });

/** A folder with a model in it, and what lies around. */
function place(location: string, extra: Record<string, string> = {}): { folder: string; path: string } {
  const outer = temporaryFolder();
  const folder = join(outer, 'models');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(outer, 'secret.bin'), bytesOf(weights));
  writeFileSync(join(folder, 'w.bin'), bytesOf(weights));
  writeFileSync(join(folder, 'data', 'w.bin'), bytesOf(weights));
  const path = join(folder, 'm.onnx');
  writeFileSync(path, model(location, extra));
  return { folder, path };
}

describe('weights in files of their own', () => {
  test.each(['w.bin', 'data/w.bin', './w.bin'])('%j beside the model is found', async (location) => {
    const { path } = place(location);
    for (const source of [path, pathToFileURL(path)]) {
      const opened = await loadOnnx(source);
      expect([...opened.run({ x: new Float32Array(4) })['y']!.data]).toEqual([1, 2, 3, 4]);
    }
    const trained = await modelFromOnnx(path);
    expect(trained.getWeights()['onnx.w']!.data).toEqual(weights);
    const file = `${path}.safetensors`;
    await trained.save(file);
    expect(existsSync(file)).toBe(true);
    expect((await inspectOnnx(path)).weights).toEqual({ tensors: 1, values: 4 });
  });

  test.each(['../secret.bin', 'data/../../secret.bin', '/etc/passwd', 'C:\\secret.bin', '..\\secret.bin'])(
    '%j is refused before it is read',
    async (location) => {
      const { path } = place(location);
      for (const open of [loadOnnx, inspectOnnx, modelFromOnnx]) {
        await expect(open(path)).rejects.toThrow(FormatError);
        await expect(open(path)).rejects.toThrow(/^m\.onnx: its weights are in ".*", outside the model's folder$/);
      }
    },
  );

  test('a link that leads out is refused, one within the folder is followed', async () => {
    const { folder, path } = place('linked.bin');
    symlinkSync(join(folder, '..', 'secret.bin'), join(folder, 'linked.bin'));
    await expect(loadOnnx(path)).rejects.toThrow(
      'm.onnx: its weights are in "linked.bin", which leads outside the model\'s folder',
    );
    const inside = place('linked.bin');
    symlinkSync(join(inside.folder, 'data', 'w.bin'), join(inside.folder, 'linked.bin'));
    expect([...(await loadOnnx(inside.path)).run({ x: [0, 0, 0, 0] })['y']!.data]).toEqual([1, 2, 3, 4]);
  });

  test('a link of a folder that leads out is refused', async () => {
    const { folder, path } = place('out/secret.bin');
    symlinkSync(join(folder, '..'), join(folder, 'out'));
    await expect(loadOnnx(path)).rejects.toThrow("which leads outside the model's folder");
  });

  test('a file that is missing, or too short, names the model', async () => {
    await expect(loadOnnx(place('none.bin').path)).rejects.toThrow('none.bin');
    await expect(loadOnnx(place('w.bin', { offset: '8', length: '16' }).path)).rejects.toThrow(
      'm.onnx: initializer "w": bytes 8 to 24 are outside "w.bin" of 16 bytes',
    );
    await expect(loadOnnx(place('w.bin', { length: '-4' }).path)).rejects.toThrow('are outside "w.bin"');
    await expect(loadOnnx(place('w.bin', { length: '8' }).path)).rejects.toThrow(
      'm.onnx: initializer "w": 8 bytes do not hold 4 values of float32; expected 16',
    );
  });

  test('one that is handed in is taken instead', async () => {
    const { path } = place('w.bin');
    const opened = await loadOnnx(path, { externalData: { 'w.bin': bytesOf(Float32Array.of(9, 9, 9, 9)) } });
    expect([...opened.run({ x: [0, 0, 0, 0] })['y']!.data]).toEqual([9, 9, 9, 9]);
  });
});
