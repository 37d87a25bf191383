// Philox in the core and on the host: published known answers, one stream of words, the distributions made of them.
import { instantiateSync } from '@assemblyscript/loader';
import { expect, test } from 'vitest';
import { loadCore } from '../../src/core/core.ts';
import { RandomKind } from '../../src/core/generated/instructions.ts';
import { philox4x32, Random, seedWords, type Counter, type Key } from '../../src/core/philox.ts';
import { awkwardLengths, kernelRunner, output, randomFloats, variant } from '../helpers/kernel.ts';

const kernels = await kernelRunner();

const allOnes = 0xffffffff;
/** kat_vectors of Random123: philox4x32, 10 rounds. */
const knownAnswers: [Counter, Key, number[]][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [allOnes, allOnes, allOnes, allOnes],
    [allOnes, allOnes],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

/** One block by the core's own export. */
async function corePhilox(counter: Counter, key: Key): Promise<number[]> {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const { module } = await loadCore({ variant });
  const { exports } = instantiateSync<{ philox4x32(address: number): void; heapBase(): number }>(module, {
    env: { memory },
  });
  const address = exports.heapBase();
  const words = new Uint32Array(memory.buffer);
  words.set([...counter, ...key], address / 4);
  exports.philox4x32(address);
  return Array.from(words.subarray(address / 4, address / 4 + 4));
}

test.each(knownAnswers)(
  'Philox of %j under %j is the published answer, in the core and on the host',
  async (counter, key, answer) => {
    expect(philox4x32(counter, key)).toEqual(answer);
    expect(await corePhilox(counter, key)).toEqual(answer);
  },
);

interface Fill {
  kind?: keyof typeof RandomKind;
  a?: number;
  b?: number;
  seed?: number;
  stream?: number;
}

function fill(n: number, { kind = 'Uniform', a = 0, b = 1, seed = 1, stream = 0 }: Fill, offset = 0): Float32Array {
  const [seedLow, seedHigh] = seedWords(seed);
  const operands = { kind: RandomKind[kind], out: output(n), n, a, b, seedLow, seedHigh, stream };
  return kernels.run('RandomFill', operands, offset).outputs['out']!;
}

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, value) => sum + value, 0) / x.length;
const moment = (x: ArrayLike<number>, k: number) => mean(Array.from(x, (value) => value ** k));

test('the core and the host make the same words', () => {
  for (const [seed, stream] of [
    [0, 0],
    [42, 7],
    [2 ** 53 - 1, 0xffffffff],
  ] as const) {
    const host = new Random(seed, stream);
    const core = fill(1000, { seed, stream });
    expect([...core].map((u) => u * 2 ** 24)).toEqual(Array.from(core, () => host.nextUint32() >>> 8));
  }
});

test.each(Object.keys(RandomKind) as (keyof typeof RandomKind)[])(
  '%s: the same numbers at every length and offset',
  (kind) => {
    const whole = fill(64, { kind, a: 1, b: 2 });
    for (const n of awkwardLengths)
      for (const offset of [0, 4, 8, 12]) expect(fill(n, { kind, a: 1, b: 2 }, offset)).toEqual(whole.slice(0, n));
  },
);

test('Uniform: in [a, b), with the moments of the distribution', () => {
  const n = 400_000;
  const x = fill(n, { a: 1, b: 2, seed: 9 });
  expect(x.every((value) => value >= 1 && value < 2)).toBe(true);
  expect(mean(x)).toBeCloseTo(1.5, 2);
  const y = fill(n, { a: -3, b: 5, seed: 9 });
  expect(y.every((value) => value >= -3 && value < 5)).toBe(true);
  expect(Math.abs(mean(y) - 1)).toBeLessThan(4 * Math.sqrt(64 / 12 / n));
  expect(
    moment(
      y.map((value) => value - 1),
      2,
    ) /
      (64 / 12),
  ).toBeCloseTo(1, 2);
});

test('Uniform: never b, though the sum would round to it', () => {
  // the largest u is 1 − 2⁻²⁴; 2²⁴ + u·2 rounds to 2²⁴ + 2 for every u ≥ ¾
  expect(fill(1000, { a: 2 ** 24, b: 2 ** 24 + 2 }).every((value) => value === 2 ** 24)).toBe(true);
  expect(fill(1000, { a: -1, b: 0 }).every((value) => value >= -1 && value < 0)).toBe(true);
  expect(fill(8, { a: 3, b: 3 })).toEqual(new Float32Array(8).fill(3));
});

test('Normal: the first four moments, and the tails', () => {
  const n = 400_000;
  const x = fill(n, { kind: 'Normal', a: 0, b: 1, seed: 5 });
  expect(Math.abs(mean(x))).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(moment(x, 2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  expect(Math.abs(moment(x, 3))).toBeLessThan(4 * Math.sqrt(15 / n));
  expect(Math.abs(moment(x, 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  const beyond = (limit: number) => x.filter((value) => Math.abs(value) > limit).length / n;
  expect(beyond(1.959964)).toBeCloseTo(0.05, 2);
  expect(beyond(3)).toBeCloseTo(0.0027, 3);
  expect(beyond(5.78)).toBe(0);
});

test('Normal: mean a and deviation b, as Box and Muller make them of the words', () => {
  const host = new Random(3, 4);
  const x = fill(64, { kind: 'Normal', a: 2, b: 0.5, seed: 3, stream: 4 });
  for (let i = 0; i < 64; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((host.nextUint32() >>> 8) + 1) / 2 ** 24));
    const angle = (2 * Math.PI * (host.nextUint32() >>> 8)) / 2 ** 24;
    expect(Math.abs(x[i]! - (2 + 0.5 * radius * Math.cos(angle)))).toBeLessThan(2e-6);
    expect(Math.abs(x[i + 1]! - (2 + 0.5 * radius * Math.sin(angle)))).toBeLessThan(2e-6);
  }
});

test('TruncatedNormal: within two deviations, with the moments of the cut distribution', () => {
  const n = 400_000;
  const x = fill(n, { kind: 'TruncatedNormal', a: 0, b: 1, seed: 6 });
  expect(x.every((value) => Math.abs(value) <= 2)).toBe(true);
  expect(Math.abs(mean(x))).toBeLessThan(4 * Math.sqrt(0.774 / n));
  // 1 − 2·2 φ(2) / (Φ(2) − Φ(−2))
  expect(moment(x, 2)).toBeCloseTo(0.7737413, 2);
  expect(x.filter((value) => value > 1).length / n).toBeCloseTo(0.1359051 / 0.9544997, 2);
  const scaled = fill(n, { kind: 'TruncatedNormal', a: 10, b: 0.1, seed: 6 });
  expect(scaled.every((value) => Math.abs(value - 10) <= 0.2000008)).toBe(true);
});

test('streams and seeds are independent of each other', () => {
  const n = 100_000;
  const base = fill(n, { a: -1, b: 1, seed: 1, stream: 0 });
  for (const other of [
    { seed: 1, stream: 1 },
    { seed: 2, stream: 0 },
    { seed: 1 + 2 ** 32, stream: 0 },
  ]) {
    const x = fill(n, { a: -1, b: 1, ...other });
    const correlation = 3 * mean(x.map((value, i) => value * base[i]!));
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
  }
});

function dropout(x: Float32Array, rate: number, { seed = 1, step = 0, stream = 0 } = {}, offset = 0): Float32Array {
  const counter = Uint32Array.of(...seedWords(seed), step, 0);
  return kernels.run('Dropout', { out: output(x.length), x, n: x.length, rate, counter, stream }, offset).outputs[
    'out'
  ]!;
}

test('Dropout: drops the fraction and scales the rest', () => {
  const n = 200_000;
  for (const rate of [0.1, 0.5, 0.9]) {
    const y = dropout(new Float32Array(n).fill(1), rate);
    const kept = y.filter((value) => value !== 0);
    const scale = Math.fround(1 / (1 - Math.fround(rate)));
    expect(kept.every((value) => Math.abs(value / scale - 1) < 1e-6)).toBe(true);
    expect(Math.abs(kept.length / n - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / n));
  }
});

test('Dropout: rate 0 keeps all, rate 1 nothing', () => {
  const x = randomFloats(37, 1);
  expect(dropout(x, 0)).toEqual(x);
  expect(dropout(x, 1).every((value) => value === 0)).toBe(true);
});

test('Dropout: the backward pass repeats the mask; another step, stream or seed has another', () => {
  const ones = new Float32Array(1000).fill(1);
  const mask = dropout(ones, 0.5, { seed: 8, step: 3, stream: 2 });
  expect(dropout(ones, 0.5, { seed: 8, step: 3, stream: 2 })).toEqual(mask);
  for (const other of [
    { seed: 9, step: 3, stream: 2 },
    { seed: 8, step: 4, stream: 2 },
    { seed: 8, step: 3, stream: 1 },
  ]) {
    const agreeing = dropout(ones, 0.5, other).filter((value, i) => value === mask[i]).length;
    expect(Math.abs(agreeing - 500)).toBeLessThan(4 * Math.sqrt(250));
  }
});

test('Dropout: the mask is made of the words of the stream', () => {
  const step = 5;
  const y = dropout(new Float32Array(64).fill(1), 0.25, { seed: 77, step, stream: 6 });
  for (let i = 0; i < 64; i++) {
    const word = philox4x32([i >> 2, step, 6, 0], seedWords(77))[i & 3]!;
    expect(y[i] !== 0).toBe((word >>> 8) / 2 ** 24 >= 0.25);
  }
});

test('Dropout: the same at every length, offset and in place; NaN stays NaN', () => {
  const x = randomFloats(64, 2, 1, 2);
  const whole = dropout(x, 0.5);
  const { memory } = kernels.instance;
  for (const n of awkwardLengths)
    for (const offset of [0, 4, 8, 12]) {
      expect(dropout(x.slice(0, n), 0.5, {}, offset)).toEqual(whole.slice(0, n));
      const base = memory.allocate(n * 4 + offset + 4);
      memory.floats(base + offset, n).set(x.subarray(0, n));
      const operands = { n, rate: 0.5, counter: Uint32Array.of(1, 0, 0, 0), stream: 0 };
      kernels.run('Dropout', { out: base + offset, x: base + offset, ...operands });
      expect(memory.floats(base + offset, n).slice()).toEqual(whole.slice(0, n));
      memory.release(base);
    }
  const broken = dropout(new Float32Array(64).fill(NaN), 0.5);
  broken.forEach((value) => expect(value).toBeNaN());
});

test('seedWords: 53 bits, and a bad seed is refused', () => {
  expect(seedWords(0)).toEqual([0, 0]);
  expect(seedWords(2 ** 53 - 1)).toEqual([0xffffffff, 0x1fffff]);
  for (const seed of [-1, 0.5, 2 ** 53, NaN, Infinity]) expect(() => seedWords(seed)).toThrow(RangeError);
  expect(() => seedWords('1' as never)).toThrow(TypeError);
  expect(() => new Random(1, -1)).toThrow(RangeError);
});

test('Random: integers are unbiased and in range', () => {
  const random = new Random(12);
  const counts = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt((60_000 * 5) / 36));
  expect(random.integer(1)).toBe(0);
  expect(random.integer(2 ** 32)).toBeGreaterThanOrEqual(0);
  for (const below of [0, -1, 1.5, 2 ** 32 + 1, NaN]) expect(() => random.integer(below)).toThrow(RangeError);
});

test('Random: uniform numbers of 53 bits in [0, 1)', () => {
  const random = new Random(12);
  const x = Array.from({ length: 50_000 }, () => random.uniform());
  expect(x.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(Math.abs(mean(x) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / x.length));
});

test('Random: a permutation holds each number once, and is fixed by the seed', () => {
  const order = new Random(4).permutation(1000);
  expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(new Random(4).permutation(1000)).toEqual(order);
  expect(new Random(5).permutation(1000)).not.toEqual(order);
  expect([...new Random(4).permutation(0)]).toEqual([]);
  expect(() => new Random(4).permutation(-1)).toThrow(RangeError);
});

test('Random: every order of three is equally likely', () => {
  const random = new Random(6);
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = random.permutation(3).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt((12_000 * 5) / 36));
});
