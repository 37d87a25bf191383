// The core is cut into packs when it is built (scripts/build-core.mjs): the same kernels under the same opcodes, without
// those that a network of a kind does not run, so that a page loads only what it may need.
//   densePredict  predictions of networks of dense layers
//   dense         their training as well
//   predict       predictions of any network
//   full          everything
// An instruction that nobody names here is in all packs but the first: it works, and is named to make a pack smaller.
import { Opcode } from './generated/instructions.ts';

type OpcodeName = keyof typeof Opcode;

export const packNames = ['densePredict', 'dense', 'predict', 'full'] as const;
export type Pack = (typeof packNames)[number];

const densePrediction: readonly OpcodeName[] = [
  'Halt',
  'Unary',
  'Binary',
  'BinaryBroadcast',
  'Gemm',
  'PackB',
  'Copy',
  'Fill',
  'Softmax',
  'CheckFinite',
  'Axpy',
];

/** What only training runs, beside everything that is called Backward. */
const training: readonly OpcodeName[] = [
  'Dropout',
  'RandomFill',
  'RandomValues',
  'LossRows',
  'Update',
  'GemmUpdate',
  'ConvolveKernel',
  'DepthwiseKernel',
  'Ctc',
];

const all = Object.keys(Opcode) as OpcodeName[];

/** How the names begin of instructions that no dense network runs, in training either. */
const otherFamilies: readonly string[] = [
  'Convolve',
  'Depthwise',
  'Pool',
  'Interpolate',
  'Recurrent',
  'PackRecurrent',
  'Rare',
  'Convert',
  'Integer',
  'Rearrange',
  'Select',
  'Gather',
  'Scatter',
  'CumulativeSum',
  'TopK',
  'Resample',
  'GridSample',
  'Determinant',
  'Embed',
  'IndexMask',
  'Norm',
  'Moments',
  'Attention',
  'AppendRows',
];

/** The instructions of each pack. */
export const packs: Readonly<Record<Pack, readonly OpcodeName[]>> = {
  densePredict: densePrediction,
  dense: all.filter((name) => !otherFamilies.some((family) => name.startsWith(family))),
  predict: all.filter((name) => !name.endsWith('Backward') && !training.includes(name)),
  full: all,
};

/**
 * Operations of the graph (src/graph/operations) that a dense pack runs, their gradients included; a network with any
 * other needs `predict` or `full`.
 */
const densePredictOperations = [
  'input',
  'storage',
  'constant',
  'fill',
  'matmul',
  'packB',
  'binary',
  'broadcastTo',
  'axpy',
  'unary',
  'softmax',
  'reshape',
  'concatenate',
  'checkFinite',
];
const denseOperations = [
  ...densePredictOperations,
  'dropout',
  'reduce',
  'argReduce',
  'transpose',
  'slice',
  'part',
  'assign',
];

/** The smallest pack that runs these operations, and where `trains` their gradients, losses and updates. */
export function packFor(operations: Iterable<string>, trains: boolean): Pack {
  const known = trains ? denseOperations : densePredictOperations;
  for (const name of operations) if (!known.includes(name)) return trains ? 'full' : 'predict';
  return trains ? 'dense' : 'densePredict';
}

/** Whether every instruction of one pack is in another. */
export const contains = (pack: Pack, other: Pack): boolean =>
  packs[other].every((opcode) => packs[pack].includes(opcode));
