// A transformer's encoder: 2 layers, width 128, 4 heads, 512 columns inside the feed-forward network (ReLU), the sums
// normalised (as in 2017, and PyTorch's default), on sequences of 64 steps. Weights are the same for whoever computes.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { kernel } from './kernel.ts';
import { peers, type Family } from './work.ts';

const { ort } = peers;

export const encoder = { layers: 2, width: 128, heads: 4, inside: 512, steps: 64 } as const;
export const encoderBatch = 8;
export const encoderPredictionName = `predict encoder 2×128, ${encoder.steps} steps, ${encoderBatch}`;

const vector = (columns: number, seed: number, around = 0): Float32Array<ArrayBuffer> =>
  benchmarkData(columns, seed).map((value) => around + 0.1 * value);

/** The values of one layer, by the library's names. */
export function encoderWeights(layer: number): Record<string, Float32Array<ArrayBuffer>> {
  const { width, inside } = encoder;
  const seed = 400 + 20 * layer;
  const attention = ['query', 'key', 'value', 'output'].flatMap((name, i) => [
    [`attention.${name}Kernel`, kernel(width, width, seed + 2 * i)],
    [`attention.${name}Bias`, vector(width, seed + 2 * i + 1)],
  ]);
  return {
    ...(Object.fromEntries(attention) as Record<string, Float32Array<ArrayBuffer>>),
    'norm1.gamma': vector(width, seed + 8, 1),
    'norm1.beta': vector(width, seed + 9),
    'feedForward1.kernel': kernel(width, inside, seed + 10),
    'feedForward1.bias': vector(inside, seed + 11),
    'feedForward2.kernel': kernel(inside, width, seed + 12),
    'feedForward2.bias': vector(width, seed + 13),
    'norm2.gamma': vector(width, seed + 14, 1),
    'norm2.beta': vector(width, seed + 15),
  };
}

export const encoderData = (): Float32Array<ArrayBuffer> =>
  benchmarkData(encoderBatch * encoder.steps * encoder.width, 6);

export const transformerFamily: Family = {
  goals: [{ label: 'predict transformer encoder, 8 × 64 steps', work: encoderPredictionName, atLeast: { [ort]: 1.5 } }],
};
