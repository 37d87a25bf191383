// XOR: from an untrained 2-8-1 to a mean squared error (over the four samples) of 0.005.
import { peers, type Family, type PeerWork } from './work.ts';

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

type Answer = (input: number[]) => number;

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

/** Training to a given error has no one result: the error itself is judged. */
const judgeError = ([error]: readonly number[], [ourError]: readonly number[]): string | undefined =>
  [error!, ourError!].every((value) => value <= xorError)
    ? undefined
    : `a trained network has an error of ${error}, ours of ${ourError}; at most ${xorError} is allowed`;

const tuned = (name: string): string => `${name}, tuned`;

export const xorFamily: Family = {
  goals: [
    {
      label: 'XOR (2-8-1, to a mean squared error of 0.005) from nothing',
      work: xorName,
      atLeast: { [peers.brain]: 5, [tuned(peers.brain)]: 5, [peers.synaptic]: 5 },
      substitutes: [{ work: tunedXorName, name: tuned }],
      judge: judgeError,
    },
  ],
};
