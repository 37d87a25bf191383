// Predictions of dense networks, from the caller's array to the caller's number.
import { benchmarkData } from '../../src/node/bench/case.ts';
import type { Network } from '../../src/node/bench/networks.ts';
import { peers, type Family, type Goal } from './work.ts';

const { ort, wasm, jax, synaptic } = peers;

const samples = (batch: number): string => (batch === 1 ? 'one sample' : `${batch} samples`);

export const predictions: readonly (readonly [network: string, batch: number, atLeast: Goal['atLeast']])[] = [
  ['2-8-1', 1, { [ort]: 100, [synaptic]: 1.2 }],
  ['784-128-10', 1, { [ort]: 2.3, [wasm]: 10, [jax]: 10 }],
  ['784-512-256-10', 1, { [ort]: 2 }],
  ['784-512-256-10', 32, { [ort]: 1.5 }],
  ['784-512-256-10', 256, { [ort]: 1.5 }],
];

export const predictionName = (network: string, batch: number): string => `predict ${network}, ${batch}`;

export const predictionData = ({ sizes }: Network, batch: number): Float32Array<ArrayBuffer> =>
  benchmarkData(batch * sizes[0]!, 3);

export const predictionFamily: Family = {
  goals: predictions.map(([network, batch, atLeast]) => ({
    label: `predict ${network}, ${samples(batch)}`,
    work: predictionName(network, batch),
    atLeast,
  })),
};
