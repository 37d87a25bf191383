// `neurite convert`, and `inspect` and `export` of other libraries' files.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchNorm, conv2d, dense, flatten, loadModel, sequential, type Model } from '../../src/node/index.ts';
import { decodeNpz, loadKeras } from '../../src/node/formats.ts';
import { loadOnnx } from '../../src/node/onnx.ts';
import { buildCommand, neurite } from '../helpers/cli.ts';
import { randomFloats } from '../helpers/kernel.ts';
import { expectClose } from '../helpers/operation.ts';

const pixels = randomFloats(2 * 6 * 6 * 2, 5);
const input = { data: pixels, shape: [2, 6, 6, 2] };
let folder: string;
let model: Model;

beforeAll(async () => {
  await buildCommand();
  folder = mkdtempSync(join(tmpdir(), 'neurite-convert-'));
  const layers = [
    conv2d(3, { kernelSize: 3, activation: 'relu' }),
    batchNorm(),
    flatten(),
    dense(4, { activation: 'softmax' }),
  ];
  model = await sequential(layers, { inputShape: [6, 6, 2], seed: 3 });
  writeFileSync(join(folder, 'a.safetensors'), model.toBytes());
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const done = async (args: string) => {
  const { code, stdout, stderr } = await neurite(folder, args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
};
const failed = async (args: string, expected: number) => {
  const { code, stderr } = await neurite(folder, args);
  expect(code).toBe(expected);
  return stderr;
};

describe('convert', () => {
  test('through every format of models and back: the same predictions', async () => {
    expect(await done('convert a.safetensors b.keras')).toMatch(
      /^a\.safetensors \(safetensors\) → b\.keras \(keras\): 6 parameter tensors, [\d.]+ kB/,
    );
    await done('convert b.keras c.h5');
    await done('convert c.h5 web/model.json');
    expect(readdirSync(join(folder, 'web')).toSorted()).toEqual(['group1-shard1of1.bin', 'model.json']);
    await done('convert web d.safetensors');
    const back = await loadModel(readFileSync(join(folder, 'd.safetensors')));
    expect(back.predict(input)).toEqual(model.predict(input));
    await done('convert web/model.json e.onnx');
    const onnx = await loadOnnx(join(folder, 'e.onnx'));
    expectClose((onnx.predict(input) as { data: Float32Array }).data, model.predict(input).data, 1e-5, 'ONNX');
    await done('convert e.onnx f.safetensors');
    const again = await loadModel(readFileSync(join(folder, 'f.safetensors')));
    expectClose(again.predict(input).data, model.predict(input).data, 1e-5, 'ONNX and back');
  }, 60_000);

  test('weights alone: safetensors, npz and npy', async () => {
    await done('convert a.safetensors w.npz');
    const arrays = await decodeNpz(readFileSync(join(folder, 'w.npz')));
    expect([...arrays.keys()]).toEqual(Object.keys(model.getWeights()));
    await done('convert w.npz w.safetensors');
    expect(await done('inspect w.safetensors')).toContain('layers.0.kernel');
    expect(await failed('convert w.npz w.keras', 2)).toContain('has no model to be written as keras');
    expect(await failed('convert w.npz w.npy', 2)).toContain('a .npy file holds one tensor, and there are 8');
  });

  test('a file is what its content says, whatever its name', async () => {
    writeFileSync(join(folder, 'odd.h5'), readFileSync(join(folder, 'a.safetensors')));
    expect(await done('convert odd.h5 odd.keras')).toContain('odd.h5 (safetensors)');
    expect((await loadKeras(join(folder, 'odd.keras'))).outputShapes).toEqual([[4]]);
  });

  test('what cannot be: no format, a pickle, a name that says nothing, a file that is not there', async () => {
    writeFileSync(join(folder, 'x.bin'), 'nothing');
    writeFileSync(join(folder, 'x.pt'), Uint8Array.of(0x80, 2, 0x8a));
    expect(await failed('convert x.bin y.keras', 1)).toMatch(/x\.bin: it is of no format that is read/);
    expect(await failed('convert x.pt y.keras', 1)).toMatch(/x\.pt: this is a pickle.*import torch/);
    expect(await failed('convert a.safetensors y.xyz', 2)).toContain('--to says it');
    expect(await failed('convert gone.keras y.h5', 1)).toContain('gone.keras');
  });
});

test('export: other libraries by --to and by the name of --out', async () => {
  expect(await done('export a.safetensors --to keras')).toMatch(/^a\.keras: [\d.]+ kB/);
  expect(await done('export a.keras --out g.onnx')).toMatch(/^g\.onnx: /);
  expect(await done('export a.keras --to tfjs --out web2')).toMatch(/^web2\/model\.json: /);
  expect(await done('export a.keras --to wasm')).toMatch(/^a\.wasm: /);
});

test('inspect: Keras, TensorFlow.js and NumPy', async () => {
  await done('convert a.safetensors i.h5');
  await done('convert a.safetensors i/model.json');
  await done('convert a.safetensors i.npz');
  for (const name of ['i.h5', 'i', 'i/model.json']) {
    const text = await done(`inspect ${name}`);
    expect(text).toMatch(/layers_0 +conv2d/);
    expect(text).toMatch(/inputs +\[6, 6, 2\]/);
  }
  expect(await done('inspect i.npz')).toMatch(/layers\.3\.bias +float32 +\[4\]/);
});
