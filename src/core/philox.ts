// Philox 4×32-10 on the host: the same words as the core's (assembly/random.ts), for shuffles and splits.
// counter = (block, step, stream, 0), key = (seedLow, seedHigh); word i of a stream is word i % 4 of block ⌊i / 4⌋.
// source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011

export type Counter = readonly [number, number, number, number];
export type Key = readonly [number, number];

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** The high 32 bits of a · b, both unsigned 32-bit; every sum below stays under 2³². */
function highProduct(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const low = Math.imul(a0, b0) >>> 16;
  const middle = (Math.imul(a1, b0) + low) >>> 0;
  const other = (Math.imul(a0, b1) + (middle & 0xffff)) >>> 0;
  return (Math.imul(a1, b1) + (middle >>> 16) + (other >>> 16)) >>> 0;
}

/** The four words that Philox 4×32-10 makes of a counter under a key; all words are unsigned 32-bit. */
export function philox4x32(counter: Counter, key: Key): [number, number, number, number] {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(multiplier0, c0);
    const high1 = highProduct(multiplier1, c2);
    const low0 = Math.imul(multiplier0, c0);
    const low1 = Math.imul(multiplier1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + weyl0) | 0;
    k1 = (k1 + weyl1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/**
 * The two words of a seed, low and high.
 * @throws TypeError when it is not a number, RangeError when it is not a whole one from 0 to 2⁵³ − 1
 */
export function seedWords(seed: number): [low: number, high: number] {
  if (typeof seed !== 'number') throw new TypeError(`seed: expected a number, got ${typeof seed}`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, got ${seed}`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** A stream of random numbers, fixed by its seed and its stream number on every engine. */
export class Random {
  private readonly key: Key;
  private readonly stream: number;
  private block = 0;
  private words: readonly number[] = [];
  private used = 4;

  /**
   * @param stream streams of one seed are independent of each other
   * @throws RangeError for a seed that is not a whole number from 0 to 2⁵³ − 1, or a stream beyond 32 bits
   */
  constructor(seed: number, stream = 0) {
    this.key = seedWords(seed);
    if (stream >>> 0 !== stream)
      throw new RangeError(`stream: expected a whole number from 0 to 4294967295, got ${stream}`);
    this.stream = stream;
  }

  /** The next 32 random bits, as a number from 0 to 2³² − 1. */
  nextUint32(): number {
    if (this.used === 4) {
      const step = Math.floor(this.block / 2 ** 32);
      this.words = philox4x32([this.block >>> 0, step, this.stream, 0], this.key);
      this.block++;
      this.used = 0;
    }
    return this.words[this.used++]!;
  }

  /** The next number in [0, 1), of 53 random bits. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * The next whole number from 0 to `below` − 1, each equally likely.
   * @throws RangeError unless `below` is a whole number from 1 to 2³²
   */
  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 32)
      throw new RangeError(`integer: expected a whole number from 1 to 4294967296, got ${below}`);
    const limit = 2 ** 32 - (2 ** 32 % below);
    let word = this.nextUint32();
    while (word >= limit) word = this.nextUint32();
    return word % below;
  }

  /**
   * The numbers 0 to n − 1 in random order, each order equally likely (Fisher and Yates).
   * @throws RangeError unless n is a whole number from 0 to 2³² − 1
   */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    if (n >>> 0 !== n) throw new RangeError(`permutation: expected a whole number from 0 to 4294967295, got ${n}`);
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }
}
