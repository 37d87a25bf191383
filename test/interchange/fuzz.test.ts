// Sound files of every format, changed at random: whatever happens must be a clean error that names the file, or a model or
// tensors; no hang, no crash, no memory beyond measure. The seed is fixed, so that a failure can be had again. Over all
// formats more than 20,000 tries, besides those of ONNX (test/onnx/fuzz.test.ts).
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';
import * as n from '../../src/index.ts';
import { decodeNpy, encodeNpy } from '../../src/formats/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/formats/npz.ts';
import { decodeSafetensors } from '../../src/formats/safetensors.ts';
import { writeZip } from '../../src/formats/zip.ts';
import { kerasBytes, openKeras } from '../../src/interchange/keras/index.ts';
import { openSklearn } from '../../src/interchange/sklearn.ts';
import { openTfjs, toTfjs } from '../../src/interchange/tfjs/index.ts';
import { loadStateDict } from '../../src/interchange/torch/state-dict.ts';
import { testRandom, variant } from '../helpers/kernel.ts';
import { mutated } from '../helpers/mutate.ts';

const isClean = (error: unknown): boolean =>
  error instanceof n.NeuriteError || (error instanceof RangeError && error.name === 'ShapeError');

interface Tried {
  opened: number;
  refused: number;
}

/** Opens files that `make` changes; every refusal must be clean and begin with the name. */
async function fuzz(
  tries: number,
  seed: number,
  name: string,
  make: (next: (low: number, high: number) => number) => Uint8Array | Promise<Uint8Array>,
  open: (bytes: Uint8Array) => unknown,
): Promise<Tried> {
  const next = testRandom(seed);
  const tried = { opened: 0, refused: 0 };
  for (let i = 0; i < tries; i++) {
    const bytes = await make(next);
    const started = performance.now();
    try {
      await open(bytes);
      tried.opened++;
    } catch (error) {
      tried.refused++;
      if (!isClean(error) || !(error as Error).message.startsWith(name))
        throw new Error(`try ${i} of seed ${seed}: ${String(error)}`, { cause: error });
    }
    if (performance.now() - started > 5_000) throw new Error(`try ${i} of seed ${seed} took too long`);
  }
  return tried;
}

let model: n.Model;
let keras: Uint8Array;
let legacy: Uint8Array;
let tfjs: Record<string, Uint8Array>;
const recorded = JSON.parse(readFileSync(new URL('./files/keras.json', import.meta.url), 'utf8')) as {
  files: { h5: string };
};

beforeAll(async () => {
  // jsfive tells the console of attributes that it cannot read.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const layers = [
    n.conv1d(3, { kernelSize: 2 }),
    n.batchNorm(),
    n.bidirectional(n.gru(2, { resetAfter: false })),
    n.dense(2),
  ];
  model = await n.sequential(layers, { inputShape: [4, 2], variant });
  keras = await kerasBytes(model);
  legacy = await kerasBytes(model, { format: 'h5' });
  tfjs = toTfjs(model);
});

test('npy: 8,000 changed files', async () => {
  const sound = encodeNpy({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] });
  const { opened, refused } = await fuzz(
    8_000,
    1,
    'a.npy',
    (next) => mutated(sound, next),
    (bytes) => decodeNpy(bytes, 'a.npy'),
  );
  expect(Math.min(opened, refused)).toBeGreaterThan(500);
});

test('npz: 4,000 changed archives', async () => {
  const arrays = { a: { data: Float32Array.of(1, 2), shape: [2] }, b: { data: BigInt64Array.of(3n), shape: [] } };
  const sounds = [await encodeNpz(arrays), await encodeNpz(arrays, { compress: true })];
  const make = (next: (low: number, high: number) => number) => mutated(sounds[Math.floor(next(0, 2))]!, next);
  const { refused } = await fuzz(4_000, 2, 'a.npz', make, (bytes) => decodeNpz(bytes, {}, 'a.npz'));
  expect(refused).toBeGreaterThan(2_000);
});

test('safetensors: 4,000 changed state_dicts', async () => {
  const torch = JSON.parse(readFileSync(new URL('./files/torch.json', import.meta.url), 'utf8')) as {
    cases: { weights: string }[];
  };
  const sound = new Uint8Array(Buffer.from(torch.cases[0]!.weights, 'base64'));
  const net = await n.sequential([n.dense(7), n.dense(3)], { inputShape: [5], variant });
  const next = testRandom(3);
  let refused = 0;
  for (let i = 0; i < 4_000; i++) {
    try {
      loadStateDict(net, decodeSafetensors(mutated(sound, next)));
    } catch (error) {
      refused++;
      // A dtype that was changed to another one's name is a wrong kind of value.
      if (!isClean(error) && !(error instanceof TypeError && error.message.startsWith('loadStateDict'))) throw error;
    }
  }
  expect(refused).toBeGreaterThan(1_000);
});

test('.h5: 800 changed files of h5py and h5wasm', async () => {
  const sounds = [new Uint8Array(Buffer.from(recorded.files.h5, 'base64')), legacy];
  const make = (next: (low: number, high: number) => number) => mutated(sounds[Math.floor(next(0, 2))]!, next);
  const { opened, refused } = await fuzz(800, 4, 'a.h5', make, (bytes) => openKeras(bytes, 'a.h5', { variant }));
  expect(Math.min(opened, refused)).toBeGreaterThan(100);
});

test('.keras: 800 changed archives, 500 sound archives of changed members', async () => {
  const open = (bytes: Uint8Array) => openKeras(bytes, 'a.keras', { variant });
  const { refused } = await fuzz(800, 5, 'a.keras', (next) => mutated(keras, next), open);
  expect(refused).toBeGreaterThan(400);
  const { readZip } = await import('../../src/formats/zip.ts');
  const members = await readZip(keras, 'a.keras');
  const names = [...members.keys()];
  const inner = await fuzz(
    500,
    6,
    'a.keras',
    (next) => {
      const name = names[Math.floor(next(0, names.length))]!;
      return writeZip(new Map([...members, [name, mutated(members.get(name)!, next)]]));
    },
    open,
  );
  expect(inner.refused).toBeGreaterThan(100);
});

/** A text with a number, a name or a bracket exchanged for another: still JSON, more often than by bytes. */
function changedText(text: string, next: (low: number, high: number) => number): string {
  const words = [...text.matchAll(/-?\d+(\.\d+)?|"[^"]*"|true|false|null/g)];
  const [word, other] = [0, 1].map(() => words[Math.floor(next(0, words.length))]!);
  const values = [other![0], '-1', '1e9', '99999999999999999999', 'null', '"x"', '[]', '{}', '[[[[1]]]]', '0', '0.5'];
  const value = values[Math.floor(next(0, values.length))]!;
  return text.slice(0, word!.index) + value + text.slice(word!.index! + word![0].length);
}

test('model.json: 2,500 changed configurations and manifests, 500 changed shards', async () => {
  const text = new TextDecoder().decode(tfjs['model.json']);
  const shard = tfjs['group1-shard1of1.bin']!;
  const read = (bytes: Uint8Array) => (path: string) =>
    path === 'group1-shard1of1.bin'
      ? Promise.resolve(bytes)
      : Promise.reject(new n.NeuriteError(`m.json: there is no ${path}`));
  const { opened, refused } = await fuzz(
    2_500,
    7,
    'm.json',
    (next) =>
      next(0, 1) < 0.8 ? new TextEncoder().encode(changedText(text, next)) : mutated(tfjs['model.json']!, next),
    (bytes) => openTfjs(bytes, read(shard), 'm.json', { variant }),
  );
  expect(Math.min(opened, refused)).toBeGreaterThan(300);
  await fuzz(
    500,
    8,
    'm.json',
    (next) => mutated(shard, next),
    (bytes) => openTfjs(tfjs['model.json']!, read(bytes), 'm.json', { variant }),
  );
});

test('scikit-learn: 3,000 changed dumps', async () => {
  const sound = JSON.stringify({
    activation: 'relu',
    out_activation: 'softmax',
    coefs: [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    intercepts: [
      [0, 1],
      [1, 2, 3],
    ],
    classes: ['a', 'b', 'c'],
  });
  const make = (next: (low: number, high: number) => number) => new TextEncoder().encode(changedText(sound, next));
  const { opened, refused } = await fuzz(3_000, 9, 's.json', make, (bytes) =>
    openSklearn(bytes, 's.json', { variant }),
  );
  expect(Math.min(opened, refused)).toBeGreaterThan(200);
});
