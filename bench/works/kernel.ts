// Weights for works whose networks must not blow up or die out.
import { benchmarkData } from '../../src/node/bench/case.ts';

/** [rows, columns] of variance 1 / rows. */
export const kernel = (rows: number, columns: number, seed: number): Float32Array<ArrayBuffer> =>
  benchmarkData(rows * columns, seed).map((value) => value * Math.sqrt(3 / rows));
