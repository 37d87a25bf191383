// Runs single instructions of the core on plain arrays, with guard words around every output.
// The variant under test comes from NEURITE_VARIANT, which vitest.config.ts sets for each project.
import { expect } from 'vitest';
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import type { Variant } from '../../src/core/features.ts';
import { programBytes, writeProgram, type OpcodeName } from '../../src/graph/program.ts';

/** The build that this vitest project tests. */
export const variant = (process.env['NEURITE_VARIANT'] ?? 'simd') as Variant;

/** The lengths that every vector kernel runs at. */
export const awkwardLengths = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];

const guard = 0x7fc0dead;
const guardWords = 8;

type Data = Float32Array | Int32Array | Uint32Array;

/** An operand that the instruction writes: `length` words, filled with `fill` before. */
export interface Output {
  readonly output: number;
  readonly fill?: Data;
}
export const output = (length: number, fill?: Data): Output => (fill ? { output: length, fill } : { output: length });

export type KernelOperand = number | Data | number[] | Output;

export interface KernelResult {
  /** What each `output` operand holds afterwards, as floats. */
  readonly outputs: Record<string, Float32Array>;
  /** The instruction that stopped the program was its `Halt`. */
  readonly finished: boolean;
}

/** Operands by name: numbers as they are, arrays placed in memory, `null` as address 0. */
export async function kernelRunner(which: Variant = variant) {
  const instance = new CoreInstance(await loadCore({ variant: which }), 1 << 20);
  return {
    variant: instance.variant,
    instance,
    /** @param offset bytes (a multiple of 4) by which every array is moved off its 64-byte boundary */
    run(opcode: OpcodeName, operands: Record<string, KernelOperand | null>, offset = 0): KernelResult {
      const { memory } = instance;
      const allocations: number[] = [];
      const placed: { name: string; address: number; length: number }[] = [];
      const place = (length: number): number => {
        const base = memory.allocate((length + 2 * guardWords) * 4 + offset);
        allocations.push(base);
        memory.u32.fill(guard, base / 4, (base + offset) / 4 + length + 2 * guardWords);
        return base + offset + guardWords * 4;
      };
      const resolved: Record<string, number> = {};
      for (const [name, operand] of Object.entries(operands)) {
        if (operand === null) resolved[name] = 0;
        else if (typeof operand === 'number') resolved[name] = operand;
        else if ('output' in operand) {
          const address = place(operand.output);
          if (operand.fill) writeWords(memory.u32, address, operand.fill);
          placed.push({ name, address, length: operand.output });
          resolved[name] = address;
        } else {
          const data = Array.isArray(operand) ? Float32Array.from(operand) : operand;
          const address = place(data.length);
          writeWords(memory.u32, address, data);
          resolved[name] = address;
        }
      }
      const instructions = [{ opcode, operands: resolved }];
      const bytes = programBytes(instructions);
      const program = memory.allocate(bytes);
      allocations.push(program);
      writeProgram(memory.u32.subarray(program / 4, (program + bytes) / 4), instructions, () => 0);
      const stopped = instance.run(program) >>> 0;
      const outputs: Record<string, Float32Array> = {};
      for (const { name, address, length } of placed) {
        const words = memory.u32;
        for (let i = 1; i <= guardWords; i++) {
          expect(words[address / 4 - i], `${opcode}: guard before ${name}`).toBe(guard);
          expect(words[address / 4 + length + i - 1], `${opcode}: guard behind ${name}`).toBe(guard);
        }
        outputs[name] = memory.floats(address, length).slice();
      }
      for (const address of allocations.toReversed()) memory.release(address);
      return { outputs, finished: stopped === program + bytes - 4 };
    },
  };
}

function writeWords(words: Uint32Array, address: number, data: Data): void {
  words.set(new Uint32Array(data.buffer, data.byteOffset, data.length), address / 4);
}

/** A seeded stream of test data, uniform in [low, high). Not the library's generator. */
export function testRandom(seed: number): (low?: number, high?: number) => number {
  let state = (seed + 0x9e3779b9) >>> 0;
  return (low = -1, high = 1) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  };
}

/** `length` seeded floats in [low, high). */
export function randomFloats(length: number, seed: number, low = -1, high = 1): Float32Array {
  const next = testRandom(seed);
  return Float32Array.from({ length }, () => next(low, high));
}
