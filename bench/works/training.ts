// Steps of Adam on a batch. jax-js has no Adam: its plain SGD is timed against our Adam, and its losses are held against
// those of our SGD.
import { classificationData, type Network } from '../../src/node/bench/networks.ts';
import { peers, type Family } from './work.ts';

export const trainedNetworks = ['784-128-10', '784-512-256-10'] as const;
export const trainingBatch = 64;
export const trainingName = (network: string, optimizer: 'Adam' | 'SGD'): string =>
  `train ${network}, ${trainingBatch}, ${optimizer}`;

/** The steps whose losses are compared before anything is timed, at these rates (timed is `timedLearningRate`). */
export const checkedSteps = 3;
export const learningRates = { Adam: 1e-3, SGD: 0.1 } as const;

/** One batch of samples: pixels [B, 784], classes [B], and the same classes as rows with one 1. */
export function trainingData(network: Network) {
  const { inputs, targets } = classificationData(network, trainingBatch);
  const classes = network.sizes.at(-1)!;
  const oneHot = new Float32Array(trainingBatch * classes);
  targets.data.forEach((target, row) => (oneHot[row * classes + target] = 1));
  return { inputs, targets, oneHot, classes };
}

const toReach = {
  '784-128-10': { [peers.wasm]: 16, [peers.jax]: 2 },
  '784-512-256-10': { [peers.wasm]: 16, [peers.jax]: 1.8 },
};

export const trainingFamily: Family = {
  goals: trainedNetworks.map((network) => {
    const descent = trainingName(network, 'SGD');
    return {
      label: `train step ${network}, batch ${trainingBatch}, Adam`,
      work: trainingName(network, 'Adam'),
      atLeast: toReach[network],
      substitutes: [{ work: descent, checkedAgainst: descent }],
    };
  }),
};
