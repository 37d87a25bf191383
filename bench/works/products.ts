// Matrix products: against the peers, and against the machine's own peak of multiply-adds.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { peakFlops } from '../../src/node/bench/peak.ts';
import { peers, type Family } from './work.ts';

export const productName = (m: number, n: number, k: number): string =>
  m === n && n === k ? `sgemm ${m}³` : `sgemm ${m}×${n}×${k}`;

/** The products that peers compute too. */
export const sharedProducts = [
  [64, 64, 64],
  [33, 65, 17],
  [512, 512, 512],
] as const;

/** Those that are held against the machine's own peak. */
export const ownProducts = [192, 256, 384, 512, 768, 1024].map((size) => [size, size, size] as const);

export const productData = (m: number, n: number, k: number) => ({
  a: benchmarkData(m * k, 11),
  b: benchmarkData(k * n, 12),
});

export const peakName = 'peak';

export const productFamily: Family = {
  goals: [
    { label: 'sgemm 512³', work: 'sgemm 512³', atLeast: { [peers.wasm]: 1.5, [peers.ort]: 1.5, [peers.jax]: 1.5 } },
    { label: 'sgemm 64³', work: 'sgemm 64³', atLeast: { best: 1.7 } },
    { label: 'sgemm 33×65×17', work: 'sgemm 33×65×17', atLeast: { best: 1.7 } },
  ],
  shares: ownProducts.map(([m, n, k]) => ({
    work: productName(m, n, k),
    flops: 2 * m * n * k,
    against: { name: "the machine's own peak", work: peakName, flops: peakFlops },
    atLeast: { relaxed: 0.93, simd: 0.9 },
  })),
};
