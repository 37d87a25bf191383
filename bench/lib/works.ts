// The pieces of work that every library does side by side, and their data: one definition for all suites.
// A work's name is its key everywhere: in the suites, in the results, in the table.
import { benchmarkData } from '../../src/node/bench/case.ts';
import { classificationData, networks, type Network } from '../../src/node/bench/networks.ts';

/** What a suite offers for one work. */
export interface PeerWork {
  readonly repeat: (times: number) => void | Promise<void>;
  /** Numbers to hold against ours: a result, or a list of losses. */
  readonly result: () => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Operations or bytes of a repetition, for rates. */
  readonly flops?: number;
}

export type Works = Readonly<Record<string, () => PeerWork | Promise<PeerWork>>>;

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

export const predictions: readonly (readonly [network: string, batch: number])[] = [
  ['2-8-1', 1],
  ['784-128-10', 1],
  ['784-512-256-10', 1],
  ['784-512-256-10', 32],
  ['784-512-256-10', 256],
];

export const predictionName = (network: string, batch: number): string => `predict ${network}, ${batch}`;
export const predictionData = ({ sizes }: Network, batch: number): Float32Array<ArrayBuffer> =>
  benchmarkData(batch * sizes[0]!, 3);

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

export const networkNamed = (name: string): Network => networks[name]!;

// ---- XOR: from an untrained 2-8-1 to a mean squared error (over the four samples) of 0.005

export const xorName = 'XOR 2-8-1 to a mean squared error of 0.005';
/** The same by a peer whose rates were chosen for it, where its defaults are far from them. */
export const tunedXorName = `${xorName}, tuned`;
export const xorError = 0.005;
export const xorInputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
export const xorTargets = [0, 1, 1, 0];

/** The mean squared error over the four samples, for a function that answers one of them. */
export const xorMeanSquaredError = (answer: (input: number[]) => number): number =>
  xorInputs.reduce((sum, input, i) => sum + (answer(input) - xorTargets[i]!) ** 2, 0) / xorInputs.length;

/**
 * The work of a function that makes and trains one network and gives its answers. Its result is the greatest error that
 * ten trained networks make: found here, not reported by the library.
 */
export function xorWork(train: () => Answer | Promise<Answer>): PeerWork {
  return {
    async repeat(times) {
      for (let i = 0; i < times; i++) await train();
    },
    async result() {
      const errors: number[] = [];
      for (let i = 0; i < 10; i++) errors.push(xorMeanSquaredError(await train()));
      return [Math.max(...errors)];
    },
  };
}

type Answer = (input: number[]) => number;
