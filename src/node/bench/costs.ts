// What an instruction must compute and move, as its operands say: floating-point operations and bytes, for profile.ts and
// the bounds in its tables.
import type { Instruction } from '../../graph/program.ts';

/** What an instruction must compute and move, from its operands; one that is not in the table reads and writes each element once. */
export function costOf({ opcode, operands }: Instruction): Cost {
  const value = (name: string) => (typeof operands[name] === 'number' ? (operands[name] as number) : 0);
  return costs[opcode]?.(value, operands) ?? { flops: 0, bytes: 4 * elements(value) * (arrays[opcode] ?? 2) };
}

interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/** An operand that is a number, by its name; 0 where there is none. */
type Value = (name: string) => number;

const elements = (value: Value): number =>
  value('n') ||
  value('rows') * value('columns') * (value('batch') || 1) ||
  value('outer') * value('axis') * value('inner');

const slots = (operands: Instruction['operands']): number =>
  ['slot0', 'slot1', 'slot2'].filter((name) => operands[name] !== 0).length;

const product = (value: Value, names: readonly string[]): number =>
  names.reduce((total, name) => total * value(name), 1);

/** A window of each group's channels for every output element; depthwise (without the operand): of one channel. */
function convolution(value: Value): Cost {
  const channels = value('channels');
  const filters = value('outChannels') || channels;
  const taps =
    product(value, ['kernelDepth', 'kernelHeight', 'kernelWidth']) * (channels / (value('groups') || channels));
  const out = product(value, ['batch', 'outDepth', 'outHeight', 'outWidth']) * filters;
  const image = product(value, ['batch', 'depth', 'height', 'width']) * channels;
  return { flops: 2 * out * taps, bytes: 4 * (image + out + taps * filters) };
}

const gatesOf: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 4, 3: 3, 4: 3 };

/** The recurrent product at every step; the cells are left out. */
function timeLoop(value: Value): Cost {
  const [units, rows] = [value('units'), value('batch') * value('time')];
  const width = gatesOf[value('kind')]! * units;
  return { flops: 2 * rows * units * width, bytes: 4 * (rows * (width + units) + units * width) };
}

/** Scores and what is seen of the values, for all pairs. */
function attention(value: Value): Cost {
  const [queries, keys] = [value('queries'), value('keys')];
  const width = value('heads') * value('size');
  const rows = 2 * value('batch') * (queries + keys);
  return { flops: 4 * value('batch') * queries * keys * width, bytes: 4 * rows * width };
}

/** Instructions whose cost is not that of their elements. */
const costs: Partial<Record<Instruction['opcode'], (value: Value, operands: Instruction['operands']) => Cost>> = {
  Gemm(value) {
    const [m, n, k] = ['m', 'n', 'k'].map(value) as [number, number, number];
    return { flops: 2 * m * n * k, bytes: 4 * (m * k + k * n + m * n) };
  },
  GemmUpdate(value, operands) {
    const [m, n, k] = ['m', 'n', 'k'].map(value) as [number, number, number];
    return { flops: 2 * m * n * k, bytes: 4 * (m * k + k * n + m * n * (2 + 2 * slots(operands))) };
  },
  Convolve: convolution,
  ConvolveInput: convolution,
  // What the plain sum computes, so that its rate compares.
  ConvolveWinograd: (value) => convolution((name) => (name === 'groups' ? 1 : value(name))),
  ConvolveKernel: convolution,
  Depthwise: convolution,
  DepthwiseInput: convolution,
  DepthwiseKernel: convolution,
  Recurrent: timeLoop,
  RecurrentBackward: timeLoop,
  Attention: attention,
  // The scores once more, and the gradients of both factors of both products.
  AttentionBackward(value) {
    const { flops, bytes } = attention(value);
    return { flops: 2.5 * flops, bytes: 2 * bytes };
  },
  PackB: (value) => ({ flops: 0, bytes: 8 * value('n') * value('k') }),
  Update: (value, operands) => ({ flops: 0, bytes: 4 * value('n') * (3 + 2 * slots(operands)) }),
};

/** How many arrays of its size an instruction touches, where they are not two. */
const arrays: Partial<Record<Instruction['opcode'], number>> = {
  Binary: 3,
  UnaryBackward: 3,
  SoftmaxBackward: 3,
  LossBackward: 3,
  Fill: 1,
  RandomFill: 1,
  CheckFinite: 1,
  Reduce: 1,
  ArgReduce: 1,
};
