// Networks that left as one `.wasm` file, against the library that they came from: it must be no slower.
import { imageData } from './images.ts';
import { predictionData } from './predictions.ts';
import { networks } from '../../src/node/bench/networks.ts';
import { peers, type Family } from './work.ts';

export const exportedImage = 'CNN 28×28';
export const exportedWorks: readonly (readonly [network: string, batch: number])[] = [
  ['2-8-1', 1],
  ['64-64-10', 1],
  ['784-512-256-10', 1],
  ['784-512-256-10', 32],
  [exportedImage, 1],
  [exportedImage, 32],
];

export const exportedName = (network: string, batch: number): string => `exported ${network}, ${batch}`;

export const exportedData = (network: string, batch: number): Float32Array<ArrayBuffer> =>
  network === exportedImage ? imageData(batch) : predictionData(networks[network]!, batch);

export const exportedFamily: Family = {
  goals: exportedWorks.map(([network, batch]) => ({
    label: `exported ${network}, ${batch === 1 ? 'one sample' : `${batch} samples`}`,
    work: exportedName(network, batch),
    atLeast: { [peers.library]: 0.95 },
    // The same bits, not merely close.
    judge: (result, ours) =>
      result.every((value, i) => value === ours[i])
        ? undefined
        : 'the exported module gives other bits than the library',
  })),
};
