// Where the time of a program goes: each of its instructions as a program of its own, timed in turns with the whole.
// Instructions are compiled with memory of their own (`keepAll`), so that each finds its operands as the run left them.
import type { Executable } from '../../graph/executable.ts';
import type { Instruction } from '../../graph/program.ts';
import { limitsWork, limitsFrom, rowOf, type Limits, type Row } from './suite.ts';
import { measure, type TimingOptions, type Work } from './timing.ts';
import type { Variant } from '../../core/features.ts';
import type { Case } from './case.ts';

export interface Profile {
  readonly limits: Limits;
  /** The program in one call. */
  readonly whole: Row;
  /** Its instructions, in their order; the group is the layer. */
  readonly rows: readonly Row[];
}

/** @param name what the whole is called */
export async function profileProgram(
  executable: Executable,
  name: string,
  variant: Variant,
  options: TimingOptions = {},
): Promise<Profile> {
  executable.prepare();
  executable.run();
  const isolated = executable.instructions.map((_, index) => executable.isolate(index));
  const limitWorks = limitsWork(variant);
  const costs = executable.instructions.map(costOf);
  const flops = sum(costs.map((cost) => cost.flops));
  const bytes = sum(costs.map((cost) => cost.bytes));
  const cases: Case[] = [
    { group: '', work: work(name, () => executable.run()), flops, bytes, unit: 'GFLOP/s', check: unchecked },
    ...executable.instructions.map((instruction, index) => ({
      group: instruction.label ?? '',
      work: work(describe(instruction), isolated[index]!.run),
      ...costs[index]!,
      unit: costs[index]!.flops ? ('GFLOP/s' as const) : ('GB/s' as const),
      check: unchecked,
    })),
  ];
  try {
    const timings = await measure([...limitWorks, ...cases.map((one) => one.work)], options);
    const limits = limitsFrom(timings.slice(0, limitWorks.length));
    const [whole, ...rows] = cases.map((one, i) => rowOf(one, timings[limitWorks.length + i]!, limits));
    return { limits, whole: whole!, rows };
  } finally {
    for (const one of isolated) one.release();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const unchecked = () => ({ difference: 0, tolerance: 0 });

const work = (name: string, run: () => unknown): Work => ({
  name,
  repeat(times) {
    for (let i = 0; i < times; i++) run();
  },
});

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

/** `Gemm 32×128×784 ᵀN` and the like: what tells an instruction from its neighbours. */
export function describe({ opcode, operands }: Instruction): string {
  const value = (name: string) => operands[name];
  if (opcode === 'Gemm' || opcode === 'GemmUpdate') {
    const form = `${value('transposeA') ? 'Aᵀ' : 'A'}·${value('transposeB') ? 'Bᵀ' : 'B'}`;
    const packed = value('packed') ? ', packed' : '';
    return `${opcode} ${value('m')}×${value('n')}×${value('k')} ${form}${packed}`;
  }
  const sizes = ['n', 'k', 'batch', 'rows', 'columns', 'outer', 'axis', 'inner']
    .map(value)
    .filter((size): size is number => typeof size === 'number');
  return [opcode, sizes.join('×')].filter(Boolean).join(' ');
}
