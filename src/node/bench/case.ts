// A measured case: a piece of work, what it computes and moves, and a check of its result that comes before any timing.
import type { Work } from './timing.ts';

export interface Case {
  readonly group: string;
  readonly work: Work;
  /** Floating-point operations of one repetition, a multiply-add counting as two. */
  readonly flops?: number;
  /** Bytes that one repetition must at least read and write. */
  readonly bytes?: number;
  /** Bytes of memory that it works on, where it touches some of them twice; `bytes` else. */
  readonly resident?: number;
  /** What the rate counts: GFLOP/s, GB/s, or nothing. */
  readonly unit?: 'GFLOP/s' | 'GB/s';
  /** Compares the result with a reference of another kind. */
  readonly check: () => Check | Promise<Check>;
}

export interface Check {
  /** The largest difference found, relative to the size of the values. NaN counts as a failure. */
  readonly difference: number;
  readonly tolerance: number;
}

export const passes = ({ difference, tolerance }: Check): boolean => difference <= tolerance;

/** The largest |got − wanted| over the largest |wanted| (at least 1e-30). */
export function relativeDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Infinity;
  let [worst, scale] = [0, 1e-30];
  for (let i = 0; i < wanted.length; i++) {
    const distance = Math.abs(got[i]! - wanted[i]!);
    if (!(distance <= worst)) worst = distance;
    scale = Math.max(scale, Math.abs(wanted[i]!));
  }
  return worst / scale;
}

/** Seeded numbers in [-1, 1): the data of every benchmark. */
export function benchmarkData(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
