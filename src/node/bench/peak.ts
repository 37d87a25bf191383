// What this machine can do at most with vectors of 128 bits: multiply-adds in registers, and reading from memory.
// Two loops in a WebAssembly module of their own, assembled here, so that they run wherever the library does.
// The multiply-adds are those of the build they are compared with: fused for `relaxed`, two operations for `simd`.
import type { Variant } from '../../core/features.ts';
import type { Work } from './timing.ts';

/** As many chains as registers are left beside two constants: V8 gives WebAssembly fifteen on x64. */
const chains = 13;
/** The same where products and sums are chains of their own, beside one constant. */
const pairs = 7;
const flopsPerTurn = chains * 4 * 2;
const turns = 286 * pairs;

/** The floating-point operations of one repetition of `peakWork`. */
export const peakFlops = flopsPerTurn * turns;

/**
 * Independent chains in registers: c ← x · y + c where that is one operation, as a product accumulates (a sum that
 * overwrites its own register, in every engine). Where it is two, as many products as sums, each a chain of its own: in
 * one chain, a sum would wait for its product, and fifteen registers hold too few chains for two waits.
 */
export function peakWork(variant: Variant): Work {
  const isFused = variant === 'relaxed';
  const { exports } = instantiate([1, 0x7f], isFused ? fusedCode() : separateCode());
  const turn = exports['run'] as (turns: number) => number;
  const run = (count: number) => turn(isFused ? count : count / pairs);
  return {
    name: 'peak',
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += run(turns);
      if (!Number.isFinite(sum)) throw new Error(`peak: ${sum}`);
    },
  };
}

/** What is read in one repetition of `bandwidthWork`, whatever the size. */
export const bandwidthBytes = 1 << 22;

/** The sizes at which reading is measured: from what a first-level cache holds to what only memory holds. */
export const bandwidthSizes = [14, 18, 19, 20, 22, 24, 26].map((power) => 1 << power);

/** Streams over the first `size` bytes of a memory, again and again up to `bandwidthBytes` (or once, if it is larger). */
export function bandwidthWork(size: number): Work {
  const { exports } = instantiate([2, 0x7f, 0x7f], readCode(), size);
  const read = exports['run'] as (address: number, bytes: number) => number;
  new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer).fill(1);
  let at = 0;
  return {
    name: `read ${size}`,
    repeat(times) {
      // Longer than a cache: the next part each time. Shorter: the same one many times.
      const part = Math.min(size, bandwidthBytes);
      for (let i = 0; i < times; i++)
        for (let done = 0; done < bandwidthBytes; done += part) {
          if (read(at, part) !== 0x01010101) throw new Error('bandwidth: other bytes were read than written');
          at = (at + part) % size;
        }
    },
  };
}

// ---- the two modules

type Bytes = (number | Bytes)[];

const flat = (bytes: Bytes): number[] => bytes.flatMap((item) => (Array.isArray(item) ? flat(item) : item));

/** An unsigned number, seven bits a byte. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value > 0x7f ? [low | 0x80, ...unsigned(value >>> 7)] : [low];
}

const vector = (items: Bytes[]): Bytes => [unsigned(items.length), ...items];
const section = (id: number, content: Bytes): Bytes => [id, unsigned(flat(content).length), content];
const getLocal = (index: number): Bytes => [0x20, unsigned(index)];
const setLocal = (index: number): Bytes => [0x21, unsigned(index)];
const f32Const = (value: number): Bytes => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
const i32Const = (value: number): Bytes => [0x41, ...signed(value)];
const simd = (opcode: number): Bytes => [0xfd, unsigned(opcode)];
const [splat, add, multiply, fused, or, load, f32Lane, i32Lane] = [0x13, 0xe4, 0xe6, 0x105, 0x50, 0x00, 0x1f, 0x1b].map(
  simd,
);

/** A signed number, seven bits a byte. */
function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

const startAt = (local: number, value: number): Bytes => [f32Const(value), splat!, setLocal(local)];
const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** (turns: i32) → f32. Local 0 counts; 1 and 2 are the constants; the chains follow. */
function fusedCode(): Bytes {
  const chain = range(3, chains);
  const step = (local: number): Bytes => [getLocal(1), getLocal(2), getLocal(local), fused!, setLocal(local)];
  return loop([startAt(1, 0.5), startAt(2, 0.25)], chain, chain.map(step));
}

/** The same; 1 is the constant −1, of which products change their sign and sums count down. */
function separateCode(): Bytes {
  const products = range(2, pairs);
  const sums = range(2 + pairs, pairs);
  const step = (local: number, operation: Bytes): Bytes => [getLocal(local), getLocal(1), operation, setLocal(local)];
  const both: Bytes = [products.map((local) => step(local, multiply!)), sums.map((local) => step(local, add!))];
  const steps = range(0, chains).map(() => both);
  return loop([startAt(1, -1)], [...products, ...sums], steps);
}

/** Runs `steps` on vectors in the locals `chain`, and leaves a sum of them all. */
function loop(constants: Bytes, chain: readonly number[], steps: Bytes): Bytes {
  return [
    [1, unsigned(chain.at(-1)!), 0x7b],
    [constants, chain.map((local) => startAt(local, local))],
    [0x03, 0x40, steps],
    [getLocal(0), i32Const(1), 0x6b, 0x22, 0, 0x0d, 0, 0x0b],
    [getLocal(chain[0]!), chain.slice(1).map((local) => [getLocal(local), add!])],
    [f32Lane!, 0, 0x0b],
  ];
}

const streams = 8;

/** (address: i32, bytes: i32) → what the words read have in common by `or`, as an i32. */
function readCode(): Bytes {
  const stream = Array.from({ length: streams }, (_, i) => 2 + i);
  const step = (local: number, i: number): Bytes => [
    [getLocal(local), getLocal(0), load!, 4, unsigned(16 * i)],
    [or!, setLocal(local)],
  ];
  const advance = (local: number, by: number): Bytes => [getLocal(local), i32Const(by), 0x6a];
  return [
    [1, unsigned(streams), 0x7b],
    [0x03, 0x40, stream.map(step), advance(0, 16 * streams), setLocal(0)],
    [advance(1, -16 * streams), 0x22, 1, 0x0d, 0, 0x0b],
    [getLocal(2), stream.slice(1).map((local) => [getLocal(local), or!])],
    [i32Lane!, 0, 0x0b],
  ];
}

/** A module of one function `run` with these parameters, of the type its last instruction leaves, and a memory. */
function instantiate([count, ...parameters]: number[], code: Bytes, memoryBytes = 0): WebAssembly.Instance {
  const result = count === 1 ? 0x7d : 0x7f;
  const name = (text: string): Bytes => [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))];
  const body = flat(code);
  const bytes = flat([
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector([[0x60, [count!, ...parameters], 1, result]])),
    section(3, vector([[0]])),
    section(5, vector([[0, unsigned(Math.ceil(memoryBytes / 65536))]])),
    section(
      7,
      vector([
        [name('run'), 0, 0],
        [name('memory'), 2, 0],
      ]),
    ),
    section(10, vector([[unsigned(body.length), body]])),
  ]);
  return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
}
