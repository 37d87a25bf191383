// HDF5 files that lead in circles: what jsfive would follow for hours or fill the memory with is refused at once. And sound
// files of many parts, in the older and the newer layout of groups, which are not.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openHdf5, writeHdf5, type Hdf5Group } from '../../src/interchange/keras/hdf5.ts';

const ascii = (word: string) => [...word].map((letter) => letter.charCodeAt(0));
const u16 = (x: number) => [x & 255, x >> 8];
const u64 = (x: number) => [...new Uint8Array(BigUint64Array.of(BigInt(x)).buffer)];

/** Where bytes stand in others, all places. */
function placesOf(bytes: Uint8Array, part: readonly number[]): number[] {
  const text = Buffer.from(bytes);
  const found: number[] = [];
  for (let at = text.indexOf(Buffer.from(part)); at >= 0; at = text.indexOf(Buffer.from(part), at + 1)) found.push(at);
  return found;
}

async function refusedAtOnce(bytes: Uint8Array, why: RegExp, read: (file: Hdf5Group) => unknown) {
  const started = performance.now();
  const refused = expect((async () => read(await openHdf5(bytes, 'a.h5')))()).rejects;
  await refused.toThrow(new RegExp(`^a\\.h5: .*damaged.*${why.source}`));
  expect(performance.now() - started).toBeLessThan(5_000);
}

const counted = (count: number) => Array.from({ length: count }, (_, i) => `part${i}`);

test('a sound file of 600 groups and tensors is read, whichever is asked for', async () => {
  const tensors = { x: { data: Float32Array.of(1, 2), shape: [2] } };
  const groups = Object.fromEntries(counted(600).map((name) => [name, { tensors, attributes: { names: ['x', 'y'] } }]));
  const file = await openHdf5(await writeHdf5({ groups: { all: { groups } } }), 'a.h5');
  for (const name of counted(600)) {
    expect(Array.from(file.tensor(`all/${name}/x`)!.data())).toEqual([1, 2]);
    expect(file.group(`all/${name}`)!.attribute('names')).toEqual(['x', 'y']);
  }
});

test.each([3, 30, 400])('a sound file of %d groups in the order of their making is read', async (count) => {
  const { default: h5wasm } = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File('/ordered.h5', 'w', { track_order: true } as never);
  const all = file.create_group('all', true);
  for (const name of counted(count)) all.create_group(name, true).create_attribute('text', `of ${name}`);
  file.close();
  const bytes = FS.readFile('/ordered.h5') as Uint8Array;
  const opened = await openHdf5(bytes, 'a.h5');
  for (const name of counted(count)) expect(opened.group(`all/${name}`)!.attribute('text')).toBe(`of ${name}`);
});

test('a tree whose nodes are all one another’s children', async () => {
  // h5py writes the older layout, whose groups are such trees.
  const recorded = JSON.parse(readFileSync(new URL('./files/keras.json', import.meta.url), 'utf8')) as {
    files: { h5: string };
  };
  const sound = new Uint8Array(Buffer.from(recorded.files.h5, 'base64'));
  const [root] = placesOf(sound, ascii('TREE')) as [number];
  const fanOut = 1_000;
  const nodes: number[] = [];
  // The leaf is the sound one; three levels above, each of a thousand references to the node below.
  let child = root;
  for (let level = 1; level <= 3; level++) {
    const at = sound.length + nodes.length;
    nodes.push(...ascii('TREE'), 0, level, ...u16(fanOut), ...u64(0), ...u64(0));
    for (let i = 0; i < fanOut; i++) nodes.push(...u64(0), ...u64(child));
    nodes.push(...u64(0));
    child = at;
  }
  const bytes = new Uint8Array([...sound, ...nodes]);
  for (const at of placesOf(sound, u64(root))) bytes.set(u64(child), at);
  await refusedAtOnce(bytes, /lead in circles/, (file) => file.group('model_weights'));
});

test('a header whose blocks lie over one another', async () => {
  const [blocks, zeros] = [8_000, 400_000];
  const superblock = [0x89, ...ascii('HDF\r\n'), 0x1a, 10, 2, 8, 8, 0, ...u64(0), ...u64(0), ...u64(0), ...u64(48)];
  const chunk = 20 * blocks;
  const size = [...new Uint8Array(Uint32Array.of(chunk).buffer)];
  const head = [...superblock, 0, 0, 0, 0, ...ascii('OHDR'), 2, 2, ...size];
  const begin = head.length + chunk;
  for (let i = 0; i < blocks; i++) head.push(16, ...u16(16), 0, ...u64(begin + i), ...u64(zeros - blocks));
  await refusedAtOnce(new Uint8Array([...head, ...new Uint8Array(zeros)]), /lead in circles/, (file) =>
    file.group('a'),
  );
});

interface Making {
  create_attribute(name: string, data: unknown): void;
  create_dataset(options: {
    name: string;
    data: unknown;
    shape: number[];
    chunks?: number[];
    compression?: number;
  }): void;
}

/** What HDF5's own library writes. */
async function made(path: string, fill: (file: Making) => void): Promise<Uint8Array> {
  const { default: h5wasm } = await import('h5wasm');
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File(path, 'w');
  fill(file as unknown as Making);
  file.close();
  return (FS.readFile(path) as Uint8Array).slice();
}

test.each([
  [
    'an attribute',
    (file: Making) => file.create_attribute('texts', ['first', 'second']),
    (opened: Hdf5Group) => opened.attribute('texts'),
  ],
  [
    'a dataset',
    (file: Making) => file.create_dataset({ name: 'texts', data: ['first', 'second'], shape: [2] }),
    (opened: Hdf5Group) => opened.values('texts')?.data,
  ],
])('texts of %s that are referred to twice', async (_, fill, read) => {
  const bytes = await made('/texts.h5', fill);
  expect(read(await openHdf5(bytes, 'a.h5'))).toEqual(['first', 'second']);
  const [heap] = placesOf(bytes, ascii('GCOL')) as [number];
  const [, second] = placesOf(bytes, u64(heap)) as [number, number];
  bytes[second + 8] = bytes[second + 8 - 16]!;
  await refusedAtOnce(bytes, /refer to a text twice/, read);
});

const u32 = (x: number) => [...new Uint8Array(Uint32Array.of(x).buffer)];

test.each([
  ['elements larger than those of their type', [1, 1, 60_000_000], /chunks of 60000000 bytes a number/],
  ['chunks that are larger than what they hold', [1, 2 ** 22, 4], /chunks take more than the file can hold/],
] as const)('%s', async (_, claimed, why) => {
  const data = Float32Array.from({ length: 40 }, (_unused, i) => i);
  const bytes = await made('/chunks.h5', (file) =>
    file.create_dataset({ name: 'x', data, shape: [40, 1], chunks: [1, 1], compression: 1 }),
  );
  const read = (opened: Hdf5Group) => opened.values('x')?.data;
  expect(read(await openHdf5(bytes, 'a.h5'))).toEqual(data);
  const places = placesOf(bytes, [1, 1, 4].flatMap(u32));
  expect(places).toHaveLength(1);
  bytes.set(claimed.flatMap(u32), places[0]);
  await refusedAtOnce(bytes, why, read);
});
