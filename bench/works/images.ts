// A small convolutional network on 28×28 pixels: conv 8 3×3, pool, conv 16 3×3, pool, dense 128, dense 10 (ReLU between).
// Its weights are the same for whoever computes with them: kernels [kh, kw, in, out], channels last.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { productName } from './products.ts';
import { peers, type Family } from './work.ts';

const { ort, wasm } = peers;

export const imageSize = 28;
export const imageClasses = 10;
export const imageBatch = 64;

const scaled = (count: number, seed: number, scale: number) => benchmarkData(count, seed).map((value) => value * scale);

/** Weights with the variance of He's initialiser, so that the numbers stay of one size. */
const weights = (kernelShape: readonly number[], seed: number) => {
  const count = kernelShape.reduce((product, size) => product * size, 1);
  const filters = kernelShape.at(-1)!;
  const kernel = scaled(count, seed, Math.sqrt((6 * filters) / count));
  return { kernel, bias: scaled(filters, seed + 1, 0.1) };
};

export const imageConvolutions = (
  [
    [3, 3, 1, 8],
    [3, 3, 8, 16],
  ] as const
).map((kernelShape, i) => ({
  kernelShape,
  ...weights(kernelShape, 300 + 2 * i),
  stride: 1,
  padding: 0,
  groups: 1,
  relu: true,
}));

/** Pixels of the last image: 5 a side. */
export const lastImage = { pixels: 25, channels: 16 };

export const imageDense = (
  [
    [400, 128],
    [128, 10],
  ] as const
).map(([rows, units], i) => ({
  ...weights([rows, units], 310 + 2 * i),
  activation: i === 0 ? ('relu' as const) : ('linear' as const),
}));

export const imageData = (batch: number): Float32Array<ArrayBuffer> => benchmarkData(batch * imageSize ** 2, 5);

export const imagePredictions = [1, 32] as const;
export const imagePredictionName = (batch: number): string => `predict CNN 28×28, ${batch}`;
export const imageTrainingName = `train CNN 28×28, ${imageBatch}, Adam`;

/** Forward and twice that backward. */
const trainingFlops = 3 * 2 * imageBatch * (26 ** 2 * 9 * 8 + 11 ** 2 * 72 * 16 + 400 * 128 + 128 * 10);

export const imageFamily: Family = {
  goals: [
    { label: 'predict CNN 28×28, one sample', work: imagePredictionName(1), atLeast: { [wasm]: 5, [ort]: 2 } },
    { label: 'predict CNN 28×28, 32 samples', work: imagePredictionName(32), atLeast: { [ort]: 1.8 } },
  ],
  shares: [
    {
      work: imageTrainingName,
      flops: trainingFlops,
      against: { name: 'our own sgemm 512³', work: productName(512, 512, 512), flops: 2 * 512 ** 3 },
      atLeast: { relaxed: 0.55 },
    },
  ],
};
