import { expect, test } from 'vitest';
import { NeuriteError } from '../../src/core/errors.ts';
import { checkFits, fromEngine, Memory } from '../../src/core/memory.ts';
import { dense, loadModel, sequential } from '../../src/index.ts';
import { testRandom } from '../helpers/kernel.ts';

const page = 65536;
const fresh = (pages = 1, base = 1000) => new Memory(new WebAssembly.Memory({ initial: pages }), base);

test('memory: allocations are aligned to 64 bytes, zeroed and apart', () => {
  const memory = fresh();
  const addresses = [1, 4, 63, 64, 65, 1000].map((bytes) => ({ bytes, address: memory.allocate(bytes) }));
  let end = 1000;
  for (const { bytes, address } of addresses) {
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(end);
    end = address + bytes;
    expect(memory.integers(address, Math.floor(bytes / 4)).every((value) => value === 0)).toBe(true);
  }
});

test('memory: what was given back is used again, zeroed', () => {
  const memory = fresh();
  const first = memory.allocate(256);
  memory.allocate(64);
  memory.floats(first, 64).fill(7);
  memory.release(first);
  const again = memory.allocate(128);
  expect(again).toBe(first);
  expect(memory.floats(again, 32).every((value) => value === 0)).toBe(true);
  expect(memory.allocate(128)).toBe(first + 128);
});

test('memory: the smallest hole that is large enough is taken', () => {
  const memory = fresh();
  const [large, , small] = [1024, 64, 128, 64].map((bytes) => memory.allocate(bytes));
  memory.release(large!);
  memory.release(small!);
  expect(memory.allocate(128)).toBe(small);
  expect(memory.allocate(128)).toBe(large);
});

test('memory: neighbouring holes become one', () => {
  const memory = fresh();
  const [a, b, c] = [128, 128, 128, 64].map((bytes) => memory.allocate(bytes));
  memory.release(a!);
  memory.release(c!);
  memory.release(b!);
  expect(memory.allocate(384)).toBe(a);
});

test('memory: the last allocation gives its place back to the end', () => {
  const memory = fresh();
  const first = memory.allocate(64);
  const last = memory.allocate(64);
  memory.release(last);
  expect(memory.allocate(4096)).toBe(last);
  memory.release(last);
  memory.release(first);
  expect(memory.allocate(10_000)).toBe(first);
});

test('memory: nothing at all is an allocation of its own too', () => {
  const memory = fresh();
  const [a, b] = [memory.allocate(0), memory.allocate(0)];
  expect(a).not.toBe(b);
  memory.release(a);
  memory.release(b);
});

test('memory: what is no allocation cannot be given back, nor twice', () => {
  const memory = fresh();
  const address = memory.allocate(64);
  memory.release(address);
  expect(() => memory.release(address)).toThrow(NeuriteError);
  expect(() => memory.release(4)).toThrow('4 is not an allocation');
});

test('memory: growing keeps the data, kills the views and counts up', () => {
  const memory = fresh();
  const address = memory.allocate(400);
  const view = memory.floats(address, 100);
  view.set(Float32Array.from({ length: 100 }, (_, i) => i));
  const { generation } = memory;
  memory.allocate(10 * page);
  expect(memory.generation).toBe(generation + 1);
  expect(view.length).toBe(0);
  expect(Array.from(memory.floats(address, 100))).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(memory.f32[address / 4 + 5]).toBe(5);
  expect(memory.i32.buffer).toBe(memory.u32.buffer);
  expect(memory.bytes).toBeGreaterThanOrEqual(11 * page);
});

test('memory: an allocation that fits grows nothing', () => {
  const memory = fresh(2);
  const { generation, bytes } = memory;
  memory.allocate(page);
  expect([memory.generation, memory.bytes]).toEqual([generation, bytes]);
});

test('memory: a thousand random allocations never overlap and come back whole', () => {
  const memory = fresh();
  const random = testRandom(3);
  const live: { address: number; length: number; mark: number }[] = [];
  for (let round = 0; round < 1000; round++) {
    if (live.length && random(0, 1) < 0.5) {
      const [{ address, length, mark }] = live.splice(Math.floor(random(0, live.length)), 1) as [(typeof live)[0]];
      expect(memory.integers(address, length).every((value) => value === mark)).toBe(true);
      memory.release(address);
    } else {
      const length = Math.floor(random(1, 400));
      const address = memory.allocate(4 * length);
      memory.integers(address, length).fill(round);
      live.push({ address, length, mark: round });
    }
  }
  const { bytes } = memory;
  for (const { address } of live) memory.release(address);
  memory.allocate(bytes - 64 - 1024);
  expect(memory.bytes).toBe(bytes);
});

test('memory: more than 4 GiB is refused before anything is allocated', () => {
  const memory = fresh();
  const { bytes } = memory;
  expect(() => memory.allocate(4 * 1024 ** 3, 'model')).toThrow('model: needs 4.00 GiB of memory');
  expect(() => memory.allocate(4 * 1024 ** 3, 'model')).toThrow(NeuriteError);
  expect(memory.bytes).toBe(bytes);
  expect(memory.allocate(64)).toBe(1024);
  expect(() => checkFits(4 * 1024 ** 3, 'x')).not.toThrow();
});

test('memory: what the engine refuses is an error with the size', () => {
  const refuse = () => {
    throw new RangeError('could not allocate memory');
  };
  expect(() => fromEngine(3 * 1024 ** 2, 'model', refuse)).toThrow('model: the engine refused 3 MiB');
  const memory = new Memory(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 64);
  expect(() => memory.allocate(5 * page, 'weights')).toThrow('weights: the engine refused 1 MiB');
  expect(() => memory.allocate(5 * page)).toThrow(NeuriteError);
  expect(memory.allocate(64)).toBe(64);
});

test('memory: a model beyond 4 GiB is refused before anything is allocated', async () => {
  const build = sequential([dense(1e6)], { inputShape: [1e6] });
  await expect(build).rejects.toThrow('needs 3725.29 GiB of memory, more than the 4 GiB that WebAssembly can address');
  await expect(build).rejects.toThrow(NeuriteError);
});

test('memory: a batch beyond 4 GiB is refused, and the model works on', async () => {
  const model = await sequential([dense(4)], { inputShape: [1000] });
  model.allocate({ batchSize: 2 });
  const { memory } = model;
  expect(() => model.allocate({ batchSize: 2_000_000 })).toThrow(NeuriteError);
  expect(model.input.length).toBe(2000);
  expect(model.memory).toBe(memory);
});

test('memory: a file whose topology claims more than its weights allocates nothing for it', async () => {
  const model = await sequential([dense(2)], { inputShape: [2] });
  const text = new TextDecoder('latin1').decode(model.toBytes()).replace('\\"units\\":2,', '\\"units\\":2e8,');
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length + 2), true);
  await expect(loadModel(bytes)).rejects.toThrow(
    /"layers.0.kernel" is \[2, 2\] in the file and \[2, 200000000\] in the model/,
  );
});
